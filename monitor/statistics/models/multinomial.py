"""The multinomial logit: in which of several states a firm is, given its characteristics.

Belongs here: its weighted likelihood, the maximum, and what each firm contributes. Does not belong here: what the
states are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.likelihood import MOST_ITERATIONS, TOLERANCE, shortened

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MultinomialFit:
    """A fitted multinomial logit of S states, the first of which is the reference."""

    coefficients: Array
    """(S - 1, k) log-odds beside the first state"""
    contributions: Array
    """(n, (S - 1) k) firm i's term in the coefficients, state by state; already weighted"""
    probabilities: Array
    """(n, S)"""
    converged: bool


def multinomial(state: NDArray[np.int64], z: Array, w: Array, states: int) -> MultinomialFit:
    """Weighted maximum likelihood of log(e_s / e_0) = z_i g_s.

    Solves sum w_i z_i (1{s_i = s} - e_is) = 0 by Newton steps, halved while the log-likelihood falls. `state` (n,) in
    0..states-1, `z` (n, k) with its intercept, `w` (n,). `converged` is false where no finite solution is reached: a
    characteristic that nobody in a state has. Source: McFadden (1974); Binder (1983) for the contributions.
    """
    n, k = z.shape
    own = (state[:, None] == np.arange(states)).astype(np.float64)
    gamma = np.zeros((states - 1, k))
    value = _value(own, z, w, gamma)
    done = False
    for _ in range(MOST_ITERATIONS):
        p = _probabilities(z, gamma)
        information = _information(z, w, p)
        score = ((w[:, None] * (own - p))[:, 1:].T @ z).ravel()
        try:
            step = shortened(np.linalg.solve(information, score)).reshape(gamma.shape)
        except np.linalg.LinAlgError:
            break
        for _ in range(20):
            trial = _value(own, z, w, gamma + step)
            if trial >= value - 1e-12 * abs(value):
                break
            step = step / 2
        gamma, value = gamma + step, trial
        if np.abs(step).max() < TOLERANCE * max(1.0, np.abs(gamma).max()):
            done = True
            break
    p = _probabilities(z, gamma)
    contributions = np.full((n, gamma.size), np.nan)
    if done:
        bread = np.linalg.inv(_information(z, w, p))
        # As in `likelihood`: towards separation steps shrink because the information does.
        left = np.diag(bread) * np.tile((z**2).T @ w, states - 1)
        done = bool(np.isfinite(left).all() and left.max() < 1e10)
        residual = (w[:, None] * (own - p))[:, 1:]
        contributions = (residual[:, :, None] * z[:, None, :]).reshape(n, -1) @ bread
    return MultinomialFit(gamma, contributions, p, done)


def _probabilities(z: Array, gamma: Array) -> Array:
    eta = np.column_stack([np.zeros(len(z)), z @ gamma.T])
    eta -= eta.max(axis=1, keepdims=True)
    odds = np.exp(eta)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _value(own: Array, z: Array, w: Array, gamma: Array) -> float:
    p = np.maximum(_probabilities(z, gamma), 1e-300)
    return float(w @ np.log((own * p).sum(axis=1)))


def _information(z: Array, w: Array, p: Array) -> Array:
    """((S - 1) k, (S - 1) k) blocks sum w (e_s 1{s = t} - e_s e_t) z z'."""
    inner = p.shape[1] - 1
    k = z.shape[1]
    information = np.empty((inner * k, inner * k))
    for s in range(inner):
        for t in range(inner):
            v = w * (p[:, s + 1] * (s == t) - p[:, s + 1] * p[:, t + 1])
            information[s * k : (s + 1) * k, t * k : (t + 1) * k] = (z * v[:, None]).T @ z
    return information
