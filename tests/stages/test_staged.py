"""Concepts as the questionnaire means them: codes, missing kinds, routing, corrections, and nobody's name."""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import scenario
import small_survey
from small_survey import DELIVERY, staged_answers

from monitor.problems import UnusableDelivery, WaveStopped
from monitor.stages import raw, staged, validated
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


PRIVATE = """\
  firm: {column: kvk}
  contact_email: {column: mail}
  contact_name: {column: naam}
  remark: {column: opmerking}
  amount: {column: bedrag}
"""
SECRETS = (
    "jan.jansen@bedrijf.example",
    "Jan Jansen",
    "06-12345678",
    "192.168.13.77",
    "Bakkerij De Korenaar",
    "62345678",
    "53.21944",
)


def test_who_someone_is_reaches_no_table_after_raw(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, PRIVATE)
    mail, name, phone, address, company, register, latitude = SECRETS
    header = "kvk;mail;naam;opmerking;bedrag;Telefoon;ipaddr;Q2_TEXT;LocationLatitude"
    rows = [f"{register};{mail};{name};Bel {name};10;{phone};{address};{company};{latitude}"] * 2
    rows += [
        f"7234567{i};x;x;x;{cell};;;;" for i, cell in enumerate((mail, phone, address, f"zie www.{company}.example"))
    ]
    small_survey.put(home, "x.csv", "\n".join([header, *rows]))
    lake = Lake(home, survey.name)
    staged_answers(home, survey)
    for path in (home / "lake" / "small").glob("staged_*/*/*.parquet"):
        text = pd.read_parquet(path).to_string(max_colwidth=None)
        assert not [secret for secret in SECRETS if secret in text], path.parent.parent.name
    columns = lake.read("staged_columns", "2020").set_index("source_column")["treatment"].to_dict()
    assert columns == {
        "kvk": "mapped", "mail": "dropped_identifier", "naam": "dropped_identifier", "opmerking": "dropped_text",
        "bedrag": "mapped", "Telefoon": "dropped_identifier", "ipaddr": "dropped_identifier", "Q2_TEXT": "dropped_text",
        "LocationLatitude": "dropped_identifier",
    }  # fmt: skip
    evidence = lake.read("staged_missing", "2020").sort_values("response")["text"].tolist()
    assert [re.sub(r" withheld", "", text) for text in evidence] == [
        "[e-mail address]", "[phone number]", "[IP address]", "[web address]",
    ]  # fmt: skip


TYPED = ("Jansen Holding", "Piet de Vries", "Océ", "ACME-2000 B.V.", "株式会社", "Bo", "3M")
TYPED_QUESTIONS = """\
  firm: {column: id}
  colour: {column: kleur, codes: {R: red, B: blue}}
  partners: {columns: {p1: clients, p2: suppliers}, ticked: [ja]}
  amount: {column: bedrag}
  share: {column: aandeel}
  fact: {column: feit}
  answered_on: {column: datum}
  sbi_code: {column: sbi}
  initiatives: {column: lijst, separator: ";"}
"""


@pytest.mark.parametrize("typed", TYPED)
def test_a_name_typed_into_any_question_reaches_no_later_table(home: Path, tmp_path: Path, typed: str) -> None:
    frame = 'frame: {file: frame.txt, columns: {id: firm, sbi: sbi_code, uitslag: disposition}, delimiter: ";"}\n'
    survey = small_survey.survey(
        tmp_path,
        TYPED_QUESTIONS,
        small_survey.DELIVERY.replace('";"', '"|"'),
        more=frame,
        concepts="  initiatives: {type: categories, label: {nl: I, en: I}, codes: {a: {nl: A, en: A}}}\n",
    )
    asked = ["kleur", "p1", "p2", "bedrag", "aandeel", "feit", "datum", "sbi", "lijst"]
    rows = [["id", *asked]] + [[str(i), *(typed if c == here else "" for c in asked)] for i, here in enumerate(asked)]
    small_survey.put(home, "x.csv", "\n".join("|".join(row) for row in rows) + "\n")
    small_survey.put(home, "frame.txt", f"id;sbi;uitslag\n0;;{typed}\n1;62;no contact\n")
    _, missing = staged_answers(home, survey)
    assert set(missing[missing["kind"] == "invalid"]["concept"]) == {
        "colour", "partners", "amount", "share", "fact", "answered_on", "sbi_code", "initiatives",
    }  # fmt: skip
    assert set(missing[missing["kind"] == "invalid"]["text"]) == {"[words withheld]"}
    lake = Lake(home, survey.name)
    assert lake.read("staged_frame", "2020")["disposition"].tolist() == ["[words withheld]", "no_contact"]
    with pytest.raises(WaveStopped) as stopped:
        validated.run(lake, survey, survey.waves["2020"])
    assert typed not in str(stopped.value)
    for path in sorted(lake.folder.glob("[sv]*/*/*.parquet")):
        text = pd.read_parquet(path).to_string(max_colwidth=None)
        assert not re.search(rf"\b{re.escape(typed)}", text), path.parent.parent.name
    unread = lake.read("validated_failures", "2020").query("rule.str.endswith('_readable')")
    assert set(unread["value"]) == {"[words withheld]"}
    assert unread["line"].notna().all(), "raw has the words, at the line that stands beside"


@pytest.mark.parametrize(
    "cell",
    ["1.2.3", "31-02-2020", "12 tot 15", "ca. 40 of 50", "7", "C7", "=1+2", "2 mln", "31 februari 2020", "veel"],
)  # fmt: skip
def test_what_names_nobody_is_kept_as_evidence(home: Path, tmp_path: Path, cell: str) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  fact: {column: feit}\n")
    small_survey.put(home, "x.csv", f"id;feit\n1;{cell}\n")
    assert staged_answers(home, survey)[1]["text"].tolist() == [cell]


@pytest.mark.parametrize(
    ("values", "treatment"),
    [
        (["a@b.nl", "c@d.org", ""], "dropped_identifier"),
        (["10.0.0.1", "10.0.0.2", "10.0.0.3"], "dropped_identifier"),
        (["050-1234567", "0031 6 12345678", "+31612345678"], "dropped_identifier"),
        (["53.2194, 6.5665", "52.9928, 6.5642", "53.2012, 5.7999"], "dropped_identifier"),
        (["wij doen veel aan innovatie", "geen tijd gehad voor dit", "zie ons jaarverslag van nu"], "dropped_text"),
        (["1", "2", "1"], "unmapped"),
        (["12.50", "13.75", "1.25"], "unmapped"),
    ],
)
def test_unmapped_columns_that_say_who_or_speak_freely_are_recognised_by_their_values(
    home: Path, tmp_path: Path, values: list[str], treatment: str
) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a;v99\n" + "".join(f"{i};1;{v}\n" for i, v in enumerate(values)))
    staged_answers(home, survey)
    columns = Lake(home, "small").read("staged_columns", "2020").set_index("source_column")
    assert columns.loc["v99", "treatment"] == treatment


CORRECTIONS = "firm;column;from;to;reason;who;when\n"


def test_a_correction_changes_the_answer_and_is_kept_with_its_reason(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n  share: {column: s}\n")
    small_survey.put(home, "x.csv", "id;a;s\n01;1.000;10\n02;5;20\n")
    lines = (
        "01;a;1.000;1,5;typed in thousands;A. Analyst;2020-05-01\n02;share;20;;called the firm;A. Analyst;2020-05-02\n"
    )
    small_survey.put(home, "corrections.csv", CORRECTIONS + lines)
    answers, _ = staged_answers(home, survey)
    assert [tuple(r.values()) for r in plain(answers, ["amount", "share"])] == [(1.5, 10), (5, None)]
    lake = Lake(home, "small")
    assert lake.read("raw_records", "2020")["a"].tolist() == ["1.000", "5"], "raw stays as it was delivered"
    kept = lake.read("staged_corrections", "2020")
    assert kept["reason"].tolist() == ["typed in thousands", "called the firm"]
    assert kept["applied"].tolist() == [1, 1]
    assert set(kept["firm"]) == set(answers["firm"]), "the firm by its pseudonym"


def test_every_correction_that_no_longer_matches_is_named(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1.000\n")
    lines = "01;a;900;1;r;w;d\n77;a;1;2;r;w;d\n01;nothing;1;2;r;w;d\n"
    small_survey.put(home, "corrections.csv", CORRECTIONS + lines)
    with pytest.raises(UnusableDelivery) as stopped:
        staged_answers(home, survey)
    found = {(p.line, p.firm, p.found) for p in stopped.value.problems}
    assert found == {(2, "01", "1.000"), (3, "77", None), (4, "01", None)}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "latin-1"])
def test_corrections_that_are_no_utf8_are_refused_with_their_line(home: Path, tmp_path: Path, encoding: str) -> None:
    """What they say would be read as other letters, and a reason is printed."""
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1\n")
    lines = "01;a;1;2;gebeld met de firma;A. Analyst;2020-05-01\n01;a;1;2;geï;nd;d\n"
    small_survey.put(home, "corrections.csv", (CORRECTIONS + lines).encode(encoding))
    with pytest.raises(UnusableDelivery) as stopped:
        staged_answers(home, survey)
    (problem,) = stopped.value.problems
    assert (problem.what, problem.file) == ("the list is not UTF-8 text", "corrections.csv")
    assert problem.line == (1 if encoding == "utf-16" else 3)
    assert problem.do


def test_a_correction_without_reason_author_or_date_is_refused(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1\n")
    small_survey.put(home, "corrections.csv", CORRECTIONS + "01;a;1;2;;;\n")
    with pytest.raises(UnusableDelivery) as stopped:
        staged_answers(home, survey)
    assert {p.column for p in stopped.value.problems} == {"reason", "who", "when"}


def test_a_merged_firm_counts_as_its_successor_from_the_declared_wave_on(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n", waves=("2019", "2020"))
    for wave in ("2019", "2020"):
        small_survey.put(home, "x.csv", "id;a\n01;1\n02;2\n03;3\n", wave)
    crosswalk = "from,to,wave,reason\n01,02,2020,merged\n02,03,2020,taken over\n"
    (home / "inbox" / "small" / "crosswalk.csv").write_text(crosswalk)
    before, _ = staged_answers(home, survey, "2019")
    after, _ = staged_answers(home, survey, "2020")
    assert before["firm"].nunique() == 3
    assert set(after["firm"]) == {before["firm"].iloc[2]}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("01,02,2020,r\n02,01,2020,r\n", "circle"),
        ("01,02,2020,r\n01,03,2020,r\n", "two successors"),
        ("01,02,1999,r\n", "wave"),
        ("01,,2020,r\n", "needs to"),
    ],
)
def test_a_crosswalk_that_contradicts_itself_stops(home: Path, tmp_path: Path, rows: str, says: str) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  amount: {column: a}\n")
    small_survey.put(home, "x.csv", "id;a\n01;1\n")
    (home / "inbox" / "small" / "crosswalk.csv").write_text("from,to,wave,reason\n" + rows)
    with pytest.raises(UnusableDelivery, match=says):
        staged_answers(home, survey)


def test_a_question_of_another_wave_is_a_column_without_values(home: Path, tmp_path: Path) -> None:
    survey = scenario.survey(tmp_path / "definition")
    scenario.inbox(home, "2018")
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2018"])
    staged.run(lake, survey, survey.waves["2018"])
    answers = lake.read("staged_answers", "2018")
    assert answers["employees"].isna().all()
    assert "employees" not in set(lake.read("staged_missing", "2018")["concept"])


def test_a_frame_value_that_cannot_be_read_stops(home: Path, tmp_path: Path) -> None:
    survey = scenario.survey(tmp_path / "definition")
    frame = scenario.inbox(home, "2017") / "frame-2017.csv"
    lines = frame.read_text().splitlines()
    lines[3] = lines[3].replace(";1;", ";8;", 1).replace(";2;", ";8;", 1)
    frame.write_text("\n".join(lines))
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2017"])
    with pytest.raises(UnusableDelivery) as stopped:
        staged.run(lake, survey, survey.waves["2017"])
    (problem,) = stopped.value.problems
    assert (problem.column, problem.found, problem.line) == ("grootte", "8", 4)


def test_codes_that_do_not_exist_or_contradict_each_other_are_found(home: Path, tmp_path: Path) -> None:
    questions = (
        "  firm: {column: id}\n  sbi_code: {column: sbi}\n  municipality_code: {column: gemeente}\n"
        '  province: {column: prov, codes: {"20": PV20, "22": PV22}}\n'
    )
    survey = small_survey.survey(tmp_path, questions, waves=("2019",))
    rows = ["1;6201;0014;20", "2;4499;0014;20", "3;6201;0009;20", "4;6201;0014;22", "5;;;"]
    small_survey.put(home, "x.csv", "\n".join(["id;sbi;gemeente;prov", *rows]), "2019")
    answers, _ = staged_answers(home, survey, "2019")
    found = Lake(home, "small").read("staged_codes", "2019").set_index("firm")[["code", "finding"]].T.to_dict("list")
    firms = answers["firm"].tolist()
    assert found == {
        firms[1]: ["4499", "no code of the SBI 2008"],
        firms[2]: ["0009", "not in the list of 2019, which covers PV20, PV21, PV22"],
        firms[3]: ["0014", "lies in PV20, not in PV22"],
    }
    rules = validated.validate_table(Lake(home, "small"), survey, "2019", "staged_codes").rules.set_index("rule")
    assert rules["failed"].to_dict() == {"official_codes_exist": 2, "municipality_lies_in_the_province": 1}


def test_a_recoding_between_waves_is_a_finding(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  sbi_code: {column: s}\n", waves=("2024", "2025"))

    def found() -> dict[str, list[tuple[str, str]]]:
        for wave in survey.waves:
            small_survey.put(home, "x.csv", "id;s\n1;6201\n2;62.02\n3;6203\n", wave)
            staged_answers(home, survey, wave)
        tables = {wave: Lake(home, "small").read("staged_codes", wave) for wave in survey.waves}
        return {w: sorted(zip(t["code"], t["finding"], strict=True)) for w, t in tables.items()}

    undeclared = "no sbi_recoding.csv says which codes belong together"
    assert found() == {
        "2024": [("SBI 2008", f"other waves use the SBI 2025; {undeclared}")],
        "2025": [("SBI 2025", f"other waves use the SBI 2008; {undeclared}")],
    }
    (survey.folder / "sbi_recoding.csv").write_text("from,to\n62.01,62.10\n62.02,62.20\n62.02,62.90\n")
    assert found() == {
        "2024": [("62.02", "becomes one of 6220, 6290 in the SBI 2025"), ("6203", "becomes none in the SBI 2025")],
        "2025": [],
    }


def test_municipalities_of_a_year_without_a_list_are_a_finding(home: Path, tmp_path: Path) -> None:
    survey = small_survey.survey(tmp_path, "  firm: {column: id}\n  municipality_code: {column: g}\n", waves=("2018",))
    small_survey.put(home, "x.csv", "id;g\n1;0014\n2;0009\n3;\n", "2018")
    staged_answers(home, survey, "2018")
    (finding,) = Lake(home, "small").read("staged_codes", "2018").to_dict("records")
    assert pd.isna(finding["firm"])
    assert finding["code"] == "2 codes"
    assert finding["finding"].startswith("not judged: there is no list of 2018")
    (survey.folder / "municipalities.csv").write_text("year,code,province\n2018,0009,PV20\n2018,0014,PV20\n")
    staged_answers(home, survey, "2018")
    assert Lake(home, "small").read("staged_codes", "2018").empty


def test_a_size_band_follows_from_staff_where_the_wave_says_so(home: Path, tmp_path: Path) -> None:
    questions = "  firm: {column: id}\n  employees: {column: fte}\n  size_band: {column: fte, of_staff: true}\n"
    survey = small_survey.survey(tmp_path, questions, more='missing: {"999": refused}\n')
    staff = ["0", "9,5", "10", "1.249", "249,9", "250", "999", "n.v.t.", "-1", "veel", ""]
    small_survey.put(home, "x.csv", "id;fte\n" + "".join(f"{i};{cell}\n" for i, cell in enumerate(staff)))
    answers, missing = staged_answers(home, survey)
    bands = ["micro", "micro", "small", "large", "medium", "large", None, None, None, None, None]
    assert answers["size_band"].astype(object).where(answers["size_band"].notna(), None).tolist() == bands
    of_band = missing[missing["concept"] == "size_band"]
    assert of_band[["kind", "text"]].fillna("").values.tolist() == [
        ["refused", ""], ["absent", ""], ["invalid", "-1"], ["invalid", "veel"], ["absent", ""],
    ]  # fmt: skip


def test_a_size_band_that_contradicts_staff_is_a_finding(home: Path, tmp_path: Path) -> None:
    questions = "  firm: {column: id}\n  employees: {column: fte}\n  size_band: {column: klasse}\n"
    survey = small_survey.survey(tmp_path, questions)
    rows = [(9, "micro"), (12, "small"), (12, "large"), (600, "micro"), (30, "small"), *[(5, "micro")] * 15]
    small_survey.put(home, "x.csv", "id;fte;klasse\n" + "".join(f"{i};{n};{b}\n" for i, (n, b) in enumerate(rows)))
    staged_answers(home, survey)
    lake = Lake(home, survey.name)
    validated.run(lake, survey, survey.waves["2020"])
    found = lake.read("validated_failures", "2020").query("rule == 'staff_agrees_with_size_band'")
    assert sorted(found["value"]) == ["size_band=large; employees=12.0", "size_band=micro; employees=600.0"]
