"""What assets and checks work with: the survey folder and the home folder.

Belongs here: handing out library objects. Does not belong here: settings a survey folder declares.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dagster as dg

from monitor.storage import places
from monitor.storage.lake import Lake
from monitor.storage.turns import turn
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED
from pipelines.sources import Source, sources_of
from pipelines.turn import PROCESS_TAG, this_process


def survey_folder() -> Path:
    """The survey folder of this process: `MONITOR_SURVEY`, or the bundled demonstration survey."""
    return Path(os.environ.get("MONITOR_SURVEY") or BUNDLED).resolve()


def home_folder() -> Path:
    """The home folder of this process: `MONITOR_HOME`, a path or a URL whose mirror it is; or `monitor-home` in the
    working directory."""
    return places.located(os.environ.get("MONITOR_HOME") or "monitor-home")


@cache
def loaded(folder: Path) -> Survey:
    """The survey of a folder, read once for each process."""
    return load_survey(folder)


class SurveyHome(dg.ConfigurableResource):
    """One survey and the home folder its lake and releases live in."""

    survey_folder: str
    home: str
    passports: bool = False
    """Whether a release holds a passport for every firm that answered its newest wave"""

    def survey(self) -> Survey:
        """The survey as its folder declares it."""
        return loaded(Path(self.survey_folder))

    def sources(self) -> list[Source]:
        """What the survey's tables are made from beside answers."""
        return sources_of(self.survey(), Path(self.home))

    def lake(self) -> Lake:
        """The survey's lake in this home."""
        return Lake(Path(self.home), self.survey().name)


class Turn(dg.ConfigurableResource):
    """The home's one turn: every asset asks for it, and a run has it from its first step to its last."""

    home: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Turn, None, None]:
        """Wait for whoever runs in this home, and say so in the run's log."""
        run = context.run
        if run is None:
            # A step called by hand, as a test does: there is no run that could meet another.
            yield self
            return
        if context.instance is not None and PROCESS_TAG not in run.tags:
            context.instance.add_run_tags(run.run_id, {PROCESS_TAG: this_process()})
        whose = f"{run.job_name} {run.tags.get('dagster/partition', '')}".rstrip() + f", run {run.run_id}"

        def waiting(holder: str) -> None:
            if context.log is not None:
                context.log.info(f"waiting for {holder} to end")

        with turn(Path(self.home), whose, waiting):
            yield self


@cache
def turn_of(home: str) -> Turn:
    """The one turn of a home, however many surveys live in it."""
    return Turn(home=home)
