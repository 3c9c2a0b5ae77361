"""The same jobs from the command line: one process, Dagster's history kept in the home folder.

Belongs here: runs and their outcome. Does not belong here: the instance (`history`), printing (`cli`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from monitor.problems import DefinitionError, MonitorError, Problem
from monitor.refusals import refusal_of_text
from monitor.rules import JUDGING
from monitor.running import beside, signals
from monitor.stages.validated.check import rule_problems
from monitor.storage import private, publish
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.storage.turns import turn
from monitor.survey import Survey
from pipelines.definitions import build
from pipelines.history import command_history
from pipelines.kept import AFRESH, everything_stands, spanning_stands, wave_stands
from pipelines.names import key, named
from pipelines.outcome import problems_of
from pipelines.resources import loaded
from pipelines.tables import RELEASE_STAGES
from pipelines.turn import PROCESS_TAG, close_killed_runs, this_process

log = logging.getLogger("monitor")


class RunFailed(MonitorError):
    """A run that a stage ended, with the stage's own problems and exit code."""

    def __init__(self, problems: Sequence[Problem], exit_code: int) -> None:
        super().__init__(problems)
        self.exit_code = exit_code


def run_waves(folder: Path, home: Path, waves: Sequence[str], passports: bool = False, afresh: bool = False) -> None:
    """Run waves one after the other and make a release. Raises RunFailed with the stage's problems.

    What stands as an earlier run made it is not made again, unless `afresh`.
    A wave that stops does not keep the waves after it from running; the release is made only if all went through.
    """
    private.open_folder(home)
    survey = loaded(folder)
    publish.check_link(home / "releases" / survey.name)
    if not afresh and _all_stands(survey, home, waves, passports):
        return
    if problems := [*survey.todos, *rule_problems(survey)]:
        raise DefinitionError(problems)
    definitions = build(folder, home, passports)
    tags = {AFRESH: "true"} if afresh else {}
    with turn(home, "monitor run"), command_history(home) as instance:
        close_killed_runs(instance)
        left = [wave for wave in waves if afresh or not _stands(survey, home, wave)]
        if left:
            beside.expect([*JUDGING, "monitor.stages.modelled", "monitor.stages.disclosed"])
        failures = [
            error
            for wave in left
            if (error := _execute(definitions, instance, home, named(survey.name, "wave"), tags, partition_key=wave))
        ]
        release = [key(survey.name, table) for table in RELEASE_STAGES["released"]]
        chosen = {"asset_selection": release} if not left and _spanning_stands(survey, home) else {}
        job = named(survey.name, "release")
        if not failures and (error := _execute(definitions, instance, home, job, tags, **chosen)):
            failures = [error]
    if failures:
        # What keeps several waves from running is said once.
        told = dict.fromkeys(problem for failure in failures for problem in failure.problems)
        raise RunFailed(list(told), max(failure.exit_code for failure in failures))


def _all_stands(survey: Survey, home: Path, waves: Sequence[str], passports: bool) -> bool:
    """Whether a run would make nothing, which is said instead of going through it."""
    lake = Lake(home, survey.name)
    with turn(home, "monitor run"):
        if not everything_stands(lake, survey, waves, passports):
            return False
    log.info("%s: nothing changed since it was made: everything stands (--afresh makes it again)", survey.name)
    return True


def _stands(survey: Survey, home: Path, wave: str) -> bool:
    """Whether a run of a wave would make nothing, which is said, with what is to be known of it, instead."""
    lake = Lake(home, survey.name)
    if not _tell(wave, wave_stands(lake, survey, wave)):
        return False
    lake.restate(wave, definition=survey.definition_hash)
    return True


def _spanning_stands(survey: Survey, home: Path) -> bool:
    """The same of what spans the waves, up to what is published."""
    lake = Lake(home, survey.name)
    if not _tell(ALL_WAVES, spanning_stands(lake, survey)):
        return False
    lake.restate(ALL_WAVES, made_from=lake.made_of(lake.whole_waves(survey.waves)))
    return True


def _tell(what: str, said: Sequence[tuple[int, str]] | None) -> bool:
    """Say that something stands, and what is to be known of it, where it does."""
    if said is None:
        return False
    log.info("%s stands as it was made", what)
    for level, line in said:
        log.log(level, line)
    return True


def _execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    home: Path,
    job: str,
    tags: Mapping[str, str],
    **options: Any,
) -> RunFailed | None:
    if signals.received():
        raise KeyboardInterrupt
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        tags={"monitor/command": "run", PROCESS_TAG: this_process(), **tags},
        **options,
    )
    if result.success:
        return None
    if signals.received() or any(_interrupted(event) for event in result.all_events):
        raise KeyboardInterrupt
    return _outcome(result, job, home)


def _interrupted(event: dg.DagsterEvent) -> bool:
    """Whether a step ended because someone interrupted the command."""
    error = event.step_failure_data.error if event.is_step_failure else None
    return error is not None and "DagsterExecutionInterruptedError" in error.to_string()


def _outcome(result: dg.ExecuteInProcessResult, job: str, home: Path) -> RunFailed:
    """What made a run fail: a stage's own problems, a blocking check, what the machine refused Dagster itself, or a
    defect of the product."""
    if told := problems_of(result.all_events):
        return RunFailed(*told)
    errors = [error for event in result.all_events if (error := getattr(event.event_specific_data, "error", None))]
    for error in errors:
        while error is not None:
            if refused := refusal_of_text([error.cls_name or ""], error.message, home):
                return RunFailed(refused.problems, refused.exit_code)
            error = error.cause
    raise RuntimeError(f"job {job} failed\n" + "\n".join(error.to_string() for error in errors))
