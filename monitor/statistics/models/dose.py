"""More of it: does the outcome rise with the dose all along, or turn?

Belongs here: Lind and Mehlum's test of an inverted U on a model with dose and dose squared. Does not belong here:
fitting that model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class InvertedU:
    """Lind and Mehlum's (2010) test; slopes are changes of the log-odds per unit of dose."""

    slope_low: float
    """At the least dose in the data"""
    slope_high: float
    """At the greatest"""
    p_rising: float
    """p-value of "the slope at the least dose is zero or negative" """
    p_falling: float
    p_value: float
    """Of "there is no inverted U": the greater of the two"""
    turn: float
    """Dose at which the curve turns, -b_1 / (2 b_2)"""
    turn_low: float
    turn_high: float
    """Fieller's 95 % interval of the turn; infinite where it is open"""


def inverted_u(linear: float, square: float, covariance: Array, least: float, most: float, df: float) -> InvertedU:
    """Test rising at the least dose and falling at the greatest, jointly (intersection-union, Sasabuchi 1980).

    `linear`, `square`: coefficients b_1, b_2 of dose and dose squared; `covariance` (2, 2) of them; `least`, `most`:
    doses in the data. Source: Lind and Mehlum (2010), Oxford Bulletin of Economics and Statistics 72.
    """
    slopes, p = [], []
    for dose, sign in ((least, 1.0), (most, -1.0)):
        row = np.array([1.0, 2 * dose])
        slope = float(row @ np.array([linear, square]))
        se = float(np.sqrt(row @ covariance @ row))
        slopes.append(slope)
        p.append(float(stdtr(df, -sign * slope / se)))
    low, high = fieller(-linear, 2 * square, covariance[0, 0], 4 * covariance[1, 1], -2 * covariance[0, 1], df)
    return InvertedU(slopes[0], slopes[1], p[0], p[1], max(p), -linear / (2 * square), low, high)


def fieller(
    numerator: float, denominator: float, v_num: float, v_den: float, covariance: float, df: float, level: float = 0.95
) -> tuple[float, float]:
    """Fieller's interval of a ratio a / b: all r with (a - r b)^2 <= t^2 Var(a - r b).

    (-inf, inf) where the denominator cannot be told from zero: then the set is not an interval.
    """
    t2 = float(stdtrit(df, 0.5 + level / 2)) ** 2
    a = denominator**2 - t2 * v_den
    b = numerator * denominator - t2 * covariance
    c = numerator**2 - t2 * v_num
    root = b * b - a * c
    if a <= 0 or root < 0:
        return -np.inf, np.inf
    return float((b - np.sqrt(root)) / a), float((b + np.sqrt(root)) / a)
