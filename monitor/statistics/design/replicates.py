"""Replicates: resampled weight vectors, and the variance of what was estimated under each.

Belongs here: the bootstrap without replacement, the stratified jackknife. Does not belong here: the firms' own random
numbers (`statistics.random_numbers`), running the weighting cascade over replicates (`weighted`).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def bootstrap_perturbation(
    strata: ArrayLike, remaining: ArrayLike, numbers: NDArray[np.uint64], single: bool = False
) -> Floats:
    """What the bootstrap without replacement adds to each weight, as a share of that weight.

    Preston (2009), Chipperfield & Preston (2007): in a stratum of n firms m = floor(n / 2) are drawn without
    replacement and the weight is multiplied by 1 - lambda + lambda (n / m) delta, with
    lambda = sqrt(m * remaining / (n - m)) and remaining = 1 - f, the part of the variance that is left after the
    finite population correction. A take-all stratum (remaining 0) is never perturbed; a stratum of one firm
    neither. Weights never become negative, because m <= n / 2.

    strata     (n,) codes 0..H-1
    remaining  (n,) 1 - f per firm, one value in a stratum (or, for response classes, f_k (1 - r/n) per firm)
    numbers    (n, R) random numbers of the firms; the m smallest in a stratum are drawn
    single     a stratum of one firm adds or takes sqrt(1 - f) of its weight at random (the policy `centre`)
    returns    (n, R) with mean zero in expectation; variance (1/(R-1)) sum (theta_r - mean)^2
    """
    codes = np.asarray(strata)
    remaining = np.asarray(remaining, dtype=float)
    added = np.zeros(numbers.shape)
    order = np.argsort(codes, kind="stable")
    edges = np.flatnonzero(np.r_[True, codes[order][1:] != codes[order][:-1], True])
    for low, high in pairwise(edges):
        rows = order[low:high]
        n = len(rows)
        m = n // 2
        if m == 0 and single:
            side = np.where(numbers[rows] >> np.uint64(63), 1.0, -1.0)
            added[rows] = side * np.sqrt(np.maximum(remaining[rows], 0.0))[:, None]
        if m == 0 or not np.any(remaining[rows] > 0):
            continue
        scale = np.sqrt(m * np.maximum(remaining[rows], 0.0) / (n - m))[:, None]
        own = numbers[rows]
        cut = np.partition(own, m - 1, axis=0)[m - 1]
        added[rows] = np.where(own <= cut, scale * (n / m - 1), -scale)
    return added


def jackknife_weights(
    weights: ArrayLike, strata: ArrayLike, population: ArrayLike | None = None, psu: ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """Stratified delete-one jackknife (JKn): replicate weights (n, R) and the scale (R,) of each.

    Leaving out one firm (or primary unit) of stratum h multiplies the others' weights by n_h / (n_h - 1); its
    squared deviation counts (n_h - 1) / n_h * (1 - n_h / N_h). Rust (1985); the same as R's
    `as.svrepdesign(type = "JKn")`. Take-all strata and strata of one unit give no replicates.
    """
    w = np.asarray(weights, dtype=float)
    _, h = np.unique(np.asarray(strata), return_inverse=True)
    if psu is None:
        unit = np.arange(len(w))
    else:
        pairs = np.column_stack([h, np.unique(np.asarray(psu), return_inverse=True)[1]])
        unit = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
    first = np.unique(unit, return_index=True)[1]
    stratum_of_unit = h[first]
    n_h = np.bincount(stratum_of_unit)
    big_n = np.asarray(population, dtype=float)[first] if population is not None else np.full(len(first), np.inf)
    f = n_h[stratum_of_unit] / big_n
    out = np.flatnonzero((n_h[stratum_of_unit] > 1) & (f < 1))
    columns = np.repeat(w[:, None], len(out), axis=1)
    scale = np.empty(len(out))
    for j, gone in enumerate(out):
        n = n_h[stratum_of_unit[gone]]
        columns[h == stratum_of_unit[gone], j] *= n / (n - 1)
        columns[unit == gone, j] = 0.0
        scale[j] = (n - 1) / n * (1 - f[gone])
    return columns, scale


def replicate_covariance(theta: ArrayLike, scale: ArrayLike | None = None, centre: ArrayLike | None = None) -> Floats:
    """Covariance of k estimates from their values under R replicates: sum_r scale_r (theta_r - c)(theta_r - c)'.

    theta   (R, k) or (R,)
    scale   (R,) or a number; by default 1 / (R - 1), which is the bootstrap's
    centre  (k,); by default the replicates' plain mean, as R's survey takes it
    Replicates in which an estimate is not a number are refused, not dropped: they are the tail of its variance.
    """
    theta = np.asarray(theta, dtype=float)
    if theta.ndim == 1:
        theta = theta[:, None]
    if not np.all(np.isfinite(theta)):
        bad = np.flatnonzero(~np.isfinite(theta).all(axis=1))
        raise ValueError(f"{len(bad)} of {len(theta)} replicates have no finite estimate (first: replicate {bad[0]})")
    r = len(theta)
    weight = np.full(r, 1 / (r - 1)) if scale is None else np.broadcast_to(np.asarray(scale, dtype=float), (r,))
    middle = theta[weight > 0].mean(axis=0) if centre is None else np.asarray(centre, dtype=float)
    d = (theta - middle) * np.sqrt(weight)[:, None]
    return np.asarray(d.T @ d)
