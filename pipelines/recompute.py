"""Whether what a home kept is what would be made afresh: everything is made again in a copy, and compared.

Belongs here: the copy, and which tables are not the same. Does not belong here: whether files are as they were written
(`keeping.verify`), making anything (`command`).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.problems import DefinitionError, Problem
from monitor.storage import private, publish
from monitor.storage.lake import ALL_WAVES, KEPT, Lake
from monitor.storage.turns import turn
from pipelines.command import run_waves
from pipelines.resources import loaded

OTHERS_WORK = (KEPT, private.WORK, "dagster", ".lock")
"""What of a home is not copied: nothing is made from it"""

DO = (
    "with other code, packages or definition than the last run's that is to be expected: run the survey again; "
    "with the same, say so to whoever maintains the monitor"
)


@dataclass(frozen=True)
class Recomputed:
    """What was made again, and what came out otherwise."""

    tables: int
    release: str
    """The release that the tables make, in the home and made afresh"""
    problems: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        """0 where all came out the same, else 1."""
        return int(bool(self.problems))

    def as_dict(self) -> dict[str, Any]:
        """The result for a machine."""
        problems = [problem.as_dict() for problem in self.problems]
        return {"tables": self.tables, "release": self.release, "problems": problems}

    def render(self) -> str:
        """The result as a person reads it."""
        told = f"{self.tables} tables of the lake were made again from the deliveries: "
        told += f"{len(self.problems)} came out otherwise" if self.problems else f"all the same, and {self.release}"
        return "\n".join([told, *(problem.render() for problem in self.problems)])


def recompute(folder: Path, home: Path) -> Recomputed:
    """Make every whole wave of a survey and what spans them afresh in a copy of its home, and compare each table.

    The home itself is only read; what is made lies in its workspace and goes. Raises what a run raises, and
    DefinitionError where no wave was run to its end.
    """
    survey = loaded(folder)
    lake = Lake(home, survey.name)
    with turn(home, "monitor verify --recompute"), private.workspace(home) as place:
        waves = lake.whole_waves(survey.waves)
        if not waves:
            raise DefinitionError(
                Problem(
                    f"no wave of {survey.name} was run to its end yet: there is nothing to compare",
                    file=str(home),
                    do="run its waves first: monitor run",
                )
            )
        copy = place / "afresh"
        shutil.copytree(home, copy, symlinks=True, ignore=shutil.ignore_patterns(*OTHERS_WORK))
        run_waves(folder, copy, waves, afresh=True)
        again = Lake(copy, survey.name)
        problems = [problem for wave in (*waves, ALL_WAVES) for problem in _others(lake, again, wave)] + _release(
            home / "releases" / survey.name, copy / "releases" / survey.name
        )
        tables = sum(len(lake.record(wave).tables) for wave in (*waves, ALL_WAVES))
        latest = publish.latest(home / "releases" / survey.name)
    return Recomputed(tables, latest.name if latest else "no release", tuple(problems))


def _others(lake: Lake, again: Lake, wave: str) -> list[Problem]:
    before, after = lake.record(wave).tables, again.record(wave).tables
    return [
        Problem(
            f"{table} of wave {wave} comes out otherwise when it is made afresh",
            file=str(lake.path(table, wave)),
            expected=f"SHA-256 {after.get(table) or 'of no table'}",
            found=f"SHA-256 {before.get(table) or 'of no table'}",
            do=DO,
        )
        for table in sorted({*before, *after})
        if before.get(table) != after.get(table)
    ]


def _release(before: Path, after: Path) -> list[Problem]:
    old, new = publish.latest(before), publish.latest(after)
    if old is None or new is None or old.name == new.name:
        return []
    return [
        Problem(
            "made afresh, the tables are another release than readers have",
            file=str(old),
            expected=new.name,
            found=old.name,
            do=DO,
        )
    ]
