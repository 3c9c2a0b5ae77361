"""What the machine refuses – space, memory, rights, a place, a file cut short – named as such: it is no defect.

Belongs here: telling from an exception that the operating system or the disk said no, and what then helps. Does not
belong here: mistakes in a definition, data that stop a wave, defects.

An exception is looked at by its class's name, its number and its words, so that one list serves Python, DuckDB, SQLite,
Arrow and what Dagster keeps of a failed step (which is text), and nothing is imported for it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.problems import MonitorError, Problem


class Refused(MonitorError):
    """The machine refused something a run needs: set right what the message names, and try again (exit code 75)."""

    exit_code = 75


KINDS: Mapping[str, tuple[str, str]] = {
    "space": ("there is no space left on the disk", "make room, or give another folder with --home; then run again"),
    "read_only": ("this place is read-only", "make it writable, or give another folder with --home; then run again"),
    "permission": ("this place may not be read or written", "give yourself the right to it, or use another --home"),
    "memory": (
        "there was not enough memory",
        "close other programs or lift the limit on memory (ulimit -v, the container's), then run again",
    ),
    "files": ("too many files are open", "lift the limit on open files (ulimit -n), then run again"),
    "processes": ("no further process or thread may be started", "lift the limit (ulimit -u), then run again"),
    "place": ("this place is out of reach", "look whether the disk or network folder is there, then run again"),
    "busy": ("another program has this file open", "close that program, then run again"),
    "damaged": ("this file is cut short or damaged", "put it back from a backup, then run again"),
}
"""Kind -> what is said, and what to do"""

NUMBERS: Mapping[int, str] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "space"),
    errno.EROFS: "read_only",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "permission"),
    errno.ENOMEM: "memory",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "files"),
    errno.EAGAIN: "processes",
    **dict.fromkeys(
        (errno.ENOTDIR, errno.ESTALE, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.ETIMEDOUT), "place"
    ),
    **dict.fromkeys((errno.EBUSY, errno.ETXTBSY), "busy"),
}

WORDS: tuple[tuple[str, str], ...] = (
    ("No space left on device|Disk quota exceeded|File too large|database or disk is full|write all bytes", "space"),
    ("Read-only file system|attempt to write a readonly database", "read_only"),
    ("Permission denied|Operation not permitted", "permission"),
    (
        "Cannot allocate memory|bad_alloc|failed to allocate|could not allocate|Unable to allocate|malloc of size",
        "memory",
    ),
    # The last is what the interpreter says of a library that ran out of memory while it was loaded.
    ("Out of Memory|failed to map segment|without exception set|without setting an exception", "memory"),
    ("Too many open files", "files"),
    ("can't start new thread|Resource temporarily unavailable", "processes"),
    ("Not a directory|Stale file handle|Input/output error|disk I/O error|unable to open database file", "place"),
    ("Could not set lock on file|database is locked", "busy"),
    ("too small to be a Parquet file|No magic bytes found|magic bytes not found|Parquet file size is", "damaged"),
    ("not a valid DuckDB database|Corrupt database file|read enough bytes|is not a database|is malformed", "damaged"),
    ("TProtocolException|deserialize|decompress|Cannot read \\d+ bytes|past end of file", "damaged"),
)
"""What DuckDB, SQLite, Arrow and the loader of libraries say, in their own words"""

SQLITE: Mapping[str, str] = {
    **dict.fromkeys(("SQLITE_NOMEM", "SQLITE_IOERR_NOMEM", "SQLITE_IOERR_SHMMAP"), "memory"),
    "SQLITE_IOERR_WRITE": "space",
}
"""What SQLite calls it where memory was not to be had, or a quota or a limit on a file's size is reached: its words for
the last of each are those for a broken disk"""

TELLING = re.compile(
    r"OSError|\w*(IO|IOError|Permission|NotFound|Directory)\w*Error|BlockingIOError|MemoryError|ImportError|RuntimeError"
    r"|IOException|OutOfMemoryException|InvalidInputException|SerializationException|FatalException|InternalException"
    r"|TransactionException|OperationalError|DatabaseError|ArrowInvalid|ArrowException|SystemError"
)
"""Classes whose words are the machine's, not an answer's"""

NAMED = re.compile(r"""["'](/[^"'\n]+)["']|\(file "?([^")\n]+)"?\)|file:? "?(/[^"\s]+)""")
"""Where an error's words name a file"""


def refusal(error: BaseException, home: Path) -> Refused | None:
    """What the machine refused when this was raised; None where it refused nothing."""
    for each in _chain(error):
        if isinstance(each, Refused):
            return each
        if kind := SQLITE.get(getattr(getattr(each, "orig", each), "sqlite_errorname", "")):
            return _refused(kind, None, home, None)
        # Of DuckDB's classes only its own counts: all of them are some DatabaseError, and most tell of a query.
        names = [type(each).__name__, *(base.__name__ for base in type(each).__mro__ if base.__module__ == "builtins")]
        # Of a copy the second name is where it was to go.
        place = getattr(each, "filename2", None) or getattr(each, "filename", None)
        if told := _told(names, str(each), getattr(each, "errno", None), str(place) if place else None, home):
            return told
    return None


def refusal_of_text(names: list[str], text: str, home: Path) -> Refused | None:
    """The same for an error of which only the class's name and the words are left."""
    number = re.search(r"\[Errno (\d+)\]", text)
    return _told(names, text, int(number.group(1)) if number else None, None, home)


def damaged(path: Path, home: Path) -> Refused:
    """A file that is cut short or damaged."""
    return _refused("damaged", str(path), home, None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from, Dagster's own wrapping included."""
    seen: set[int] = set()
    left: list[Any] = [error]
    while left:
        each = left.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [
                getattr(each, "user_exception", None),
                getattr(each, "orig", None),
                each.__cause__,
                each.__context__,
            ]


def _told(names: list[str], text: str, number: int | None, place: str | None, home: Path) -> Refused | None:
    if not any(TELLING.fullmatch(name) for name in names):
        return None
    if "MemoryError" in names or "OutOfMemoryException" in names:
        return _refused("memory", None, home, None)
    named = NAMED.search(text)
    place = place or (next(part for part in named.groups() if part) if named else None)
    kind = NUMBERS.get(number or 0)
    if kind is None:
        kind = next((kind for words, kind in WORDS if re.search(words, text, re.IGNORECASE)), None)
    if number == errno.ENOENT or (kind is None and "No such file or directory" in text):
        # What a run itself looks for is there; it is missing where the home went away under it.
        kind = None if home.is_dir() else "place"
        place = str(home)
    if kind is None:
        return None
    of_process = kind in ("memory", "files", "processes")
    return _refused(kind, None if of_process else place or str(home), home, os.strerror(number) if number else None)


def _refused(kind: str, place: str | None, home: Path, found: str | None) -> Refused:
    what, do = KINDS[kind]
    if kind == "damaged" and place:
        do = _mend(Path(place), home) or do
    return Refused(Problem(what, file=place, found=found, do=do))


def _mend(path: Path, home: Path) -> str | None:
    """What makes a damaged file of the home whole again."""
    try:
        inside = path.resolve().relative_to(home.resolve()).parts
    except (ValueError, OSError):
        return None
    if inside[:1] == ("lake",) and len(inside) > 3:
        wave = inside[3].removeprefix("wave=")
        again = "any wave" if wave == "all" else f"wave {wave}"
        return f"run {again} of {inside[1]} again: it writes the table {inside[2]} anew"
    if inside[:1] == ("releases",) and len(inside) > 2:
        folder = "/".join(inside[:3])
        return f"put {folder} back from a backup (its manifest.json has the checksums), or move it out of the releases"
    if inside[:1] == ("dagster",):
        return "move the folder dagster out of the home: its history is begun anew; lake and releases do not need it"
    return None
