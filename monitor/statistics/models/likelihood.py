"""The likelihood of a logit, its maximum, and what each firm contributes to it.

Belongs here: maximum likelihood of one and of many data sets, by cells or by rows, shares included. Does not belong
here: Firth's penalty (`firth`), replicates (`replicates`), what a term means, variance (`statistics.design`), whether a
fit may be published (`separation`).

statsmodels is the referee of these fits (a test holds them equal); its standard errors are never used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.blocks import blocks
from monitor.statistics.many_rows import ManyRows, as_given, many_rows
from monitor.statistics.models.cells import DataSets, data_sets
from monitor.statistics.models.matrices import inverse, solve

Array = NDArray[np.float64]

TOLERANCE = 1e-11
"""A fit is done when its last step was this small, beside its largest coefficient"""
MOST_ITERATIONS = 60
LONGEST_STEP = 5.0
"""Greatest change of one coefficient, in log-odds, in one step"""
MANY_ROWS = 50_000
"""Rows from which on finding those with the same terms costs more than a fit row by row"""
BEGIN_WITH = 50
"""Every fiftieth of many rows tells where their fit begins"""


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood of a logit is greatest."""

    coefficients: Array
    """(k,) log-odds"""
    bread: Array
    """(k, k) inverse of the weighted information: the model-based covariance where all weights are one"""
    probabilities: Array
    """(n,) fitted probabilities"""
    converged: bool


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
    if len(y) >= MANY_ROWS:
        return by_rows(y, x, w)
    return likelihoods(data_sets([y], [x], [w]), start(y, w, x.shape[1])[None])[0]


def by_rows(y: Array, x: Array, w: Array, beta: Array | None = None) -> Fit:
    """`maximum_likelihood` row by row, for many rows; `beta` (k,) where to begin, if that is known."""
    top = maximum(y, many_rows(tuple(x.T)), w, beta)
    residual, contributions = w * (y - top.probabilities), np.empty(x.shape)
    for rows in blocks(len(y)):
        np.matmul(x[rows], top.bread, out=contributions[rows])
        contributions[rows] *= residual[rows, None]
    return Fit(top.coefficients, contributions, top.bread, top.probabilities, top.converged)


def maximum(y: Array, rows: ManyRows, w: Array, beta: Array | None = None) -> Maximum:
    """`maximum_likelihood` of many rows, without what each firm contributes; the first term given is the intercept.

    Newton steps whose score and information are summed in one pass over blocks of rows, always in the same order, and
    which are halved while the likelihood falls at their end half as fast as it rises at their beginning, or faster.
    Many rows begin, unless `beta` (k,) is given, where every fiftieth of them ends: that leaves three or four steps.
    Bread and probabilities are those before the last step, which moved nothing by more than the tolerance.
    """
    beta = (_near(y, rows, w) if beta is None else beta)[[*rows.order]]
    step, solved, done, p = np.zeros(len(beta)), True, False, np.empty(len(y))
    here = _at(y, rows, w, beta, p)
    for _ in range(MOST_ITERATIONS):
        steps, regular = solve(here.information[None], here.score[None])
        step, solved = shortened(steps)[0], bool(regular[0])
        beta = beta + step
        done = bool(np.abs(step).max() < TOLERANCE * max(1.0, float(np.abs(beta).max())))
        if done or not solved:
            break
        there = _at(y, rows, w, beta, p)
        for _ in range(20):
            if step @ there.score >= -0.5 * (step @ here.score):
                break
            step = step / 2
            beta = beta - step
            there = _at(y, rows, w, beta, p)
        here = there
    bread = inverse(here.information[None])
    converged = done and solved and _informed(bread, here.information, p, rows, w)
    own = as_given(bread[0], rows.order) if converged else np.full_like(bread[0], np.nan)
    return Maximum(as_given(beta, rows.order), own, p, converged)


def _near(y: Array, rows: ManyRows, w: Array) -> Array:
    """(k,) where to begin: where every fiftieth of many rows ends, else `start`."""
    if len(y) >= MANY_ROWS:
        of, weights = (np.ascontiguousarray(values[::BEGIN_WITH]) for values in (y, w))
        first = maximum(of, rows.every(BEGIN_WITH), weights, start(of, weights, len(rows.order)))
        if first.converged:
            return first.coefficients
    return start(y, w, len(rows.order))


def _informed(bread: Array, information: Array, p: Array, rows: ManyRows, w: Array) -> bool:
    """`_determined`, for which squares are only summed where the least that a row tells does not bound them."""
    least = max(min(float(p.min()), 1 - float(p.max())), 1e-300)
    at_most = np.diag(information) / (least * (1 - least))
    return bool(_determined(bread, at_most[None])[0] or _determined(bread, rows.squares(w)[None])[0])


class _Sums(NamedTuple):
    """What Newton's step takes, at one point."""

    score: Array
    """(k,)"""
    information: Array
    """(k, k)"""


def _at(y: Array, x: ManyRows, w: Array, beta: Array, p: Array) -> _Sums:
    """The sums at beta, and the probabilities there in p (n,)."""
    k = len(beta)
    score, information = np.zeros(k), np.zeros((k, k))
    for rows in blocks(len(y)):
        terms, weight, own = x.block(rows), w[rows], p[rows]
        own[:] = expit(terms.linear(beta))
        residual = y[rows] - own
        residual *= weight
        score += terms.scores(residual)
        v = 1 - own
        v *= own
        v *= weight
        information += terms.crossed(v)
    return _Sums(score, information)


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
    converged &= _determined(bread, ((x**2).T @ sets.weights).T)
    bread[~converged] = np.nan
    found = []
    for i, (at, y, w) in enumerate(zip(sets.places, sets.y, sets.w, strict=True)):
        own = p[at, i]
        contributions = (x @ bread[i])[at] * (w * (y - own))[:, None]
        found.append(Fit(beta[i], contributions, bread[i], own, bool(converged[i])))
    return found


def _determined(bread: Array, squares: Array) -> NDArray[np.bool_]:
    """Which of m fits, of bread (m, k, k) and weighted sums of squared terms (m, k), have information left, in any
    units: under separation the steps shrink because the information does, and there is no solution."""
    left = (np.einsum("mkk->mk", bread) * squares).max(axis=1)
    return np.asarray(np.isfinite(left) & (left < 1e10))


def shortened(step: Array) -> Array:
    """The steps (m, k), those that would move a coefficient by more than LONGEST_STEP made shorter as a whole: one
    coefficient shortened by itself would turn the step away from the top."""
    farthest = np.abs(step).max(axis=-1, keepdims=True)
    return np.asarray(step * (LONGEST_STEP / np.maximum(farthest, LONGEST_STEP)))


def start(y: Array, w: Array, k: int) -> Array:
    """(k,) zero slopes and the intercept of the mean: nearer than zero where events are few."""
    mean = float(np.clip((w * y).sum() / w.sum(), 1e-6, 1 - 1e-6))
    beta = np.zeros(k)
    beta[0] = np.log(mean / (1 - mean))
    return beta


def log_likelihood(outcomes: Array, eta: Array, w: Array) -> Array:
    """(m,) of m data sets: weighted outcomes, log-odds and weights by cell, (C, m) each."""
    return np.asarray((outcomes * eta - w * np.logaddexp(0.0, eta)).sum(axis=0))
