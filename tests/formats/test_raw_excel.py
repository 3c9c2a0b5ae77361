"""Workbooks of the kind people send: what is shown is what is read, and what cannot be read is said."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import small_survey

from monitor.authoring.delivery_check import CheckReport, check
from monitor.problems import UnusableDelivery
from monitor.stages import raw, staged
from monitor.storage.lake import Lake
from monitor.survey import load_survey

QUESTIONS = "  firm: {column: id}\n  amount: {column: bedrag}\n  partners: {columns: {p1: clients, p2: suppliers}}\n"
HEADER = ["id", "bedrag", "p1", "p2"]


def case(shared: Path, name: str, home: Path) -> tuple[CheckReport, Lake]:
    """One of the shared workbooks: what a check says of it, and the lake after taking it in."""
    folder = shared / "cases" / "turn2" / "excel" / name
    survey = load_survey(folder / "survey")
    wave = survey.waves["2025"]
    files = sorted(p for p in folder.iterdir() if p.is_file())
    report = check(survey, wave, next(p for p in files if p.suffix == ".xlsx"), home)
    lake = Lake(home, survey.name)
    raw.run(lake, survey, wave, files)
    staged.run(lake, survey, wave)
    return report, lake


def values(lake: Lake, concept: str) -> list[object]:
    frame = lake.read("staged_answers", "2025").sort_values("response")
    return [None if value != value else value for value in frame[concept]]


def test_a_percent_sign_in_quotation_marks_scales_nothing(shared: Path, home: Path) -> None:
    report, lake = case(shared, "02-excel-escaped-percent-format", home)
    assert values(lake, "share") == [0.5, 0.8, 5.0, 5.0, 40.0, 0.25]
    assert report.outcome == "usable"


def test_a_formula_without_a_value_is_invalid_and_said(shared: Path, home: Path) -> None:
    report, lake = case(shared, "03-excel-formula-without-value", home)
    missing = lake.read("staged_missing", "2025")
    assert missing["kind"].tolist() == ["invalid"] * 6
    assert set(missing["text"]) == {"#NOT-CALCULATED!"}
    (said,) = [p for p in report.findings if "never calculated" in p.what]
    assert (said.column, said.line) == ("bedrag", 2)
    assert said.do == "open the workbook in a spreadsheet program, save it, and deliver it again"
    assert "amount_readable" in {p.rule for p in report.findings}


def test_an_identifier_shown_with_zeros_has_them(shared: Path, home: Path) -> None:
    report, _ = case(shared, "04-excel-id-shown-with-zeros", home)
    assert report.responses["kept"] == 4


def test_a_hidden_first_sheet_is_not_the_delivery(shared: Path, home: Path) -> None:
    report, lake = case(shared, "05-excel-hidden-first-sheet", home)
    assert values(lake, "amount") == [100.0, 200.0, 300.0, 400.0]
    assert "hidden sheets are not read" in "\n".join(report.notes)


def taken_in(home: Path, tmp_path: Path, build: Callable[[openpyxl.Workbook], None], more: str = "") -> Lake:
    survey = small_survey.survey(tmp_path, QUESTIONS, f"{{format: excel, file: a.xlsx{more}}}")
    book = openpyxl.Workbook()
    build(book)
    target = io.BytesIO()
    book.save(target)
    small_survey.put(home, "a.xlsx", target.getvalue())
    small_survey.staged_answers(home, survey)
    return Lake(home, "small")


def fill(book: openpyxl.Workbook, *rows: list[object]) -> None:
    for row in (HEADER, *rows):
        book.active.append(row)


def cells(lake: Lake, column: str) -> list[object]:
    return lake.read("raw_records", "2020").sort_values("row_number")[column].tolist()


def test_two_sheets_that_are_shown_must_be_declared(home: Path, tmp_path: Path) -> None:
    def build(book: openpyxl.Workbook) -> None:
        fill(book, ["1", 5, 1, 0])
        book.create_sheet("Toelichting").append(["Lees dit eerst"])
        book.create_sheet("leeg")

    with pytest.raises(UnusableDelivery, match=r"2 sheets.*not declared(?s:.)*found: Sheet, Toelichting"):
        taken_in(home, tmp_path, build)
    assert cells(taken_in(home, tmp_path / "declared", build, ", sheet: Sheet"), "bedrag") == ["5"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_sheet_hidden_in_either_way_is_read_where_it_is_declared(home: Path, tmp_path: Path, state: str) -> None:
    def build(book: openpyxl.Workbook) -> None:
        fill(book, ["1", 5, 1, 0])
        book.active.sheet_state = state
        book.create_sheet("shown").append(["id", "bedrag", "p1", "p2"])
        book["shown"].append(["2", 7, 1, 0])

    assert cells(taken_in(home, tmp_path, build), "bedrag") == ["7"]
    assert cells(taken_in(home, tmp_path / "declared", build, ", sheet: Sheet"), "bedrag") == ["5"]


def test_hidden_and_filtered_rows_and_columns_are_read_and_counted(home: Path, tmp_path: Path) -> None:
    def build(book: openpyxl.Workbook) -> None:
        fill(book, ["1", 5, 1, 0], ["2", 6, 1, 0], ["3", 7, 1, 0])
        book.active.row_dimensions[3].hidden = True
        book.active.column_dimensions["B"].hidden = True

    lake = taken_in(home, tmp_path, build)
    assert cells(lake, "bedrag") == ["5", "6", "7"]
    survey = small_survey.survey(tmp_path, QUESTIONS, "{format: excel, file: a.xlsx}")
    notes = raw.run(lake, survey, survey.waves["2020"])["notes"]
    said = [note["what"] for note in notes]  # type: ignore[index,attr-defined]
    assert said[0].startswith("1 rows are hidden")
    assert said[1].startswith("1 columns are hidden")


def test_merged_cells_belong_to_no_record(home: Path, tmp_path: Path) -> None:
    def build(book: openpyxl.Workbook) -> None:
        fill(book, ["1", 5, 1, 0], ["2", 6, 1, 0], ["3", 7, 1, 0])
        book.active.merge_cells("B2:B3")

    lake = taken_in(home, tmp_path, build)
    assert cells(lake, "bedrag") == ["#MERGED!", "#MERGED!", "7"]
    assert lake.read("staged_missing", "2020")["kind"].tolist() == ["invalid", "invalid"]


def test_a_stated_size_that_is_wrong_loses_no_cells(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, QUESTIONS, "{format: excel, file: a.xlsx}")
    book = openpyxl.Workbook()
    fill(book, ["1", 5, 1, 0], ["2", 6, 1, 0])
    target = io.BytesIO()
    book.save(target)
    small_survey.put(
        home, "a.xlsx", edited(target.getvalue(), "sheet1.xml", r'<dimension ref="[^"]+"', '<dimension ref="A1:A2"')
    )
    answers, _ = small_survey.staged_answers(home, survey)
    assert answers["amount"].tolist() == [5.0, 6.0]


def test_zeros_that_a_program_wrote_for_formulas_are_no_answers(home: Path, tmp_path: Path) -> None:
    """XlsxWriter writes 0 as every formula's value and has the workbook calculated when it is opened."""
    survey = small_survey.survey(tmp_path, QUESTIONS, "{format: excel, file: a.xlsx}")
    book = openpyxl.Workbook()
    fill(book, ["1", "=2+3", 1, 0], ["2", 6, 1, 0])
    target = io.BytesIO()
    book.save(target)
    small_survey.put(home, "a.xlsx", edited(target.getvalue(), "sheet1.xml", r"<v ?/>|<v></v>", "<v>0</v>"))
    answers, missing = small_survey.staged_answers(home, survey)
    assert answers["amount"].dropna().tolist() == [6.0]
    assert missing["text"].tolist() == ["#NOT-CALCULATED!"]


def edited(workbook: bytes, entry: str, pattern: str, to: str) -> bytes:
    """A workbook with something replaced in one of its parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = source.read(name).decode() if name.endswith(".xml") else source.read(name)
            if name.endswith(entry) and isinstance(content, str):
                assert re.search(pattern, content)
                content = re.sub(pattern, to, content)
            copy.writestr(name, content)
    return target.getvalue()


def test_what_a_format_hides_is_neither_a_value_nor_blank(home: Path, tmp_path: Path) -> None:
    def build(book: openpyxl.Workbook) -> None:
        fill(book, ["1", 5, 1, 0], ["2", 6, 1, 0], ["3", 0, 1, 0])
        book.active["B2"].number_format = ";;;"
        book.active["B4"].number_format = "0;-0;;@"

    assert cells(taken_in(home, tmp_path, build), "bedrag") == ["#NOT-SHOWN!", "6", "0"]


def test_an_error_is_no_firm_and_no_tick(home: Path, tmp_path: Path) -> None:
    lake = taken_in(home, tmp_path, lambda book: fill(book, ["#REF!", 5, 1, 0], ["2", 6, "#NAME?", 0], ["3", 7, 1, 0]))
    answers = lake.read("staged_answers", "2020").sort_values("response")
    assert len(answers) == 2, "the record without a firm is left out, and counted"
    assert lake.read("staged_left_out", "2020")["row_number"].tolist() == [1]
    assert answers["firm"].notna().all()
    assert answers["partners"].isna().tolist() == [True, False]
