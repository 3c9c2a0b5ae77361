"""Rubin's rules: one estimate with its uncertainty out of the m estimates of m completed copies.

Belongs here: combining numbers that are already computed. Does not belong here: filling in values (`imputed`)
or estimating anything from answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

NO_DIFFERENCE = 1e-8
"""Standard errors by which copies may differ and still be the same: with the least difference Barnard and Rubin's
degrees of freedom leave the complete ones. Fits of one model to the same firms agree to 1e-11 of a standard error; one
firm's other answer moves an estimate by more than 1e-6."""


@dataclass(frozen=True)
class Combined:
    """What m completed copies say together about k quantities (k absent where one quantity was given).

    Units are those of the estimates; variances are in their squares.
    """

    estimate: Array
    """(k,) mean of the m estimates"""
    variance: Array
    """(k,) total variance T = U + (1 + 1/m) B, or (k, k) where covariances were given"""
    within: Array
    """same shape as `variance`: U, the mean of the m complete-data variances"""
    between: Array
    """same shape as `variance`: B, the variance of the m estimates (divisor m - 1)"""
    df: Array
    """(k,) Barnard and Rubin's (1999) degrees of freedom"""
    fmi: Array
    """(k,) fraction of missing information, (r + 2 / (df + 3)) / (r + 1)"""
    riv: Array
    """(k,) relative increase in variance due to missing values, r = (1 + 1/m) B / U"""
    proportion: Array
    """(k,) proportion of the total variance due to missing values, lambda = (1 + 1/m) B / T"""
    copies: int
    """m"""

    @property
    def se(self) -> Array:
        """(k,) standard errors: the square root of the (diagonal of the) total variance."""
        return np.asarray(np.sqrt(_diagonal(self.variance, self.estimate.ndim)))


def combine(
    estimates: ArrayLike, variances: ArrayLike, df_complete: ArrayLike = np.inf, *, measured: ArrayLike = False
) -> Combined:
    """Combine m estimates and their complete-data variances by Rubin's rules.

    With Q_i and U_i from copy i: estimate = mean Q_i, U = mean U_i, B = sum (Q_i - mean)^2 / (m - 1),
    T = U + (1 + 1/m) B, lambda = (1 + 1/m) B / T, and degrees of freedom after Barnard and Rubin (1999):
    1 / df = lambda^2 / (m - 1) + 1 / df_observed, df_observed = (d + 1) / (d + 3) d (1 - lambda), d = df_complete.

    Barnard and Rubin's df_observed is for a d that counts firms, of which those without an answer are not there. A d
    that was measured on the completed copies' own variance (`measured`, a fact or (k,): `intervals.effective_df`) is as
    few as the firms that carry it already, and is kept: 1 / df = lambda^2 / (m - 1) + 1 / d. That completed copies know
    their variance as well as full answers would is seen in simulation (`benchmarks/imputed_intervals.csv`).

    Where the m estimates are equal (nothing was missing that matters: B = 0), and for a single copy (m = 1),
    there is nothing to add: T = U, lambda = fmi = 0, df = df_complete.

    `estimates` (m,) or (m, k); `variances` of the same shape, or (m, k, k) covariance matrices;
    `df_complete` a number or (k,): degrees of freedom had nothing been missing; infinite for large samples.
    A NaN in one copy gives NaN for that quantity. Raises ValueError where shapes disagree or a variance is negative.

    Source: Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Barnard and Rubin (1999), Biometrika 86.
    """
    q = np.asarray(estimates, dtype=np.float64)
    u = np.asarray(variances, dtype=np.float64)
    if q.ndim not in (1, 2) or q.shape[0] == 0:
        raise ValueError(f"estimates have the shape {q.shape}; expected (m,) or (m, k) with m at least 1")
    joint = q.ndim == 2 and u.ndim == 3
    if u.shape != (q.shape + q.shape[1:] if joint else q.shape):
        raise ValueError(f"variances have the shape {u.shape}; estimates have the shape {q.shape}")
    if np.any(_diagonal(u, q.ndim) < 0):
        raise ValueError("a variance is negative")

    m = q.shape[0]
    estimate = q.mean(axis=0)
    within = u.mean(axis=0)
    deviation = q - estimate
    squares: Any = np.einsum("mi,mj->ij", deviation, deviation) if joint else (deviation**2).sum(axis=0)
    between = squares / max(m - 1, 1)
    total = within + (1 + 1 / m) * between

    inside = _diagonal(within, estimate.ndim)
    added = (1 + 1 / m) * _diagonal(between, estimate.ndim)
    # A mean of equal numbers differs from them by rounding, and fits that end in the same place by what their last step
    # leaves: less than a hundred-millionth of an error is no difference between copies.
    added = np.where(added <= np.maximum((1e-14 * np.abs(estimate)) ** 2, NO_DIFFERENCE**2 * inside), 0.0, added)
    with np.errstate(divide="ignore", invalid="ignore"):
        proportion = np.where(added == 0, 0.0, added / (inside + added))
        riv = np.where(added == 0, 0.0, added / inside)
        d = np.broadcast_to(np.asarray(df_complete, dtype=np.float64), estimate.shape)
        share_left = np.where(np.isinf(d), 1.0, (d + 1) / (d + 3))
        observed = np.where(np.asarray(measured, dtype=np.bool_), d, share_left * d * (1 - proportion))
        df = 1 / (proportion**2 / max(m - 1, 1) + 1 / observed)
        df = np.where(proportion == 0, d, df)
        # r / (r + 1) is lambda; written so, it also holds where the complete-data variance is zero.
        fmi = np.where(proportion == 0, 0.0, proportion + (1 - proportion) * 2 / (df + 3))
    return Combined(
        estimate=estimate,
        variance=total,
        within=within,
        between=np.asarray(between),
        df=np.where(np.isnan(estimate), np.nan, df),
        fmi=np.where(np.isnan(estimate), np.nan, fmi),
        riv=np.where(np.isnan(estimate), np.nan, riv),
        proportion=np.where(np.isnan(estimate), np.nan, proportion),
        copies=m,
    )


def _diagonal(values: Array, ndim: int) -> Array:
    """Variances out of variances or covariance matrices, for an estimate of `ndim` axes."""
    return np.diagonal(values, axis1=-2, axis2=-1) if values.ndim > ndim else values
