"""Logit fits as pure array functions: maximum likelihood, Firth, fractional, and hundreds of replicates at once.

Belongs here: coefficients and what each firm contributes to them. Does not belong here: what a term means, variance
(`monitor.design`), probabilities of states (`contrasts`), or whether a fit may be published (`checks`).

statsmodels is the referee of these fits (a test holds them equal); its standard errors are never used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOLERANCE = 1e-11
TOLERANCE_PENALISED = 1e-9
"""Steps of Firth's fit shrink to a tenth or so: the solution is that much nearer than the last step"""
MOST_ITERATIONS = 60
LONGEST_STEP = 5.0
"""Greatest change of one coefficient, in log-odds, in one step"""
NEAR = 1e-4
"""A replicate whose coefficients move less than this in a step is done"""
HIGHEST_LEVERAGE = 0.95
"""A firm alone with its characteristics fits itself: its stretch is bounded at twenty"""
FARTHEST = 20.0
"""Log-odds beyond which a replicate's coefficient is on its way to infinity"""


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


@dataclass(frozen=True)
class Replicated:
    """The same logit under R weight vectors."""

    coefficients: Array
    """(k, R) log-odds; in a separated replicate far out on its way to infinity, where probabilities stand still"""
    converged: NDArray[np.bool_]
    """(R,) whether the replicate has a finite solution: only then do its coefficients mean anything"""


def expit(eta: Array) -> Array:
    """1 / (1 + exp(-eta)) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * eta)), dtype=np.float64)


def maximum_likelihood(y: Array, x: Array, w: Array, start: Array | None = None) -> Fit:
    """Weighted maximum likelihood of a logit; for a share y in 0..1 the fractional logit.

    Solves sum w_i x_i (y_i - p_i) = 0 by Newton steps, halved while the log-likelihood falls. `y` (n,) in 0..1,
    `x` (n, k) with its intercept, `w` (n,) non-negative. `converged` is false where no finite solution is reached
    (separation). Sources: McCullagh and Nelder (1989); Papke and Wooldridge (1996) for shares; Binder (1983) for the
    contributions.
    """
    beta = _start(y, x, w) if start is None else np.array(start, dtype=np.float64)
    value = _log_likelihood(y, x @ beta, w)
    total = float(w.sum())
    converged = False
    for _step in range(MOST_ITERATIONS):
        p = expit(x @ beta)
        score = x.T @ (w * (y - p))
        information = (x * (w * p * (1 - p))[:, None]).T @ x
        step = _solve(information, score)
        if step is None:
            break
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        for _ in range(20):
            trial = _log_likelihood(y, x @ (beta + step), w)
            if trial >= value - 1e-12 * abs(value):
                break
            step = step / 2
        beta, value = beta + step, trial
        if np.max(np.abs(step)) < TOLERANCE * max(1.0, float(np.max(np.abs(beta)))):
            converged = True
            break
    p = expit(x @ beta)
    bread = _inverse((x * (w * p * (1 - p))[:, None]).T @ x)
    # Under separation the steps shrink because the information does: a solution has information left.
    converged = converged and bool(np.all(np.isfinite(bread)) and np.max(np.abs(bread)) * total < 1e10)
    if not converged:
        nothing = np.full(x.shape, np.nan)
        return Fit(beta, nothing, bread, p, False)
    return Fit(beta, (x * (w * (y - p))[:, None]) @ bread, bread, p, converged)


def firth(y: Array, x: Array, w: Array, start: Array | None = None) -> Fit:
    """Firth's penalised likelihood, log L + log |I| / 2, with weights scaled to a mean of one.

    Solves sum x_i (w_i (y_i - p_i) + h_i (1/2 - p_i)) = 0, h_i the leverage of firm i; finite under separation.
    The penalty needs a sample size, so weights are scaled to sum to the number of firms with weight.
    Contributions are divided by 1 - h_i, as in a jackknife: this estimator is used where events are few, and there a
    firm's own pull on the fit makes its residual too small (Mancl and DeRouen 2001; HC3 of MacKinnon and White 1985).
    Shapes as `maximum_likelihood`. Source: Firth (1993), Biometrika 80; Heinze and Schemper (2002).
    """
    w = w * (np.count_nonzero(w) / w.sum())
    beta = _start(y, x, w) if start is None else np.array(start, dtype=np.float64)
    here = _modified_score(y, x, w, beta)
    converged = False
    for _step in range(4 * MOST_ITERATIONS):
        step = np.clip(here.bread @ here.score, -LONGEST_STEP, LONGEST_STEP)
        for _ in range(20):
            there = _modified_score(y, x, w, beta + step)
            gain, flat = there.value - here.value, 1e-7 * abs(here.value)
            # Near the top the likelihood is flat to the last digit: there the score must shrink.
            if gain > flat or (gain > -flat and there.size < here.size):
                break
            step = step / 2
        beta, here = beta + step, there
        if np.max(np.abs(step)) < TOLERANCE_PENALISED * max(1.0, float(np.max(np.abs(beta)))):
            converged = True
            break
    stretch = 1 / (1 - np.minimum(here.leverage, HIGHEST_LEVERAGE))
    contributions = (x * (here.residual * stretch)[:, None]) @ here.bread
    return Fit(beta, contributions, here.bread, here.probabilities, converged, stretch)


@dataclass(frozen=True)
class _Modified:
    """Firth's likelihood, its score and what they are made of, at one point."""

    value: float
    """Penalised log-likelihood; minus infinity where the information is singular"""
    probabilities: Array
    residual: Array
    """(n,) w_i (y_i - p_i) + h_i (1/2 - p_i)"""
    leverage: Array
    """(n,) h_i"""
    bread: Array
    score: Array
    size: float
    """Score in the metric of the bread: zero at the solution"""


def _modified_score(y: Array, x: Array, w: Array, beta: Array) -> _Modified:
    eta = x @ beta
    p = expit(eta)
    v = w * p * (1 - p)
    information = (x * v[:, None]).T @ x
    sign, logarithm = np.linalg.slogdet(information)
    value = _log_likelihood(y, eta, w) + 0.5 * float(logarithm) if sign > 0 else -np.inf
    bread = _inverse(information)
    leverage = v * np.einsum("ij,ij->i", x @ bread, x)
    residual = w * (y - p) + leverage * (0.5 - p)
    score = x.T @ residual
    return _Modified(value, p, residual, leverage, bread, score, float(score @ bread @ score))


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


def replicate_fits(y: Array, x: Array, weights: Array, w: Array, fit: Fit, *, penalised: bool = False) -> Replicated:
    """The logit (or Firth's with FLIC) under every column of `weights` (n, R), all Newton steps taken together.

    `fit`: the fit under the full weights `w`. Replicates start from their linear approximation, b + sum_i (w_ri / w_i -
    1) e_i with e_i the contributions, and step until no coefficient moves by more than 1e-4: Newton's error is then of
    the order of 1e-8 (Firth's, which converges linearly, about 1e-4 itself). A replicate one of whose coefficients
    passes 20 (odds of one in half a billion) is separated, and `converged` says so: its probabilities are at their
    limit all the same, so contrasts can use it and coefficients cannot.
    """
    k, replicates = x.shape[1], weights.shape[1]
    rows, columns = np.triu_indices(k)
    diagonal = np.arange(k)
    products = x[:, rows] * x[:, columns]
    # The information only steers the steps; the score decides where they end. Single precision is enough for it.
    steering = np.ascontiguousarray(products.T, dtype=np.float32)
    beta = fit.coefficients[:, None] + np.clip(fit.contributions.T @ (weights / w[:, None] - 1), -1.0, 1.0)
    last = np.zeros_like(beta)
    open_, done = np.arange(replicates), np.zeros(replicates, dtype=bool)
    scaled = weights * (np.count_nonzero(weights, axis=0) / weights.sum(axis=0)) if penalised else weights
    for _ in range(MOST_ITERATIONS):
        current = scaled if open_.size == replicates else scaled[:, open_]
        p = expit(x @ beta[:, open_])
        v = current * p * (1 - p)
        information = np.empty((open_.size, k, k))
        packed = (steering @ v.astype(np.float32)).T
        information[:, rows, columns] = packed
        information[:, columns, rows] = packed
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
        ended = (moved < NEAR) | ~np.isfinite(moved) | (np.max(np.abs(beta[:, open_]), axis=0) > FARTHEST)
        done[open_] = moved < NEAR
        open_ = open_[~ended]
        if open_.size == 0:
            break
    if penalised:
        beta[0] = _intercepts(y, x, weights, beta)
    return Replicated(beta, done)


def _start(y: Array, x: Array, w: Array) -> Array:
    """Zero slopes and the intercept of the mean: nearer than zero where events are few."""
    mean = float(np.clip((w * y).sum() / w.sum(), 1e-6, 1 - 1e-6))
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(mean / (1 - mean))
    return beta


def _log_likelihood(y: Array, eta: Array, w: Array) -> float:
    return float((w * (y * eta - np.logaddexp(0.0, eta))).sum())


def _solve(matrix: Array, right: Array) -> Array | None:
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        return None


def _inverse(matrix: Array) -> Array:
    try:
        return np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.inf)


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
