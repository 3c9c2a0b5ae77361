"""Concepts as the questionnaire means them: codes, missing kinds, routing, sets and units."""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import scenario
import small_survey
from small_survey import DELIVERY, staged_answers

from monitor.stages import raw, staged
from monitor.storage.identity import pseudonym
from monitor.storage.lake import Lake


def plain(frame: pd.DataFrame, columns: list[str]) -> list[dict[str, object]]:
    """The rows of a frame as plain values: sets as lists, missing as None."""
    rows = []
    for row in frame[columns].to_dict("records"):
        values = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in row.items()}
        rows.append({n: v if isinstance(v, list) else (None if pd.isna(v) else v) for n, v in values.items()})
    return rows


def kinds(missing: pd.DataFrame, concept: str) -> dict[int, str]:
    """Response -> missing kind of one concept."""
    rows = missing[missing["concept"] == concept]
    return dict(zip(rows["response"], rows["kind"], strict=True))


@pytest.mark.parametrize("wave", ["2017", "2018"])
def test_the_scenario_is_staged_as_every_firm_was_meant(home: Path, tmp_path: Path, wave: str) -> None:
    survey = scenario.survey(tmp_path / "definition")
    scenario.inbox(home, wave)
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves[wave])
    staged.run(lake, survey, survey.waves[wave])
    key = survey.key(home)
    for table, by in (("staged_answers", ["response"]), ("staged_missing", ["response", "concept"])):
        expected = scenario.TABLES["staged"][table](wave).sort_values(by, ignore_index=True)
        expected["firm"] = [pseudonym(key, survey.name, firm) for firm in expected["firm"]]
        found = lake.read(table, wave).sort_values(by, ignore_index=True)
        assert set(found.columns) == set(expected.columns)
        assert plain(found, list(expected.columns)) == plain(expected, list(expected.columns))
    frame = scenario.staged_frame(wave)
    frame["firm"] = [pseudonym(key, survey.name, firm) for firm in frame["firm"]]
    found = lake.read("staged_frame", wave)
    assert plain(found, list(frame.columns)) == plain(frame.sort_values("firm"), list(frame.columns))


def test_tables_are_sorted_by_firm_and_so_do_not_depend_on_the_order_of_records(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    lake = Lake(home, survey.name)
    tables = []
    for rows in (["1;10", "2;20", "3;30"], ["3;30", "1;10", "2;20"]):
        small_survey.put(home, "x.csv", "\n".join(["id;a", *rows]))
        staged_answers(home, survey)
        tables.append(lake.read("staged_answers", "2020")[["firm", "amount"]])
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["firm"].is_monotonic_increasing


CODED = """\
  firm: {column: id}
  colour: {column: k, codes: {"1": red, "2": blue}, missing: {"8": dont_know}}
  amount: {column: a, missing: {"777": refused}}
  fact: {column: f, codes: {"1": "true", "2": "false"}}
"""
CODED_CASES = [
    # cells k, a, f -> values, kinds
    ("1;10;1", ("red", 10.0, True), {}),
    (" 2 ;10,5;2", ("blue", 10.5, False), {}),
    ("1.0;1.250;1.0", ("red", 1250.0, True), {}),
    ("8;777;9", (None, None, None), {"colour": "dont_know", "amount": "refused", "fact": "refused"}),
    ("9;9;1", (None, None, True), {"colour": "refused", "amount": "refused"}),
    ("7;veel;3", (None, None, None), {"colour": "invalid", "amount": "invalid", "fact": "invalid"}),
    (";;", (None, None, None), {"colour": "absent", "amount": "absent", "fact": "absent"}),
    (
        "n.v.t.;weet niet;geen antwoord",
        (None, None, None),
        {"colour": "absent", "amount": "dont_know", "fact": "refused"},
    ),
    ("2;777,00;\u00a0", ("blue", None, None), {"amount": "refused", "fact": "absent"}),
]


def test_codes_and_missing_codes_by_kind_and_by_question(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, CODED, more='missing: {"9": refused}\n')
    small_survey.put(
        home, "x.csv", "id;k;a;f\n" + "".join(f"{i};{cells}\n" for i, (cells, _, _) in enumerate(CODED_CASES))
    )
    answers, missing = staged_answers(home, survey)
    for response, (cells, values, gone) in enumerate(CODED_CASES, start=1):
        row = plain(answers[answers["response"] == response], ["colour", "amount", "fact"])[0]
        assert tuple(row.values()) == values, cells
        found = missing[missing["response"] == response]
        assert dict(zip(found["concept"], found["kind"], strict=True)) == gone, cells
    evidence = missing[missing["kind"] == "invalid"].set_index("concept")["text"].to_dict()
    assert evidence == {"colour": "7", "amount": "veel", "fact": "3"}
    assert missing[missing["kind"] != "invalid"]["text"].isna().all()


ROUTED = """\
  firm: {column: id}
  fact: {column: a, codes: {"1": "true", "2": "false"}}
  follow_up: {column: b, codes: {"1": "true", "2": "false"}, asked_of: fact, otherwise: false}
  amount: {column: c, asked_of: follow_up}
  share: {column: d, asked_of: fact, otherwise: 0}
"""


def test_routing_follows_the_questionnaire_through_chains(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, ROUTED)
    cells = ["1;1;10;40", "1;2;;40", "2;;;", ";;;", "2;;;0", "2;1;5;30"]
    small_survey.put(home, "x.csv", "id;a;b;c;d\n" + "".join(f"{i};{c}\n" for i, c in enumerate(cells)))
    answers, missing = staged_answers(home, survey)
    rows = [tuple(row.values()) for row in plain(answers, ["fact", "follow_up", "amount", "share"])]
    assert rows == [
        (True, True, 10, 40),
        (True, False, None, 40),
        (False, False, None, 0),
        (None, None, None, None),
        (False, False, None, 0),
        (False, True, 5, 30),
    ]
    assert kinds(missing, "follow_up") == {3: "not_asked", 4: "absent", 5: "not_asked"}
    assert kinds(missing, "amount") == {2: "not_asked", 3: "not_asked", 4: "absent", 5: "not_asked"}
    assert kinds(missing, "share") == {3: "not_asked", 4: "absent", 5: "not_asked"}


def test_an_answer_given_where_none_was_asked_stays_for_a_rule_to_find(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, ROUTED)
    small_survey.put(home, "x.csv", "id;a;b;c;d\n1;2;;;30\n2;2;;;veel\n")
    answers, missing = staged_answers(home, survey)
    assert plain(answers, ["share"]) == [{"share": 30}, {"share": None}]
    assert kinds(missing, "share") == {2: "invalid"}


def test_a_blank_means_what_the_wave_declares_and_nothing_else(home: Path, tmp_path: Path) -> None:
    questions = (
        "  firm: {column: id}\n  share: {column: a, blank: 0, blank_when: amount is not null}\n"
        "  amount: {column: b, blank: 0, blank_when: share is not null}\n  last: {column: c, blank: 5}\n"
    )
    survey = small_survey.survey(tmp_path, questions)
    small_survey.put(home, "x.csv", "id;a;b;c\n1;10;;1\n2;;20;\n3;;;\n4;x;;1\n")
    answers, missing = staged_answers(home, survey)
    assert [tuple(r.values()) for r in plain(answers, ["share", "amount", "last"])] == [
        (10, 0, 1), (0, 20, 5), (None, None, 5), (None, None, 1),
    ]  # fmt: skip
    assert kinds(missing, "share") == {3: "absent", 4: "invalid"}
    assert kinds(missing, "last") == {}


def test_after_a_break_off_blanks_are_no_item_non_response(home: Path, tmp_path: Path) -> None:
    questions = "  firm: {column: id}\n  progress: {column: p}\n  fact: {column: a}\n  amount: {column: b}\n  last: {column: c}\n"
    survey = small_survey.survey(tmp_path, questions, more="usable: progress >= 50\n")
    small_survey.put(home, "x.csv", "id;p;a;b;c\n1;100;ja;;3\n2;20;ja;;\n3;30;;2;\n4;60;ja;;\n5;10;;;\n")
    _, missing = staged_answers(home, survey)
    found = {(r.response, r.concept): r.kind for r in missing.itertuples()}
    assert found == {
        (1, "amount"): "absent",
        (2, "amount"): "break_off", (2, "last"): "break_off",
        (3, "fact"): "absent", (3, "last"): "break_off",
        (4, "amount"): "absent", (4, "last"): "absent",
        (5, "fact"): "break_off", (5, "amount"): "break_off", (5, "last"): "break_off",
    }  # fmt: skip


TICKS = [
    # declaration, cells of three options -> set or kind
    ('ticked: ["1"]', "1;0;1", ["clients", "universities"]),
    ('ticked: ["1"]', "0;0;0", []),
    ('ticked: ["1"]', "1;;", ["clients"]),
    ('ticked: ["1"]', ";;", "absent"),
    ('ticked: ["1"], blank: []', ";;", []),
    ('ticked: ["1"]', "1;5;0", "invalid"),
    ('ticked: ["1"]', "9;9;9", "refused"),
    ('ticked: ["1"]', "1;9;0", ["clients"]),
    ('ticked: ["1", "2", "3"]', "1;2;", ["clients", "suppliers"]),
    ('ticked: ["J"]', "J;N;j", ["clients", "universities"]),
    ("blank: []", "Klanten;;Universiteiten", ["clients", "universities"]),
    ("blank: []", "no;No;yes", ["universities"]),
]


@pytest.mark.parametrize(("declared", "cells", "expected"), TICKS)
def test_ticks_over_several_columns(home: Path, tmp_path: Path, declared: str, cells: str, expected: object) -> None:
    columns = "columns: {p1: clients, p2: suppliers, p3: universities}"
    survey = small_survey.survey(
        tmp_path, f"  firm: {{column: id}}\n  partners: {{{columns}, {declared}}}\n", more='missing: {"9": refused}\n'
    )
    small_survey.put(home, "x.csv", f"id;p1;p2;p3\n1;{cells}\n")
    answers, missing = staged_answers(home, survey)
    value = plain(answers, ["partners"])[0]["partners"]
    assert (kinds(missing, "partners").get(1) if value is None else value) == expected


CELL = [
    ("1,3", ["clients", "universities"]),
    (" 3 , 1 ,3", ["clients", "universities"]),
    ("1", ["clients"]),
    ("1,7", "invalid"),
    ("9", "refused"),
    ("", "absent"),
]


@pytest.mark.parametrize(("cell", "expected"), CELL)
def test_several_choices_in_one_cell(home: Path, tmp_path: Path, cell: str, expected: object) -> None:
    codes = 'codes: {"1": clients, "2": suppliers, "3": universities}'
    survey = small_survey.survey(
        tmp_path,
        f'  firm: {{column: id}}\n  partners: {{column: p, separator: ",", {codes}}}\n',
        more='missing: {"9": refused}\n',
    )
    small_survey.put(home, "x.csv", f"id;p\n1;{cell}\n")
    answers, missing = staged_answers(home, survey)
    value = plain(answers, ["partners"])[0]["partners"]
    assert (kinds(missing, "partners").get(1) if value is None else value) == expected


def test_an_option_whose_text_holds_the_separator_is_one_option(home: Path, tmp_path: Path) -> None:
    delivery = DELIVERY.replace("}", ", values: labels}")
    survey = small_survey.survey(tmp_path, '  firm: {column: id}\n  partners: {column: p, separator: ","}\n', delivery)
    small_survey.put(
        home,
        "x.csv",
        "id;p\n1;Klanten,Leveranciers, ook buitenlandse,Universiteiten\n2;Leveranciers, ook buitenlandse\n",
    )
    answers, _ = staged_answers(home, survey)
    assert plain(answers, ["partners"]) == [
        {"partners": ["clients", "suppliers", "universities"]}, {"partners": ["suppliers"]},
    ]  # fmt: skip


def test_units_are_brought_to_the_concepts_and_missing_codes_are_not(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(
        tmp_path, "  firm: {column: id}\n  amount: {column: a, factor: 1000, missing: {'999': refused}}\n"
    )
    small_survey.put(home, "x.csv", "id;a\n1;1,5\n2;999\n3;0,999\n")
    answers, missing = staged_answers(home, survey)
    assert plain(answers, ["amount"]) == [{"amount": 1500}, {"amount": None}, {"amount": 999}]
    assert kinds(missing, "amount") == {2: "refused"}


def test_a_decimal_comma_where_points_are_declared_is_caught(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(
        tmp_path, "  firm: {column: id}\n  amount: {column: w}\n", '{format: delimited, file: "*.csv", delimiter: ";"}'
    )
    small_survey.put(home, "x.csv", "id;w\n1;1,25\n2;0,80\n3;2\n")
    answers, missing = staged_answers(home, survey)
    assert plain(answers, ["amount"]) == [{"amount": None}, {"amount": None}, {"amount": 2}]
    assert missing["kind"].tolist() == ["invalid", "invalid"]
    assert missing["text"].tolist() == ["1,25", "0,80"]


def test_a_question_of_another_wave_is_a_column_without_values(home: Path, tmp_path: Path) -> None:
    survey = scenario.survey(tmp_path / "definition")
    scenario.inbox(home, "2018")
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2018"])
    staged.run(lake, survey, survey.waves["2018"])
    answers = lake.read("staged_answers", "2018")
    assert answers["employees"].isna().all()
    assert "employees" not in set(lake.read("staged_missing", "2018")["concept"])
