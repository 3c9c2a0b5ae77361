"""A home as one file, and a home from it.

Belongs here: what is kept, the key beside it, putting it back whole or not at all. Does not belong here: whether what
came back is as it was written (`verify`, which `restore` ends with).

The key of the pseudonyms goes into a file of its own, FILE.key: kept apart from the archive, it is what separates
pseudonyms from firms, and without it every known firm would become a new one. Dagster's history stays out: it is begun
anew, and neither lake nor releases need it.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from monitor import __version__
from monitor.keeping.verify import Verified, verify
from monitor.problems import DefinitionError, Problem
from monitor.refusals import damaged
from monitor.storage import homes, identity, places, private, turns

HEAD = "monitor-backup.json"
PARTS = (*homes.ROOMS, homes.MARK)
UNFINISHED = (private.WORK, ".building-", ".latest-", turns.LOCK)
"""How names begin of what is no part of a home but of work that is going on"""


@dataclass(frozen=True)
class Backup:
    """An archive, its key beside it where the home has one."""

    exit_code: ClassVar[int] = 0

    file: str
    key: str | None
    bytes: int

    def as_dict(self) -> dict[str, object]:
        """The result for a machine."""
        return {"file": self.file, "key": self.key, "bytes": self.bytes}

    def render(self) -> str:
        """The result as a person reads it."""
        told = f"backup  {self.file}"
        return f"{told}\nkey     {self.key} (keep it apart from the backup)" if self.key else told


def backup(home: Path, file: Path) -> Backup:
    """Write a home into one file, readable by its owner alone, while no run works in it. DefinitionError where the
    file is there already or lies in the home."""
    if not any((home / room).is_dir() for room in homes.ROOMS):
        raise _mistake(
            "there is no home to back up", home, "a folder with inbox, lake or releases", "name it with --home"
        )
    if file.resolve().is_relative_to(home.resolve()):
        raise _mistake("a backup inside the home would be lost with it", file, "another disk", "name another file")
    key_file = _key_beside(file)
    for place in (file, key_file):
        if os.path.lexists(place):
            raise _mistake("a file of this name is there already", place, "a new name", "name another file")
    with turns.turn(home, "monitor backup"):
        with _aside(file) as whole, tarfile.open(fileobj=whole, mode="w:gz", compresslevel=1) as archive:
            _head(archive)
            for part in PARTS:
                if (home / part).exists():
                    archive.add(home / part, arcname=part, filter=_kept)
        key = home / identity.KEY_FILE
        if key.exists():
            with _aside(key_file) as copy:
                copy.write(key.read_bytes())
    return Backup(str(file), str(key_file) if key_file.exists() else None, file.stat().st_size)


def restore(home: Path, file: Path, key: Path | None = None) -> Verified:
    """Make a home that is not there yet from a backup and its key (default: the file beside it); compare all of it with
    what was recorded. DefinitionError where the home holds anything, or the key is missing or another one."""
    if home.exists() and any(not path.name.startswith((turns.LOCK, places.ADDRESS)) for path in home.iterdir()):
        raise _mistake("a home is restored into an empty folder only", home, "an empty folder", "name one with --home")
    if not file.is_file():
        raise _mistake("the backup is not there", file, "a file of `monitor backup`", "check the path")
    aside = home.with_name(f".{home.name}.restoring-{secrets.token_hex(4)}")
    private.open_folder(aside)
    try:
        _unpack(file, aside)
        _put_key(aside, file, key or _key_beside(file))
        private.open_folder(home)
        with turns.turn(home, "monitor restore"):
            for path in sorted(aside.iterdir()):
                os.replace(path, home / path.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    private.enter(home)
    return verify(home)


def _unpack(file: Path, folder: Path) -> None:
    try:
        with tarfile.open(file, mode="r:gz") as archive:
            head = archive.next()
            if head is None or head.name != HEAD:
                raise _mistake("this is no backup of a home", file, "a file of `monitor backup`", "check the path")
            for member in archive:
                if Path(member.name).parts[0] in PARTS:
                    archive.extract(member, folder, filter=_safe)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise damaged(file, folder) from None
    homes.require_known(folder)


def _safe(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """Nothing lands outside the folder, by no name and no link; folders keep who may look in."""
    safe = tarfile.data_filter(member, folder)
    return safe.replace(mode=member.mode & private.OPEN_FOLDER) if member.isdir() else safe


def _put_key(folder: Path, file: Path, key: Path) -> None:
    """Give the home its key, if it is the one that the lake was made with."""
    mark = folder / "lake" / identity.FINGERPRINT_FILE
    if not mark.exists():
        return
    if not key.is_file():
        raise _mistake(
            "the key of the firms' pseudonyms is missing: without it every known firm would become a new one",
            key, "the key that was written beside the backup", "name it with --key",
        )  # fmt: skip
    place = folder / identity.KEY_FILE
    with _aside(place) as copy:
        copy.write(key.read_bytes())
    try:
        identity.identity_key(folder)
    except identity.IdentityStopped as stopped:
        (problem,) = stopped.problems
        raise DefinitionError(replace(problem, file=str(key), do=f"name the key of {file.name} with --key")) from None


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files, folders and links by their names; nobody's name or number, which another machine does not know."""
    if Path(member.name).name.startswith(UNFINISHED):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _head(archive: tarfile.TarFile) -> None:
    text = json.dumps({"shape": homes.SHAPE, "version": __version__}).encode()
    about = tarfile.TarInfo(HEAD)
    about.size = len(text)
    archive.addfile(about, io.BytesIO(text))


def _key_beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.key")


@contextmanager
def _aside(file: Path) -> Iterator[io.BufferedWriter]:
    """Write a file whole or not at all, for its owner alone."""
    aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.FILE)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        os.rename(aside, file)
    finally:
        aside.unlink(missing_ok=True)


def _mistake(what: str, place: Path, expected: str, do: str) -> DefinitionError:
    return DefinitionError(Problem(what, file=str(place), expected=expected, do=do))
