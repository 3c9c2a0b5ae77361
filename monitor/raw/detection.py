"""What a file looks like, where nobody declared it: shown beside what is declared, never used in its place.

Belongs here: guessing a layout from a file's first bytes and records. Does not belong here: reading deliveries.
"""

from __future__ import annotations

import csv
import itertools
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.raw.delimited import detect_delimiter
from monitor.raw.text import detect, looks_like, open_text
from monitor.raw.typed import as_text, first_rows

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
POINT_GROUPS = re.compile(r"-?\d{1,3}(\.\d{3})+")
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
    with tempfile.TemporaryDirectory() as folder:
        text = open_text(path, None, Path(folder))
        delimiter = detect_delimiter(text.plain)
        with text.plain.open(encoding="utf-8", newline="") as file:
            rows = list(itertools.islice(csv.reader(file, delimiter=delimiter), SEEN_RECORDS))
    header_line = _header_line(rows)
    header = rows[header_line - 1] if rows else []
    format_name = "delimited"
    if len(rows) > 2 and any("ImportId" in cell for cell in rows[2]):
        format_name = "qualtrics"
    elif len(LIMESURVEY_COLUMNS & {cell.strip().lower() for cell in header}) >= 2:
        format_name = "limesurvey"
    records = rows[header_line + 2 if format_name == "qualtrics" else header_line :]
    decimal, thousands = number_marks(_amounts(records))
    encoding = "ascii" if all("\x00" < c < "\x80" for row in rows for cell in row for c in cell) else detect(path)
    return Layout(format_name, encoding, delimiter, decimal, thousands, header_line)


def _workbook(path: Path) -> Layout:
    """The sheet with most filled cells, and the first of its rows that is as wide as most; marks as in its texts."""
    found = dict(first_rows(path, SEEN_RECORDS))
    filled = {name: [sum(bool(as_text(cell)) for cell in row) for row in rows] for name, rows in found.items()}
    sheet = max(found, key=lambda name: sum(filled[name]), default=None)
    rows, widths = (found[sheet], filled[sheet]) if sheet else ([], [])
    header = next((i for i, width in enumerate(widths, start=1) if width >= 0.8 * max(widths)), 1)
    decimal, thousands = number_marks(_amounts([[c if isinstance(c, str) else "" for c in r] for r in rows[header:]]))
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


def _amounts(records: Sequence[Sequence[str]]) -> list[str]:
    """The cells of all columns but those of several choices: `1,3` beside `1,3,5` has no decimal mark."""
    cells = []
    for column in itertools.zip_longest(*records, fillvalue=""):
        given = [cell.strip() for cell in column if cell.strip()]
        several = any(cell.count(",") > 1 for cell in given)
        if not (several and all(CHOICES.fullmatch(cell) for cell in given)):
            cells += given
    return cells


def number_marks(cells: Sequence[str]) -> tuple[str | None, str | None]:
    """Decimal and grouping mark that the numbers among some cells show; None where they show none."""
    shown = [AROUND.sub("", cell.strip()) for cell in cells]
    commas = sum(COMMA_DECIMAL.fullmatch(cell) is not None for cell in shown)
    points = sum(POINT_DECIMAL.fullmatch(cell) is not None for cell in shown)
    groups = sum(POINT_GROUPS.fullmatch(cell) is not None for cell in shown)
    if commas and commas >= points - groups:
        grouped = groups or any("." in cell for cell in shown if COMMA_DECIMAL.fullmatch(cell))
        return ",", "." if grouped else None
    if groups and groups == points:
        return ",", "."
    return (".", None) if points else (None, None)
