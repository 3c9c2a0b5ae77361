"""Which firms a departure from "answered like others" is about, for each figure and claim of a survey.

Belongs here: the property whose firms could have answered more or less readily, and its words. Does not belong here:
how far a figure then moves (`statistics.nonresponse`).

A share could be off because the firms it counts answered otherwise; an amount because those above its mean did; a
difference or a contrast because those did that have everything it says goes together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.statistics.decisions.claim import Difference, Estimand, ModelContrast, Share
from monitor.survey.model import Survey
from monitor.survey.models import Model
from monitor.survey.wording import label_of, quoted_in
from monitor.wording.sentences import say


@dataclass(frozen=True)
class Property:
    """What firms have that may have answered more or less readily than others."""

    base: str
    having: tuple[tuple[str, bool | str], ...] = ()
    """Measures, each with whether the firms have it (more than none of a number), or with the code they have"""
    above: str | None = None
    """A measure of which their value is above the figure itself, or above the mean"""

    @property
    def formula(self) -> str:
        """It in one line, in the names of the codebook."""
        parts = [f"{name} = {value}" if isinstance(value, str) else name if value else f"not {name}"
                 for name, value in self.having]  # fmt: skip
        return " and ".join([*parts, *([f"{self.above} above average"] if self.above else [])])


def of_indicator(survey: Survey, name: str) -> Property | None:
    """The property of an indicator; None of a median, which no reweighting of two kinds of firms describes."""
    indicator = survey.indicators[name]
    if indicator.estimator == "median":
        return None
    if indicator.estimator == "share":
        return Property(indicator.base, ((indicator.measure, True),))
    return Property(indicator.base, (), indicator.measure)


def of_estimand(survey: Survey, estimand: Estimand) -> Property | None:
    """The property of a claim's estimand; None where no model of the survey has it."""
    if isinstance(estimand, Share):
        among = ((estimand.among, True),) if estimand.among else ()
        return Property(estimand.base, ((estimand.measure, estimand.equals), *among))
    if isinstance(estimand, Difference):
        return Property(estimand.base, ((estimand.measure, True), (estimand.by, True)))
    model = survey.models.get(estimand.model)
    explained = _explained(model, estimand) if model else None
    if model is None or explained is None:
        return None
    outcome = survey.measures.get(model.main.outcome)
    if outcome is not None and outcome.type == "boolean":
        return Property(model.main.base, ((model.main.outcome, True), *explained))
    return Property(model.main.base, explained, model.main.outcome)


def _explained(model: Model, estimand: ModelContrast) -> tuple[tuple[str, bool | str], ...] | None:
    """What a contrast says goes with the outcome: the state that moves with it, the highest level, any dose."""
    contrast = model.contrast(estimand.contrast, estimand.variant)
    if contrast is None:
        return None
    if contrast.moving is not None:
        return contrast.moving.given
    match contrast.kind:
        case "trend":
            return ((contrast.of[0], model.main.order[-1]),)
        case "level":
            return ((contrast.of[0], str(contrast.value)),)
        case "dose":
            return ((contrast.of[0], contrast.value != "0"),)
        case _:
            return (*((name, True) for name in contrast.of), *contrast.given)


def property_words(survey: Survey, found: Property, language: str) -> str:
    """The firms a departure is about: "firms with …", by the survey's own labels."""
    parts = [_part(survey, name, value, language) for name, value in found.having]
    if found.above:
        parts.append(say("sensitivity", "above", language, label=_quoted(survey, found.above, language)))
    return say("sensitivity", "firms", language, having=_joined(parts, language))


def _part(survey: Survey, name: str, value: bool | str, language: str) -> str:
    label = _quoted(survey, name, language)
    if isinstance(value, str):
        measure = survey.measures.get(name) or survey.concepts.get(name)
        words = measure.codes.get(value, {}).get(language, value) if measure else value
        return say("sensitivity", "coded", language, label=label, value=quoted_in(language, words))
    return say("sensitivity", "with" if value else "without", language, label=label)


def _quoted(survey: Survey, name: str, language: str) -> str:
    return quoted_in(language, label_of(survey, name, language))


def _joined(parts: Sequence[str], language: str) -> str:
    """Parts with commas, and the language's "and" before the last."""
    if len(parts) == 1:
        return parts[0]
    return say("sensitivity", "and", language, first=", ".join(parts[:-1]), last=parts[-1])
