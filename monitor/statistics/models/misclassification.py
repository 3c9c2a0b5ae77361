"""A binary outcome that is sometimes recorded wrongly: the logit of the true one.

Belongs here: the likelihood with shares of wrong answers, estimated or assumed. Does not belong here: a practice
measured twice (`two_measures`), contrasts (`contrasts.evaluate` takes the fit as any other).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.contrasts import SHARES
from monitor.statistics.models.likelihood import Fit, expit, maximum_likelihood, shortened
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities

Array = NDArray[np.float64]

MOST_STEPS = 200
DONE = 1e-10
STARTS = ((0.02, 0.02), (0.15, 0.05), (0.05, 0.15), (0.2, 0.2))
"""Shares of wrong answers from which the maximum is looked for; the highest found counts"""
AT_THE_EDGE = 1e-4
"""A share of wrong answers below this is at the edge of what is possible, where an estimate has no normal error"""
LEAST_INFORMATION = 1e-6
"""Smallest eigenvalue of the information, each parameter scaled to one, below which the data cannot tell parameters
apart"""
RATES = ("false_positive", "false_negative")


@dataclass(frozen=True)
class Corrected:
    """The logit of the true outcome, or why there is none."""

    fit: Fit | None
    """Coefficients of the true outcome and contributions to them, for `contrasts.evaluate`"""
    rates: Quantities | None = None
    """`false_positive` and `false_negative`, where they were estimated"""
    refusal: Note | None = None


def misclassified_outcome(y: Array, x: Array, w: Array, known: tuple[float, float] | None = None) -> Corrected:
    """Weighted maximum likelihood of P(recorded 1 | x) = a0 + (1 - a0 - a1) p(x), p(x) = expit(x b).

    a0 = P(recorded 1 | truly 0), a1 = P(recorded 0 | truly 1). Assumed: wrong answers depend on the truth alone, not on
    x (non-differential); a0 + a1 < 1 (an answer is better than none); with a0 and a1 estimated also that p is a logit,
    whose curvature in the tails is all that tells wrong answers from few: that needs a regressor that moves p from near
    0 to near 1, which practices alone do not. `known` (a0, a1) takes the shares as given instead and only corrects: the
    way to ask what wrong answers could change.

    Refused where the maximum lies at the edge (no wrong answers of a kind) or the information is singular. Firm i
    contributes A^-1 w_i s_i, A the observed information, s the score. `y` (n,) 0 or 1, `x` (n, k) with its intercept,
    `w` (n,). Source: Hausman, Abrevaya and Scott-Morton (1998), Journal of Econometrics 87.
    """
    plain = maximum_likelihood(y, x, w)
    if not plain.converged:
        return Corrected(None, refusal=note("no_estimate"))
    if known is not None and not (min(known) >= 0 and sum(known) < 1):
        raise ValueError(f"shares of wrong answers are zero or more and together below one, not {known}")
    free = known is None
    found = [_climb(y, x, w, start, plain.coefficients, free) for start in (STARTS if known is None else (known,))]
    reached = [each for each in found if each is not None]
    if not reached:
        return Corrected(None, refusal=note("not_identified"))
    # Starts that end on the same top differ by rounding: the first of them counts.
    best = max(reached, key=lambda theta: round(_value(y, x, w, theta), 6))
    score, information = _derivatives(y, x, w, best)
    kept = slice(0 if free else 2, None)
    scale = np.sqrt(np.diag(information)[kept])
    smallest = np.linalg.eigvalsh(information[kept, kept] / np.outer(scale, scale))[0]
    if smallest < LEAST_INFORMATION or (free and round(float(best[:2].min()), 6) < AT_THE_EDGE):
        return Corrected(None, refusal=note("not_identified"))
    bread: Array = np.asarray(np.linalg.inv(information[kept, kept]), dtype=np.float64)
    contributions = score[:, kept] @ bread
    of_rates = 2 if free else 0
    b = best[2:]
    fit = Fit(b, contributions[:, of_rates:], bread[of_rates:, of_rates:], expit(x @ b), converged=True)
    rates = Quantities(RATES, (SHARES,) * 2, best[:2], contributions[:, :2]) if free else None
    return Corrected(fit, rates)


def _climb(y: Array, x: Array, w: Array, rates: tuple[float, float], b: Array, free: bool) -> Array | None:
    """(2 + k,) the maximum reached from a start, or None: Newton's steps where the information is positive, else
    Fisher's, halved while the likelihood falls or a share of wrong answers leaves what is possible."""
    theta: Array = np.concatenate([rates, b])
    kept = np.arange(0 if free else 2, len(theta))
    value = _value(y, x, w, theta)
    for _ in range(MOST_STEPS):
        score, information = _derivatives(y, x, w, theta)
        step = np.zeros_like(theta)
        try:
            step[kept] = shortened(_solved(information, _fisher(x, w, theta), score.sum(axis=0), kept))
        except np.linalg.LinAlgError:
            return None
        for _ in range(30):
            trial = _value(y, x, w, theta + step)
            if trial >= value - 1e-12 * abs(value):
                break
            step /= 2
        else:
            return None
        theta, value = np.asarray(theta + step), trial
        if np.abs(step).max() < DONE * max(1.0, float(np.abs(theta).max())):
            return theta
    return None


def _solved(information: Array, fisher: Array, score: Array, kept: NDArray[np.int64]) -> Array:
    own = information[np.ix_(kept, kept)]
    try:
        np.linalg.cholesky(own)
    except np.linalg.LinAlgError:
        own = fisher[np.ix_(kept, kept)]
    return np.asarray(np.linalg.solve(own, score[kept]))


def _value(y: Array, x: Array, w: Array, theta: Array) -> float:
    """Log-likelihood; minus infinity where a share of wrong answers is impossible."""
    a0, a1 = theta[:2]
    if a0 < 0 or a1 < 0 or a0 + a1 >= 1:
        return -np.inf
    pi = np.clip(a0 + (1 - a0 - a1) * expit(x @ theta[2:]), 1e-300, 1 - 1e-16)
    return float(w @ (y * np.log(pi) + (1 - y) * np.log1p(-pi)))


def _gradient(x: Array, theta: Array) -> tuple[Array, Array, Array]:
    """p, pi and (n, 2 + k) the derivative of pi."""
    a0, a1 = theta[:2]
    p = expit(x @ theta[2:])
    d = 1 - a0 - a1
    pi = np.clip(a0 + d * p, 1e-12, 1 - 1e-12)
    return p, pi, np.column_stack([1 - p, -p, x * (d * p * (1 - p))[:, None]])


def _fisher(x: Array, w: Array, theta: Array) -> Array:
    _, pi, g = _gradient(x, theta)
    return np.asarray((g * (w / (pi * (1 - pi)))[:, None]).T @ g)


def _derivatives(y: Array, x: Array, w: Array, theta: Array) -> tuple[Array, Array]:
    """(n, 2 + k) weighted scores and the observed information.

    With r = (y - pi) / (pi (1 - pi)): score r g; information sum w ((r^2) g g' - r d g / d theta), because y is 0 or 1
    and so the derivative of r in pi is -r^2.
    """
    p, pi, g = _gradient(x, theta)
    r = (y - pi) / (pi * (1 - pi))
    information = (g * (w * r**2)[:, None]).T @ g
    v = p * (1 - p)
    across = x.T @ (w * r * v)
    d = 1 - theta[0] - theta[1]
    information[:2, 2:] += across
    information[2:, :2] += across[:, None]
    information[2:, 2:] -= (x * (w * r * d * v * (1 - 2 * p))[:, None]).T @ x
    return (w * r)[:, None] * g, information
