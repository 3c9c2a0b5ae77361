"""What firms that did not answer could change, on the pages: in both languages, beside every headline and claim."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import declared
import pandas as pd
import publication
import pytest

from monitor.publication.report import claims
from monitor.publication.report.build import spoken
from monitor.publication.report.sensitivity import sentence_of
from monitor.publication.report.tables import Figures
from monitor.storage.lake import connect
from monitor.survey import Survey

SENTENCES = {
    "en": "If firms with “Takes part” answered 1.5 times as readily as others, {now} would be {then}.",
    "nl": "Als bedrijven met ‘Mee’ 1,5 keer zo gemakkelijk antwoordden als andere, zou het geen {now} maar {then} "
    "zijn.",
}
STANDS = {
    "en": "The verdict stays the same from 0.67 to 1.5 times.",
    "nl": "Het oordeel blijft van 0,67 tot 1,5 keer hetzelfde.",
}
NEWEST = publication.WAVES[-1]


def tables(release: Path) -> dict[str, pd.DataFrame]:
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: connection.execute(f'SELECT * FROM "{name}"').df() for name in names}


@pytest.fixture(scope="module")
def told(published: publication.Published) -> tuple[dict[str, pd.DataFrame], Survey]:
    _, survey, release = published
    claim = declared.claim(
        claim="complement",
        estimand={"kind": "contrast", "model": "primary", "contrast": "complementarity"},
        rule={"kind": "above", "value": 0, "alpha": 0.025},
    )
    return tables(release), replace(survey, claims=(claim,))


def figures(told: tuple[dict[str, pd.DataFrame], Survey], language: str, **changed: object) -> Figures:
    found, survey = told
    rows = found["sensitivity"].assign(**changed)
    return spoken({**found, "sensitivity": rows}, survey)[language]


def page(release: Path, language: str, name: str) -> str:
    return unescape((release / "public" / "report" / language / f"{name}.html").read_text(encoding="utf-8"))


def percent(share: float, language: str) -> str:
    text = f"{100 * share:.1f}%"
    return text.replace(".", ",") if language == "nl" else text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_headline_card_and_claim_carries_its_sentence(
    published: publication.Published, told: tuple[dict[str, pd.DataFrame], Survey], language: str
) -> None:
    _, survey, release = published
    row = told[0]["sensitivity"].query("wave == @NEWEST and figure == 'participation' and axis == '1.5'").iloc[0]
    now = told[0]["indicators"].query(
        "wave == @NEWEST and indicator == 'participation' and domain_variable == 'all'"
    ).iloc[0]  # fmt: skip
    wanted = SENTENCES[language].format(now=percent(now["estimate"], language), then=percent(row["estimate"], language))
    start = page(release, language, "index")
    assert wanted in start
    for name, indicator in survey.indicators.items():
        if indicator.headline:
            sentence = sentence_of(figures(told, language), (NEWEST, "indicator", name))
            assert sentence
            assert sentence in start
    claim = sentence_of(figures(told, language), (NEWEST, "claim", "complement"))
    assert claim.endswith(STANDS[language])
    verdicts = [one for found in claims.told(figures(told, language), NEWEST) for one in found["verdicts"]]
    assert [one["silent"] for one in verdicts] == [claim]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_figure_is_read_as_a_table_and_described_in_words(published: publication.Published, language: str) -> None:
    text = page(published[2], language, "sensitivity")
    figure = re.search(r'<figure id="sensitivity-.*?</figure>', text, re.S)
    assert figure is not None
    described = re.search(r"<desc[^>]*>(.*?)</desc>", figure[0], re.S)
    assert described is not None
    sign = "," if language == "nl" else "."
    for odds in (f"0{sign}67", "1", f"1{sign}5", "3"):
        word = "keer" if language == "nl" else "times"
        assert f"{odds} {word}: " in described[1]
        assert re.search(rf'<th scope="row">{re.escape(odds)} {word}</th>', figure[0])


def test_a_verdict_that_turns_says_where(told: tuple[dict[str, pd.DataFrame], Survey]) -> None:
    turning = figures(told, "en", survives=False, turns_above=1.23)
    key = (NEWEST, "claim", "complement")
    assert sentence_of(turning, key).endswith("At 1.23 times the verdict is another (plausible: 0.67 to 1.5 times).")
    both = figures(told, "nl", survives=False, turns_above=1.23, turns_below=0.9)
    assert "bij 0,9 en bij 1,23 keer een ander" in sentence_of(both, key)
    unknown = figures(told, "en", survives=None)
    assert "cannot be told" in sentence_of(unknown, key)


def test_what_is_withheld_has_no_sentence(told: tuple[dict[str, pd.DataFrame], Survey]) -> None:
    hidden = figures(told, "en", suppressed=True, estimate=None)
    for key in ((NEWEST, "claim", "complement"), (NEWEST, "indicator", "participation")):
        assert sentence_of(hidden, key) == ""
    assert sentence_of(figures(told, "en"), (NEWEST, "indicator", "unheard_of")) == ""
