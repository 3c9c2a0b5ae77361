"""The lake: one Parquet file per table and wave, and the only door to DuckDB.

Belongs here: opening DuckDB, writing and reading Parquet, running the SELECTs under `sql/`, which tables make a wave
whole.
Does not belong here: what a table means.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from pyarrow import compute, parquet

from monitor.refusals import damaged
from monitor.storage import private
from monitor.storage.folders import SQL

if TYPE_CHECKING:
    # Frames go in and out of DuckDB; loading the definitions needs none.
    import pandas as pd

PARQUET = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1, WRITE_BLOOM_FILTER false"
"""How tables are written: a third less work than DuckDB's defaults, and smaller files; bloom filters serve a search
for single values, which nobody makes"""

ALL_WAVES = "all"
"""Stands for a wave's name in tables that span waves"""
KEPT = "kept"
RELEASES = "releases"
"""Stands for a wave's name where answers are kept that follow from whole releases"""
LINES = "lines"
"""What is kept of a wave's indicators, in all their domains"""
MARK = b"PAR1"
"""What a Parquet file begins and ends with"""

TABLE_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def columns_in(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column -> DuckDB type of a table (its quoted name) or a SELECT, in order."""
    return {str(name): str(kind) for name, kind, *_ in connection.execute(f"DESCRIBE {relation}").fetchall()}


def quoted(name: str) -> str:
    """A name as an SQL identifier: quotes doubled, so that no name from a file can end it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def connect(
    database: Path | str = ":memory:", *, read_only: bool = False, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection that is closed whatever happens. One thread's order, so that output is repeatable.

    What does not fit into memory goes to the folder `spill`, and nowhere else: left to itself, DuckDB would write it
    into the working directory.
    """
    connection = duckdb.connect(str(database), read_only=read_only)
    try:
        connection.execute("SET temp_directory = $1", [str(spill or "")])
        connection.execute("SET preserve_insertion_order = true")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


@cache
def _instance() -> duckdb.DuckDBPyConnection:
    """One DuckDB for this process's plain reads and writes: starting one for each would take seconds of a run."""
    connection = duckdb.connect(":memory:", config={"temp_directory": ""})
    atexit.register(connection.close)
    return connection


# A forked process has the memory of DuckDB's threads but not the threads.
os.register_at_fork(after_in_child=_instance.cache_clear)


@contextmanager
def _cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to the process's DuckDB: for statements that make and set nothing outside it."""
    connection = _instance().cursor()
    try:
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def statement(stage: str, name: str) -> str:
    """The text of `sql/<stage>/<name>.sql`: one SELECT whose first comment is its grain and inputs."""
    return (SQL / stage / f"{name}.sql").read_text(encoding="utf-8")


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, read again only once it changed; of a link, what it names, for links are not followed."""
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    about = path.stat()
    return _fingerprint(path, about.st_ino, about.st_size, about.st_mtime_ns)


@cache
def _fingerprint(path: Path, inode: int, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _content(path: Path, print_: str, without: Sequence[str], column: str) -> str:
    """`print_`: the file's own fingerprint, by which what was found once is known again."""
    digest = hashlib.sha256()
    file = parquet.ParquetFile(path)
    names = [name for name in file.schema_arrow.names if name not in without]
    for batch in file.iter_batches(columns=names):
        if column in names:
            batch = batch.filter(compute.invert(compute.is_in(batch[column], pa.array(without, batch[column].type))))
        digest.update(batch.serialize())
    return digest.hexdigest()


@dataclass(frozen=True)
class Record:
    """What a wave's last run was: the lake keeps it beside the tables, as `working` and, at its end, as `whole`."""

    run: str = ""
    """Who made the tables; empty where the record does not say, as an earlier version's"""
    inbox: Mapping[str, str] = field(default_factory=dict)
    """File in the wave's inbox when the run began -> its fingerprint"""
    definition: str = ""
    """SHA-256 of the survey's definition then; empty where an earlier version did not say it"""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Table of the wave when the run ended -> its fingerprint; empty where the wave has no such table"""
    made_from: Mapping[str, str] = field(default_factory=dict)
    """For what spans waves: wave -> the fingerprint of the record it was made from"""


class Lake:
    """The tables of one survey in one home folder.

    `lake/<survey>/<table>/wave=<wave>/<table>.parquet`; a table that spans waves has the wave `all`.
    Every file is written aside and renamed, so a reader sees the old table or the new one, never a half.
    """

    def __init__(self, home: Path, survey: str) -> None:
        self.home = Path(home)
        self.survey = survey
        self.folder = self.home / "lake" / survey

    def path(self, table: str, wave: str) -> Path:
        """Where a table of a wave lies (whether or not it is there yet)."""
        if not TABLE_NAME.match(table):
            raise ValueError(f"{table!r} is not a table name")
        return self.folder / table / f"wave={wave}" / f"{table}.parquet"

    def has(self, table: str, wave: str) -> bool:
        """Whether the table of this wave was written."""
        return self.path(table, wave).exists()

    def write(self, table: str, wave: str, frame: pd.DataFrame) -> int:
        """Write a frame as the table of this wave, in place of what was there. Returns its rows."""
        with _cursor() as connection:
            connection.register("frame", frame)
            return self.write_query(connection, table, wave, "SELECT * FROM frame")

    def write_query(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        wave: str,
        query: str,
        parameters: Mapping[str, object] | None = None,
    ) -> int:
        """Write what a SELECT gives as the table of this wave without passing through Python. Returns its rows."""
        target = self.path(table, wave)
        private.closed_folder(target.parent)
        with private.workspace(self.folder) as folder:
            aside = folder / target.name
            # What it gives is fetched: DuckDB takes no other work while a result is open.
            ((rows,),) = connection.execute(
                f"COPY ({query}) TO {literal(str(aside))} ({PARQUET})", dict(parameters or {})
            ).fetchall()
            aside.chmod(private.FILE)
            os.replace(aside, target)
        return int(rows)

    def read(self, table: str, wave: str) -> pd.DataFrame:
        """A table of a wave as a frame."""
        with _cursor() as connection:
            return connection.execute(f"SELECT * FROM {self.scan(table, wave)}").df()

    def rows(self, table: str, wave: str) -> int:
        """How many rows the table of a wave has; 0 where the wave has no such table."""
        if not self.has(table, wave):
            return 0
        self._require_whole(self.path(table, wave))
        # The file's own footer says it; opening DuckDB for each of a run's tables would cost seconds.
        return int(parquet.read_metadata(self.path(table, wave)).num_rows)

    def columns(self, table: str, wave: str) -> dict[str, str]:
        """Column -> type of the table of a wave, as its file says them; none where the wave has no such table."""
        if not self.has(table, wave):
            return {}
        schema = parquet.read_schema(self.path(table, wave))
        return {name: str(kind) for name, kind in zip(schema.names, schema.types, strict=True)}

    def content(self, table: str, wave: str, without: Collection[str], column: str) -> str:
        """SHA-256 of what a table of a wave holds, without the columns of these names and the rows that have one of
        them in a column; empty where the wave has no such table."""
        if not self.has(table, wave):
            return ""
        path = self.path(table, wave)
        return _content(path, fingerprint(path), tuple(sorted(without)), column)

    def scan(self, table: str, wave: str) -> str:
        """The table of a wave as something a FROM clause takes."""
        path = self.path(table, wave)
        if not path.exists():
            raise FileNotFoundError(f"{table} of wave {wave} is not in the lake of {self.survey}")
        self._require_whole(path)
        return f"read_parquet({literal(str(path))}, hive_partitioning = false)"

    def _require_whole(self, path: Path) -> None:
        """A table's file begins and ends with Parquet's mark; one that a disk or a copy cut short does not.

        Looked at wherever a table is read, for DuckDB's own message can come too late to say which table it was.
        """
        with path.open("rb") as file:
            begins = file.read(len(MARK))
            file.seek(-min(len(MARK), path.stat().st_size), os.SEEK_END)
            if not begins == file.read() == MARK:
                raise damaged(path, self.home)

    @contextmanager
    def open(self, wave: str, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """An in-memory connection in which the named tables of a wave are views of the same names.

        What does not fit into memory spills into the home.
        """
        with private.workspace(self.home) as folder, connect(spill=folder) as connection:
            for table in tables:
                connection.execute(f"CREATE VIEW {quoted(table)} AS SELECT * FROM {self.scan(table, wave)}")
            yield connection

    def begin(self, wave: str, run: str, inbox: Mapping[str, str] | None = None, definition: str = "") -> None:
        """Record that a run works on a wave: no release is made from it until `finish`."""
        self._record(wave, "working", Record(run, inbox or {}, definition))
        self._mark(wave, "whole").unlink(missing_ok=True)

    def finish(
        self, wave: str, run: str, tables: Iterable[str] = (), made_from: Mapping[str, str] | None = None
    ) -> None:
        """Record a wave's tables as whole, if this run began it: then all of them come from one run.

        tables: what a wave has, if the survey has it; whatever else lies there counts too.
        """
        begun = self.record(wave, "working")
        if begun.run != run:
            return
        there = {path.stem for path in self.folder.glob(f"*/wave={wave}/*.parquet")}
        found = {table: self._now(table, wave) for table in sorted(there.union(tables))}
        self._record(wave, "whole", Record(run, begun.inbox, begun.definition, found, made_from or {}))
        self._mark(wave, "working").unlink(missing_ok=True)

    def restate(self, wave: str, **told: object) -> None:
        """Record of a whole wave that it is what it would be of this too (fields of `Record`)."""
        self._record(wave, "whole", replace(self.record(wave), **told))  # type: ignore[arg-type]

    def record(self, wave: str, state: str = "whole") -> Record:
        """What the wave's last whole run was, or what the one that is `working` on it is."""
        # Nothing readable there: what wrote it did not say what it made.
        with suppress(OSError, ValueError, TypeError):
            return Record(**json.loads(self._mark(wave, state).read_text(encoding="utf-8")))
        return Record()

    def delivered(self, wave: str) -> dict[str, str]:
        """What lies in the wave's inbox now: file -> its fingerprint."""
        folder = self.home / "inbox" / self.survey / wave
        return {path.name: fingerprint(path) for path in sorted(folder.glob("[!.]*")) if path.is_file()}

    def taken(self, wave: str) -> Mapping[str, str]:
        """What lay in the wave's inbox when its last run began, whether that went to its end or not."""
        return self.begun(wave).inbox

    def begun(self, wave: str) -> Record:
        """What the wave's last run said of itself when it began, whether it went to its end or not."""
        working = self.record(wave, "working")
        return working if working.inbox else self.record(wave)

    def holes(self, wave: str) -> dict[str, str]:
        """Table -> what is there instead, for every table that is not the one the wave's record names."""
        found = {}
        for table, recorded in self.record(wave).tables.items():
            if (now := self._now(table, wave)) != recorded:
                found[table] = "another table than the wave's run made" if now else "no file"
        return found

    def _now(self, table: str, wave: str) -> str:
        return fingerprint(self.path(table, wave)) if self.has(table, wave) else ""

    def made(self, wave: str) -> str:
        """The fingerprint of a whole wave's record: another one whenever the wave was run again."""
        return fingerprint(self._mark(wave, "whole"))

    def made_of(self, waves: Iterable[str]) -> dict[str, str]:
        """Wave -> the fingerprint of its whole record: what is made from these waves is made from that."""
        return {wave: self.made(wave) for wave in waves}

    def whole_waves(self, declared: Collection[str] | None = None) -> list[str]:
        """The waves whose last run went to its end; of those `declared`, where these are given."""
        return [wave for wave in self._marked("whole") if declared is None or wave in declared]

    def unfinished_waves(self) -> list[str]:
        """The waves whose last run stopped on the way or was killed."""
        return self._marked("working")

    def _marked(self, state: str) -> list[str]:
        names = (mark.name for mark in (self.folder / state).glob("*"))
        return sorted(name for name in names if name != ALL_WAVES and not name.startswith("."))

    def _record(self, wave: str, state: str, record: Record) -> None:
        mark = self._mark(wave, state)
        private.closed_folder(mark.parent)
        aside = mark.with_name(f".{wave}.{secrets.token_hex(4)}")
        aside.write_text(json.dumps(asdict(record), ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(aside, mark)

    def _mark(self, wave: str, state: str) -> Path:
        return self.folder / state / wave

    def kept(self, wave: str, what: str = "") -> Path:
        """Where a wave's records and results are kept for the runs after this one; they may go at any time. `what`: of
        results that more than one work asks for."""
        return self.folder / KEPT / (f"{wave}.{what}" if what else wave)

    def remove(self, table: str, wave: str) -> None:
        """Take a table of a wave out of the lake, where a rerun no longer makes it."""
        shutil.rmtree(self.path(table, wave).parent, ignore_errors=True)
