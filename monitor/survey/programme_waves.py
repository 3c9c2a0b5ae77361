"""Which waves tell what a programme's participants did before it began and after.

Belongs here: the two waves, by the periods that their questions are about. Does not belong here: whether they may be
compared (`statistics.comparison.effect`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from monitor.survey.expressions import columns_of
from monitor.survey.model import INTERVIEW, Survey, Wave
from monitor.survey.programmes import Plan


def wave_after(survey: Survey, plan: Plan, waves: Iterable[str]) -> str:
    """The newest wave that asks all that the outcome is made of; the newest of all where none does."""
    concepts, newest_first = columns_of(survey.measures[plan.outcome].sql), sorted(waves, reverse=True)
    return next((wave for wave in newest_first if concepts <= survey.waves[wave].questions.keys()), newest_first[0])


def wave_before(survey: Survey, plan: Plan, waves: Iterable[str]) -> str | None:
    """The newest wave of which all that the covariates are about was over when the programme began; None where there is
    none."""
    for wave in sorted(waves, reverse=True):
        declared = survey.waves[wave]
        if max(about_until(survey, name, declared) for name in plan.covariates) < plan.treated:
            return wave
    return None


def about_until(survey: Survey, name: str, wave: Wave) -> date:
    """The last day that a measure or concept can be about in a wave: of the last year that its questions name, or of
    the year after the reference year where they ask about the present. What declares no period, and what the frame
    knows, is about the reference year."""
    concepts = columns_of(survey.measures[name].sql) if name in survey.measures else {name}
    periods = [question.period for c, question in wave.questions.items() if c in concepts and question.period]
    years = [wave.reference_year + 1 if each == INTERVIEW else int(each[-4:]) for each in periods]
    return date(max(years, default=wave.reference_year), 12, 31)
