"""A logit's coefficients with the covariance that a survey design gives them, for as many firms as there are.

Belongs here: the two together, where nobody asks what each firm contributes. Does not belong here: the fit
(`likelihood`), the design's part of the covariance (`statistics.design`), contrasts (`contrasts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.blocks import Vectors
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.many_rows import ByColumn, many_rows, with_zeros
from monitor.statistics.models.likelihood import MANY_ROWS, maximum

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Linearised:
    """A logit of a survey."""

    coefficients: Array
    """(k,) log-odds"""
    covariance: Array
    """(k, k) their linearised covariance under the design; NaN where the fit has no solution"""
    converged: bool


def linearised(design: SurveyDesign, y: Array, columns: Vectors, inside: NDArray[np.bool_] | None = None) -> Linearised:
    """Weighted maximum likelihood and its design covariance A^-1 V(sum w_i (y_i - p_i) x_i) A^-1.

    A is the weighted information, V the design's covariance of the total score. `inside` (n,): the firms of the design
    that the model is of, m of them, all where not given; `y` (m,) in 0..1, `columns` (m,) each, the intercept first.
    Memory beyond them does not grow with their number. Source: Binder (1983), International Statistical Review 51.
    """
    w = design.weights if inside is None else design.weights[inside]
    rows = many_rows(columns) if len(y) >= MANY_ROWS else ByColumn(columns)
    top = maximum(y, rows, w)
    residual = np.subtract(y, top.probabilities, out=top.probabilities)
    if inside is not None and not inside.all():
        rows, residual = rows.among(inside), with_zeros(residual, inside)
    middle = design.covariance_of_scores(rows, residual)
    return Linearised(top.coefficients, top.bread @ middle @ top.bread, top.converged)
