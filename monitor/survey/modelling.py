"""What can be wrong between a survey's models and what else it declares, and in its claims.

Belongs here: names of models that nothing declares, models without a shape; estimands and rules of `claims.yaml`. Does
not belong here: what a model is (`models`), fitting and deciding (`stages.modelled`, `statistics.decisions.claims`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.problems import Place, Problem, line_at
from monitor.statistics.models.specification import EVERY, Specification
from monitor.survey.claim_numbers import number_problems
from monitor.survey.model import Survey
from monitor.survey.models import Model
from monitor.survey.yaml_lines import closest, is_number

RULES = ("above", "below", "within", "share_above")
ESTIMANDS: Mapping[str, tuple[str, ...]] = {
    "share": ("measure", "base"),
    "difference": ("measure", "by", "base"),
    "contrast": ("model", "contrast"),
}
"""Kind of estimand -> the keys it cannot do without"""


def modelling_problems(survey: Survey) -> list[Problem]:
    """Every mistake between the models and what they name, and in the claims, each with file and line."""
    found = [problem for model in survey.models.values() for problem in _model(survey, model)]
    primary = [model for model in survey.models.values() if model.primary]
    for model in primary[1:]:
        names = ", ".join(each.name for each in primary)
        found.append(_problem(model, ("primary",), f"{len(primary)} models are primary", "one", names, "choose one"))
    seen: set[str] = set()
    for claim in survey.claims:
        found += _claim(survey, claim, seen)
    return found


def _model(survey: Survey, model: Model) -> Iterator[Problem]:
    what, main = f"model {model.name!r}", model.main
    two = len(main.practices) == 2 and not main.dose and not main.levels
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
    if model.choices and not two:
        sentence = f"{what} has specifications and no two practices"
        do = "declare them with a model that has two"
        yield _problem(model, ("specifications",), sentence, "two practices", _shape(main), do)
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


def _claim(survey: Survey, claim: Mapping[str, Any], seen: set[str]) -> Iterator[Problem]:
    line = claim.get("line")
    name = str(claim.get("claim", "?"))
    what = f"claim {name!r}"

    def problem(sentence: str, expected: str, found: str, do: str | None = None) -> Problem:
        return Problem(sentence, file="claims.yaml", line=line, expected=expected, found=found, do=do)

    missing = [key for key in ("claim", "declared", "text", "estimand", "rule") if key not in claim]
    if missing:
        yield problem(f"{what} is incomplete", ", ".join(missing), ", ".join(sorted(set(claim) - {"line"})))
        return
    if name in seen:
        yield problem(f"{what} stands twice", "one claim of a name", name, "rename one of them")
    seen.add(name)
    for language in ("nl", "en"):
        if not claim["text"].get(language):
            yield problem(f"{what} has no text in {language!r}", f"text: {{{language}: ...}}", "none")
    rule, estimand = claim["rule"], claim["estimand"]
    if rule.get("kind") not in RULES:
        yield problem(
            f"{what} has an unknown rule",
            ", ".join(RULES),
            str(rule.get("kind")),
            closest(str(rule.get("kind")), RULES),
        )
    needed = [
        key for key in ("alpha", *(("margin", "value") if rule.get("kind") == "within" else ())) if key not in rule
    ]
    if needed:
        yield problem(f"the rule of {what} is incomplete", ", ".join(needed), ", ".join(sorted(rule)))
    elif wrong := [key for key in ("alpha", "margin", "value") if not is_number(rule.get(key, 0))]:
        for key in wrong:
            yield problem(f"{key} of {what} is no number", "a number", str(rule[key]), f"correct `{key}`")
    elif not 0 < float(rule["alpha"]) < 0.5:
        yield problem(f"alpha of {what} is no error rate", "a number between 0 and 0.5", str(rule["alpha"]))
    elif rule.get("kind") in RULES and all(claim["text"].get(language) for language in ("nl", "en")):
        yield from number_problems(claim)
    yield from _committed(claim, problem)
    kind = estimand.get("kind")
    if kind not in ESTIMANDS:
        yield problem(f"{what} has an unknown estimand", ", ".join(ESTIMANDS), str(kind), closest(str(kind), ESTIMANDS))
        return
    lacking = [key for key in ESTIMANDS[kind] if key not in estimand]
    if lacking:
        yield problem(f"the estimand of {what} is incomplete", ", ".join(lacking), ", ".join(sorted(estimand)))
        return
    known: Mapping[str, Collection[str]] = {
        "measure": survey.measures,
        "among": survey.measures,
        "by": survey.measures,
        "base": survey.bases,
        "model": survey.models,
    }
    for key, names in known.items():
        value = estimand.get(key)
        if value is not None and value not in names:
            yield problem(
                f"{what} names the unknown {key} {value!r}",
                f"a declared {'measure' if key in ('among', 'by') else key}",
                str(value),
                closest(str(value), names),
            )


def _committed(claim: Mapping[str, Any], problem: Callable[..., Problem]) -> Iterator[Problem]:
    """`committed: {commit, date}` is what a reader can look the claim's date up by: both must be readable."""
    committed = claim.get("committed")
    if committed is None:
        return
    given = committed if isinstance(committed, Mapping) else {}
    try:
        datetime.fromisoformat(str(given.get("date")))
        dated = True
    except ValueError:
        dated = False
    if not re.fullmatch(r"[0-9a-f]{7,64}", str(given.get("commit", ""))) or not dated:
        yield problem(
            f"claim {claim['claim']!r} names a commit that nobody can look up",
            "committed: {commit: hexadecimal digits, date: 2017-02-01}",
            str(committed),
            "give the commit the claim was written in, and its date",
        )


def _problem(model: Model, place: Place, what: str, expected: str, found: str, do: str) -> Problem:
    line = line_at(model.lines, place)
    return Problem(what, file="survey.yaml", line=line, expected=expected, found=found, do=do)
