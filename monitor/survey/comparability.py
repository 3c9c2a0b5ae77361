"""Since which wave a figure means the same, and what changed in its questions between two waves.

Belongs here: following concepts through the waves' questionnaires. Does not belong here: estimates, or printing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitor.statistics.decisions.claim import Estimand, ModelContrast
from monitor.survey.expressions import columns_of
from monitor.survey.model import Survey, Text, Wave
from monitor.survey.wording import label_of_concept, quoted_in
from monitor.wording.sentences import say, without_stop

ORDER = ("asked", "reworded", "recoded", "not asked")
"""From nothing changed to everything"""


@dataclass(frozen=True)
class Change:
    """A question that one wave asked otherwise than the wave before."""

    concept: str
    wave: str
    kind: str
    """reworded, recoded or not asked"""
    text: Text
    """What changed, in the survey's words; empty where it does not say"""


def concepts_of(survey: Survey, names: Collection[str]) -> set[str]:
    """The concepts that measures and bases (or concepts themselves) rest on."""
    found: set[str] = set()
    for name in names:
        declared = survey.measures.get(name) or survey.bases.get(name)
        found |= columns_of(declared.sql) if declared is not None else {name} & set(survey.concepts)
    return found


def indicator_concepts(survey: Survey, indicator: str) -> set[str]:
    """The concepts of an indicator's measure, denominator and base."""
    declared = survey.indicators[indicator]
    expressions = [survey.measures[declared.measure].sql, survey.bases[declared.base].sql]
    if declared.denominator is not None:
        expressions.append(survey.measures[declared.denominator].sql)
    return {name for sql in expressions for name in columns_of(sql)}


def estimand_concepts(survey: Survey, estimand: Estimand) -> set[str]:
    """The concepts of a claim's estimand: what it counts, or its model's outcome, practices and base."""
    if not isinstance(estimand, ModelContrast):
        return concepts_of(survey, [*estimand.measures, estimand.base])
    declared = survey.models[estimand.model]
    main = declared.main
    own = [main.outcome, main.base, *filter(None, (main.dose, main.levels))]
    return concepts_of(survey, [*own, *declared.practices_of(estimand.variant)])


def comparable_since(survey: Survey, indicator: str, wave: Wave) -> str | None:
    """The first wave whose figure of this indicator can be compared with this wave's; None where this wave has none.

    The latest over the concepts of its measure, denominator and base: what a question declares (`comparable_since`),
    this wave for a question reworded or recoded without such a word, and otherwise the first of the consecutive waves
    up to this one that asked it.
    """
    return since(survey, indicator_concepts(survey, indicator), wave)


def since(survey: Survey, concepts: Collection[str], wave: Wave) -> str | None:
    """`comparable_since` of anything that rests on these concepts."""
    found = [_since(survey, concept, wave) for concept in sorted(concepts)]
    if any(first is None for first in found):
        return None
    return max((first for first in found if first is not None), default=min(survey.waves))


def changes_between(survey: Survey, concepts: Collection[str], before: str, after: str) -> list[Change]:
    """What changed in the questions after wave `before` up to and with wave `after`, in the order of the waves."""
    found = []
    for name in sorted(w for w in survey.waves if before < w <= after):
        wave = survey.waves[name]
        for concept in sorted(concepts):
            question = wave.questions.get(concept)
            if question is not None and question.comparability != "asked":
                found.append(Change(concept, name, question.comparability, question.changed))
            elif question is None and concept in wave.not_asked:
                found.append(Change(concept, name, "not asked", wave.not_asked[concept]))
    return found


def change_words(survey: Survey, changes: Sequence[Change], language: str) -> str:
    """The changes as sentences: which question, what became of it in which wave, and how."""
    parts = []
    for change in changes:
        label = quoted_in(language, label_of_concept(survey, change.concept, language))
        kind = say("comparability", change.kind.replace(" ", "_"), language)
        how = without_stop(str(change.text.get(language) or ""))
        told = "changed_how" if how else "changed"
        parts.append(say("comparability", told, language, label=label, wave=change.wave, kind=kind, how=how))
    return " ".join(parts)


def strongest(changes: Sequence[Change]) -> str:
    """The change that weighs most; `asked` where there is none."""
    return max((change.kind for change in changes), key=ORDER.index, default="asked")


def apart(survey: Survey, concepts: Collection[str], waves: Sequence[str]) -> list[Change] | None:
    """Why these waves cannot be taken together: what changed where a wave cannot be compared with the one before; None
    where all can. Waves that did not ask are left out."""
    asked = [(name, first) for name in sorted(waves) if (first := since(survey, concepts, survey.waves[name]))]
    broken = [(before, after) for (before, _), (after, first) in pairwise(asked) if first > before]
    if not broken:
        return None
    return [change for before, after in broken for change in changes_between(survey, concepts, before, after)]


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
