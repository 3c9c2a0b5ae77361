"""How far those who answered resemble those who were invited, in what the frame knows of them.

Belongs here: R-indicators, partial R-indicators and the coefficient of variation of the chances of answering, adjusted
for bias, with standard errors. Does not belong here: response classes and weights (`weighting`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.statistics.design.groups import group_codes, sums
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.likelihood import maximum_likelihood

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Indicator:
    """One figure with its standard error."""

    estimate: float
    se: float
    unadjusted: float
    """Before the adjustment for the bias of estimated chances"""


@dataclass(frozen=True)
class Partial:
    """What one frame variable has to do with answering; 0 for nothing, at most 0.5."""

    variable: str
    unconditional: Indicator
    """Spread of the chances between its categories"""
    conditional: Indicator
    """Spread within cells of all other variables: what it adds to them"""
    categories: Mapping[str, Indicator]
    """Category -> sqrt(N_k / N) (mean_k - mean): below zero where it answers less than others"""


@dataclass(frozen=True)
class Representativity:
    """Chances of answering and their spread; no firm's own is told."""

    response_rate: float
    r_indicator: Indicator
    """1 - 2 S: 1 where all frame groups answer alike"""
    coefficient_of_variation: Indicator
    """S / mean chance: the greatest bias, in standard deviations, of an outcome's unadjusted mean that goes with the
    chances"""
    partials: tuple[Partial, ...]


def representativity(
    invited: SurveyDesign, answered: ArrayLike, z: Array, variables: Mapping[str, ArrayLike]
) -> Representativity:
    """R-indicators of the invited firms' chances rho_i = expit(z_i b), b by weighted maximum likelihood.

        R = 1 - 2 S,  S^2 = (1 + 1/n - 1/N) sum d_i (rho_i - mean)^2 / N - sum d_i (g_i - mean)' V (g_i - mean) / N
        g_i = rho_i (1 - rho_i) z_i,  V = A^-1 B A^-1,  A = sum d_i rho_i (1 - rho_i) z_i z_i',  B the same with d_i^2

    n is Kish's effective number; with equal weights V is the inverse information, as Shlomo, Skinner and Schouten have
    it. g is taken less its mean because the mean chance is estimated too: not centred, 500 firms lose 5 % of S^2.
    Var(S^2) = 4 a'Va + 2 tr(CVCV) + the design's variance of the mean of (rho_i - mean)^2, a the covariance of rho with
    g and C that of g; se(R) = se(S^2) / S. The error of the coefficient of variation adds that of the mean chance as if
    the two were independent. Where estimation explains all of the spread S is 0, without an error.

    Partial indicators have the spread between categories, or within cells of all other `variables`, in place of that
    of rho; bias and variance by the same reasoning, g taken between or within as rho is.
    `invited`: the design of all n invited firms (weights d before any response); `answered` (n,) 0/1; `z` (n, p) with
    its intercept; `variables`: name -> (n,) categories, told one by one. Raises ValueError where the chances have no
    estimate.
    Sources: Schouten, Cobben and Bethlehem (2009), Survey Methodology 35; Schouten, Shlomo and Skinner (2011), Journal
    of Official Statistics 27 (partial indicators); Shlomo, Skinner and Schouten (2012), Journal of Statistical Planning
    and Inference 142.
    """
    y = np.asarray(answered, dtype=np.float64)
    fit = maximum_likelihood(y, z, invited.weights)
    if not fit.converged:
        raise ValueError("the chances of answering have no estimate: a category of the frame answered all or nothing")
    chances = _Chances(invited, fit.probabilities, z)
    size, n = invited.weights.sum(), invited.kish_effective_n()
    total = chances.spread(*chances.within(np.zeros(invited.n, dtype=np.int64)))
    squared = max(total.adjusted + (1 / n - 1 / size) * total.plain, 0.0)
    s, mean = float(np.sqrt(squared)), float(invited.weights @ chances.rho / size)
    error = total.error / (2 * s) if s > 0 else float("nan")
    rate = float(invited.mean(y).se[0])
    plain = float(np.sqrt(total.plain))
    variation = s / mean * float(np.hypot(error / s, rate / mean)) if s > 0 else float("nan")
    codes = {name: group_codes(values)[1] for name, values in variables.items()}
    return Representativity(
        mean,
        Indicator(1 - 2 * s, 2 * error, 1 - 2 * plain),
        Indicator(s / mean, variation, plain / mean),
        tuple(_partial(chances, name, variables[name], codes) for name in variables),
    )


@dataclass(frozen=True)
class _Spread:
    """A mean square of deviations of the chances."""

    plain: float
    adjusted: float
    error: float
    """Standard error of the mean square"""

    @property
    def indicator(self) -> Indicator:
        """Its root."""
        root = float(np.sqrt(max(self.adjusted, 0.0)))
        return Indicator(root, self.error / (2 * root) if root > 0 else float("nan"), float(np.sqrt(self.plain)))


class _Chances:
    """Fitted chances, their slopes in the coefficients and the coefficients' variance."""

    def __init__(self, design: SurveyDesign, rho: Array, z: Array) -> None:
        self.design, self.rho = design, rho
        own, d = rho * (1 - rho), design.weights
        self.slopes = own[:, None] * z
        bread = np.linalg.inv((z * (d * own)[:, None]).T @ z)
        self.v = bread @ ((z * (d**2 * own)[:, None]).T @ z) @ bread

    def between(self, group: Codes) -> tuple[Array, Array]:
        """Means of groups less the mean of all: of the chances (n,) and of their slopes (n, p)."""
        d, every = self.design.weights, np.zeros(self.design.n, dtype=np.int64)
        rho, slopes = self.rho[:, None], self.slopes
        return (_means(rho, d, group) - _means(rho, d, every))[:, 0], _means(slopes, d, group) - _means(
            slopes, d, every
        )

    def within(self, group: Codes) -> tuple[Array, Array]:
        """Chances and slopes less the means of groups."""
        d = self.design.weights
        return self.rho - _means(self.rho[:, None], d, group)[:, 0], self.slopes - _means(self.slopes, d, group)

    def spread(self, deviation: Array, slopes: Array) -> _Spread:
        """The mean over all firms of squared deviations, adjusted, with its error."""
        share = self.design.weights / self.design.weights.sum()
        plain = float(share @ deviation**2)
        c = (slopes * share[:, None]).T @ slopes
        a = slopes.T @ (share * deviation)
        drawn = (deviation**2 - plain) / self.design.weights.sum()
        product = c @ self.v
        variance = 4 * a @ self.v @ a + 2 * np.trace(product @ product) + self.design.covariance(drawn)[0, 0]
        return _Spread(plain, plain - float(np.trace(product)), float(np.sqrt(variance)))


def _partial(chances: _Chances, name: str, values: ArrayLike, codes: Mapping[str, Codes]) -> Partial:
    labels, own = group_codes(values)
    others = [code for other, code in codes.items() if other != name]
    cells = np.zeros(len(own), dtype=np.int64)
    if others:
        cells = np.unique(np.column_stack(others), axis=0, return_inverse=True)[1].ravel().astype(np.int64)
    return Partial(
        name,
        chances.spread(*chances.between(own)).indicator,
        chances.spread(*chances.within(cells)).indicator,
        {str(label): _category(chances, own, k) for k, label in enumerate(labels)},
    )


def _category(chances: _Chances, own: Codes, k: int) -> Indicator:
    """sqrt(N_k / N) (mean_k - mean), which is linear in the chances: no bias to adjust for."""
    d, inside = chances.design.weights, own == k
    share = float(np.sqrt(d[inside].sum() / d.sum()))
    deviation, slopes = chances.between(own)
    first = int(np.flatnonzero(inside)[0])
    gradient = slopes[first]
    mean = float(d @ chances.rho / d.sum())
    drawn = inside * (chances.rho - mean - deviation[first]) / d[inside].sum() - (chances.rho - mean) / d.sum()
    variance = gradient @ chances.v @ gradient + chances.design.covariance(drawn)[0, 0]
    estimate = share * float(deviation[first])
    return Indicator(estimate, share * float(np.sqrt(variance)), estimate)


def _means(values: Array, weights: Array, group: Codes) -> Array:
    """Weighted means of each firm's group, (n, k)."""
    number = int(group.max()) + 1
    total = sums(values * weights[:, None], group, number)
    return np.asarray((total / np.bincount(group, weights=weights, minlength=number)[:, None])[group])
