"""How a home stands: which waves are whole, unfinished or waiting, the last release, the inbox, the disk.

Belongs here: looking. Does not belong here: changing anything, what a survey folder declares.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from monitor.storage import homes, places, publish, release_folders, turns
from monitor.storage.lake import Lake

UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class SurveyStatus:
    """How one survey of a home stands."""

    survey: str
    whole: tuple[str, ...]
    """Waves whose last run went to its end"""
    again: tuple[str, ...]
    """Of these, those that an earlier version ran, which did not record its tables: they are to be run again"""
    unfinished: tuple[str, ...]
    """Waves whose last run stopped on the way: no release is made meanwhile"""
    waiting: tuple[str, ...]
    """Waves with other files in the inbox than their last run took in"""
    inbox: Mapping[str, tuple[int, int]]
    """Wave -> files in its inbox, and their bytes"""
    releases: int
    latest: str | None
    created_at: str | None
    """When the latest release was made"""

    def lines(self) -> list[str]:
        """The survey as a person reads it."""
        listed = {"whole": self.whole, "unfinished": self.unfinished, "waiting": self.waiting}
        listed |= {"to be run again (by an earlier version)": self.again} if self.again else {}
        held = [f"{wave} ({files} files, {size(taken)})" for wave, (files, taken) in self.inbox.items()]
        release = f"{self.latest} of {self.created_at}, one of {self.releases}" if self.latest else "none yet"
        facts = {**{name: ", ".join(waves) for name, waves in listed.items()}, "inbox": ", ".join(held)}
        return [
            self.survey,
            *(f"    {name}: {fact or 'none'}" for name, fact in (*facts.items(), ("release", release))),
        ]


@dataclass(frozen=True)
class Status:
    """How a home stands."""

    exit_code: ClassVar[int] = 0

    home: str
    running: str | None
    """Who works in it now"""
    interface: str | None
    """Which web interface serves it now"""
    surveys: tuple[SurveyStatus, ...]
    bytes: Mapping[str, int]
    """Part of the home -> what it takes on the disk"""
    free: int
    """Bytes left on the disk"""

    def as_dict(self) -> dict[str, object]:
        """The status for a machine."""
        return asdict(self)

    def render(self) -> str:
        """The status as a person reads it."""
        disk = ", ".join(f"{part} {size(taken)}" for part, taken in self.bytes.items())
        lines = [f"{self.home}: {disk or 'nothing'}; {size(self.free)} free"]
        lines += [f"now working: {self.running or 'nobody'}; web interface: {self.interface or 'none'}"]
        return "\n".join([*lines, *(line for survey in self.surveys for line in survey.lines())])


def status(home: Path) -> Status:
    """How a home stands. Nothing in it is changed, and nothing is waited for."""
    parts = [path for path in sorted(home.iterdir()) if path.is_dir()] if home.is_dir() else []
    nearest = next(path for path in (home, *home.parents) if path.is_dir())
    disk = os.statvfs(nearest)
    return Status(
        home=places.address(home) or str(home),
        running=turns.working(home),
        interface=turns.holder(home / "dagster" / "web.lock"),
        surveys=tuple(_survey(home, name) for name in homes.surveys(home)),
        bytes={part.name: taken(part) for part in parts},
        free=disk.f_bavail * disk.f_frsize,
    )


def _survey(home: Path, name: str) -> SurveyStatus:
    lake, folder = Lake(home, name), home / "releases" / name
    waves = sorted(path.name for path in (home / "inbox" / name).glob("[!.]*") if path.is_dir())
    delivered = {wave: lake.delivered(wave) for wave in waves}
    latest = publish.latest(folder) if folder.is_dir() else None
    return SurveyStatus(
        survey=name,
        whole=tuple(lake.whole_waves()),
        again=tuple(wave for wave in lake.whole_waves() if not lake.record(wave).tables),
        unfinished=tuple(lake.unfinished_waves()),
        waiting=tuple(wave for wave in waves if delivered[wave] and delivered[wave] != lake.taken(wave)),
        inbox={wave: (len(files), taken(home / "inbox" / name / wave)) for wave, files in delivered.items()},
        releases=len(publish.releases(folder)),
        latest=latest.name if latest else None,
        created_at=str(release_folders.manifest(latest).get("created_at")) if latest else None,
    )


def taken(folder: Path) -> int:
    """Bytes of the files under a folder; one that goes meanwhile has none."""
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.lstat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return found


def size(count: float) -> str:
    """Bytes as a person reads them, in thousands."""
    for unit in UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == UNITS[0] or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {UNITS[-1]}"
