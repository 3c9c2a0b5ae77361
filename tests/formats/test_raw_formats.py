"""The same answers in any supported format are the same concepts."""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

import csv
import datetime
import io
import itertools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
import small_survey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.authoring.delivery_check import check
from monitor.formats.detection import detect_layout
from monitor.formats.survey_tools import read_labels
from monitor.stages import raw, staged
from monitor.storage.lake import Lake
from monitor.survey import load_survey

QUESTIONS = """\
  firm: {column: id}
  colour: {column: kleur, codes: {"1": red, "2": blue}, missing: {"9": refused}}
  amount: {column: bedrag}
  count: {column: aantal}
  share: {column: aandeel}
  fact: {column: feit, codes: {"1": "true", "2": "false"}}
  answered_on: {column: datum}
  partners: {columns: {p1: clients, p2: suppliers}, ticked: ["1"]}
"""
CONCEPTS = ("colour", "amount", "count", "share", "fact", "answered_on", "partners")
DUTCH = 'decimal: ",", thousands: "."'


@dataclass(frozen=True)
class Answer:
    """One response, as its values."""

    colour: int | None
    amount: float | None
    count: int | None
    share: float | None
    fact: int | None
    answered_on: datetime.date | None
    p1: int | None
    p2: int | None


answers = st.builds(
    Answer,
    colour=st.sampled_from([1, 2, 9, None]),
    amount=st.none() | st.integers(-(10**9), 10**9).map(lambda n: n / 100),
    count=st.none() | st.integers(0, 10**7),
    share=st.none() | st.integers(0, 1000).map(lambda n: n / 10),
    fact=st.sampled_from([1, 2, None]),
    answered_on=st.none() | st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)),
    p1=st.sampled_from([0, 1, None]),
    p2=st.sampled_from([0, 1, None]),
)
COLUMNS = ("id", "kleur", "bedrag", "aantal", "aandeel", "feit", "datum", "p1", "p2")


def values(table: list[Answer]) -> pd.DataFrame:
    """The table with typed columns, as a statistics package holds it."""
    rows = [(f"{i:05d}", *(getattr(a, f) for f in Answer.__dataclass_fields__)) for i, a in enumerate(table)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = [c for c in COLUMNS if c not in ("id", "datum")]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def texts(table: list[Answer]) -> list[list[str]]:
    """The table as a Dutch respondent types it."""

    def dutch(number: float | None) -> str:
        if number is None:
            return ""
        whole = float(number).is_integer()
        written = f"{number:,.0f}" if whole else f"{number:,.2f}"
        return written.translate({ord(","): ".", ord("."): ","})

    return [
        [
            f"{i:05d}", "" if a.colour is None else str(a.colour), dutch(a.amount), dutch(a.count),
            "" if a.share is None else f"{dutch(a.share)}%", "" if a.fact is None else str(a.fact),
            "" if a.answered_on is None else f"{a.answered_on:%d-%m-%Y}",
            "" if a.p1 is None else str(a.p1), "" if a.p2 is None else str(a.p2),
        ]
        for i, a in enumerate(table)
    ]  # fmt: skip


def delimited(table: list[Answer], delimiter: str, end: str, encoding: str, headings: int = 1) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, lineterminator=end)
    writer.writerow(COLUMNS)
    if headings == 3:
        writer.writerow(f"Vraag\n{name}?" for name in COLUMNS)
        writer.writerow(f'{{"ImportId":"{name}"}}' for name in COLUMNS)
    writer.writerows(texts(table))
    return target.getvalue().encode(encoding)


def _excel(table: list[Answer], path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(COLUMNS))
    for i, a in enumerate(table):
        book.active.append([f"{i:05d}", *(getattr(a, f) for f in Answer.__dataclass_fields__)])
    book.save(path)


WRITERS: Mapping[str, tuple[str, str, Callable[[list[Answer], Path], object]]] = {
    # format: (declared, file, writer)
    "semicolons": (f'format: delimited, delimiter: ";", {DUTCH}', "a.csv", lambda t, p: p.write_bytes(delimited(t, ";", "\r\n", "cp1252"))),
    "commas": (f'format: delimited, delimiter: ",", {DUTCH}', "a.csv", lambda t, p: p.write_bytes(delimited(t, ",", "\n", "utf-8-sig"))),
    "tabs": (f"format: delimited, encoding: utf-16, {DUTCH}", "a.csv", lambda t, p: p.write_bytes(delimited(t, "\t", "\r\n", "utf-16"))),
    "qualtrics": (f"format: qualtrics, {DUTCH}", "a.csv", lambda t, p: p.write_bytes(delimited(t, ",", "\n", "utf-8", 3))),
    "limesurvey": (f'format: limesurvey, delimiter: ";", {DUTCH}', "a.csv", lambda t, p: p.write_bytes(delimited(t, ";", "\n", "utf-8"))),
    "excel": ("format: excel", "a.xlsx", _excel),
    "spss": ("format: spss", "a.sav", lambda t, p: pyreadstat.write_sav(values(t), str(p))),
    "stata": ("format: stata", "a.dta", lambda t, p: pyreadstat.write_dta(values(t), str(p))),
    "parquet": ("format: parquet", "a.parquet", lambda t, p: values(t).to_parquet(p)),
}  # fmt: skip


def expected(answer: Answer) -> tuple[object, ...]:
    """The concepts of an answer: refused colours and unanswered sets are missing."""
    ticks = {"clients": answer.p1, "suppliers": answer.p2}
    known = any(tick is not None for tick in ticks.values())
    return (
        {1: "red", 2: "blue"}.get(answer.colour or 0),
        answer.amount,
        answer.count,
        answer.share,
        None if answer.fact is None else answer.fact == 1,
        answer.answered_on,
        sorted(code for code, tick in ticks.items() if tick) if known else None,
    )


def found(
    folder: Path, declared: str, file: str, write: Callable[[list[Answer], Path], object], table: list[Answer]
) -> list[tuple[object, ...]]:
    survey = small_survey.survey(folder, QUESTIONS, f"{{{declared}, file: {file}}}")
    home = folder / "home"
    place = home / "inbox" / "small" / "2020"
    place.mkdir(parents=True)
    write(table, place / file)
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2020"])
    staged.run(lake, survey, survey.waves["2020"])
    frame = lake.read("staged_answers", "2020").sort_values("response")
    rows = []
    for row in frame[list(CONCEPTS)].itertuples(index=False):
        cells = [value.tolist() if hasattr(value, "tolist") else value for value in row]
        cells = [value if isinstance(value, list) or not pd.isna(value) else None for value in cells]
        rows.append(tuple(value.date() if isinstance(value, pd.Timestamp) else value for value in cells))
    return rows


@pytest.mark.parametrize("format_name", WRITERS)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(table=st.lists(answers, min_size=1, max_size=8))
def test_any_table_in_any_format_gives_the_same_concepts(format_name: str, table: list[Answer]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = found(Path(folder), *WRITERS[format_name], table)
    assert rows == [expected(answer) for answer in table]


@pytest.mark.parametrize("format_name", WRITERS)
def test_what_a_file_looks_like_is_what_it_was_written_as(tmp_path: Path, format_name: str) -> None:
    declared, file, write = WRITERS[format_name]
    table = [Answer(1, 1234.5, 10, 5.5, 1, datetime.date(2020, 1, 2), 0, 1)] * 3
    write(table, tmp_path / file)
    layout = detect_layout(tmp_path / file)
    family = {"limesurvey": "delimited", "semicolons": "delimited", "commas": "delimited", "tabs": "delimited"}
    assert layout.format == family.get(format_name, format_name)
    if "delimiter" in declared:
        assert f'delimiter: "{layout.delimiter}"' in declared
    if layout.delimiter:
        assert (layout.decimal, layout.thousands) == (",", ".")


def test_labels_of_an_r_syntax_file(tmp_path: Path) -> None:
    syntax = tmp_path / "survey_1_R_syntax_file.R"
    syntax.write_text(
        'data <- read.csv("survey_1_R_data_file.csv", quote = "\'\\"")\n'
        'data[, 1] <- as.numeric(data[, 1])\nattributes(data)$variable.labels[1] <- "id"\nnames(data)[1] <- "id"\n'
        'attributes(data)$variable.labels[2] <- "Wat is \\"nieuw\\"?"\ndata[, 2] <- as.character(data[, 2])\n'
        'data[, 2] <- factor(data[, 2], levels=c("A1","A2","-oth-"),labels=c("Ja, (veel)", "Nee","Anders"))\n'
        'names(data)[2] <- "q1"\n',
        encoding="utf-8",
    )
    labels, questions = read_labels(syntax)
    assert [(label.code, label.text) for label in labels["q1"]] == [
        ("A1", "Ja, (veel)"),
        ("A2", "Nee"),
        ("-oth-", "Anders"),
    ]
    assert questions == {"id": "id", "q1": 'Wat is "nieuw"?'}


def test_labels_of_a_table_reach_the_subquestions(home: Path, tmp_path: Path) -> None:
    delivery = '{format: limesurvey, file: "answers.csv", label_file: "labels.csv", delimiter: ",", values: labels}'
    survey = small_survey.survey(
        tmp_path, '  firm: {column: id}\n  colour: {column: "q1[SQ001]", codes: {Rood: red, Blauw: blue}}\n', delivery
    )
    small_survey.put(home, "labels.csv", "question,code,answer\nq1,,Welke kleur?\nq1,A1,Rood\nq1,A2,Blauw\n")
    small_survey.put(home, "answers.csv", "id,q1[SQ001]\n1,A1\n2,A2\n3,Rood\n4,A3\n")
    table, missing = small_survey.staged_answers(home, survey)
    assert table["colour"].tolist() == ["red", "blue", "red", None]
    assert missing["kind"].tolist() == ["invalid"]
    columns = Lake(home, "small").read("staged_columns", "2020").set_index("source_column")
    assert columns.loc["q1[SQ001]", "question_nl"] == "Welke kleur?"


def test_user_missing_values_of_spss_are_missing_by_what_they_say(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(
        tmp_path,
        '  firm: {column: id}\n  colour: {column: kleur, codes: {"1": red, "2": blue}}\n  amount: {column: bedrag}\n',
        "{format: spss, file: a.sav}",
    )
    frame = pd.DataFrame(
        {"id": [f"{i}" for i in range(5)], "kleur": [1.0, 8.0, 9.0, 7.0, 5.0], "bedrag": [10.0, 98.0, 99.0, 97.0, 97.5]}
    )
    place = small_survey.put(home, "a.sav", "")
    pyreadstat.write_sav(
        frame, str(place),
        variable_value_labels={"kleur": {1.0: "Rood", 2.0: "Blauw", 7.0: "Overgeslagen", 8.0: "Weet niet", 9.0: "Wil niet zeggen"}},
        missing_ranges={"kleur": [{"lo": 7, "hi": 9}], "bedrag": [98, 99]},
    )  # fmt: skip
    _, missing = small_survey.staged_answers(home, survey)
    kinds = {(row.response, row.concept): row.kind for row in missing.itertuples()}
    assert kinds == {
        (2, "colour"): "dont_know", (3, "colour"): "refused", (4, "colour"): "not_asked", (5, "colour"): "invalid",
        (2, "amount"): "absent", (3, "amount"): "absent",
    }  # fmt: skip


def test_every_format_has_a_writer_here() -> None:
    declared = {declared.split("format: ")[1].split(",")[0] for declared, _, _ in WRITERS.values()}
    assert declared == set(raw.FORMATS)
    assert len(list(itertools.chain(WRITERS))) >= len(raw.FORMATS)


@pytest.mark.parametrize(
    ("label", "kind"),
    [("N.v.t.", "not_asked"), ("Not applicable", "not_asked"), ("96. Niet van toepassing (geen innovatie)", "not_asked"),
     ("No aplica", "not_asked"), ("98 = Weet niet", "dont_know"), ("Keine Angabe", "refused"), ("Anders", "absent")],
)  # fmt: skip
def test_a_label_says_why_a_value_is_missing_and_the_check_shows_it(
    home: Path, tmp_path: Path, label: str, kind: str
) -> None:
    questions = '  firm: {column: id}\n  colour: {column: kleur, codes: {"1": red}}\n  amount: {column: bedrag, missing: {"7": refused}}\n'
    survey = small_survey.survey(tmp_path, questions, "{format: spss, file: a.sav}")
    place = small_survey.put(home, "a.sav", "")
    pyreadstat.write_sav(
        pd.DataFrame({"id": ["1", "2"], "kleur": [1.0, 7.0], "bedrag": [5.0, 7.0]}), str(place),
        variable_value_labels={"kleur": {1.0: "Rood", 7.0: label}, "bedrag": {7.0: label}},
        missing_ranges={"kleur": [7], "bedrag": [7]},
    )  # fmt: skip
    _, missing = small_survey.staged_answers(home, survey)
    assert dict(zip(missing["concept"], missing["kind"], strict=True)) == {"colour": kind, "amount": "refused"}
    report = check(survey, survey.waves["2020"], place, home)
    by = "nothing" if kind == "absent" else "label"
    assert [(m["source_column"], m["code"], m["label"], m["kind"], m["by"]) for m in report.labelled_missing] == [
        ("kleur", "7", label, kind, by), ("bedrag", "7", label, "refused", "declared"),
    ]  # fmt: skip
    assert f"  7 {label!r} -> {kind} (" in report.render()


def test_excels_line_that_names_the_delimiter_is_understood_in_every_encoding(shared: Path, home: Path) -> None:
    folder = shared / "cases" / "turn2" / "delimited" / "21-sep-line-utf16"
    survey = load_survey(folder / "survey")
    report = check(survey, survey.waves["2025"], folder / "w.csv", home)
    assert (report.exit_code, report.records, report.detected["delimiter"]) == (0, 2, ";")
