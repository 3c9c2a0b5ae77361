"""The report on paper: contents, the answer of all waves, trends and methods in it; rows and headings kept together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import portable
import publication
import pytest

from monitor.contract import TABLES
from monitor.publication import report
from monitor.publication.report import paper, start
from monitor.publication.report.tables import Figures, Head, Printed
from monitor.stages import released
from monitor.storage.lake import connect
from monitor.survey import load_survey
from monitor.surveys import BUNDLED

WAVES = list(publication.WAVES)


@pytest.fixture(scope="module")
def spoken(published: publication.Published) -> dict[str, Figures]:
    made = released.public_tables(*published[:2], WAVES)
    moment = pd.Timestamp("2026-01-02 03:04:05")
    made["releases"] = made["releases"].assign(release_id="r0001-0123456789ab", created_at=moment)
    return report.spoken(made, published[1])


def headings(told: dict[str, Any]) -> list[str]:
    return [part["text"] for part in told["parts"] if part["kind"] == "heading"]


def test_the_answer_stands_first_and_trends_and_methods_are_in_it(
    published: publication.Published, spoken: dict[str, Figures]
) -> None:
    for figures in spoken.values():
        opening = start.opening(figures, WAVES)
        assert opening is not None
        for wave in WAVES:
            told = paper.content(figures, published[1], wave)
            found = headings(told)
            assert found[0] == opening["question"]
            assert {figures.words.t("nav_trends"), figures.words.t("nav_methods")} <= set(found)
            assert f"{opening['verdict']} {opening['sentence']}" in [part.get("text") for part in told["parts"]]


def test_every_heading_of_a_chapter_is_in_the_contents(
    published: publication.Published, spoken: dict[str, Figures]
) -> None:
    """Of the printed file, by its text: once in the contents with its page, once where the chapter begins."""
    for language, figures in spoken.items():
        told = paper.content(figures, published[1], WAVES[-1])
        text = portable.text(published[2] / "public" / "report" / f"report-{WAVES[-1]}-{language}.pdf")
        said = re.sub(r"\s", "", text)
        assert re.sub(r"\s", "", told["contents"]) in said
        chapters = [p["text"] for p in told["parts"] if p["kind"] == "heading" and p["level"] == 2]
        assert len(chapters) > 6
        for words in chapters:
            assert said.count(re.sub(r"\s", "", words)) >= 2, words


def test_the_author_is_who_made_it(published: publication.Published, spoken: dict[str, Figures]) -> None:
    """Not the sentence about the source; where nobody is declared, the survey."""
    survey = published[1]
    for language, figures in spoken.items():
        told = paper.content(figures, survey, WAVES[-1])
        assert told["author"] == survey.title[language]
        assert "r0001-0123456789ab" in told["cited"]
    made = (published[2] / "public" / "report" / f"report-{WAVES[-1]}-en.pdf").read_bytes()
    assert b"/Author(Made-up survey)" in made.replace(b"/Author (", b"/Author(")


def test_no_heading_stands_alone(published: publication.Published, spoken: dict[str, Figures]) -> None:
    """Each is followed by what it is a heading of, or by a heading below it."""
    for figures in spoken.values():
        parts = paper.content(figures, published[1], WAVES[-1])["parts"]
        for part, after in zip(parts, [*parts[1:], {"kind": "end"}], strict=True):
            if part["kind"] == "heading":
                assert after["kind"] != "end"
                assert after["kind"] != "heading" or after["level"] > part["level"], part["text"]


def test_columns_share_the_width_by_what_they_hold() -> None:
    """A column of long sentences takes no more than a few words' room; none is narrower than its longest word."""
    heads = (Head("Rule"), Head("Firms", True), Head("p"))
    rows = (("a sentence of many words " * 20, "1,234", "0.5"), ("short", "12", "0.25"))
    shares = [head["share"] for head in paper.table(Printed("A table", heads, rows))["heads"]]
    assert shares == [paper.WIDEST, paper.NARROWEST, paper.NARROWEST]
    (word,) = paper.table(Printed("A table", (Head("Betrouwbaarheid"),), ()))["heads"]
    assert word["share"] >= len("Betrouwbaarheid")


def test_a_row_is_on_one_page(published: publication.Published, spoken: dict[str, Figures]) -> None:
    """The long cell of every row begins and ends in a word of its own: both are on the same page."""
    told = paper.content(spoken["en"], published[1], WAVES[-1])
    rows = [["a", f"first{k}z {'many words ' * 60} last{k}z", "c"] for k in range(40)]
    table = {**paper.table(Printed("Rows", (Head("a"), Head("b"), Head("c")), ())), "rows": rows}
    told["parts"] = [{"kind": "heading", "text": "Rows", "level": 2}, {"kind": "table", "table": table}]
    made = paper.printed(paper.compiler("paper.typ"), told, 0)
    assert len(re.findall(rb"/Type\s*/Page\b", made)) > 3
    for page in portable.pages(made):
        begun, ended = (set(re.findall(rf"{word}(\d+)z", page)) for word in ("first", "last"))
        assert begun == ended


def test_headlines_and_claims_say_what_silent_firms_could_change(demonstration: Path) -> None:
    """Of the printed file: every sentence that the site has beside them, wherever its lines are broken."""
    release = demonstration / "releases" / BUNDLED.name / "latest"
    survey = load_survey(BUNDLED)
    wave = max(survey.waves)
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        tables = {table.name: connection.execute(f"SELECT * FROM {table.name}").df() for table in TABLES}
    for language, figures in report.spoken(tables, survey).items():
        parts = paper.content(figures, survey, wave)["parts"]
        cards = [card["silent"] for part in parts if part["kind"] == "cards" for card in part["list"]]
        listed = [claim for part in parts if part["kind"] == "claims" for claim in part["list"]]
        verdicts = [verdict["silent"] for claim in listed for verdict in claim["verdicts"]]
        made = portable.text(release / "public" / "report" / f"report-{wave}-{language}.pdf")
        said = re.sub(r"[\s-]", "", made)
        assert any(cards)
        assert any(verdicts)
        for words in filter(None, (*cards, *verdicts)):
            assert re.sub(r"[\s-]", "", words) in said, words


def test_a_name_that_no_hyphen_breaks_stands_whole_in_its_column() -> None:
    """It would run over the edge of the page: a column is as wide as such a name, and no wider for other words."""
    name = "turnover_shares_sum_to_100"
    narrow, wide = (paper.table(Printed("", (Head("Name"), Head("Rule")), (row,)))["heads"][0]["share"]
                    for row in (("x" * 60, ""), (name, "")))  # fmt: skip
    assert narrow == paper.WIDEST
    assert wide > len(name) > paper.WIDEST
