"""The public database, and its tables as CSV and Parquet.

Belongs here: writing disclosed tables with types, keys, checks, comments and views, readable by DuckDB 1.2 and later.
Does not belong here: deciding what may be in them.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from monitor import contract
from monitor.contract.columns import withheld_for
from monitor.storage.lake import columns_in, connect, literal, quoted, statement

STORAGE = "v1.2.0"
"""Oldest DuckDB whose clients must be able to open a release"""

VIEWS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "primary_answer": (
        "Primary answer: the primary question as the survey itself puts it, one row per wave and one of all waves "
        "together: the four probabilities and complementarity with intervals, the verdict, the answers behind it.",
        ("answer", "models"),
    ),
    "headline": (
        "Headline: each opening figure per wave for all firms, weighted with interval, beside the plain share.",
        ("indicators", "definitions"),
    ),
    "trend": (
        "Trend: each headline figure wave by wave with its change since the wave before.",
        ("indicators", "definitions", "changes"),
    ),
    "claims_now": (
        "Claims now: every claim's verdict in the newest wave that could say something, and over all waves together.",
        ("claims",),
    ),
    "measures": (
        "Measures: the analytic variables, one row each: joins to any table with a column `measure`.",
        ("definitions",),
    ),
    "bases": (
        "Bases: the groups of firms that figures are about, one row each: joins to any table with a column `base`.",
        ("definitions",),
    ),
}
"""View -> its comment, and the tables whose columns it shows: a column means what it means in the first that has it"""

renamed = {
    "change_low": "Lower bound of the change's 95% interval, in the indicator's unit.",
    "change_high": "Upper bound of the change's 95% interval, in the indicator's unit.",
    "pooled_verdict": "The verdict over all waves together; NULL where there is one wave.",
    "pooled_reason": "Why this verdict over all waves together (English).",
    "pooled_reason_nl": "Why this verdict over all waves together (Dutch).",
    "pooled_estimate": "Estimate of the estimand over all waves together (share, or difference of shares).",
    "pooled_low": "Lower bound of its 95% interval.",
    "pooled_high": "Upper bound of its 95% interval.",
    "measure": "Measure: the analytic variable's name.",
    "base": "Base: the group of firms' name.",
    "practice_a_nl": "Label of the first practice (Dutch).",
    "practice_a_en": "Label of the first practice (English).",
    "practice_b_nl": "Label of the second practice (Dutch).",
    "practice_b_en": "Label of the second practice (English).",
    **{
        f"{state}_{bound}": f"{side} bound of the 95% interval of {state} (share)."
        for state in ("p_neither", "p_a_only", "p_b_only", "p_both")
        for bound, side in (("low", "Lower"), ("high", "Upper"))
    },
    "change_suppressed": "Whether the change is withheld by disclosure control (its values are NULL then).",
}


def write_database(path: Path, tables: Mapping[str, pd.DataFrame], parquet: Path | None = None) -> None:
    """Write the public tables of the contract, and the views, to a new DuckDB file; with `parquet`, every table as
    `<table>.parquet` in that folder too."""
    with connect() as connection:
        connection.execute(f"ATTACH {literal(str(path))} AS release (STORAGE_VERSION {literal(STORAGE)})")
        connection.execute("USE release")
        # One transaction: each of a thousand comments would wait for the disk on its own.
        connection.execute("BEGIN TRANSACTION")
        for table in contract.TABLES:
            create_table(connection, table)
            connection.register("frame", tables[table.name])
            columns = ", ".join(quoted(c) for c in table.names)
            connection.execute(f"INSERT INTO {quoted(table.name)} ({columns}) SELECT {columns} FROM frame")
            connection.unregister("frame")
            if parquet is not None:
                write_parquet(connection, table, parquet / f"{table.name}.parquet")
        for name, (comment, read) in VIEWS.items():
            connection.execute(f"CREATE VIEW {quoted(name)} AS {_uncommented(statement('released', name))}")
            connection.execute(f"COMMENT ON VIEW {quoted(name)} IS {literal(comment)}")
            meaning = renamed | {c.name: c.comment for table in reversed(read) for c in contract.BY_NAME[table].columns}
            for column in columns_in(connection, quoted(name)):
                about = literal(meaning[column])
                connection.execute(f"COMMENT ON COLUMN {quoted(name)}.{quoted(column)} IS {about}")
        connection.execute("COMMIT")
        connection.execute("USE memory")
        connection.execute("DETACH release")


def create_table(connection: duckdb.DuckDBPyConnection, table: contract.Table) -> None:
    """Create one table of the contract with its key, checks and comments."""
    lines = []
    for column in table.columns:
        line = f"{quoted(column.name)} {column.type}"
        if column.name in table.key:
            line += " NOT NULL"
        if column.check:
            line += f" CHECK ({quoted(column.name)} IS NULL OR {column.check.format(quoted(column.name))})"
        if column.values:
            line += f" CHECK ({quoted(column.name)} IN ({', '.join(literal(value) for value in column.values)}))"
        lines.append(line)
    lines.append(f"PRIMARY KEY ({', '.join(quoted(c) for c in table.key)})")
    if table.withheld:
        empty = " AND ".join(f"{quoted(c)} IS NULL" for c in table.withheld)
        lines.append(f"CHECK (NOT suppressed OR ({empty}))")
    if withheld_for in table.columns:
        lines.append("CHECK (suppressed = (withheld_for IS NOT NULL))")
    statements = [
        f"CREATE TABLE {quoted(table.name)} ({', '.join(lines)})",
        f"COMMENT ON TABLE {quoted(table.name)} IS {literal(table.comment)}",
        *(f"COMMENT ON COLUMN {quoted(table.name)}.{quoted(c.name)} IS {literal(c.comment)}" for c in table.columns),
    ]
    connection.execute("; ".join(statements))


def write_parquet(connection: duckdb.DuckDBPyConnection, table: contract.Table, path: Path) -> None:
    """Write a table that the connection holds as Parquet, typed; its comments and key stand in the file's metadata:
    `comment`, `key`, and `column.<name>` of each column."""
    about = {"comment": table.comment, "key": ", ".join(table.key)}
    about |= {f"column.{column.name}": column.comment for column in table.columns}
    said = ", ".join(f"{quoted(name)}: {literal(words)}" for name, words in about.items())
    connection.execute(f"COPY {quoted(table.name)} TO {literal(str(path))} (FORMAT parquet, KV_METADATA {{{said}}})")


def write_csv(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write every table as `<table>.csv`: UTF-8, a header, empty cells for NULL, safe to open in a spreadsheet."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in contract.TABLES:
        frame = tables[table.name]
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(table.names)
            for row in frame.itertuples(index=False, name=None):
                writer.writerow([cell(value) for value in row])


def cell(value: object) -> str:
    """A value as a CSV cell that a spreadsheet takes for data.

    Text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a line end) gets an apostrophe
    before it, as spreadsheets themselves mark text; numbers are written in full and never touched. Facts are `true` or
    `false`, as in the database and in JSON, a missing value is empty.
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, str):
        return (
            "'" + value
            if value.lstrip(" \u200b\ufeff\u200e\u200f\u202a\u202b\u202d\u202e")[:1] in set("=+-@\t\r\n＝＋－＠|")
            else value
        )
    return repr(value) if isinstance(value, float) else str(value)


def _uncommented(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
