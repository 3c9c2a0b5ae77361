"""Whether every file of a home is still the one that was written: releases by their manifests, the lake by its records.

Belongs here: comparing. Does not belong here: mending; who must act is told by each problem.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.keeping.pruned import PRUNED, removed
from monitor.problems import MonitorError, Problem
from monitor.storage import homes, identity, publish, release_folders
from monitor.storage.lake import ALL_WAVES, Lake


@dataclass(frozen=True)
class Verified:
    """What was compared, and what is not as it was written."""

    files: int
    """Files of releases that were read"""
    tables: int
    """Tables of the lake that were read"""
    problems: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        """0 where all is as it was written, else 1."""
        return int(bool(self.problems))

    def as_dict(self) -> dict[str, object]:
        """The result for a machine."""
        problems = [problem.as_dict() for problem in self.problems]
        return {"files": self.files, "tables": self.tables, "problems": problems}

    def render(self) -> str:
        """The result as a person reads it."""
        told = f"{self.files} files of releases and {self.tables} tables of the lake were compared: "
        told += (
            f"{len(self.problems)} are not as they were written" if self.problems else "all are as they were written"
        )
        return "\n".join([told, *(problem.render() for problem in self.problems)])


def verify(home: Path) -> Verified:
    """Compare every file of every release and every table of every whole wave with what was recorded of it."""
    problems: list[Problem] = [*_key(home)]
    files = tables = 0
    for survey in homes.surveys(home):
        folder, lake = home / "releases" / survey, Lake(home, survey)
        try:
            publish.check_link(folder)
        except MonitorError as wrong:
            problems += wrong.problems
        for release in publish.releases(folder):
            found = list(_release(release))
            files += len(found)
            problems += [problem for problem in found if problem]
            problems += _strangers(release)
        for wave in (*lake.whole_waves(), ALL_WAVES):
            tables += len(lake.record(wave).tables)
            problems += _holes(lake, wave)
    return Verified(files, tables, tuple(problems))


def _key(home: Path) -> Iterator[Problem]:
    """The key of the pseudonyms, where the lake was made with one."""
    if (home / "lake" / identity.FINGERPRINT_FILE).exists():
        try:
            identity.identity_key(home)
        except MonitorError as wrong:
            yield from wrong.problems


def _release(release: Path) -> Iterator[Problem | None]:
    """For each file that a release should have: None, or what is wrong with it."""
    gone = removed(release)
    for name, about in release_folders.manifest(release).get("files", {}).items():
        if name not in gone:
            found = _sha256(release / name)
            yield (
                None
                if found == about["sha256"]
                else Problem(
                    "a file of a release is not as it was published",
                    file=str(release / name),
                    expected=f"SHA-256 {about['sha256']}",
                    found=f"SHA-256 {found}" if found else "no file",
                    do=f"put {release.name} back from a backup; a published release is never changed",
                )
            )


def _strangers(release: Path) -> Iterator[Problem]:
    """Files that the release does not know of."""
    known = {*release_folders.manifest(release).get("files", {}), release_folders.MANIFEST, PRUNED}
    for path in sorted(release.rglob("*")):
        name = path.relative_to(release).as_posix()
        if not path.is_dir() and name not in known:
            yield Problem(
                "a file lies in a release that was not published with it", file=str(path), do="move it out of there"
            )


def _holes(lake: Lake, wave: str) -> Iterator[Problem]:
    again = "any wave" if wave == ALL_WAVES else f"wave {wave}"
    for table, found in lake.holes(wave).items():
        yield Problem(
            "a table of the lake is not as its run made it",
            file=str(lake.path(table, wave)),
            expected="the table that the run wrote",
            found=found,
            do=f"run {again} of {lake.survey} again, or put the lake back from a backup",
        )


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
