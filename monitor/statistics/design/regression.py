"""Logistic regression as arrays, and the influence function of its coefficients.

Belongs here: the columns of categories, Newton steps on weighted (quasi-)binomial likelihoods and `glm_influence`.
Does not belong here: which models are fitted, separation, contrasts, fits under replicates (`modelled`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
BLOCK = 16_384


@dataclass(frozen=True)
class GlmFit:
    """A weighted logistic fit."""

    coefficients: Floats
    """(p,) in logits"""
    fitted: Floats
    """(n,) probabilities"""
    information: Floats
    """(p, p) A = sum w x x' mu (1 - mu)"""
    iterations: int
    converged: bool


def dummy_columns(columns: Sequence[ArrayLike]) -> tuple[Floats, list[str]]:
    """Intercept and treatment contrasts (first category in order is the reference) of categorical columns."""
    made: list[Floats] = []
    names = ["(Intercept)"]
    for i, column in enumerate(columns):
        values, codes = np.unique(np.asarray(column), return_inverse=True)
        made.append(np.eye(len(values))[codes.ravel()][:, 1:])
        names += [f"term_{i}[{value}]" for value in values[1:]]
    rows = len(np.asarray(columns[0])) if len(columns) else 0
    return np.hstack([np.ones((rows, 1)), *made]), names


def glm_influence(
    x: ArrayLike,
    y: ArrayLike,
    fitted: ArrayLike,
    weights: ArrayLike,
    variance: ArrayLike | None = None,
    derivative: ArrayLike | None = None,
) -> Floats:
    """Influence function (n, p) of GLM coefficients: z_k = A^-1 x_k (y_k - mu_k) mu'_k / v_k (Binder 1983).

    A = sum w x x' mu'^2 / v. x (n, p), y and fitted (n,), weights (n,); `variance` v(mu) and `derivative` d mu / d eta
    default to the logit's mu (1 - mu). Firms outside the base have x = 0. `SurveyDesign.covariance` of it is R's
    svyglm covariance.
    """
    x, y, mu, w = (np.asarray(a, dtype=float) for a in (x, y, fitted, weights))
    v = mu * (1 - mu) if variance is None else np.asarray(variance, dtype=float)
    slope = v if derivative is None else np.asarray(derivative, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(v > 0, slope / v, 0.0)
    information = (x * (w * slope * ratio)[:, None]).T @ x
    return np.linalg.solve(information, (x * ((y - mu) * ratio)[:, None]).T).T


def fit_logit(
    x: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    tolerance: float = 1e-12,
    iterations: int = 50,
) -> GlmFit:
    """Weighted logistic (quasi-)likelihood by Newton's method; y in 0..1, so shares too (Papke & Wooldridge 1996).

    Rows are taken in blocks, so memory beyond x is a few blocks. Converged when the step, in units of the
    coefficients' own size, is below `tolerance`. Raises np.linalg.LinAlgError where columns are collinear.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    n, p = x.shape
    beta, fitted = np.zeros(p), np.empty(n)
    information = np.zeros((p, p))
    done, step = False, 0
    while not done and step < iterations:
        step += 1
        score, information = _score(x, y, w, beta, fitted)
        move = np.linalg.solve(information, score)
        beta = beta + move
        done = bool(np.max(np.abs(move) / (1 + np.abs(beta))) < tolerance)
    _, information = _score(x, y, w, beta, fitted)
    return GlmFit(beta, fitted, information, step, done)


def _score(x: Floats, y: Floats, w: Floats, beta: Floats, fitted: Floats) -> tuple[Floats, Floats]:
    p = x.shape[1]
    score, information = np.zeros(p), np.zeros((p, p))
    for low in range(0, len(y), BLOCK):
        rows = slice(low, low + BLOCK)
        block = x[rows]
        mu = 1 / (1 + np.exp(-(block @ beta)))
        fitted[rows] = mu
        score += block.T @ (w[rows] * (y[rows] - mu))
        information += (block * (w[rows] * mu * (1 - mu))[:, None]).T @ block
    return score, information
