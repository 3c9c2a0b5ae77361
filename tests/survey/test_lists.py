"""A list of the folder as a workbook is the list as text; what of a workbook is no list is told with file and line."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from monitor.problems import DefinitionError
from monitor.survey import load_survey
from monitor.surveys import BUNDLED
from pipelines.sources import sources_of


def as_workbook(file: Path, change: Callable[[Any], object] = lambda sheet: None) -> None:
    """Put a workbook in a text's place, with dates and numbers as a spreadsheet program keeps them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            sheet.append([_typed(text) for text in row])
    change(book)
    book.save(file.with_suffix(".xlsx"))
    file.unlink()


def _typed(text: str) -> object:
    if text.isdigit():
        return int(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text or None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLED, tmp_path / "survey"))


def problem_of(folder: Path) -> str:
    with pytest.raises(DefinitionError) as caught:
        load_survey(folder)
    (problem,) = caught.value.problems
    return problem.render()


def test_a_register_in_workbooks_is_the_register(folder: Path, tmp_path: Path) -> None:
    of_text = load_survey(BUNDLED)
    for name in ("initiatives", "actors", "ties"):
        as_workbook(folder / "register" / f"{name}.csv")
    as_workbook(folder / "margins" / "2018.csv")
    found = load_survey(folder)
    assert found.register == of_text.register
    assert found.margins == of_text.margins
    assert [row.line for row in found.register.rows] == [row.line for row in of_text.register.rows]
    (source,) = [each for each in sources_of(found, tmp_path) if each.name == "register"]
    assert source.files == ("register/initiatives.xlsx", "register/actors.xlsx", "register/ties.xlsx")


def test_a_mistake_in_a_workbook_is_told_with_its_row(folder: Path) -> None:
    def misspell(book: Any) -> None:
        book.active["C4"] = "netwerk"

    as_workbook(folder / "register" / "initiatives.csv", misspell)
    assert problem_of(folder) == (
        "register/initiatives.xlsx:4: unknown kind 'netwerk'\n"
        "    expected: one of network, test_environment, incubator\n"
        "    found: netwerk\n"
        "    do: did you mean 'network'?"
    )


def test_a_list_is_one_file(folder: Path) -> None:
    file = folder / "register" / "initiatives.csv"
    shutil.copy(file, folder / "kept.csv")
    as_workbook(file)
    shutil.move(folder / "kept.csv", file)
    assert problem_of(folder) == (
        "register/initiatives.csv: the list is there twice\n"
        "    expected: a text or a workbook\n"
        "    found: initiatives.csv and initiatives.xlsx\n"
        "    do: keep the one that is kept up to date"
    )


def test_a_workbook_of_two_lists_is_none(folder: Path) -> None:
    as_workbook(folder / "register" / "actors.csv", lambda book: book.create_sheet("old").append(["code"]))
    (folder / "register" / "ties.csv").unlink()
    assert problem_of(folder) == (
        "register/actors.xlsx: 2 sheets of the workbook hold a list\n"
        "    expected: one sheet that is shown and has the columns in its first row\n"
        "    found: Sheet, old\n"
        "    do: keep one sheet in the file"
    )


def test_a_formula_without_a_value_and_a_file_that_is_no_workbook_are_told(folder: Path) -> None:
    def formula(book: Any) -> None:
        book.active["F3"] = "=A1"

    as_workbook(folder / "register" / "initiatives.csv", formula)
    told = problem_of(folder)
    assert told.startswith("register/initiatives.xlsx:3: 1 formulas that were never calculated")
    assert "name_nl" in told
    (folder / "register" / "initiatives.xlsx").write_text("wave,code\n", encoding="utf-8")
    told = problem_of(folder)
    assert told.startswith("register/initiatives.xlsx: the workbook is damaged or cut off")
    assert "Traceback" not in told
