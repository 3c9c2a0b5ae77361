"""Putting a release in place as a whole or not at all.

Belongs here: locks, the building folder, renames, `latest`, cleaning up after an interrupted publication.
Does not belong here: what is in a release.

A release is built in `.building-…` beside the others and renamed to its name: that is its publication. Then `latest` is
switched, by renaming a new symbolic link over the old one. Each step is one atomic act of the file system: a reader who
opens `latest` opens a whole release at every moment. A run killed before the rename leaves a `.building-…` that the
next one removes; one killed after it leaves a whole release, which is kept like any other, and which `latest` names as
soon as a run has that content. Nothing that bears a release's name is ever removed here, whatever `latest` says.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.problems import DefinitionError, Problem
from monitor.refusals import Refused
from monitor.storage.release_folders import MANIFEST, in_order, manifest, number, release_names

LATEST = "latest"

building_names = re.compile(r"^\.building-\d+-[0-9a-f]{8}$")
link_names = re.compile(r"^\.latest-[0-9a-f]{8}$")

log = logging.getLogger("monitor")


@contextmanager
def publishing(folder: Path) -> Iterator[None]:
    """Be the only one that publishes into this folder; what an interrupted publication left is cleared away first, and
    a `latest` that names nothing names the newest whole release again. Raises what `check_link` raises."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        check_link(folder)
        clean(folder)
        _restore(folder)
        yield


def check_link(folder: Path) -> None:
    """Raise DefinitionError where `latest` is no link to a release: a copy or an archive has put something else there.

    What it was meant to name is not guessed, and nothing is published, removed or renamed until someone has looked.
    """
    link = folder / LATEST
    if not os.path.lexists(link) or (link.is_symlink() and release_names.match(os.readlink(link))):
        return
    do = f"move {LATEST} out of the folder and run again: the link is then made anew"
    if link.is_symlink():
        found = f"a link to {os.readlink(link)}"
    elif not link.is_dir():
        found = "a file (some archives keep a link as a file with its target's name)"
    elif _name(link) is None:
        found = "a folder that is no release"
    else:
        found = f"a folder that holds {_name(link)} (some copies put what a link names in its place)"
        if not (folder / str(_name(link))).exists():
            do = f"rename {LATEST} to {_name(link)} and run again: the link is then made anew"
    raise DefinitionError(
        Problem(
            f"`{LATEST}` is no link to a release; nothing is published, and every release stays as it is",
            file=str(link),
            expected="a symbolic link to a release of this folder",
            found=found,
            do=do,
        )
    )


def clean(folder: Path) -> list[str]:
    """Remove half-built folders and links that were not yet put in place. Returns their names.

    Call it only while holding the lock of `publishing`: whoever builds holds it, so those who made these are gone.
    """
    gone = []
    for path in sorted(folder.iterdir()):
        if building_names.match(path.name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif link_names.match(path.name) and path.is_symlink():
            path.unlink()
        else:
            continue
        gone.append(path.name)
    return gone


def sweep(home: Path) -> None:
    """Remove the half-built releases of a home whose builder was killed; one that is being built stays."""
    for mark in sorted((home / "releases").glob("*/.lock")):
        with suppress(OSError), mark.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            clean(mark.parent)


def _restore(folder: Path) -> None:
    """Make `latest` name the newest whole release where it is missing or names none."""
    link, newest = folder / LATEST, latest(folder)
    if newest is not None and not (link.is_symlink() and os.readlink(link) == newest.name):
        named = f"named {os.readlink(link)}, which is not there as a whole" if link.is_symlink() else "was missing"
        log.warning("released: `latest` %s; it names %s again, the newest whole release", named, newest.name)
        switch(folder, newest.name)


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
    """The release `latest` names; the newest whole one where it names none; None where nothing was published yet."""
    link = folder / LATEST
    if link.is_symlink() and release_names.match(os.readlink(link)) and whole(folder / os.readlink(link)):
        return folder / os.readlink(link)
    return next((release for release in reversed(releases(folder)) if whole(release)), None)


def releases(folder: Path) -> list[Path]:
    """The published releases, oldest first."""
    if not folder.is_dir():
        return []
    return [p for p in in_order(folder.iterdir()) if (p / MANIFEST).exists()]


def whole(release: Path) -> bool:
    """Whether every file that the release's manifest lists is there in its size."""
    try:
        files = manifest(release).get("files", {})
        return all((release / name).stat().st_size == about["bytes"] for name, about in files.items())
    except (OSError, Refused):
        return False


def holding(folder: Path, contents: Collection[str]) -> Path | None:
    """The whole release with one of these content hashes: the one `latest` names, else the newest."""
    named = latest(folder)
    found = [p for p in releases(folder) if manifest(p).get("content_hash") in contents and whole(p)]
    return named if named in found else next(reversed(found), None)


def next_number(folder: Path) -> int:
    """A running number that no release of this folder has or had, as far as anything there says."""
    link = folder / LATEST
    names = [path.name for path in folder.iterdir()] + ([os.readlink(link)] if link.is_symlink() else [])
    return 1 + max(map(number, names), default=0)


def _name(folder: Path) -> str | None:
    """The name of the release that a folder holds, by its manifest; None where it holds none."""
    try:
        return str(manifest(folder)["release_id"])
    except (OSError, KeyError, Refused):
        return None


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
