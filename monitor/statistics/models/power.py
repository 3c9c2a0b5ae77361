"""How precisely a contrast is known: tests where events are few, power, the smallest effect that would be found.

Belongs here: normal-theory precision of one contrast, measured or planned. Does not belong here: fitting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from monitor.statistics.design.intervals import FEW_EFFECTIVE_EVENTS_OF_A_CONTRAST

LEVEL = 0.95
POWER = 0.8


@dataclass(frozen=True)
class State:
    """The share that a contrast adds and that moves with it: with more complementarity, that of firms doing both."""

    share: float
    """its estimate p, in 0..1"""
    se: float
    """its standard error from the design"""

    @property
    def known(self) -> bool:
        """Whether the share has a variance that another value of it can be held against."""
        return 0 < self.share < 1 and self.se > 0

    @property
    def unit_variance(self) -> float:
        """k = se^2 / (p (1 - p)), one over the effective number of firms (Korn & Graubard 1998)."""
        return self.se**2 / (self.share * (1 - self.share))

    @property
    def few(self) -> bool:
        """Whether events or non-events, min(p, 1 - p) / k, are fewer than FEW_EFFECTIVE_EVENTS_OF_A_CONTRAST."""
        return self.known and min(self.share, 1 - self.share) < FEW_EFFECTIVE_EVENTS_OF_A_CONTRAST * self.unit_variance


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
        if s is None or not s.known or not 0 <= (moved := s.share + effect - self.estimate) <= 1:
            return self.se
        grown = self.se**2 + s.unit_variance * moved * (1 - moved) - s.se**2
        return float(np.sqrt(grown)) if grown > 0 else self.se

    def error_at(self, value: float) -> float:
        """The standard error that a test of `value` uses: `se`; where the state has few events `se_at(value)`. Of a
        share of 5 % none or one event may turn up, and then `se` says that it is known to be next to nothing."""
        return self.se_at(value) if self.state is not None and self.state.few else self.se

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The values that a t test with `error_at` does not reject. Without few events: estimate -+ t se. With them
        each bound solves (D - d)^2 = t^2 V(D), as in Wilson's (1927) interval of a share; where the share would leave
        0..1 it is d -+ t se."""
        t = self._quantile(0.5 + level / 2)
        low, high = self.estimate - t * self.se, self.estimate + t * self.se
        if self.state is None or not self.state.few:
            return low, high
        solved = [self._at_distance(t, self.estimate, side) for side in (-1, 1)]
        return (low if np.isnan(solved[0]) else solved[0]), (high if np.isnan(solved[1]) else solved[1])

    def power(self, effect: float) -> float:
        """Chance that a two-sided test at 5 % finds a true effect in its own direction:
        P(T > t_{.975} - |effect| / se_at(effect))."""
        at = abs(effect) / self.se_at(effect) - self._quantile(0.5 + LEVEL / 2)
        return float(ndtr(at) if np.isinf(self.df) else stdtr(self.df, at))

    def detectable(self, power: float = POWER) -> float:
        """Smallest positive true value D that a two-sided test at 5 % finds with the given power: the solution of
        D = (t_{.975} + t_{power}) sqrt(V(D))."""
        q = self._quantile(0.5 + LEVEL / 2) + self._quantile(power)
        found = self._at_distance(q, 0.0, 1)
        return found if found > 0 else q * self.se

    def _quantile(self, p: float) -> float:
        return float(ndtri(p) if np.isinf(self.df) else stdtrit(self.df, p))

    def _at_distance(self, q: float, centre: float, side: int) -> float:
        """The value D on one side with (D - centre)^2 = q^2 V(D); NaN where its share would leave 0..1.

        With k of the state and a = p - d: (1 + k q^2) D^2 - (2 centre + k q^2 (1 - 2 a)) D
        + centre^2 - q^2 (se^2 - se_p^2 + k a (1 - a)) = 0.
        """
        s = self.state
        if s is None or not s.known:
            return float("nan")
        k, a = s.unit_variance, s.share - self.estimate
        first, half = 1 + k * q**2, centre + k * q**2 * (1 - 2 * a) / 2
        rest = centre**2 - q**2 * (self.se**2 - s.se**2 + k * a * (1 - a))
        inside = half**2 - first * rest
        found = (half + side * np.sqrt(inside)) / first if inside >= 0 else np.nan
        return float(found) if 0 <= a + found <= 1 else float("nan")
