"""Nothing that a firm wrote reaches a terminal, a log or a definition; codes of a list do."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_survey
from hypothesis import given
from hypothesis import strategies as st

from monitor import cli
from monitor.authoring.delivery_check import check
from monitor.authoring.shown import shown

FIRMS = 60
CANARY = "kanarie"
COLUMNS = {
    # column: what firm i wrote; everything a firm wrote itself holds the canary or its number
    "kvk": lambda i: f"7319{i:04d}",
    "opinion": lambda i: f"{CANARY} {i}",
    "a_few_words": lambda i: "geen" if i % 3 else f"Kanarie{i % 7}",
    "rare_answer": lambda i: "veel" if i < 53 else CANARY,
    "person": lambda i: "Jan Kanarie" if i % 2 else "J. de Kanarie",
    "firm_name": lambda i: "Kanarie BV" if i % 2 else "kanarie holding",
    "mail": lambda i: "info@kanarie.example",
    "reached_at": lambda i: "ja" if i % 2 else "050-7319731",
    "place": lambda i: "9731 KANARIE" if i % 4 else "",
    "several": lambda i: f"1,2,{CANARY}{i}" if i % 5 == 0 else "1,3,4",
    "option_1": lambda i: CANARY if i == 3 else "",
    "option_2": lambda i: "x" if i % 2 else "",
    "in_a_cell": lambda i: "1: ja" if i % 2 else f"2: {CANARY} {i}",
    "once_in_a_cell": lambda i: "1: ja" if i else f"7: {CANARY}",
    "turnover": lambda i: f"7319{i}7",
    "colour": lambda i: "rood" if i % 2 else "blauw",
    "yes_no": lambda i: "1" if i % 2 else "2",
}
SHOWN = ("rood", "blauw")
OWN = "concepts:\n  one: {type: category, label: {nl: Een, en: One}, codes: {a: {nl: Aa, en: Aa}}}\n"


def delivery(folder: Path, name: str) -> Path:
    target = folder / name
    rows = [";".join(make(i) for make in COLUMNS.values()) for i in range(FIRMS)]
    target.write_text("\n".join([";".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return target


def everything(folder: Path, home: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> str:
    """What was printed and logged, and every file of the definition and the home."""
    printed = capsys.readouterr()
    files = [p for place in (folder, home) for p in place.rglob("*") if p.is_file()]
    return "\n".join([printed.out, printed.err, caplog.text, *(p.read_text("utf-8", errors="replace") for p in files)])


def leaks(text: str) -> list[str]:
    return [line for line in text.splitlines() if CANARY in line.casefold() or "7319" in line]


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_no_canary_leaves_a_first_proposal(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    form: list[str],
) -> None:
    source = delivery(tmp_path, "export_2024.csv")
    folder = tmp_path / "s"
    assert cli.main(["new-survey", str(folder), "--from", str(source), "--home", str(home), *form]) == 0
    text = everything(folder, home, capsys, caplog)
    assert leaks(text) == []
    assert all(word in text for word in SHOWN)
    for column in ("opinion", "a_few_words", "person", "firm_name"):
        assert f'"{column}"' in text, "what is left out is named"


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_no_canary_leaves_the_proposal_of_a_later_wave_nor_a_check(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    form: list[str],
) -> None:
    folder = tmp_path / "s"
    cli.main(["new-survey", str(folder), "--from", str(delivery(tmp_path, "export_2024.csv")), "--home", str(home)])
    survey, wave = folder / "survey.yaml", folder / "waves" / "2024.yaml"
    mapped = [name for name in COLUMNS if name not in ("kvk", "colour")]
    survey.write_text(
        survey.read_text("utf-8").replace("concepts:\n", OWN).replace("  colour:", "".join(
            f"  t_{name}: {{type: category, label: {{nl: T, en: T}}, codes: {{a: {{nl: Aa, en: Aa}}}}}}\n"
            for name in mapped) + "  colour:"), "utf-8",
    )  # fmt: skip
    questions = "".join(f'  t_{name}: {{column: {name}, codes: {{"a": a}}}}\n' for name in mapped)
    wave.write_text(wave.read_text("utf-8") + questions, "utf-8")
    capsys.readouterr()
    caplog.clear()
    later = delivery(tmp_path, "export_2025.csv")
    assert cli.main(["new-wave", str(folder), "--from", str(later), "--home", str(home), *form]) == 0
    text = everything(folder, home, capsys, caplog)
    assert leaks(text) == []
    assert "a value that too few firms gave to be shown is not declared" in text
    assert cli.main(["check", str(later), "--survey", str(folder), "--wave", "2024", "--home", str(home), *form]) in (
        0,
        1,
    )
    printed = capsys.readouterr()
    assert leaks(printed.err + caplog.text) == []
    assert [line for line in leaks(printed.out) if CANARY in line.casefold()] == []


def test_a_file_without_a_header_is_refused_without_its_first_firm(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "export_2024.csv"
    source.write_text("73190001;12;kanarie\n73190002;3;mus\n73190003;4;mees\n", encoding="utf-8")
    assert cli.main(["new-survey", str(tmp_path / "s"), "--from", str(source), "--home", str(home)]) == 2
    assert not (tmp_path / "s").exists()
    text = everything(tmp_path / "s", home, capsys, caplog)
    assert "not like the names of columns" in text
    assert leaks(text) == []


def test_labels_that_were_typed_are_no_code_list() -> None:
    typed = {str(i): f"{CANARY} {i}" for i in range(40)}
    assert not shown(dict.fromkeys(typed.values(), 1), 10, {v: v for v in typed.values()})
    regions = {f"region {i}": f"Region {i}" for i in range(40)}
    assert shown(dict.fromkeys(regions, 25), 10, regions) == set(regions), "a long list that firms choose from"


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60), st.integers(1, 30), max_size=30))
def test_what_fewer_than_the_minimum_wrote_is_never_shown_but_for_bare_codes(values: dict[str, int]) -> None:
    for value in shown(values, 10):
        assert values[value] >= 10 or len(value) <= 3 or value.casefold() in ("true", "false", "9999")
        assert "@" not in value


def test_a_check_tells_what_changed_without_the_words(home: Path, tmp_path: Path) -> None:
    questions = (
        '  firm: {column: id}\n  colour: {column: c, codes: {"rood": red, "blauw": blue}}\n  amount: {column: a}\n'
    )
    survey = small_survey.survey(tmp_path, questions)
    small_survey.put(home, "answers.csv", "id;c;a\n00000001;rood;5\n00000002;rood;6\n00000003;rood;7\n")
    small_survey.staged_answers(home, survey)
    source = tmp_path / "answers.csv"
    source.write_text("id;c;a\n00000001;blauw;5\n00000002;kanarie geel;6\n00000003;rood;ca. 7 kanaries\n", "utf-8")
    report = check(survey, survey.waves["2020"], source, home)
    assert {(a["from"], a["to"]) for a in report.amendments} == {
        ("rood", "blauw"), ("rood", "[words withheld]"), ("7", "[words withheld]"),
    }  # fmt: skip
    assert leaks(report.render() + str(report.as_dict())) == []
