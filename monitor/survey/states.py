"""The firms behind the primary question: those with both practices, one of them or none, as bases with an indicator.

Belongs here: the bases and indicators that follow from a primary model of two practices. Does not belong here: the
states' probabilities in the model (`statistics.models.contrasts`).

With them a reader sees on how many firms each state of the answer rests and how many of those have the outcome, after
the same disclosure control as every other count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from monitor.problems import Problem
from monitor.statistics.models.contrast import of_two_practices
from monitor.survey.model import Base, Indicator, Survey
from monitor.survey.models import Model
from monitor.survey.wording import contrast_words, label_of

STATES = ("neither", "b_only", "a_only", "both")


def state_of(model: str, role: str) -> str:
    """The name that a state has as base and indicator."""
    return f"{model}_{role}"


def with_states(survey: Survey) -> Survey:
    """The survey with a base and an indicator for each state of its primary model's two practices."""
    bases, indicators = dict(survey.bases), dict(survey.indicators)
    for model in _of_two_measures(survey):
        for role in STATES:
            name = state_of(model.name, role)
            bases.setdefault(name, Base(name, _sql(survey, model, role), _label(survey, model, role)))
            label = {
                language: f"{label_of(survey, model.main.outcome, language)}: {words}"
                for language, words in _label(survey, model, role).items()
            }
            told = Indicator(name, model.main.outcome, "share", name, label, by_domain=False)
            indicators.setdefault(name, told)
    return replace(survey, bases=bases, indicators=indicators)


def state_problems(survey: Survey) -> Iterator[Problem]:
    """Bases and indicators of the survey's own that have a state's name."""
    for model in _of_two_measures(survey):
        for role in STATES:
            name = state_of(model.name, role)
            for kind, declared in (("base", survey.bases), ("indicator", survey.indicators)):
                if (own := declared.get(name)) is not None and own.line:
                    yield Problem(
                        f"{kind} {name!r} has the name of a state of model {model.name!r}",
                        file="survey.yaml",
                        line=own.line,
                        expected="another name",
                        found=name,
                        do=f"rename it: the monitor makes the {kind} of that name itself",
                    )


def _of_two_measures(survey: Survey) -> Iterator[Model]:
    """Primary models of two practices whose outcome and practices are yes/no measures."""
    for model in survey.models.values():
        names = (model.main.outcome, *model.main.practices)
        boolean = all(name in survey.measures and survey.measures[name].type == "boolean" for name in names)
        if model.primary and model.main.of_two_practices and boolean and model.main.base in survey.bases:
            yield model


def _sql(survey: Survey, model: Model, role: str) -> str:
    state = of_two_practices(*model.main.practices)[role]
    parts = [f"({survey.bases[model.main.base].sql})"]
    parts += [f"{'' if has else 'NOT '}({survey.measures[name].sql})" for name, has in state.given]
    return " AND ".join(parts)


def _label(survey: Survey, model: Model, role: str) -> Mapping[str, str]:
    """What firms in a state are called."""
    state = of_two_practices(*model.main.practices)[role]
    return {x: contrast_words(survey, model.name, state.name, x)[0] for x in survey.languages}
