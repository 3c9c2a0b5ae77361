"""From a wave's kept answers to what a chain needs.

Belongs here: which concept is drawn by which model, who was asked, what predicts, and what is left out and why. Does
not belong here: the chain (`chained`), coding (`coding`), reading and writing tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from monitor.stages.imputed.coding import Coding, Facts, Floats, coding_of, nothing
from monitor.statistics.imputation.variables import Passive, Variable
from monitor.survey import Question, Survey, Wave
from monitor.survey.expressions import columns_of
from monitor.survey.imputation import ImputationPlan
from monitor.survey.participation import in_wave

MOST_LEVELS = 12
"""Codes a category may have to be drawn: a multinomial logit with more needs more firms than a wave has"""
LEAST_ANSWERS = 2
LEAST_FIRMS = 5
"""Codes of a predictor that fewer firms have are joined to its commonest code"""
METHODS: Mapping[str, str] = {
    "boolean": "logistic",
    "category": "polytomous",
    "categories": "set",
    "number": "predictive_mean_matching",
    "integer": "predictive_mean_matching",
    "percentage": "predictive_mean_matching",
}


@dataclass(frozen=True)
class Setup:
    """Everything the chain needs, and what is left out of it."""

    variables: tuple[Variable, ...]
    """In the order they are drawn"""
    passives: tuple[Passive, ...]
    products: tuple[tuple[str, str], ...]
    fixed: Floats
    """(c, n) predictors that are complete"""
    facts: Facts
    codings: Mapping[str, Coding]
    deduced: Mapping[str, NDArray[np.bool_]]
    """Concept -> (n,) firms whose value follows from what they did answer: the same in every copy"""
    left_out: Mapping[str, str]
    """Concept -> why it is not filled in, or does not predict"""


def prepare(
    connection: duckdb.DuckDBPyConnection, answers: pa.Table, survey: Survey, wave: Wave, plan: ImputationPlan
) -> Setup:
    """The chain's arrays out of the observed copy, which has one row per firm, sorted by firm.

    A concept is left out, with the reason, where the wave did not ask it, fewer than two firms answered it, or it
    has too many codes.
    """
    gates = {f"asked:{name}": q.asked_of for name, q in wave.questions.items() if q.asked_of}
    studied = sorted({name for group in plan.interactions for name in group})
    facts = _facts(connection, answers, in_wave(survey, wave), gates, studied)
    observed = facts.observed
    targets = [name for name in plan.variables if name in wave.questions and name in observed]
    left_out = {name: "not asked in this wave" for name in plan.variables if name not in targets}
    codings = {
        name: coding_of(survey.concepts[name], observed[name], wave.questions[name].otherwise) for name in targets
    }
    numbers = {name: codings[name].encode(observed[name]) for name in targets}
    asked = {name: _asked(wave.questions[name], facts, set(targets), answers.num_rows) for name in targets}
    deduced = _deduce_gates(numbers, asked, wave.questions)

    variables = {}
    for block in _blocks(plan, targets):
        if reason := _unusable(block, numbers, asked, codings):
            left_out |= dict.fromkeys(block, reason)
        else:
            variables[block[0]] = _variable(block, numbers, asked, codings, survey, wave, plan)
    for variable in variables.values():
        facts.draw(variable.name, {concept: codings[concept] for concept in variable.concepts})
        deduced |= _deduce_shares(variable)
    needs, used = _needs(facts), {variable.gate for variable in variables.values()}
    passives = [Passive(name, needs[name], predictor=False) for name in gates if name in used]
    passives += [Passive(fact, needs[fact], predictor=True) for fact in map(_fact_of, studied)]
    opening = sorted({concept for gate in used if gate for concept in facts.concepts[gate]} - set(facts.drawn))
    fixed, unusable = _fixed(observed, dict.fromkeys([*plan.predictors, *opening]), survey)
    return Setup(
        variables=_gates_first(list(variables.values()), needs),
        passives=tuple(passives),
        products=_products(plan, {p.name for p in passives if p.predictor}),
        fixed=fixed,
        facts=facts,
        codings=codings,
        deduced=deduced,
        left_out=left_out | unusable,
    )


def _facts(
    connection: duckdb.DuckDBPyConnection,
    answers: pa.Table,
    survey: Survey,
    gates: Mapping[str, str],
    studied: Sequence[str],
) -> Facts:
    """The gates and the studied measures over the observed answers, a concept the wave lacks without a value."""
    # A measure may have the name of the concept it takes over: as a fact it has a name of its own.
    expressions = {**gates} | {_fact_of(name): survey.measures[name].sql for name in studied}
    observed = {name: answers[name].combine_chunks() for name in answers.column_names}
    for name in {c for sql in expressions.values() for c in columns_of(sql)} - set(observed):
        observed[name] = nothing(survey.concepts[name].type, answers.num_rows)
    return Facts(connection, observed, survey.concepts, expressions)


def _needs(facts: Facts) -> dict[str, frozenset[str]]:
    """Gate or measure -> the variables it is worked out from, where they are drawn."""
    return {
        name: frozenset(facts.drawn[c][0] for c in columns if c in facts.drawn)
        for name, columns in facts.concepts.items()
    }


def _blocks(plan: ImputationPlan, targets: Sequence[str]) -> list[tuple[str, ...]]:
    """What is drawn together: the shares of one whole, every other concept by itself."""
    blocks = [tuple(group) for group in plan.shares if set(group) <= set(targets)]
    return blocks + [(name,) for name in targets if not any(name in group for group in blocks)]


def _fact_of(measure: str) -> str:
    """The name under which a studied measure is evaluated."""
    return f"measure:{measure}"


def _asked(question: Question, facts: Facts, targets: set[str], firms: int) -> Floats:
    """(n,) 1 where the firm was asked, 0 where it was routed past, NaN where a gate that is to be drawn decides.

    Where the gate is open and stays so nobody knows whether the firm was asked: it counts as routed past, and what
    it left open stays open.
    """
    if not question.asked_of:
        return np.ones(firms)
    asked = facts.observed_fact(f"asked:{question.concept}", firms)
    return asked if columns_of(question.asked_of) & targets else np.nan_to_num(asked, nan=0.0)


def _deduce_gates(
    numbers: dict[str, Floats], asked: dict[str, Floats], questions: Mapping[str, Question]
) -> dict[str, NDArray[np.bool_]]:
    """Who answered a question that only a yes leads to has said yes: fill the gate in, in place."""
    deduced: dict[str, NDArray[np.bool_]] = {}
    for name in numbers:
        gate = (questions[name].asked_of or "").strip()
        if gate in numbers and questions[gate].concept == gate:
            said = np.isnan(numbers[gate]) & np.isfinite(numbers[name]) & np.isnan(asked[name])
            if said.any():
                numbers[gate] = np.where(said, 1.0, numbers[gate])
                deduced[gate] = deduced.get(gate, np.zeros_like(said)) | said
    for name in numbers:
        gate = (questions[name].asked_of or "").strip()
        if gate in deduced:
            asked[name] = np.where(deduced[gate], 1.0, asked[name])
    return deduced


def _unusable(
    block: Sequence[str], numbers: Mapping[str, Floats], asked: Mapping[str, Floats], codings: Mapping[str, Coding]
) -> str | None:
    """Why a block cannot be drawn, or None."""
    levels = codings[block[0]].levels
    if codings[block[0]].type == "category" and levels is not None and len(levels) > MOST_LEVELS:
        return f"{len(levels)} codes, more than {MOST_LEVELS}"
    whole = (asked[block[0]] != 0) & np.all([np.isfinite(numbers[name]) for name in block], axis=0)
    return None if whole.sum() >= LEAST_ANSWERS else f"fewer than {LEAST_ANSWERS} firms answered"


def _variable(
    block: Sequence[str],
    numbers: Mapping[str, Floats],
    asked: Mapping[str, Floats],
    codings: Mapping[str, Coding],
    survey: Survey,
    wave: Wave,
    plan: ImputationPlan,
) -> Variable:
    name = block[0]
    coding, concept, question = codings[name], survey.concepts[name], wave.questions[name]
    observed = np.stack([numbers[c] for c in block], axis=1)
    was_asked = asked[name] != 0
    method = "shares" if len(block) > 1 else "ordered" if name in plan.ordered else METHODS[coding.type]
    levels = 0 if coding.levels is None else len(coding.levels)
    if method in ("ordered", "polytomous") and levels < 2:
        method = METHODS["number"]
    return Variable(
        name=name,
        concepts=tuple(block),
        method=method,
        observed=observed,
        fill=was_asked & np.isnan(observed).any(axis=1),
        fit=was_asked & np.isfinite(observed).all(axis=1),
        levels=levels,
        sizes=coding.sizes if coding.type == "categories" else None,
        logarithm=concept.type == "number" and concept.minimum is not None and concept.minimum >= 0,
        gate=f"asked:{name}" if question.asked_of else None,
        otherwise=tuple(codings[c].number(wave.questions[c].otherwise) for c in block),
    )


def _deduce_shares(variable: Variable) -> dict[str, NDArray[np.bool_]]:
    """The one share a firm left open, and all it left open where the others make 100 already."""
    if variable.method != "shares":
        return {}
    missing = np.isnan(variable.observed)
    full = np.where(missing, 0, variable.observed).sum(axis=1) >= 100
    sure = (variable.gate is None or variable.fill) & (full | (missing.sum(axis=1) == 1))
    return {concept: sure & missing[:, place] for place, concept in enumerate(variable.concepts)}


def _products(plan: ImputationPlan, predicting: set[str]) -> tuple[tuple[str, str], ...]:
    """The pairs of studied measures whose product predicts."""
    pairs = [
        (_fact_of(first), _fact_of(second))
        for group in plan.interactions
        for place, first in enumerate(group)
        for second in group[place + 1 :]
        if {_fact_of(first), _fact_of(second)} <= predicting
    ]
    return tuple(dict.fromkeys(pairs))


def _fixed(observed: Mapping[str, pa.Array], names: Iterable[str], survey: Survey) -> tuple[Floats, dict[str, str]]:
    """Complete predictors (c, n), standardised: numbers, logarithms of amounts and weights, a column per code."""
    columns, left_out = [], {}
    for name in names:
        column = observed.get(name)
        if column is None:
            continue
        if column.null_count:
            left_out[name] = f"does not predict: {column.null_count} firms lack it"
            continue
        concept = survey.concepts[name]
        numbers = coding_of(concept, column, None).encode(column)
        if concept.type == "category":
            count = np.bincount(numbers.astype(np.int64))
            columns += [
                (numbers == level).astype(np.float64)
                for level in range(len(count))
                if level != count.argmax() and count[level] >= LEAST_FIRMS
            ]
        elif concept.type in ("number", "integer", "percentage", "boolean"):
            amount = concept.type == "number" and concept.minimum is not None and concept.minimum >= 0
            columns.append(np.log1p(numbers) if amount else numbers)
    varied = [column for column in columns if column.std() > 1e-12]
    standard = [(column - column.mean()) / column.std() for column in varied]
    firms = len(next(iter(observed.values())))
    return np.stack(standard) if standard else np.zeros((0, firms)), left_out


def _gates_first(variables: list[Variable], needs: Mapping[str, frozenset[str]]) -> tuple[Variable, ...]:
    """The variables with every gate before what it lets in, otherwise in their order."""
    ordered: list[Variable] = []
    waiting = list(variables)
    while waiting:
        done = {v.name for v in ordered}
        ready = next((v for v in waiting if v.gate is None or needs[v.gate] <= done | {v.name}), waiting[0])
        ordered.append(ready)
        waiting.remove(ready)
    return tuple(ordered)
