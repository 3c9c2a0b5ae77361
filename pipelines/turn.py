"""One run at a time in a home: a run has its turn from its first step to its last, whoever started it.

Belongs here: the home's lock, waiting for it, saying who has it, which runs of the history are alive. Does not belong
here: what a run does.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import dagster as dg

from monitor.problems import DefinitionError, Problem

LOOK_AGAIN_SECONDS = 0.5
PROCESS_TAG = "monitor/process"
"""Tag of a run: the process it runs in"""
UNDER_WAY = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)

_mine: set[Path] = set()
"""The homes in which this process has its turn: the command takes it once for all of its runs"""


@contextmanager
def turn(home: Path, whose: str, waiting: Callable[[str], object] | None = None) -> Iterator[None]:
    """Be the only process that runs anything in a home: two runs at once would write the same tables.

    `waiting` is told who has the turn, and then it is waited for; without it, DefinitionError says so. However a
    process ends, its turn ends with it.
    """
    if home in _mine:
        yield
        return
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("a+", encoding="utf-8") as lock:
        if holder := take(lock, whose):
            if waiting is None:
                raise DefinitionError(
                    Problem(
                        "another run is working in this home folder",
                        file=str(home),
                        found=holder,
                        do="wait for it to end, or give another folder with --home",
                    )
                )
            waiting(holder)
            while take(lock, whose):
                time.sleep(LOOK_AGAIN_SECONDS)
        _mine.add(home)
        try:
            yield
        finally:
            _mine.discard(home)


def take(lock: IO[str], whose: str) -> str | None:
    """Take a lock file and write into it whose it is; where another process has it, what that one wrote."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        return lock.read() or "another process"
    lock.truncate(0)
    lock.write(f"{whose} (process {os.getpid()})")
    lock.flush()
    return None


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
