"""Generalised linear models under many weights at once: one fit for the estimate, one for every replicate.

Belongs here: families, coefficients by Fisher scoring, what each firm adds to them. Does not belong here: formulas of
a person, variance (`statistics.design`), models with too few events for maximum likelihood (`firth`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.problems import MonitorError, Problem
from monitor.statistics.models.likelihood import expit

Floats = NDArray[np.float64]

STEPS = 60
NEAR = 1e-12
"""A step that moves no linear predictor by more, relative to its size, is the last"""
FAR = 30.0
"""A linear predictor beyond this is a mean of nothing or of everything: the coefficients run away"""


@dataclass(frozen=True)
class Family:
    """A distribution with its canonical link."""

    mean: Callable[[Floats], Floats]
    """Mean of the outcome from the linear predictor"""
    slope: Callable[[Floats], Floats]
    """Its derivative, from the mean: the variance up to the dispersion"""
    start: Callable[[Floats], Floats]
    """Linear predictor to begin with, from the outcome"""
    least: float
    most: float
    """Between which the outcome lies"""


FAMILIES: Mapping[str, Family] = {
    "gaussian": Family(lambda eta: eta, np.ones_like, lambda y: y, -np.inf, np.inf),
    "binomial": Family(expit, lambda m: m * (1 - m), lambda y: np.log((y + 0.5) / (1.5 - y)), 0.0, 1.0),
    "poisson": Family(np.exp, lambda m: m, lambda y: np.log(y + 0.1), 0.0, np.inf),
}
"""Name -> family. `binomial` takes shares as well as 0 and 1: the fractional logit of Papke & Wooldridge (1996)"""


def coefficients(y: Floats, x: Floats, weights: Floats, family: str, start: Floats | None = None) -> Floats:
    """(p, R) coefficients b that solve sum_k w_k x_k (y_k - mu(x_k b)) = 0 under each column of weights.

    y (n,), x (n, p), weights (n, R); `start` (p,) coefficients to begin with, those of the estimate for replicates.
    Fisher scoring, which is Newton's method for these links (McCullagh & Nelder 1989).
    MonitorError where columns of x depend on each other, or where the fit runs away (separation).
    """
    of = FAMILIES[family]
    if np.any((y < of.least) | (y > of.most)):
        raise ValueError(f"the outcome of a {family} model lies between {of.least:g} and {of.most:g}")
    _require_full_rank(x)
    n, p = x.shape
    square = np.einsum("ni,nj->nij", x, x).reshape(n, -1)
    w = weights / weights.sum(axis=0)
    b = np.repeat((_first(y, x, w[:, 0], of) if start is None else start)[:, None], w.shape[1], axis=1)
    for _ in range(STEPS):
        eta = x @ b
        if family != "gaussian" and np.abs(eta).max() > FAR:
            break
        mean = of.mean(eta)
        information = ((w * of.slope(mean)).T @ square).reshape(-1, p, p)
        score = x.T @ (w * (y[:, None] - mean))
        step = np.linalg.solve(information, score.T[:, :, None])[:, :, 0].T
        b = b + step
        if np.abs(x @ step).max() <= NEAR * (1 + np.abs(eta).max()):
            return np.asarray(b)
    raise MonitorError(
        Problem(
            "the coefficients of the model run away: some of its columns tell the outcome of their firms for certain",
            expected="firms with and without the outcome in every group of the model, under every replicate",
            do="leave terms out, join small groups, or take a linear model (family='gaussian')",
        )
    )


def _first(y: Floats, x: Floats, w: Floats, of: Family) -> Floats:
    """(p,) coefficients after one step from each firm's own outcome."""
    eta = of.start(y)
    slope = of.slope(of.mean(eta))
    root = np.sqrt(w * slope)
    return np.asarray(np.linalg.lstsq(x * root[:, None], (eta + (y - of.mean(eta)) / slope) * root, rcond=None)[0])


def influence(y: Floats, x: Floats, weights: Floats, b: Floats, family: str) -> Floats:
    """(n, p) influence A^-1 x_k (y_k - mu_k) of the coefficients b (p,), A = sum w x x' mu' (Binder 1983)."""
    of = FAMILIES[family]
    mean = of.mean(x @ b)
    information = (x * (weights * of.slope(mean))[:, None]).T @ x
    return np.asarray(np.linalg.solve(information, (x * (y - mean)[:, None]).T).T)


def _require_full_rank(x: Floats) -> None:
    size = np.sqrt((x**2).sum(axis=0))
    if np.any(size == 0) or np.linalg.matrix_rank(x / np.where(size > 0, size, 1.0)) < x.shape[1]:
        raise MonitorError(
            Problem(
                "columns of the model depend on each other",
                expected="no column that others, or the constant, make up",
                do="leave out a term, or a group without firms",
            )
        )
