"""Calibration: weights that meet known totals, for one weight vector or for all replicates at once.

Belongs here: raking, linear (GREG) and bounded logit calibration of a matrix of weights, and saying which total
cannot be met and why. Does not belong here: reading margins, collapsing cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.statistics.design.groups import sums

Floats = NDArray[np.float64]


class CalibrationError(Exception):
    """Calibration did not meet its totals. Says which, by how much, in which replicate columns, and why."""

    def __init__(
        self,
        reason: str,
        totals: Sequence[int] = (),
        distance: Floats | None = None,
        columns: Sequence[int] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.totals = tuple(totals)
        """Positions of the totals that are not met"""
        self.distance = distance
        """Relative distance to every total, (p,), worst column"""
        self.columns = tuple(columns)
        """Columns of the weight matrix that failed"""


@dataclass(frozen=True)
class Calibrated:
    """What calibration gave."""

    weights: Floats
    """(n, R), or (n,) where one vector was given"""
    factors: Floats
    """g-weights, same shape: calibrated weight over the weight before"""
    iterations: int
    distance: Floats
    """(p,) relative distance |achieved - total| / (1 + |total|) of the first column"""


def raking_groups(columns: Sequence[ArrayLike]) -> tuple[list[NDArray[np.int64]], list[list[object]]]:
    """Codes 0..C-1 of each margin's categories (in sorted order), and the categories themselves."""
    codes, labels = [], []
    for column in columns:
        values, code = np.unique(np.asarray(column), return_inverse=True)
        codes.append(code.astype(np.int64))
        labels.append(list(values))
    return codes, labels


def calibrate(
    weights: ArrayLike,
    auxiliary: ArrayLike | Sequence[ArrayLike],
    totals: ArrayLike | Sequence[ArrayLike],
    method: str = "linear",
    bounds: tuple[float, float] | None = None,
    tolerance: float = 1e-10,
    iterations: int = 200,
) -> Calibrated:
    """Weights w = d * F(x'eta) with sum w x = totals (Deville & Sarndal 1992).

    method      linear: F(u) = 1 + u (GREG); raking: F(u) = exp(u); logit: F bounded by `bounds` (L, U),
                F(u) = (L (U-1) + U (1-L) e^{Au}) / (U-1 + (1-L) e^{Au}), A = (U-L) / ((1-L)(U-1))
    weights     d: (n,) or (n, R); every column is calibrated to the same totals
    auxiliary   X: (n, p). For raking also a list of codes (n,) per margin, with `totals` a list of (C_m,): then
                iterative proportional fitting on the distinct combinations of categories, all columns together
    totals      (p,)
    bounds      least and greatest factor; needed by logit
    tolerance   relative to 1 + |total|

    Redundant columns are allowed as long as their totals agree. Raises CalibrationError, never half-met weights.
    """
    d = np.asarray(weights, dtype=float)
    single = d.ndim == 1
    matrix = d[:, None] if single else d
    if not np.all(np.isfinite(matrix)) or np.any(matrix < 0):
        raise CalibrationError("a weight before calibration is negative, missing or infinite")
    if isinstance(auxiliary, list | tuple):
        if method != "raking":
            raise ValueError("margins as codes are for raking; give a matrix for linear and logit calibration")
        codes = [np.asarray(c) for c in auxiliary]
        result = _fit_proportions(
            matrix,
            codes,
            [np.asarray(t, dtype=float) for t in totals],  # type: ignore[union-attr]
            tolerance,
            max(iterations, 1000),
        )
    else:
        x, t = np.asarray(auxiliary, dtype=float), np.asarray(totals, dtype=float)
        _check_totals(matrix, x, t)
        # Firms alike in X have one factor: the work is done on their sums.
        alike, place = np.unique(x, axis=0, return_inverse=True)
        place = place.ravel()
        mass = sums(matrix, place, len(alike))
        if method == "linear" and bounds is None:
            factor, steps, distance = _linear(mass, alike, t, tolerance)
        elif method in ("linear", "raking", "logit"):
            factor, steps, distance = _newton(mass, alike, t, method, bounds, tolerance, iterations)
        else:
            raise ValueError(f"unknown calibration method {method!r}")
        result = matrix * factor[place], steps, distance
    fitted, steps, distance = result
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.where(matrix > 0, fitted / matrix, 1.0)
    if single:
        return Calibrated(fitted[:, 0], factors[:, 0], steps, distance[:, 0])
    return Calibrated(fitted, factors, steps, distance[:, 0])


def _distance(matrix: Floats, x: Floats, totals: Floats) -> Floats:
    return np.asarray(np.abs(_added(x, matrix) - totals[:, None]) / (1 + np.abs(totals))[:, None])


def _added(x: Floats, matrix: Floats) -> Floats:
    """x' matrix, (p, R), added row by row: the same to the last bit on every processor, as no matrix product is."""
    return np.stack([(column[:, None] * matrix).sum(axis=0) for column in x.T])


def _steps(x: Floats, mass: Floats, misfit: Floats) -> Floats:
    """(p, R) solutions eta of (sum_k mass_k x_k x_k') eta = misfit in every column, by elimination in a fixed order.

    A pivot that is left with less than 1e-10 of its column belongs to a column that earlier ones span: its eta is
    zero, which solves the system wherever it can be solved.
    """
    p = x.shape[1]
    rows, columns = np.triu_indices(p)
    gram = np.empty((p, p, mass.shape[1]))
    gram[rows, columns] = gram[columns, rows] = _added(x[:, rows] * x[:, columns], mass)
    right = misfit.copy()
    least = 1e-10 * gram[np.arange(p), np.arange(p)]
    for j in range(p):
        spanned = gram[j, j] <= least[j]
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(spanned, 0.0, gram[j] / gram[j, j])
            right[j] = np.where(spanned, 0.0, right[j] / gram[j, j])
        others = gram[:, j].copy()
        others[j] = 0.0
        others[:, spanned] = 0.0
        gram -= others[:, None] * own
        right -= others * right[j]
        gram[j] = own
    return right


def _check_totals(matrix: Floats, x: Floats, totals: Floats) -> None:
    """Refuse totals that no factors can meet: nobody to carry them, or disagreement between redundant columns."""
    if not np.all(np.isfinite(x)):
        raise CalibrationError("an auxiliary value is missing or infinite")
    if not np.all(np.isfinite(totals)):
        raise CalibrationError("a total is missing or infinite", np.flatnonzero(~np.isfinite(totals)).tolist())
    used = (matrix > 0).any(axis=1)
    empty = np.flatnonzero(~(np.abs(x[used]) > 0).any(axis=0) & (totals != 0))
    if len(empty):
        raise CalibrationError("no firm carries these totals", empty.tolist())
    # Totals must lie in the row space of X: along a null direction a'X = 0 a'totals must be 0 as well.
    size = np.sqrt((x[used] ** 2).sum(axis=0))
    size[size == 0] = 1.0
    scaled = x[used] / size
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    null = vectors[:, values < 1e-10 * max(values.max(), 1e-300)]
    if null.shape[1]:
        off = null.T @ (totals / size)
        scale = np.linalg.norm(totals / size) + 1e-300
        if np.any(np.abs(off) > 1e-7 * scale):
            worst = null[:, np.argmax(np.abs(off))]
            raise CalibrationError("totals contradict each other", np.flatnonzero(np.abs(worst) > 1e-6).tolist())


def _linear(mass: Floats, x: Floats, totals: Floats, tolerance: float) -> tuple[Floats, int, Floats]:
    """g = 1 + x'(X'DX)^-1 (totals - X'd), (m, R) factors of firms alike."""
    scaled, goal = _scaled(x, totals)
    factor = np.ones_like(mass)
    for _step in range(2):  # the second pass removes the rounding of the first
        eta = _steps(scaled, mass, goal[:, None] - _added(scaled, mass * factor))
        factor = factor + _added(scaled.T, eta)
    distance = _distance(mass * factor, x, totals)
    _refuse_unmet(distance, max(tolerance, 1e-9), "the totals cannot be met by a linear adjustment")
    return factor, 1, distance


def _scaled(x: Floats, totals: Floats) -> tuple[Floats, Floats]:
    """Columns of about one size, and their totals."""
    size = np.sqrt((x**2).sum(axis=0) / len(x))
    size[size == 0] = 1.0
    return x / size, totals / size


def _exp(u: Floats) -> Floats:
    """exp(u) within two units of its last digit, from sums and products alone: 2^k times the series of what is left.

    Processors' own exponentials differ in the last digit, and weights must not.
    """
    u = np.clip(u, -700, 700)
    power = np.rint(u * 1.4426950408889634)
    # ln 2 in two parts, the first with so many zeros at its end that its products are exact (Cody and Waite 1980).
    left = (u - power * 0.693147180369123816490) - power * 1.90821492927058770002e-10
    value = np.ones_like(left)
    for n in range(14, 0, -1):
        value = 1 + left * value / n
    return np.asarray(np.ldexp(value, power.astype(np.int64)))


def _factor(method: str, u: Floats, bounds: tuple[float, float] | None) -> tuple[Floats, Floats]:
    """F(u) and F'(u)."""
    if method == "raking":
        value = _exp(u)
        if bounds is None:
            return value, value
        return np.clip(value, *bounds), np.where((value > bounds[0]) & (value < bounds[1]), value, 0.0)
    if bounds is None:
        raise ValueError(f"{method} calibration needs bounds")
    low, high = bounds
    if method == "linear":
        return np.clip(1 + u, low, high), ((1 + u > low) & (1 + u < high)).astype(float)
    a = (high - low) / ((1 - low) * (high - 1))
    e = _exp(a * u)
    value = (low * (high - 1) + high * (1 - low) * e) / (high - 1 + (1 - low) * e)
    return value, (value - low) * (high - value) / ((1 - low) * (high - 1))


def _newton(
    mass: Floats,
    x: Floats,
    totals: Floats,
    method: str,
    bounds: tuple[float, float] | None,
    tolerance: float,
    limit: int,
) -> tuple[Floats, int, Floats]:
    """(m, R) factors of firms alike, by Newton's method for eta in every column at once.

    Steps are halved where one made the misfit worse.
    """
    if bounds is not None and not bounds[0] < 1 < bounds[1]:
        raise CalibrationError(f"bounds {bounds[0]:g} and {bounds[1]:g} must lie on both sides of 1")
    scaled, goal = _scaled(x, totals)
    eta, active = np.zeros((x.shape[1], mass.shape[1])), np.arange(mass.shape[1])
    factor, slope = _factor(method, np.zeros_like(mass), bounds)
    steps, misfit = 0, goal[:, None] - _added(scaled, mass * factor)
    while len(active) and steps < limit:
        steps += 1
        own = mass[:, active]
        move = _steps(scaled, own * slope[:, active], misfit[:, active])
        size_before = np.abs(misfit[:, active]).sum(axis=0)
        share = np.ones(len(active))
        for _halving in range(12):
            trial = eta[:, active] + share * move
            tried, derivative = _factor(method, _added(scaled.T, trial), bounds)
            off = goal[:, None] - _added(scaled, own * tried)
            worse = ~(np.abs(off).sum(axis=0) <= size_before * (1 + 1e-9))
            if not worse.any():
                break
            share[worse] /= 2
        eta[:, active], factor[:, active], slope[:, active], misfit[:, active] = trial, tried, derivative, off
        met = (_distance(own * tried, x, totals) <= tolerance).all(axis=0)
        active = active[~met]
    distance = _distance(mass * factor, x, totals)
    reason = "the totals cannot be met" + (
        f" with factors between {bounds[0]:g} and {bounds[1]:g}" if bounds is not None else " with positive weights"
    )
    _refuse_unmet(distance, tolerance * 10, reason)
    return factor, steps, distance


def _fit_proportions(
    matrix: Floats, margins: list[NDArray[np.int64]], totals: list[Floats], tolerance: float, limit: int
) -> tuple[Floats, int, Floats]:
    """Iterative proportional fitting on the distinct cells of all margins, every column together.

    Raking changes weights by one factor per combination of categories, so it is enough to rake the cells' sums:
    their number does not grow with the firms. Sums run over rows in their order and everything else is a product or a
    quotient: the weights are the same to the last bit on every processor.
    """
    offsets = np.r_[0, np.cumsum([len(t) for t in totals])]
    goal = np.concatenate(totals)
    firms = [t.sum() for t in totals]
    if any(abs(s - firms[0]) > 1e-7 * max(abs(firms[0]), 1) for s in firms):
        raise CalibrationError(
            "the margins disagree on the number of firms: " + ", ".join(f"{s:.10g}" for s in firms),
            [int(o) for o in offsets[:-1]],
        )
    for margin, total in zip(margins, totals, strict=True):
        if margin.min() < 0 or margin.max() >= len(total):
            raise ValueError("a margin's code has no total")
    key = np.zeros(len(matrix), dtype=np.int64)
    for margin, total in zip(margins, totals, strict=True):
        key = key * len(total) + margin
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    cell = cell.ravel()
    cells = [margin[first] for margin in margins]
    start = sums(matrix, cell, len(first))
    mass = start.copy()
    for m, (code, total) in enumerate(zip(cells, totals, strict=True)):
        reached = sums(start, code, len(total))
        empty = np.flatnonzero(((reached <= 0) & (total[:, None] > 0)).any(axis=1))
        if len(empty):
            columns = np.flatnonzero((reached[empty] <= 0).any(axis=0))
            raise CalibrationError(
                "no firm carries these totals", (offsets[m] + empty).tolist(), None, columns.tolist()
            )
    steps, active = 0, np.arange(matrix.shape[1])
    while len(active) and steps < limit:
        steps += 1
        work = mass[:, active]
        for code, total in zip(cells, totals, strict=True):
            reached = sums(work, code, len(total))
            with np.errstate(divide="ignore", invalid="ignore"):
                factor = np.where(reached > 0, total[:, None] / reached, 0.0)
            work = work * factor[code]
        mass[:, active] = work
        active = active[(_margins_off(work, cells, totals) > tolerance).any(axis=0)]
    distance = _margins_off(mass, cells, totals)
    if not len(goal) == len(distance):
        raise AssertionError("totals and margins differ in length")
    _refuse_unmet(distance, tolerance * 10, "the margins cannot be met together: their empty cells exclude it")
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(start > 0, mass / start, 1.0)
    return matrix * factor[cell], steps, distance


def _margins_off(mass: Floats, cells: list[NDArray[np.int64]], totals: list[Floats]) -> Floats:
    """(p, R) relative distance of every margin's sums to its totals."""
    return np.concatenate(
        [
            np.abs(sums(mass, code, len(total)) - total[:, None]) / (1 + np.abs(total))[:, None]
            for code, total in zip(cells, totals, strict=True)
        ]
    )


def _refuse_unmet(distance: Floats, tolerance: float, reason: str) -> None:
    unmet = ~(distance <= tolerance)
    if unmet.any():
        columns = np.flatnonzero(unmet.any(axis=0))
        worst = distance[:, columns].max(axis=1)
        raise CalibrationError(reason, np.flatnonzero(unmet.any(axis=1)).tolist(), worst, columns.tolist())
