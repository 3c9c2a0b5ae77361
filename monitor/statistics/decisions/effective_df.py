"""The degrees of freedom that stand beside an interval, so that a reader gets it from estimate and standard error.

Belongs here: from what is printed back to the degrees of freedom and the scale. Does not belong here: the degrees of
freedom that made the interval (`imputation.rubin` after Barnard and Rubin, `intervals.effective_df`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from monitor.precision import step
from monitor.statistics.design.intervals import log_t, logit_t, student_t

Array = NDArray[np.float64]
Scale = Literal["difference", "logit", "log", "other"]

CLOSE = 1e-6
"""Part of an interval's half width by which its two halves may differ and still be equal"""
MOST = 1e6
"""Degrees of freedom from which on Student's t is the normal to six digits"""


@dataclass(frozen=True)
class Printed:
    """How a reader gets a printed interval."""

    df: float
    """Degrees of freedom of t; infinite for the normal; missing where no t gives the interval"""
    scale: Scale
    """difference: estimate -+ t(df) se. logit: expit(logit(estimate) -+ t(df) se / (estimate (1 - estimate))). log:
    exp(log(estimate) -+ t(df) se / estimate). other: none of them (exact and score intervals, points): their own method
    says how they are made"""


def printed_df(estimate: float, se: float, low: float, high: float, level: float = 0.95) -> Printed:
    """The degrees of freedom and the scale with which estimate and standard error give the printed bounds.

    On the scale on which the two halves are equal, half / se = t(df): df is where Student's two-sided quantile of
    `level` has that value. A half shorter than the normal's, 1.96 se, or longer than with one degree of freedom,
    12.7 se, is no t interval of that error.
    """
    values = (estimate, se, low, high)
    if not all(np.isfinite(values)) or not se > 0:
        return Printed(float("nan"), "other")
    plain = _half(estimate - low, high - estimate)
    if plain is not None and (df := _df_of_t(plain / se, level)) is not None:
        return Printed(df, "difference")
    if 0 < low <= estimate <= high < 1:
        lower, at, upper = (float(np.log(x / (1 - x))) for x in (low, estimate, high))
        half = _half(at - lower, upper - at)
        if half is not None and (df := _df_of_t(half * estimate * (1 - estimate) / se, level)) is not None:
            return Printed(df, "logit")
    if 0 < low <= estimate <= high:
        half = _half(float(np.log(estimate / low)), float(np.log(high / estimate)))
        if half is not None and (df := _df_of_t(half * estimate / se, level)) is not None:
            return Printed(df, "log")
    return Printed(float("nan"), "other")


def given_df(
    estimate: float, se: float, low: float, high: float, df: float, ends: tuple[float, float], level: float = 0.95
) -> Printed:
    """The scale on which these degrees of freedom give the printed bounds; where they do on none, `printed_df`.

    A bound may stand at one of the measure's `ends`, where the interval of t goes beyond it. Bounds count as given
    where they are to the last digit that is printed beside `se` (`precision.step`), with half a digit of `se` itself.
    """
    if not all(np.isfinite((estimate, se, low, high))):
        return Printed(float("nan"), "other")
    if not np.isnan(df):
        plain = student_t(estimate, se, df, level)
        width = (float(plain[1]) - float(plain[0])) / 2
        slack = step(estimate, se) * (1 + (width / se if se > 0 else 0.0)) + CLOSE * width
        scales: tuple[tuple[Scale, tuple[Array, Array]], ...] = (("difference", plain),)
        if 0 <= estimate <= 1:
            scales = (*scales, ("logit", logit_t(estimate, se, df, level)))
        if estimate > 0:
            scales = (*scales, ("log", log_t(estimate, se, df, level)))
        for scale, (lowest, highest) in scales:
            cut = max(float(lowest), ends[0]), min(float(highest), ends[1])
            if abs(cut[0] - low) <= slack and abs(cut[1] - high) <= slack:
                return Printed(df, scale)
    return printed_df(estimate, se, low, high, level)


def _half(below: float, above: float) -> float | None:
    """The half width where both sides have the same."""
    half = (below + above) / 2
    return half if half > 0 and abs(above - below) <= CLOSE * half else None


def _df_of_t(t: float, level: float) -> float | None:
    """Where Student's quantile has this value: the root in 1 / df, by halving (monotone; 60 halvings are exact)."""
    p = 0.5 + level / 2
    normal, widest = float(ndtri(p)), float(stdtrit(1.0, p))
    if abs(t - normal) <= CLOSE * normal:
        return float("inf")
    if not normal < t <= widest * (1 + CLOSE):
        return None
    low, high = 1 / MOST, 1.0
    if float(stdtr(MOST, t)) <= p:
        return float("inf")
    for _ in range(60):
        middle = (low + high) / 2
        # More degrees of freedom than the root: t lies beyond their quantile.
        low, high = (middle, high) if float(stdtr(1 / middle, t)) > p else (low, middle)
    return 2 / (low + high)
