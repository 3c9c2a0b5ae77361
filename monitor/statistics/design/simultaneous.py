"""A band that holds a whole curve at once.

Belongs here: the level of single intervals whose sup-t band holds several estimates with their joint covariance. Does
not belong here: the estimates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.precision import to_digits

Floats = NDArray[np.float64]

DRAWS = 100_000
SEED = 2019
DIGITS = 5
"""Significant digits of a critical value: the draws bear three, and a correlation's last bits move the ninth"""


def pointwise_level(covariance: Floats, level: float = 0.95) -> float:
    """The level of single intervals that together hold all K truths with probability `level`.

    With normal estimates estimate_k -+ c sd_k holds them all at once, c the quantile of max_k |Z_k| / sd(Z_k), Z normal
    with the estimates' joint `covariance` (K, K): between the pointwise quantile and Bonferroni's, and the narrowest
    band of its kind. The level is that of which c is a normal's quantile, so that few degrees of freedom widen an
    estimate's part of the band as they widen its interval; intervals of another kind (on the logit scale, of few
    events) at this level are a band too. Estimates without variance are known and do not count; of one estimate it is
    `level`.

    From `DRAWS` seeded draws through the symmetric root of the correlations: unlike a triangular root or eigenvectors
    it has no choice of signs or order that a last bit could turn. Source: Montiel Olea and Plagborg-Moller (2019),
    Journal of Applied Econometrics 34, algorithm 1.
    """
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
