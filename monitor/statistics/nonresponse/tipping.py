"""What an estimate becomes if firms with a property answered more readily than others, and when a verdict turns.

Belongs here: weights under a declared odds ratio of answering, estimates and intervals under them, the odds ratio at
which a bound crosses a bar. Does not belong here: verdicts and bars (`decisions`), which odds ratios are plausible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.precision import to_digits
from monitor.statistics.design.estimate import Estimate
from monitor.statistics.design.inputs import members
from monitor.statistics.design.intervals import effective_df, logit_t, student_t
from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.contrasts import SHARES, Contrasts, evaluate, of_practices
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.notes import Note
from monitor.statistics.models.on_copies import cases
from monitor.statistics.models.prepare import Prepared
from monitor.statistics.models.sample import Design, Sample
from monitor.statistics.weighting.calibration import calibrate

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

GAMMAS = (1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""Odds ratios of answering at which a curve is told, where none are given"""
FARTHEST = 10.0
"""Odds ratio at which the search for a turning point ends"""
STEPS = 12
"""Steps of a search, equal in log-odds"""
DIGITS = 3
"""Significant digits of a turning point"""


@dataclass(frozen=True)
class Point:
    """One estimate under one odds ratio of answering."""

    gamma: float
    estimate: float
    se: float
    df: float
    low: float
    high: float


At: TypeAlias = Callable[[float], Point]
"""Odds ratio of answering -> the estimate under it"""
Reweighed: TypeAlias = Callable[[Design, Mask, float], Design]
"""A design, who has the property, the odds ratio -> the design under it"""


def answered_unequally(
    design: SurveyDesign,
    has: ArrayLike,
    gamma: float,
    method: str = "raking",
    bounds: tuple[float, float] | None = None,
) -> SurveyDesign:
    """The design if, within each response class, firms with the property had gamma times the others' odds of answering.

    With pi_i firm i's chance of answering, a_i = 1 / pi_i its response weight over its base weight d_i and m_i = 1 /
    gamma where it has the property, else 1: logit pi_i = h_c + log gamma * has_i, so that a_i = 1 + o_c m_i, and the
    class keeps its size at

        o_c = sum_c d_i (a_i' - 1) / sum_c d_i m_i,   a' the adjustments as they were.

    Weights d_i a_i are then calibrated again (`method`, `bounds` as in `calibrate`) to the totals that the design's
    weights have. Every estimator and variance of the design that comes back is that of the reweighted sample; its
    replicates are dropped, for they were made under equal odds. `has` (n,). Raises ValueError for a design without
    response as a phase, CalibrationError where totals cannot be met.
    Sources: Rotnitzky, Robins and Scharfstein (1998), JASA 93; Kim and Yu (2011), JASA 106.
    """
    if design.response is None:
        raise ValueError("the design does not say how firms came to answer: hand it response=")
    if not gamma > 0:
        raise ValueError(f"an odds ratio is positive, not {gamma:g}")
    before = design.weights if design.before is None else design.before
    base = before / design.response.adjustment
    adjustment = _adjustments(design.response, base, np.where(members(has, design.n), 1 / gamma, 1.0))
    weights = base * adjustment
    after = weights
    if design.auxiliary is not None:
        totals = (design.auxiliary * design.weights[:, None]).sum(axis=0)
        after = calibrate(weights, design.auxiliary, totals, method, bounds).weights
    return replace(
        design,
        weights=after,
        before=None if design.before is None else weights,
        response=replace(design.response, adjustment=adjustment),
        replicates=None,
        replicate_scale=None,
    )


def _adjustments(response: ResponsePhase, base: Array, m: Array) -> Array:
    """(n,) 1 + o_c m_i, with which every class keeps its size."""
    _, c = np.unique(np.asarray(response.classes).astype(str), return_inverse=True)
    odds = np.bincount(c, base * (response.adjustment - 1)) / np.bincount(c, base * m)
    return np.asarray(1 + odds[c] * m)


def of_estimate(
    design: SurveyDesign,
    has: ArrayLike,
    estimator: Callable[[SurveyDesign], Estimate[SurveyDesign]],
    method: str = "raking",
    bounds: tuple[float, float] | None = None,
    level: float = 0.95,
) -> At:
    """The first estimate that `estimator` makes of a design, under each odds ratio.

    Example, a difference of shares: `lambda d: d.difference(d.proportion(y, here), d.proportion(y, there))`.
    """

    def at(gamma: float) -> Point:
        found = estimator(answered_unequally(design, has, gamma, method, bounds))
        low, high = found.interval(level)
        return _point(gamma, found.estimate, found.se, found.df, low, high)

    return at


def of_contrast(
    sample: Sample,
    prepared: Prepared,
    name: str,
    has: Callable[[Columns], Mask],
    reweighed: Reweighed,
    level: float = 0.95,
) -> At | Note:
    """A contrast of a model of two practices under each odds ratio: fitted anew on every copy, with the property as it
    is in that copy, the variance of the reweighted design, and Rubin's rules.

    `prepared`: the model's rows and terms; `name`: of `contrasts.of_practices`, as `complementarity`; `has`: a copy's
    columns -> (n,) who has the property (`having`); `reweighed`: `answered_unequally` for one wave's design.
    """
    if prepared.result.refusal is not None:
        return prepared.result.refusal
    every = cases(sample, prepared)
    copies = [sample.observed] if prepared.result.specification.complete_cases else list(sample.copies)
    properties = [has(copy) for copy in copies]
    plans = [of_practices(case.frame, case.terms, case.x, name) for case in every]
    masks = [rows.mask for rows in prepared.chosen]

    def at(gamma: float) -> Point:
        designs = [reweighed(sample.design, inside, gamma) for inside in properties]
        own = [design.weights[mask] for design, mask in zip(designs, masks, strict=True)]
        penalised = prepared.estimator == "firth"
        fits = fit_copies([case.y for case in every], [case.x for case in every], own, penalised=penalised)
        if not all(fit.converged for fit in fits):
            return Point(gamma, *(float("nan"),) * 5)
        found = [evaluate(plan, fit, w) for plan, fit, w in zip(plans, fits, own, strict=True)]
        variances = [_variance(*each) for each in zip(designs, masks, found, strict=True)]
        freedoms = [effective_df(each.contributions, prepared.result.df) for each in found]
        both = combine(np.stack([each.estimates for each in found]), np.stack(variances), np.mean(freedoms, axis=0))
        se, df = np.sqrt(both.variance), np.asarray(both.df)
        interval = logit_t if plans[0].kinds[0] == SHARES else student_t
        low, high = interval(both.estimate, se, df, level)
        return _point(gamma, both.estimate, se, float(df[0]), low, high)

    return at


def _variance(design: Design, mask: Mask, found: Contrasts) -> Array:
    """(Q,) the design's variance of what the firms in the mask contribute."""
    influence = np.zeros((len(mask), found.contributions.shape[1]))
    influence[mask] = found.contributions / design.weights[mask][:, None]
    return np.asarray(np.diag(np.atleast_2d(design.covariance(influence))))


def having(*names: str) -> Callable[[Columns], Mask]:
    """Who has all the named measures; a firm without a value has not."""
    return lambda copy: np.asarray(np.all([copy.numbers[name] == 1 for name in names], axis=0), dtype=bool)


def curve(at: At, gammas: Sequence[float] = GAMMAS) -> tuple[Point, ...]:
    """The estimate and its interval at each odds ratio."""
    return tuple(at(gamma) for gamma in gammas)


def turning_point(
    at: At, bar: float, of: Literal["low", "high", "estimate"] = "low", farthest: float = FARTHEST
) -> float | None:
    """The odds ratio nearest to 1, between it and `farthest`, at which a bound of the interval (or the estimate itself)
    reaches the bar, to three digits; None where it stays on its side. What an E-value is to confounding, this is to
    non-response.

    `farthest` below 1 looks at firms with the property answering less readily. The bound is followed in twelve equal
    steps of log-odds; within the first that crosses the place is found by bisection (Brent 1973).
    """
    from scipy.optimize import brentq

    def beyond(log_gamma: float) -> float:
        return float(getattr(at(float(np.exp(log_gamma))), of)) - bar

    grid = np.linspace(0.0, np.log(farthest), STEPS + 1)
    here = beyond(grid[0])
    for left, right in pairwise(grid):
        there = beyond(right)
        if not np.isfinite(there):
            return None
        if here * there <= 0:
            return to_digits(float(np.exp(brentq(beyond, left, right, xtol=1e-9))), DIGITS)
        here = there
    return None


def _point(gamma: float, estimate: Array, se: Array, df: float, low: Array, high: Array) -> Point:
    return Point(gamma, float(estimate[0]), float(se[0]), df, float(low[0]), float(high[0]))
