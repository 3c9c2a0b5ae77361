"""Draws of missing values from fitted models, for all copies at once.

Belongs here: functions of arrays that fit one variable's model in every copy and draw its missing values; their
Hessians. Does not belong here: firms' own random numbers (`statistics.random_numbers`), which variable is drawn when
and from what (`chained`), what the variables mean (`plan`).

Shapes: m copies, q predictors (an intercept among them), n firms that answered, r firms that did not. Predictors lie
as (m, q, n), so that a predictor of a copy is contiguous. `normal` arrays hold standard normal numbers for the draw
of parameters, `uniform` arrays numbers in (0, 1) that belong to a firm and a copy.

Models have a weak normal prior on standardised predictors, N(0, 2.5^2) for slopes (after Gelman et al. 2008) and
N(0, 10^2) for intercepts: where answers separate perfectly the draws stay finite and proper.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.likelihood import expit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SLOPE_PRECISION = 1 / 2.5**2
INTERCEPT_PRECISION = 1 / 10**2
RIDGE = 1e-5
"""Fraction of a predictor's sum of squares added in linear models: collinear predictors share a coefficient"""
CLOSE_ENOUGH = 0.05
"""Newton's last step, in standard errors: what it leaves is its square, nothing beside the draw of the parameters"""
NEWTON_STEPS = 50
AS_NEAR = 1e-2
"""Distances (of one outcome in residual standard deviations, of several in squared ones) that differ by less count as
equal, and the firms' own numbers decide: firms with the same predictors predict the same but for the last bits, which
differ between processors. Those bits come to 1e-12, so that an order turns on them with odds of 1e-12 / 1e-2 = 1e-10:
1e-4 in the 120,000 choices, each of some ten orders, of the demonstration survey's three waves."""


def draw_logistic(x: Floats, y: Floats, x_missing: Floats, start: Floats, normal: Floats, uniform: Floats) -> Floats:
    """Draw yes (1) or no (0) from a Bayesian logistic regression. `start` (m, q) is overwritten with the mode.

    beta* ~ N(mode, H^-1) with H the negative Hessian of the log posterior; then Bernoulli(expit(x beta*)).
    x (m, q, n), y (n,), x_missing (m, q, r), normal (m, q), uniform (m, r); gives (m, r).
    Source: Rubin (1987), example 5.4; Gelman et al. (2008), Annals of Applied Statistics 2 for the prior's scale.
    """
    beta = draw_logistic_parameters(x, y, start, normal)
    return (uniform < expit(linear(beta, x_missing))).astype(np.float64)


def draw_logistic_parameters(x: Floats, y: Floats, start: Floats, normal: Floats) -> Floats:
    """The posterior draw (m, q) of a logistic regression; `start` becomes the mode."""
    prior = precision(x.shape[1])
    newton = _Newton(start, x)
    while newton.going():
        beta, here = newton.estimates(), newton.predictors()
        p = expit(linear(beta, here))
        gradient = np.matmul(here, (y - p)[:, :, None])[:, :, 0] - prior * beta
        hessian = np.matmul(here * (p * (1 - p))[:, None, :], here.transpose(0, 2, 1)) + np.diag(prior)
        step = newton.step(gradient, hessian)
        newton.take(step, np.abs(linear(step, here)).max(axis=1))
    return start + spread(newton.hessian, normal)


def draw_polytomous(
    x: Floats, y: Integers, levels: int, x_missing: Floats, start: Floats, normal: Floats, uniform: Floats
) -> Floats:
    """Draw one of K unordered codes from a Bayesian multinomial logit; code 0 is the reference.

    x (m, q, n), y (n,) in 0..K-1, x_missing (m, q, r), start and normal (m, (K-1) q), uniform (m, r); gives (m, r).
    """
    m, q, _ = x.shape
    prior = np.tile(precision(q), levels - 1)
    chosen = np.stack([(y == level).astype(np.float64) for level in range(1, levels)])
    newton = _Newton(start, x)
    while newton.going():
        beta, here = newton.estimates(), newton.predictors()
        p = _softmax(beta.reshape(-1, levels - 1, q), here)
        gradient = np.matmul(chosen - p, here.transpose(0, 2, 1)).reshape(len(beta), -1) - prior * beta
        hessian = np.empty((len(beta), (levels - 1) * q, (levels - 1) * q))
        for a in range(levels - 1):
            for b in range(a, levels - 1):
                weight = p[:, a] * ((a == b) - p[:, b])
                block = np.matmul(here * weight[:, None, :], here.transpose(0, 2, 1))
                hessian[:, a * q : (a + 1) * q, b * q : (b + 1) * q] = block
                hessian[:, b * q : (b + 1) * q, a * q : (a + 1) * q] = block
        step = newton.step(gradient, hessian + np.diag(prior))
        newton.take(step, np.abs(np.matmul(step.reshape(-1, levels - 1, q), here)).max(axis=(1, 2)))
    beta = (start + spread(newton.hessian, normal)).reshape(m, levels - 1, q)
    drawn = _softmax(beta, x_missing)
    bounds = 1 - np.cumsum(drawn[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((uniform[:, None, :] > bounds).sum(axis=1).astype(np.float64))


def draw_ordered(
    x: Floats, y: Integers, levels: int, x_missing: Floats, start: Floats, normal: Floats, uniform: Floats
) -> Floats:
    """Draw one of K ordered codes from a Bayesian proportional-odds model, P(y <= k) = expit(threshold_k - x beta).

    x (m, q, n) whose first predictor is the intercept (unused: the thresholds stand for it), y (n,) in 0..K-1,
    start and normal (m, K - 1 + q - 1), uniform (m, r); gives (m, r). Fisher scoring; drawn thresholds are kept in
    order. Source: McCullagh (1980), JRSS B 42.
    """
    q, n = x.shape[1:]
    slopes, cuts = x[:, 1:], levels - 1
    prior = np.concatenate([np.full(cuts, INTERCEPT_PRECISION), np.full(q - 1, SLOPE_PRECISION)])
    if not start[:, :cuts].any():
        cumulative = (np.bincount(y, minlength=levels)[:-1].cumsum() + 0.5) / (n + 1)
        start[:, :cuts] = np.log(cumulative / (1 - cumulative))
    newton = _Newton(start, slopes)
    while newton.going():
        beta, here = newton.estimates(), newton.predictors()
        below = expit(beta[:, :cuts, None] - linear(beta[:, cuts:], here)[:, None, :])
        density = below * (1 - below)
        zero = np.zeros((len(beta), 1, n))
        p = np.clip(np.diff(np.concatenate([zero, below, zero + 1], axis=1), axis=1), 1e-10, None)
        edges = np.concatenate([zero, density, zero], axis=1)
        gradient = np.zeros_like(beta)
        hessian = np.zeros((*beta.shape, beta.shape[1]))
        for level in range(levels):
            change = np.zeros((*beta.shape, n))
            if level < cuts:
                change[:, level] = edges[:, level + 1]
            if level > 0:
                change[:, level - 1] = -edges[:, level]
            change[:, cuts:] = here * (edges[:, level] - edges[:, level + 1])[:, None, :]
            gradient += (change * ((y == level) / p[:, level])[:, None, :]).sum(axis=2)
            hessian += np.matmul(change / p[:, level][:, None, :], change.transpose(0, 2, 1))
        step = newton.step(gradient - prior * beta, hessian + np.diag(prior))
        newton.take(step, np.abs(step[:, :cuts]).max(axis=1) + np.abs(linear(step[:, cuts:], here)).max(axis=1))
        start[:, :cuts] = np.maximum.accumulate(start[:, :cuts], axis=1)
    drawn = start + spread(newton.hessian, normal)
    thresholds = np.sort(drawn[:, :cuts], axis=1)
    below = expit(thresholds[:, :, None] - linear(drawn[:, cuts:], x_missing[:, 1:])[:, None, :])
    return np.asarray((uniform[:, None, :] > below).sum(axis=1).astype(np.float64))


def predict(x: Floats, y: Floats, x_missing: Floats, normal: Floats, chi2: Floats) -> tuple[Floats, Floats]:
    """Predicted means of a Bayesian linear regression: at the estimate where y is known, at a draw where it is not.

    y (m, n, k) holds k outcomes that are drawn jointly; their residual covariance S is drawn from its inverse Wishart
    (Bartlett's decomposition: `chi2` (m, k) on n - q, n - q - 1, ... degrees of freedom, `normal` (m, q + k, k)), then
    B* ~ N(B, S* x (x x')^-1). Gives (m, n, k) and (m, r, k), both scaled so that the residuals of each outcome have
    variance one and no correlation: distances between them are Mahalanobis distances.
    Source: Rubin (1987); van Buuren (2018), Flexible Imputation of Missing Data, 3.4 ("type 1" matching).
    """
    q, k = x.shape[1], y.shape[2]
    gram = np.matmul(x, x.transpose(0, 2, 1))
    diagonal = np.einsum("mii->mi", gram)
    diagonal += RIDGE * diagonal + 1e-10
    estimate = np.linalg.solve(gram, np.matmul(x, y))
    fitted = np.matmul(x.transpose(0, 2, 1), estimate)
    residual = y - fitted
    squares = np.matmul(residual.transpose(0, 2, 1), residual)
    scale = np.einsum("mii->mi", squares)
    scale += 1e-10 * (1 + scale)
    degrees = max(y.shape[1] - q, 1)
    # S* = C A^-T A^-1 C' with C C' the residual squares and A A' standard Wishart: its square root is C A^-T.
    root = np.linalg.cholesky(squares)
    bartlett = np.zeros((y.shape[0], k, k))
    lower = np.tril_indices(k, -1)
    bartlett[:, lower[0], lower[1]] = normal[:, q : q + k, :][:, lower[0], lower[1]]
    bartlett[:, np.arange(k), np.arange(k)] = np.sqrt(chi2)
    square_root = np.matmul(root, np.linalg.inv(bartlett).transpose(0, 2, 1))
    shift = np.linalg.solve(np.linalg.cholesky(gram).transpose(0, 2, 1), normal[:, :q, :])
    drawn = estimate + np.matmul(shift, square_root.transpose(0, 2, 1))
    whiten = np.linalg.inv(root).transpose(0, 2, 1) * np.sqrt(degrees)
    predicted = np.matmul(np.matmul(x_missing.transpose(0, 2, 1), drawn), whiten)
    return np.matmul(fitted, whiten), predicted


def nearest_donors(known: Floats, missing: Floats, donors: int, uniform: Floats, jitter: Floats) -> Integers:
    """For each firm without an answer one of the `donors` firms whose predicted value is nearest, at random.

    known (m, n), missing (m, r) in residual standard deviations, uniform (m, r), jitter (m, n + r) in (0, 1), which
    decides between equal predictions (`AS_NEAR`); gives the place of the donor among the n, (m, r).
    """
    m, n = known.shape
    donors = min(donors, n)
    known = known + AS_NEAR * jitter[:, :n]
    missing = missing + AS_NEAR * jitter[:, n:]
    order = np.argsort(known, axis=1, kind="stable")
    ranked = np.take_along_axis(known, order, axis=1)
    place = np.stack([np.searchsorted(ranked[copy], missing[copy]) for copy in range(m)])
    window = place[:, :, None] + np.arange(-donors, donors)
    outside = (window < 0) | (window >= n)
    window = np.clip(window, 0, n - 1)
    copies = np.arange(m)[:, None, None]
    distance = np.where(outside, np.inf, np.abs(ranked[copies, window] - missing[:, :, None]))
    near = np.argsort(distance, axis=2, kind="stable")[:, :, :donors]
    pick = np.take_along_axis(near, (uniform[:, :, None] * donors).astype(np.int64), axis=2)
    return np.take_along_axis(order, np.take_along_axis(window, pick, axis=2)[:, :, 0], axis=1)


def nearest_donors_jointly(
    known: Floats, missing: Floats, donors: int, uniform: Floats, jitter: Floats, extra: Floats | None = None
) -> Integers:
    """As `nearest_donors`, for predictions of k outcomes at once: known (m, n, k), missing (m, r, k).

    `extra` (r, n) is added to the squared distances: infinite where a firm cannot be the donor. Firms are taken in
    blocks, so that memory stays below a few tens of megabytes.
    """
    m, n, _ = known.shape
    donors = min(donors, n)
    chosen = np.empty(missing.shape[:2], dtype=np.int64)
    norm = (known**2).sum(axis=2)
    for begin in range(0, missing.shape[1], block := max(1, 2_000_000 // (m * n))):
        part = slice(begin, begin + block)
        distance = norm[:, None, :] - 2 * np.matmul(missing[:, part], known.transpose(0, 2, 1))
        distance += AS_NEAR * ((jitter[:, n:][:, part, None] + jitter[:, None, :n]) % 1)
        if extra is not None:
            distance = distance + extra[part]
        near = np.argpartition(distance, donors - 1, axis=2)[:, :, :donors]
        # The nearest first: in which order a partition leaves them depends on the processor.
        apart = np.take_along_axis(distance, near, axis=2)
        near = np.take_along_axis(near, np.argsort(apart, axis=2, kind="stable"), axis=2)
        # Where there are fewer possible donors than asked for, one of the possible ones.
        possible = np.isfinite(apart).sum(axis=2, keepdims=True)
        pick = (uniform[:, part, None] * possible).astype(np.int64)
        chosen[:, part] = np.take_along_axis(near, pick, axis=2)[:, :, 0]
    return chosen


def linear(beta: Floats, x: Floats) -> Floats:
    """x beta of every copy: beta (m, q), x (m, q, n); gives (m, n)."""
    return np.asarray(np.matmul(beta[:, None, :], x)[:, 0])


def precision(q: int) -> Floats:
    """Prior precisions of q coefficients, the intercept first."""
    return np.concatenate([[INTERCEPT_PRECISION], np.full(q - 1, SLOPE_PRECISION)])


def spread(hessian: Floats, normal: Floats) -> Floats:
    """Normal numbers (m, q) with the covariance hessian^-1: L^-T z with L L' the hessian."""
    root = np.linalg.cholesky(hessian)
    return np.linalg.solve(root.transpose(0, 2, 1), normal[:, :, None])[:, :, 0]


class _Newton:
    """Newton's steps on the estimates (m, q) of all copies, in place; a copy that is close enough stays as it is.

    A copy's estimate and Hessian so do not depend on the copies beside it. A step that moves a firm's score by d is
    shortened to log(1 + d) / d of itself where d is above one half: with that it never passes the top
    (Bach 2010, Electronic Journal of Statistics 4, on self-concordance of logistic regression).
    """

    def __init__(self, beta: Floats, x: Floats) -> None:
        self.beta, self.x = beta, x
        self.hessian = np.zeros((*beta.shape, beta.shape[1]))
        """(m, q, q) of each copy at its last step"""
        self.moving = np.arange(len(beta))
        """the copies that are not yet close enough"""
        self.left = NEWTON_STEPS

    def going(self) -> bool:
        """Whether a copy still moves and steps are left."""
        self.left -= 1
        return len(self.moving) > 0 and self.left >= 0

    def estimates(self) -> Floats:
        """The moving copies' estimates."""
        return self.beta[self.moving]

    def predictors(self) -> Floats:
        """The moving copies' predictors."""
        return self.x if len(self.moving) == len(self.x) else self.x[self.moving]

    def step(self, gradient: Floats, hessian: Floats) -> Floats:
        """The full step of every moving copy."""
        self.hessian[self.moving] = hessian
        return np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0].astype(np.float64)

    def take(self, step: Floats, far: Floats) -> None:
        """Take a step that moves no score by more than `far` (m,); small against its standard errors: the last."""
        share = np.where(far > 0.5, np.log1p(far) / np.maximum(far, 1e-300), 1.0)
        self.beta[self.moving] += step * share[:, None]
        errors = np.einsum("mii->mi", self.hessian[self.moving])
        self.moving = self.moving[(step**2 * errors).max(axis=1) >= CLOSE_ENOUGH**2]


def _softmax(beta: Floats, x: Floats) -> Floats:
    """Probabilities (m, K-1, n) of the codes other than the reference."""
    scores = np.matmul(beta, x)
    top = np.maximum(scores.max(axis=1, keepdims=True), 0)
    raised = np.exp(scores - top)
    return np.asarray(raised / (np.exp(-top) + raised.sum(axis=1, keepdims=True)))
