"""Where a home is: a folder, or a place on object storage that a folder of this machine mirrors.

Belongs here: telling one from the other, and the one seam through which all others bring a mirror up to date and send
what changed. Does not belong here: objects (`objects`), which of them go when (`mirror`), whose turn it is (`leases`).

A home is given as a path, or as a URL: `s3://bucket/prefix`, `gs://bucket/prefix` or
`abfs://container@account.dfs.core.windows.net/prefix`. Of a URL there is a mirror: a folder of a home's shape, for its
owner alone, that says in `.store` what it mirrors. All stages work in it as in any home; nothing is imported for a home
that is a folder.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.problems import DefinitionError, Problem
from monitor.storage import private

if TYPE_CHECKING:
    from monitor.storage.mirror import Mirror

CACHE = "MONITOR_CACHE"
"""Names the folder in which mirrors lie; without it they lie where the user's caches do"""
ADDRESS = ".store"
"""File of a mirror: the URL that it mirrors. What else a mirror keeps beside the home begins with this name."""
LOCATION = re.compile(r"s3://[a-z0-9][a-z0-9._-]+(/.*)?|gs://[a-z0-9][a-z0-9._-]+(/.*)?|abfss?://[^/@:]+@[^/@:]+(/.*)?")


def located(place: str | Path) -> Path:
    """The folder that a home's place stands for: itself, or of a URL its mirror (which may be out of date).

    Raises DefinitionError where a URL is none of object storage; one with a password in it is not repeated.
    """
    if "://" not in str(place):
        return Path(place).resolve()
    url = str(place).rstrip("/")
    parts = url.partition("://")[2].split("/")
    if not LOCATION.fullmatch(url) or re.search(r"[?#\s\x00-\x1f]", url) or {"", ".", ".."} & {*parts}:
        raise DefinitionError(
            Problem(
                "--home is no place of a home",
                expected="a folder, or s3://bucket/prefix, gs://bucket/prefix or "
                "abfs://container@account.dfs.core.windows.net/prefix",
                found="a URL that names a user or a password" if "@" in parts[0] else url,
                do="correct --home or $MONITOR_HOME; keys and passwords stand in the environment",
            )
        )
    own = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    caches = Path(os.environ.get(CACHE) or Path(own) / "innovation-monitor").resolve()
    mirror = private.closed_folder(caches / hashlib.sha256(url.encode()).hexdigest()[:16])
    if address(mirror) != url:
        (mirror / ADDRESS).write_text(f"{url}\n", encoding="utf-8")
    return mirror


def address(home: Path) -> str | None:
    """The URL that a home's folder mirrors; None where it is the home itself."""
    try:
        return (home / ADDRESS).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def shown(path: Path, home: Path) -> str:
    """A path of a home as others find it: in the store where the home is there."""
    url = address(home)
    return f"{url}/{path.relative_to(home).as_posix()}" if url else str(path)


def bring(home: Path) -> None:
    """Bring a home's folder up to date, unless a run of this machine is at work in it. Raises Refused."""
    if mirror := _mirror(home):
        mirror.bring()


def send(home: Path) -> None:
    """Send to the store what changed in a home's folder, marks last; whoever has the home's turn calls it."""
    if mirror := _mirror(home):
        mirror.send()


@contextmanager
def sending(home: Path, room: str) -> Iterator[None]:
    """What is written in a room of the home meanwhile is at the store afterwards. No turn is needed for it."""
    mirror = _mirror(home)
    with mirror.changing(room) if mirror else nullcontext():
        yield


def having(home: Path, whose: str, waiting: Callable[[str], object] | None) -> AbstractContextManager[None]:
    """The turn of a home among machines, with its folder up to date; what changed is sent at its end."""
    mirror = _mirror(home)
    return mirror.having(whose, waiting) if mirror else nullcontext()


def holder(home: Path) -> str | None:
    """Who has the turn of a home on whichever machine; None where nobody has, or no store is asked."""
    mirror = _mirror(home)
    return mirror.holder() if mirror else None


def _mirror(home: Path) -> Mirror | None:
    url = address(home)
    if url is None:
        return None
    from monitor.storage.mirror import opened

    return opened(home, url)
