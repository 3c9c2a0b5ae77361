"""The page of ecosystems in four languages: all fifty rows, each with a value, a description or a named white spot."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from jinja2 import Environment

from monitor.contract.shape import shaped
from monitor.publication.report import ecosystems
from monitor.publication.report.build import spoken
from monitor.publication.report.numbers import Numbers
from monitor.stages.disclosed import codebook
from monitor.stages.disclosed.framework import framework
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED
from monitor.wording.sentences import say, spoken_languages

LINE = {
    "wave": "2019", "indicator": "product_innovators", "domain_variable": "province", "domain": "PV21",
    "estimate": 0.33, "ci_low": 0.29, "ci_high": 0.37, "suppressed": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def survey() -> Survey:
    return replace(load_survey(BUNDLED), languages=spoken_languages())


def told(survey: Survey, language: str) -> dict[str, Any]:
    """The page's content in a language."""
    lines = pd.DataFrame([LINE, LINE | {"indicator": "participation", "suppressed": True}])
    changes = pd.DataFrame(columns=["indicator", "domain_variable", "domain", "wave_from", "wave_to", "change"])
    table = shaped("framework", framework(survey, {"indicators": lines, "changes": changes}, sorted(survey.waves)))
    words = {
        "definitions": shaped("definitions", codebook.definitions(survey)),
        "codebook": shaped("codebook", codebook.codebook(survey, sorted(survey.waves))),
        "indicators": shaped("indicators", pd.DataFrame(columns=["survey"])),
    }
    figures = spoken({**words, "framework": table}, survey)[language]
    return ecosystems.page(figures, survey)


@pytest.mark.parametrize("language", spoken_languages())
def test_all_fifty_stand_on_the_page_and_none_is_empty(survey: Survey, language: str) -> None:
    for each in told(survey, language)["ecosystems"]:
        rows = [row for one in each["tables"] for row in one.rows]
        assert [int(row[0].partition(".")[0]) for row in rows] == list(range(1, 51))
        assert all(row[1] and row[4] for row in rows)
        white = say("framework", "white_spot", language)
        assert sum(row[1] == white for row in rows) == int(re.findall(r"\d+", each["summary"])[-1])


@pytest.mark.parametrize("language", spoken_languages())
def test_a_value_is_written_with_its_interval_and_its_source_in_the_page_s_language(
    survey: Survey, language: str
) -> None:
    rows = {
        row[0].partition(".")[0]: row for one in told(survey, language)["ecosystems"][0]["tables"] for row in one.rows
    }
    n = Numbers(language)
    assert rows["13"][1] == f"{n.percent(0.33, 1)} ({n.interval(0.29, 0.37)})"
    assert rows["37"][1] == say("framework", "withheld", language)
    assert rows["14"][3] == say("framework", "since", language, change=n.plain(-4), year=2017)
    assert rows["15"][3] == say("framework", "since", language, change=f"+{n.plain(16)}", year=2017)
    assert rows["14"][4].endswith(f"{say('framework', 'made_up', language)}.")
    assert say("framework", "by_outside", language) in rows["16"][4]
    real = {
        row[0].partition(".")[0]: row for one in told(survey, language)["ecosystems"][1]["tables"] for row in one.rows
    }
    assert real["13"][1] == n.percent(0.48, 1)
    assert "CC-BY-4.0" in real["13"][4]
    assert not real["13"][4].endswith(f"{say('framework', 'made_up', language)}.")


def test_words_of_a_source_are_text_on_the_page(survey: Survey) -> None:
    """A description may hold any character: the template escapes it."""
    assert survey.framework is not None
    water = survey.framework.ecosystems["water"]
    hostile = replace(water.described[4], text=dict.fromkeys(survey.languages, "<script>alert(1)</script>"))
    changed = replace(water, described={**water.described, 4: hostile})
    odd = replace(survey, framework=replace(survey.framework, ecosystems={"water": changed}))
    (one, *_) = told(odd, "en")["ecosystems"][0]["tables"]
    shown = Environment(autoescape=True).from_string("{{ value }}").render(value=one.rows[3][1])
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
