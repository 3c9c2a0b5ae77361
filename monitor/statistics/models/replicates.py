"""A logit under hundreds of replicate weights at once.

Belongs here: coefficients of replicates. Does not belong here: replicate weights and their covariance
(`statistics.design.replicates`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    k, replicates = x.shape[1], weights.shape[1]
    beta = fit.coefficients[:, None] + np.clip(fit.contributions.T @ (weights / w[:, None] - 1), -1.0, 1.0)
    size = np.count_nonzero(weights, axis=0) / weights.sum(axis=0)
    x, y, weights = _alike(x, y, weights)
    rows, columns = np.triu_indices(k)
    diagonal = np.arange(k)
    whole = np.empty((k, k), dtype=np.int64)
    whole[rows, columns] = whole[columns, rows] = np.arange(len(rows))
    products = x[:, rows] * x[:, columns]
    across = np.ascontiguousarray(products.T)
    last = np.zeros_like(beta)
    open_, done = np.arange(replicates), np.zeros(replicates, dtype=bool)
    scaled = weights * size if penalised else weights
    for _ in range(MOST_ITERATIONS):
        current = scaled if open_.size == replicates else scaled[:, open_]
        p = expit(x @ beta[:, open_])
        v = current * p * (1 - p)
        packed = np.ascontiguousarray((across @ v).T)
        information = np.take(packed, whole.ravel(), axis=1).reshape(open_.size, k, k)
        # A level that a replicate drew no firm of has no information: its coefficient then stays where it is.
        information[:, diagonal, diagonal] += 1e-7 * information[:, diagonal, diagonal].max(axis=1, keepdims=True)
        residual = current * (y[:, None] - p)
        if penalised:
            inverse = np.linalg.inv(information)
            doubled = inverse[:, rows, columns] * np.where(rows == columns, 1.0, 2.0)
            residual = residual + v * (products @ doubled.T) * (0.5 - p)
            step = np.einsum("rij,jr->ir", inverse, x.T @ residual)
        else:
            step = np.linalg.solve(information, (x.T @ residual).T[:, :, None])[:, :, 0].T
        step = np.clip(step, -LONGEST_STEP / 2, LONGEST_STEP / 2)
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
    if penalised:
        beta[0] = _intercepts(y, x, weights, beta)
    return Replicated(beta, done)


def _alike(x: Array, y: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Firms with the same terms and outcome as one, their weights added: likelihood and penalty need no more."""
    patterns, place = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(len(patterns)))
    return patterns[:, :-1], patterns[:, -1], np.add.reduceat(weights[order], first, axis=0)


def _intercepts(y: Array, x: Array, weights: Array, beta: Array) -> Array:
    """(R,) FLIC's intercepts, one per replicate."""
    rest = x[:, 1:] @ beta[1:]
    intercept = beta[0].copy()
    for _ in range(MOST_ITERATIONS):
        p = expit(intercept + rest)
        step = (weights * (y[:, None] - p)).sum(axis=0) / (weights * p * (1 - p)).sum(axis=0)
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        intercept += step
        if not np.any(np.abs(step) > 1e-9):
            break
    return np.asarray(intercept)
