"""The start page: the answer, its picture and the main points say what their rows say, in both languages."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd
import pytest

from monitor.publication.report import claims, site, start
from monitor.publication.report.numbers import DASH, MINUS, NBSP
from monitor.storage.lake import connect
from monitor.survey import load_survey
from monitor.survey.wording import contrasts_of
from monitor.surveys import BUNDLED
from monitor.wording.sentences import sentences

LANGUAGES = ("nl", "en")
SURVEY = load_survey(BUNDLED)
PRIMARY = next(m for m in SURVEY.models.values() if m.primary)
WORD = r"[+−]?\d[\d.,]*"


@pytest.fixture(scope="module")
def release(demonstration: Path) -> Path:
    return (demonstration / "releases" / BUNDLED.name / "latest").resolve()


def table(release: Path, name: str) -> pd.DataFrame:
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        return connection.execute(f"SELECT * FROM {name}").df()


def rows(frame: pd.DataFrame, **wanted: str) -> pd.DataFrame:
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    return frame


def page(release: Path, language: str, file: str = "index.html") -> str:
    text = (release / "public" / "report" / language / file).read_text(encoding="utf-8")
    return html.unescape(text).replace(NBSP, " ")


def plain(source: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", source).split())


def numbers(language: str, words: str) -> list[float]:
    """Every number of a text, without the 95 of the interval."""
    bare = re.sub(r"95 ?%[- ]interval", "", words)
    found = [x.rstrip(".,").replace(MINUS, "-") for x in re.findall(WORD, bare)]
    thousands, point = (".", ",") if language == "nl" else (",", ".")
    return [float(x.replace(thousands, "").replace(point, ".")) for x in found]


def element(release: Path, language: str, link: str) -> str:
    """The text of the element that a link leads to."""
    file, _, place = link.partition("#")
    source = page(release, language, file)
    assert source.count(f'id="{place}"') == 1, link
    return plain("<tr " + source[source.index(f'id="{place}"') :].partition("</tr>")[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_has_the_pooled_estimate_and_the_verdict_on_its_claim(release: Path, language: str) -> None:
    source = page(release, language)
    said = plain(source.partition('<p class="answer">')[2].partition("</p>")[0])
    asked = {"wave": "pooled", "model": PRIMARY.name, "variant": "main"}
    asked["contrast"] = contrasts_of(SURVEY, PRIMARY.name)["complementarity"].name
    own = rows(table(release, "contrasts"), **asked).iloc[0]
    expected = [100 * own[c] for c in ("estimate", "ci_low", "ci_high")]
    assert numbers(language, said) == pytest.approx(expected, abs=0.05 + 1e-6)
    verdicts = rows(table(release, "claims"), **asked).set_index("claim")["verdict"]
    first = next(verdicts[c.name] for c in SURVEY.claims if c.name in verdicts)
    assert said.lower().startswith(sentences("report")[first.replace(" ", "_")][language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_opening_figure_has_the_four_probabilities(release: Path, language: str) -> None:
    source = page(release, language).partition('class="opening"')[2].partition("</section>")[0]
    tiles = re.findall(r'font-size="26"[^>]*>(\d+)%</text><text[^>]*>(\d+)–(\d+)%</text>', source)
    own = rows(table(release, "contrasts"), wave="pooled", model=PRIMARY.name, variant="main").set_index("contrast")
    roles = contrasts_of(SURVEY, PRIMARY.name)
    for tile, role in zip(tiles, ("neither", "b_only", "a_only", "both"), strict=True):
        line = own.loc[roles[role].name]
        expected = [100 * line[c] for c in ("estimate", "ci_low", "ci_high")]
        assert [int(x) for x in tile] == pytest.approx(expected, abs=0.5 + 1e-6), role


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_main_point_has_its_numbers_in_the_row_it_leads_to(release: Path, language: str) -> None:
    source = page(release, language).partition('<ol class="points">')[2].partition("</ol>")[0]
    listed = re.findall(r'<li>(.*?)<a href="([^"]+)"', source, re.DOTALL)
    assert 3 <= len(listed) <= start.MOST
    kinds = {link.partition("#")[2].partition("-")[0] for _, link in listed}
    assert {"indicator", "contrast", "claim"} <= kinds
    for words, link in listed:
        inside = plain(words).partition("(")[2] if "indicator-" in link else plain(words)
        interval = re.search(r"95 ?%[- ]interval ([^;)]*)", inside)
        assert interval, words
        row = element(release, language, link)
        for number in re.findall(WORD, interval[1].replace(DASH, " ")):
            assert number in row, (words, row)
        there = numbers(language, row)
        n = re.search(rf"({WORD}) (?:bedrijven|firms|antwoorden|answers)", inside)
        assert n, "on how many firms or answers it rests"
        if "indicator-" in link:
            assert numbers(language, n[1])[0] in there


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_claim_of_a_model_rests_on_the_models_answers(release: Path, language: str) -> None:
    source = plain(page(release, language).partition('<ol class="points">')[2].partition("</ol>")[0])
    models = table(release, "models").set_index(["wave", "model", "variant"])["n"]
    column = f"text_{language}"
    said = 0
    for x in table(release, "claims").query("wave == 'pooled'").to_dict("records"):
        told = source.partition(x[column])[2]
        if told:
            n = re.search(rf"; ({WORD}) (?:antwoorden|answers)\)", told)
            assert n
            expected = x["n"] if pd.notna(x["n"]) else models["pooled", x["model"], x["variant"]]
            assert numbers(language, n[1]) == [expected]
            said += 1
    assert said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_of_the_claims_leads_to_its_numbers(release: Path, language: str) -> None:
    """All waves together first, then each wave in the strip; a row holds the estimate and both bounds."""
    source = page(release, language).partition('id="claims"')[2].partition("</section>")[0]
    listed = source.partition('<ul class="claims">')[2]
    told = table(release, "claims")
    waves = [*reversed(SURVEY.waves)]
    for x in told.to_dict("records"):
        link = claims.link(x)
        assert f'href="{link}"' in listed, (x["wave"], x["claim"])
        row = element(release, language, link)
        if pd.notna(x["estimate"]):
            found = numbers(language, row.replace(DASH, " "))
            for c in ("estimate", "ci_low", "ci_high"):
                assert any(abs(100 * x[c] - value) <= 0.05 + 1e-6 for value in found), (x["claim"], x["wave"], c, row)
    strips = re.findall(r'<ul class="strip">(.*?)</ul>', listed, re.DOTALL)
    assert len(strips) == len(SURVEY.claims)
    for strip in strips:
        assert re.findall(r"<li>(\d+) ", strip) == waves


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_accountability_stand_under_one_heading(release: Path, language: str) -> None:
    source = page(release, language).partition('<nav class="pages"')[2].partition("</nav>")[0]
    first, _, under = source.partition('<ul class="under">')
    assert re.findall(r'href="(\w+)\.html"', under) == list(site.ACCOUNTABLE)
    assert re.findall(r'href="([\w-]+)\.html"', first)[0] == "index"
    assert f"wave-{max(SURVEY.waves)}.html" in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_has_one_number_and_says_from_when_it_compares(release: Path, language: str) -> None:
    source = page(release, language)
    cards = re.findall(r'<li class="card">(.*?)</li>', source, re.DOTALL)
    newest = table(release, "indicators").query("wave == '2019' and domain_variable == 'all'").set_index("indicator")
    told = [name for name, i in SURVEY.indicators.items() if i.headline]
    assert len(cards) == len(told)
    for card, name in zip(cards, told, strict=True):
        assert SURVEY.indicators[name].label[language] in card
        assert card.count('class="big"') == 1
        since = newest.loc[name, "comparable_since"]
        assert ("broken" in card) == (since != min(SURVEY.waves)), name
        assert since in card if "broken" in card else True
