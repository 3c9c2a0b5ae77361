"""Where two waves meet: a question that the last wave asked otherwise, in every place that could compare the two."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import publication
import pytest
import yaml

from monitor.stages import disclosed, released
from monitor.stages.modelled.modelling import Findings
from monitor.statistics.decisions.claim import ModelContrast, Share
from monitor.storage.lake import connect
from monitor.survey import Survey, load_survey
from monitor.survey.comparability import apart, changes_between, comparable_since, estimand_concepts

CHANGED = {"nl": "Eerst ja of nee; nu een lijst", "en": "Yes or no first; now a list"}
BEFORE, NOW = publication.WAVES


def released_survey(folder: Path, since: str) -> tuple[Survey, Path]:
    """A release in whose last wave the question on initiatives was recoded; `since`: what the survey says of it."""
    publication.survey(folder / "survey")
    file = folder / "survey" / "waves" / f"{NOW}.yaml"
    wave = yaml.safe_load(file.read_text(encoding="utf-8"))
    recoded = {"comparability": "recoded", "changed": CHANGED, "comparable_since": since}
    wave["questions"]["initiatives"] |= recoded
    file.write_text(yaml.safe_dump(wave, allow_unicode=True), encoding="utf-8")
    survey = load_survey(folder / "survey")
    lake = publication.lake(folder / "home", survey)
    first = {name: comparable_since(survey, name, survey.waves[NOW]) for name in survey.indicators}
    indicators = lake.read("estimated_indicators", NOW)
    lake.write("estimated_indicators", NOW, indicators.assign(comparable_since=indicators["indicator"].map(first)))
    changes = lake.read("estimated_changes", "all")
    kept = [str(first[name]) <= before for name, before in zip(changes["indicator"], changes["wave_from"], strict=True)]
    lake.write("estimated_changes", "all", changes[kept])
    disclosed.run_all(lake, survey, list(publication.WAVES))
    return survey, Path(str(released.run_all(lake, survey, list(publication.WAVES))["path"]))


def pages(release: Path, language: str, name: str) -> str:
    source = (release / "public" / "report" / language / f"{name}.html").read_text(encoding="utf-8")
    return html.unescape(source)


def change_of(release: Path, indicator: str) -> dict[str, str]:
    with (release / "public" / "tables" / "changes.csv").open(encoding="utf-8", newline="") as file:
        (found,) = [x for x in csv.DictReader(file) if (x["indicator"], x["domain_variable"]) == (indicator, "all")]
    return found


@pytest.mark.slow
def test_a_question_recoded_in_the_last_wave_breaks_every_comparison(tmp_path: Path) -> None:
    survey, release = released_survey(tmp_path, NOW)
    line = change_of(release, "participation")
    assert (line["comparable"], line["comparability"], line["change"], line["p_value"]) == ("false", "recoded", "", "")
    assert line["changed_en"].endswith(f"was recoded in 2018 ({CHANGED['en']}).")
    other = change_of(release, "mean_share_new")
    assert (other["comparable"], other["comparability"], other["changed_en"]) == ("true", "asked", "")
    assert other["change"]
    for language, words in (("nl", "niet te vergelijken met 2017"), ("en", "cannot be compared with 2017")):
        told = line[f"changed_{language}"]
        start = pages(release, language, "index")
        assert f"{survey.indicators['participation'].label[language]}: {words}. {told}" in start
        trends = pages(release, language, "trends")
        figure = trends[trends.index("<figcaption>") :].partition("</svg>")[0]
        assert told in figure, "the note beside the line"
        assert 'stroke-dasharray="5 4"' in figure, "the rule that cuts the line"
        assert re.search(r'<line[^>]*stroke-width="2"/>', figure.partition("<desc")[2]) is None, "no line goes over it"
        assert trends[trends.rindex("<table>") :].count(told) == 1, "the table of changes"
        assert told in pages(release, language, "quality")
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        found = connection.execute(
            f"SELECT change, comparable, comparability FROM trend WHERE indicator = 'participation' AND wave = '{NOW}'"
        ).fetchall()
    assert found == [(None, False, "recoded")]


@pytest.mark.slow
def test_what_the_survey_declares_comparable_is_compared_with_its_change_told(tmp_path: Path) -> None:
    _, release = released_survey(tmp_path, BEFORE)
    line = change_of(release, "participation")
    assert (line["comparable"], line["comparability"]) == ("true", "recoded")
    assert line["change"]
    told = line["changed_en"]
    declared = f"{told} The survey declares the answers comparable."
    assert declared in pages(release, "en", "index")
    trends = pages(release, "en", "trends")
    figure = trends[trends.index("<figcaption>") :].partition("</svg>")[0]
    assert declared in figure
    assert 'stroke-dasharray="5 4"' not in figure
    assert trends[trends.rindex("<table>") :].count(told) == 1
    assert told in pages(release, "en", "quality")


@pytest.mark.parametrize(
    ("since", "waves", "broken"),
    [(NOW, (BEFORE, NOW), True), (BEFORE, (BEFORE, NOW), False), (NOW, (NOW,), False)],
)
def test_claims_are_decided_over_waves_that_compare(
    tmp_path: Path, since: str, waves: tuple[str, ...], broken: bool
) -> None:
    publication.survey(tmp_path / "survey")
    file = tmp_path / "survey" / "waves" / f"{NOW}.yaml"
    wave = yaml.safe_load(file.read_text(encoding="utf-8"))
    wave["questions"]["initiatives"] |= {"comparability": "recoded", "comparable_since": since}
    file.write_text(yaml.safe_dump(wave, allow_unicode=True), encoding="utf-8")
    survey = load_survey(tmp_path / "survey")
    contrast, share = ModelContrast("primary", "complementarity"), Share("innovates", "all_firms")
    findings = Findings(survey, None, "pooled", waves)  # type: ignore[arg-type]
    evidence = findings.not_together(estimand_concepts(survey, contrast))
    assert (evidence is not None) == broken
    if evidence is not None and evidence.reason is not None:
        assert "was recoded in 2018" in evidence.reason["en"]
        assert "is in 2018 anders gecodeerd" in evidence.reason["nl"]
    assert findings.not_together(estimand_concepts(survey, share)) is None
    assert (apart(survey, {"initiatives"}, waves) is not None) == broken
    kinds = [change.kind for change in changes_between(survey, {"initiatives"}, BEFORE, NOW)]
    assert kinds == ["recoded"]


@pytest.mark.slow
def test_the_page_on_revisions_tells_when_a_figure_compares_since_another_wave(tmp_path: Path) -> None:
    """The survey learns that its recoded question does not compare after all."""
    _, first = released_survey(tmp_path, BEFORE)
    survey, second = released_survey(tmp_path, NOW)
    assert first != second
    told = released.diff(tmp_path / "home", first.name, second.name)
    assert told.facts["comparability_changed"] == [[NOW, "participation", BEFORE, NOW]]
    label = survey.indicators["participation"].label["en"]
    assert f"{label} {NOW}: since {BEFORE}, now since {NOW}" in pages(second, "en", "revisions")
