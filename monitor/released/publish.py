"""Putting a release in place as a whole or not at all.

Belongs here: locks, the building folder, renames, `latest`, cleaning up after an interrupted publication.
Does not belong here: what is in a release.

A release is built in `.building-…` beside the others, renamed to its name, and only then `latest` is switched, by
renaming a new symbolic link over the old one. Each step is one atomic act of the file system: a reader who opens
`latest` opens a whole release at every moment, and whatever a killed run left behind is never what `latest` names.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LATEST = "latest"
MANIFEST = "manifest.json"

release_names = re.compile(r"^r(\d{4,})-[0-9a-f]{12}$")
building_names = re.compile(r"^\.(building|latest)-")


@contextmanager
def publishing(folder: Path) -> Iterator[None]:
    """Be the only one that publishes into this folder; what an interrupted publication left is cleared away first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clean(folder)
        yield


def clean(folder: Path) -> list[str]:
    """Remove half-built folders and links, and whole releases that `latest` was never switched to. Returns their names.

    A release newer than `latest` was renamed into place by a run that died before its last act: it was never
    published. Call it only while holding the lock of `publishing`.
    """
    current = number(latest(folder))
    gone = []
    for path in sorted(folder.iterdir()):
        if building_names.match(path.name) or (release_names.match(path.name) and number(path) > current):
            gone.append(path.name)
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            else:
                shutil.rmtree(path)
    return gone


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """An empty folder to build a release in, on the same file system; gone afterwards unless it was put in place."""
    aside = folder / f".building-{os.getpid()}-{secrets.token_hex(4)}"
    aside.mkdir()
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def put_in_place(folder: Path, built: Path, name: str) -> Path:
    """Give a built release its name and switch `latest` to it, in this order; both survive a loss of power."""
    for path in built.rglob("*"):
        if path.is_file():
            _flush(path)
    target = folder / name
    os.rename(built, target)
    _flush(folder)
    switch(folder, name)
    return target


def switch(folder: Path, name: str) -> None:
    """Make `latest` name this release, atomically."""
    aside = folder / f".latest-{secrets.token_hex(4)}"
    os.symlink(name, aside)
    os.replace(aside, folder / LATEST)
    _flush(folder)


def latest(folder: Path) -> Path | None:
    """The release `latest` names, or None where nothing was published yet."""
    link = folder / LATEST
    if not link.is_symlink():
        return None
    target = folder / os.readlink(link)
    return target if (target / MANIFEST).exists() else None


def releases(folder: Path) -> list[Path]:
    """The published releases, oldest first."""
    if not folder.is_dir():
        return []
    current = number(latest(folder))
    found = [p for p in folder.iterdir() if release_names.match(p.name) and (p / MANIFEST).exists()]
    return sorted((p for p in found if number(p) <= current), key=number)


def number(release: Path | None) -> int:
    """A release's running number; 0 for none."""
    found = release_names.match(release.name) if release else None
    return int(found.group(1)) if found else 0


def manifest(release: Path) -> dict[str, object]:
    """What a release says of itself."""
    content: dict[str, object] = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    return content


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
