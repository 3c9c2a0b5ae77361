"""A survey folder is read whole, or every mistake in it is named with file, line and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from monitor.problems import DefinitionError, Problem
from monitor.survey import canonical_concepts, load_survey
from monitor.surveys import BUNDLED

ECUADOR = Path(__file__).parents[1] / "worlds" / "surveys" / "ecuador"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ECUADOR, tmp_path / "survey"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        load_survey(folder)
    return list(caught.value.problems)


def test_a_sound_folder_is_read() -> None:
    survey = load_survey(ECUADOR)
    assert survey.name == "ecuador"
    assert list(survey.waves) == ["2014"]
    assert survey.design.weight == "weight"
    question = survey.waves["2014"].questions["sector"]
    assert question.codes == {"1": "mining", "2": "manufacturing", "3": "services", "4": "trade"}
    assert survey.concepts["sector"].codes["trade"] == {"nl": "Handel", "en": "Trade", "es": "Comercio"}
    assert "sensor_technology" not in survey.concepts, "concepts this survey is not about stay out"


def test_the_bundled_survey_is_read() -> None:
    survey = load_survey(BUNDLED)
    assert survey.synthetic
    assert list(survey.waves) == ["2017", "2018", "2019"]
    assert len(survey.initiatives) == 57
    assert [len(survey.register.of_wave(wave)) for wave in survey.waves.values()] == [55, 56, 55]


def test_canonical_concepts_speak_both_languages() -> None:
    for concept in canonical_concepts().values():
        assert concept.label["nl"], concept.name
        assert concept.label["en"], concept.name


MISTAKES = [
    # file, what stands there, what it is changed to, line of the message, words of the message
    ("survey.yaml", "survey: ecuador", "surveys: ecuador", 3, "unknown key 'surveys'"),
    ("survey.yaml", "survey: ecuador", "", 4, "lacks the key 'survey'"),
    ("survey.yaml", "seed: 2014", "seed: soon", 12, "seed is not usable"),
    ("survey.yaml", "seed: 2014", "seed: 2014\nseed: 2015", 13, "the key 'seed' twice"),
    ("survey.yaml", "synthetic: false", "synthetic: perhaps", 6, "synthetic is not usable"),
    ("survey.yaml", "weights: supplied", "weights: suplied", None, "weights is not usable"),
    ("survey.yaml", "sql: in_house_rd", "sql: in_house_r_and_d", None, "unknown concept 'in_house_r_and_d'"),
    ("survey.yaml", "sql: in_house_rd", "sql: in_house_rd >", None, "not a usable expression"),
    ("survey.yaml", "sql: in_house_rd", "sql: (select true)", None, "not a usable expression"),
    ("survey.yaml", "domains: [size_band", "domains: [sise_band", None, "did you mean 'size_band'?"),
    ("survey.yaml", "measure: invests", "measure: invest", None, "unknown measure 'invest'"),
    (
        "survey.yaml",
        "measure: top_innovator, estimator: share",
        "measure: top_innovator, estimator: mean",
        None,
        "share",
    ),
    (
        "survey.yaml",
        "outcome: top_innovator",
        "outcome: topinnovator",
        None,
        "unknown measure or concept 'topinnovator'",
    ),
    ("survey.yaml", "en: Cooperates, es: Coopera}", "es: Coopera}", None, "not in every language"),
    ("waves/2014.yaml", 'wave: "2014"', 'wave: "2015"', 1, "the wave's name differs"),
    ("waves/2014.yaml", "format: spss", "format: sps", 4, "did you mean 'spss'?"),
    ("waves/2014.yaml", '"4": trade', '"4": trading', 10, "did you mean 'trade'?"),
    ("waves/2014.yaml", "employees: {", "employes: {", None, "did you mean 'employees'?"),
    ("waves/2014.yaml", "column: ii_6", "colum: ii_6", None, "must name its source"),
    ("waves/2014.yaml", "weight: {column: fexp}", "", None, "no supplied weight"),
    ("waves/2014.yaml", "questions:", 'missing: {"999": unwilling}\nquestions:', 6, "unknown kind"),
    (
        "waves/2014.yaml",
        "column: ii_6,",
        "column: ii_6, asked_of: nobody_knows,",
        None,
        "unknown concept 'nobody_knows'",
    ),
    ("waves/2014.yaml", "column: ii_6,", "column: ii_6, of_staff: true,", None, "has no size bands"),
    ("waves/2014.yaml", "column: ii_6,", "column: ii_6, comparability: reworded,", None, "since when it compares"),
    ("waves/2014.yaml", "  format: spss", "\tformat: spss", 4, "not valid YAML"),
]


NO_NUMBERS = (
    "[a, b]",
    "[0.5]",
    "[0.5, 2, 3]",
    "0.5",
    "soon",
    "true",
    "{a: 1}",
    "[true, 2]",
    "[2, 0.5]",
    "[2, 3]",
    "[.nan, 2]",
)


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_bounds_of_factors_are_two_numbers_around_one(folder: Path, value: str) -> None:
    change(folder / "survey.yaml", "  replicates: 500", f"  calibration:\n    bounds: {value}\n  replicates: 500")
    (problem,) = problems(folder)
    lines = (folder / "survey.yaml").read_text(encoding="utf-8").splitlines()
    assert problem.what == "survey.yaml.design.calibration: bounds is not usable"
    assert (problem.file, problem.line) == ("survey.yaml", 1 + lines.index(f"    bounds: {value}"))
    assert problem.expected == "two numbers, one below 1 and one above it: [0.5, 2]"
    assert problem.do


@pytest.mark.parametrize("value", ["[a, b]", "soon", "true", "'500'", "{a: 1}", "2.5", "1"])
def test_replicates_are_a_number(folder: Path, value: str) -> None:
    change(folder / "survey.yaml", "replicates: 500", f"replicates: {value}")
    assert [p.what for p in problems(folder)] == ["survey.yaml.design: replicates is not usable"]


@pytest.mark.parametrize("value", ["[a, b]", "soon", "true", "'4'", "{a: 1}"])
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("survey.yaml", "    curve:\n", "    thresholds: {level_firms: VALUE}\n    curve:\n"),
        ("survey.yaml", "step: 5", "step: VALUE"),
        ("claims.yaml", "value: 0.3333", "value: VALUE"),
        ("claims.yaml", "value: 0.3333, alpha: 0.025", "value: 0.3333, alpha: VALUE"),
    ],
)
def test_what_models_and_claims_count_with_is_a_number(
    tmp_path: Path, file: str, old: str, new: str, value: str
) -> None:
    folder = Path(shutil.copytree(BUNDLED, tmp_path / "survey"))
    change(folder / file, old, new.replace("VALUE", value))
    (problem,) = problems(folder)
    assert problem.file == file
    assert "number" in (problem.expected or "")
    assert problem.line
    assert problem.do


@pytest.mark.parametrize(("file", "old", "new", "line", "words"), MISTAKES)
def test_each_mistake_is_named(folder: Path, file: str, old: str, new: str, line: int | None, words: str) -> None:
    change(folder / file, old, new)
    found = problems(folder)
    hits = [p for p in found if words in p.render()]
    assert hits, "\n".join(p.render() for p in found)
    assert hits[0].file == file
    assert hits[0].line == line if line else hits[0].line, hits[0].render()
    assert hits[0].do, "every message says what to do"


def test_a_category_lists_its_codes_or_names_whose_they_are(folder: Path) -> None:
    change(folder / "survey.yaml", "    codes_of: INEC\n", "")
    (problem,) = problems(folder)
    assert (problem.what, problem.file) == ("question 'province' has no list of codes", "waves/2014.yaml")


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("2015-2017", "the question's words and its period name other years"),
        ("2014", "the question's words and its period name other years"),
        ("2016-2014", "period is not usable"),
        ("last year", "period is not usable"),
    ],
)
def test_a_period_is_what_the_words_of_the_question_say(tmp_path: Path, period: str, words: str) -> None:
    folder = Path(shutil.copytree(BUNDLED, tmp_path / "survey"))
    file = folder / "waves" / "2017.yaml"
    change(
        file,
        'cooperate on innovation in 2014-2016?"\n    period: 2014-2016',
        f'cooperate on innovation in 2014-2016?"\n    period: {period}',
    )
    found = problems(folder)
    assert words in found[0].what
    assert (found[0].file, found[0].found) == ("waves/2017.yaml", period)
    assert file.read_text(encoding="utf-8").splitlines()[(found[0].line or 0) - 1].strip() == f"period: {period}"


def test_eurostat_s_codes_are_for_codes_of_the_concept_each_for_one(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BUNDLED, tmp_path / "survey"))
    change(folder / "survey.yaml", "construction: F, trade_transport: GTI", "building: F, trade_transport: GTI")
    assert "building" in str(problems(folder)[0].found)
    change(folder / "survey.yaml", "building: F, trade_transport: GTI", "construction: A, trade_transport: G-I")
    assert problems(folder)[0].found == "A"


def test_a_cis_variable_is_one_indicator(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BUNDLED, tmp_path / "survey"))
    old = "    measure: rd_share_of_turnover\n"
    change(folder / "survey.yaml", old, old + "    cis_code: TUR_PRD_NEW_MKT\n")
    assert "another indicator is that CIS variable already" in problems(folder)[0].what


def test_all_mistakes_are_reported_at_once(folder: Path) -> None:
    change(folder / "survey.yaml", "seed: 2014", "seed: soon")
    change(folder / "waves/2014.yaml", "format: spss", "format: sps")
    assert {p.file for p in problems(folder)} == {"survey.yaml", "waves/2014.yaml"}


def test_margins_must_agree_and_count_the_same_unit(folder: Path) -> None:
    change(
        folder / "survey.yaml",
        "  replicates: 500",
        "  replicates: 500\n  calibration: {method: raking, margins: [[size_band], [sector]]}",
    )
    (folder / "margins").mkdir()
    rows = ["variables,categories,total,counts,source,date"]
    rows += [f"size_band,{band},100,enterprises,register,2014-01-01" for band in ("small", "medium", "large")]
    rows += [f"sector,{s},80,enterprises,register,2014-01-01" for s in ("mining", "services", "trade")]
    rows += [
        "sector,manufacturing,80,local_units,register,2014-01-01",
        "sector,fishing,0,enterprises,register,2014-01-01",
    ]
    (folder / "margins" / "2014.csv").write_text("\n".join(rows), encoding="utf-8")
    text = "\n".join(p.render() for p in problems(folder))
    assert "disagree on the number of firms" in text
    assert "sector: 320, size_band: 300" in text
    assert "margins/2014.csv:8: a margin counts another unit" in text
    assert "unknown code of sector 'fishing'" in text


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    assert "not a survey folder" in problems(tmp_path)[0].what
    assert "no such folder" in problems(tmp_path / "nowhere")[0].render()


def test_the_definition_hash_follows_the_content(folder: Path) -> None:
    before = load_survey(folder).definition_hash
    assert load_survey(folder).definition_hash == before == load_survey(ECUADOR).definition_hash
    change(folder / "survey.yaml", "seed: 2014", "seed: 2013")
    assert load_survey(folder).definition_hash != before
