"""The highlights: at most seven findings in a declared order, each from a published line, on one sheet."""

from __future__ import annotations

import dataclasses
import html
import re
import struct

import pandas as pd
import portable
import publication
import pytest

from monitor.publication import report
from monitor.publication.report import highlights, start
from monitor.publication.report.tables import Figures
from monitor.stages import released

WAVES = list(publication.WAVES)


def tables_of(published: publication.Published) -> dict[str, pd.DataFrame]:
    made = released.public_tables(*published[:2], WAVES)
    moment = pd.Timestamp("2026-01-02 03:04:05")
    return made | {"releases": made["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)}


@pytest.fixture(scope="module")
def spoken(published: publication.Published) -> dict[str, Figures]:
    return report.spoken(tables_of(published), published[1])


def test_the_answer_stands_first_and_headlines_in_the_survey_s_order(spoken: dict[str, Figures]) -> None:
    for figures in spoken.values():
        found = highlights.findings(figures, WAVES)
        assert 3 <= len(found) <= highlights.MOST
        opening = start.opening(figures, WAVES)
        assert opening is not None
        assert found[0].title == opening["question"]
        order = [figures.words.label("indicator", name) for name in figures.headlines]
        levels = [x.title for x in found if x.title in order]
        assert levels == sorted(levels, key=order.index)


def test_each_finding_has_its_interval_its_number_of_firms_and_its_figure(spoken: dict[str, Figures]) -> None:
    interval = {"nl": "95%-interval", "en": "95% interval"}
    for language, figures in spoken.items():
        found = highlights.findings(figures, WAVES)
        assert len({x.title for x in found}) == len(found)
        for finding in found:
            assert interval[language] in finding.words.replace("\N{NO-BREAK SPACE}", " ")
            assert re.search(r"n = \d", finding.counts), finding
            assert finding.chart.drawn is not None
            assert not any(line["suppressed"] for _, line in finding.chart.drawn.points[-1:])


def test_a_headline_s_sentence_is_its_line(published: publication.Published, spoken: dict[str, Figures]) -> None:
    table, figures = tables_of(published)["indicators"], spoken["en"]
    found = {x.title: x for x in highlights.findings(figures, WAVES)}
    checked = 0
    for name in figures.headlines:
        line = table[(table["wave"] == "2018") & (table["indicator"] == name) & (table["domain"] == "all")].iloc[0]
        finding = found.get(figures.words.label("indicator", name))
        if finding is not None:
            unit = figures.units[name]
            assert figures.numbers.value(line["estimate"], unit) in finding.words
            assert figures.numbers.interval(line["ci_low"], line["ci_high"], unit) in finding.words
            assert figures.numbers.plain(line["n"]) in finding.counts
            checked += 1
    assert checked >= 2


def test_what_is_withheld_stands_in_no_finding(published: publication.Published) -> None:
    tables = tables_of(published)
    hidden = {}
    for name in ("indicators", "contrasts", "claims", "changes"):
        table = tables[name].copy()
        for column in ("estimate", "ci_low", "ci_high", "change", "p_value", "p_adjusted"):
            if column in table:
                table[column] = None
        hidden[name] = table.assign(suppressed=True, **({"verdict": None} if name == "claims" else {}))
    for figures in report.spoken({**tables, **hidden}, published[1]).values():
        assert highlights.findings(figures, WAVES) == []


def test_one_wave_has_highlights_too(published: publication.Published) -> None:
    tables = tables_of(published)
    only = {
        name: table[table["wave"] == "2018"].reset_index(drop=True) if "wave" in table else table
        for name, table in tables.items()
    }
    for figures in report.spoken({**only, "changes": tables["changes"].iloc[:0]}, published[1]).values():
        found = highlights.findings(figures, ["2018"])
        assert len(found) >= 2
        assert all(x.chart.drawn and x.chart.drawn.points for x in found)


def test_page_and_sheet_say_the_same(published: publication.Published, spoken: dict[str, Figures]) -> None:
    folder = published[2] / "public" / "report"
    for language, figures in spoken.items():
        page = html.unescape((folder / language / "highlights.html").read_text(encoding="utf-8"))
        sheet = re.sub(r"\s", "", portable.text(folder / f"highlights-{language}.pdf"))
        for finding in highlights.findings(figures, WAVES):
            for words in (finding.title, finding.words, finding.counts):
                assert words in page
                assert re.sub(r"\s", "", words) in sheet
            place = finding.link.partition("#")[2]
            assert f'id="{place}"' in (folder / language / finding.link.partition("#")[0]).read_text(encoding="utf-8")


def test_the_sheet_is_one_page_of_a4_that_tools_can_read_aloud(published: publication.Published) -> None:
    for language in ("nl", "en"):
        file = published[2] / "public" / "report" / f"highlights-{language}.pdf"
        content = file.read_bytes()
        assert len(re.findall(rb"/Type\s*/Page\b", content)) == 1
        for mark in (b"pdfuaid:part", b"/StructTreeRoot", f"/Lang({language})".encode()):
            assert mark in content
        picture = file.with_suffix(".png").read_bytes()
        width, height = struct.unpack(">II", picture[16:24])
        assert (width, round(height / width, 2)) == (1240, 1.41)


def test_words_however_long_stay_on_one_sheet(published: publication.Published) -> None:
    survey = published[1]
    long = dict.fromkeys(survey.languages, "Onafhankelijk " * 40)
    longer = dataclasses.replace(survey, source=long, population=long)
    figures = report.spoken(tables_of(published), longer)["nl"]
    told = highlights.content(figures, WAVES)
    told["findings"] = [{**x, "words": x["words"] * 6} for x in told["findings"]]
    from monitor.publication.report import paper

    made = paper.printed(paper.compiler("highlights.typ"), told, 0)
    assert len(re.findall(rb"/Type\s*/Page\b", made)) == 1
