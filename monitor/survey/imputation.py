"""How a survey declares that missing answers are filled in.

Belongs here: the `imputation:` section of survey.yaml, its defaults and its mistakes. Does not belong here: filling
in (`stages.imputed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.problems import DefinitionError, Problem
from monitor.survey.domains import domain_concepts
from monitor.survey.model import Concept, Survey

TURNOVER_SHARES = ("turnover_share_new_to_market", "turnover_share_new_to_firm", "turnover_share_unchanged")
"""The canonical split of turnover, which sums to 100: filled in jointly unless the survey declares other `shares`"""
FILLABLE = ("boolean", "category", "categories", "number", "integer", "percentage")
NUMBERS = {"copies": (20, 2, 1000), "iterations": (10, 1, 1000), "donors": (5, 1, 100)}
"""Key -> its default, least and greatest value"""
LISTS = ("variables", "ordered", "predictors")
GROUPS = ("shares", "interactions")


@dataclass(frozen=True)
class ImputationPlan:
    """What is filled in, how often, and from what."""

    copies: int = 20
    """m: completed copies"""
    iterations: int = 10
    """Turns of the chain before a copy is taken"""
    donors: int = 5
    """Nearest firms of which one gives its value (predictive mean matching)"""
    variables: tuple[str, ...] = ()
    """Concepts that are filled in where a firm was asked and gave no answer"""
    ordered: tuple[str, ...] = ()
    """Of these, categories whose codes stand in order"""
    shares: tuple[tuple[str, ...], ...] = ()
    """Percentages that sum to 100, filled in jointly"""
    predictors: tuple[str, ...] = ()
    """Concepts that predict besides: the design's, the domains', the models' controls, and those declared"""
    interactions: tuple[tuple[str, ...], ...] = ()
    """Measures whose products, two by two, predict: an outcome with the practices whose interaction is studied"""


def imputation_plan(survey: Survey) -> ImputationPlan | None:
    """The survey's plan with its defaults; None where it declares none. DefinitionError names every mistake."""
    if problems := imputation_problems(survey):
        raise DefinitionError(problems)
    declared = survey.imputation
    if not declared:
        return None
    variables = _words(declared, "variables") or tuple(
        name for name, concept in survey.concepts.items() if concept.imputable and concept.type in FILLABLE
    )
    default_shares = [TURNOVER_SHARES] if set(TURNOVER_SHARES) <= set(variables) else []
    return ImputationPlan(
        **{key: int(declared.get(key, default)) for key, (default, _, _) in NUMBERS.items()},
        variables=variables,
        ordered=_words(declared, "ordered"),
        shares=tuple(tuple(group) for group in declared.get("shares", default_shares)),
        predictors=tuple(
            name
            for name in dict.fromkeys([*_design_variables(survey), *_words(declared, "predictors")])
            if name not in variables
        ),
        interactions=tuple(tuple(group) for group in declared.get("interactions", _studied(survey))),
    )


def imputation_names(survey: Survey) -> set[str]:
    """Every concept and measure that the `imputation:` section names."""
    declared = survey.imputation
    groups = [group for key in GROUPS for group in declared.get(key, [])]
    return {name for names in (*(_words(declared, key) for key in LISTS), *groups) for name in names}


def imputation_problems(survey: Survey) -> list[Problem]:
    """Every mistake in the `imputation:` section."""
    declared = survey.imputation
    known = [*NUMBERS, *LISTS, *GROUPS]
    found = [
        _problem(survey, f"imputation has the unknown key {key!r}", ", ".join(known), str(key), "remove it")
        for key in declared
        if key not in known
    ]
    for key, (_, least, greatest) in NUMBERS.items():
        value = declared.get(key, least)
        if not str(value).isdecimal() or not least <= int(value) <= greatest:
            expected = f"a whole number from {least} to {greatest}"
            found.append(_problem(survey, f"imputation: {key} is not usable", expected, str(value), "correct it"))
    malformed = [key for key in LISTS if not _is_words(declared.get(key, []))]
    malformed += [
        key
        for key in GROUPS
        if not isinstance(declared.get(key, []), list) or not all(map(_is_words, declared.get(key, [])))
    ]
    for key in malformed:
        shape = "a list of lists of names" if key in GROUPS else "a list of names"
        found.append(_problem(survey, f"imputation: {key} is malformed", shape, str(declared[key]), "write a list"))
    if malformed:
        return found
    return found + _unknown_names(survey) + _misplaced_names(survey)


def _unknown_names(survey: Survey) -> list[Problem]:
    declared = survey.imputation
    concepts = [*_words(declared, "variables"), *_words(declared, "predictors"), *_words(declared, "ordered")]
    concepts += [name for group in declared.get("shares", []) for name in group]
    measures = [name for group in declared.get("interactions", []) for name in group]
    found = [
        _problem(survey, f"imputation names the unknown concept {name!r}", "a concept", name, "correct the name")
        for name in dict.fromkeys(concepts)
        if name not in survey.concepts
    ]
    for name in dict.fromkeys(measures):
        measure = survey.measures.get(name)
        if measure is None or measure.type == "category":
            what = "a measure that is a number or yes or no"
            found.append(_problem(survey, f"imputation: interactions name {name!r}", what, name, "correct the name"))
    return found


def _misplaced_names(survey: Survey) -> list[Problem]:
    """Names that exist and cannot stand where they stand."""
    declared, found = survey.imputation, []
    variables = _words(declared, "variables")

    def kind(name: str) -> str:
        return survey.concepts[name].type if name in survey.concepts else ""

    for name in variables:
        concept = survey.concepts.get(name)
        if concept is not None and not _may_be_filled(concept):
            expected = f"one of {', '.join(FILLABLE)}, never an identifier"
            found.append(_problem(survey, f"{name!r} cannot be filled in", expected, concept.type, "remove it"))
    for name in _words(declared, "ordered"):
        if name in survey.concepts and kind(name) != "category":
            what = f"imputation: ordered names {name!r}"
            found.append(_problem(survey, what, "a category", kind(name), "remove it"))
    for group in declared.get("shares", []):
        for name in group:
            if kind(name) not in {"percentage", ""} or (variables and name not in variables):
                what = f"imputation: shares name {name!r}"
                found.append(_problem(survey, what, "percentages among the variables", kind(name), "correct it"))
    return found


def _may_be_filled(concept: Concept) -> bool:
    return concept.type in FILLABLE and not concept.direct_identifier


def _design_variables(survey: Survey) -> list[str]:
    """What the design, the domains and the models use: an imputation model that leaves it out biases them."""
    plan = survey.design
    names = [*plan.strata, *plan.response_classes, *(v for margin in plan.calibration.margins for v in margin)]
    names += [plan.weight] if plan.weight else []
    names += [concept for domain in survey.domains for concept in sorted(domain_concepts(survey, domain))]
    names += [name for model in survey.models.values() for name in model.main.controls]
    return [name for name in names if name in survey.concepts]


def _studied(survey: Survey) -> list[tuple[str, ...]]:
    """Each model's outcome with its practices."""
    groups = []
    for model in survey.models.values():
        names = [model.main.outcome, *model.main.practices]
        measures = [n for n in names if n in survey.measures and survey.measures[n].type != "category"]
        if len(measures) > 1 and tuple(measures) not in groups:
            groups.append(tuple(measures))
    return groups


def _words(declared: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(str(name) for name in declared.get(key, []))


def _is_words(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _problem(survey: Survey, what: str, expected: str, found: str, do: str) -> Problem:
    line = survey.lines.get("imputation")
    return Problem(what, file="survey.yaml", line=line, expected=expected, found=found, do=do)
