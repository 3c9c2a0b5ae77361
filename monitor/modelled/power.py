"""What a wave could have found: power and the smallest effect that would have been found.

Belongs here: normal-theory power of a contrast, from its precision or from a plan. Does not belong here: fitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True)
class State:
    """The share that a contrast adds and that moves with it: with more complementarity, that of firms doing both."""

    share: float
    """its estimate p, in 0..1"""
    se: float
    """its standard error from the design"""


@dataclass(frozen=True)
class Precision:
    """How precisely a contrast is known, where its true value is the estimate and where it is another.

    A larger share varies more. With d the contrast's estimate and p that of the share that moves with it (`state`), a
    true contrast D makes that share p + D - d, and

        V(D) = se^2 + se_p^2 ((p + D - d) (1 - p - D + d) / (p (1 - p)) - 1):

    the other shares, their covariance and all design effects stay as they were measured. Without a state, and where
    the share would leave 0..1, V(D) = se^2.
    """

    se: float
    df: float = np.inf
    estimate: float = float("nan")
    state: State | None = None

    def se_at(self, effect: float) -> float:
        """Standard error where the true contrast is `effect`: sqrt(V(effect))."""
        s = self.state
        if s is None or not 0 < s.share < 1:
            return self.se
        moved = s.share + effect - self.estimate
        if not 0 <= moved <= 1:
            return self.se
        grown = self.se**2 + s.se**2 * (moved * (1 - moved) / (s.share * (1 - s.share)) - 1)
        return float(np.sqrt(grown)) if grown > 0 else self.se

    def power(self, effect: float) -> float:
        """Chance that a two-sided test at 5 % finds a true effect in its own direction:
        P(T > t_{.975} - |effect| / se_at(effect))."""
        at = abs(effect) / self.se_at(effect)
        if np.isinf(self.df):
            return float(ndtr(at - ndtri(0.5 + LEVEL / 2)))
        return float(stdtr(self.df, at - stdtrit(self.df, 0.5 + LEVEL / 2)))

    def detectable(self, power: float = POWER) -> float:
        """Smallest positive true value D that a two-sided test at 5 % finds with the given power.

        It solves D = q sqrt(V(D)), q = t_{.975} + t_{power}: with k = se_p^2 / (p (1 - p)) and a = p - d, the positive
        root of (1 + k q^2) D^2 - k q^2 (1 - 2 a) D - q^2 (se^2 - se_p^2 + k a (1 - a)) = 0. Without a state q se.
        """
        if np.isinf(self.df):
            q = float(ndtri(0.5 + LEVEL / 2) + ndtri(power))
        else:
            q = float(stdtrit(self.df, 0.5 + LEVEL / 2) + stdtrit(self.df, power))
        s = self.state
        if s is None or not 0 < s.share < 1:
            return q * self.se
        k, a = s.se**2 / (s.share * (1 - s.share)), s.share - self.estimate
        half = k * q**2 * (1 - 2 * a) / 2
        rest = q**2 * (self.se**2 - s.se**2 + k * a * (1 - a))
        inside = half**2 + (1 + k * q**2) * rest
        found = (half + np.sqrt(inside)) / (1 + k * q**2) if inside >= 0 else np.nan
        # A share outside 0..1 is no alternative: the variance stays as it is.
        return float(found) if found > 0 and 0 <= a + found <= 1 else q * self.se


def planned_se(n: float, rate: float, shares: Sequence[float], design_effect: float = 1.0) -> float:
    """Standard error to expect of a complementarity before any data: sqrt(deff p (1 - p) / n sum 1 / share_s).

    n firms of which the share `rate` has the outcome, `shares` (4,) of the firms in the four states, `design_effect`
    of the weights. Every state has the same rate: what the test assumes when there is nothing to find.
    """
    return float(np.sqrt(design_effect * rate * (1 - rate) / n * sum(1 / share for share in shares)))
