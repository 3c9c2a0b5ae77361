"""Regressions by formula, in every completed copy.

Belongs here: a formula's columns for the firms of a domain, the fit and its replicates. Does not belong here: the fit
itself (`statistics.models.generalised_linear`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from monitor.notebook.columns import levels_of
from monitor.notebook.results import Estimates, OneCopy
from monitor.problems import MonitorError, Problem
from monitor.statistics.models.generalised_linear import FAMILIES, coefficients, influence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitor.notebook.design import Domain, SurveyDesign


def fit(design: SurveyDesign, formula: str, family: str, domain: Domain) -> Estimates:
    """The coefficients of a generalised linear model; see `SurveyDesign.glm`."""
    if family not in FAMILIES:
        raise MonitorError(Problem(f"there is no family {family}", expected=f"one of {', '.join(FAMILIES)}"))
    inside = [design._inside(copy, domain) for copy in design.copies]
    frames = _with_common_levels([copy[own] for copy, own in zip(design.copies, inside, strict=True)])
    made: list[OneCopy] = []
    used: list[NDArray[np.bool_]] = []
    names: list[str] = []
    terms: dict[str, slice] = {}
    for frame in frames:
        y, x, rows, names, terms = _matrices(formula, frame)
        weights = design.arrays.weights[rows]
        b = coefficients(y, x, weights[:, None], family)[:, 0]
        moved = np.zeros((design.arrays.n, len(b)))
        moved[rows] = influence(y, x, weights, b, family)
        drawn = design.arrays.replicates
        under = None if drawn is None else coefficients(y, x, drawn[rows], family, b).T
        made.append(OneCopy(b, moved, under))
        used.append(np.isin(np.arange(design.arrays.n), rows))
    df = min(design.arrays.degrees_of_freedom(rows) for rows in used) + 1 - len(names)
    n = float(np.mean([rows.sum() for rows in used]))
    k = len(names)
    labels = pd.DataFrame({"term": names})
    return Estimates(design, labels, tuple(made), np.full(k, float(df)), np.full(k, n), "coefficient", terms=terms)


def _matrices(
    formula: str, frame: pd.DataFrame
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64], list[str], dict[str, slice]]:
    """Outcome, columns, the firms' places, the columns' names and each term's columns, of firms with all values."""
    from formulaic import model_matrix
    from formulaic.errors import FormulaicError

    try:
        made = model_matrix(formula, frame, context={})
        left, right = made.lhs, made.rhs
    except (FormulaicError, AttributeError, NameError, SyntaxError, TypeError) as error:
        raise MonitorError(
            Problem(
                f"the formula {formula!r} cannot be read over the answers",
                expected="outcome ~ terms, as in 'y ~ a * b + size_band'",
                found=f"{error}",
            )
        ) from None
    if left.shape[1] != 1:
        raise MonitorError(Problem(f"the outcome of {formula!r} is not one number", do="write it as outcome == 'code'"))
    terms = {str(term): place for term, place in right.model_spec.term_slices.items()}
    y, x = left.to_numpy(float)[:, 0], right.to_numpy(float)
    return y, x, right.index.to_numpy(np.int64), [str(c) for c in right.columns], terms


def _with_common_levels(frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Text as categories with the levels of all copies, truths as 1 and 0: one set of columns for every copy."""
    made = [frame.copy() for frame in frames]
    for name in frames[0].columns:
        columns = [frame[name] for frame in frames]
        if all(pd.api.types.is_bool_dtype(c.dtype) for c in columns):
            for frame in made:
                frame[name] = frame[name].astype("Float64").astype(float)
        elif isinstance(columns[0].dtype, pd.CategoricalDtype) or columns[0].map(lambda v: isinstance(v, str)).any():
            levels = levels_of(columns)
            for frame in made:
                frame[name] = pd.Categorical(frame[name].astype(object), categories=levels)
    return made
