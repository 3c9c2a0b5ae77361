"""Comparing domains and waves, and finding a page, an indicator, a concept or a word.

Belongs here: every published indicator by domain and wave as the page of comparison holds it, with the words that
travel along in a file of what is drawn, and the list that is searched. Does not belong here: drawing what a reader
chooses and making files of it (`site.js`), the pages that are found.

Both pages are whole without a script: the comparison as tables, the search as the list of all there is to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from monitor.contract.columns import EVERYONE
from monitor.publication.report import cite, glossary, pictures, places
from monitor.publication.report.addresses import Address
from monitor.publication.report.headlines import broken_words
from monitor.publication.report.numbers import known
from monitor.publication.report.tables import Chart, Drawn, Figures, Line, indicator_anchor, lines, name_of, one
from monitor.survey import Survey

PAGE, COMPARED = "explore.html", "compared"
"""The page of comparison, and its figure's name there"""
TITLE = "[title]"
"""Stands in the citation for the title of what a reader chose"""


def page(figures: Figures, survey: Survey, waves: Sequence[str]) -> dict[str, Any]:
    """Every indicator with a table of its domains by wave, in the survey's order."""
    variables = [{"name": v, "label": figures.words.variable(v)} for v in survey.domains if figures.domains(v)]
    shown = [found for name in figures.order if (found := _indicator(figures, survey, waves, name))]
    return {"indicators": shown, "variables": variables, "waves": list(waves), "carried": _carried(figures)}


def _carried(figures: Figures) -> dict[str, Any]:
    """What every file of a chosen figure carries: the mark of synthetic data, source and release, and the citation of
    a figure by the name of `TITLE` at the page's own address, which the script puts in."""
    drawn = Drawn(COMPARED, "indicators", ())
    address = Address(figures.words.language, PAGE, Chart(TITLE, Markup("")), drawn)
    about = pictures.told(figures, address)
    cited = cite.cited(figures, address)
    return {
        "title": TITLE,
        "notice": about.notice,
        "source": "\n".join(about.source[:2]),
        "link": cite.link(figures, address),
        "sentence": cited.sentence,
        "bibtex": cited.bibtex,
    }


def _indicator(figures: Figures, survey: Survey, waves: Sequence[str], name: str) -> dict[str, Any] | None:
    """One indicator: a row for all firms and for each domain, with a cell for each wave; None where it has no line."""
    wanted = [(EVERYONE, EVERYONE), *((v, code) for v in survey.domains for code in figures.domains(v))]
    rows = []
    for variable, code in wanted:
        found = [
            one(figures.tables["indicators"], wave=w, indicator=name, domain_variable=variable, domain=code)
            for w in waves
        ]
        if any(x is not None for x in found):
            cells = [_cell(figures, name, x) for x in found]
            rows.append({"by": variable, "code": code, "label": figures.words.domain(variable, code), "cells": cells})
    if not rows:
        return None
    whole = lines(figures.tables["indicators"], indicator=name, domain_variable=EVERYONE)
    drawn = Drawn(name, "indicators", tuple((str(x["wave"]), x) for x in whole))
    label = figures.told_apart(name)
    return {
        "indicator": name,
        "tex": cite.tex(label),
        "people": pictures.people(figures, drawn),
        "counts": {w: pictures.counts(figures, Drawn(name, "indicators", ((w, x),))) for w, x in drawn.points},
        "name": name_of("compare", name),
        "label": label,
        "unit": figures.units.get(name) or "",
        "broken": _broken(figures, waves, name),
        "rows": rows,
    }


def _broken(figures: Figures, waves: Sequence[str], name: str) -> str:
    """That an indicator's newest figure cannot be compared with all earlier waves, where it cannot."""
    found = lines(figures.tables["indicators"], indicator=name, domain_variable=EVERYONE)
    newest = max(found, key=lambda x: list(waves).index(x["wave"]), default=None)
    return broken_words(figures, newest) if newest else ""


def _cell(figures: Figures, name: str, x: Line | None) -> dict[str, Any]:
    """A value with its interval in words, and its numbers where it is shown."""
    if x is None:
        return {"text": "", "numbers": None, "limited": False}
    numbers = None
    if not x["suppressed"]:
        numbers = [known(x[c]) for c in ("estimate", "ci_low", "ci_high")]
    shown = numbers is not None and None not in numbers
    return {
        "text": figures.value_words(x, figures.units.get(name)),
        "numbers": [f"{v:.6g}" for v in numbers or () if v is not None] if shown else None,
        "limited": shown and x["reliability"] == "limited",
    }


def search(figures: Figures, survey: Survey, waves: Sequence[str], pages: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """All that can be found, by kind: pages (name and file), domains, indicators, concepts with their questions, and
    words of the glossary."""
    t = figures.words.t
    words = glossary.page(figures)
    listed = [
        (t("found_pages"), [_entry(label, file) for label, file in pages]),
        (t("found_places"), [
            _entry(p.label, p.file, figures.words.variable(p.variable)) for p in places.every(figures, survey)
        ]),
        (t("found_indicators"), _indicators(figures, waves)),
        (t("found_concepts"), _concepts(figures)),
        (t("found_words"), [
            _entry(x["word"], f"glossary.html#{x['id']}", x["meaning"])
            for x in (*words["of_survey"], *words["of_report"])
        ]),
    ]  # fmt: skip
    return {"kinds": [{"label": label, "entries": entries} for label, entries in listed if entries]}


def _entry(label: str, link: str, more: str = "") -> dict[str, str]:
    return {"label": label, "link": link, "more": more}


def _indicators(figures: Figures, waves: Sequence[str]) -> list[dict[str, str]]:
    """Each indicator of all firms: to its row of the newest wave, else to its table of comparison."""
    found = []
    for name in figures.order:
        label, base = figures.words.label("indicator", name), figures.words.label("base", figures.bases.get(name, ""))
        newest = one(figures.tables["indicators"], wave=waves[-1], indicator=name, domain_variable=EVERYONE)
        link = f"participation.html#{indicator_anchor(waves[-1], name)}"
        found.append(_entry(label, link if newest else f"explore.html#{name_of('compare', name)}", base))
    return found


def _concepts(figures: Figures) -> list[dict[str, str]]:
    """Each concept of the codebook with its newest question."""
    newest: dict[str, Line] = {}
    for x in lines(figures.tables["codebook"]):
        if x["question"] or str(x["concept"]) not in newest:
            newest[str(x["concept"])] = x
    column = f"label_{figures.words.language}"
    return [
        _entry(str(x[column] or name), f"codebook.html#{name_of('concept', name)}", figures.asked(x))
        for name, x in newest.items()
    ]
