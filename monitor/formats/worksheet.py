"""What a workbook's own XML says that a reader of values leaves out.

Belongs here: which sheets there are and which are shown, formulas without a value, merged and hidden cells. Does not
belong here: the values themselves (`excel`).
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

Place = tuple[int, int]
"""Row and column of a cell, both from 1"""


@dataclass(frozen=True)
class Sheet:
    """A worksheet: its name, whether a person sees it, and where its XML lies in the workbook."""

    name: str
    shown: bool
    entry: str


@dataclass(frozen=True)
class Workbook:
    """The worksheets in their order, and whether the workbook asks to be calculated before it is read."""

    sheets: tuple[Sheet, ...]
    calculate_first: bool


@dataclass
class Facts:
    """What stands in a worksheet beside values."""

    uncalculated: set[Place] = field(default_factory=set)
    """Cells with a formula and no value"""
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Ranges shown as one cell: first column, first row, last column, last row"""
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of columns, the last included"""


def open_workbook(archive: zipfile.ZipFile) -> Workbook:
    """The sheets of a workbook. KeyError or ParseError where it is none."""
    main = next(target for kind, _, target in _relations(archive, "") if kind.endswith("/officeDocument"))
    places = {name: target for kind, name, target in _relations(archive, main) if kind.endswith("/worksheet")}
    sheets, calculate_first = [], False
    for element in ElementTree.fromstring(archive.read(main)).iter():
        if _name(element) == "sheet":
            relation = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
            if relation in places:
                shown = element.get("state", "visible") == "visible"
                sheets.append(Sheet(element.get("name", ""), shown, places[relation]))
        elif _name(element) == "calcPr":
            calculate_first = _true(element.get("fullCalcOnLoad"))
    return Workbook(tuple(sheets), calculate_first)


def facts(archive: zipfile.ZipFile, sheet: Sheet, calculate_first: bool) -> Facts:
    """Read through a worksheet once.

    A formula has no value where none was saved, or where a program saved zeros (as XlsxWriter does) and asks for the
    workbook to be calculated when it is opened. A formula that gave an empty text has a value.
    """
    found, row, column = Facts(), 0, 0
    with archive.open(sheet.entry) as source:
        for event, element in ElementTree.iterparse(source, events=("start", "end")):
            name = _name(element)
            if event == "start":
                if name == "row":
                    row, column = int(element.get("r") or row + 1), 0
                    if _true(element.get("hidden")):
                        found.hidden_rows.add(row)
                continue
            if name == "c":
                column = _column(element.get("r")) or column + 1
                formula = any(_name(child) == "f" for child in element)
                if formula and _lacks_value(element, calculate_first):
                    found.uncalculated.add((row, column))
            elif name == "col" and _true(element.get("hidden")):
                found.hidden_columns.append((int(element.get("min", 0)), int(element.get("max", 0))))
            elif name == "mergeCell":
                found.merged.append(_boundaries(element.get("ref", "")))
            elif name == "row":
                element.clear()
    return found


def _lacks_value(cell: ElementTree.Element, calculate_first: bool) -> bool:
    value = next((child.text or "" for child in cell if _name(child) == "v"), "")
    if calculate_first and value == "0":
        return True
    return not value and cell.get("t") != "str"


def _relations(archive: zipfile.ZipFile, of: str) -> Iterator[tuple[str, str, str]]:
    """Kind, name and target of what a part of the package refers to; of the package itself for ''."""
    folder, file = posixpath.split(of)
    for element in ElementTree.fromstring(archive.read(posixpath.join(folder, "_rels", f"{file}.rels"))):
        target = element.get("Target", "")
        place = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        yield element.get("Type", ""), element.get("Id", ""), place


def _boundaries(reference: str) -> tuple[int, int, int, int]:
    from openpyxl.utils.cell import range_boundaries

    first_column, first_row, last_column, last_row = range_boundaries(reference)
    return int(first_column), int(first_row), int(last_column), int(last_row)


def _column(reference: str | None) -> int:
    """`AB12` is in column 28."""
    number = 0
    for letter in (reference or "").rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number


def _name(element: ElementTree.Element) -> str:
    """The name of an element without its namespace: workbooks come in two (transitional and strict)."""
    return element.tag.rpartition("}")[2]


def _true(value: str | None) -> bool:
    return value in ("1", "true")
