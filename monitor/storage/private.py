"""Where firms' data may lie: under the home, readable by its owner alone, and nowhere else while work is going on.

Belongs here: the modes of a home, and folders for work that is gone when the work is. Does not belong here: what lies
in them.

Everything in a home is closed to others but the published part of a release: `public/` and `manifest.json`, with the
folders on the way there. Those are made to be read, by a colleague's DuckDB or a web server, where they lie; `secure/`
beside them is as closed as the lake. Who wants to keep the published part to themselves closes the home's own folder:
no mode is ever opened again.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger("monitor")

WORK = ".work"
"""Folder of a home, or of a survey's lake, for work that is going on"""
CLOSED = (
    "inbox", "lake", "dagster", WORK, ".lock", "error.log", "identity.key",
    "releases/*/.lock", "releases/*/.building-*", "releases/*/*/secure",
)  # fmt: skip
"""What is closed to others in a home, with all that is in it"""
OTHERS = 0o077
FOLDER, FILE = 0o700, 0o600
OPEN_FOLDER, OPEN_FILE = 0o755, 0o644

_home: Path | None = None
_working: set[Path] = set()
"""Folders of work that this process has going on"""


def enter(home: Path) -> None:
    """What every process of the monitor does first: make files for its owner alone, and put right what an earlier one
    left: open modes, and the work of processes that were killed."""
    global _home
    os.umask(OTHERS)
    _home = home
    nearest = next(path for path in (home, *home.parents) if path.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(nearest))
    if nearest == home:
        _close(home)
        _sweep_all(home)


@contextmanager
def workspace(place: Path | None = None) -> Iterator[Path]:
    """A folder for work on firms' data inside `place` (default: this process's home), gone when the work is.

    What a killed process left is removed by the next one that works in this place. Where no home is known, in a
    notebook that only looks at a file, the system's folder for temporary files has to do.
    """
    place = place or _home
    if place is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
        return
    fresh = not place.exists()
    sweep(place)
    lock, own = _locked(place / WORK)
    try:
        own.mkdir(mode=FOLDER)
        _working.add(own)
        yield own
    finally:
        _remove(own)
        os.close(lock)
        with suppress(OSError):
            own.parent.rmdir()
            if fresh:
                place.rmdir()


def sweep(place: Path) -> None:
    """Remove the work of processes that are gone. Whose lock can be taken is gone, however its process ended."""
    for mark in sorted((place / WORK).glob("*.lock")):
        with suppress(FileNotFoundError):
            lock = os.open(mark, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                _remove(mark.with_suffix(""))
            finally:
                os.close(lock)
    with suppress(OSError):
        (place / WORK).rmdir()


def abandon() -> None:
    """Remove this process's work at once, for an end that unwinds nothing, and that of processes it took along."""
    for own in list(_working):
        with suppress(OSError):
            _remove(own)
    if _home is not None:
        with suppress(OSError):
            _sweep_all(_home)


def _sweep_all(home: Path) -> None:
    for place in (home, *sorted((home / "lake").glob("*/"))):
        sweep(place)


def closed_folder(path: Path) -> Path:
    """Make a folder, and those above it that are not there, for the owner alone."""
    return _made(path, FOLDER)


def open_folder(path: Path) -> Path:
    """Make a folder, and those above it that are not there, so that others may look in."""
    return _made(path, OPEN_FOLDER)


def open_to_all(folder: Path) -> None:
    """Open what is under a folder, and the folder, to others."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(OPEN_FOLDER if path.is_dir() else OPEN_FILE)


def _made(path: Path, mode: int) -> Path:
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir(mode=FOLDER)
            each.chmod(mode)
    if not missing and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return path


def _locked(folder: Path) -> tuple[int, Path]:
    """A lock of a new name in the folder, held by this process from the moment others can see it, and what it locks."""
    while True:
        closed_folder(folder)
        own = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        aside = folder / f".{own.name}"
        try:
            lock = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, FILE)
        except FileNotFoundError:
            # Another process ended its work meanwhile and took the empty folder away.
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.rename(aside, own.with_suffix(".lock"))
        return lock, own


def _remove(own: Path) -> None:
    """Work and its lock, the lock last: while it is there, the next process looks again."""
    _working.discard(own)
    if own.exists():
        shutil.rmtree(own)
    own.with_suffix(".lock").unlink(missing_ok=True)


def _close(home: Path) -> None:
    """Take from others what they may do with firms' data of an older home."""
    refused = 0
    for pattern in CLOSED:
        for top in home.glob(pattern):
            inside = (Path(folder) / name for folder, folders, files in os.walk(top) for name in (*folders, *files))
            for path in (top, *inside):
                try:
                    mode = path.lstat().st_mode
                    if mode & OTHERS and not path.is_symlink():
                        path.chmod(mode & 0o7777 & ~OTHERS)
                except FileNotFoundError:
                    continue
                except OSError:
                    refused += 1
    if refused:
        log.warning("%d files and folders of %s are open to others and could not be closed to them", refused, home)
