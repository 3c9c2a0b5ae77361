"""Intervals of totals and ratios of positive amounts whose tails are heavy.

A few firms carry such an estimate and its error together: where none of them was drawn both are too small, so that the
plain interval misses below far more often than above. The log interval (`intervals.log_t`) misses more evenly,
and is the one that is published; none of these brings back what a sample without the largest firms does not know.

Belongs here: what the log interval is held against (`benchmarks/tails.py`) – Fieller's and percentile-t intervals, the
estimate with the most influential firms held in. Does not belong here: the estimates themselves and their variance
(`structure`), who carries a total (`decisions.influence`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.statistics.design.estimate import Estimate
from monitor.statistics.design.groups import sums
from monitor.statistics.design.inputs import members, numbers
from monitor.statistics.design.intervals import t_quantile
from monitor.statistics.design.structure import SurveyDesign

Array = NDArray[np.float64]

FEWEST_REPLICATES = 30
"""Fewest replicates a percentile-t interval is made from"""


@dataclass(frozen=True)
class Bounds:
    """One interval; infinite where the data bound nothing, NaN where there is none."""

    low: float
    high: float


@dataclass(frozen=True)
class HeldIn:
    """An estimate with influential firms held in, beside the one without."""

    estimate: float
    plain: float
    cutoff: float
    """c: the bias of at most one firm's influence (in the estimate's units) that is accepted"""
    firms: int
    """Firms whose influence is cut"""
    largest: float
    """Conditional bias of the most influential firm, in the estimate's units"""


def fieller(
    design: SurveyDesign, numerator: ArrayLike, denominator: ArrayLike, domain: ArrayLike | None = None,
    level: float = 0.95,
) -> Bounds:  # fmt: skip
    """Fieller's interval of R = Y / X: every R with (Y - R X)^2 <= t^2 Var(Y - R X).

    The roots of (X^2 - t^2 V_XX) R^2 - 2 (X Y - t^2 V_XY) R + Y^2 - t^2 V_YY, Y and X weighted totals of the domain and
    V their design covariance. Where X itself is not told apart from zero, nothing bounds R: minus to plus infinity.
    `numerator`, `denominator` (n,). Sources: Fieller (1954), JRSS B 16; Cochran (1977), section 6.5.
    """
    inside = members(domain, design.n)
    both = np.column_stack([np.where(inside, numbers(each, "values"), 0.0) for each in (numerator, denominator)])
    y, x = (float(each) for each in design.weights @ both)
    v, t = design.covariance(both), float(t_quantile(design.degrees_of_freedom(inside), level))
    square, middle, rest = x**2 - t**2 * v[1, 1], x * y - t**2 * v[0, 1], y**2 - t**2 * v[0, 0]
    if not square > 0:
        return Bounds(float("-inf"), float("inf"))
    root = np.sqrt(max(middle**2 - square * rest, 0.0))
    return Bounds(float((middle - root) / square), float((middle + root) / square))


def percentile_t(
    design: SurveyDesign, numerator: ArrayLike, denominator: ArrayLike | None = None,
    domain: ArrayLike | None = None, level: float = 0.95,
) -> Bounds:  # fmt: skip
    """Percentile-t interval, on the log scale, of a positive total (or ratio), from the design's replicates.

    In replicate r: t_r = (log theta_r - log theta) / s_r, s_r its linearised relative error under the replicate's
    weights (deviations of w_rk z_rk within strata) times what makes the mean of s_r^2 the design's own s^2. The
    interval is theta exp(-q s), q the quantiles of t_r at (1 + level) / 2 and (1 - level) / 2: replicates with few of
    the large firms have both a small estimate and a small error, and lengthen the upper side. Replicates that are half
    samples without replacement (`bootstrap_perturbation`) lie alike on both sides of theta, whatever its skewness, so
    that the interval is moved up further than it should be: a check beside the log interval, not a better one. Raises
    ValueError without replicates, or with fewer than thirty.
    Sources: Hall (1988), Annals of Statistics 16; Rao and Wu (1988), JASA 83, for surveys.
    """
    if design.replicates is None or design.replicates.shape[1] < FEWEST_REPLICATES:
        raise ValueError(f"a percentile-t interval needs at least {FEWEST_REPLICATES} replicates")
    inside = members(domain, design.n)
    y = np.where(inside, numbers(numerator, "values"), 0.0)
    x = None if denominator is None else np.where(inside, numbers(denominator, "values"), 0.0)
    found = design.total(y) if x is None else design.ratio(y, x)
    theta = float(found.estimate[0])
    if not theta > 0:
        return Bounds(float("nan"), float("nan"))
    s = float(found.se[0]) / theta
    values, errors = _under(design, design.replicates, y, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (np.log(values) - np.log(theta)) / (errors * s / np.sqrt(np.mean(errors**2)))
    if not np.isfinite(t).all():
        return Bounds(float("nan"), float("nan"))
    low, high = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    return Bounds(float(theta * np.exp(-high * s)), float(theta * np.exp(-low * s)))


def _under(design: SurveyDesign, weights: Array, y: Array, x: Array | None) -> tuple[Array, Array]:
    """(R,) estimates under weights (n, R) and their relative errors: deviations of the influence from its stratum's
    mean, with the stratum's finite population correction."""
    labels, cells = design.variance_cells()
    names, cell = np.unique(labels, return_inverse=True)
    remaining = {name: max(1 - n / big, 0.0) for name, n, big in cells}
    total = y @ weights
    below = np.ones(weights.shape[1]) if x is None else x @ weights
    values = total / below
    z = y[:, None] / below - (0.0 if x is None else values * x[:, None] / below)
    size = sums(weights, cell, len(names))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nan_to_num(sums(weights * z, cell, len(names)) / size)
    left = np.array([remaining[name] for name in names])[cell]
    squares = (weights * (z - mean[cell])) ** 2
    return values, np.sqrt(left @ squares) / values


def conditional_bias(design: SurveyDesign, influence: ArrayLike) -> Array:
    """(n,) conditional bias of each sampled firm: what the estimate is off by, on average, over the samples that hold
    this firm. B_i = n_h / (n_h - 1) (N_h / n_h - 1) (z_i - mean_h) under stratified simple random sampling, 0 in a
    take-all stratum, N_h / n_h replaced by the firm's weight where it differs (calibration, response), z the influence
    less its regression on the calibration variables. Source: Beaumont, Haziza and Ruiz-Gazen (2013), Biometrika 100.
    """
    z = design.residuals(influence)[:, 0]
    labels, _ = design.variance_cells()
    _, cell = np.unique(labels, return_inverse=True)
    n = np.bincount(cell).astype(float)
    mean = np.bincount(cell, weights=z) / n
    return np.asarray((n / np.maximum(n - 1, 1))[cell] * np.maximum(design.weights - 1, 0.0) * (z - mean[cell]))


def held_in(design: SurveyDesign, found: Estimate[SurveyDesign]) -> HeldIn:
    """The robust estimate with the smallest largest conditional bias: theta - (min_i B_i + max_i B_i) / 2.

    It is the Winsorised (Huber-type) estimate theta - sum B_i + sum psi_c(B_i) whose cutoff c makes the greatest
    conditional bias of any firm smallest; it has a bias of its own, told by the difference from the plain one, and is
    shown beside it, never instead. Source: Beaumont, Haziza and Ruiz-Gazen (2013), theorem 1.
    """
    b = conditional_bias(design, found.influence)
    plain = float(found.estimate[0])
    move = float(b.min() + b.max()) / 2
    cutoff = _cutoff(b, move)
    return HeldIn(plain - move, plain, cutoff, int((np.abs(b) > cutoff).sum()), float(b[np.argmax(np.abs(b))]))


def _cutoff(b: Array, move: float) -> float:
    """The largest c at which sum (B - psi_c(B)) = move, psi_c cutting at -+ c; infinite where nothing is cut."""
    if move == 0:
        return float("inf")
    side = b * np.sign(move)
    sizes = np.sort(np.abs(b))[::-1]
    for k, size in enumerate(sizes):
        smaller = float(sizes[k + 1]) if k + 1 < len(sizes) else 0.0
        if _cut(side, smaller) >= abs(move):
            above, below = (np.count_nonzero(part >= size) for part in (side, -side))
            rate = above - below
            return float(size - (abs(move) - _cut(side, float(size))) / rate)
    return 0.0


def _cut(side: Array, c: float) -> float:
    return float((side - np.clip(side, -c, c)).sum())
