"""Since which wave an indicator means the same.

Belongs here: following an indicator's concepts through the waves' questionnaires. Does not belong here: estimates.
"""

from __future__ import annotations

from monitor.expressions import columns_of
from monitor.survey import Survey, Wave


def comparable_since(survey: Survey, indicator: str, wave: Wave) -> str | None:
    """The first wave whose figure of this indicator can be compared with this wave's; None where this wave has none.

    The latest over the concepts of its measure, denominator and base: what a question declares (`comparable_since`),
    this wave for a question reworded or recoded without such a word, and otherwise the first of the consecutive waves
    up to this one that asked it.
    """
    declared = survey.indicators[indicator]
    expressions = [survey.measures[declared.measure].sql, survey.bases[declared.base].sql]
    if declared.denominator is not None:
        expressions.append(survey.measures[declared.denominator].sql)
    concepts = {name for sql in expressions for name in columns_of(sql)}
    since = [_since(survey, concept, wave) for concept in sorted(concepts)]
    if any(s is None for s in since):
        return None
    return max((s for s in since if s is not None), default=min(survey.waves))


def _since(survey: Survey, concept: str, wave: Wave) -> str | None:
    earlier = [survey.waves[name] for name in sorted(survey.waves) if name <= wave.name]
    if concept not in wave.questions:
        # From the frame, or not asked in this wave: the frame's variables mean the same throughout.
        return None if concept in wave.not_asked else min(survey.waves)
    first = wave.name
    for each in reversed(earlier):
        question = each.questions.get(concept)
        if question is None:
            break
        first = each.name
        if question.comparable_since is not None:
            return max(question.comparable_since, min(survey.waves))
        if question.comparability in ("reworded", "recoded"):
            break
    return first
