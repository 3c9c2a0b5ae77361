"""What period measures are about.

Belongs here: following measures to what their questions asked about, and which of two came first. Does not belong
here: since when a question means the same (`comparability`).
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.survey.expressions import columns_of
from monitor.survey.model import INTERVIEW, Survey, Wave

BEFORE, SAME, AFTER = "before", "same", "after"


def period_of(survey: Survey, measures: Iterable[str], wave: Wave) -> str | None:
    """What the questions behind these measures asked about in this wave: `2018`, `2016-2018`, `interview` (the present,
    when the firm answered) or years and interview joined by a comma; None where a question does not declare it.

    Years are the earliest to the latest that any of them names. What comes from the frame asked nothing.
    """
    concepts = {c for name in measures for c in columns_of(survey.measures[name].sql)}
    periods = [wave.questions[concept].period for concept in sorted(concepts) if concept in wave.questions]
    known = [each for each in periods if each is not None]
    if not known or len(known) < len(periods):
        return None
    years = sorted(year for each in known if each != INTERVIEW for year in each.split("-"))
    found = [] if not years else [years[0] if years[0] == years[-1] else f"{years[0]}-{years[-1]}"]
    return ", ".join(found + [INTERVIEW] * (INTERVIEW in known))


def indicator_period(survey: Survey, indicator: str, wave: Wave) -> str | None:
    """`period_of` an indicator's measure, and of its denominator where it has one."""
    declared = survey.indicators[indicator]
    return period_of(survey, filter(None, (declared.measure, declared.denominator)), wave)


def order_of(practice: str, outcome: str) -> str:
    """Whether a practice's period ends before the outcome's begins (`before`), begins after it ends (`after`), or
    neither (`same`: they overlap). The present, when the firm answers, comes after every year."""
    (first, last), (begin, end) = _span(practice), _span(outcome)
    return BEFORE if last < begin else AFTER if first > end else SAME


def _span(period: str) -> tuple[int, int]:
    """First and last year; the present as a year after all others."""
    parts = [part.strip() for part in period.split(",")]
    years = [int(year) for part in parts if part != INTERVIEW for year in part.split("-")]
    years += [9999] if INTERVIEW in parts else []
    return min(years), max(years)
