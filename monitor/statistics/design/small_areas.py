"""Estimates of areas with few firms, which borrow from areas like them.

Belongs here: the area-level model, its fit and its error, sampling variances that are steady enough for it. Does not
belong here: the direct estimates, which areas and which columns (`notebook.small_areas`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SmallAreas:
    """k areas' estimates under an area-level model, in the unit of the direct ones."""

    estimate: Floats
    """(k,) weight * direct + (1 - weight) * synthetic"""
    mse: Floats
    """(k,) mean squared error, in the square of the unit"""
    synthetic: Floats
    """(k,) what areas with the same columns have on average"""
    weight: Floats
    """(k,) how much of the estimate is the area's own firms', 0 to 1"""
    between: float
    """Variance between areas that the columns leave, in the square of the unit"""
    coefficients: Floats
    """(p,)"""


def fay_herriot(direct: ArrayLike, variance: ArrayLike, x: ArrayLike) -> SmallAreas:
    """Empirical best linear unbiased predictions of k areas after Fay and Herriot (1979).

    With direct_i = x_i' b + v_i + e_i, v_i of variance A and e_i of the known sampling variance D_i, independent:
    weight_i = A / (A + D_i), b by generalised least squares, A by restricted maximum likelihood, zero where that falls
    from zero on. Mean squared error after Datta and Lahiri (2000), equal to Prasad and Rao's (1990) but for how A was
    found: g1 + g2 + 2 g3, with g1 = weight D, g2 = (1 - weight)^2 x' (X' V^-1 X)^-1 x and
    g3 = (1 - weight)^2 / (A + D) * 2 / sum (A + D_j)^-2.

    `direct`, `variance` (k,), `x` (k, p) with a column of ones among them. ValueError where areas are too few for the
    columns, columns depend on each other, or a variance is not positive.
    """
    y, d, columns = (np.asarray(v, dtype=np.float64) for v in (direct, variance, x))
    k, p = columns.shape
    if k < p + 2:
        raise ValueError(f"{k} areas are too few for {p} columns: at least {p + 2}")
    if np.linalg.matrix_rank(columns) < p:
        raise ValueError("the columns of the areas depend on each other")
    if not np.all(d > 0):
        raise ValueError("a sampling variance is not positive")
    between = _between(y, d, columns)
    inverse, b = _least_squares(y, d + between, columns)
    weight = between / (between + d)
    synthetic = columns @ b
    g2 = (1 - weight) ** 2 * np.einsum("ij,jk,ik->i", columns, inverse, columns)
    g3 = (1 - weight) ** 2 / (between + d) * 2 / np.sum((between + d) ** -2)
    mse = weight * d + g2 + 2 * g3
    return SmallAreas(weight * y + (1 - weight) * synthetic, mse, synthetic, weight, between, b)


def steady(variance: ArrayLike, firms: ArrayLike) -> Floats:
    """(k,) sampling variances that stand for single areas' own, which few firms tell badly: c / firms_i with
    c = sum variance / sum 1 / firms, so that all areas together keep theirs.

    `variance` (k,) estimated ones, `firms` (k,) Kish's effective numbers. ValueError where no area has any variance.
    """
    estimated, number = np.asarray(variance, dtype=np.float64), np.asarray(firms, dtype=np.float64)
    level = estimated.sum() / np.sum(1 / number)
    if not level > 0:
        raise ValueError("no area's direct estimate has a variance")
    return np.asarray(level / number)


def _least_squares(y: Floats, total: Floats, x: Floats) -> tuple[Floats, Floats]:
    """(X' V^-1 X)^-1 and the generalised least squares coefficients, V diagonal with `total`."""
    inverse = np.asarray(np.linalg.inv((x.T / total) @ x), dtype=np.float64)
    return inverse, inverse @ (x.T @ (y / total))


def _between(y: Floats, d: Floats, x: Floats) -> float:
    """The variance at which the restricted likelihood's slope passes from rising to falling; 0 where it never rises."""
    from scipy.optimize import brentq

    def slope(a: float) -> float:
        inverse, b = _least_squares(y, d + a, x)
        w = 1 / (d + a)
        trace = w.sum() - np.einsum("ij,jk,ik->", x * w[:, None], inverse, x * w[:, None])
        return float(np.sum((w * (y - x @ b)) ** 2) - trace) / 2

    if slope(0.0) <= 0:
        return 0.0
    most = float(np.var(y) + d.max())
    while slope(most) > 0:
        most *= 2
    return float(brentq(slope, 0.0, most, xtol=1e-15 * most, rtol=1e-14))
