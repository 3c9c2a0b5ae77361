"""A home is worked on by one process at a time: its lock, waiting for it, saying who has it.

Belongs here: the lock. Does not belong here: what is done while it is held, runs of Dagster (`pipelines.turn`).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from monitor.problems import Problem
from monitor.refusals import Refused
from monitor.storage import homes, places

LOCK = ".lock"
LOOK_AGAIN_SECONDS = 0.5

_mine: set[Path] = set()
"""The homes in which this process has its turn: the command takes it once for all of its runs"""


@contextmanager
def turn(home: Path, whose: str, waiting: Callable[[str], object] | None = None) -> Iterator[None]:
    """Be the only process that runs anything in a home: two runs at once would write the same tables.

    `waiting` is told who has the turn, and then it is waited for; without it, Refused says so. However a process ends,
    its turn ends with it. Of a home on object storage it is the only one of all machines: `places.having`.
    """
    if home in _mine:
        yield
        return
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK).open("a+", encoding="utf-8") as lock:
        if holder := take(lock, whose):
            if waiting is None:
                raise Refused(
                    Problem(
                        "another run is working in this home folder",
                        file=str(home),
                        found=holder,
                        do="wait for it to end, or give another folder with --home",
                    )
                )
            waiting(holder)
            while take(lock, whose):
                time.sleep(LOOK_AGAIN_SECONDS)
        with places.having(home, whose, waiting):
            homes.mark(home)
            _mine.add(home)
            try:
                yield
            finally:
                _mine.discard(home)


def take(lock: IO[str], whose: str) -> str | None:
    """Take a lock file and write into it whose it is; where another process has it, what that one wrote."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        return lock.read() or "another process"
    lock.truncate(0)
    lock.write(f"{whose} (process {os.getpid()})")
    lock.flush()
    return None


def holder(lock: Path) -> str | None:
    """Who holds a lock now; None where nobody does. It looks and takes nothing from anybody."""
    if not lock.exists():
        return None
    with lock.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read() or "another process"
    return None


def working(home: Path) -> str | None:
    """Who has the turn of a home, on this machine or another; None where nobody has."""
    return holder(home / LOCK) or places.holder(home)
