"""Proxy pattern-mixture models: what a mean or share would be if answering depended on the answer itself.

Belongs here: the proxy of an outcome from frame variables, adjusted means and the measures of unadjusted bias. Does not
belong here: fitting chances of answering (`representativity`), weights.

The proxy X is the frame variables' best linear prediction of the outcome among respondents, scaled to its standard
deviation. phi says on what answering depends: 0 on the proxy alone (missing at random), 1 on the outcome alone, between
them on both, as f((1 - phi) X + phi Y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PHIS = (0.0, 0.5, 1.0)
"""What is told where no values of phi are given"""
ITERATIONS = 100
LEAST_INFORMATION = 1e-6
"""Of what firms could tell at best, the share that is left in every direction where a probit has a maximum"""


@dataclass(frozen=True)
class Proxy:
    """An outcome's proxy among respondents and all invited firms."""

    respondents: float
    """Mean of the proxy among respondents"""
    invited: float
    """Mean among all invited firms"""
    variance_respondents: float
    variance_invited: float
    rho: float
    """Correlation of proxy and outcome among respondents: of a share, biserial (of the normal behind it)"""
    outcome: float
    """The respondents' mean or share"""
    deviation: float
    """Standard deviation of the outcome among respondents; 1 behind a share"""

    @property
    def distance(self) -> float:
        """How far respondents are from all invited firms, in standard deviations of the proxy: d = (x_1 - x) /
        sqrt(s_xx), the frame's warning; with a strong rho and a small d little can be wrong."""
        return (self.respondents - self.invited) / float(np.sqrt(self.variance_respondents))


@dataclass(frozen=True)
class Adjusted:
    """The estimate under each phi, and what the respondents' own figure is off by."""

    phis: tuple[float, ...]
    estimates: Array
    """(P,) the mean (share) of all invited firms"""
    bias: Array
    """(P,) respondents' figure less the estimate: the measure of unadjusted bias, MUB(phi) of a mean and MUBP(phi) of a
    share; in the outcome's units"""
    standardised: Array
    """(P,) the same in standard deviations of the outcome among respondents: SMUB(phi); NaN of a share"""
    proxy: Proxy


def adjusted_mean(
    y: Array, z: Array, w: Array, z_invited: Array, w_invited: Array, phis: tuple[float, ...] = PHIS
) -> Adjusted:
    """Maximum likelihood estimates of a mean under the normal proxy pattern-mixture model.

        mean(phi) = y_1 + g(phi) sqrt(s_yy / s_xx) (x - x_1),   g = (phi + (1 - phi) rho) / (phi rho + 1 - phi)
        MUB(phi) = y_1 - mean(phi),   SMUB(phi) = MUB / sqrt(s_yy) = g (x_1 - x) / sqrt(s_xx)

    subscript 1 for respondents, s their (maximum likelihood) variances, x the proxy's mean over all invited firms.
    `y` (n,) and `z` (n, p) of the respondents, z with its intercept; `w` (n,) and `w_invited` (N,) base weights, ones
    for none; `z_invited` (N, p) of every invited firm. Raises ValueError where the frame predicts nothing (rho = 0):
    there is then no proxy, and under phi = 1 no bound. Replicate base weights in place of these give replicates.
    Sources: Andridge and Little (2011), Journal of Official Statistics 27; Little, West, Boonstra and Hu (2020),
    Journal of Survey Statistics and Methodology 8 (SMUB).
    """
    root = np.sqrt(w)[:, None]
    coefficients = np.linalg.lstsq(z * root, y * root[:, 0], rcond=None)[0]
    mean, deviation = _moments(y, w)
    inside, _ = _moments(z @ coefficients, w)
    covariance = float(w @ ((z @ coefficients - inside) * (y - mean)) / w.sum())
    proxy = _proxy(z @ coefficients, w, z_invited @ coefficients, w_invited, covariance, mean, deviation)
    g = np.array([_slope(phi, proxy.rho) for phi in phis])
    standardised = g * proxy.distance
    return Adjusted(phis, mean - deviation * standardised, deviation * standardised, standardised, proxy)


def adjusted_share(
    y: Array, z: Array, w: Array, z_invited: Array, w_invited: Array, phis: tuple[float, ...] = PHIS
) -> Adjusted:
    """Modified maximum likelihood estimates of a share under the proxy pattern-mixture model of the normal U behind it
    (y = 1 where U > 0, variance 1 among respondents).

    The proxy is the linear predictor of a weighted probit. With v_r, v_m the proxy's variances among respondents and
    silent firms, d = x_m - x_r, u = probit(share_r) the mean behind the respondents' share and rho biserial,

        mean_m = u + g(phi) d / sqrt(v_r),   variance_m = 1 + g(phi)^2 (v_m - v_r) / v_r
        share = r share_r + (1 - r) Phi(mean_m / sqrt(variance_m)),   MUBP(phi) = share_r - share

    where r is the (weighted) response rate, a variance below zero counts as 0 and rho is the maximum likelihood
    biserial correlation given u. Arguments as `adjusted_mean`, y in {0, 1}. Raises ValueError where the probit has no
    maximum or the frame predicts nothing.
    Sources: Andridge and Little (2020), Journal of Official Statistics 36; Andridge, West, Little, Boonstra and
    Alvarado-Leiton (2019), JRSS C 68 (MUBP).
    """
    from scipy.special import ndtr, ndtri

    coefficients = _probit(y, z, w)
    x, every = z @ coefficients, z_invited @ coefficients
    share, _ = _moments(y, w)
    rho = _biserial(y, x, w, float(ndtri(share)))
    proxy = _proxy(x, w, every, w_invited, rho * _moments(x, w)[1], share, 1.0)
    r = float(w.sum() / w_invited.sum())
    if not r < 1:
        raise ValueError("every invited firm answered: nothing is missing")
    mean_m = (proxy.invited - r * proxy.respondents) / (1 - r)
    second = proxy.variance_invited + proxy.invited**2
    second_m = (second - r * (proxy.variance_respondents + proxy.respondents**2)) / (1 - r)
    v_r, v_m = proxy.variance_respondents, max(second_m - mean_m**2, 0.0)
    g = np.array([_slope(phi, proxy.rho) for phi in phis])
    behind = float(ndtri(share)) + g * (mean_m - proxy.respondents) / np.sqrt(v_r)
    spread = np.sqrt(np.maximum(1 + g**2 * (v_m - v_r) / v_r, 1e-12))
    estimates = r * share + (1 - r) * ndtr(behind / spread)
    return Adjusted(phis, estimates, share - estimates, np.full(len(g), np.nan), proxy)


def _slope(phi: float, rho: float) -> float:
    """g(phi): how far the outcome moves, in its deviations, when the proxy moves by one of its own."""
    if not 0 <= phi <= 1:
        raise ValueError(f"phi lies between 0 and 1, not {phi:g}")
    return (phi + (1 - phi) * rho) / (phi * rho + 1 - phi)


def _moments(x: Array, w: Array) -> tuple[float, float]:
    """Weighted mean and (maximum likelihood) standard deviation."""
    mean = float(w @ x / w.sum())
    return mean, float(np.sqrt(w @ (x - mean) ** 2 / w.sum()))


def _proxy(x: Array, w: Array, every: Array, w_all: Array, covariance: float, mean: float, deviation: float) -> Proxy:
    inside, outside = _moments(x, w), _moments(every, w_all)
    if not inside[1] > 1e-10 * max(abs(inside[0]), 1.0):
        raise ValueError("the frame variables predict nothing of the outcome: there is no proxy")
    rho = covariance / (inside[1] * deviation)
    return Proxy(inside[0], outside[0], inside[1] ** 2, outside[1] ** 2, rho, mean, deviation)


def _probit(y: Array, z: Array, w: Array) -> Array:
    """(p,) weighted maximum likelihood of a probit, by Fisher scoring. Under separation the information of some
    direction vanishes beside what the same firms could tell: there is no maximum then."""
    from scipy.special import ndtr

    most = (z * w[:, None]).T @ z

    coefficients = np.zeros(z.shape[1])
    for _ in range(ITERATIONS):
        eta = z @ coefficients
        p = np.clip(ndtr(eta), 1e-15, 1 - 1e-15)
        density = np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi)
        information = (z * (w * density**2 / (p * (1 - p)))[:, None]).T @ z
        step = np.linalg.lstsq(information, z.T @ (w * density * (y - p) / (p * (1 - p))), rcond=None)[0]
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-12 * max(1.0, np.abs(coefficients).max()):
            left = np.linalg.eigvals(np.linalg.lstsq(most, information, rcond=None)[0]).real
            if left.min() > LEAST_INFORMATION:
                return np.asarray(coefficients)
            break
    raise ValueError("the probit of the outcome on the frame variables has no maximum")


def _biserial(y: Array, x: Array, w: Array, u: float) -> float:
    """Correlation of x with the normal behind y that maximises sum w log P(y | x), given that normal's mean u: with
    e the standardised x, P(y = 1 | x) = Phi((u + rho e) / sqrt(1 - rho^2))."""
    from scipy.optimize import brentq
    from scipy.special import log_ndtr

    mean, deviation = _moments(x, w)
    if not deviation > 1e-10 * max(abs(mean), 1.0):
        raise ValueError("the frame variables predict nothing of the outcome: there is no proxy")
    e, sign = (x - mean) / deviation, 2 * y - 1

    def score(rho: float) -> float:
        at = sign * (u + rho * e) / np.sqrt(1 - rho**2)
        mills = np.exp(-(at**2) / 2 - log_ndtr(at)) / np.sqrt(2 * np.pi)
        return float((w * mills * sign * (e + u * rho) / (1 - rho**2) ** 1.5).sum())

    if score(1e-12) <= 0:
        raise ValueError("the frame variables predict nothing of the outcome: there is no proxy")
    return float(brentq(score, 1e-12, 1 - 1e-9, xtol=1e-14))
