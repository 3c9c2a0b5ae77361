"""What a wave could have found: power and the smallest effect that would have been found.

Belongs here: normal-theory power of a contrast, from a standard error or from a plan. Does not belong here: fitting.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

LEVEL = 0.95
POWER = 0.8


def detectable(se: float, df: float = np.inf, power: float = POWER) -> float:
    """Smallest true value that a two-sided test at 5 % finds with the given power: (t_{.975} + t_{power}) se."""
    if np.isinf(df):
        return float((ndtri(0.5 + LEVEL / 2) + ndtri(power)) * se)
    return float((stdtrit(df, 0.5 + LEVEL / 2) + stdtrit(df, power)) * se)


def power_against(effect: float, se: float, df: float = np.inf) -> float:
    """Chance that a two-sided test at 5 % finds a true effect in its own direction: P(T > t_{.975} - effect / se)."""
    if np.isinf(df):
        return float(ndtr(abs(effect) / se - ndtri(0.5 + LEVEL / 2)))
    return float(stdtr(df, abs(effect) / se - stdtrit(df, 0.5 + LEVEL / 2)))


def planned_se(n: float, rate: float, shares: Sequence[float], design_effect: float = 1.0) -> float:
    """Standard error to expect of a complementarity before any data: sqrt(deff p (1 - p) / n sum 1 / share_s).

    n firms of which the share `rate` has the outcome, `shares` (4,) of the firms in the four states, `design_effect`
    of the weights. Every state has the same rate: what the test assumes when there is nothing to find.
    """
    return float(np.sqrt(design_effect * rate * (1 - rate) / n * sum(1 / share for share in shares)))
