"""Dagster's history of a home: its settings, and how the command writes it without waiting for the disk each time.

Belongs here: the instance. Does not belong here: runs and their outcome (`command`), what the history says (`outcome`).
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from monitor.storage import private

INSTANCE = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
"""
"""Dagster's settings of a home: nothing is reported to its makers, its web interface asks for no address, and runs of
the home's pool stand in a queue (what keeps them apart is their `turn`, whatever the settings say)"""
STAGES_TOLD = "python_logs:\n  managed_python_loggers: [monitor]\n  python_log_level: INFO\n"
"""What stages say of themselves stands on their run's page; the command's goes to its terminal"""
COMMAND_SETTINGS = "command.yaml"
NO_OUTPUT_KEPT = (
    "compute_logs:\n  module: dagster._core.storage.noop_compute_log_manager\n  class: NoOpComputeLogManager\n"
)


def prepare_instance(home: Path) -> Path:
    """Dagster's folder in the home folder, with telemetry off. Returns DAGSTER_HOME."""
    folder = home / "dagster"
    private.open_folder(home)
    private.closed_folder(folder)
    if not (folder / "dagster.yaml").exists():
        (folder / "dagster.yaml").write_text(INSTANCE + STAGES_TOLD, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(folder)
    return folder


@contextmanager
def command_history(home: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's history of the home, as the web interface reads it. What steps print goes to the terminal alone:
    keeping it too would start four processes for every step, which tell of an interrupt each in its own way."""
    folder = prepare_instance(home)
    (folder / COMMAND_SETTINGS).write_text(INSTANCE + NO_OUTPUT_KEPT, encoding="utf-8")
    with _unhurried(folder), dg.DagsterInstance.from_config(str(folder), COMMAND_SETTINGS) as instance:
        yield instance


class _Kept(sqlite3.Connection):
    """A connection that is given back where it would be closed."""

    given_back: list[_Kept]

    def close(self) -> None:
        """Ready for the next statement, whose connection it becomes."""
        self.rollback()
        self.given_back.append(self)

    def end(self) -> None:
        """Closed, as any other."""
        super().close()


@contextmanager
def _unhurried(folder: Path) -> Iterator[None]:
    """Let SQLite's databases of a folder be read and written without opening them each time, as fast as SQLite's
    documentation holds safe.

    Dagster opens a database anew for each of a run's thousand statements: it reads its schema again, and where the last
    connection is closed the write-ahead log is moved into the database, which waits for the disk twice. So connections
    stay open until the run has ended, each used by one at a time. With `synchronous = NORMAL` a database in this mode
    stays whole whatever happens; what a power cut can cost is the last lines of a history, which decides nothing: lake
    and releases do. (https://sqlite.org/pragma.html#pragma_synchronous)
    """
    free: dict[str, list[_Kept]] = defaultdict(list)
    opened: list[_Kept] = []

    def connection(_dialect: object, _record: object, place: list[Any], options: dict[str, Any]) -> _Kept | None:
        file = str(place[0]) if place else ""
        if not Path(file).is_relative_to(folder):
            return None
        if free[file]:
            return free[file].pop()
        # Given from one thread to another, never used by two.
        new = sqlite3.connect(file, **{**options, "factory": _Kept, "check_same_thread": False})
        new.given_back = free[file]
        new.execute("PRAGMA synchronous = NORMAL")
        opened.append(new)
        return new

    event.listen(Engine, "do_connect", connection)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connection)
        for each in opened:
            each.end()
