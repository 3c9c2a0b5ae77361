"""When people are told: after a run that failed, after a wave with many warnings, after a new release.

Belongs here: the sensors that look at ended runs. Does not belong here: what is said, and to whom (`notices`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from monitor.storage.release_folders import manifest
from pipelines.automation import Jobs
from pipelines.names import key, named
from pipelines.notices import Notice, channels, released, send, stopped, warned
from pipelines.outcome import problems_of
from pipelines.resources import SurveyHome

PARTITION = "dagster/partition"


def notice_sensors(monitor: SurveyHome, jobs: Jobs) -> list[dg.SensorDefinition]:
    """The two sensors of a survey. They look at every run of the history, the command's too, and keep quiet where the
    environment names no place to send to."""
    survey = monitor.survey()
    name, both = survey.name, [jobs.wave, jobs.release]

    @dg.run_failure_sensor(
        name=named(name, "tell_of_a_stop"),
        monitored_jobs=both,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells by mail and webhook that a run stopped, and what to do",
    )
    def tell_of_a_stop(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if not channels(os.environ):
            return dg.SkipReason("the environment names no place to send to")
        run = context.dagster_run
        what = f"wave {run.tags[PARTITION]}" if PARTITION in run.tags else "the release"
        told = problems_of(_events(context.instance, run.run_id))
        return _sent([stopped(name, what, told[0] if told else [])])

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name=named(name, "tell_of_success"),
        monitored_jobs=both,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells by mail and webhook of a new release, and of a wave with more warnings than are declared",
    )
    def tell_of_success(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
        if not channels(os.environ):
            return dg.SkipReason("the environment names no place to send to")
        run = context.dagster_run
        if PARTITION in run.tags:
            return _sent(_warnings(monitor, run.tags[PARTITION]))
        return _sent(_releases(name, context.instance, run.run_id))

    return [tell_of_a_stop, tell_of_success]


def _events(instance: dg.DagsterInstance, run: str) -> list[dg.DagsterEvent]:
    return [entry.dagster_event for entry in instance.all_logs(run) if entry.dagster_event]


def _warnings(monitor: SurveyHome, wave: str) -> list[Notice]:
    """A notice where more answers failed rules that warn than the survey declares."""
    most = monitor.survey().notices.warnings
    if most is None:
        return []
    rules = monitor.lake().read("validated_rules", wave)
    rules = rules[(rules["severity"] == "warning") & rules["passed"].eq(False)]
    failed = {str(rule): int(count) for rule, count in zip(rules["rule"], rules["failed"], strict=True)}
    return [warned(monitor.survey().name, wave, failed, most)] if sum(failed.values()) > most else []


def _releases(survey: str, instance: dg.DagsterInstance, run: str) -> Iterator[Notice]:
    """A notice for the release that a run published; none where nothing had changed."""
    for event in _events(instance, run):
        if event.is_step_materialization and event.asset_key == key(survey, "released_release"):
            told = event.step_materialization_data.materialization.metadata
            if told["new"].value:
                about = manifest(Path(str(told["path"].value)))
                yield released(survey, str(about["release_id"]), [str(wave) for wave in about["waves"]])


def _sent(notices: list[Notice] | Iterator[Notice]) -> dg.SkipReason | None:
    """Send them; says where one did not arrive, which keeps nothing back."""
    failed = [why for notice in notices for why in send(notice, os.environ)]
    return dg.SkipReason(f"not everybody was told: {', '.join(failed)}") if failed else None
