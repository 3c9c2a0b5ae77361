"""What can be wrong in what a survey declares around its models, and in its claims.

Belongs here: curves, choices, alternatives and doses of `models:`; estimands and rules of `claims.yaml`. Does not
belong here: a model's own keys (`check`), fitting and deciding (`stages.modelled`, `statistics.decisions.claims`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.problems import Problem
from monitor.survey.claim_numbers import number_problems
from monitor.survey.model import Survey
from monitor.survey.yaml_lines import closest, is_number

SIGNS = (">", ">=")
CHOICES: Mapping[str, Collection[str]] = {"weights": ("weighted", "unweighted"), "values": ("imputed", "complete")}
RULES = ("above", "below", "within", "share_above")
ESTIMANDS: Mapping[str, tuple[str, ...]] = {
    "share": ("measure", "base"),
    "difference": ("measure", "by", "base"),
    "contrast": ("model", "contrast"),
}
"""Kind of estimand -> the keys it cannot do without"""
EVERY = "none"


def modelling_problems(survey: Survey) -> list[Problem]:
    """Every mistake around the models and in the claims, each with file and line."""
    found: list[Problem] = []
    for name, model in survey.models.items():
        if isinstance(model, Mapping):
            found += _around_model(survey, name, model)
    primary = [name for name, model in survey.models.items() if isinstance(model, Mapping) and model.get("primary")]
    if len(primary) > 1:
        found.append(_model_problem(survey, f"{len(primary)} models are primary", "one", ", ".join(primary)))
    seen: set[str] = set()
    for claim in survey.claims:
        found += _claim(survey, claim, seen)
    return found


def _around_model(survey: Survey, name: str, model: Mapping[str, Any]) -> Iterator[Problem]:
    what, variables = f"model {name!r}", {**survey.concepts, **survey.measures}
    practices = model.get("practices", [])
    shapes = [key for key in ("dose", "levels") if key in model]
    if len(practices) < (1 if "dose" in model else 0 if "levels" in model else 2) or len(shapes) > 1:
        yield _model_problem(
            survey, f"{what} has no shape", "two or more practices, or a dose with one, or levels", str(sorted(model))
        )
    if "levels" in model and not model.get("order"):
        yield _model_problem(survey, f"{what} has levels without an order", "order: [codes from least to most]", "none")
    thresholds = model.get("thresholds", {})
    yield from _numbers(survey, f"thresholds of {what}", thresholds, ("events_per_term", "level_firms"))
    named: list[Any] = []
    curve = model.get("curve")
    if curve is not None:
        yield from _numbers(survey, f"the curve of {what}", curve, ("from", "to", "step"))
    if isinstance(curve, Mapping):
        missing = [key for key in ("measure", "from", "to", "step", "signs") if key not in curve]
        if missing:
            yield _model_problem(survey, f"the curve of {what} is incomplete", ", ".join(missing), str(sorted(curve)))
        yield from _options(survey, curve.get("signs", ()), SIGNS, f"the curve of {what}", "sign")
        named.append(curve.get("measure"))
    alternatives = model.get("alternatives")
    if alternatives is not None:
        missing = [key for key in ("practice", "measures", "family", "contrast") if key not in alternatives]
        if missing:
            yield _model_problem(
                survey, f"the alternatives of {what} are incomplete", ", ".join(missing), str(sorted(alternatives))
            )
        named += list(alternatives.get("measures", {}).values())
        yield from _options(survey, [alternatives.get("practice")], practices, what, "practice")
    choices = model.get("specifications") or {}
    for axis, options in choices.items():
        where = f"{axis} of {what}"
        if axis in CHOICES:
            yield from _options(survey, options, CHOICES[axis], where, "choice")
        elif axis == "base":
            yield from _options(survey, options, survey.bases, where, "base")
        elif axis == "controls":
            named += [control for controls in options.values() for control in controls]
        elif axis == "without":
            named += [option for option in options if option != EVERY]
        elif axis == "outcome" or axis in practices:
            named += list(options)
        else:
            yield from _options(
                survey, [axis], [*CHOICES, "base", "outcome", "controls", "without", *practices], what, "choice"
            )
    yield from _options(survey, filter(None, named), variables, what, "measure or concept")


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


def _numbers(survey: Survey, where: str, declared: object, keys: Iterable[str]) -> Iterator[Problem]:
    given = declared if isinstance(declared, Mapping) else {}
    if given is not declared:
        yield _model_problem(
            survey, f"{where}: no keys with numbers", "keys with numbers", str(declared), "declare keys"
        )
    for key in keys:
        if not is_number(given.get(key, 0)):
            expected = "a number"
            yield _model_problem(survey, f"{where}: {key} is not usable", expected, str(given[key]), f"correct `{key}`")


def _options(
    survey: Survey, options: Iterable[Any], known: Collection[str], where: str, kind: str
) -> Iterator[Problem]:
    for option in options:
        if option not in known:
            do = closest(str(option), known) or f"use one of {', '.join(sorted(known)[:12])}"
            yield _model_problem(
                survey, f"{where} names the unknown {kind} {option!r}", f"a declared {kind}", str(option), do
            )


def _model_problem(survey: Survey, sentence: str, expected: str, found: str, do: str | None = None) -> Problem:
    return Problem(sentence, file="survey.yaml", line=survey.lines.get("models"), expected=expected, found=found, do=do)
