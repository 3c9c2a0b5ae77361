"""Who is a firm: identifiers in their declared form, rows of totals, two sides that do not meet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
import small_survey

from monitor.authoring.delivery_check import CheckReport, check
from monitor.problems import DefinitionError
from monitor.storage.identity import formed
from monitor.storage.lake import Lake
from monitor.survey import IdentifierForm, Survey, load_survey

QUESTIONS = "  firm: {column: kvk}\n  amount: {column: bedrag}\n"
FRAME = 'frame: {file: "frame.csv", delimiter: ";", columns: {id: firm}}\n'
EIGHT = IdentifierForm(length=8, digits=True, padded=True)


def survey(tmp_path: Path, more: str = "", form: IdentifierForm | None = None) -> Survey:
    return replace(small_survey.survey(tmp_path, QUESTIONS, more=more), identifier=form or IdentifierForm())


def checked(survey: Survey, home: Path, answers: str, frame: str) -> CheckReport:
    small_survey.put(home, "frame.csv", "id;x\n" + frame.replace(" ", ";\n") + ";\n")
    file = home / "answers.csv"
    file.write_text("kvk;bedrag\n" + answers.replace(" ", "\n") + "\n")
    return check(survey, survey.waves["2020"], file, home)


@pytest.mark.parametrize(
    ("written", "read"),
    [("1234567", "01234567"), ("0123.4567", "01234567"), ("0123 4567", "01234567"), ("123456789", "123456789"),
     ("NL1234567", "NL1234567"), ("", "")],
)  # fmt: skip
def test_an_identifier_is_brought_into_its_form(home: Path, tmp_path: Path, written: str, read: str) -> None:
    assert formed(written, EIGHT) == read
    assert formed(written, IdentifierForm()) == written
    small_survey.put(home, "a.csv", f"kvk;bedrag\n{written};5\n{read};5\n")
    answers, _ = small_survey.staged_answers(home, survey(tmp_path, form=EIGHT))
    assert answers["firm"].nunique(dropna=False) == 1


def test_firms_meet_a_frame_that_writes_them_otherwise(home: Path, tmp_path: Path) -> None:
    report = checked(survey(tmp_path, FRAME, EIGHT), home, "1234567;5 12345678;6", "01234567 1234.5678")
    assert report.responses["kept"] == 2
    assert report.exit_code == 0


def test_one_message_shows_the_shapes_where_most_firms_miss_their_frame(home: Path, tmp_path: Path) -> None:
    report = checked(
        survey(tmp_path, FRAME), home, "1234567;5 1234568;6 AB12;3 12345678;6", "01234567 01234568 12345678"
    )
    (said,) = [p for p in report.findings if p.rule == "firms_meet_their_frame"]
    assert (said.severity, report.exit_code) == ("critical", 1)
    assert said.found == (
        "not_in_frame=3; answers=4; identifiers_in_answers=7 digits (2), 4 characters, 2 of them digits (1), "
        "8 digits (1); identifiers_in_frame=8 digits (3)"
    )
    assert "1234567" not in report.render()


def test_an_identifier_that_has_not_the_declared_form_is_a_finding(home: Path, tmp_path: Path) -> None:
    report = checked(survey(tmp_path, form=EIGHT), home, "1234567;5 onbekend;6", "")
    (said,) = [p for p in report.findings if p.rule == "identifiers_in_declared_form"]
    assert said.found == "held_in=answers; shape=8 letters; records=1; first_line=3"


@pytest.mark.parametrize(
    "record",
    [
        "Bron: opgave;",
        "Totaal;11",
        "TOTAL:;11",
        "Gemiddelde;5,5",
        "Eindtotaal (n=2);11",
        ";Totaal",
        "Total général;11",
        "kvk;bedrag",
    ],
)
def test_a_row_of_totals_or_column_names_is_no_firm(home: Path, tmp_path: Path, record: str) -> None:
    small_survey.put(home, "a.csv", f"kvk;bedrag\n1;5\n2;6\n{record}\n")
    small = survey(tmp_path)
    answers, _ = small_survey.staged_answers(home, small)
    assert answers["amount"].tolist() == [5.0, 6.0]
    left_out = Lake(home, "small").read("staged_left_out", "2020")
    assert left_out[["held_in", "line"]].to_numpy().tolist() == [["answers", 4]]
    report = check(small, small.waves["2020"], home / "inbox" / "small" / "2020" / "a.csv", home)
    (said,) = [p for p in report.findings if p.rule == "records_are_firms"]
    assert said.severity == "info"
    assert "line=4" in str(said.found)


def test_a_firm_whose_name_begins_like_a_total_stays_one(home: Path, tmp_path: Path) -> None:
    small_survey.put(home, "a.csv", "kvk;bedrag\nTotal Nederland BV;5\nSomers;6\nAantalis 3;7\n")
    answers, _ = small_survey.staged_answers(home, survey(tmp_path))
    assert len(answers) == 3


def test_a_row_of_totals_in_the_frame_is_no_firm_of_the_population(home: Path, tmp_path: Path) -> None:
    delivery = small_survey.DELIVERY.replace("*.csv", "answers.csv")
    small = small_survey.survey(tmp_path, QUESTIONS, delivery, more=FRAME)
    small_survey.put(home, "frame.csv", "id;x\n1;\n2;\nTotaal;2\n")
    small_survey.put(home, "answers.csv", "kvk;bedrag\n1;5\n")
    small_survey.staged_answers(home, small)
    assert len(Lake(home, "small").read("staged_frame", "2020")) == 2


@pytest.mark.parametrize(
    ("format_name", "file", "shown_as", "write"),
    [("spss", "a.sav", "N8", pyreadstat.write_sav), ("stata", "a.dta", "%08.0f", pyreadstat.write_dta)],
)
def test_an_identifier_kept_as_a_number_has_the_zeros_its_format_shows(
    home: Path, tmp_path: Path, format_name: str, file: str, shown_as: str, write: Any
) -> None:
    small = small_survey.survey(tmp_path, QUESTIONS, f"{{format: {format_name}, file: {file}}}")
    frame = pd.DataFrame({"kvk": [1234561.0, 12345678.0], "bedrag": [5.0, 6.0]})
    write(frame, str(small_survey.put(home, file, "")), variable_format={"kvk": shown_as})
    small_survey.staged_answers(home, small)
    shapes = Lake(home, "small").read("staged_identifiers", "2020")
    assert shapes[["shape", "records"]].to_numpy().tolist() == [["8 digits", 2]]


def test_a_padded_form_without_its_length_is_refused(tmp_path: Path) -> None:
    folder = survey(tmp_path).folder
    with (folder / "survey.yaml").open("a") as file:
        file.write("identifier: {padded: true}\n")
    with pytest.raises(DefinitionError, match="zeros can be put in front of digits of a known number only"):
        load_survey(folder)
    text = (folder / "survey.yaml").read_text().replace("padded: true", "length: 8, digits: true, padded: true")
    (folder / "survey.yaml").write_text(text)
    assert load_survey(folder).identifier == EIGHT


def test_a_second_line_of_headings_is_no_firm(home: Path, tmp_path: Path) -> None:
    small_survey.put(home, "a.csv", "kvk;bedrag\nNummer van de KvK;In euro\n1;5\n2;6\n")
    answers, _ = small_survey.staged_answers(home, survey(tmp_path))
    assert answers["amount"].tolist() == [5.0, 6.0]
    assert Lake(home, "small").read("staged_left_out", "2020")["reason"].tolist() == ["a second line of headings"]


def test_identifiers_without_digits_are_identifiers(home: Path, tmp_path: Path) -> None:
    small_survey.put(home, "a.csv", "kvk;bedrag\nalfa;5\nbeta;\n")
    answers, _ = small_survey.staged_answers(home, survey(tmp_path))
    assert answers["firm"].nunique() == 2
