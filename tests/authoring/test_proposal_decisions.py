"""What a proposal decides by itself and what it asks: every key kept, every record read, each decision asked once."""

from __future__ import annotations

from collections import Counter
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import small_survey

from monitor.authoring import propose_survey, propose_wave
from monitor.authoring.previous import kept_period, kept_text
from monitor.survey import Delivery, Frame, Question, Survey, Wave, load_survey

ROUND_TRIP = """\
wave: "2020"
reference_year: 2019
delivery: {format: delimited, file: "answers*.csv", delimiter: ";", encoding: utf-8, decimal: ",", thousands: ".",
  label_file: "labels*.txt", sheet: Answers, header_line: 2, values: labels, date_format: "%d/%m/%Y"}
missing: {"98": dont_know}
usable: fact
duplicates: latest
invited: 800
corrections: corrected.csv
frame: {file: "frame-2020.csv", columns: {id: firm, g: size}, codes: {size: {"0-9": s, "10+": m}}, delimiter: ";",
  encoding: utf-8, decimal: ",", thousands: "."}
not_asked: {last: {nl: Niet gevraagd, en: Not asked}}
questions:
  firm: {column: id}
  fact: {column: f, codes: {"1": true, "2": false}, text: {nl: Feit?, en: Fact?}, period: interview}
  size_band: {column: z, of_staff: true}
  partners: {columns: {p1: clients, p2: suppliers}, ticked: ["1"], blank: [], blank_when: fact}
  amount:
    {column: a, factor: 1000, missing: {"99": refused}, asked_of: fact, otherwise: 0, required: false,
     comparability: reworded, comparable_since: "2020", changed: {nl: Anders, en: Otherwise}}
  several: {column: s, separator: "|", codes: {"1": a, "2": b}}
"""
OWN = (
    "  size: {type: category, label: {nl: G, en: G}, codes: {s: {nl: K, en: S}, m: {nl: M, en: M}}}\n"
    "  several: {type: categories, label: {nl: M, en: S}, codes: {a: {nl: A, en: A}, b: {nl: B, en: B}}}\n"
)
ELSEWHERE = {"name", "file", "lines", "line", "reference_year", "questions", "concept", "grants"}
"""Facts that are another wave's own, that the survey's programmes say, or that stand for themselves"""


def differing(one: object, other: object) -> dict[str, tuple[object, object]]:
    pairs = {f.name: (getattr(one, f.name), getattr(other, f.name)) for f in fields(one) if f.name not in ELSEWHERE}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def untouched(thing: type, made: list[object]) -> set[str]:
    """Fields that none of the objects sets: the round trip would say nothing about them."""
    found = set()
    for f in fields(thing):
        default = (
            f.default if f.default is not MISSING else f.default_factory() if f.default_factory is not MISSING else None
        )
        if f.name not in ELSEWHERE and all(getattr(one, f.name) == default for one in made):
            found.add(f.name)
    return found


def test_a_new_wave_keeps_every_key_there_is(tmp_path: Path) -> None:
    folder = small_survey.survey(tmp_path, "  firm: {column: id}\n", concepts=OWN).folder
    (folder / "waves" / "2020.yaml").write_text(ROUND_TRIP, encoding="utf-8")
    before = load_survey(folder).waves["2020"]
    source = tmp_path / "answers 2022.csv"
    rows = "".join(f"{i:08d};1;{i};1;;{i},5;1|2\n" for i in range(40))
    source.write_text(f"a title\nid;f;z;p1;p2;a;s\n{rows}", encoding="utf-8")
    propose_wave(folder, source, "2022")
    now = load_survey(folder).waves["2022"]
    for thing, made in (
        (Wave, [before]), (Delivery, [before.delivery]), (Frame, [before.frame]),
        (Question, list(before.questions.values())),
    ):  # fmt: skip
        assert untouched(thing, made) == set(), "the wave above sets every key"
    assert set(differing(before, now)) == {"frame"}
    assert differing(before.frame, now.frame) == {}
    assert (now.delivery.file, now.frame.file) == ("answers*.csv", "frame-2022.csv")
    assert [differing(question, now.questions[name]) for name, question in before.questions.items()] == [{}] * 6
    assert now.reference_year == 2021


def wave(
    folder: Path, questions: str, rows: list[str], header: str, year: int = 2021
) -> tuple[Path, list[str], Survey]:
    survey = small_survey.survey(folder, f"  firm: {{column: id}}\n{questions}")
    source = folder / f"answers_{year}.csv"
    source.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    written, changes = propose_wave(survey.folder, source)
    return written, changes, load_survey(survey.folder)


def test_every_record_is_read(tmp_path: Path) -> None:
    rows = [f"{i:08d};{'7' if i == 4_990 else 'r'}" for i in range(5_000)]
    _, changes, _ = wave(tmp_path, '  colour: {column: c, codes: {"r": red, "b": blue}}\n', rows, "id;c")
    assert "colour: code 7 is not declared" in changes


def proposed(folder: Path, header: str, rows: list[str]) -> tuple[Survey, str]:
    source = folder / "export_2024.csv"
    source.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    propose_survey(folder / "s", source)
    text = "\n".join(p.read_text("utf-8") for p in sorted((folder / "s").rglob("*.yaml")))
    return load_survey(folder / "s"), text


def test_a_column_of_weights_is_the_design_s(tmp_path: Path) -> None:
    rows = [f"{i:08d};{1 + i / 10};{i % 2}" for i in range(60)]
    survey, text = proposed(tmp_path, "id;fexp;q", rows)
    assert (survey.design.weights, survey.design.weight) == ("supplied", "weight")
    assert list(survey.waves["2024"].questions["weight"].columns) == ["fexp"]
    assert "todo: is this the design's weight?" in text
    _, changes, later = wave(tmp_path, "  fact: {column: f}\n", [f"{i:08d};1;{i}.25" for i in range(30)], "id;f;weight")
    assert any(c.startswith("weight looks like the design's weight") and "weights: supplied" in c for c in changes)
    assert list(later.waves["2021"].questions["weight"].columns) == ["weight"]


FORMS = ["1:yes", "1 - yes", "(1) yes", "1", "2:no", "2 – no", "(2) no", "2. no"]


def test_a_code_with_its_label_in_one_cell_is_one_answer(home: Path, tmp_path: Path) -> None:
    rows = [f"{i:08d};{FORMS[i % 8]};{['1:red', '(2) dark blue', '9 - unknown'][i % 3]}" for i in range(96)]
    proposed(tmp_path, "id;fact_is;colour_is", rows)
    survey, answers, missing = small_survey.run_proposal(home, tmp_path / "s", tmp_path / "export_2024.csv")
    assert survey.concepts["fact_is"].type == "boolean"
    assert answers["fact_is"].tolist() == [True, True, True, True, False, False, False, False] * 12
    assert {code: label["en"] for code, label in survey.concepts["colour_is"].codes.items()} == {
        "code_1": "red", "code_2": "dark blue",
    }  # fmt: skip
    assert set(missing["kind"]) == {"dont_know"}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("niet gevraagd (routing)", "not_asked"),
        ("niet van toepassing", "not_asked"),
        ("weigert", "refused"),
        ("unknown", "dont_know"),
    ],
)
def test_what_a_label_says_of_a_missing_answer_is_what_the_run_reads(
    home: Path, tmp_path: Path, label: str, kind: str
) -> None:
    rows = [f"{i:08d};{['1 - red', '2 - dark blue', f'9 - {label}'][i % 3]}" for i in range(96)]
    survey, _ = proposed(tmp_path, "id;colour_is", rows)
    assert set(survey.waves["2024"].questions["colour_is"].missing.values()) == {kind}
    assert list(survey.concepts["colour_is"].codes) == ["code_1", "code_2"]
    _, _, missing = small_survey.run_proposal(home, tmp_path / "s", tmp_path / "export_2024.csv")
    assert set(missing["kind"]) == {kind}


def test_a_wave_that_puts_labels_beside_its_codes_takes_them_over(tmp_path: Path) -> None:
    rows = [f"{i:08d};{FORMS[i % 8]}" for i in range(80)]
    _, changes, survey = wave(tmp_path, '  fact: {column: f, codes: {"1": true, "2": false}}\n', rows, "id;f")
    codes = survey.waves["2021"].questions["fact"].codes
    assert {form: codes.get(form) for form in FORMS} == {
        form: str("yes" in form or form == "1").lower() for form in FORMS
    }
    assert changes == ["fact: its cells hold codes with their labels now"]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("q1", [0, 1, 2, 3, 5, 8], "number"),
        ("q1", [1, 2, 3, 40], "number"),
        ("aantal_patenten", [1, 2, 3], "number"),
        ("how many partners", [1, 2, 3], "number"),
        ("q1", [1, 2, 3, 4, 5], "category"),
        ("q1", [0, 1, 2, 3], "category"),
        ("country", [1, 2, 3], "category"),
        ("q1", [0, 1], "boolean"),
    ],
)
def test_counts_are_no_categories(tmp_path: Path, name: str, values: list[int], kind: str) -> None:
    rows = [f"{i:08d};{values[i % len(values)]}" for i in range(60)]
    survey, text = proposed(tmp_path, f"id;{name}", rows)
    (concept,) = [c for c in survey.waves["2024"].questions if c != "firm"]
    assert survey.concepts[concept].type == kind
    if len(values) > 2 and max(values) < 13:
        assert ("taken as counts" if kind == "number" else "taken as codes") in text


def test_no_answer_where_another_says_no_was_not_asked(home: Path, tmp_path: Path) -> None:
    rows = []
    for i in range(60):
        follow_up = f"1;{i % 3 + 1};{i * 13}" if i % 2 else "2;999;"
        rows.append(f"{i:08d};{follow_up};{999 if i % 7 == 0 else i % 3 + 1}")
    proposed(tmp_path, "id;works_together;how;amount;spare_sum", rows)
    survey, _, missing = small_survey.run_proposal(home, tmp_path / "s", tmp_path / "export_2024.csv")
    questions = survey.waves["2024"].questions
    assert (questions["how"].asked_of, dict(questions["how"].missing)) == ("works_together", {"999": "not_asked"})
    assert questions["amount"].asked_of == "works_together"
    assert (questions["spare_sum"].asked_of, dict(questions["spare_sum"].missing)) == (None, {"999": "dont_know"})
    kinds = Counter(zip(missing["concept"], missing["kind"], strict=True))
    assert kinds == {("how", "not_asked"): 30, ("amount", "not_asked"): 30, ("spare_sum", "dont_know"): 9}


def test_each_decision_is_asked_once(tmp_path: Path) -> None:
    header = ";".join(["id", *(f"q{n}" for n in range(300)), *(f"words_{n}" for n in range(40))])
    rows = [
        ";".join(
            [
                f"{i:08d}",
                *(str(999 if i % 20 == n % 20 else i % 4 + 1) for n in range(300)),
                *(f"t{i}x" for _ in range(40)),
            ]
        )
        for i in range(60)
    ]
    survey, _ = proposed(tmp_path, header, rows)
    in_wave = [problem.found for problem in survey.todos if problem.file == "waves/2024.yaml"]
    assert len(in_wave) == len(set(in_wave)) < 10
    said = "\n".join((tmp_path / "s" / "waves" / "2024.yaml").read_text("utf-8").replace("\n  # ", " ").splitlines())
    assert all(f"q{n}" in said.split("does code 999 mean dont_know?")[1].split("todo")[0] for n in range(300))
    _, changes, later = wave(tmp_path / "later", "  fact: {column: q0}\n", rows, header)
    marks = [problem.found for problem in later.todos if problem.file == "waves/2021.yaml"]
    assert len(marks) == len(set(marks)) < 8
    assert sum(change.startswith("new column q") for change in changes) == 299


ASKED = "In de jaren 2017-2019: heeft uw bedrijf {}?"


def qualtrics(columns: dict[str, str]) -> list[str]:
    lines = [",".join(["id", *columns]), ",".join(["Nummer", *(f'"{words}"' for words in columns.values())])]
    lines.append(",".join(f'"{{""ImportId"":""{n}""}}"' for n in ("id", *columns)))
    return [*lines, *(",".join([f"{i:08d}", *("12"[(i + n) % 2] for n in range(len(columns)))]) for i in range(30))]


def test_periods_move_with_the_reference_year_and_what_differs_is_marked(tmp_path: Path) -> None:
    codes = 'codes: {"1": true, "2": false}'
    questions = "  firm: {column: id}\n" + "".join(
        f"  {concept}: {{column: {column}, {codes}, text: {{nl: '{nl}', en: '{en}'}}}}\n"
        for concept, column, nl, en in (
            ("fact", "a", ASKED.format("vernieuwd"), "In 2017-2019: did you renew?"),
            ("follow_up", "b", ASKED.format("samengewerkt"), "In 2017-2019: did you cooperate?"),
            ("in_house_rd", "c", ASKED.format("onderzocht"), "In 2017-2019: R&D?"),
            ("contracted_out_rd", "d", "Sinds de wet van 1995 uitbesteed?", "Since the act of 1995?"),
            ("product_innovation", "e", "Nieuw in 2019?", "New in 2019?"),
        )
    )
    survey = small_survey.survey(tmp_path, questions)
    columns = {
        "a": "In de jaren 2018–2020: heeft uw bedrijf vernieuwd?",
        "b": "In de jaren 2018–2021: heeft uw bedrijf samengewerkt?",
        "c": ASKED.format("onderzocht"),
        "d": "Sinds de wet van 1995 uitbesteed?",
        "e": "",
    }
    source = tmp_path / "export_2021.csv"
    source.write_text("\n".join(qualtrics(columns)), encoding="utf-8")
    written, changes = propose_wave(survey.folder, source)
    text = written.read_text("utf-8")
    asked = {name: dict(q.text) for name, q in load_survey(survey.folder).waves["2021"].questions.items()}
    assert asked["fact"] == {
        "nl": "In de jaren 2018-2020: heeft uw bedrijf vernieuwd?",
        "en": "In 2018-2020: did you renew?",
    }
    assert asked["in_house_rd"]["nl"] == columns["c"], "the file asks about the same years as before"
    assert asked["contracted_out_rd"] == {"nl": columns["d"], "en": "Since the act of 1995?"}
    assert asked["product_innovation"] == {"nl": "Nieuw in 2020?", "en": "New in 2020?"}
    worded = [change for change in changes if "worded otherwise" in change]
    assert len(worded) == 1
    assert worded[0].startswith("follow_up: worded otherwise: 'In de jaren 2018–2021")
    assert "todo: worded otherwise: 'In de jaren 2018–2021" in text
    assert "todo: periods in texts moved by 1 years, with no text in the file: product_innovation" in text


@pytest.mark.parametrize(
    ("words", "period", "now"),
    [
        ("In 2019?", "2019", "2021"),
        ("Now?", "interview", "interview"),
        ("", "2017-2019", "2019-2021"),
        ("", None, None),
    ],
)
def test_the_period_a_question_asks_about_moves_with_the_reference_year(
    words: str, period: str | None, now: str | None
) -> None:
    question = Question("fact", {"fact": "f"}, 1, text={"en": words} if words else {}, period=period)
    moved, _ = kept_text(question, [], 2019, 2021)
    assert kept_period(question, moved, 2019, 2021) == now
    assert kept_period(question, dict(question.text), 2019, 2021) == (period if "2019" in words else now)


def test_a_label_with_another_period_is_marked(tmp_path: Path) -> None:
    source = tmp_path / "export_2024.csv"
    rows = [f"{i:08d};{'(1) renewed in 2021-2023' if i % 2 else '(2) renewed before'}" for i in range(40)]
    source.write_text("\n".join(["id;renewal", *rows]), encoding="utf-8")
    propose_survey(tmp_path / "s", source)
    later = tmp_path / "export_2025.csv"
    later.write_text(
        "\n".join(["id;renewal", *(row.replace("2021-2023", "2022–2024") for row in rows)]), encoding="utf-8"
    )
    _, changes = propose_wave(tmp_path / "s", later)
    assert "renewal: code 1 now says 'renewed in 2022–2024' (declared: 'renewed in 2021-2023')" in changes
