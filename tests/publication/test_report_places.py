"""A page for every domain, the map of provinces, the page of comparison and the search, each against its table."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.publication.report import charts, places
from monitor.publication.report.numbers import Numbers
from monitor.storage.lake import connect

LANGUAGES = ("nl", "en")
N = {language: Numbers(language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def indicators(published: publication.Published) -> pd.DataFrame:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        return connection.execute("SELECT * FROM indicators").df()


def page(published: publication.Published, language: str, name: str) -> str:
    file = published[2] / "public" / "report" / language / f"{name}.html"
    return html.unescape(file.read_text(encoding="utf-8"))


def cells(source: str) -> list[list[str]]:
    """The text of every cell, row by row, of the tables of a part of a page."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", source, re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_domain_of_the_tables_has_a_page_that_is_led_to(
    published: publication.Published, indicators: pd.DataFrame, language: str
) -> None:
    found = indicators[indicators["domain_variable"] != "all"]
    wanted = {f"place-{v}-{d}.html" for v, d in found[["domain_variable", "domain"]].itertuples(index=False)}
    folder = published[2] / "public" / "report" / language
    assert {path.name for path in folder.glob("place-*.html")} == wanted
    for name in ("index", "places", "search"):
        assert wanted <= set(re.findall(r'href="([^"]+)"', page(published, language, name))), "one click away"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_a_domain_has_its_figures_and_no_withheld_one(
    published: publication.Published, indicators: pd.DataFrame, language: str
) -> None:
    survey, n = published[1], N[language]
    newest = publication.WAVES[-1]
    seen = {True: 0, False: 0}
    of_all = indicators[(indicators["wave"] == newest) & (indicators["domain_variable"] == "all")]
    whole = of_all.set_index("indicator")
    for (variable, domain), lines in indicators.groupby(["domain_variable", "domain"]):
        if variable == "all":
            continue
        source = page(published, language, f"place-{variable}-{domain}")
        first, *_, last = [cells(part) for part in source.split("<tbody>")[1:]]
        own = lines[lines["wave"] == newest].set_index("indicator")
        shown = own[~own["suppressed"] & own.index.isin([n for n, i in survey.indicators.items() if i.headline])]
        lead = re.search(r'<p class="lead">(.*?)</p>', source)
        assert lead
        assert re.findall(r" (\d+) (?:bedrijven|firms)", lead[1]) == ([str(shown["n"].max())] if len(shown) else [])
        told = [name for name, i in survey.indicators.items() if i.headline and name in own.index]
        for row, name in zip(first, told, strict=False):
            x = own.loc[name]
            unit = "share" if survey.indicators[name].estimator != "total" else "EUR"
            seen[bool(x["suppressed"])] += 1
            everyone = whole.loc[name]
            assert row[3] == ("" if everyone["suppressed"] else n.value(everyone["estimate"], unit))
            if x["suppressed"]:
                assert [row[2], *row[4:]] == ["", "", ""]
            else:
                assert [row[1], row[2], row[4]] == [
                    n.value(x["estimate"], unit),
                    n.interval(x["ci_low"], x["ci_high"], unit),
                    str(x["n"]),
                ]
        assert len(last) == lines["indicator"].nunique()
    assert min(seen.values()) > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_comparison_holds_every_published_number_and_no_other(
    published: publication.Published, indicators: pd.DataFrame, language: str
) -> None:
    source = page(published, language, "explore")
    parts = re.findall(r'<details class="compared" id="compare-(\w+)".*?</details>', source, re.DOTALL)
    assert parts == [n for n in published[1].indicators if n in set(indicators["indicator"])]
    numbers = re.findall(r'data-n="([^"]+)"', source)
    shown = indicators[~indicators["suppressed"] & indicators["ci_low"].notna()]
    expected = sorted(
        tuple(float(f"{x:.6g}") for x in line) for line in shown[["estimate", "ci_low", "ci_high"]].values
    )
    assert sorted(tuple(map(float, x.split())) for x in numbers) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_searched_leads_to_what_is_found(published: publication.Published, language: str) -> None:
    source = page(published, language, "search")
    entries = re.findall(r'<li><a href="([^"#]+)(?:#([^"]+))?">([^<]+)</a>', source.partition("<main")[2])
    labels = {label for _, _, label in entries}
    survey = published[1]
    assert {i.label[language] for i in survey.indicators.values()} <= labels
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        asked = connection.execute(f"SELECT DISTINCT label_{language} FROM codebook").df()
    assert set(asked[f"label_{language}"]) <= labels
    for file, place, label in entries:
        there = published[2] / "public" / "report" / language / file
        assert there.exists(), label
        assert not place or there.read_text(encoding="utf-8").count(f'id="{place}"') == 1, label


def test_the_map_knows_each_province_once() -> None:
    assert len(places.TILES) == 12
    assert len(set(places.TILES.values())) == 12
    assert places.is_map(["PV20", "PV21"])
    assert not places.is_map(["PV20", "north"])
    assert not places.is_map(["PV20"])


def test_a_tile_has_its_value_and_interval_and_is_hatched_where_unsure() -> None:
    marks = [
        charts.Mark("Noord-Holland", "40%", 0.4, 0.3, 0.5),
        charts.Mark("Zeeland", "20%", 0.2, 0.05, 0.5, faint=True),
        charts.Mark("Drenthe", "withheld", None, None, None),
    ]
    texts = [("40%", "30–50%"), ("20%", "5–50%"), ("", "withheld")]
    svg = str(places._drawn(["PV27", "PV29", "PV22"], marks, texts, "title", "name"))
    groups = re.findall(r"<g class=\"mark tile\".*?</g>", svg)
    said = [re.findall(r"<text[^>]*>([^<]+)</text>", g) for g in groups]
    assert said[0] == ["Noord-", "Holland", "40%", "30–50%"]
    assert said[1] == ["Zeeland", "20%", "5–50%"]
    assert said[2] == ["Drenthe", "withheld"]
    assert ["url(#name-h)" in g for g in groups] == [False, True, False]
    shades = [re.search(r'<rect [^>]*fill="(#\w+)"', g) for g in groups]
    assert len({s[1] for s in shades if s}) == 3
    corners = [tuple(map(float, re.search(r'x="([\d.]+)" y="([\d.]+)"', g).groups())) for g in groups]  # type: ignore[union-attr]
    assert corners[0][0] < corners[2][0]
    assert corners[1][0] < corners[0][0]
    assert corners[1][1] > corners[0][1]


def test_pages_are_below_a_megabyte(published: publication.Published) -> None:
    sizes = {p.name: p.stat().st_size for p in (published[2] / "public" / "report").rglob("*.html")}
    assert max(sizes.values()) < 1_000_000, max(sizes, key=lambda name: sizes[name])
    assert isinstance(published[2], Path)
