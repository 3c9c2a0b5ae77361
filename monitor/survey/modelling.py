"""What can be wrong between a survey's models and what else it declares.

Belongs here: names that nothing declares, models without a shape. Does not belong here: what a model is (`models`),
fitting (`stages.modelled`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from monitor.problems import Place, Problem, line_at
from monitor.statistics.models.specification import EVERY, Specification
from monitor.survey.model import Survey
from monitor.survey.models import Model
from monitor.survey.states import state_problems
from monitor.survey.yaml_lines import closest


def modelling_problems(survey: Survey) -> list[Problem]:
    """Every mistake between the models and what they name, each with file and line."""
    found = [problem for model in survey.models.values() for problem in _model(survey, model)]
    found += state_problems(survey)
    primary = [model for model in survey.models.values() if model.primary]
    for model in primary[1:]:
        names = ", ".join(each.name for each in primary)
        found.append(_problem(model, ("primary",), f"{len(primary)} models are primary", "one", names, "choose one"))
    return found


def _model(survey: Survey, model: Model) -> Iterator[Problem]:
    what, main = f"model {model.name!r}", model.main
    if len(main.practices) < (1 if main.dose else 0 if main.levels else 2) or (main.dose and main.levels):
        expected = "two or more practices, or a dose with one, or levels"
        yield _problem(model, (), f"{what} has no shape", expected, _shape(main), "declare one of them")
    if main.levels and not main.order:
        expected = "order: [codes from least to most]"
        yield _problem(model, ("levels",), f"{what} has levels without an order", expected, "none", "add it")
    if model.curve and not main.headline:
        sentence = f"{what} has a curve and no one contrast to draw"
        expected = "two practices, a dose or levels"
        yield _problem(model, ("curve",), sentence, expected, _shape(main), "declare it with a model that has them")
    if model.choices and not main.of_two_practices:
        sentence = f"{what} has specifications and no two practices"
        do = "declare them with a model that has two"
        yield _problem(model, ("specifications",), sentence, "two practices", _shape(main), do)
    yield from _of_two_practices(model)
    if model.alternatives:
        name, there = model.alternatives.contrast, [contrast.name for contrast in main.contrasts]
        for variant in model.alternatives.measures:
            if model.contrast(name, variant) is None:
                sentence = f"{what} has no contrast {name!r} in its variant {variant!r}"
                expected, nearest = "a contrast that every variant has", closest(name, there) or "use one of them"
                yield _problem(model, ("alternatives", "contrast"), sentence, expected, name, nearest)
    known: Mapping[str, Collection[str]] = {
        "measure or concept": {**survey.concepts, **survey.measures},
        "base": survey.bases,
        "practice": main.practices,
        "control": set(model.variables) - set(model.subjects),
    }
    for place, kind, name in _named(model):
        if name not in known[kind] and model.has(place):
            do = closest(name, known[kind]) or f"use one of {', '.join(sorted(known[kind])[:12])}"
            yield _problem(model, place, f"{what} names the unknown {kind} {name!r}", f"a declared {kind}", name, do)
    for place, name, code in _coded(main):
        codes = _codes(survey, name)
        if codes and code not in codes:
            do = closest(code, codes) or f"use one of {', '.join(codes)}"
            yield _problem(model, place, f"{what} names the unknown code of {name} {code!r}", "a code", code, do)


def _of_two_practices(model: Model) -> Iterator[Problem]:
    """What only a model of two practices may declare: readings, a first part, second measures."""
    what, main = f"model {model.name!r}", model.main
    if model.readings and (not main.of_two_practices or model.alternatives):
        sentence = f"{what} has readings and no two practices of its own"
        do = "declare them with a model that has two practices and no alternatives"
        yield _problem(model, ("readings",), sentence, "two practices", _shape(main), do)
    for key, declared in (("first_part", model.first_part), ("second_measures", model.second_measures)):
        if declared and not (main.of_two_practices and model.primary):
            sentence = f"{what} has {key} and is no primary model of two practices"
            do = "declare it with the primary model, of two practices"
            yield _problem(model, (key,), sentence, "a primary model of two practices", _shape(main), do)
    for practice, measures in model.readings.items():
        for i, name in enumerate(measures):
            if name in (practice, *measures[:i]):
                sentence = f"{what} has the reading {name!r} of {practice} twice"
                yield _problem(model, ("readings", practice, i), sentence, "each once", name, "remove it here")


def _named(model: Model) -> Iterator[tuple[Place, str, str]]:
    """(place, kind, name) of every name a model's declaration holds, with what kind of thing it must name."""
    main, variable = model.main, "measure or concept"
    yield ("outcome",), variable, main.outcome
    yield ("base",), "base", main.base
    for key, name in (("dose", main.dose), ("levels", main.levels)):
        if name:
            yield (key,), variable, name
    for key, names in (("practices", main.practices), ("controls", main.controls)):
        yield from (((key, i), variable, name) for i, name in enumerate(names))
    yield from ((("reference", name), "control", name) for name in main.reference)
    if model.curve:
        yield ("curve", "measure"), variable, model.curve.measure
    if model.alternatives:
        yield ("alternatives", "practice"), "practice", model.alternatives.practice
        for variant, name in model.alternatives.measures.items():
            yield ("alternatives", "measures", variant), variable, name
    for practice, measures in model.readings.items():
        yield ("readings", practice), "practice", practice
        yield from ((("readings", practice, i), variable, name) for i, name in enumerate(measures))
    if model.first_part:
        yield ("first_part",), variable, model.first_part
    for practice, name in model.second_measures.items():
        yield ("second_measures", practice), "practice", practice
        yield ("second_measures", practice), variable, name
    if model.choices:
        choices = model.choices
        axes: list[tuple[Place, str, tuple[str, ...]]] = [
            (("base",), "base", choices.base),
            (("outcome",), variable, choices.outcome),
            *(((name,), variable, measures) for name, measures in choices.practices.items()),
            *((("controls", name), variable, controls) for name, controls in choices.controls.items()),
            (("without",), variable, choices.without),
        ]
        for at, kind, names in axes:
            for i, name in enumerate(names):
                if at != ("without",) or name != EVERY:
                    yield ("specifications", *at, i), kind, name


def _coded(main: Specification) -> Iterator[tuple[Place, str, str]]:
    """(place, variable, code) of every code a model's declaration holds."""
    yield from ((("reference", name), name, code) for name, code in main.reference.items())
    if main.levels:
        yield from ((("order", i), main.levels, code) for i, code in enumerate(main.order))


def _shape(main: Specification) -> str:
    """What a model explains by, in a message."""
    other = [key for key, name in (("a dose", main.dose), ("levels", main.levels)) if name]
    count = len(main.practices)
    return " and ".join([f"{count} practice{'' if count == 1 else 's'}", *other])


def _codes(survey: Survey, name: str) -> Collection[str]:
    declared = survey.measures.get(name) or survey.concepts.get(name)
    return declared.codes if declared else ()


def _problem(model: Model, place: Place, what: str, expected: str, found: str, do: str) -> Problem:
    line = line_at(model.lines, place)
    return Problem(what, file="survey.yaml", line=line, expected=expected, found=found, do=do)
