"""When things run: a wave when its delivery has arrived or on the survey's schedule, a release when waves are whole.

Belongs here: jobs, the schedule and the sensors that start runs. Does not belong here: what runs, who is told.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from monitor.problems import MonitorError
from monitor.storage import places, turns
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey
from monitor.survey.load import definition_files, definition_hash
from pipelines.names import key, named
from pipelines.resources import SurveyHome
from pipelines.tables import RELEASE_STAGES, WAVE_TABLES
from pipelines.turn import UNDER_WAY

SETTLED_SECONDS = 60
"""A delivery has arrived when no file of it changed for this long, nor between two looks of the sensor."""
UNFINISHED = (".part", ".partial", ".crdownload", ".tmp", ".filepart", "~")
"""What copying programs put behind the name of a file they are still writing"""
OPEN_BACKFILLS = ("REQUESTED", "CANCELING", "FAILING")
"""Dagster's words for a backfill of which more runs may come"""


@dataclass(frozen=True)
class Jobs:
    """A survey's two jobs. Dagster has no public name for what `define_asset_job` returns."""

    wave: Any
    release: Any

    @staticmethod
    def of(survey: str, sources: Sequence[str] = ()) -> Jobs:
        """The jobs of a survey; both look at its sources, by name, before they read them."""
        spanning = [table for tables in RELEASE_STAGES.values() for table in tables]
        return Jobs(
            _job(survey, "wave", [*sources, *WAVE_TABLES], "One wave from its delivery to its models"),
            _job(
                survey,
                "release",
                [*sources, *spanning],
                "Changes and pooled models over all waves, disclosure control, the release",
            ),
        )


def _job(survey: str, name: str, tables: Sequence[str], about: str) -> Any:
    selection = dg.AssetSelection.assets(*[key(survey, table) for table in tables])
    return dg.define_asset_job(named(survey, name), selection=selection, description=about, tags={"survey": survey})


def yearly(survey: Survey, jobs: Jobs) -> dg.ScheduleDefinition:
    """At the time that the survey declares: the wave named after the year, if it is declared."""
    declared = survey.schedule
    assert declared is not None, "a survey without a schedule has none"

    @dg.schedule(
        job=jobs.wave,
        cron_schedule=declared.cron,
        execution_timezone=declared.time_zone,
        name=named(survey.name, "schedule"),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Runs the wave of the year: `{declared.cron}`, {declared.time_zone}, as survey.yaml says",
    )
    def run_this_year(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        wave = str(context.scheduled_execution_time.year)
        if wave not in survey.waves:
            return dg.SkipReason(f"wave {wave} is not declared: add waves/{wave}.yaml to the survey folder")
        return dg.RunRequest(run_key=f"{context.scheduled_execution_time.date()}-{wave}", partition_key=wave)

    return run_this_year


def arrival(files: Sequence[Path], now: float) -> tuple[str, bool]:
    """A fingerprint of files and whether they are at rest."""
    resting = not any(p.name.endswith(UNFINISHED) for p in files)
    resting &= all(now - p.stat().st_mtime >= SETTLED_SECONDS for p in files)
    state = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    return hashlib.sha256(repr(state).encode()).hexdigest(), resting


def inbox_files(home: Path, survey: str, wave: str) -> list[Path]:
    """The files in a wave's inbox."""
    return sorted(p for p in (home / "inbox" / survey / wave).glob("[!.]*") if p.is_file())


def inbox_sensor(monitor: SurveyHome, jobs: Jobs) -> dg.SensorDefinition:
    """Starts a wave when a delivery has finished arriving or its definition was changed: not while files are still
    being written, nor where the wave's last run, whoever started it, began with these very files and definition."""
    survey, home, folder = monitor.survey(), Path(monitor.home), Path(monitor.survey_folder)

    @dg.sensor(
        job=jobs.wave,
        name=named(survey.name, "inbox"),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Starts a wave when its delivery has arrived, or its definition changed. A new file in waves/ is seen when "
            "the code location is reloaded (Deployment > Reload)."
        ),
    )
    def inbox(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        if out_of_reach := _brought(home):
            yield dg.SkipReason(out_of_reach)
            return
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        looked, requests = {}, []
        for wave in survey.waves:
            files = inbox_files(home, survey.name, wave)
            if not files:
                continue
            looked[wave], resting = arrival([*files, *definition_files(folder)], time.time())
            if resting and seen.get(wave) == looked[wave] and (asked := _asked(monitor.lake(), wave, folder)):
                requests.append(dg.RunRequest(run_key=f"{wave}-{asked}", partition_key=wave))
        context.update_cursor(json.dumps(looked))
        if not requests:
            yield dg.SkipReason("no delivery has newly finished arriving")
        yield from requests

    return inbox


def _brought(home: Path) -> str | None:
    """Look at the home as it is now, wherever it is; what keeps a sensor from it."""
    try:
        places.bring(home)
    except MonitorError as error:
        return str(error)
    return None


def _asked(lake: Lake, wave: str, folder: Path) -> str | None:
    """What a wave would be run with, where its last run did not begin with that very thing."""
    begun, now, definition = lake.begun(wave), lake.delivered(wave), definition_hash(folder)
    # A run of an earlier version did not say by which definition it went: that alone starts nothing.
    if now == begun.inbox and begun.definition in ("", definition):
        return None
    # What the wave was before is part of the key: answers that are put back are run again, too.
    state = [sorted(now.items()), definition, begun.run]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]


def release_sensor(monitor: SurveyHome, jobs: Jobs) -> dg.SensorDefinition:
    """Makes one release of what the lake holds, once nothing that changes it is waiting or under way.

    It looks at the lake, not at single runs: a backfill of any number of waves ends in one release, and what the
    command has released is released.
    """
    survey, home = monitor.survey(), Path(monitor.home)

    @dg.sensor(
        job=jobs.release,
        name=named(survey.name, "release_when_whole"),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Makes a release when waves are whole that the last one was not made from",
    )
    def release_when_whole(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if out_of_reach := _brought(home):
            return dg.SkipReason(out_of_reach)
        lake = monitor.lake()
        now = lake.made_of(lake.whole_waves(survey.waves))
        if not now or lake.record(ALL_WAVES).made_from == now:
            return dg.SkipReason("the waves that are whole are in a release")
        if open_waves := [wave for wave in lake.unfinished_waves() if wave in survey.waves]:
            return dg.SkipReason(f"not whole, as its last run stopped or is under way: {', '.join(open_waves)}")
        if waiting := _waiting(context.instance, jobs, home):
            return dg.SkipReason(waiting)
        state = hashlib.sha256(json.dumps(sorted(now.items())).encode()).hexdigest()[:32]
        return dg.RunRequest(run_key=state)

    return release_when_whole


def _waiting(instance: dg.DagsterInstance, jobs: Jobs, home: Path) -> str | None:
    """What a release has to wait for; None where nothing is left to come."""
    active = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, *UNDER_WAY]
    for job in (jobs.wave, jobs.release):
        if instance.get_runs(filters=dg.RunsFilter(job_name=job.name, statuses=active), limit=1):
            return f"a run of {job.name} is waiting or under way: the release is made after it"
    if any(backfill.status.value in OPEN_BACKFILLS for backfill in instance.get_backfills(limit=20)):
        return "a backfill is under way: the release is made after its last run"
    if holder := turns.working(home):
        return f"{holder} is working in this home"
    return None
