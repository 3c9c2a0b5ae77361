"""A band that holds a whole curve at once.

Belongs here: the sup-t critical value of several estimates with their joint covariance. Does not belong here: the
estimates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.precision import to_digits
from monitor.statistics.design.intervals import t_quantile

Floats = NDArray[np.float64]

DRAWS = 100_000
SEED = 2019
DIGITS = 5
"""Significant digits of a critical value: the draws bear three, and a correlation's last bits move the ninth"""


def sup_t(covariance: Floats, df: ArrayLike = np.inf, level: float = 0.95) -> Floats:
    """(K,) the c_k for which estimate_k -+ c_k se_k holds all K truths at once with probability `level`.

    With normal estimates every c_k is the quantile c of max_k |Z_k| / sd(Z_k), Z normal with the estimates' joint
    `covariance` (K, K): between the pointwise quantile and Bonferroni's, and the narrowest band of its kind. Few
    degrees of freedom (`df`, a number or (K,)) widen an estimate's part of the band as they widen its interval: c_k is
    Student's quantile at the pointwise level that c has of a normal. Estimates without variance are known and do not
    count. One estimate gives `intervals.t_quantile` exactly.

    From `DRAWS` seeded draws through the symmetric root of the correlations: unlike a triangular root or eigenvectors
    it has no choice of signs or order that a last bit could turn. Source: Montiel Olea and Plagborg-Moller (2019),
    Journal of Applied Econometrics 34, algorithm 1.
    """
    df = np.broadcast_to(np.asarray(df, dtype=np.float64), np.diag(covariance).shape)
    return t_quantile(df, pointwise_level(covariance, level))


def pointwise_level(covariance: Floats, level: float = 0.95) -> float:
    """The level of single intervals that together hold all truths with probability `level`: that of which c is a
    normal's quantile. Intervals of another kind (on the logit scale, of few events) at this level are a band too."""
    from scipy.special import ndtr

    variance = np.diag(covariance)
    varies = variance > 0
    if varies.sum() < 2:
        return level
    sd = np.sqrt(variance[varies])
    normals = np.random.default_rng(SEED).standard_normal((DRAWS, len(sd)))
    c = quantile_of_maximum(normals, covariance[np.ix_(varies, varies)] / np.outer(sd, sd), level)
    # Of one estimate it is `level`, below which nothing may fall.
    return max(2 * float(ndtr(to_digits(c, DIGITS))) - 1, level)


def quantile_of_maximum(normals: Floats, correlation: Floats, level: float) -> float:
    """The `level` quantile (as R's type 7) of max_k |Z_k| over draws of independent `normals` (draws, K), given the
    correlation (K, K) that the Z_k have."""
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return float(np.quantile(np.abs(normals @ root).max(axis=1), level))
