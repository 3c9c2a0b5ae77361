"""Entropy balancing: the weights nearest to the survey's own that give comparison firms the participants' means.

Belongs here: the dual problem, when it has no solution, the difference on participants that follows. Does not belong
here: how alike the groups are before and after (`alike`), the bootstrap and copies (`effect`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.groups import Groups, mean, quantities
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities

Array = NDArray[np.float64]

BALANCED = 1e-10
"""Largest difference of a balanced mean, in standard deviations of the comparison firms, at which the search is done"""
MOST_ITERATIONS = 100


@dataclass(frozen=True)
class Balanced:
    """Weights of the comparison firms."""

    shares: Array
    """(m,) the weights, which add to one; zero where a firm is at a value that no participant has"""
    multipliers: Array
    """(k,) of the standardised covariates; weight is proportional to base exp(z multiplier)"""


def entropy_balance(x: Array, base: Array, targets: Array) -> Balanced | Note:
    """The weights v that are nearest to `base` and have the means `targets`:

        minimise sum v_i log(v_i / q_i)  subject to  sum v_i x_i = targets, sum v_i = 1;
        v_i proportional to q_i exp(z_i l), z the covariates less their targets, where l minimises the convex
        log sum q_i exp(z_i l), by Newton steps halved until it falls.

    `x` (m, k) covariates of the comparison firms, `base` (m,) their survey weights q, `targets` (k,) the participants'
    means. Columns are taken by their standard deviation, so that units do not matter; columns that say what others say
    already (collinear) are balanced with them. A firm at a value where a whole column's target is its extreme (a level
    that no participant has) gets no weight. The note `participants_alone` where no positive weights have these means:
    the targets lie outside what the comparison firms span.

    Source: Hainmueller (2012), Political Analysis 20; base weights as in Deville and Särndal (1992), whose raking it
    is.
    """
    usable = (base > 0) & ~_beyond(x, base, targets)
    if not usable.any():
        return note("participants_alone")
    q = base[usable] / base[usable].sum()
    z = x[usable] - targets
    spread = np.sqrt(q @ (z - q @ z) ** 2)
    size = np.sqrt(q @ x[usable] ** 2)
    moving = spread > 1e-9 * np.maximum(size, np.abs(targets))
    if np.any(np.abs(z[:, ~moving]) > 1e-8 * np.maximum(size, 1e-300)[~moving]):
        return note("participants_alone")
    z = z[:, moving] / spread[moving]
    solved = _minimum(z, q)
    if solved is None:
        return note("participants_alone")
    multipliers = np.zeros(x.shape[1])
    multipliers[moving] = solved
    shares = np.zeros(len(base))
    shares[usable] = _weights(z, q, solved)
    return Balanced(shares, multipliers)


def _beyond(x: Array, base: Array, targets: Array) -> NDArray[np.bool_]:
    """(m,) firms that only weigh zero can make balanced: off the target where it is the firms' smallest or largest."""
    low, high = (edge(x[base > 0], axis=0) for edge in (np.min, np.max))
    at_edge = np.isclose(targets, low, rtol=0, atol=1e-12 * (high - low)) | np.isclose(
        targets, high, rtol=0, atol=1e-12 * (high - low)
    )
    return np.asarray((at_edge & (np.abs(x - targets) > 1e-12 * (high - low))).any(axis=1))


def _weights(z: Array, q: Array, multipliers: Array) -> Array:
    eta = z @ multipliers
    v = q * np.exp(eta - eta.max())
    return np.asarray(v / v.sum())


def _objective(z: Array, q: Array, multipliers: Array) -> float:
    eta = z @ multipliers
    top = eta.max()
    return float(top + np.log(q @ np.exp(eta - top)))


def _minimum(z: Array, q: Array) -> Array | None:
    """(k,) where the dual is smallest; None where it falls without end."""
    at = np.zeros(z.shape[1])
    value = _objective(z, q, at)
    for _ in range(MOST_ITERATIONS):
        v = _weights(z, q, at)
        left = v @ z
        if np.abs(left).max(initial=0.0) < BALANCED:
            return at
        step = -np.linalg.pinv((z * v[:, None]).T @ z - np.outer(left, left), rcond=1e-12, hermitian=True) @ left
        for _halving in range(30):
            trial = _objective(z, q, at + step)
            # Near the solution the objective no longer tells steps apart in its last digits; the whole step is right.
            if trial <= value + 1e-10:
                break
            step = step / 2
        at, value = at + step, trial
    return None


def by_balancing(groups: Groups, y: Array, w: Array) -> Quantities | Note:
    """The difference on participants where the comparison firms have the participants' means of every covariate.

    Firm i of the participants moves the comparison's mean by w_i / W b (x_i - mean x), because it moves the target; a
    comparison firm by v_i (y_i - mean_v y - b (x_i - target)); b the coefficients of y on x among comparison firms
    under the weights v (stacked estimating equations of the dual and the mean). `y`, `w` (n,).
    """
    t = groups.participates
    targets = mean(groups.x[t], w[t])
    found = entropy_balance(groups.x[~t], w[~t], targets)
    if isinstance(found, Note):
        return found
    v, z = found.shares, groups.x - targets
    comparison = float(v @ y[~t])
    slopes = np.linalg.pinv((z[~t] * v[:, None]).T @ z[~t], rcond=1e-12, hermitian=True) @ (
        z[~t].T @ (v * (y[~t] - comparison))
    )
    contributions = np.empty(len(y))
    contributions[t] = w[t] / w[t].sum() * (z[t] @ slopes)
    contributions[~t] = v * (y[~t] - comparison - z[~t] @ slopes)
    return quantities(groups, y, w, comparison, contributions)
