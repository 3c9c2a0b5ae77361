"""A chain's variables and how they predict one another.

Belongs here: what a variable and a passive are, and a variable's values as columns of predictors. Does not belong
here: the chain (`chained`), the models (`draws`), coding answers as numbers (`coding`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Variable:
    """What is drawn together: one concept, or shares that sum to 100."""

    name: str
    concepts: tuple[str, ...]
    method: str
    """logistic, polytomous, ordered, predictive_mean_matching, shares, set"""
    observed: Floats
    """(n, k) values with NaN where missing: yes 1 / no 0, the place of a code, a number, shares, the place of a set"""
    fill: NDArray[np.bool_]
    """(n,) firms with a missing value that may have been asked"""
    fit: NDArray[np.bool_]
    """(n,) firms that were asked and gave every value: the model is fitted on them, donors come from them"""
    levels: int = 0
    """codes of a category; distinct sets"""
    sizes: Floats | None = None
    """(levels,) number of codes in each distinct set"""
    logarithm: bool = False
    gate: str | None = None
    """name of the passive that says whether a firm was asked"""
    otherwise: tuple[float, ...] = ()
    """(k,) values of a firm that was not asked (NaN: none)"""


@dataclass(frozen=True)
class Passive:
    """A fact that follows from other values: a measure, or whether a question was asked."""

    name: str
    needs: frozenset[str]
    """names of the variables it follows from"""
    predictor: bool
    """whether it is itself a predictor (a gate is not: its own variables are)"""


FEWEST_OF_A_PART = 5
"""Firms on either side of what is drawn first: as many donors as there are"""

Evaluate = Callable[[str, Integers, Mapping[str, Floats]], Floats]
"""(passive, rows (r,), values (m, r, k) by variable) -> (m, r), NaN where unknown"""


@dataclass(frozen=True)
class Part:
    """What of a variable is drawn first, by a model of its own; its values then come from firms that are alike in it.

    A measure that is studied and follows from one variable alone – more than 40 % of turnover from new products – has
    the practices and their product in its own model, as in the analysis: nearness of predicted shares would draw the
    cells of a rare outcome towards each other (Meng 1994; Bartlett et al. 2015 on why the models must agree).
    """

    told: Floats
    """(f,) 1 or 0 of the firms that the variable is fitted on"""
    known: Floats
    """(r,) of the firms that are filled in, where their own answers tell it; NaN else"""


def part_of(variable: Variable, passives: Sequence[Passive], evaluate: Evaluate) -> Part | None:
    """The variable's part, where at least `FEWEST_OF_A_PART` firms lie on either side of it."""
    if variable.method not in ("shares", "predictive_mean_matching"):
        return None
    fit, rows = np.flatnonzero(variable.fit), np.flatnonzero(variable.fill)

    def of(name: str, at: Integers) -> Floats:
        return np.asarray(evaluate(name, at, {variable.name: variable.observed[None, at]})[0])

    for passive in passives:
        if passive.predictor and passive.needs == {variable.name} and _two_sided(told := of(passive.name, fit)):
            return Part(told, of(passive.name, rows))
    return None


def _two_sided(told: Floats) -> bool:
    yes, no = (told == 1).sum(), (told == 0).sum()
    return bool(yes + no == len(told) and min(yes, no) >= FEWEST_OF_A_PART)


def answers_of(variable: Variable) -> int:
    """The answers a model can learn from: of firms with the rarest answer, or of all where answers are numbers."""
    known = variable.observed[variable.fit, 0]
    if variable.method == "logistic":
        return int(min(known.sum(), len(known) - known.sum()))
    if variable.method == "set":
        held = int((sizes_of(variable, known) > 0).sum())
        return min(held, len(known) - held)
    if variable.method == "polytomous":
        return int(np.bincount(known.astype(np.int64), minlength=variable.levels).min())
    return len(known)


def width_of(variable: Variable) -> int:
    """How many predictors a variable is."""
    if variable.method in ("polytomous", "ordered"):
        return variable.levels - 1
    if variable.method == "shares":
        return len(variable.concepts) - 1
    return 2 if variable.method == "set" else 1


def encode(variable: Variable, values: Floats) -> Floats:
    """Values (m, r, k) as predictors (m, c, r), before they are standardised; NaN where there is no value."""
    first = values[:, :, 0]
    if variable.method in ("polytomous", "ordered"):
        codes = np.arange(1, variable.levels)[None, :, None]
        return np.where(np.isnan(first)[:, None], np.nan, (first[:, None] == codes).astype(np.float64))
    if variable.method == "shares":
        return values[:, :, :-1].transpose(0, 2, 1)
    if variable.method == "set":
        size = sizes_of(variable, first)
        return np.stack([np.where(np.isnan(size), np.nan, (size > 0).astype(np.float64)), np.log1p(size)], axis=1)
    return (np.log1p(first) if variable.logarithm else first)[:, None]


def sizes_of(variable: Variable, places: Floats) -> Floats:
    """The number of codes of sets given by their places."""
    assert variable.sizes is not None
    known = np.isfinite(places)
    return np.where(known, variable.sizes[np.where(known, places, 0).astype(np.int64)], np.nan)


def moments(columns: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of predictors (m, c, r) over all copies and firms that have them; never zero."""
    finite = np.isfinite(columns)
    count = np.maximum(finite.sum(axis=(0, 2)), 1)
    values = np.where(finite, columns, 0)
    centre = values.sum(axis=(0, 2)) / count
    variance = (np.where(finite, columns - centre[:, None], 0) ** 2).sum(axis=(0, 2)) / count
    return centre, np.where(variance > 1e-24, np.sqrt(variance), 1.0)


def correlation(x: Floats, y: Floats) -> Floats:
    """(q, c) correlations of predictors (q, n) with the columns (c, n) of a variable; 0 where one is constant."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    norm = np.sqrt((x**2).sum(axis=1))[:, None] * np.sqrt((y**2).sum(axis=1))[None]
    return np.asarray(np.where(norm > 0, x @ y.T / np.where(norm > 0, norm, 1), 0))
