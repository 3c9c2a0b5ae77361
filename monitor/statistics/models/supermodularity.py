"""Do practices make each other more worthwhile, pair by pair, whatever the other practices are?

Belongs here: joint tests of inequalities on complementarities, with Kodde and Palm's bounds. Does not belong here:
estimating the complementarities (`contrasts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ALPHA = 0.05


@dataclass(frozen=True)
class InequalityTest:
    """Distance test of "all complementarities of a pair are zero or more" (or, for substitutes, zero or less)."""

    statistic: float
    """Squared distance of the estimates from the hypothesis, in their own metric"""
    lower: float
    """Kodde and Palm's lower bound at 5 %: below it the hypothesis stands"""
    upper: float
    """Their upper bound: above it the hypothesis is rejected; between the two the test cannot tell"""

    @property
    def verdict(self) -> str:
        """`not rejected`, `rejected` or `undecided`."""
        if self.statistic < self.lower:
            return "not rejected"
        return "rejected" if self.statistic > self.upper else "undecided"


def inequality_test(theta: Array, covariance: Array, alpha: float = ALPHA) -> InequalityTest:
    """Test theta >= 0 jointly: D = min over t >= 0 of (theta - t)' V^-1 (theta - t).

    `theta` (p,), `covariance` (p, p). Bounds after Kodde and Palm (1986), Econometrica 54, for p inequalities and no
    equality; use on supermodularity after Mohnen and Roeller (2005), European Economic Review 49.
    """
    from scipy.optimize import nnls

    root = np.linalg.inv(np.linalg.cholesky(covariance))
    _, distance = nnls(root, root @ theta)
    lower, upper = kodde_palm(len(theta), alpha)
    return InequalityTest(float(distance**2), lower, upper)


def kodde_palm(inequalities: int, alpha: float = ALPHA) -> tuple[float, float]:
    """Bounds of the critical value c: alpha = P(chi2_1 >= c) / 2, and (P(chi2_{p-1} >= c) + P(chi2_p >= c)) / 2."""
    from scipy.optimize import brentq
    from scipy.special import chdtrc, chdtri

    def tail(c: float) -> float:
        below = float(chdtrc(inequalities - 1, c)) if inequalities > 1 else 0.0
        return 0.5 * (below + float(chdtrc(inequalities, c))) - alpha

    return float(chdtri(1, 2 * alpha)), float(brentq(tail, 1e-6, 200.0))
