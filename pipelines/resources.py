"""What assets and checks work with: the survey folder and the home folder.

Belongs here: handing out library objects. Does not belong here: settings a survey folder declares.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import dagster as dg

from monitor.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED


def survey_folder() -> Path:
    """The survey folder of this process: `MONITOR_SURVEY`, or the bundled demonstration survey."""
    return Path(os.environ.get("MONITOR_SURVEY") or BUNDLED).resolve()


def home_folder() -> Path:
    """The home folder of this process: `MONITOR_HOME`, or `monitor-home` in the working directory."""
    return Path(os.environ.get("MONITOR_HOME") or "monitor-home").resolve()


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

    def lake(self) -> Lake:
        """The survey's lake in this home."""
        return Lake(Path(self.home), self.survey().name)
