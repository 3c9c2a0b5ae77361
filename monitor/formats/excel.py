"""Excel workbooks (.xlsx) as verbatim text: every cell as it is shown.

Belongs here: choosing the sheet, reading its cells, what of them cannot be read. Does not belong here: the grammar of
number formats (`number_format`), the workbook's own XML (`worksheet`).

Taken is the one sheet that a person sees; where several are seen and hold something, the wave declares which. Hidden
rows and columns are read like all others: a filter hides firms from the eye, not from the survey. A cell that cannot
be read as it is shown holds a mark in place of its value (`Unread`), which every concept takes for `invalid`.
"""

from __future__ import annotations

import datetime
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import duckdb

from monitor.formats.column_names import tidy
from monitor.formats.number_format import (
    NotShown,
    Shown,
    parsed,
    section_of,
    shown_number,
    shown_text,
    shows_year_alone,
)
from monitor.formats.reading import Reading, name_columns, unusable
from monitor.formats.text import in_zip, looks_like, remedy
from monitor.formats.typed import as_text, other_kind, reading_of
from monitor.formats.worksheet import Facts, Sheet, Workbook, facts, open_workbook
from monitor.problems import Problem, UnusableDelivery

GREATEST_WORKBOOK = 1 << 29
"""Bytes a workbook may unpack to; a survey's wave is far below, a zip bomb far above"""
GREATEST_RATIO = 200
SAVE_AGAIN = "open the workbook in a spreadsheet program, save it, and deliver it again"

Row = list[object]


@dataclass(frozen=True)
class Unread:
    """A cell whose value cannot be told: the mark that stands in its place, and why."""

    mark: str
    why: str

    def __str__(self) -> str:
        return self.mark


NOT_CALCULATED = Unread(
    "#NOT-CALCULATED!", "formulas that were never calculated: the workbook holds no values for them"
)
MERGED = Unread("#MERGED!", "cells merged with others: which record their value belongs to cannot be told")


def read_excel(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    sheet: str | None = None,
    header_line: int = 1,
    decimal: str = ".",
) -> Reading:
    """A worksheet of an Excel workbook; formulas as the values they had when it was saved.

    In a column that holds text among its numbers the numbers are written with the declared decimal mark, so that one
    reading is right for both: `12.500` typed as text by a Dutch respondent is not twelve and a half.
    """
    if looks_like(path) != "an Excel workbook or another zip file":
        raise other_kind(path, "an Excel workbook (.xlsx)")
    with _opened(path) as (archive, workbook, book):
        chosen = _choose(path, workbook, book, sheet)
        rows = list(_rows(book[chosen.name]))
        found = facts(archive, chosen, workbook.calculate_first)
    while rows and not any(as_text(cell) for cell in rows[-1]):
        rows.pop()
    if len(rows) < header_line or not any(tidy(as_text(c) or "") for c in rows[header_line - 1]):
        raise unusable(
            path.name,
            f"row {header_line} of sheet {chosen.name!r} holds no column names",
            line=header_line,
            do="declare `sheet` and `header_line` in the wave's file",
        )
    header = [as_text(cell) or "" for cell in rows[header_line - 1]]
    while header and not tidy(header[-1]) and all(len(r) < len(header) or r[len(header) - 1] is None for r in rows):
        header.pop()
    body = rows[header_line:]
    _mark(body, found, header_line, len(header))
    cells = [[row[i] if i < len(row) else None for row in body] for i in range(len(header))]
    kinds = [_kinds(column) for column in cells]
    columns = name_columns(header, numeric=[i for i, of in enumerate(kinds) if of == {True}])
    texts = [
        [_with_mark(cell, decimal if len(of) == 2 else ".") for cell in column]
        for column, of in zip(cells, kinds, strict=True)
    ]
    notes = [
        *_unread(path.name, [column.source for column in columns], cells, header_line + 1),
        *_hidden(path.name, found, chosen, workbook, header_line, len(rows)),
    ]
    return reading_of(connection, path, "excel", columns, texts, len(body), header_line + 1, tuple(notes))


def _kinds(column: Row) -> set[bool]:
    """Whether the cells of a column that hold something are amounts: all, none, or both."""
    return {_is_amount(cell) for cell in column if (as_text(cell) or "").strip() and not isinstance(cell, Unread)}


def first_rows(path: Path, most: int) -> list[tuple[str, list[Row]]]:
    """The first rows of every sheet that a person sees; UnusableDelivery where the file is no workbook."""
    with _opened(path) as (_, workbook, book):
        return [(name, list(islice(_rows(book[name]), most))) for name in _shown_sheets(workbook)]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Workbook, Any]]:
    """A workbook by its XML and by its values."""
    import openpyxl

    _guard(path)
    try:
        with warnings.catch_warnings(), zipfile.ZipFile(path) as archive:
            # openpyxl warns of styles and extensions it leaves out; values are not among them.
            warnings.simplefilter("ignore", UserWarning)
            workbook = open_workbook(archive)
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            yield archive, workbook, book
            book.close()
    except UnusableDelivery:
        raise
    except ParseError as error:
        raise _damaged(path, error) from None
    except Exception as error:
        # A damaged workbook surfaces as zip, XML, key and value errors alike.
        raise _damaged(path, error) from None


def _rows(sheet: Any) -> Iterator[Row]:
    # The size a workbook states of its sheets is wrong in some programs' files, and cells beyond it would be lost.
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        yield [_cell_value(cell) for cell in row]


def _cell_value(cell: Any) -> object:
    """A cell's value, a number as it is shown."""
    value = cell.value
    if value is None or isinstance(value, bool):
        return value
    code = cell.number_format
    if code == "General" or cell.data_type == "e":
        return value
    try:
        if isinstance(value, str):
            return shown_text(value, code)
        if isinstance(value, int | float):
            if section_of(value, code).is_date:
                raise NotShown("its number format is not clearly one of dates")
            return shown_number(value, code)
        section = parsed(code).numbers[0]
        if not section.is_date:
            raise NotShown("its number format is not clearly one of dates")
        return value.year if isinstance(value, datetime.date) and shows_year_alone(section) else value
    except NotShown as reason:
        return Unread("#NOT-SHOWN!", f"cells that do not show what they store: {reason}")


def _is_amount(cell: object) -> bool:
    return isinstance(cell, int | float | Shown) and not isinstance(cell, bool)


def _with_mark(cell: object, decimal: str) -> str | None:
    if isinstance(cell, Shown):
        return cell.text(decimal)
    text = as_text(cell)
    return text.replace(".", decimal) if text and decimal != "." and _is_amount(cell) else text


def _mark(body: list[Row], found: Facts, header_line: int, width: int) -> None:
    """Put a mark where a formula has no value, and where a cell is covered by another one's merging."""

    def put(row: int, column: int, mark: Unread) -> None:
        cells = body[row - header_line - 1]
        cells.extend([None] * (column - len(cells)))
        cells[column - 1] = mark

    last = header_line + len(body)
    for row, column in found.uncalculated:
        if header_line < row <= last and column <= width:
            put(row, column, NOT_CALCULATED)
    for first_column, first_row, last_column, last_row in found.merged:
        for row in range(max(first_row, header_line + 1), min(last_row, last) + 1):
            for column in range(first_column, min(last_column, width) + 1):
                put(row, column, MERGED)


def _unread(file: str, names: Sequence[str], cells: Sequence[Sequence[object]], first_line: int) -> Iterator[Problem]:
    """One note for each reason why cells cannot be read."""
    found: dict[Unread, list[tuple[int, int]]] = {}
    for place, column in enumerate(cells):
        for row, cell in enumerate(column):
            if isinstance(cell, Unread):
                found.setdefault(cell, []).append((row, place))
    for unread, places in found.items():
        columns = list(dict.fromkeys(names[place] for _, place in places))
        yield Problem(
            what=f"{len(places)} {unread.why}",
            file=file,
            line=first_line + min(row for row, _ in places),
            column=", ".join(columns[:10]) + (f" and {len(columns) - 10} more" if len(columns) > 10 else ""),
            severity="warning",
            found=f"{unread.mark} stands in their place; as answers they are invalid",
            do={
                NOT_CALCULATED: SAVE_AGAIN,
                MERGED: "take the merging away, so that every record has its own cells",
            }.get(unread, "give the column a plain number format and deliver the workbook again"),
        )


def _hidden(
    file: str, found: Facts, chosen: Sheet, workbook: Workbook, header_line: int, last: int
) -> Iterator[Problem]:
    """What a person who opens the workbook does not see, and what became of it."""
    rows = sorted(row for row in found.hidden_rows if header_line < row <= last)
    if rows:
        yield Problem(
            what=f"{len(rows)} rows are hidden, by hand or by a filter; they are read like all others",
            file=file,
            line=rows[0],
            severity="info",
            do="nothing, unless they were hidden to be left out: then delete them",
        )
    columns = sum(last - first + 1 for first, last in found.hidden_columns if last < 16384)
    if columns:
        yield Problem(what=f"{columns} columns are hidden; they are read like all others", file=file, severity="info")
    others = [sheet.name for sheet in workbook.sheets if not sheet.shown and sheet is not chosen]
    if others or not chosen.shown:
        what = f"the declared sheet {chosen.name!r} is hidden" if not chosen.shown else "hidden sheets are not read"
        yield Problem(what=what, file=file, severity="info", found=", ".join(others) or None)


def _shown_sheets(workbook: Workbook) -> list[str]:
    return [sheet.name for sheet in workbook.sheets if sheet.shown]


def _choose(path: Path, workbook: Workbook, book: Any, wanted: str | None) -> Sheet:
    """The declared sheet; without one, the only sheet that is shown and holds something."""
    every = {sheet.name: sheet for sheet in workbook.sheets}
    if wanted is not None and wanted not in every:
        raise unusable(
            path.name,
            f"the workbook has no sheet {wanted!r}",
            found=", ".join(every),
            do="mend `sheet` in the wave's file, or ask for the workbook again",
        )
    if wanted is not None:
        return every[wanted]
    shown = _shown_sheets(workbook)
    if not shown:
        raise unusable(path.name, "the workbook has no sheet that is shown", found=", ".join(every) or None)
    filled = [name for name in shown if any(as_text(cell) for row in _rows(book[name]) for cell in row)]
    if len(filled) > 1:
        raise unusable(
            path.name,
            f"{len(filled)} sheets of the workbook hold something, and which of them holds the answers is not declared",
            expected="`sheet: <name>` under `delivery` in the wave's file",
            found=", ".join(filled),
            do="declare the sheet",
        )
    return every[filled[0] if filled else shown[0]]


def _damaged(path: Path, error: Exception) -> UnusableDelivery:
    return unusable(
        path.name,
        "the workbook cannot be read: it is damaged or no workbook",
        found=str(error).split("\n", 1)[0] or type(error).__name__,
        do="save it again as .xlsx, or export text",
    )


def _guard(path: Path) -> None:
    """Refuse what would unpack to far more than a workbook of answers can be."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise unusable(path.name, "the workbook is damaged or cut off", do="ask for it again") from None
    packed = max(path.stat().st_size, 1)
    if unpacked > GREATEST_WORKBOOK or (unpacked > 1 << 26 and unpacked / packed > GREATEST_RATIO):
        raise unusable(
            path.name,
            "the workbook would unpack to far more than a file of answers holds",
            expected=f"at most {GREATEST_WORKBOOK >> 20} MB",
            found=f"{unpacked >> 20} MB out of {packed >> 10} kB",
            do="do not open it; ask the sender for delimited text",
        )
    if other := in_zip(path):
        raise unusable(
            path.name,
            f"the file is no Excel workbook (.xlsx): it is {other}",
            do=remedy(other),
        )
