"""How a survey declares that missing answers are filled in.

Belongs here: the `imputation:` section of survey.yaml, its defaults and its mistakes. Does not belong here: filling
in (`stages.imputed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.problems import Place, Problem, line_at
from monitor.survey.domains import domain_concepts
from monitor.survey.model import Concept, Imputation, Survey
from monitor.survey.yaml_lines import Section, closest

TURNOVER_SHARES = ("turnover_share_new_to_market", "turnover_share_new_to_firm", "turnover_share_unchanged")
"""The canonical split of turnover, which sums to 100: filled in jointly unless the survey declares other `shares`"""
FILLABLE = ("boolean", "category", "categories", "number", "integer", "percentage")


@dataclass(frozen=True)
class ImputationPlan:
    """What is filled in, how often, and from what."""

    copies: int = 30
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


def read_imputation(top: Section) -> Imputation | None:
    """The `imputation:` section of survey.yaml; None where there is none or it is empty."""
    section = top.section("imputation", None)
    if section is None or not section.nodes:
        return None
    section.line = top.line_of("imputation")
    declared = Imputation(
        copies=section.number("copies", ImputationPlan.copies, least=2, most=1000, whole=True),
        iterations=section.number("iterations", ImputationPlan.iterations, least=1, most=1000, whole=True),
        donors=section.number("donors", ImputationPlan.donors, least=1, most=100, whole=True),
        variables=section.words("variables", ()),
        ordered=section.words("ordered", ()),
        predictors=section.words("predictors", ()),
        shares=section.groups("shares", None),
        interactions=section.groups("interactions", None),
        lines=section.places(),
    )
    section.close()
    return declared


def imputation_plan(survey: Survey) -> ImputationPlan | None:
    """The survey's plan with its defaults; None where it declares none."""
    declared = survey.imputation
    if declared is None:
        return None
    variables = declared.variables or tuple(
        name for name, concept in survey.concepts.items() if concept.imputable and concept.type in FILLABLE
    )
    shares = declared.shares
    if shares is None:
        shares = (TURNOVER_SHARES,) if set(TURNOVER_SHARES) <= set(variables) else ()
    predictors = dict.fromkeys([*_design_variables(survey), *declared.predictors])
    return ImputationPlan(
        copies=declared.copies,
        iterations=declared.iterations,
        donors=declared.donors,
        variables=variables,
        ordered=declared.ordered,
        shares=shares,
        predictors=tuple(name for name in predictors if name not in variables),
        interactions=_studied(survey) if declared.interactions is None else declared.interactions,
    )


def imputation_problems(survey: Survey) -> Iterator[Problem]:
    """Names in the `imputation:` section that nothing declares, or that cannot stand where they stand."""
    declared = survey.imputation
    if declared is None:
        return
    for key, names in (
        ("variables", declared.variables),
        ("ordered", declared.ordered),
        ("predictors", declared.predictors),
    ):
        for i, name in enumerate(names):
            yield from _wrong_concept(survey, declared, (key, i), name)
    for i, group in enumerate(declared.shares or ()):
        if len(group) < 2:
            what = "imputation: shares have a group of one"
            expected, do = "lists of percentages that sum to 100", "write `[[one, other]]`"
            yield _problem(declared, ("shares", i), what, expected, ", ".join(group), do)
        for j, name in enumerate(group):
            yield from _wrong_concept(survey, declared, ("shares", i, j), name)
    for i, group in enumerate(declared.interactions or ()):
        for j, name in enumerate(group):
            measure = survey.measures.get(name)
            if measure is None or measure.type == "category":
                what = f"imputation: interactions name {name!r}"
                do = closest(name, survey.measures) or "correct the name"
                place = ("interactions", i, j)
                yield _problem(declared, place, what, "a measure that is a number or yes or no", name, do)


def _wrong_concept(survey: Survey, declared: Imputation, place: Place, name: str) -> Iterator[Problem]:
    concept = survey.concepts.get(name)
    if concept is None:
        what, do = f"imputation names the unknown concept {name!r}", closest(name, survey.concepts)
        yield _problem(declared, place, what, "a concept", name, do or "correct the name")
    elif place[0] == "variables" and not _may_be_filled(concept):
        expected = f"one of {', '.join(FILLABLE)}, never an identifier"
        yield _problem(declared, place, f"{name!r} cannot be filled in", expected, concept.type, "remove it")
    elif place[0] == "ordered" and concept.type != "category":
        what = f"imputation: ordered names {name!r}"
        yield _problem(declared, place, what, "a category", concept.type, "remove it")
    elif place[0] == "shares":
        left_out = declared.variables and name not in declared.variables
        if concept.type != "percentage" or left_out:
            what, found = f"imputation: shares name {name!r}", f"{concept.type}{', not filled in' if left_out else ''}"
            yield _problem(declared, place, what, "percentages among the variables", found, "correct it")


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


def _studied(survey: Survey) -> tuple[tuple[str, ...], ...]:
    """Each model's outcome with its practices."""
    groups: list[tuple[str, ...]] = []
    for model in survey.models.values():
        names = [model.main.outcome, *model.main.practices]
        measures = [n for n in names if n in survey.measures and survey.measures[n].type != "category"]
        if len(measures) > 1 and tuple(measures) not in groups:
            groups.append(tuple(measures))
    return tuple(groups)


def _problem(declared: Imputation, place: Place, what: str, expected: str, found: str, do: str) -> Problem:
    line = line_at(declared.lines, place)
    return Problem(what, file="survey.yaml", line=line, expected=expected, found=found, do=do)
