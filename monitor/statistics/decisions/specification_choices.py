"""What a specification curve turns on: the share of its spread that each declared choice explains, and whether all its
specifications together say anything.

Belongs here: arrays of a curve's estimates with their choices and contributions. Does not belong here: which choices
there are, fitting the specifications.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from monitor.statistics.decisions.together import square_root

Array = NDArray[np.float64]

DRAWS = 10_000
"""Draws of the joint test: its p-values are known to about 0.002"""
SAME = 1e-12
"""Relative distance within which a draw is as extreme as the data: what the order of a sum leaves"""


@dataclass(frozen=True)
class Explained:
    """Analysis of variance of a specification curve."""

    specifications: int
    """With an estimate"""
    missing: int
    """Without one"""
    spread: float
    """Standard deviation of the estimates, in their unit (divisor S)"""
    shares: Mapping[str, float]
    """Choice -> share of the variance that its main effect explains, 0..1; all zero where nothing varies"""
    rest: float
    """What choices explain only together"""
    balanced: bool
    """Whether every combination of levels has the same number of estimates"""


@dataclass(frozen=True)
class Side:
    """The specifications that make a choice in one way."""

    choice: str
    level: str
    specifications: int
    above: int
    below: int
    """Estimates above and below zero"""
    median: float


@dataclass(frozen=True)
class CurveTest:
    """What S specifications say together, against "no effect in any of them"; p-values are two-sided."""

    specifications: int
    median: float
    median_low: float
    median_high: float
    """Its 95 % interval"""
    positive: float
    """Share of the estimates above zero"""
    dominant: float
    """Share of the estimates on the side of zero where more of them are"""
    significant: float
    """Share with a two-sided p-value below 5 %, on the side where more of these are"""
    p_median: float
    p_dominant: float
    p_significant: float


def explained(estimates: ArrayLike, choices: Mapping[str, Sequence[str]]) -> Explained:
    """Share of the variance of S estimates (S,) that each choice explains; `choices`: name -> its (S,) levels.

    Balanced (a full factorial): SS of a choice = sum over its levels of n_l (mean_l - mean)^2, over the total SS; main
    effects are orthogonal, so that no order or type of sums of squares has to be chosen, and the rest is interaction.
    With missing cells main effects overlap: a choice then has the mean, over all orders of the choices, of what it adds
    to R^2 of the least-squares main effects (Lindeman, Merenda & Gold 1980; Shapley 1953), which is the same number
    where nothing is missing. Specifications without an estimate are left out and counted.
    Source of looking at a curve this way: Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4.
    """
    values = np.asarray(estimates, dtype=np.float64)
    known = np.isfinite(values)
    y = values[known]
    levels = {name: np.asarray(of, dtype=object)[known].astype(str) for name, of in choices.items()}
    # What is left of a mean of equal numbers is no spread.
    deviation = y - y.mean() if len(y) else y
    total = float((deviation**2).sum())
    if total <= len(y) * (SAME * float(np.abs(y).max(initial=0.0))) ** 2:
        nothing = dict.fromkeys(levels, 0.0)
        return Explained(len(y), int((~known).sum()), 0.0, nothing, 0.0, _balanced(levels))
    balanced = _balanced(levels)
    if balanced:
        shares = {name: _between(deviation, of) / total for name, of in levels.items()}
    else:
        shares = _averaged(deviation, levels)
    rest = max(0.0, 1.0 - sum(shares.values()))
    return Explained(len(y), int((~known).sum()), float(np.sqrt(total / len(y))), shares, rest, balanced)


def sides(estimates: ArrayLike, choices: Mapping[str, Sequence[str]]) -> list[Side]:
    """How many estimates lie above and below zero by each level of each choice, in the order they are declared."""
    values = np.asarray(estimates, dtype=np.float64)
    found = []
    for name, of in choices.items():
        own = np.asarray(of, dtype=object).astype(str)
        for level in dict.fromkeys(own.tolist()):
            y = values[(own == level) & np.isfinite(values)]
            median = float(np.median(y)) if len(y) else float("nan")
            found.append(Side(name, level, len(y), int((y > 0).sum()), int((y < 0).sum()), median))
    return found


def null_draws(covariance: Array, errors: ArrayLike, normals: Array) -> Array:
    """(B, S) estimates of S specifications as they would be with no effect in any: normal, mean zero, with the
    correlations of their joint design `covariance` (S, S) and each specification's own error; out of independent
    `normals` (B, S).

    This is a multiplier bootstrap of the firms' contributions whose multipliers are normal and vary as the design
    does: within strata, without what calibration explains, without firms that would be drawn for certain. Signs for
    each firm by itself would take the firms for a simple sample. An error (S,) may hold more than the design's
    variance: what filling in adds.
    """
    size = np.sqrt(np.diag(covariance))
    root = square_root(covariance / np.outer(size, size))
    return np.asarray((normals @ root) * np.asarray(errors, dtype=np.float64))


def curve_test(estimates: ArrayLike, errors: ArrayLike, df: ArrayLike, null: Array) -> CurveTest | None:
    """Test all specifications together against no effect in any (Simonsohn, Simmons & Nelson 2020).

    `estimates`, `errors`, `df` (S,); `null` (B, S): estimates resampled without an effect, with the joint distribution
    that common firms give the specifications (`null_draws`). Their median, the share on the side where more lie, and
    the share significant on one side (|theta*_s| > t_.975 se_s) are held against the data's; every statistic has no
    sign, so that the p-values (1 + draws as extreme) / (1 + B) are two-sided. The median's interval is the data's less
    the middle 95 % of the draws'. None where there are fewer than two specifications.
    """
    theta, se, nu = (np.asarray(a, dtype=np.float64) for a in (estimates, errors, df))
    if len(theta) < 2:
        return None
    far = stdtrit(np.where(np.isinf(nu), 1e12, nu), 0.975) * se
    found, drawn = _statistics(theta[None], far), _statistics(null, far)
    p = [
        (1 + int((draws >= own[0] - SAME * max(abs(own[0]), 1e-300)).sum())) / (1 + len(null))
        for own, draws in zip(found, drawn, strict=True)
    ]
    median, (low, high) = float(np.median(theta)), np.quantile(np.median(null, axis=1), [0.025, 0.975])
    return CurveTest(
        specifications=len(theta),
        median=median,
        median_low=median - float(high),
        median_high=median - float(low),
        positive=float((theta > 0).mean()),
        dominant=float(found[1][0]),
        significant=float(found[2][0]),
        p_median=p[0],
        p_dominant=p[1],
        p_significant=p[2],
    )


def _statistics(theta: Array, far: Array) -> tuple[Array, Array, Array]:
    """Of each row of S estimates: size of the median, share on the dominant side, share significant on one side."""
    above, below = (theta > 0).mean(axis=1), (theta < 0).mean(axis=1)
    beyond, beneath = (theta > far).mean(axis=1), (theta < -far).mean(axis=1)
    return np.abs(np.median(theta, axis=1)), np.maximum(above, below), np.maximum(beyond, beneath)


def _balanced(levels: Mapping[str, NDArray[np.str_]]) -> bool:
    """Whether all combinations of the levels are there equally often."""
    if not levels:
        return True
    cells, counts = np.unique(np.column_stack(list(levels.values())), axis=0, return_counts=True)
    every = np.prod([len(np.unique(of)) for of in levels.values()])
    return len(cells) == every and len(np.unique(counts)) == 1


def _between(deviation: Array, of: NDArray[np.str_]) -> float:
    """Sum of squares between the levels."""
    place = np.unique(of, return_inverse=True)[1]
    counts, total = np.bincount(place), np.bincount(place, deviation)
    return float((total**2 / counts).sum())


def _averaged(deviation: Array, levels: Mapping[str, NDArray[np.str_]]) -> dict[str, float]:
    """Choice -> mean over all orders of what it adds to R^2."""
    names = list(levels)
    dummies = {name: _dummies(of) for name, of in levels.items()}
    total = float((deviation**2).sum())

    def r_squared(chosen: tuple[str, ...]) -> float:
        x = np.column_stack([np.ones(len(deviation)), *(dummies[name] for name in chosen)])
        fitted = x @ np.linalg.lstsq(x, deviation, rcond=1e-10)[0]
        return 1 - float(((deviation - fitted) ** 2).sum()) / total

    known = {chosen: r_squared(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size)}
    shares = dict.fromkeys(names, 0.0)
    for chosen, value in known.items():
        for name in set(names) - set(chosen):
            more = tuple(other for other in names if other in {*chosen, name})
            before = len(chosen)
            weight = factorial(before) * factorial(len(names) - before - 1) / factorial(len(names))
            shares[name] += weight * (known[more] - value)
    return shares


def _dummies(of: NDArray[np.str_]) -> Array:
    place = np.unique(of, return_inverse=True)[1]
    return np.eye(int(place.max()) + 1)[place][:, 1:]
