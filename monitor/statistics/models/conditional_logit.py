"""The conditional logit: only what changes within a firm between waves counts.

Belongs here: the likelihood of each firm's outcomes given how many it had, and its maximum. Does not belong here: the
choice of firms (`within`), combining copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.likelihood import shortened

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionalFit:
    """A conditional logit; coefficients in log-odds."""

    coefficients: Array
    """(k,)"""
    covariance: Array
    """(k, k) inverse of the information"""
    log_likelihood: float
    firms: int
    """Firms with both outcomes among their waves"""
    converged: bool


def conditional_logit(y: Array, x: Array, firm: NDArray[np.int64]) -> ConditionalFit:
    """Maximise sum over firms of log( exp(sum_t y_t x_t b) / sum over d with as many ones of exp(sum_t d_t x_t b) ).

    Exact: every way to spread a firm's ones over its waves is enumerated. `y` (n,) of 0 and 1, `x` (n, k) without
    intercept or anything constant within firms, `firm` (n,) codes. Firms with only zeros or only ones say nothing.
    Source: Chamberlain (1980), Review of Economic Studies 47; equal to R's survival::clogit(method = "exact").
    """
    groups = list(_groups(y, x, firm))
    beta = np.zeros(x.shape[1])
    value, score, information = _derivatives(groups, beta)
    converged = False
    for _step in range(50):
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        step = shortened(np.asarray(step, dtype=np.float64))
        for _ in range(20):
            trial, _, _ = _derivatives(groups, beta + step)
            if trial >= value - 1e-12 * abs(value):
                break
            step = step / 2
        beta = beta + step
        value, score, information = _derivatives(groups, beta)
        if np.max(np.abs(step)) < 1e-10 * max(1.0, float(np.max(np.abs(beta)))):
            converged = bool(np.max(np.abs(beta)) < 15)
            break
    covariance = np.asarray(np.linalg.pinv(information), dtype=np.float64)
    return ConditionalFit(beta, covariance, value, sum(len(chosen) for _, chosen in groups), converged)


def within(y: Array, x: Array, firm: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(rows of firms with both outcomes, columns of x that change within such firms)."""
    ones, size = np.bincount(firm, weights=y), np.bincount(firm)
    rows = ((ones > 0) & (ones < size))[firm]
    changes = np.zeros(x.shape[1], dtype=bool)
    codes = firm[rows]
    for j in range(x.shape[1]):
        total = np.bincount(codes, weights=x[rows, j], minlength=len(size))
        squares = np.bincount(codes, weights=x[rows, j] ** 2, minlength=len(size))
        count = np.maximum(np.bincount(codes, minlength=len(size)), 1)
        changes[j] = bool(np.any(squares / count - (total / count) ** 2 > 1e-12))
    return rows, changes


def _groups(y: Array, x: Array, firm: NDArray[np.int64]) -> Iterator[tuple[Array, Array]]:
    """For firms with equally many waves and ones: (G, C, k) sums of x over every way to place the ones, and (G, k) over
    the way it was."""
    order = np.argsort(firm, kind="stable")
    y, x, firm = y[order], x[order], firm[order]
    starts = np.flatnonzero(np.r_[True, firm[1:] != firm[:-1]])
    sizes = np.diff(np.r_[starts, len(firm)])
    ones = np.add.reduceat(y, starts).astype(int)
    for waves, count in sorted({(int(t), int(s)) for t, s in zip(sizes, ones, strict=True) if 0 < s < t}):
        first = starts[(sizes == waves) & (ones == count)]
        rows = first[:, None] + np.arange(waves)
        own = x[rows]
        ways = np.zeros((0, waves))
        for place in combinations(range(waves), count):
            way = np.zeros(waves)
            way[list(place)] = 1.0
            ways = np.vstack([ways, way])
        yield np.einsum("ct,gtk->gck", ways, own), np.einsum("gt,gtk->gk", y[rows], own)


def _derivatives(groups: list[tuple[Array, Array]], beta: Array) -> tuple[float, Array, Array]:
    """Log-likelihood, score (k,) and information (k, k)."""
    k = len(beta)
    value, score, information = 0.0, np.zeros(k), np.zeros((k, k))
    for ways, chosen in groups:
        eta = ways @ beta
        top = eta.max(axis=1, keepdims=True)
        odds = np.exp(eta - top)
        total = odds.sum(axis=1)
        chance = odds / total[:, None]
        mean = np.einsum("gc,gck->gk", chance, ways)
        value += float((chosen @ beta - top[:, 0] - np.log(total)).sum())
        score += (chosen - mean).sum(axis=0)
        information += np.einsum("gc,gck,gcl->kl", chance, ways, ways) - mean.T @ mean
    return value, score, information
