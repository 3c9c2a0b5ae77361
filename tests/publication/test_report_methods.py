"""The page of methods: thresholds are those that decide, declarations have their labels, sources are listed."""

from __future__ import annotations

import html
import re

import publication
import pytest

from monitor.publication.report import methods
from monitor.statistics.design import intervals
from monitor.statistics.models import firth, power

CITED = re.compile(
    r"\b([A-ZÅÄÖ][\w’-]+)(?:(?:, [A-Z][\w-]+)* (?:en|and|&) [A-Z][\w-]+| e\.a\.| et al\.)? \(?((?:19|20)\d\d)\b"
)


def page(published: publication.Published, language: str) -> str:
    text = (published[2] / "public" / "report" / language / "methods.html").read_text(encoding="utf-8")
    text = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "\n", text)).replace("\u00a0", " ")


def test_the_thresholds_are_those_that_decide() -> None:
    assert methods.FEW_EVENTS == intervals.FEW_EFFECTIVE_EVENTS_OF_A_CONTRAST
    assert methods.FEW_OF_A_STATE == intervals.FEW_EFFECTIVE_EVENTS_OF_A_STATE
    assert methods.HIGHEST_LEVERAGE == firth.HIGHEST_LEVERAGE
    assert methods.POWER == power.POWER


@pytest.mark.parametrize("language", ["nl", "en"])
def test_declarations_stand_under_their_labels(published: publication.Published, language: str) -> None:
    survey, text = published[1], page(published, language)
    declared = text[text.rindex({"nl": "De vastgelegde modellen", "en": "The declared models"}[language]) :]
    for model in survey.models.values():
        main = model.main
        labels = [model.label[language], *(survey.measures[x].label[language] for x in (main.outcome, *main.practices))]
        assert all(label in declared for label in labels), model.name
    assert str(survey.seed) in text
    assert str(survey.design.replicates) in text
    # Before the tables of formulas and of other names nothing is called by a name that only the definition knows.
    before = text[: text.index({"nl": "Maten en groepen", "en": "Measures and bases"}[language])]
    names = {name for name in (*survey.measures, *survey.models, *survey.bases) if "_" in name}
    assert names
    assert not [name for name in names if re.search(rf"\b{name}\b", before)]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_is_cited_is_listed(published: publication.Published, language: str) -> None:
    text = page(published, language)
    start = text.rindex({"nl": "Literatuur", "en": "Literature"}[language])
    cited, listed = set(CITED.findall(text[:start])), text[start:]
    assert len(cited) > 20
    for author, year in cited:
        assert re.search(rf"{re.escape(author)}\b.*\({year}\)", listed), (author, year)
