"""A logit under hundreds of replicate weights at once.

Belongs here: coefficients of replicates. Does not belong here: replicate weights and their covariance
(`statistics.design.replicates`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.cells import IN_A_ROW, Cells, cells_of
from monitor.statistics.models.likelihood import LONGEST_STEP, MOST_ITERATIONS, Fit, expit

Array = NDArray[np.float64]

NEAR = 1e-4
"""A replicate whose coefficients move less than this in a step is done"""
FARTHEST = 20.0
"""Log-odds beyond which a replicate's coefficient is on its way to infinity"""


@dataclass(frozen=True)
class Replicated:
    """The same logit under R weight vectors."""

    coefficients: Array
    """(k, R) log-odds; in a separated replicate far out on its way to infinity, where probabilities stand still"""
    converged: NDArray[np.bool_]
    """(R,) whether the replicate has a finite solution: only then do its coefficients mean anything"""


def replicate_fits(
    y: Array, x: Array, weights: Array, w: Array, fit: Fit, *, penalised: bool = False, near: float = NEAR
) -> Replicated:
    """The logit (or Firth's with FLIC) under every column of `weights` (n, R), all Newton steps taken together.

    `fit`: the fit under the full weights `w`. Replicates start from their linear approximation, b + sum_i (w_ri / w_i -
    1) e_i with e_i the contributions, and step until no coefficient moves by more than `near`: at 1e-4 Newton's error
    is of the order of 1e-8 (Firth's, which converges linearly, about 1e-4 itself). A replicate one of whose
    coefficients passes 20 (odds of one in half a billion) is separated, and `converged` says so: its probabilities are
    at their limit all the same, so contrasts can use it and coefficients cannot.
    """
    replicates = weights.shape[1]
    beta = fit.coefficients[:, None] + np.clip(fit.contributions.T @ (weights / w[:, None] - 1), -1.0, 1.0)
    cells = cells_of(x)
    scale = np.count_nonzero(weights, axis=0) / weights.sum(axis=0) if penalised else np.ones(replicates)
    whole, outcomes = cells.totals(weights), cells.totals(weights * y[:, None])
    right = (cells.x.T @ outcomes) * scale
    done = np.zeros(replicates, dtype=bool)
    for at in range(0, replicates, IN_A_ROW):
        part = slice(at, at + IN_A_ROW)
        begin = beta[:, part]
        beta[:, part], done[part] = _solved(cells, whole[:, part] * scale[part], right[:, part], begin, penalised, near)
        if penalised:
            beta[0, part] = _intercepts(cells.x, whole[:, part], outcomes[:, part].sum(axis=0), beta[:, part])
    return Replicated(beta, done)


def _solved(
    cells: Cells, weights: Array, right: Array, beta: Array, penalised: bool, near: float
) -> tuple[Array, NDArray[np.bool_]]:
    """Coefficients (k, R) of replicates with weights (C, R) in the cells, from those that they begin with, and whether
    each has a finite solution; `right` (k, R) the sums of w_i y_i x_i."""
    beta, last = beta.copy(), np.zeros_like(beta)
    open_, done = np.arange(beta.shape[1]), np.zeros(beta.shape[1], dtype=bool)
    for _ in range(MOST_ITERATIONS):
        every = open_.size == beta.shape[1]
        step = _step(cells, weights if every else weights[:, open_], right[:, open_], beta[:, open_], penalised)
        # A step that takes most of the one before it back is swinging around the solution: half of it is nearer.
        back = last[:, open_]
        swings = (np.einsum("kr,kr->r", step, back) < 0) & (2 * np.abs(step).max(axis=0) > np.abs(back).max(axis=0))
        step = np.where(swings, 0.5 * step, step)
        last[:, open_] = step
        beta[:, open_] += step
        moved = np.max(np.abs(step), axis=0)
        ended = (moved < near) | ~np.isfinite(moved) | (np.max(np.abs(beta[:, open_]), axis=0) > FARTHEST)
        done[open_] = moved < near
        open_ = open_[~ended]
        if open_.size == 0:
            break
    return beta, done


def _step(cells: Cells, weights: Array, right: Array, beta: Array, penalised: bool) -> Array:
    """(k, R) the next step of each replicate; shapes as `_solved`."""
    p = expit(cells.x @ beta)
    fitted = weights * p
    q = np.subtract(1.0, p, out=p)
    v = fitted * q
    information = cells.information(v)
    diagonal = np.arange(len(beta))
    # A level that a replicate drew no firm of has no information: its coefficient then stays where it is.
    information[:, diagonal, diagonal] += 1e-7 * information[:, diagonal, diagonal].max(axis=1, keepdims=True)
    if penalised:
        inverses = np.asarray(np.linalg.inv(information), dtype=np.float64)
        q -= 0.5
        v *= cells.quadratic(inverses)
        v *= q
        fitted -= v
        step = (inverses @ (right - cells.x.T @ fitted).T[:, :, None])[:, :, 0].T
    else:
        step = np.asarray(np.linalg.solve(information, (right - cells.x.T @ fitted).T[:, :, None]))[:, :, 0].T
    return np.clip(step, -LONGEST_STEP / 2, LONGEST_STEP / 2)


def _intercepts(x: Array, weights: Array, outcomes: Array, beta: Array) -> Array:
    """(R,) FLIC's intercepts, one per replicate; `outcomes` (R,) the sums of w_i y_i."""
    rest = x[:, 1:] @ beta[1:]
    intercept = beta[0].copy()
    for _ in range(MOST_ITERATIONS):
        p = expit(intercept + rest)
        fitted = weights * p
        v = np.multiply(fitted, np.subtract(1.0, p, out=p), out=p)
        step = (outcomes - fitted.sum(axis=0)) / v.sum(axis=0)
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        intercept += step
        if not np.any(np.abs(step) > 1e-9):
            break
    return np.asarray(intercept)
