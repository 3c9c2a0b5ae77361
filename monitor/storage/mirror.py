"""A home on object storage as a folder of this machine: what is fetched and what is put, and in which order.

Belongs here: which objects a home has, comparing them with the folder, the order that keeps a home whole. Does not
belong here: requests (`objects`), the turn among machines (`leases`), who asks for it (`places`).

The store is the home; the folder is a copy that the next command makes equal to it again, whatever a killed or failed
run left there. What the folder last saw of each object stands in `.store.json`: only what has another tag is fetched,
and only what has other content is put. An object is put on the condition that it is what the folder last saw, so that
what another machine put meanwhile is never lost.

Order of putting (`Rank`): what makes a home promise less goes first – a wave's mark `working`, the removal of its mark
`whole` – then tables and files, then what promises more: a release's manifest, the mark `whole`, `latest`. A run that
is killed or cut off anywhere leaves an unfinished wave, and every release as it was.

`latest` is a link in a folder, and at the store an object that holds the release's name.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from functools import cache
from itertools import groupby
from pathlib import Path

from monitor.problems import Problem
from monitor.refusals import Refused
from monitor.storage import homes, leases, places, private, publish, turns
from monitor.storage.identity import KEY_FILE
from monitor.storage.objects import Changed, Found, Objects, digest_of
from monitor.storage.release_folders import MANIFEST, release_names

RECORD = f"{places.ADDRESS}.json"
LOCK = f"{places.ADDRESS}.lock"
AT_ONCE = 8
"""Objects under way at the same time: most of a small one's time is waiting"""
LOOKS = 3
"""How often a home is listed that changes while it is fetched"""

BOOT = Path("/proc/sys/kernel/random/boot_id")
"""What no other machine, and no later start of this one, has"""

log = logging.getLogger("monitor")


class Rank(IntEnum):
    """When a step is taken: what promises less before what is promised, what promises more after it."""

    LESS = 0
    CONTENT = 1
    GONE = 2
    RELEASE = 3
    MORE = 4
    DONE = 5


@dataclass(frozen=True, order=True)
class Step:
    """An object to fetch or put, or to remove."""

    key: str
    removes: bool = False

    @property
    def rank(self) -> Rank:
        """A mark `working` stands before its wave's tables change, and goes after all else."""
        parts = self.key.split("/")
        mark = parts[2] if parts[0] == "lake" and len(parts) == 4 else ""
        if mark == "working":
            return Rank.DONE if self.removes else Rank.LESS
        if mark == "whole" or _is_latest(self.key):
            return Rank.LESS if self.removes else Rank.MORE
        if parts[0] == "releases" and len(parts) == 4 and parts[3] == MANIFEST:
            return Rank.LESS if self.removes else Rank.RELEASE
        if self.key in (homes.MARK, KEY_FILE):
            return Rank.LESS
        return Rank.GONE if self.removes else Rank.CONTENT


@dataclass(frozen=True)
class Seen:
    """An object as the folder last saw it, and the file it then was."""

    tag: str
    size: int
    digest: str
    file: tuple[int, int, int]
    """Inode, bytes and nanosecond of the last change: while they are the same, so is the content"""


class Mirror:
    """The folder of one home on object storage."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.objects = Objects(url)
        self.lease: leases.Lease | None = None
        self.lost: Refused | None = None
        """What ended the connection in this turn: nothing more is tried until the next"""

    def bring(self) -> None:
        """Make the folder equal to the store, unless a run of this machine is at work in it: then it is ahead."""
        with self._alone():
            if turns.holder(self.home / turns.LOCK) is None:
                self._bring()

    def send(self) -> None:
        """Put what changed in the folder, while this process has the home's turn."""
        if self.lease is None:
            return
        if self.lost is not None:
            raise self.lost
        try:
            self.lease.require()
            with self._alone():
                self._send("")
        except Refused as refused:
            self.lost = refused
            raise

    @contextmanager
    def changing(self, room: str) -> Iterator[None]:
        """Write in a room of the home, up to date, and put what was written there."""
        with self._alone():
            if turns.holder(self.home / turns.LOCK) is None:
                self._bring()
            yield
            self._send(f"{room}/")

    @contextmanager
    def having(self, whose: str, waiting: Callable[[str], object] | None) -> Iterator[None]:
        """The home's turn among machines; the caller has this machine's already."""
        with leases.lease(self.objects, whose, self._name(), waiting) as self.lease:
            self.lost = None
            try:
                with self._alone():
                    self._bring()
                yield
                if self.lost is None:
                    self.send()
            finally:
                self.lease = None

    def holder(self) -> str | None:
        """Who has the home's turn among machines."""
        return leases.holder(self.objects)

    def _bring(self) -> None:
        for _ in range(LOOKS):
            record = self._record()
            try:
                self._fetch(record)
            except Changed:
                continue
            finally:
                self._keep(record)
            return
        raise self._refused("the home changes while it is fetched", "it stays as it is for the seconds it takes", None)

    def _fetch(self, record: dict[str, Seen]) -> None:
        there = {key: found for key, found in self.objects.listed().items() if part_of_home(key)}
        here = self._files()
        for key in here.keys() - there:
            self._drop(key)
        for key in record.keys() - there:
            del record[key]
        wanted = [
            Step(key) for key, found in there.items()
            if key not in record or record[key].tag != found.tag or record[key].file != here.get(key)
        ]  # fmt: skip

        def fetched(step: Step) -> None:
            record[step.key] = self._fetched(step.key, there[step.key], aside)

        with private.workspace(self.home) as aside:
            self._in_order("fetched", wanted, fetched, record)

    def _fetched(self, key: str, found: Found, aside: Path) -> Seen:
        place, file = self.home / key, aside / secrets.token_hex(8)
        digest = self.objects.fetch(key, found, file)
        private.closed_folder(place.parent)
        if _is_latest(key):
            name = file.read_text(encoding="utf-8", errors="replace").strip()
            if not release_names.match(name):
                raise self._refused("`latest` names no release", "an object that holds a release's name", key)
            publish.switch(place.parent, name)
        else:
            file.chmod(private.FILE)
            os.replace(file, place)
        return Seen(found.tag, found.size, digest, _state(place))

    def _drop(self, key: str) -> None:
        """Remove a file, and the folders that are empty without it."""
        place = self.home / key
        place.unlink(missing_ok=True)
        for folder in place.relative_to(self.home).parents:
            if folder == Path() or any((self.home / folder).iterdir()):
                return
            (self.home / folder).rmdir()

    def _send(self, under: str) -> None:
        record, here = self._record(), self._files()
        changed = [Step(key) for key, file in here.items() if key not in record or record[key].file != file]
        gone = [Step(key, removes=True) for key in record if key not in here]

        def sent(step: Step) -> None:
            if step.removes:
                self.objects.remove(step.key)
                del record[step.key]
            else:
                record[step.key] = self._put(step.key, record.get(step.key))

        try:
            self._in_order("put", [step for step in changed + gone if step.key.startswith(under)], sent, record)
        except Changed as changed_there:
            key = str(changed_there)
            raise self._refused(
                "another process put something else here meanwhile", "the object as this home last saw it", key
            ) from None
        finally:
            self._keep(record)

    def _put(self, key: str, known: Seen | None) -> Seen:
        place = self.home / key
        file, content = _state(place), os.readlink(place).encode() if _is_latest(key) else place
        # A delivery also says by its age when it arrived.
        if known and not key.startswith("inbox/") and digest_of(content) == known.digest:
            return replace(known, file=file)
        size = len(content) if isinstance(content, bytes) else file[1]
        tag, digest = self.objects.put(key, content, known.tag if known else None)
        return Seen(tag, size, digest, file)

    def _in_order(
        self, what: str, steps: Sequence[Step], do: Callable[[Step], None], record: Mapping[str, Seen]
    ) -> None:
        """Take steps rank by rank, those of one rank beside each other; one that fails keeps later ranks back."""
        pool, began = ThreadPoolExecutor(AT_ONCE), time.perf_counter()
        try:
            for _, together in groupby(sorted(steps, key=lambda step: (step.rank, step)), key=lambda step: step.rank):
                for done in [pool.submit(do, step) for step in together]:
                    done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        if steps:
            size = sum(record[step.key].size for step in steps if not step.removes) / 1e6
            seconds = time.perf_counter() - began
            log.info("home: %d objects %s, %.1f MB, %.1f s", len(steps), what, size, seconds)

    def _files(self) -> dict[str, tuple[int, int, int]]:
        """Key -> state of every file of the home in the folder."""
        tops = [self.home / name for name in (*homes.ROOMS, homes.MARK, KEY_FILE)]
        inside = (
            Path(folder) / name
            for top in tops
            for folder, folders, names in os.walk(top)
            for name in (*names, *folders)
        )
        found = {}
        for path in (*tops, *inside):
            key = path.relative_to(self.home).as_posix()
            if part_of_home(key) and (path.is_symlink() if _is_latest(key) else path.is_file()):
                found[key] = _state(path)
        return found

    def _record(self) -> dict[str, Seen]:
        try:
            kept = json.loads((self.home / RECORD).read_text(encoding="utf-8"))["objects"]
            return {key: Seen(**{**seen, "file": tuple(seen["file"])}) for key, seen in kept.items()}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            # Nothing is known: all is fetched.
            return {}

    def _keep(self, record: Mapping[str, Seen]) -> None:
        aside = self.home / f"{RECORD}.{secrets.token_hex(4)}"
        text = json.dumps({"objects": {key: asdict(record[key]) for key in sorted(record)}}, ensure_ascii=False)
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, self.home / RECORD)

    def _name(self) -> str:
        """What tells this folder from any other machine's."""
        about = self.home.stat()
        return f"{BOOT.read_text(encoding='ascii').strip()}:{about.st_dev}:{about.st_ino}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No two processes of this machine compare folder and store at once."""
        with (self.home / LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _refused(self, what: str, expected: str, key: str | None) -> Refused:
        return Refused(
            Problem(
                what,
                file=f"{self.objects.url}/{key}" if key else self.objects.url,
                expected=expected,
                found="another state" if key else f"another one at each of {LOOKS} looks",
                do="look who else works in this home (`monitor status`), then run again",
            )
        )


@cache
def opened(home: Path, url: str) -> Mirror:
    """The one mirror of a home in this process: its runs share a turn."""
    return Mirror(home, url)


def part_of_home(key: str) -> bool:
    """Whether an object or file is a home's: in one of its rooms, and nothing that is aside while work goes on."""
    parts = key.split("/")
    return key in (homes.MARK, KEY_FILE) or (
        parts[0] in homes.ROOMS and len(parts) > 1 and not any(part.startswith(".") for part in parts)
    )


def _is_latest(key: str) -> bool:
    parts = key.split("/")
    return parts[0] == "releases" and len(parts) == 3 and parts[2] == publish.LATEST


def _state(path: Path) -> tuple[int, int, int]:
    about = path.lstat()
    return about.st_ino, about.st_size, about.st_mtime_ns
