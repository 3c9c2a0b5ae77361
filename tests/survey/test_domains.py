"""What figures are published by: ranges as codes, categories made by a measure, and domains that hold nothing."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import small_survey
from hypothesis import given
from hypothesis import strategies as st

from monitor.authoring.delivery_check import check
from monitor.problems import DefinitionError
from monitor.publication.report.words import words_of
from monitor.stages.disclosed.codebook import codebook, definitions
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.survey.ranges import overlaps, ranges_of

SIZES = "  size: {type: category, label: {nl: Grootte, en: Size}, codes: {small: {nl: Klein, en: Small}, medium: {nl: Middel, en: Medium}, large: {nl: Groot, en: Large}}}\n"  # noqa: E501
CODES = 'codes: {"0-19": small, "20–249": medium, "250+": large, "onbekend": small}, missing: {"999": dont_know}'
FIRM = "  firm: {column: id}\n"
HIGH = (
    "  high: {sql: \"CASE WHEN amount > 50 THEN 'high' ELSE 'low' END\", type: category, "
    "label: {nl: Hoogte, en: Height}, codes: {low: {nl: Laag, en: Low}, high: {nl: Hoog, en: High}}}\n"
)


def staged_sizes(home: Path, folder: Path, cells: list[str]) -> tuple[list[object], list[str]]:
    survey = small_survey.survey(folder, f"{FIRM}  size: {{column: g, {CODES}}}\n", concepts=SIZES)
    rows = "".join(f"{i:08d};{cell}\n" for i, cell in enumerate(cells))
    small_survey.put(home, "answers.csv", f"id;g\n{rows}")
    answers, missing = small_survey.staged_answers(home, survey)
    return [v if isinstance(v, str) else None for v in answers["size"]], missing["kind"].tolist()


def test_a_number_in_a_declared_range_is_its_code(home: Path, tmp_path: Path) -> None:
    cells = ["0", "19", "19,5", "20", "249,9", "250", "1.250", "0-19", "250+", "onbekend", "-3", "999", "veel", ""]
    sizes, missing = staged_sizes(home, tmp_path, cells)
    assert sizes == [
        "small", "small", "small", "medium", "medium", "large", "large", "small", "large", "small",
        None, None, None, None,
    ]  # fmt: skip
    assert missing == ["invalid", "dont_know", "invalid", "absent"]


@given(st.integers(0, 400), st.integers(0, 50), st.integers(0, 400))
def test_between_whole_ends_every_number_is_in_one_range(low: int, width: int, asked: int) -> None:
    codes = {f"{low}-{low + width}": "a", f"{low + width + 1}+": "b"}
    assert list(overlaps(codes)) == []
    for number in (asked, asked + 0.5):
        assert sum(r.holds(number) for r in ranges_of(codes)) == (number >= low)


def test_ranges_that_overlap_are_a_mistake_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as found:
        small_survey.survey(
            tmp_path,
            f'{FIRM}  size: {{column: g, codes: {{"0-20": small, "20-249": medium, "100+": large}}}}\n',
            concepts=SIZES,
            more='frame: {file: "*.f", columns: {id: firm, g: size}, codes: {size: {"0-9": small, "5-20": medium}}}\n',
        )
    shown = [problem.render() for problem in found.value.problems]
    assert len(shown) == 3
    assert "waves/2020.yaml:4: the frame's 'size' has two ranges for one number" in shown[0]
    assert "found: 0-9 and 5-20" in shown[0]
    assert "waves/2020.yaml:7: question 'size' has two ranges for one number" in shown[1]
    assert "found: 0-20 and 20-249" in shown[1]
    assert "found: 20-249 and 100+" in shown[2]


def with_domains(folder: Path, domains: str, headline: bool = True) -> Survey:
    target = small_survey.survey(
        folder, f"{FIRM}  amount: {{column: a}}\n  fact: {{column: f}}\n", concepts=SIZES
    ).folder
    text = (target / "survey.yaml").read_text(encoding="utf-8")
    text = text.replace("domains: []", f"domains: {domains}").replace("measures:\n", f"measures:\n{HIGH}")
    text = text if headline else text.replace("headline: true, ", "")
    (target / "survey.yaml").write_text(text, encoding="utf-8")
    return load_survey(target)


@pytest.mark.slow
def test_figures_by_the_categories_of_a_measure(home: Path, tmp_path: Path) -> None:
    survey = with_domains(tmp_path, "[high, fact]")
    rows = "".join(f"{i:08d};{i};{i % 2}\n" for i in range(100))
    small_survey.put(home, "answers.csv", f"id;a;f\n{rows}")
    lake = Lake(home, "small")
    for stage in ("raw", "staged", "validated", "imputed", "derived", "weighted", "estimated"):
        importlib.import_module(f"monitor.stages.{stage}").run(lake, survey, survey.waves["2020"])
    table = lake.read("estimated_indicators", "2020")
    by = table[table["domain_variable"] == "high"].set_index("domain")["estimate"]
    assert by.to_dict() == {"low": 25.0, "high": 75.0}
    words = words_of("nl", definitions(survey), codebook(survey, ["2020"]), survey)
    assert (words.variable("high"), words.domain("high", "low")) == ("Hoogte", "Laag")
    assert words.variable("fact") == "Feit"


@pytest.mark.parametrize(
    ("domains", "words"),
    [
        ("[size]", "nothing feeds the domain 'size'"),
        ("[amount]", "the domain 'amount' has no categories"),
        ("[any_amount]", "the domain 'any_amount' has no categories"),
        ("[heigh]", "did you mean 'high'?"),
    ],
)
def test_a_domain_that_holds_nothing_is_a_mistake_with_its_line(tmp_path: Path, domains: str, words: str) -> None:
    with pytest.raises(DefinitionError) as found:
        with_domains(tmp_path, domains)
    (problem,) = found.value.problems
    line = next(
        number
        for number, text in enumerate(
            (tmp_path / "definition" / "survey.yaml").read_text("utf-8").splitlines(), start=1
        )
        if text.startswith("domains")
    )
    assert (problem.file, problem.line) == ("survey.yaml", line)
    assert words in problem.render()


def test_a_survey_without_a_headline_is_told_so_and_runs(home: Path, tmp_path: Path) -> None:
    assert with_domains(tmp_path / "with", "[]").remarks == ()
    survey = with_domains(tmp_path / "without", "[]", headline=False)
    (remark,) = survey.remarks
    assert (remark.file, remark.line is not None) == ("survey.yaml", True)
    source = tmp_path / "answers.csv"
    source.write_text("id;a;f\n00000001;1;1\n", encoding="utf-8")
    report = check(survey, survey.waves["2020"], source, home)
    assert any("no figure opens the report" in note for note in report.notes)
