"""Everything Dagster loads, for the survey folder named by `MONITOR_SURVEY` (default: the demonstration survey)."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from monitor.storage import homes, places, private, publish
from pipelines.assets import build_assets
from pipelines.automation import Jobs, inbox_sensor, release_sensor, yearly
from pipelines.notice_sensors import notice_sensors
from pipelines.resources import SurveyHome, home_folder, survey_folder, turn_of


def build(folder: Path, home: Path, passports: bool = False) -> dg.Definitions:
    """The definitions of one survey folder over one home folder; those of several can stand side by side."""
    monitor = SurveyHome(survey_folder=str(folder), home=str(home), passports=passports)
    survey = monitor.survey()
    jobs = Jobs.of(survey.name, [source.name for source in monitor.sources()])
    return dg.Definitions(
        assets=build_assets(monitor),
        jobs=[jobs.wave, jobs.release],
        schedules=[yearly(survey, jobs)] if survey.schedule else [],
        sensors=[inbox_sensor(monitor, jobs), release_sensor(monitor, jobs), *notice_sensors(monitor, jobs)],
        resources={"turn": turn_of(str(home))},
        executor=dg.in_process_executor,
    )


def deployment(place: Path) -> dg.Definitions:
    """The definitions of every survey that a deployment's `defs/` folders name (`deploy/surveys` is one)."""
    _enter(home_folder())
    return dg.load_from_defs_folder(path_within_project=place)


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` and `[tool.dg]` point to."""
    _enter(home_folder())
    return build(survey_folder(), home_folder())


def _enter(home: Path) -> None:
    """What a process does with a home before anything else."""
    places.bring(home)
    homes.require_known(home)
    private.enter(home)
    publish.sweep(home)
