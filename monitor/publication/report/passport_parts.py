"""The parts of a passport: the firm in a sentence, its answers beside those of its peers, what was done with them.

Belongs here: picking and wording one part each. Does not belong here: putting a passport together and writing files
(`passports`), what peers' figures may be shown (they come from the disclosed tables).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.contract.participation import REACH
from monitor.publication.report import charts, models
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Figures, Line, lines, one
from monitor.survey import Survey
from monitor.survey.groupings import KIND, taking_part
from monitor.survey.wording import practices_of
from monitor.wording.sentences import say

MOST_ROWS = 14
"""Yes-or-no answers on the first page"""
MOST_AMOUNTS = 8
"""Number-valued answers on the second page"""
MOST_STRIPS = 2
"""Measures drawn on the second page"""
MOST_PEERS = 3
"""What similar firms do and this one does not"""
MOST_INITIATIVES = 5
"""Initiatives of all firms that are named"""
Group = tuple[str, str, str]
"""Domain variable, domain, label"""


@dataclass(frozen=True)
class Own:
    """What the secure tables hold of one firm."""

    wave: str
    answers: Mapping[str, Any]
    earlier: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Earlier wave -> its answers then, oldest first"""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Concept without an answer -> the kind"""
    corrected: int = 0
    """Answers that a correction changed"""

    @property
    def firm(self) -> str:
        """Its pseudonym."""
        return str(self.answers["firm"])


def words_of(figures: Figures, key: str, **facts: object) -> str:
    """Words of a release that are none of a page."""
    return say("publication", key, figures.words.language, **facts)


def groups_of(figures: Figures, survey: Survey, own: Own) -> list[Group]:
    """All firms, and the firm's own domains."""
    found = [(EVERYONE, EVERYONE, figures.words.t("everyone"))]
    for variable in survey.domains:
        code = own.answers.get(variable)
        if isinstance(code, str) and code:
            found.append((variable, code, figures.words.domain(variable, code)))
    return found


def answer_words(figures: Figures, value: object) -> str:
    """A yes-or-no answer, or that there is none."""
    t = figures.words.t
    return t("passport_no_answer") if value is None or value is pd.NA or value != value else t("yes" if value else "no")


def sentence(figures: Figures, survey: Survey, own: Own, groups: Sequence[Group]) -> str:
    """The firm in a sentence: its domains, and its answers to what the survey's question is about."""
    profile = ", ".join(label for _, _, label in groups[1:]) or figures.words.t("everyone")
    model = models.primary(figures, own.wave) or figures.primary
    practices = practices_of(survey, model) if model else ()
    told = [
        words_of(
            figures,
            "passport_practice",
            practice=figures.words.label("measure", name),
            answer=answer_words(figures, own.answers.get(name)),
        )
        for name in practices
    ]
    key = "passport_sentence_practices" if told else "passport_sentence"
    return words_of(figures, key, profile=profile, practices=", ".join(told))


def shares(figures: Figures, survey: Survey, own: Own, groups: Sequence[Group]) -> list[tuple[str, list[str]]]:
    """Yes-or-no measures of all firms: indicator, and its row: the firm's answer, earlier ones, each group's share."""
    whole = {name for name, base in survey.bases.items() if base.everyone}
    rows = []
    for name, indicator in survey.indicators.items():
        # In another base a share would not be about the firm that reads it.
        if indicator.estimator != "share" or indicator.base not in whole:
            continue
        found = [share_line(figures, own.wave, name, group) for group in groups]
        if found[0] is None:
            continue
        before = {w: a.get(indicator.measure) for w, a in own.earlier.items()}
        cells = [DASH if x is None or x["suppressed"] else figures.numbers.percent(x["estimate"]) for x in found]
        answer = answer_words(figures, own.answers.get(indicator.measure))
        label = figures.words.label("indicator", name)
        told = earlier({w: answer_words(figures, v) for w, v in before.items() if v is not None and v == v})
        rows.append((name, [label, answer, *([told] if own.earlier else []), *cells]))
    return rows[:MOST_ROWS]


def earlier(told: Mapping[str, str]) -> str:
    """What a firm answered to earlier waves, those that it answered."""
    return "; ".join(f"{wave}: {words}" for wave, words in told.items()) or DASH


def share_line(figures: Figures, wave: str, name: str, group: Group) -> Line | None:
    """An indicator's line of a group."""
    return one(figures.tables["indicators"], wave=wave, indicator=name, domain_variable=group[0], domain=group[1])


def peers(figures: Figures, survey: Survey, own: Own, groups: Sequence[Group]) -> list[str]:
    """What firms of the first of its domains do most, of what this firm answered that it does not, in per cents as
    printed; equal ones as the survey orders them."""
    if len(groups) < 2:
        return []
    found = []
    for name, _ in shares(figures, survey, own, groups):
        line = share_line(figures, own.wave, name, groups[1])
        does = own.answers.get(survey.indicators[name].measure)
        if line is not None and not line["suppressed"] and does is not None and does is not pd.NA and not does:
            found.append((round(float(line["estimate"]) * 100), figures.words.label("indicator", name), line))
    found.sort(key=lambda x: -x[0])
    return [
        words_of(
            figures, "passport_peer", label=label, share=figures.numbers.percent(line["estimate"]), group=groups[1][2]
        )
        for _, label, line in found[:MOST_PEERS]
    ]


def amounts(
    figures: Figures, survey: Survey, own: Own, groups: Sequence[Group]
) -> tuple[list[list[str]], list[list[str]], list[dict[str, Any]]]:
    """Number-valued measures: the firm's value, its earlier ones and each group's median; its place in each group; and
    the strips of those that can be drawn."""
    rows, placed, strips = [], [], []
    for name, measure in survey.measures.items():
        if measure.type not in ("number", "percentage"):
            continue
        found = [
            one(figures.tables["benchmarks"], wave=own.wave, measure=name, domain_variable=variable, domain=code)
            for variable, code, _ in groups
        ]
        if found[0] is None or found[0]["suppressed"]:
            continue
        unit = "share" if measure.type == "percentage" else measure.unit
        value = own_value(survey, own.answers, name)
        before = {w: own_value(survey, a, name) for w, a in own.earlier.items()}
        medians = [DASH if x is None or x["suppressed"] else amount(figures, x["median"], unit) for x in found]
        label, said = figures.words.label("measure", name), amount(figures, value, unit)
        told = earlier({w: amount(figures, v, unit) for w, v in before.items() if v is not None})
        rows.append([label, said, *([told] if own.earlier else []), *medians])
        places = [DASH if x is None else position(figures, value, x) for x in found]
        # That a 0 is among at least half is read off the medians.
        if len(rows) <= MOST_AMOUNTS and set(places) - {DASH, words_of(figures, "position_zero")}:
            placed.append([label, *places])
        bands = [(g[2], x) for g, x in zip(groups, found, strict=True) if x is not None and known(x["p25"]) is not None]
        drawn = strip(figures, label, value, said, bands, unit)
        strips += [drawn] if drawn else []
    return rows[:MOST_AMOUNTS], placed, strips[:MOST_STRIPS]


def own_value(survey: Survey, answers: Mapping[str, Any], name: str) -> float | None:
    """A firm's value of a measure in the unit of the benchmarks: percentages as shares."""
    value = known(answers.get(name))
    return value / 100 if value is not None and survey.measures[name].type == "percentage" else value


def amount(figures: Figures, value: object, unit: object) -> str:
    """A value in its unit, shares in whole per cents; that there is none, where there is none."""
    if known(value) is None:
        return figures.words.t("passport_no_answer")
    return figures.numbers.value(value, unit, 0 if unit == "share" else None)


def position(figures: Figures, value: float | None, line: Line) -> str:
    """Where a value lies among the firms of a group: its quarter where quartiles are shown, else its half. Where
    at least half of the firms have 0, nothing lies below."""
    low, middle, high = known(line["p25"]), known(line["median"]), known(line["p75"])
    if value is None or middle is None:
        return DASH
    if value == middle:
        return words_of(figures, "position_zero" if middle == 0 else "position_middle")
    if high is None or low is None:
        return words_of(figures, "position_above" if value > middle else "position_below")
    if value > middle:
        return words_of(figures, "position_fourth" if value > high else "position_third")
    return words_of(figures, "position_first" if value < low else "position_second")


def strip(
    figures: Figures,
    label: str,
    value: float | None,
    said: str,
    bands: Sequence[tuple[str, Line]],
    unit: object,
) -> dict[str, Any] | None:
    """The middle halves of the groups on one scale with ticks, and the firm's own value; None where there is little to
    compare, or all of it is 0."""
    highest = max((float(x["p75"]) for _, x in bands), default=0.0)
    if len(bands) < 2 or highest <= 0:
        return None
    scale = charts.axis([highest * 1.1], lambda tick: amount(figures, tick, unit))
    told = "; ".join(
        f"{b}: {amount(figures, x['p25'], unit)} {DASH} {amount(figures, x['p75'], unit)}" for b, x in bands
    )
    beyond = value is not None and value > scale.high
    return {
        "label": label,
        "own_words": f"{words_of(figures, 'beyond_scale')} {said}" if beyond else said,
        "own": None if value is None else scale.at(value, 0.0, 1.0),
        "beyond": beyond,
        "alt": f"{label}. {figures.words.t('passport_own')}: {said}. {told}",
        "ticks": [
            {"at": scale.at(tick, 0.0, 1.0), "text": text} for tick, text in zip(scale.ticks, scale.texts, strict=True)
        ],
        "bands": [
            {
                "label": b if len(b) <= 34 else b[:33] + "…",
                "low": scale.at(float(x["p25"]), 0.0, 1.0),
                "median": scale.at(float(x["median"]), 0.0, 1.0),
                "high": scale.at(float(x["p75"]), 0.0, 1.0),
            }
            for b, x in bands
        ],
    }


def kinds(figures: Figures, survey: Survey, own: Own, groups: Sequence[Group]) -> list[list[str]]:
    """Kinds of initiatives: whether the firm takes part in one, and the share that does of each group; the kinds that
    most firms take part in first."""
    table, told = figures.tables["participation"], own.answers.get("initiatives")
    taken = None if told is None or told is pd.NA or isinstance(told, float) else list(told)
    mine = taking_part(survey, survey.waves[own.wave], [taken])
    rows = []
    for x in lines(table, wave=own.wave, grouped_by=KIND, figure=REACH, domain_variable=EVERYONE):
        kind, found = str(x["code"]), [x]
        for variable, code, _ in groups[1:]:
            inside = {"wave": own.wave, "grouped_by": KIND, "code": kind, "figure": REACH}
            found += [one(table, **inside, domain_variable=variable, domain=code) or {"suppressed": True}]
        cells = [DASH if x["suppressed"] else figures.numbers.percent(x["estimate"]) for x in found]
        in_one = None if taken is None or (KIND, kind) not in mine else bool(mine[KIND, kind][0])
        rows.append((x["estimate"] or 0.0, [figures.words.begun(kind), answer_words(figures, in_one), *cells]))
    return [row for _, row in sorted(rows, key=lambda row: -row[0])]


def initiatives(figures: Figures, own: Own) -> dict[str, str]:
    """The initiatives it takes part in, each with its kind, and those of all firms that are shown by themselves."""
    t, language = figures.words.t, figures.words.language
    column = f"label_{language}"
    listed = lines(figures.tables["initiatives"], wave=own.wave)
    by_code = {x["initiative"]: x for x in listed}
    taken = own.answers.get("initiatives")
    mine = [
        f"{by_code[code][column]} ({t(str(by_code[code]['kind']))})" if code in by_code else str(code)
        for code in (taken if taken is not None and len(taken) else ())
    ]
    shown = [x for x in listed if not x["suppressed"] and x["firms"]]
    shown.sort(key=lambda x: (-x["firms"], x["initiative"]))
    others = [
        f"{x[column]} ({t(str(x['kind']))}, {figures.numbers.plain(x['firms'])})" for x in shown[:MOST_INITIATIVES]
    ]
    return {
        "mine": words_of(figures, "passport_initiatives_mine", list=", ".join(mine)) if mine else "",
        "others": words_of(figures, "passport_initiatives_others", list=", ".join(others)) if others else "",
    }


def treated(figures: Figures, survey: Survey, own: Own) -> list[str]:
    """What was done with its answers: kept, not usable, filled in for estimates, corrected."""
    n = figures.numbers
    asked = {
        name
        for name in survey.waves[own.wave].questions
        if name in survey.concepts
        and not survey.concepts[name].direct_identifier
        and own.missing.get(name) != "not_asked"
    }
    gone = {name: kind for name, kind in own.missing.items() if name in asked}
    refused = sum(kind == "invalid" for kind in gone.values())
    filled = own.answers.get("imputed")
    count = len(filled) if filled is not None else 0
    told = [
        words_of(
            figures, "passport_kept", asked=n.plain(len(asked)), kept=n.plain(len(asked) - len(gone) - own.corrected)
        )
    ]
    if refused:
        told.append(words_of(figures, "passport_excluded", count=n.plain(refused)))
    told.append(words_of(figures, "passport_filled" if count else "passport_nothing_filled", count=n.plain(count)))
    if own.corrected:
        told.append(words_of(figures, "passport_corrected", count=n.plain(own.corrected)))
    return told
