"""Words of another language than the page's: every one of them stands in an element that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.contract import TABLES
from monitor.publication import report
from monitor.publication.report import charts, foreign, site
from monitor.publication.report.languages import completed
from monitor.storage.lake import connect
from monitor.survey import Survey, load_survey
from monitor.surveys import BUNDLED
from monitor.wording.sentences import spoken_languages

FURTHER = ("de", "es")
ENGLISH = re.compile(r"(?<![\w'’-])(?:the|The|of|and|which|than|from|with|are|were)(?![\w-])")
"""Words that stand in most English sentences and in no German or Spanish one"""
NAMES = ("Web of Science",)
"""Of sources, the same in every language"""
NO_WORDS = ("script", "style", "code", "pre", "math", "title", "desc")
"""What is no sentence, and what can hold no element: the texts of a figure for a screen reader, a window's title"""
VOID = ("meta", "link", "br", "img", "input", "hr", "wbr")
ONE_LINE = 600.0


class Nodes(HTMLParser):
    """The texts of a page, each with the language it is said to be in and the elements it stands in."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._open: list[tuple[str, str]] = [("", "")]
        self.found: list[tuple[str, str]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append((tag, dict(attributes).get("lang") or self._open[-1][1]))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Holds no text."""

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1 and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(tag in NO_WORDS for tag, _ in self._open):
            self.found.append((self._open[-1][1], " ".join(data.split())))


def in_all(survey: Survey) -> Survey:
    return replace(survey, languages=spoken_languages())


def released(database: Path) -> dict[str, pd.DataFrame]:
    with connect(database, read_only=True) as connection:
        return {t.name: connection.execute(f"SELECT * FROM {t.name}").df() for t in TABLES}


def written(folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey) -> Path:
    site.write(folder, report.spoken(tables, survey), survey, sorted(survey.waves))
    return folder


@pytest.fixture(scope="module")
def four(published: publication.Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up survey, whose texts are Dutch and English, told in four languages."""
    tables = released(published[2] / "public" / "monitor.duckdb")
    return written(tmp_path_factory.mktemp("foreign"), tables, in_all(published[1]))


def english_untold(folder: Path, language: str) -> Iterator[tuple[str, str]]:
    for path in sorted((folder / language).glob("*.html")):
        for spoken, text in Nodes(path.read_text(encoding="utf-8")).found:
            bare = re.sub("|".join(NAMES), "", text)
            if spoken == language and ENGLISH.search(bare):
                yield path.name, text


def no_mark_is_left(folder: Path) -> None:
    files = [path for kind in ("html", "svg", "csv") for path in folder.rglob(f"*.{kind}")]
    assert len(files) > 100
    for path in files:
        assert not foreign.MARK.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("language", FURTHER)
def test_no_english_is_told_as_another_language(four: Path, language: str) -> None:
    assert not list(english_untold(four, language))
    told = [text for path in (four / language).glob("*.html") for spoken, text in
            Nodes(path.read_text(encoding="utf-8")).found if spoken == "en"]  # fmt: skip
    assert any(ENGLISH.search(text) for text in told), "there is English on these pages, and it is told as English"


def test_marks_end_where_files_are_written(four: Path) -> None:
    no_mark_is_left(four)


@pytest.mark.slow
def test_nor_on_any_page_of_the_demonstration(demonstration: Path, tmp_path: Path) -> None:
    """Which has programmes, ecosystems, networks and a register as well."""
    survey = in_all(load_survey(BUNDLED))
    database = demonstration / "releases" / survey.name / "latest" / "public" / "monitor.duckdb"
    folder = written(tmp_path, released(database), survey)
    for language in FURTHER:
        assert not list(english_untold(folder, language))
    no_mark_is_left(folder)


def test_the_surveys_own_languages_are_told_by_no_mark(four: Path) -> None:
    """Dutch and English pages of a survey in both: only the way to the other languages is in another."""
    for language in ("nl", "en"):
        for path in (four / language).glob("*.html"):
            if path.stem == "methods":  # its literature is English
                continue
            content = path.read_text(encoding="utf-8").partition("<main")[2]
            assert not re.search(r'\blang="', content), path


def test_a_label_without_dutch_is_english_on_a_dutch_page(published: publication.Published, tmp_path: Path) -> None:
    _, survey, folder = published
    label = {"en": "Takes part in something"}
    part = replace(survey.measures["cooperates"], label=label)
    english = replace(survey, measures={**survey.measures, "cooperates": part}, languages=("nl",))
    assert completed(survey, "nl") is survey
    tables = released(folder / "public" / "monitor.duckdb")
    start = (written(tmp_path, tables, english) / "nl" / "index.html").read_text(encoding="utf-8")
    assert "Takes part in something" in start
    assert not [text for spoken, text in Nodes(start).found if "Takes part in something" in text and spoken == "nl"]


def test_a_question_is_told_in_the_language_it_was_asked_in(published: publication.Published, tmp_path: Path) -> None:
    tables = released(published[2] / "public" / "monitor.duckdb")
    survey = published[1]
    wave, asked = next((w, q) for w in survey.waves.values() for q in w.questions.values() if q.text)
    dutch = replace(asked, text={"nl": "Doet u mee?"})
    changed = replace(wave, questions={**wave.questions, asked.concept: dutch})
    one = replace(survey, waves={**survey.waves, wave.name: changed}, languages=("en",))
    codebook = (written(tmp_path, tables, one) / "en" / "codebook.html").read_text(encoding="utf-8")
    assert '<td class="long" lang="nl">Doet u mee?</td>' in codebook


# ---- the mark itself


def test_a_marked_text_that_fills_its_element_is_told_by_it_and_others_by_one_of_their_own() -> None:
    told = foreign.told("en", "Takes part")
    assert foreign.page(f"<p>{told}</p>") == '<p lang="en">Takes part</p>'
    assert foreign.page(f"<p>„{told}“</p>") == '<p>„<span lang="en">Takes part</span>“</p>'
    assert foreign.page(f"<svg><text>{told}</text></svg>") == '<svg><text lang="en">Takes part</text></svg>'
    within = f"<svg><text>{told} 3</text></svg><p>{told} 3</p>"
    assert '<tspan lang="en">Takes part</tspan> 3</text>' in foreign.page(within)
    assert '<span lang="en">Takes part</span> 3</p>' in foreign.page(within)
    assert foreign.page(f"<option>{told}, 2019</option>") == "<option>Takes part, 2019</option>"
    assert foreign.page(f'<p title="{told}">2019</p>') == '<p title="Takes part">2019</p>'
    assert foreign.page(f'<p lang="de">{told}</p>') == '<p lang="de"><span lang="en">Takes part</span></p>'


def test_a_text_with_marks_of_its_own_is_a_text_without() -> None:
    """Characters of private use in a survey's words would otherwise end a language, or begin one."""
    told = foreign.told("en", "a\ue001b\ue0ffc")
    assert foreign.page(f"<p>{told}</p>") == '<p lang="en">abc</p>'
    assert foreign.page("<p>a\ue001b</p>") == "<p>ab</p>"
    assert foreign.told("en", "") == ""


def test_lines_of_a_marked_label_are_each_of_its_language() -> None:
    told = foreign.told("en", "a label that is longer than one line of a figure can be")
    lines = charts.wrapped(told, 150.0, most=9)
    assert len(lines) > 2
    assert all(foreign.RUN.fullmatch(line) for line in lines)
    assert " ".join(foreign.plain(line) for line in lines) == foreign.plain(told)
    assert foreign.plain(charts.cut(told, 150.0)) == charts.cut(foreign.plain(told), 150.0)
    assert charts.cut(told, ONE_LINE) == told
    mixed = charts.wrapped(f"Sektor: {told}", 150.0, most=9)
    assert foreign.plain(mixed[0]).startswith("Sektor: ")
    assert foreign.RUN.fullmatch(mixed[-1])


def test_a_mark_takes_no_width_and_stays_around_what_changes() -> None:
    told = foreign.told("en", "Firms.")
    assert foreign.within(told, str.upper) == foreign.told("en", "FIRMS.")
    assert foreign.within("Firms.", str.upper) == "FIRMS."
    assert foreign.first(told, 3) == foreign.told("en", "Fir")
    assert foreign.among({"es": "a"}, "de") == foreign.told("es", "a")
    assert foreign.among({}, "de") == ""


def test_an_indicator_means_what_its_measure_means_in_every_language(published: publication.Published) -> None:
    _, survey, folder = published
    name, indicator = next((n, i) for n, i in survey.indicators.items() if survey.measures[i.measure].definition)
    measure = survey.measures[indicator.measure]
    meant = replace(measure, definition={**measure.definition, "es": "Lo que significa."})
    spanish = replace(survey, measures={**survey.measures, indicator.measure: meant}, languages=("es",))
    told = report.spoken(released(folder / "public" / "monitor.duckdb"), spanish)["es"].tables["definitions"]
    (line,) = told.where({"kind": "indicator", "name": name})
    assert line["definition_es"] == "Lo que significa."
