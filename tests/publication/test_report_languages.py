"""A report in other languages than those of the tables, in one language, and in four."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.publication.report import site
from monitor.publication.report.build import spoken
from monitor.stages import disclosed, released
from monitor.survey import Survey, load_survey
from monitor.wording.sentences import say, spoken_languages

WAVES = list(publication.WAVES)
CLAIMS = """\
claims:
  - claim: complement
    declared: "2017-01-01"
    text: {es: Juntas dan más que por separado.}
    estimand: {kind: contrast, model: primary, variant: main, contrast: complementarity}
    rule: {kind: above, value: 0, alpha: 0.025}
"""


def in_spanish(value: object) -> object:
    """A definition whose every text in Dutch and English is one in Spanish alone."""
    if isinstance(value, dict):
        if set(value) == {"nl", "en"}:
            return {"es": f"{value['en']} (es)"}
        return {key: in_spanish(each) for key, each in value.items()}
    return [in_spanish(each) for each in value] if isinstance(value, list) else value


def tables_of(lake: object, survey: Survey) -> dict[str, pd.DataFrame]:
    tables = released.public_tables(lake, survey, WAVES)  # type: ignore[arg-type]
    moment = pd.Timestamp("2026-01-02 03:04:05")
    tables["releases"] = tables["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)
    return tables


def pages(folder: Path, language: str) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in (folder / language).glob("*.html")}


@pytest.fixture(scope="module")
def spanish(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Survey]:
    """The made-up survey in Spanish and in no other language, through disclosure control and onto its pages."""
    folder = tmp_path_factory.mktemp("spanish")
    definition = json.loads(json.dumps(publication.DEFINITION)) | {"languages": ["es"]}
    changed = {str(key): in_spanish(value) for key, value in definition.items()}
    wave = {str(key): in_spanish(value) for key, value in json.loads(json.dumps(publication.WAVE)).items()}
    survey = publication.survey(folder / "survey", changed, wave)
    (folder / "survey" / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    survey = load_survey(folder / "survey")
    lake = publication.lake(folder / "home", survey)
    disclosed.run_all(lake, survey, WAVES)
    site.write(folder / "site", spoken(tables_of(lake, survey), survey), survey, WAVES)
    return folder / "site", survey


def test_a_survey_of_one_language_is_told_in_it_on_every_page(spanish: tuple[Path, Survey]) -> None:
    folder, survey = spanish
    assert [path.name for path in folder.iterdir() if path.is_dir() and path.name != "figures"] == ["es"]
    found = pages(folder, "es")
    assert set(publication.PAGES) <= set(found)
    for name, text in found.items():
        assert '<html lang="es"' in text, name
        assert "hreflang" not in re.sub(r"<link[^>]*>", "", text), "there is no other language to go to"
        assert html.escape(survey.title["es"]) in text, name
    assert say("report", "methods_title", "es") in found["methods"]
    for indicator in survey.indicators.values():
        assert html.escape(indicator.label["es"]) in found["methods"]
    assert re.search(r"\d,\d\N{NO-BREAK SPACE}%", found["index"])


def test_its_claims_stand_in_every_column_of_the_tables(spanish: tuple[Path, Survey]) -> None:
    (claim,) = spanish[1].claims
    assert claim.text == dict.fromkeys(("nl", "en", "es"), "Juntas dan más que por separado.")


def test_a_survey_of_four_languages_has_every_page_in_each(published: publication.Published, tmp_path: Path) -> None:
    lake, survey, _ = published
    four = replace(survey, languages=spoken_languages())
    assert len(four.languages) == 4
    site.write(tmp_path, spoken(tables_of(lake, four), four), four, WAVES)
    first = pages(tmp_path, four.languages[0])
    for language in four.languages:
        found = pages(tmp_path, language)
        assert set(found) == set(first)
        for name, text in found.items():
            links = re.findall(r'<a href="\.\./(\w+)/([\w.-]+)" lang="\1"', text)
            assert [code for code, _ in links] == [x for x in four.languages if x != language], name
            assert all((tmp_path / code / file).is_file() for code, file in links)
        assert html.escape(say("report", "nav_quality", language)) in found["index"]
    door = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(say("report", "language_name", language) in door for language in four.languages)


def test_an_unknown_language_is_named_with_those_there_are(tmp_path: Path) -> None:
    from monitor.problems import MonitorError

    with pytest.raises(MonitorError, match=r"nl, en, de, es"):
        publication.survey(tmp_path, {"languages": ["en", "fr"]})
