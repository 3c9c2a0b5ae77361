"""The likelihood of a logit, its maximum, and what each firm contributes to it.

Belongs here: maximum likelihood of one and of many data sets, shares included. Does not belong here: Firth's penalty
(`firth`), replicates (`replicates`), what a term means, variance (`statistics.design`), whether a fit may be published
(`separation`).

statsmodels is the referee of these fits (a test holds them equal); its standard errors are never used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.cells import DataSets, data_sets
from monitor.statistics.models.matrices import inverse, solve

Array = NDArray[np.float64]

TOLERANCE = 1e-11
"""A fit is done when its last step was this small, beside its largest coefficient"""
MOST_ITERATIONS = 60
LONGEST_STEP = 5.0
"""Greatest change of one coefficient, in log-odds, in one step"""


@dataclass(frozen=True)
class Fit:
    """A fitted logit.

    `contributions` are already weighted: firm i's term in the linear expansion of the estimate, so that
    estimate - truth is about their sum. A design whose influence convention is w_i z_i takes contributions / weights.
    """

    coefficients: Array
    """(k,) log-odds"""
    contributions: Array
    """(n, k) A^-1 x_i (w_i (y_i - p_i) + penalty_i), with A the weighted information"""
    bread: Array
    """(k, k) A^-1: the model-based covariance where all weights are one"""
    probabilities: Array
    """(n,) fitted probabilities"""
    converged: bool
    stretch: Array | None = None
    """(n,) 1 / (1 - h_i), by which `firth` has stretched each firm's contribution"""


def expit(eta: Array) -> Array:
    """1 / (1 + exp(-eta)) without overflow."""
    p = np.asarray(0.5 * eta, dtype=np.float64)
    np.tanh(p, out=p)
    p += 1.0
    p *= 0.5
    return p


def maximum_likelihood(y: Array, x: Array, w: Array) -> Fit:
    """Weighted maximum likelihood of a logit; for a share y in 0..1 the fractional logit.

    Solves sum w_i x_i (y_i - p_i) = 0 by Newton steps, halved while the log-likelihood falls. `y` (n,) in 0..1,
    `x` (n, k) with its intercept, `w` (n,) non-negative. `converged` is false where no finite solution is reached
    (separation). Sources: McCullagh and Nelder (1989); Papke and Wooldridge (1996) for shares; Binder (1983) for the
    contributions.
    """
    return likelihoods(data_sets([y], [x], [w]), start(y, x, w)[None])[0]


def likelihoods(sets: DataSets, beta: Array) -> list[Fit]:
    """`maximum_likelihood` of m data sets; `beta` (m, k) where they start."""
    cells, x = sets.cells, sets.cells.x
    beta, converged, open_ = beta.copy(), np.zeros(len(beta), dtype=bool), np.arange(len(beta))
    value = log_likelihood(sets.outcomes, x @ beta.T, sets.weights)
    for _step in range(MOST_ITERATIONS):
        of, w = sets.outcomes[:, open_], sets.weights[:, open_]
        p = expit(x @ beta[open_].T)
        step, solved = solve(cells.information(w * p * (1 - p)), (x.T @ (of - w * p)).T)
        step = shortened(step)
        for _ in range(20):
            trial = log_likelihood(of, x @ (beta[open_] + step).T, w)
            falls = ~(trial >= value[open_] - 1e-12 * np.abs(value[open_]))
            if not falls.any():
                break
            step[falls] /= 2
        beta[open_] += step
        value[open_] = trial
        still = np.abs(step).max(axis=1) >= TOLERANCE * np.maximum(1.0, np.abs(beta[open_]).max(axis=1))
        converged[open_] = ~still & solved
        open_ = open_[still & solved]
        if open_.size == 0:
            break
    p = expit(x @ beta.T)
    bread = inverse(cells.information(sets.weights * p * (1 - p)))
    # Under separation the steps shrink because the information does: a solution has information left, in any units.
    left = (np.einsum("mkk->mk", bread) * ((x**2).T @ sets.weights).T).max(axis=1)
    converged &= np.isfinite(left) & (left < 1e10)
    bread[~converged] = np.nan
    found = []
    for i, (at, y, w) in enumerate(zip(sets.places, sets.y, sets.w, strict=True)):
        own = p[at, i]
        contributions = (x @ bread[i])[at] * (w * (y - own))[:, None]
        found.append(Fit(beta[i], contributions, bread[i], own, bool(converged[i])))
    return found


def shortened(step: Array) -> Array:
    """The steps (m, k), those that would move a coefficient by more than LONGEST_STEP made shorter as a whole: one
    coefficient shortened by itself would turn the step away from the top."""
    farthest = np.abs(step).max(axis=-1, keepdims=True)
    return np.asarray(step * (LONGEST_STEP / np.maximum(farthest, LONGEST_STEP)))


def start(y: Array, x: Array, w: Array) -> Array:
    """Zero slopes and the intercept of the mean: nearer than zero where events are few."""
    mean = float(np.clip((w * y).sum() / w.sum(), 1e-6, 1 - 1e-6))
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(mean / (1 - mean))
    return beta


def log_likelihood(outcomes: Array, eta: Array, w: Array) -> Array:
    """(m,) of m data sets: weighted outcomes, log-odds and weights by cell, (C, m) each."""
    return np.asarray((outcomes * eta - w * np.logaddexp(0.0, eta)).sum(axis=0))
