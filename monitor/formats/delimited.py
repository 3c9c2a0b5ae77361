"""Delimited text to raw_records: delimiter, header, line numbers, and what is wrong with the lines that do not fit.

Belongs here: CSV and its kin; DuckDB reads, Python's csv finds the line where DuckDB refuses. Does not belong here:
what the columns mean.
"""

from __future__ import annotations

import csv
import itertools
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from monitor.formats.column_names import alike, tidy
from monitor.formats.reading import Column, Reading, Writer, look_alikes, name_columns, unusable
from monitor.formats.text import TextFile, open_text
from monitor.problems import Problem, UnusableDelivery
from monitor.storage.lake import literal, quoted

DELIMITERS = (";", ",", "\t", "|")
SAMPLE_RECORDS = 50
SHOWN_LINES = 10
SEP_LINE = re.compile(r'(?P<mark>"?)sep=(?P<delimiter>[^"\r\n])(?P=mark)[;,\t ]*\r?\n?$', re.IGNORECASE)
"""Excel's first line that names the delimiter; other programs put quotation marks around it or fill it up"""
MOST_COLUMNS = 2000
"""Columns of a file that go into the table; DuckDB needs memory for every one"""


def read(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    aside: Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header_line: int = 1,
    header_records: int = 1,
    format_name: str = "delimited",
    required: Sequence[str] = (),
) -> tuple[Reading, list[list[str]]]:
    """Open a delimited file: its columns from the header, its records when they are written.

    `header_records` records from physical line `header_line` on are headings; the first of them names the columns.
    Gives the reading and the heading records. Raises UnusableDelivery, when written with every line that does not fit.
    """
    text = open_text(path, encoding, aside)
    own = _agreed_delimiter(path.name, text, delimiter)
    # Excel's line stands above the header; a wave that counted it itself is right as well.
    header_line += own is not None and header_line == 1
    found = own or detect_delimiter(text.plain, header_line)
    used = delimiter or found
    headings, heading_lines = _headings(path, text, used, header_line, header_records)
    if len(headings[0]) <= 1:
        _refuse_one_cell(path.name, text, header_line, delimiter, found)
    columns, notes = _columns(path.name, headings[0], header_line, required)
    source = _source(text, len(headings[0]), used, heading_lines, aside)

    def write(writer: Writer) -> int:
        query = _select(source, columns, heading_lines)
        try:
            records = writer(query)
        except duckdb.Error as error:
            wrong = _diagnose(path.name, text, used, len(headings[0]), heading_lines, error)
            raise UnusableDelivery(list(wrong)) from None
        if records == 0:
            raise unusable(path.name, "the file has a header and no records", do="ask for the export again")
        if records + heading_lines != text.lines:
            _write_with_lines(connection, writer, query, records, _first_lines(text, used, heading_lines))
        return records

    return Reading(format_name, columns, write, text.encoding, used, (*text.notes, *notes)), headings


def _columns(
    name: str, heading: list[str], header_line: int, required: Sequence[str]
) -> tuple[tuple[Column, ...], list[Problem]]:
    """The columns of a header that are kept, with what is to be told of look-alikes and of those left out."""
    columns = name_columns(heading)
    notes = look_alikes(name, columns, header_line, required)
    kept, left_out = _wanted(name, columns, required)
    return kept, [*notes, *left_out]


def _agreed_delimiter(name: str, text: TextFile, declared: str | None) -> str | None:
    """The delimiter that the file's own first line names, None where it names none; the wave must not contradict it."""
    if declared is not None and len(declared) != 1:
        raise unusable(name, f"a delimiter is one character, not {declared!r}")
    own = own_delimiter(text.plain)
    if own is not None and declared not in (None, own):
        raise unusable(
            name,
            "the file's first line names another delimiter than the wave's file",
            line=1,
            expected=f"delimiter {_shown(str(declared))}",
            found=f"sep={own}",
            do="mend `delimiter` in the wave's file, or ask for the export again",
        )
    return own


def _refuse_one_cell(name: str, text: TextFile, header_line: int, declared: str | None, found: str) -> None:
    """Refuse a header of one single cell where another line, or another delimiter, looks like the right one."""
    used = declared or found
    if later := _header_further_down(text.plain, used, header_line):
        raise unusable(
            name,
            f"line {header_line} is no line of column names: it is one single cell",
            line=header_line,
            expected=f"columns separated by {_shown(used)}",
            found=f"line {later} looks like the column names",
            do=f"declare `header_line: {later}` in the wave's file, or take the lines above it away",
        )
    if declared is not None and found != declared:
        raise unusable(
            name,
            f"with the declared delimiter {_shown(declared)} the header is one single column",
            line=header_line,
            expected=f"columns separated by {_shown(declared)}",
            found=f"it looks separated by {_shown(found)}",
            do="mend `delimiter` in the wave's file, or export again",
        )


def _write_with_lines(
    connection: duckdb.DuckDBPyConnection, writer: Writer, query: str, records: int, starts: Sequence[int]
) -> None:
    """Write the records again, each with the physical line it begins on, where there is a line for each."""
    if len(starts) != records:
        return
    frame = pd.DataFrame({"row_number": range(1, records + 1), "begins": starts})
    connection.register("record_lines", frame)
    writer(
        f"SELECT records.* REPLACE (begins AS line) FROM ({query}) AS records "
        "JOIN record_lines USING (row_number) ORDER BY row_number"
    )
    connection.unregister("record_lines")


def detect_delimiter(plain: Path, header_line: int = 1) -> str:
    """The delimiter that gives the first records the same, greatest, number of cells."""
    best = (0.0, ",")
    for candidate in DELIMITERS:
        with _records(plain, candidate) as rows:
            widths = [len(row) for row in itertools.islice(rows, header_line - 1, SAMPLE_RECORDS) if row]
        if not widths or widths[0] < 2:
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        best = max(best, (alike * widths[0], candidate), key=lambda pair: pair[0])
    return best[1]


def _header_further_down(plain: Path, delimiter: str, header_line: int) -> int | None:
    """The first line below the declared one that has several cells, as the one after it has."""
    with _records(plain, delimiter) as rows:
        widths = [(rows.line_num, len(row)) for row in itertools.islice(rows, SAMPLE_RECORDS) if row]
    for (line, width), (_, following) in itertools.pairwise(widths):
        if line > header_line and width > 1 and width == following:
            return line
    return None


def own_delimiter(plain: Path) -> str | None:
    """The delimiter that a file names itself, as Excel does in a first line `sep=;`."""
    with plain.open(encoding="utf-8", newline="") as file:
        found = SEP_LINE.match(file.readline(80))
    return found["delimiter"] if found else None


@contextmanager
def _records(plain: Path, delimiter: str, *, strict: bool = False) -> Iterator[csv._reader]:  # type: ignore[name-defined]
    """The records of a plain file by Python's csv; cells of any length."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with plain.open(encoding="utf-8", newline="") as file:
            yield csv.reader(file, delimiter=delimiter, strict=strict)
    finally:
        csv.field_size_limit(limit)  # it is the whole process's


def _headings(
    path: Path, text: TextFile, delimiter: str, header_line: int, header_records: int
) -> tuple[list[list[str]], int]:
    """The heading records, and the physical lines down to the last of them."""
    with text.plain.open(encoding="utf-8", newline="") as file:
        for _ in range(header_line - 1):
            file.readline()
        rows = csv.reader(file, delimiter=delimiter)
        headings = list(itertools.islice(rows, header_records))
        lines = header_line - 1 + rows.line_num
    if not headings or not any(tidy(cell) for cell in headings[0]):
        raise unusable(
            path.name,
            f"line {header_line} holds no column names",
            line=header_line,
            do="declare `header_line` in the wave's file, or ask for the export again",
        )
    if len(headings) < header_records:
        raise unusable(
            path.name,
            f"the file has {len(headings)} heading records where this format has {header_records}",
            do="export again with all heading rows, or declare another format",
        )
    return headings, lines


def _wanted(name: str, columns: Sequence[Column], required: Sequence[str]) -> tuple[tuple[Column, ...], list[Problem]]:
    """The columns that go into the table: all of a questionnaire's; of a far wider file the needed ones first, and a
    note of the others."""
    if len(columns) <= MOST_COLUMNS:
        return tuple(columns), []
    needed = {alike(source) for source in required}
    by_need = sorted(columns, key=lambda c: alike(c.source) not in needed)[:MOST_COLUMNS]
    left = len(columns) - MOST_COLUMNS
    note = Problem(
        what=f"the file has {len(columns)} columns; {left} that no question uses stay in the file alone",
        file=name,
        severity="info",
    )
    return tuple(sorted(by_need, key=lambda c: c.place)), [note]


def _source(text: TextFile, width: int, delimiter: str, heading_lines: int, aside: Path) -> str:
    """The file as DuckDB reads it: every cell text, no guessing. Headings of several lines are cut off first."""
    plain, skip = text.plain, heading_lines
    if heading_lines > 1:
        plain, skip = aside / "records.txt", 0
        with text.plain.open("rb") as whole, plain.open("wb") as rest:
            for _ in range(heading_lines):
                whole.readline()
            while chunk := whole.read(1 << 22):
                rest.write(chunk)
    names = ", ".join(f"{literal(f'c{i}')}: 'VARCHAR'" for i in range(width))
    return (
        f"read_csv({literal(str(plain))}, delim = {literal(delimiter)}, quote = '\"', escape = '\"', header = false, "
        f"auto_detect = false, skip = {skip}, columns = {{{names}}})"
    )


def _select(source: str, columns: Sequence[Column], heading_lines: int) -> str:
    cells = ", ".join(f"c{column.place} AS {quoted(column.stored)}" for column in columns)
    return (
        f"SELECT row_number() OVER () AS row_number, row_number() OVER () + {heading_lines} AS line, {cells} "
        f"FROM {source}"
    )


def _first_lines(text: TextFile, delimiter: str, heading_lines: int) -> list[int]:
    """The physical line every record begins on, where cells hold line ends or lines are blank."""
    starts, before = [], 0
    with _records(text.plain, delimiter) as rows:
        for row in rows:
            if rows.line_num > heading_lines and row:
                starts.append(before + 1)
            before = rows.line_num
    return starts


def _diagnose(
    name: str, text: TextFile, delimiter: str, width: int, heading_lines: int, error: duckdb.Error
) -> Iterator[Problem]:
    """Every line that does not fit, found by Python's csv after DuckDB refused the file."""
    wrong, last, cells = [], 0, 0
    try:
        with _records(text.plain, delimiter, strict=True) as rows:
            for row in rows:
                if rows.line_num > heading_lines and row and len(row) != width:
                    wrong.append((last + 1, len(row)))
                last, cells = rows.line_num, len(row)
    except csv.Error as fault:
        yield _stray_mark(name, last + 1, fault)
        return
    for line, count in wrong[:SHOWN_LINES]:
        cut = line == last and count == cells and count < width
        yield Problem(
            what="the file ends in the middle of a record" if cut else "a record has another number of cells",
            file=name,
            line=line,
            severity="critical",
            expected=f"{width} cells",
            found=f"{count} cells",
            do="ask for the export again" if cut else "look for an unquoted delimiter or line end in an answer",
        )
    if len(wrong) > SHOWN_LINES:
        yield Problem(what=f"and {len(wrong) - SHOWN_LINES} more such records", file=name, severity="critical")
    if not wrong:
        long = "line size" in str(error).lower()
        yield Problem(
            what="a record is longer than 2 MB" if long else "the file cannot be read as delimited text",
            file=name,
            severity="critical",
            found=str(error).split("\n", 1)[0],
            do="ask for the export again",
        )


def _stray_mark(name: str, line: int, fault: csv.Error) -> Problem:
    """What is wrong with the quotation marks of the record that begins on this line."""
    open_ended = "EOF" in str(fault) or "unexpected" in str(fault)
    return Problem(
        what="a quotation mark opens a cell and none closes it"
        if open_ended
        else "a quotation mark inside a quoted cell is not doubled",
        file=name,
        line=line,
        severity="critical",
        expected="quotation marks inside a quoted cell written twice",
        do="ask for the export again; a file cut off in the middle also looks like this",
    )


def _shown(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, repr(delimiter))
