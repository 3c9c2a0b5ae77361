"""The page of ecosystems: the framework's fifty indicators of each, filled, described or a white spot.

Belongs here: how the rows of `framework` are told. Does not belong here: filling them (`stages.disclosed`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from monitor.contract.columns import EVERYONE
from monitor.contract.frameworks import CATEGORIES
from monitor.publication.report.tables import Figures, Head, Line, Printed, lines
from monitor.survey import Survey
from monitor.survey.ecosystems import catalogue
from monitor.survey.framework import Ecosystem
from monitor.survey.framework_words import source_words, words_in
from monitor.wording.sentences import say


def page(figures: Figures, survey: Survey) -> dict[str, Any]:
    """Each ecosystem: what belongs to it, how much of the framework is filled, and its indicators by category."""
    told = survey.framework
    return {
        "f": lambda key, **facts: say("framework", key, figures.words.language, **facts),
        "ecosystems": [_told(figures, survey, each) for each in told.ecosystems.values()] if told else [],
    }


def _told(figures: Figures, survey: Survey, ecosystem: Ecosystem) -> dict[str, Any]:
    language = figures.words.language
    rows = lines(figures.tables["framework"], ecosystem=ecosystem.name)
    states = Counter(str(x["state"]) for x in rows)
    plain = figures.numbers.plain
    return {
        "name": ecosystem.name,
        "label": words_in(ecosystem.label, language),
        "belongs": ", ".join(_members(figures, survey, ecosystem)),
        "figures_of": _figures_of(figures, ecosystem),
        "summary": say(
            "framework",
            "summary",
            language,
            measured=plain(states["measured"]),
            described=plain(states["described"]),
            withheld=plain(states["withheld"]),
            white=plain(states["white_spot"]),
        ),
        "tables": [
            _table(figures, survey, ecosystem, category, [x for x in rows if x["category"] == category])
            for category in CATEGORIES
        ],
    }


def _members(figures: Figures, survey: Survey, ecosystem: Ecosystem) -> list[str]:
    """Themes, sectors, places and initiatives by name."""
    language, domain = figures.words.language, figures.words.domain
    themes = survey.framework.themes if survey.framework else {}
    named = [words_in(themes[name], language) for name in ecosystem.themes]
    named += [domain("sector", code) for code in ecosystem.sectors]
    named += [domain("province", code) for code in ecosystem.places]
    return named + [words_in(survey.initiatives[code].label, language) for code in ecosystem.initiatives]


def _figures_of(figures: Figures, ecosystem: Ecosystem) -> str | None:
    if ecosystem.domain is None:
        return None
    variable, code = ecosystem.domain
    return figures.words.t("everyone") if variable == EVERYONE else figures.words.domain(variable, code)


def _table(figures: Figures, survey: Survey, ecosystem: Ecosystem, category: str, rows: list[Line]) -> Printed:
    """One category of the framework."""
    language = figures.words.language

    def word(key: str, **facts: object) -> str:
        return say("framework", key, language, **facts)

    heads = (
        Head(word("head_indicator"), long=True), Head(word("head_value")), Head(word("head_year"), True),
        Head(word("head_trend")), Head(word("head_source"), long=True),
    )  # fmt: skip
    printed = tuple(
        (
            "{}. {} ({})".format(x["number"], word(f"indicator_{x['number']}"), word(f"unit_{x['unit']}")),
            _value(figures, survey, ecosystem, x),
            str(x["about_year"]) if x["state"] in ("measured", "withheld") else "",
            _trend(figures, x),
            _source(figures, survey, ecosystem, x),
        )
        for x in rows
    )
    # Several ecosystems stand on the page: each table says of which it is.
    return Printed(f"{words_in(ecosystem.label, language)}: {word(f'category_{category}')}", heads, printed)


def _unit(x: Line) -> str:
    """The unit as numbers are written in it."""
    return "share" if str(x["unit"]).startswith("share_") else "EUR" if x["unit"] == "eur" else str(x["unit"])


def _value(figures: Figures, survey: Survey, ecosystem: Ecosystem, x: Line) -> str:
    """A value with its interval; the description; or that it is withheld or a white spot."""
    language, n = figures.words.language, figures.numbers
    if x["state"] == "described":
        return words_in(ecosystem.described[int(x["number"])].text, language)
    if x["state"] != "measured":
        return say("framework", str(x["state"]), language)
    unit = _unit(x)
    value = n.value(x["value"], unit)
    between = n.interval(x["ci_low"], x["ci_high"], unit) if x["ci_low"] is not None else ""
    return f"{value} ({between})" if between else value


def _trend(figures: Figures, x: Line) -> str:
    """The difference from the year before, with its sign and, where it has one, its interval."""
    n = figures.numbers
    if x["trend"] is None:
        return ""
    unit = "points" if _unit(x) == "share" else _unit(x)
    change = n.value(x["trend"], unit)
    if unit != "points" and float(x["trend"]) > 0:
        change = f"+{change}"
    if x["trend_low"] is not None:
        change += f" ({n.interval(x['trend_low'], x['trend_high'], unit)})"
    return say("framework", "since", figures.words.language, change=change, year=x["since_year"])


def _source(figures: Figures, survey: Survey, ecosystem: Ecosystem, x: Line) -> str:
    """Where a value comes from, or where one could."""
    language = figures.words.language
    if x["state"] == "white_spot":
        indicator = catalogue()[int(x["number"])]
        could = [say("framework", f"by_{way}", language) for way in indicator.fills]
        named = f" ({', '.join(indicator.sources)})" if indicator.sources else ""
        return say("framework", "could_be", language, what=", ".join(could) + named)
    told = source_words(
        survey, ecosystem, int(x["number"]), str(x["filled_by"]), language, str(x["indicator"]), str(x["wave"])
    )
    return f"{told.rstrip('.')}. {say('framework', 'made_up', language)}." if x["made_up"] else told
