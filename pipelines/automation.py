"""When things run: a wave when its delivery has arrived, every wave once a year, a release after each wave.

Belongs here: jobs, the schedule and the sensors. Does not belong here: what runs.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as AssetJob,  # what `define_asset_job` returns has no public name
)

from monitor.survey import Survey
from pipelines.assets import RELEASE_STAGES, WAVE_TABLES
from pipelines.resources import SurveyHome
from pipelines.turn import UNDER_WAY

SETTLED_SECONDS = 60
"""A delivery has arrived when no file of it changed for this long, nor between two looks of the sensor."""
UNFINISHED = (".part", ".partial", ".crdownload", ".tmp", ".filepart", "~")
"""What copying programs put behind the name of a file they are still writing"""


def wave_job() -> AssetJob:
    """One wave from its delivery to its models."""
    return dg.define_asset_job(
        "wave",
        selection=dg.AssetSelection.assets(*WAVE_TABLES),
        description="One wave from its delivery to its models",
    )


def release_job() -> AssetJob:
    """What spans the waves, disclosure control and the release."""
    return dg.define_asset_job(
        "release",
        selection=dg.AssetSelection.assets(*[table for tables in RELEASE_STAGES.values() for table in tables]),
        description="Changes and pooled models over all waves, disclosure control, and the release",
    )


def yearly(survey: Survey, job: AssetJob) -> dg.ScheduleDefinition:
    """On 1 June at six, after the spring fieldwork: the wave named after the year, if it is declared."""

    @dg.schedule(job=job, cron_schedule="0 6 1 6 *", execution_timezone="Europe/Amsterdam", name="yearly")
    def run_this_year(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        wave = str(context.scheduled_execution_time.year)
        if wave not in survey.waves:
            return dg.SkipReason(f"wave {wave} is not declared: add waves/{wave}.yaml to the survey folder")
        return dg.RunRequest(run_key=f"yearly-{wave}", partition_key=wave)

    return run_this_year


def arrival(folder: Path, now: float) -> tuple[str, bool] | None:
    """A fingerprint of the files in a wave's inbox and whether they are at rest; None where there are none."""
    files = sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith("."))
    if not files:
        return None
    resting = not any(p.name.endswith(UNFINISHED) for p in files)
    resting &= all(now - p.stat().st_mtime >= SETTLED_SECONDS for p in files)
    state = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    return hashlib.sha256(repr(state).encode()).hexdigest(), resting


def inbox_sensor(survey: Survey, job: AssetJob) -> dg.SensorDefinition:
    """Starts a wave when a delivery has finished arriving: not while it is still being written, nor where the wave's
    last run, whoever started it, began with these very files."""

    @dg.sensor(job=job, name="inbox", minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
    def inbox(context: dg.SensorEvaluationContext, monitor: SurveyHome) -> Iterator[dg.RunRequest | dg.SkipReason]:
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        looked, requests = {}, []
        for wave in survey.waves:
            found = arrival(Path(monitor.home) / "inbox" / survey.name / wave, time.time())
            if found is None:
                continue
            looked[wave], resting = found
            settled = resting and seen.get(wave) == looked[wave]
            if settled and monitor.delivered(wave) != monitor.lake().taken(wave):
                requests.append(dg.RunRequest(run_key=f"{wave}-{looked[wave]}", partition_key=wave))
        context.update_cursor(json.dumps(looked))
        if not requests:
            yield dg.SkipReason("no delivery has newly finished arriving")
        yield from requests

    return inbox


def release_sensor(wave: AssetJob, release: AssetJob) -> dg.SensorDefinition:
    """Makes a release after a wave that went through, once none is waiting or under way."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[wave],
        request_job=release,
        name="release_after_wave",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def release_after_wave(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        if "monitor/command" in context.dagster_run.tags:
            return dg.SkipReason("the command line makes its own release")
        others = dg.RunsFilter(job_name=wave.name, statuses=[dg.DagsterRunStatus.QUEUED, *UNDER_WAY])
        if context.instance.get_runs(filters=others, limit=1):
            return dg.SkipReason("another wave is waiting or under way: the release is made after it")
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return release_after_wave
