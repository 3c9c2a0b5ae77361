"""Response classes from a logistic response model.

Belongs here: fitting the chance of answering on frame variables, and grouping invited firms by it.
Does not belong here: the response weight itself (`cascade`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from monitor.problems import Problem, WaveStopped
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.weighting.collapse import labels

CLASSES = 10
FEWEST = 20
"""Respondents a class should hold: fewer classes are made where there are not enough."""
ALIKE = 6
"""Decimals to which firms' chances are alike. Fitted chances differ by 1e-14 between processors: the odds that one of a
thousand patterns of frame variables is rounded to another millionth are 1e-14 / 1e-6 * 1000 = 1e-5."""


def propensity_classes(sample: pd.DataFrame, variables: tuple[str, ...]) -> pd.Series:
    """Classes of about equally likely respondents, `propensity 1` the least likely (the score method of Haziza &
    Beaumont 2007).

    The chance of answering is fitted on the main effects of the (categorical) frame variables; invited firms are
    cut into at most ten classes of about as many respondents each, never fewer than twenty, and firms of equal
    chance are never split. Weights are then the inverse response rate of the class, which a wrong link function or
    an extreme fitted chance cannot blow up as it does the inverse fitted chance. Replicates keep the classes and
    estimate their rates again.
    """
    columns = [labels(sample, (v,)) for v in variables]
    responding = sample["responding"].to_numpy(float)
    x, _ = dummy_columns(columns) if columns else (np.ones((len(sample), 1)), [])
    x = x[:, _varying(x)]
    # A category in which everybody answered has a chance of one, however far its coefficient has gone: `converged` is
    # not asked.
    fitted = maximum_likelihood(responding, x, np.ones(len(sample))).probabilities
    if not np.all(np.isfinite(fitted)):
        raise WaveStopped(_unusable(variables))
    wanted = int(max(1, min(CLASSES, responding.sum() // FEWEST)))
    chance = np.round(fitted, ALIKE)
    place = np.unique(chance, return_inverse=True)[1]
    answered = np.bincount(place.ravel(), weights=responding)
    before = np.cumsum(answered) - answered / 2
    group = np.minimum((before / max(responding.sum(), 1) * wanted).astype(int), wanted - 1)
    # A class in which nobody answered would stand for nothing: it joins the next likelier one.
    kept = np.unique(group[answered > 0])
    group = kept[np.minimum(np.searchsorted(kept, group), len(kept) - 1)]
    number = np.searchsorted(np.unique(group), group) + 1
    width = len(str(number.max()))
    return pd.Series([f"propensity {n:0{width}d}" for n in number[place.ravel()]], index=sample.index, dtype=object)


def dummy_columns(columns: Sequence[ArrayLike]) -> tuple[np.ndarray, list[str]]:
    """Intercept and treatment contrasts (first category in order is the reference) of categorical columns."""
    made: list[np.ndarray] = []
    names = ["(Intercept)"]
    for i, column in enumerate(columns):
        values, codes = np.unique(np.asarray(column), return_inverse=True)
        made.append(np.eye(len(values))[codes.ravel()][:, 1:])
        names += [f"term_{i}[{value}]" for value in values[1:]]
    rows = len(np.asarray(columns[0])) if len(columns) else 0
    return np.hstack([np.ones((rows, 1)), *made]), names


def _varying(x: np.ndarray) -> np.ndarray:
    """Columns that add something to those before them."""
    kept: list[int] = []
    rank = 0
    gram = x.T @ x
    for j in range(x.shape[1]):
        trial = [*kept, j]
        if np.linalg.matrix_rank(gram[np.ix_(trial, trial)], tol=1e-8) > rank:
            kept.append(j)
            rank += 1
    return np.array(kept, dtype=int)


def _unusable(variables: tuple[str, ...]) -> Problem:
    return Problem(
        "the logistic response model cannot be fitted",
        expected="both answers in the model's categories",
        found=" + ".join(variables),
        do="use fewer response_classes variables, or `response: classes`",
    )
