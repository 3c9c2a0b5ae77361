"""How a run of Dagster ended, in the monitor's own words.

Belongs here: reading a run's events. Does not belong here: runs (`command`), telling people (`notices`).
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from monitor.problems import Problem, WaveStopped


def problems_of(events: Iterable[dg.DagsterEvent]) -> tuple[list[Problem], int] | None:
    """The problems that ended a run, with their exit code: a stage's own, else those of blocking checks; None where
    the run's events tell of neither."""
    stopping: list[Problem] = []
    for event in events:
        failed = event.step_failure_data.user_failure_data if event.is_step_failure else None
        if failed is not None and "problems" in failed.metadata:
            problems = [Problem(**problem) for problem in failed.metadata["problems"].value]  # type: ignore[arg-type, union-attr]
            return problems, int(failed.metadata["exit_code"].value)  # type: ignore[arg-type]
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluated = event.asset_check_evaluation_data.metadata["problems"].value
            stopping += [Problem(**problem) for problem in evaluated]  # type: ignore[arg-type, union-attr]
    return (stopping, WaveStopped.exit_code) if stopping else None
