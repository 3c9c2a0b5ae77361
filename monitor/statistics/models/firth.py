"""Firth's penalised likelihood of a logit, for few events and separation, and FLIC, which mends its intercept.

Belongs here: these two. Does not belong here: when they are used (`prepare`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.cells import Cells, DataSets, Places, data_sets
from monitor.statistics.models.likelihood import (
    LONGEST_STEP,
    MOST_ITERATIONS,
    TOLERANCE,
    Fit,
    expit,
    log_likelihood,
    shortened,
    start,
)
from monitor.statistics.models.matrices import inverse, times

Array = NDArray[np.float64]

TOLERANCE_PENALISED = 1e-9
"""Steps of Firth's fit shrink to a tenth or so: the solution is that much nearer than the last step"""
HIGHEST_LEVERAGE = 0.95
"""A firm alone with its characteristics fits itself: its stretch is bounded at twenty"""


def firth(y: Array, x: Array, w: Array) -> Fit:
    """Firth's penalised likelihood, log L + log |I| / 2, with weights scaled to a mean of one.

    Solves sum x_i (w_i (y_i - p_i) + h_i (1/2 - p_i)) = 0, h_i the leverage of firm i; finite under separation.
    The penalty needs a sample size, so weights are scaled to sum to the number of firms with weight.
    Contributions are divided by 1 - h_i, as in a jackknife: this estimator is used where events are few, and there a
    firm's own pull on the fit makes its residual too small (Mancl and DeRouen 2001; HC3 of MacKinnon and White 1985).
    Shapes as `maximum_likelihood`. Source: Firth (1993), Biometrika 80; Heinze and Schemper (2002).
    """
    return penalised_likelihoods(data_sets([y], [x], [w]), start(y, w, x.shape[1])[None])[0]


def penalised_likelihoods(sets: DataSets, beta: Array) -> list[Fit]:
    """`firth` of m data sets; `beta` (m, k) where they start."""
    scale = np.array([np.count_nonzero(w) / w.sum() for w in sets.w])
    of, w = sets.outcomes * scale, sets.weights * scale
    beta, converged, open_ = beta.copy(), np.zeros(len(beta), dtype=bool), np.arange(len(beta))
    here = _modified(sets.cells, of, w, beta)
    for _step in range(4 * MOST_ITERATIONS):
        ofo, wo = of[:, open_], w[:, open_]
        step = shortened(times(here.bread, here.score))
        for _ in range(20):
            there = _modified(sets.cells, ofo, wo, beta[open_] + step)
            gain, flat = there.value - here.value, 1e-7 * np.abs(here.value)
            # Near the top the likelihood is flat to the last digit: there the score must shrink.
            falls = ~((gain > flat) | ((gain > -flat) & (there.size < here.size)))
            if not falls.any():
                break
            step[falls] /= 2
        beta[open_] += step
        moved = np.abs(step).max(axis=1)
        still = moved >= TOLERANCE_PENALISED * np.maximum(1.0, np.abs(beta[open_]).max(axis=1))
        converged[open_] = ~still & np.isfinite(moved)
        open_, here = open_[still], there.only(still)
        if open_.size == 0:
            break
    end = _modified(sets.cells, of, w, beta)
    every = zip(sets.places, sets.y, sets.w, scale, strict=True)
    return [_fit(beta[i], bool(converged[i]), end, sets.cells.x, i, *each) for i, each in enumerate(every)]


def _fit(
    beta: Array, converged: bool, end: _Modified, x: Array, i: int, at: Places, y: Array, w: Array, scale: float
) -> Fit:
    """The i-th data set's fit, row by row."""
    p = end.probabilities[at, i]
    leverage = w * scale * p * (1 - p) * end.quadratic[at, i]
    residual = w * scale * (y - p) + leverage * (0.5 - p)
    stretch = 1 / (1 - np.minimum(leverage, HIGHEST_LEVERAGE))
    contributions = (x @ end.bread[i])[at] * (residual * stretch)[:, None]
    return Fit(beta, contributions, end.bread[i], p, converged, stretch)


class _Modified(NamedTuple):
    """Firth's likelihood, its score and what they are made of, at one point of each of m data sets."""

    value: Array
    """(m,) penalised log-likelihood; minus infinity where the information is singular"""
    probabilities: Array
    """(C, m)"""
    quadratic: Array
    """(C, m) x' A^-1 x, of which a row's leverage h_i is w_i p_i (1 - p_i) times as much"""
    bread: Array
    """(m, k, k)"""
    score: Array
    """(m, k)"""
    size: Array
    """(m,) score in the metric of the bread: zero at the solution"""

    def only(self, which: NDArray[np.bool_]) -> _Modified:
        """The same of some data sets."""
        p, quadratic = self.probabilities[:, which], self.quadratic[:, which]
        return _Modified(self.value[which], p, quadratic, self.bread[which], self.score[which], self.size[which])


def _modified(cells: Cells, outcomes: Array, w: Array, beta: Array) -> _Modified:
    eta = cells.x @ beta.T
    p = expit(eta)
    v = w * p * (1 - p)
    information = cells.information(v)
    sign, logarithm = np.linalg.slogdet(information)
    value = np.where(sign > 0, log_likelihood(outcomes, eta, w) + 0.5 * logarithm, -np.inf)
    bread = inverse(information)
    quadratic = cells.quadratic(bread)
    score = (cells.x.T @ (outcomes - w * p + v * quadratic * (0.5 - p))).T
    return _Modified(value, p, quadratic, bread, score, (score * times(bread, score)).sum(axis=1))


def flic(fit: Fit, y: Array, x: Array, w: Array) -> Fit:
    """The fit with its intercept (first column) moved so that the weighted mean probability is the weighted mean of y.

    Firth's penalty pulls probabilities towards one half; this takes that back and leaves every other coefficient.
    The intercept solves sum w_i (y_i - p_i) = 0 given the others; its contribution carries theirs. Source: Puhr,
    Heinze, Nold, Lusa and Geroldinger (2017), Statistics in Medicine 36 (FLIC).
    """
    rest = x[:, 1:] @ fit.coefficients[1:]
    intercept = float(fit.coefficients[0])
    for _ in range(MOST_ITERATIONS):
        p = expit(intercept + rest)
        step = float((w * (y - p)).sum() / (w * p * (1 - p)).sum())
        step = float(np.clip(step, -LONGEST_STEP, LONGEST_STEP))
        intercept += step
        if abs(step) < TOLERANCE:
            break
    p = expit(intercept + rest)
    v = w * p * (1 - p)
    contributions = fit.contributions.copy()
    stretch = np.ones(len(y)) if fit.stretch is None else fit.stretch
    contributions[:, 0] = (w * (y - p) * stretch - contributions[:, 1:] @ (x[:, 1:].T @ v)) / v.sum()
    coefficients = np.concatenate([[intercept], fit.coefficients[1:]])
    return Fit(coefficients, contributions, fit.bread, p, fit.converged, fit.stretch)
