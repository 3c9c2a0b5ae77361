"""Dagster's history of a home: its settings, and how the command writes it without waiting for the disk each time.

Belongs here: the instance. Does not belong here: runs and their outcome (`command`), what the history says (`outcome`).
"""

from __future__ import annotations

import os
import sqlite3
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


@contextmanager
def _unhurried(folder: Path) -> Iterator[None]:
    """Let SQLite's databases of a folder be written as fast as its documentation holds safe.

    Dagster opens a database anew for each of a run's thousand statements. The last connection to be closed moves the
    write-ahead log into the database, and waits for the disk twice; so one is kept open until the run has ended. With
    `synchronous = NORMAL` a database in this mode stays whole whatever happens; what a power cut can cost is the last
    lines of a history, which decides nothing: lake and releases do. (https://sqlite.org/pragma.html#pragma_synchronous)
    """
    kept: dict[str, sqlite3.Connection] = {}

    def opened(connection: Any, record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        file = connection.execute("PRAGMA database_list").fetchone()[2]
        if not Path(file).is_relative_to(folder):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        if file not in kept and connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            kept[file] = sqlite3.connect(file, check_same_thread=False)
            # Only a connection that has read something counts.
            kept[file].execute("SELECT count(*) FROM sqlite_master").fetchall()

    event.listen(Engine, "connect", opened)
    try:
        yield
    finally:
        event.remove(Engine, "connect", opened)
        for connection in kept.values():
            connection.close()
