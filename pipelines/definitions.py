"""Everything Dagster loads, for the survey folder named by `MONITOR_SURVEY` (default: the demonstration survey)."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from monitor.storage import homes, private
from pipelines.assets import build_assets
from pipelines.automation import inbox_sensor, release_job, release_sensor, wave_job, yearly
from pipelines.resources import SurveyHome, Turn, home_folder, loaded, survey_folder


def build(folder: Path, home: Path, passports: bool = False) -> dg.Definitions:
    """The definitions of one survey folder over one home folder."""
    survey = loaded(folder)
    wave, release = wave_job(), release_job()
    return dg.Definitions(
        assets=build_assets(survey),
        jobs=[wave, release],
        schedules=[yearly(survey, wave)],
        sensors=[inbox_sensor(survey, wave), release_sensor(wave, release)],
        resources={
            "monitor": SurveyHome(survey_folder=str(folder), home=str(home), passports=passports),
            "turn": Turn(home=str(home)),
        },
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` and `[tool.dg]` point to."""
    homes.require_known(home_folder())
    private.enter(home_folder())
    return build(survey_folder(), home_folder())
