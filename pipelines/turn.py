"""Which process a run of Dagster's history is in, and which of those that seem to be under way are alive.

Belongs here: runs and their processes. Does not belong here: the home's lock (`monitor.storage.turns`).
"""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

PROCESS_TAG = "monitor/process"
"""Tag of a run: the process it runs in"""
UNDER_WAY = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)


def this_process() -> str:
    """This process as no later one will be called: its number, and when the kernel started it."""
    return f"{os.getpid()}-{_started(os.getpid())}"


def close_killed_runs(instance: dg.DagsterInstance, untold: bool = False) -> None:
    """Runs under way whose process is gone were killed: say so in the history, where they would keep others waiting.

    untold: also those that do not say which process they run in; only while no web interface could have started them.
    """
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=list(UNDER_WAY))):
        process = run.tags.get(PROCESS_TAG)
        if _gone(process) if process else untold:
            instance.report_run_failed(run, message="the process was killed before the run ended")


def _gone(process: str) -> bool:
    number, _, started = process.partition("-")
    return (_started(int(number)) or "gone") != started


def _started(process: int) -> str:
    """When the kernel started a process, in its ticks since the machine started; empty where it is gone."""
    try:
        # The program's name, in brackets, may hold anything; the 22nd field of the whole is the 20th after it.
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
