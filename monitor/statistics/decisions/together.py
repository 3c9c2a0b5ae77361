"""Several tests of one question at once, with the correlation that their common firms bring.

Belongs here: p-values adjusted by what the smallest of all would be by chance. Does not belong here: p-values of single
tests (`models.result`), adjustments that know no correlation (`claims.holm`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

DRAWS = 20_000
"""Draws of the smallest p-value: an adjusted p-value of 0.05 is known to about 0.0015"""
LEAST_VARIANCE = 1e-6
"""Of one estimate's: what a root leaves out is a thousandth of a standard error"""


def smallest_p(p: Array, correlation: Array, rng: np.random.Generator) -> Array:
    """(k,) two-sided p-values adjusted step by step for k tests whose estimates correlate.

    The smallest p-value is held against the distribution of the smallest of k under no effect anywhere, the next
    against that of the smallest of the k - 1 that are left, and so on, never below the one before (Westfall & Young
    1993, algorithm 2.8; Romano & Wolf 2005). Under no effect the estimates are normal with this `correlation` (k, k),
    so that p_j = 2 Phi(-|z_j|). Tests that say nearly the same cost nearly nothing; of independent ones it is Holm's
    correction but for a trifle. A missing p-value stays missing and does not count.
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if not len(known):
        return adjusted
    order = known[np.argsort(p[known], kind="stable")]
    drawn = rng.standard_normal((DRAWS, len(order))) @ square_root(correlation[np.ix_(order, order)])
    # From the largest to the smallest: the smallest p-value among those from here on.
    least = np.minimum.accumulate((2 * ndtr(-np.abs(drawn)))[:, ::-1], axis=1)[:, ::-1]
    largest = 0.0
    for rank, at in enumerate(order):
        # The observed value is one of the draws; a last bit does not decide.
        share = (1 + np.count_nonzero(least[:, rank] <= float(p[at]) * (1 + 1e-9))) / (DRAWS + 1)
        largest = max(largest, min(1.0, share), float(p[at]))
        adjusted[at] = largest
    return adjusted


def square_root(matrix: Array) -> Array:
    """The symmetric root V sqrt(D) V' of a covariance (k, k) whose eigenvalues are D: the only one that does not depend
    on the signs and turns of eigenvectors, which processors choose differently.

    Eigenvalues below `LEAST_VARIANCE` count as zero: a root magnifies the 1e-14 by which fits differ there to 1e-7.
    """
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.where(values > LEAST_VARIANCE, values, 0.0))) @ vectors.T)
