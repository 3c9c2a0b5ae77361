"""Whether one practice replaces another: a complementarity (or an effect) against zero and a declared margin.

Belongs here: tests of substitution and of no worse than a margin, and the power of the latter. Does not belong here:
whether a margin is small enough (`declared_rules`), the claims' words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtr, ndtr, ndtri, stdtr, stdtrit

from monitor.precision import to_error

ALPHA = 0.025
"""One-sided error rate where a claim declares none: a verdict then agrees with the 95 % interval"""


@dataclass(frozen=True)
class Substitution:
    """p-values of what can be said of a difference of shares, each one-sided; the declared margin is above zero."""

    margin: float
    p_no_worse: float
    """Of "it is -margin or less": small where the data leave no substitution that matters"""
    p_substitutes: float
    """Of "it is zero or more": small where there is substitution"""

    def verdict(self, alpha: float = ALPHA) -> str:
        """On "the one does not replace the other": `supported` where "-margin or less" is rejected; else `contradicted`
        where "zero or more" is; else `inconclusive`. Substitution that is there but surely smaller than the margin
        supports the claim: that is what its margin says. Each error has a chance of at most alpha."""
        if to_error(self.p_no_worse, None) < alpha:
            return "supported"
        return "contradicted" if to_error(self.p_substitutes, None) < alpha else "inconclusive"


def substitution(
    estimate: float, se: float, df: float, margin: float, error_at: Callable[[float], float] | None = None
) -> Substitution:
    """Tests of a difference against zero and against -margin with Student's t.

        no worse     t = (estimate + margin) / se, supported above t_(1 - alpha)     (Blackwelder 1982)
        substitutes  t = estimate / se, supported below -t_(1 - alpha)

    `error_at`: the standard error with which a value is tested, where it is not `se` (few events).
    """
    if not margin > 0:
        raise ValueError(f"the margin is {margin}: it is above zero")

    def above(value: float) -> float:
        """p-value of "value or less"."""
        error = se if error_at is None else error_at(value)
        distance = estimate - value
        t = distance / error if error > 0 else float(np.copysign(np.inf, distance)) if distance else 0.0
        return float(ndtr(-t) if np.isinf(df) else stdtr(df, -t))

    return Substitution(margin, above(-margin), 1 - above(0.0))


def power_no_worse(effect: float, margin: float, se: float, df: float, alpha: float = ALPHA) -> float:
    """Chance that "no worse than -margin" is supported where the true difference is `effect`: P(T > t_(1 - alpha)) of
    the noncentral t with noncentrality (effect + margin) / se. With the margin at zero: that complementarity is."""
    return _beyond((effect + margin) / se, df, alpha)


def least_margin(se: float, df: float, alpha: float = ALPHA, power: float = 0.8) -> float:
    """The smallest margin against which "no worse" is supported with the given power where the true difference is zero:
    what a reader is told beside a margin that these data could not decide."""
    low, high = 0.0, 2 * se * (_quantile(1 - alpha, df) + _quantile(power, df) + 1)
    while power_no_worse(0.0, high, se, df, alpha) < power:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if power_no_worse(0.0, middle, se, df, alpha) >= power else (middle, high)
    return high


def _beyond(noncentrality: float, df: float, alpha: float) -> float:
    t = _quantile(1 - alpha, df)
    return float(ndtr(noncentrality - t) if np.isinf(df) else 1 - nctdtr(df, noncentrality, t))


def _quantile(p: float, df: float) -> float:
    return float(ndtri(p) if np.isinf(df) else stdtrit(df, p))
