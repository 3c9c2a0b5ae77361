"""Files that hold typed values (SPSS, Stata, Parquet) as verbatim text.

Belongs here: reading them with their own well-kept readers and writing every value as text in one way, Excel's too.
Does not belong here: Excel workbooks (`excel`), delimited text.
"""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from monitor.formats.number_format import Shown
from monitor.formats.reading import Column, Label, Reading, Writer, name_columns, unusable
from monitor.formats.text import looks_like, remedy
from monitor.problems import Problem, UnusableDelivery
from monitor.storage.lake import literal, quoted

LEADING_ZEROS = re.compile(r"N(\d+)|%0(\d+)(?:\.0)?[fg]")
"""Formats of SPSS (`N8`) and Stata (`%08.0f`) that show whole numbers with zeros in front"""
DUCKDB_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def as_text(value: object) -> str | None:
    """One value as text: whole numbers without a point, dates in ISO form, durations in hours, missing as None."""
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, Shown):
        return value.text()
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        if np.isnan(number):
            return None
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return str(value)


def column_as_text(values: pd.Series) -> list[str | None]:
    """A column of values as text, whole columns at a time where they are numbers."""
    if values.dtype.kind == "f":
        array = values.to_numpy()
        whole = np.isfinite(array) & (np.abs(array) < 1e15) & (np.floor(array) == array)
        texts = np.full(len(array), None, dtype=object)
        texts[whole] = array[whole].astype(np.int64).astype(str)
        rest = ~whole & ~np.isnan(array)
        texts[rest] = [repr(float(x)) for x in array[rest]]
        return list(texts)
    return [as_text(value) for value in values]


def read_spss(connection: duckdb.DuckDBPyConnection, path: Path) -> Reading:
    """An SPSS system file: user-missing values stay the values they are, and are named as such."""
    import pyreadstat

    if looks_like(path) != "an SPSS file":
        raise other_kind(path, "an SPSS file (.sav)")
    return _statistical(connection, path, "spss", pyreadstat.read_sav)


def read_stata(connection: duckdb.DuckDBPyConnection, path: Path) -> Reading:
    """A Stata file: extended missing values (.a to .z) stay the letters they are."""
    import pyreadstat

    with path.open("rb") as file:
        start = file.read(11)
    if not (start.startswith(b"<stata_dta>") or (start and 102 <= start[0] <= 119)):
        raise other_kind(path, "a Stata file (.dta)")
    return _statistical(connection, path, "stata", pyreadstat.read_dta)


def _statistical(
    connection: duckdb.DuckDBPyConnection, path: Path, format_name: str, reader: Callable[..., Any]
) -> Reading:
    try:
        with warnings.catch_warnings():
            # pandas warns of many columns; the frame is read once and thrown away.
            warnings.simplefilter("ignore", pd.errors.PerformanceWarning)
            frame, meta = reader(str(path), apply_value_formats=False, user_missing=True)
    except Exception as error:
        # pyreadstat has no error class of its own for a damaged file; whatever it raised is the user's answer.
        raise unusable(
            path.name,
            f"the file cannot be read as {format_name}: it is damaged or cut off",
            found=str(error).split("\n", 1)[0] or type(error).__name__,
            do="ask for the export again",
        ) from None
    header = [str(name) for name in frame.columns]
    labels, numeric = {}, []
    ranges = dict(meta.missing_ranges or {})
    users = dict(meta.missing_user_values or {})
    for position, name in enumerate(header):
        if frame.iloc[:, position].dtype.kind in "fiu":
            numeric.append(position)
        values = dict(meta.variable_value_labels.get(name, {}))
        lows = [(r["lo"], r["hi"]) for r in ranges.get(name, [])]
        known = {as_text(code): str(text) for code, text in values.items()}
        missing = {as_text(low) for low, high in lows if low == high} | {as_text(c) for c in users.get(name, [])}
        if any(low != high for low, high in lows):
            present = pd.Series(frame.iloc[:, position].dropna().unique())
            missing |= {as_text(v) for v in present if any(_within(v, low, high) for low, high in lows)}
        labels[position] = tuple(
            Label(code, known.get(code, ""), code in missing)
            for code in dict.fromkeys([*known, *sorted(m for m in missing if m)])
            if code is not None
        )
    questions = [str(text or "") for text in meta.column_labels]
    columns = name_columns(header, questions, numeric, labels)
    formats = dict(meta.original_variable_types or {})
    texts = [
        _padded(column_as_text(frame.iloc[:, position]), "" if labels[position] else str(formats.get(name, "")))
        for position, name in enumerate(header)
    ]
    return reading_of(connection, path, format_name, columns, texts, len(frame), first_line=1)


def _padded(texts: list[str | None], shown_as: str) -> list[str | None]:
    """Whole numbers with the zeros in front that their format shows: an identifier kept as a number has lost them."""
    zeros = LEADING_ZEROS.fullmatch(shown_as)
    if zeros is None:
        return texts
    return [text.zfill(int(zeros[1] or zeros[2])) if text and text.isdigit() else text for text in texts]


def _within(value: object, low: object, high: object) -> bool:
    try:
        return bool(low <= value <= high)  # type: ignore[operator]
    except TypeError:
        return False


def read_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Reading:
    """A Parquet file; whole numbers are written without a point even where they are stored as fractions."""
    source = f"read_parquet({literal(str(path))})"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    except duckdb.Error:
        raise unusable(
            path.name,
            "the file cannot be read as Parquet: it is another kind of file, damaged or cut off",
            found=looks_like(path) or "no Parquet file",
            do="ask for the export again",
        ) from None
    numeric = [i for i, row in enumerate(described) if _is_number(row[1])]
    columns = name_columns([str(row[0]) for row in described], numeric=numeric)
    cells = ", ".join(
        f"{_parquet_text(str(row[0]), str(row[1]))} AS {quoted(column.stored)}"
        for row, column in zip(described, columns, strict=True)
    )
    query = f"SELECT row_number() OVER () AS row_number, row_number() OVER () AS line, {cells} FROM {source}"

    def write(writer: Writer) -> int:
        try:
            records = writer(query)
        except duckdb.Error:
            raise unusable(path.name, "the Parquet file is damaged", do="ask for it again") from None
        if not records:
            raise unusable(path.name, "the file has columns and no records", do="ask for the export again")
        return records

    return Reading("parquet", columns, write)


def _is_number(kind: str) -> bool:
    return kind in DUCKDB_NUMBERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def _parquet_text(name: str, kind: str) -> str:
    column = quoted(name)
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        number = f"CAST({column} AS DOUBLE)"
        return (
            f"CASE WHEN isnan({number}) THEN NULL WHEN {number} = trunc({number}) AND abs({number}) < 1e15 "
            f"THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE CAST({number} AS VARCHAR) END"
        )
    if kind.startswith("TIMESTAMP"):
        day = f"CAST({column} AS DATE)"
        return f"CASE WHEN {column} = {day} THEN CAST({day} AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    if kind == "VARCHAR[]":
        return f"array_to_string({column}, ',')"
    return f"CAST({column} AS VARCHAR)"


def reading_of(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    format_name: str,
    columns: Sequence[Column],
    texts: Sequence[Sequence[str | None]],
    records: int,
    first_line: int,
    notes: tuple[Problem, ...] = (),
) -> Reading:
    """Columns of text as a reading; `first_line` is the first record's line in the file."""
    import pyarrow as pa

    if not columns:
        raise unusable(path.name, "the file has no columns", do="ask for the export again")
    if records == 0:
        raise unusable(path.name, "the file has a header and no records", do="ask for the export again")
    data: Mapping[str, Any] = {
        "row_number": pa.array(range(1, records + 1), pa.int64()),
        "line": pa.array(range(first_line, first_line + records), pa.int64()),
        **{c.stored: pa.array(values, pa.string()) for c, values in zip(columns, texts, strict=True)},
    }
    values = pa.table(data)

    def write(writer: Writer) -> int:
        connection.register("read_values", values)
        written = writer("SELECT * FROM read_values")
        connection.unregister("read_values")
        return written

    return Reading(format_name, tuple(columns), write, notes=notes)


def other_kind(path: Path, expected: str) -> UnusableDelivery:
    """The stop that says what a file is instead of what was declared."""
    if path.stat().st_size == 0:
        return unusable(path.name, "the file is empty (0 bytes)", do="ask for the export again")
    kind = looks_like(path)
    return unusable(
        path.name,
        f"the file is not {expected}",
        expected=expected,
        found=kind or "text, or an unknown kind of file",
        do=remedy(kind) if kind else "mend `format` in the wave's file, or ask for the right export",
    )
