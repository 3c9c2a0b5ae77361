"""What the machine refuses is named as such, with its place and what to do, and ends with 75; 70 is for defects."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import ecuador
import numpy as np
import pandas as pd
import publication
import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlalchemy.exc import OperationalError

from monitor import cli
from monitor.problems import MonitorError
from monitor.publication import difference
from monitor.refusals import Refused, refusal
from monitor.stages import raw, staged
from monitor.storage import private
from monitor.storage.lake import Lake, connect
from pipelines.command import RunFailed, run_waves
from pipelines.history import prepare_instance

ROOT = Path(__file__).parents[2]


def system(number: int, *names: str) -> OSError:
    return OSError(number, os.strerror(number), *names)


def from_another(cause: BaseException) -> Exception:
    outer = RuntimeError("the step failed")
    outer.__cause__ = cause
    return outer


REFUSED = {
    # name: the exception, words of what is said, the place it names
    "no space": (system(errno.ENOSPC, "/usr/x"), "no space left", "/usr/x"),
    "no space for a copy": (OSError(errno.ENOSPC, "x", "/from", None, "/to"), "no space left", "/to"),
    "quota": (system(errno.EDQUOT, "/usr/x"), "no space left", "/usr/x"),
    "largest file": (system(errno.EFBIG, "/usr/x"), "no space left", "/usr/x"),
    "read-only": (system(errno.EROFS, "/usr/x"), "read-only", "/usr/x"),
    "no right": (system(errno.EACCES, "/usr/x"), "may not be read or written", "/usr/x"),
    "not the owner": (system(errno.EPERM, "/usr/x"), "may not be read or written", "/usr/x"),
    "no folder": (system(errno.ENOTDIR, "/usr/x"), "out of reach", "/usr/x"),
    "stale": (system(errno.ESTALE, "/usr/x"), "out of reach", "/usr/x"),
    "disk error": (system(errno.EIO), "out of reach", None),
    "the home went away": (system(errno.ENOENT, "/dev/nowhere/x"), "out of reach", "/dev/nowhere"),
    "files": (system(errno.EMFILE, "/usr/x"), "too many files", None),
    "no process": (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "no further process", None),
    "no thread": (RuntimeError("can't start new thread"), "no further process", None),
    "memory": (MemoryError(), "not enough memory", None),
    "memory of an array": (np._core._exceptions._ArrayMemoryError((1 << 40,), np.dtype("f8")), "enough memory", None),
    "memory of Arrow": (pa.ArrowMemoryError("malloc of size 64 failed"), "not enough memory", None),
    "memory of DuckDB": (duckdb.OutOfMemoryException("Out of Memory Error: failed"), "not enough memory", None),
    "memory at import": (ImportError("libx.so: failed to map segment from shared object"), "not enough memory", None),
    "space of DuckDB": (
        duckdb.IOException('IO Error: Could not write file "/usr/x": No space left on device'), "no space", "/usr/x",
    ),
    "space of DuckDB at its commit": (
        duckdb.TransactionException(
            'TransactionContext Error: Failed to commit: Checkpoint failed for database "release". The database has '
            'been invalidated. Original error: Could not write file "/usr/x": No space left on device'
        ),
        "no space", "/usr/x",
    ),
    "a lock of DuckDB": (
        duckdb.IOException('IO Error: Could not set lock on file "/usr/x": Conflict'), "has this file open", "/usr/x",
    ),
    "space of SQLite": (sqlite3.OperationalError("database or disk is full"), "no space left", None),
    "read-only SQLite": (sqlite3.OperationalError("attempt to write a readonly database"), "read-only", None),
    "damaged SQLite": (sqlite3.DatabaseError("database disk image is malformed"), "cut short or damaged", None),
    "SQLAlchemy": (OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full")), "space", None),
    "from another": (from_another(MemoryError()), "not enough memory", None),
    "from a note within": (from_another(from_another(system(errno.ENOSPC, "/usr/x"))), "no space", "/usr/x"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_machine_refuses(case: str) -> None:
    error, words, place = REFUSED[case]
    refused = refusal(error, Path("/dev/nowhere"))
    assert refused is not None
    (problem,) = refused.problems
    assert words in problem.what
    assert problem.file == (
        place or (None if "memory" in words or "no further" in words or "many" in words else "/dev/nowhere")
    )
    assert problem.do
    assert refused.exit_code == 75


DEFECTS: dict[str, BaseException] = {
    "a mistake": ValueError("Permission denied"),
    "a key": KeyError("No space left on device"),
    "an answer": duckdb.ConversionException("Could not convert string 'Permission denied' to INT32"),
    "a query": duckdb.BinderException('column "No space left on device" not found'),
    "a file that is not there": FileNotFoundError(errno.ENOENT, "No such file or directory", "/usr/x"),
    "a division": ZeroDivisionError(),
    "a recursion": RecursionError("maximum recursion depth exceeded"),
}


@pytest.mark.parametrize("case", DEFECTS)
def test_a_defect_stays_one(tmp_path: Path, case: str) -> None:
    assert refusal(DEFECTS[case], tmp_path) is None


@pytest.mark.parametrize("left", [0, 3, 10, 0.5, -1])
@pytest.mark.parametrize("how", ["read", "rows", "open"])
def test_a_table_cut_short_names_itself(tmp_path: Path, how: str, left: float) -> None:
    lake = Lake(tmp_path, "small")
    lake.write("staged_answers", "2020", pd.DataFrame({"a": range(1000)}))
    path = lake.path("staged_answers", "2020")
    content = path.read_bytes()
    path.write_bytes(content[: int(left * len(content)) if left == 0.5 else int(left)])
    called = {"read": lake.read, "rows": lake.rows, "open": lambda table, wave: lake.open(wave, table).__enter__()}[how]
    with pytest.raises(Refused) as caught:
        called("staged_answers", "2020")
    (problem,) = caught.value.problems
    assert (problem.file, problem.what) == (str(path), "this file is cut short or damaged")
    assert problem.do == "run wave 2020 of small again: it writes the table staged_answers anew"


def test_a_delivery_that_is_no_parquet_file_is_no_defect(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    with pytest.raises(pa.ArrowInvalid) as caught:
        parquet.read_metadata(tmp_path / "x.parquet")
    assert refusal(caught.value, tmp_path) is not None


@pytest.mark.parametrize("database", ["public/monitor.duckdb", "secure/microdata.duckdb"])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.3])
def test_an_earlier_release_cut_short(
    published: publication.Published, tmp_path: Path, database: str, part: float
) -> None:
    release = tmp_path / "releases" / "made_up" / published[2].name
    shutil.copytree(published[2], release)
    content = (release / database).read_bytes()
    (release / database).write_bytes(content[: int(part * len(content))] or b"x" * 5000)
    with pytest.raises(duckdb.Error) as caught:
        difference.read(release)
    refused = refusal(caught.value, tmp_path)
    assert refused is not None, caught.value
    (problem,) = refused.problems
    assert problem.file == str(release / database)
    assert f"put releases/made_up/{release.name} back from a backup" in str(problem.do)


def run(home: Path, *more: str) -> int:
    return cli.main(["run", "--survey", str(ecuador.DEFINITION), "--wave", "2014", "--home", str(home), *more])


def test_a_damaged_history(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = prepare_instance(home) / "history" / "runs.db"
    history.parent.mkdir(parents=True, exist_ok=True)
    history.write_bytes(b"no database at all" * 1000)
    assert run(home) == 75
    shown = capsys.readouterr().err
    assert "cut short or damaged" in shown
    assert "Traceback" not in shown
    assert not (home / "error.log").exists()


IN_DAGSTER = [
    *((raw, case) for case in ("no space", "memory", "memory of DuckDB", "read-only", "files", "space of SQLite")),
    (staged, "no space"),
]
"""A stage and what it is refused; every stage's failure goes the same way to the terminal"""


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "case"), IN_DAGSTER, ids=[f"{s.__name__} {case}" for s, case in IN_DAGSTER])
def test_a_stage_s_failure_in_dagster_says_the_same(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, stage: Any, case: str
) -> None:
    error, words, _ = REFUSED[case]

    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(stage, "run", refused)
    if stage is staged:
        monkeypatch.setattr(raw, "run", lambda *_: {})
        monkeypatch.setattr("monitor.stages.validated.stage.validate_tables", lambda *_: [])
    with pytest.raises(RunFailed) as failed:
        run_waves(ecuador.DEFINITION, tmp_path, ["2014"])
    assert failed.value.exit_code == 75
    assert [words in problem.what for problem in failed.value.problems] == [True]


def test_a_refusal_of_a_second_process_arrives(tmp_path: Path) -> None:
    refused = refusal(system(errno.ENOSPC, "/usr/x"), tmp_path)
    assert isinstance(refused, MonitorError)
    kind, arguments = refused.__reduce__()
    assert kind(*arguments).exit_code == 75


@pytest.mark.parametrize("under", ["", "/x", "/dev/x/y"])
@pytest.mark.parametrize("command", [["releases"], ["demo"], ["diff", "latest", "latest"]])
def test_a_home_that_is_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], under: str
) -> None:
    (tmp_path / "file").write_text("x")
    assert cli.main([*command, "--home", str(tmp_path / "file") + under]) == 75
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"{tmp_path / 'file'}: this place is out of reach")


def test_a_log_that_cannot_be_written(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> int:
        raise system(errno.ENOSPC, "error.log")

    monkeypatch.setattr(cli, "load_survey", lambda folder: 1 / 0)
    monkeypatch.setattr(Path, "write_text", full)
    assert run(home) == cli.DEFECT
    shown = capsys.readouterr().err
    assert "this is a defect, not your data. It was ZeroDivisionError in test_refusals.py:" in shown
    assert "No space left on device" in shown
    assert len(shown.splitlines()) == 1


def limited(home: Path, shared: Path, limit: int, most: int) -> subprocess.CompletedProcess[str]:
    """The command as its user runs it, under a limit of the system."""
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    survey = ecuador.short(home.parent)
    command = ["run", "--survey", str(survey), "--wave", "2014", "--home", str(home), "--input", str(delivery)]
    return subprocess.run(
        [sys.executable, "-m", "monitor", *command], cwd=ROOT, capture_output=True, text=True, timeout=300,
        preexec_fn=lambda: resource.setrlimit(limit, (most, most)),
    )  # fmt: skip


LIMITS = {
    # name: which limit, how much, what is said
    "1.6 GB of memory": (resource.RLIMIT_AS, 1_600_000_000, "there was not enough memory"),
    "2 GB of memory": (resource.RLIMIT_AS, 2_000_000_000, "there was not enough memory"),
    "files of 50 kB": (resource.RLIMIT_FSIZE, 50_000, "there is no space left on the disk"),
    "files of 4.5 MB": (resource.RLIMIT_FSIZE, 4_500_000, "there is no space left on the disk"),
    "12 open files": (resource.RLIMIT_NOFILE, 12, ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", LIMITS)
def test_the_terminal_under_a_limit(tmp_path: Path, shared: Path, case: str) -> None:
    limit, most, words = LIMITS[case]
    done = limited(tmp_path / "home", shared, limit, most)
    assert done.returncode == 75, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "defect" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("    do: ")
    assert not list((tmp_path / "home").rglob(private.WORK))


def test_a_connection_that_may_not_spill_says_memory(tmp_path: Path) -> None:
    table = "CREATE TABLE t AS SELECT random() AS r, i FROM range(5_000_000) x(i) ORDER BY r"
    with connect() as connection:
        connection.execute("SET memory_limit = '20MB'")
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(table)
    refused = refusal(caught.value, tmp_path)
    assert refused is not None
    assert "not enough memory" in refused.problems[0].what
