"""Logit fits as pure array functions: maximum likelihood, Firth, fractional, and hundreds of replicates at once.

Belongs here: coefficients and what each firm contributes to them. Does not belong here: what a term means, variance
(`statistics.design`), probabilities of states (`contrasts`), or whether a fit may be published (`checks`).

statsmodels is the referee of these fits (a test holds them equal); its standard errors are never used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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


def maximum_likelihood(y: Array, x: Array, w: Array) -> Fit:
    """Weighted maximum likelihood of a logit; for a share y in 0..1 the fractional logit.

    Solves sum w_i x_i (y_i - p_i) = 0 by Newton steps, halved while the log-likelihood falls. `y` (n,) in 0..1,
    `x` (n, k) with its intercept, `w` (n,) non-negative. `converged` is false where no finite solution is reached
    (separation). Sources: McCullagh and Nelder (1989); Papke and Wooldridge (1996) for shares; Binder (1983) for the
    contributions.
    """
    return _likelihoods(y[None], x[None], w[None], _start(y, x, w)[None])[0]


def firth(y: Array, x: Array, w: Array) -> Fit:
    """Firth's penalised likelihood, log L + log |I| / 2, with weights scaled to a mean of one.

    Solves sum x_i (w_i (y_i - p_i) + h_i (1/2 - p_i)) = 0, h_i the leverage of firm i; finite under separation.
    The penalty needs a sample size, so weights are scaled to sum to the number of firms with weight.
    Contributions are divided by 1 - h_i, as in a jackknife: this estimator is used where events are few, and there a
    firm's own pull on the fit makes its residual too small (Mancl and DeRouen 2001; HC3 of MacKinnon and White 1985).
    Shapes as `maximum_likelihood`. Source: Firth (1993), Biometrika 80; Heinze and Schemper (2002).
    """
    return _penalised(y[None], x[None], w[None], _start(y, x, w)[None])[0]


def fit_copies(ys: Sequence[Array], xs: Sequence[Array], ws: Sequence[Array], *, penalised: bool = False) -> list[Fit]:
    """The same model on every completed copy, all Newton steps taken together: `maximum_likelihood`, or `firth` with
    `flic`, of each. Copies may differ in their rows; shapes of each as there."""
    single: Callable[[Array, Array, Array], Fit] = firth if penalised else maximum_likelihood
    fits = [single(ys[0], xs[0], ws[0])]
    if len(ys) > 1:
        # Copies differ in few firms: the others start from where the first one ended. Rows of weight zero make them
        # equally long.
        longest = max(len(y) for y in ys)
        start = fits[0].coefficients if fits[0].converged else _start(ys[0], xs[0], ws[0])
        stacked = [np.stack([_lengthened(each, longest) for each in part[1:]]) for part in (ys, xs, ws)]
        together: Callable[..., list[Fit]] = _penalised if penalised else _likelihoods
        others = together(*stacked, np.repeat(start[None], len(ys) - 1, axis=0))
        fits += [_shortened(fit, len(y)) for fit, y in zip(others, ys[1:], strict=True)]
    if penalised:
        fits = [flic(fit, y, x, w) for fit, y, x, w in zip(fits, ys, xs, ws, strict=True)]
    return fits


def _likelihoods(y: Array, x: Array, w: Array, beta: Array) -> list[Fit]:
    """`maximum_likelihood` of m copies: `y`, `w` (m, n), `x` (m, n, k), `beta` (m, k) where they start."""
    beta, converged, open_ = beta.copy(), np.zeros(len(beta), dtype=bool), np.arange(len(beta))
    value = _log_likelihood(y, _times(x, beta), w)
    for _step in range(MOST_ITERATIONS):
        yo, xo, wo = (y, x, w) if open_.size == len(beta) else (y[open_], x[open_], w[open_])
        p = expit(_times(xo, beta[open_]))
        step, solved = _solve(_information(xo, wo * p * (1 - p)), _times(xo.swapaxes(1, 2), wo * (yo - p)))
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        for _ in range(20):
            trial = _log_likelihood(yo, _times(xo, beta[open_] + step), wo)
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
    p = expit(_times(x, beta))
    bread = _inverse(_information(x, w * p * (1 - p)))
    # Under separation the steps shrink because the information does: a solution has information left.
    left = np.abs(bread).max(axis=(1, 2)) * w.sum(axis=1)
    converged &= np.isfinite(left) & (left < 1e10)
    bread[~converged] = np.nan
    contributions = (x * (w * (y - p))[..., None]) @ bread
    return [Fit(*each) for each in zip(beta, contributions, bread, p, converged.tolist(), strict=True)]


def _penalised(y: Array, x: Array, w: Array, beta: Array) -> list[Fit]:
    """`firth` of m copies; shapes as `_likelihoods`."""
    w = w * (np.count_nonzero(w, axis=1) / w.sum(axis=1))[:, None]
    beta, converged, open_ = beta.copy(), np.zeros(len(beta), dtype=bool), np.arange(len(beta))
    here = _modified(y, x, w, beta)
    for _step in range(4 * MOST_ITERATIONS):
        yo, xo, wo = (y, x, w) if open_.size == len(beta) else (y[open_], x[open_], w[open_])
        step = np.clip(_times(here.bread, here.score), -LONGEST_STEP, LONGEST_STEP)
        for _ in range(20):
            there = _modified(yo, xo, wo, beta[open_] + step)
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
        open_, here = open_[still], _Modified(*(each[still] for each in there))
        if open_.size == 0:
            break
    end = _modified(y, x, w, beta)
    stretch = 1 / (1 - np.minimum(end.leverage, HIGHEST_LEVERAGE))
    contributions = (x * (end.residual * stretch)[..., None]) @ end.bread
    every = zip(beta, contributions, end.bread, end.probabilities, converged.tolist(), stretch, strict=True)
    return [Fit(*each) for each in every]


class _Modified(NamedTuple):
    """Firth's likelihood, its score and what they are made of, at one point of each of m copies."""

    value: Array
    """(m,) penalised log-likelihood; minus infinity where the information is singular"""
    probabilities: Array
    residual: Array
    """(m, n) w_i (y_i - p_i) + h_i (1/2 - p_i)"""
    leverage: Array
    """(m, n) h_i"""
    bread: Array
    """(m, k, k)"""
    score: Array
    """(m, k)"""
    size: Array
    """(m,) score in the metric of the bread: zero at the solution"""


def _modified(y: Array, x: Array, w: Array, beta: Array) -> _Modified:
    eta = _times(x, beta)
    p = expit(eta)
    v = w * p * (1 - p)
    information = _information(x, v)
    sign, logarithm = np.linalg.slogdet(information)
    value = np.where(sign > 0, _log_likelihood(y, eta, w) + 0.5 * logarithm, -np.inf)
    bread = _inverse(information)
    leverage = v * ((x @ bread) * x).sum(axis=2)
    residual = w * (y - p) + leverage * (0.5 - p)
    score = _times(x.swapaxes(1, 2), residual)
    return _Modified(value, p, residual, leverage, bread, score, (score * _times(bread, score)).sum(axis=1))


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
        ended = (moved < NEAR) | ~np.isfinite(moved) | (np.max(np.abs(beta[:, open_]), axis=0) > FARTHEST)
        done[open_] = moved < NEAR
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


def _start(y: Array, x: Array, w: Array) -> Array:
    """Zero slopes and the intercept of the mean: nearer than zero where events are few."""
    mean = float(np.clip((w * y).sum() / w.sum(), 1e-6, 1 - 1e-6))
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(mean / (1 - mean))
    return beta


def _log_likelihood(y: Array, eta: Array, w: Array) -> Array:
    """(m,) of m copies."""
    return np.asarray((w * (y * eta - np.logaddexp(0.0, eta))).sum(axis=-1))


def _times(matrices: Array, vectors: Array) -> Array:
    """(m, a) product of each of m matrices (m, a, b) with its own vector (m, b)."""
    return np.asarray((matrices @ vectors[..., None])[..., 0])


def _information(x: Array, v: Array) -> Array:
    """(m, k, k) X' diag(v) X of each copy."""
    return (x * v[..., None]).swapaxes(1, 2) @ x


def _solve(matrices: Array, right: Array) -> tuple[Array, NDArray[np.bool_]]:
    """(m, k) solutions, and which of the matrices have one; zero where not."""
    try:
        return np.asarray(np.linalg.solve(matrices, right[..., None])[..., 0]), np.ones(len(right), dtype=np.bool_)
    except np.linalg.LinAlgError:
        inverse = _inverse(matrices)
        regular = np.asarray(np.isfinite(inverse).all(axis=(1, 2)))
        return _times(np.where(regular[:, None, None], inverse, 0.0), right), regular


def _inverse(matrices: Array) -> Array:
    """(m, k, k) inverses; infinite where a matrix is singular."""
    try:
        return np.asarray(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full_like(matrices, np.inf)
        return np.concatenate([_inverse(matrix[None]) for matrix in matrices])


def _lengthened(values: Array, length: int) -> Array:
    """The rows with rows of zeros after them."""
    return np.concatenate([values, np.zeros((length - len(values), *values.shape[1:]))])


def _shortened(fit: Fit, n: int) -> Fit:
    """The fit without the rows of zeros."""
    stretch = None if fit.stretch is None else fit.stretch[:n]
    return replace(fit, contributions=fit.contributions[:n], probabilities=fit.probabilities[:n], stretch=stretch)


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
