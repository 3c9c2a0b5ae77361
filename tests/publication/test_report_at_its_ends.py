"""Reports that are hard to write: of one wave, with many domains of long names, with everything withheld."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import publication
import pytest

from monitor.contract import TABLES
from monitor.publication import report
from monitor.publication.report import charts, site, start
from monitor.storage.lake import connect
from monitor.wording.sentences import say

Tables = Mapping[str, pd.DataFrame]
LANGUAGES = ("nl", "en")
MANY = 12
LONG = {
    "nl": "vervaardiging van computers en van elektronische en optische apparatuur, en verhuur van roerende goederen",
    "en": "manufacture of computers and of electronic and optical products, and renting of movable goods",
}


@pytest.fixture(scope="module")
def tables(published: publication.Published) -> Tables:
    with connect(published[2] / "public" / "monitor.duckdb", read_only=True) as connection:
        return {t.name: connection.execute(f"SELECT * FROM {t.name}").df() for t in TABLES}


def one_wave(tables: Tables) -> Tables:
    """Of the newest wave alone."""
    kept = {
        name: frame[frame["wave"] == publication.WAVES[-1]].reset_index(drop=True) if "wave" in frame else frame
        for name, frame in tables.items()
    }
    return {**kept, "changes": tables["changes"].iloc[:0]}


def withheld(tables: Tables) -> Tables:
    """Nothing but that there are such lines: no number, no verdict, no sentence."""
    found = {}
    for name, frame in tables.items():
        if "suppressed" in frame:
            numbers = {c: np.nan for c in frame.select_dtypes("number") if c != "cut"}
            words = {c: None for c in ("verdict", "reason", "reason_nl", "note_en", "note_nl") if c in frame}
            frame = frame.assign(suppressed=True, **numbers, **words)
        found[name] = frame
    return found


def long_names(tables: Tables) -> Tables:
    """Twelve sectors, each with a name of three lines, and the figures of one of the survey's."""
    codes = [f"s{i}" for i in range(MANY)]
    named = {code: {language: f"{i}: {words}" for language, words in LONG.items()} for i, code in enumerate(codes)}
    codebook, indicators = tables["codebook"].copy(), tables["indicators"]
    codebook.loc[codebook["concept"] == "sector", "codes"] = json.dumps(named)
    own = indicators[indicators["domain"] == publication.SECTORS[0]]
    rest = indicators[indicators["domain_variable"] != "sector"]
    added = pd.concat([rest, *(own.assign(domain=code) for code in codes)], ignore_index=True)
    return {**tables, "codebook": codebook, "indicators": added}


ENDS = {"one wave": (one_wave, publication.WAVES[-1:]), "withheld": (withheld, publication.WAVES),
        "long names": (long_names, publication.WAVES)}  # fmt: skip


@pytest.fixture(scope="module", params=ENDS)
def built(
    request: pytest.FixtureRequest,
    tables: Tables,
    published: publication.Published,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path]:
    change, waves = ENDS[request.param]
    folder = tmp_path_factory.mktemp("ends")
    survey = published[1]
    site.write(folder, report.spoken(change(tables), survey), survey, list(waves))
    return request.param, folder


def words(source: str) -> str:
    bare = re.sub(r"<(style|script)\b.*?</\1>", " ", source, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare))


def test_every_page_is_whole(built: tuple[str, Path]) -> None:
    """No word of the program's for what is not there, one heading of the first rank, every link to a place that is."""
    sources = {path: path.read_text(encoding="utf-8") for path in built[1].rglob("*.html")}
    assert len(sources) > 40
    for path, source in sources.items():
        assert len(source.encode()) < 1_000_000, path.name
        assert not re.search(r"\b(?:nan|NaT|undefined|None(?! of ))\b", words(source)), path.name
        if path.parent.name not in LANGUAGES:
            continue
        assert source.count("<h1") == 1, path.name
        places = re.findall(r'id="([^"]+)"', source)
        assert len(places) == len(set(places)), path.name
        for file, place in re.findall(r'href="([\w.-]*\.html)?(?:\?[^"#]*)?#([\w-]+)"', source):
            there = sources[path.parent / file] if file else source
            assert f'id="{place}"' in there, (path.name, file, place)


def test_no_label_of_a_figure_leaves_its_width(built: tuple[str, Path]) -> None:
    """By the width that letters have on average; the table under a figure has a label in full."""
    for path in (built[1] / "en").glob("*.html"):
        for svg in re.findall(r"<svg .*?</svg>", path.read_text(encoding="utf-8"), re.DOTALL):
            for label in re.findall(r"<text [^>]*>([^<]*)</text>", svg):
                assert len(html.unescape(label)) * charts.SIZE * 0.5 <= charts.WIDTH, (path.name, label)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_start_page_still_says_what_there_is(built: tuple[str, Path], language: str) -> None:
    kind, folder = built
    source = (folder / language / "index.html").read_text(encoding="utf-8")
    assert ('class="opening"' in source) == (kind != "withheld")
    assert ('id="changes"' in source) == (kind == "long names")
    points = source.partition('<ol class="points">')[2].partition("</ol>")[0].count("<li>")
    assert points == 0 if kind == "withheld" else start.LEAST <= points <= start.MOST
    cards = re.findall(r'class="big">(.*?)</p>', source)
    assert cards
    assert all(re.search(r"\d", card) for card in cards) == (kind != "withheld")
    if kind == "withheld":
        of_groups = (folder / language / "participation.html").read_text(encoding="utf-8")
        assert say("report", "participation_none", language) in of_groups
        assert "<figure" not in of_groups, "nothing is drawn where nothing is shown"
        assert say("report", "facts", language) not in source
        own = (folder / language / "place-sector-trade.html").read_text(encoding="utf-8")
        told = {say("report", word, language) for word in ("withheld", "too_uncertain")}
        assert set(re.findall(r'<td class="r">(.*?)</td>', own)) - told == {""}
    if kind == "long names":
        assert source.count('href="place-sector-') == MANY
        own = (folder / language / "place-sector-s3.html").read_text(encoding="utf-8")
        assert f"<h1>3: {LONG[language]}</h1>" in own
