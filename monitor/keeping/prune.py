"""Making room: what old releases hold that nobody rests on any more.

Belongs here: which releases are old, and saying what goes before it goes. Does not belong here: which files may go
(`pruned`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from monitor.keeping.pruned import note, removable, removed
from monitor.keeping.status import size
from monitor.storage import homes, publish, release_folders, turns


@dataclass(frozen=True)
class Old:
    """A release that may be made smaller."""

    path: Path
    files: tuple[str, ...]
    bytes: int


@dataclass(frozen=True)
class Pruned:
    """What goes, or went."""

    exit_code: ClassVar[int] = 0

    releases: tuple[Old, ...]
    done: bool

    def as_dict(self) -> dict[str, object]:
        """The result for a machine."""
        told = [{"release": str(old.path), "files": list(old.files), "bytes": old.bytes} for old in self.releases]
        return {"done": self.done, "releases": told}

    def render(self) -> str:
        """The result as a person reads it."""
        if not self.releases:
            return "nothing to make smaller"
        verb = "went" if self.done else "would go"
        lines = [f"{old.path}: {len(old.files)} files of {size(old.bytes)} {verb}" for old in self.releases]
        kept = "databases, tables and manifest of every release stay: later releases are protected against them"
        return "\n".join([*lines, kept, *([] if self.done else ["nothing was removed: --yes removes it"])])


def prune(home: Path, keep: int, survey: str | None = None, do: bool = False) -> Pruned:
    """Take out of all but the last `keep` releases of a survey (None: of each) what no later one reads.

    The release that `latest` names is never touched. Without `do` it is only said what would go.
    """
    old = tuple(one for name in homes.surveys(home) if survey in (None, name) for one in _old(home, name, keep))
    if do and old:
        with turns.turn(home, "monitor prune"):
            for one in old:
                _remove(one)
    return Pruned(old, do)


def _old(home: Path, survey: str, keep: int) -> Iterator[Old]:
    folder = home / "releases" / survey
    releases = publish.releases(folder)
    latest = publish.latest(folder) if releases else None
    for release in releases[: max(len(releases) - keep, 0)]:
        listed = release_folders.manifest(release).get("files", {})
        gone = removed(release)
        files = [name for name in removable(listed) if name not in gone or (release / name).exists()]
        if files and release != latest:
            there = [path for name in files if (path := release / name).exists()]
            yield Old(release, tuple(files), sum(path.stat().st_size for path in there))


def _remove(old: Old) -> None:
    """The note first: a kill in between leaves a release that says what it lacks, and the next prune ends the work."""
    note(old.path, old.files)
    for name in old.files:
        (old.path / name).unlink(missing_ok=True)
    for folder in sorted((path for path in old.path.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
