"""Logistic regression as arrays: one fit, or one per replicate, and the influence function of its coefficients.

Belongs here: Newton steps on weighted (quasi-)binomial likelihoods and `glm_influence`.
Does not belong here: which models are fitted, separation, contrasts (`modelled`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from monitor.design.structure import SurveyDesign

Floats = NDArray[np.float64]
BLOCK = 16_384


@dataclass(frozen=True)
class GlmFit:
    """A weighted logistic fit."""

    coefficients: Floats
    """(p,) in logits; (R, p) for replicates"""
    fitted: Floats
    """(n,) probabilities; empty for replicates"""
    information: Floats
    """(p, p) A = sum w x x' mu (1 - mu)"""
    iterations: int
    converged: bool


@dataclass(frozen=True)
class LogitEstimate:
    """A logistic regression of a survey design."""

    coefficients: Floats
    """(p,) in logits"""
    covariance: Floats
    """(p, p) linearised"""
    df: int
    """Firms less strata, plus 1, less p: the degrees of freedom R's svyglm takes"""
    converged: bool

    @property
    def se(self) -> Floats:
        """(p,) standard errors."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0)))


def logit(design: SurveyDesign, x: ArrayLike, y: ArrayLike) -> LogitEstimate:
    """Design-weighted logistic regression with linearised covariance: svyglm(family = quasibinomial) of R's survey.

    x (n, p) covariates with the intercept among them, y (n,) in 0..1. For strata with or without population sizes
    the covariance A^-1 (sum_h (1 - f_h) n_h / (n_h - 1) sum_k (u_k - mean_h)(u_k - mean_h)') A^-1, u = w x (y - mu), is
    summed over blocks of rows, so that memory beyond x does not grow with n; other designs go by `glm_influence`.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    fit = fit_logit(x, y, design.weights)
    df = design.degrees_of_freedom() + 1 - x.shape[1]
    if not design.plain:
        influence = glm_influence(x, y, fit.fitted, design.weights)
        return LogitEstimate(fit.coefficients, design.covariance(influence), df, fit.converged)
    codes, scale, size = design.strata_scale()
    residual = design.weights * (y - fit.fitted)
    strata, p = len(scale), x.shape[1]
    totals, squares = np.zeros((strata, p)), np.zeros((p, p))
    for low in range(0, len(y), BLOCK):
        rows = slice(low, low + BLOCK)
        u = x[rows] * residual[rows][:, None]
        h = codes[rows]
        for j in range(p):
            totals[:, j] += np.bincount(h, weights=u[:, j], minlength=strata)
        squares += (u * scale[h][:, None]).T @ u
    middle = squares - (totals * (scale / size)[:, None]).T @ totals
    half = np.linalg.solve(fit.information, middle)
    return LogitEstimate(fit.coefficients, np.linalg.solve(fit.information, half.T), df, fit.converged)


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


def fit_logit_replicates(
    x: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike,
    start: ArrayLike | None = None,
    tolerance: float = 1e-10,
    iterations: int = 30,
) -> GlmFit:
    """The same logistic regression under every column of weights (n, R), Newton steps for all columns at once.

    Rows with the same x are first summed into one cell per column, so the work grows with distinct covariate
    patterns. `start` (p,), the full-sample coefficients, saves steps. Columns stop as they converge;
    `converged` tells whether all did, and coefficients of one that did not are NaN.
    """
    x, y, w = np.asarray(x, dtype=float), np.asarray(y, dtype=float), np.asarray(weights, dtype=float)
    pattern, cell = np.unique(x, axis=0, return_inverse=True)
    cell = cell.ravel()
    if len(pattern) < 0.75 * len(x):
        member = np.zeros((len(pattern), len(x)))
        member[cell, np.arange(len(x))] = 1.0
        mass, events = member @ w, member @ (w * y[:, None])
    else:
        pattern, mass, events = x, w, w * y[:, None]
    p, columns = x.shape[1], w.shape[1]
    upper = np.triu_indices(p)
    products = pattern[:, upper[0]] * pattern[:, upper[1]]
    beta = np.tile(np.zeros(p) if start is None else np.asarray(start, dtype=float), (columns, 1))
    active = np.arange(columns)
    goal = (pattern.T @ events).T
    step = 0
    while len(active) and step < iterations:
        step += 1
        mu = 1 / (1 + np.exp(-(pattern @ beta[active].T)))
        expected = mass[:, active] * mu
        score = goal[active] - (pattern.T @ expected).T
        flat = (products.T @ (expected * (1 - mu))).T
        information = np.empty((len(active), p, p))
        information[:, upper[0], upper[1]] = flat
        information[:, upper[1], upper[0]] = flat
        try:
            move = np.linalg.solve(information, score[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            move = np.einsum("rij,rj->ri", np.linalg.pinv(information, hermitian=True), score)
        beta[active] += move
        active = active[~(np.max(np.abs(move) / (1 + np.abs(beta[active])), axis=1) < tolerance)]
    beta[active] = np.nan
    return GlmFit(beta, np.empty(0), np.empty((0, 0)), step, not len(active))
