"""What period an indicator is about.

Belongs here: following an indicator's concepts to what their questions asked about. Does not belong here: since when
it means the same (`survey.comparability`), estimates.
"""

from __future__ import annotations

from monitor.survey import INTERVIEW, Survey, Wave
from monitor.survey.expressions import columns_of


def period(survey: Survey, indicator: str, wave: Wave) -> str | None:
    """What the questions behind an indicator asked about in this wave: `2018`, `2016-2018`, `interview` (the present,
    when the firm answered) or years and interview joined by a comma; None where a question does not declare it.

    From the concepts of the measure and the denominator; years are the earliest to the latest that any of them names.
    What comes from the frame asked nothing.
    """
    declared = survey.indicators[indicator]
    named = [declared.measure] if declared.denominator is None else [declared.measure, declared.denominator]
    concepts = {c for name in named for c in columns_of(survey.measures[name].sql)}
    periods = [wave.questions[concept].period for concept in sorted(concepts) if concept in wave.questions]
    known = [each for each in periods if each is not None]
    if not known or len(known) < len(periods):
        return None
    years = sorted(year for each in known if each != INTERVIEW for year in each.split("-"))
    found = [] if not years else [years[0] if years[0] == years[-1] else f"{years[0]}-{years[-1]}"]
    return ", ".join(found + [INTERVIEW] * (INTERVIEW in known))
