"""How alike participants and comparison firms are, covariate by covariate, before and after weighting.

Belongs here: standardised mean differences, variance ratios, what the comparison is worth in firms. Does not belong
here: what makes the groups alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.groups import Groups, mean

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Alike:
    """One line for each covariate; all (k,)."""

    names: tuple[str, ...]
    participants: Array
    """Means"""
    comparison: Array
    """Means of the comparison firms under their weights"""
    difference: Array
    """Standardised: (participants - comparison) / s"""
    variance_ratio: Array
    """Variance of participants over that of comparison firms; NaN of indicators, whose variance their mean says, and
    where the comparison does not vary"""
    effective: float
    """Comparison firms they are worth by Kish: (sum v)^2 / sum v^2"""

    @property
    def largest(self) -> float:
        """The largest standardised difference there is, without its sign; to six digits, as it decides."""
        return round(float(np.abs(self.difference).max(initial=0.0)), 6)


def alike(groups: Groups, w: Array, weights: Array) -> Alike:
    """How alike the groups are under `weights` (m,) of the comparison firms and survey weights `w` (n,).

    s^2 = (s_p^2 + s_c^2) / 2 of both groups under the survey weights, before balancing, so that before and after are
    in the same unit (Austin 2009, Statistics in Medicine 28; Stuart 2010); of an indicator s^2 = p (1 - p). A covariate
    that is the same everywhere differs by nothing; one that varies in neither group and differs is infinitely far.
    """
    t = groups.participates
    inside, outside = groups.x[t], groups.x[~t]
    means = mean(inside, w[t]), mean(outside, weights)
    own = _variance(inside, w[t])
    unit = np.sqrt((own + _variance(outside, w[~t])) / 2)
    apart = means[0] - means[1]
    apart = np.where(np.abs(apart) <= 1e-13 * np.maximum(np.abs(means[0]), np.abs(means[1])), 0.0, apart)
    other = _variance(outside, weights)
    indicator = np.isin(groups.x, (0.0, 1.0)).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.where(apart == 0, 0.0, apart / unit)
        ratio = np.where(indicator | (other <= 0), np.nan, own / other)
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    return Alike(groups.names, *means, difference, ratio, effective)


def _variance(x: Array, w: Array) -> Array:
    return mean((x - mean(x, w)) ** 2, w)
