"""What a file looks like, where nobody declared it: shown beside what is declared, never used in its place.

Belongs here: guessing a layout from a file's first bytes and records. Does not belong here: reading deliveries.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.formats.delimited import detect_delimiter, own_delimiter
from monitor.formats.excel import first_rows
from monitor.formats.survey_tools import OWN_NUMBERS
from monitor.formats.text import detect, looks_like, open_text
from monitor.formats.typed import as_text
from monitor.storage import private

SEEN_RECORDS = 200
BY_MAGIC = {
    "an Excel workbook or another zip file": "excel",
    "an SPSS file": "spss",
    "a Stata file": "stata",
    "a Parquet file": "parquet",
}
LIMESURVEY_COLUMNS = {"submitdate", "lastpage", "startlanguage"}
AROUND = re.compile(
    r"^((ca\.?|circa|ongeveer|about|approx\.?|±|~|€|eur)\s*)+|\s*(%|procent|percent|,--?|€|euro?)$", re.IGNORECASE
)
"""What may stand around an amount; `staged` reads past the same"""
COMMA_DECIMAL = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d+")
POINT_DECIMAL = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)\.\d+")
POINT_GROUPS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+")
CHOICES = re.compile(r"\d{1,2}(,\d{1,2})*")
"""Several choices by number in one cell: `1,3,5`"""


@dataclass(frozen=True)
class Layout:
    """How a file looks."""

    format: str
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    header_line: int = 1
    sheet: str | None = None
    """The worksheet, where the workbook has several"""


def detect_layout(path: Path) -> Layout:
    """The layout a file looks like; UnusableDelivery where it is no file of answers at all."""
    magic = looks_like(path)
    if magic in BY_MAGIC:
        return _workbook(path) if BY_MAGIC[magic] == "excel" else Layout(BY_MAGIC[magic])
    with path.open("rb") as file:
        start = file.read(1)
    if path.suffix.lower() == ".dta" and start and 102 <= start[0] <= 119:
        return Layout("stata")
    with private.workspace() as folder:
        text = open_text(path, None, folder)
        named = own_delimiter(text.plain)
        delimiter = named or detect_delimiter(text.plain)
        with text.plain.open(encoding="utf-8", newline="") as file:
            rows = list(itertools.islice(csv.reader(file, delimiter=delimiter), SEEN_RECORDS))
    header_line = 2 if named else _header_line(rows)
    header = rows[header_line - 1] if rows else []
    format_name = "delimited"
    if len(rows) > 2 and any("ImportId" in cell for cell in rows[2]):
        format_name = "qualtrics"
    elif len(LIMESURVEY_COLUMNS & {cell.strip().lower() for cell in header}) >= 2:
        format_name = "limesurvey"
    own = {i for i, cell in enumerate(header) if format_name != "delimited" and OWN_NUMBERS.fullmatch(cell.strip())}
    rows = [["" if i in own else cell for i, cell in enumerate(row)] for row in rows]
    records = rows[header_line + 2 if format_name == "qualtrics" else header_line :]
    decimal, thousands = number_marks(records)
    encoding = "ascii" if all("\x00" < c < "\x80" for row in rows for cell in row for c in cell) else detect(path)
    return Layout(format_name, encoding, delimiter, decimal, thousands, header_line)


def _workbook(path: Path) -> Layout:
    """The sheet with most filled cells, and the first of its rows that is as wide as most; marks as in its texts."""
    found = dict(first_rows(path, SEEN_RECORDS))
    filled = {name: [sum(bool(as_text(cell)) for cell in row) for row in rows] for name, rows in found.items()}
    sheet = max(found, key=lambda name: sum(filled[name]), default=None)
    rows, widths = (found[sheet], filled[sheet]) if sheet else ([], [])
    header = next((i for i, width in enumerate(widths, start=1) if width >= 0.8 * max(widths)), 1)
    decimal, thousands = number_marks([[c if isinstance(c, str) else "" for c in row] for row in rows[header:]])
    return Layout(
        "excel", decimal=decimal, thousands=thousands, header_line=header, sheet=sheet if len(found) > 1 else None
    )


def _header_line(rows: Sequence[Sequence[str]]) -> int:
    """The first record as wide as most are."""
    widths = [len(row) for row in rows]
    if not widths:
        return 1
    usual = max(set(widths), key=widths.count)
    return next((i for i, width in enumerate(widths, start=1) if width == usual), 1)


def number_marks(records: Sequence[Sequence[str]]) -> tuple[str | None, str | None]:
    """Decimal and grouping mark that most columns of numbers show; None where none shows any.

    A column counts once: two coordinates with a point in every record do not outvote an amount with a comma. Columns of
    several choices show nothing: `1,3` beside `1,3,5` has no decimal mark.
    """
    columns = [
        [AROUND.sub("", cell.strip()) for cell in column if cell.strip()]
        for column in itertools.zip_longest(*records, fillvalue="")
    ]
    found = [_column_marks(column) for column in columns if not _several_choices(column)]
    commas = sum(mark == "," for mark, _ in found)
    points = sum(mark == "." for mark, _ in found)
    grouped = any(groups for mark, groups in found if mark != ".")
    if commas >= points and (commas or grouped):
        return ",", "." if grouped else None
    return (".", None) if points else (None, None)


def _several_choices(cells: Sequence[str]) -> bool:
    return any(cell.count(",") > 1 for cell in cells) and all(CHOICES.fullmatch(cell) for cell in cells)


def _column_marks(cells: Sequence[str]) -> tuple[str | None, bool]:
    """A column's decimal mark, and whether points group its numbers."""
    commas = sum(COMMA_DECIMAL.fullmatch(cell) is not None for cell in cells)
    groups = sum(POINT_GROUPS.fullmatch(cell) is not None for cell in cells)
    points = sum(POINT_DECIMAL.fullmatch(cell) is not None and not POINT_GROUPS.fullmatch(cell) for cell in cells)
    if commas and commas >= points:
        return ",", bool(groups) or any("." in cell for cell in cells if COMMA_DECIMAL.fullmatch(cell))
    return ("." if points else None), bool(groups) and not points
