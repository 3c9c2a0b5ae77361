"""Where two waves meet: whether their figures compare, and what changed in the questions.

Belongs here: reading that from the disclosed tables. Does not belong here: deciding it
(`survey.comparability`).
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.contract.columns import EVERYONE
from monitor.publication.report.numbers import DASH
from monitor.publication.report.tables import Figures, Head, Line, Printed, lines, one


def between(figures: Figures, indicator: str, before: str, after: str) -> Line | None:
    """The line of two waves' figures for all firms; None where one of them has no figure."""
    return one(
        figures.tables["changes"], indicator=indicator, domain_variable=EVERYONE, wave_from=before, wave_to=after
    )


def changed(figures: Figures, line: Line) -> str:
    """What changed in the questions between the two waves of a line; nothing where nothing did."""
    return str(line[f"changed_{figures.words.language}"] or "")


def broken(figures: Figures, indicator: str, before: str, after: str) -> bool:
    """Whether a line drawn between the two waves would compare what cannot be compared."""
    found = between(figures, indicator, before, after)
    return found is not None and not found["comparable"]


def notes(figures: Figures, indicator: str, earlier: Sequence[str], wave: str) -> list[str]:
    """What a reader of a trend must know of a wave beside the one before: that it breaks, or what changed though it
    compares."""
    t = figures.words.t
    found = between(figures, indicator, earlier[-1], wave) if earlier else None
    if found is None:
        return []
    told = changed(figures, found)
    if not found["comparable"]:
        return [f"{t('break_words', wave=wave)} {told}".strip()]
    return [t("changed_words", changed=told)] if told else []


def since(figures: Figures, waves: Sequence[str]) -> Printed:
    """Since which wave each headline figure can be compared, and what changed in its questions over the waves."""
    t, rows = figures.words.t, []
    for name in figures.headlines:
        x = one(figures.tables["indicators"], wave=waves[-1], indicator=name, domain_variable=EVERYONE)
        if x is None:
            continue
        pairs = lines(figures.tables["changes"], indicator=name, domain_variable=EVERYONE, wave_to=waves[-1])
        told = max((changed(figures, pair) for pair in pairs), key=len, default="")
        rows.append((figures.words.label("indicator", name), str(x["comparable_since"] or DASH), told))
    heads = (Head(t("indicator"), long=True), Head(t("comparable_since")), Head(t("changed"), long=True))
    return Printed(t("comparability_title"), heads, tuple(rows))
