"""A home on object storage is worked on by one machine at a time: the turn as an object, refreshed while it is held.

Belongs here: taking, refreshing and giving back the object; who has it; when it may be taken from whoever stopped
refreshing it. Does not belong here: the turn within one machine (`turns`), what is done while it is held.

Only a conditional put makes or renews the object, so of two takers the store lets one through. How old a turn is tells
the store's own clock alone: machines' clocks differ.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.problems import Problem
from monitor.refusals import Refused
from monitor.storage.objects import Changed, Objects

KEY = ".lock"
CLOCK = ".clock"
"""An object that is put to read the store's clock from it"""
REFRESH_SECONDS = 20.0
STALE_SECONDS = 300.0
"""Not refreshed for so long, a turn is nobody's any more"""
LOOK_AGAIN_SECONDS = 5.0

log = logging.getLogger("monitor")


@dataclass
class Lease:
    """A turn that this process holds."""

    objects: Objects
    told: dict[str, Any]
    tag: str

    def require(self) -> None:
        """Refused where another machine has taken the turn meanwhile: nothing more may be put."""
        if self._mine() is None:
            raise Refused(
                Problem(
                    "this run lost its turn: it did not refresh it in time, and another one may have taken it",
                    file=self.objects.url,
                    expected=f"its own turn, refreshed every {REFRESH_SECONDS:.0f} seconds",
                    found=holder(self.objects) or "nobody's turn",
                    do="nothing more is put; run again once the other has ended",
                )
            )

    def _mine(self) -> str | None:
        """The tag of the turn at the store, if it is this one."""
        there = self.objects.read(KEY)
        return there[1] if there and json.loads(there[0])["nonce"] == self.told["nonce"] else None

    def refresh(self) -> None:
        """Say that this process is still at work. A store that does not answer is asked again next time."""
        self.told["refreshed"] += 1
        with suppress(Refused):
            try:
                self.tag, _ = self.objects.put(KEY, _text(self.told), self.tag)
            except Changed:
                # It may have been refreshed by a try of which no answer came; the next one then goes on from there.
                self.tag = self._mine() or self.tag

    def give_back(self) -> None:
        """Let the next one take the turn; one that was taken by another stays."""
        with suppress(Refused):
            self.require()
            self.objects.remove(KEY)


@contextmanager
def lease(objects: Objects, whose: str, mirror: str, waiting: Callable[[str], object] | None = None) -> Iterator[Lease]:
    """Have a home's turn among machines. `mirror` tells this machine's folder from any other's: what a process left
    that worked in the same one is taken at once, for that folder's own lock says that the process is gone.

    `waiting` is told who has the turn, and then it is waited for; without it, Refused says so.
    """
    held = _taken(objects, whose, mirror)
    if isinstance(held, str) and waiting is None:
        raise Refused(
            Problem(
                "another run is working in this home",
                file=objects.url,
                found=held,
                do="wait for it to end, or give another home with --home; where that machine is gone, its turn may be "
                f"taken {STALE_SECONDS / 60:.0f} minutes after it was refreshed last",
            )
        )
    if isinstance(held, str) and waiting is not None:
        waiting(held)
        while isinstance(held, str):
            time.sleep(LOOK_AGAIN_SECONDS)
            held = _taken(objects, whose, mirror)
    assert isinstance(held, Lease)
    ended = threading.Event()
    threading.Thread(target=_refresh, args=(held, ended), daemon=True).start()
    try:
        yield held
    finally:
        ended.set()
        held.give_back()


def holder(objects: Objects) -> str | None:
    """Who has the turn now; None where nobody has."""
    there = objects.read(KEY)
    return None if there is None or _age(objects, there[2]) > STALE_SECONDS else _whose(there[0])


def _taken(objects: Objects, whose: str, mirror: str) -> Lease | str:
    """The turn, or who has it."""
    nonce, since = secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="seconds")
    told = {"whose": whose, "host": socket.gethostname(), "process": os.getpid(), "since": since}
    told |= {"mirror": mirror, "nonce": nonce, "refreshed": 0}
    there = objects.read(KEY)
    if there is not None:
        content, _, moment = there
        gone = json.loads(content)["mirror"] == mirror
        age = _age(objects, moment)
        if not gone and age <= STALE_SECONDS:
            return f"{_whose(content)}, refreshed {age:.0f} seconds ago"
        why = "its process is gone" if gone else f"it was not refreshed for {age / 60:.0f} minutes"
        log.warning("the turn of %s is taken: %s", _whose(content), why)
    try:
        tag, _ = objects.put(KEY, _text(told), there[1] if there else None)
    except Changed:
        now = objects.read(KEY)
        return _whose(now[0]) if now else "another process"
    return Lease(objects, told, tag)


def _refresh(held: Lease, ended: threading.Event) -> None:
    while not ended.wait(REFRESH_SECONDS):
        held.refresh()


def _age(objects: Objects, moment: datetime) -> float:
    """Seconds since a moment of the store's clock."""
    known = objects.read(CLOCK)
    with suppress(Changed):
        objects.put(CLOCK, secrets.token_bytes(8), known[1] if known else None)
    now = objects.read(CLOCK)
    assert now is not None, "a clock that was just put"
    return (now[2] - moment).total_seconds()


def _text(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _whose(content: bytes) -> str:
    told = json.loads(content)
    return f"{told['whose']} on {told['host']} (process {told['process']}), since {told['since']}"
