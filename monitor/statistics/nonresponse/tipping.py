"""What an estimate becomes if firms with a property answered more readily than others, and when a verdict turns.

Belongs here: weights under a declared odds ratio of answering, estimates and errors under them, the odds ratio at which
a verdict is another. Does not belong here: verdicts (`decisions`), which odds ratios are plausible (`survey`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.contrasts import evaluate
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.engine import plan_of
from monitor.statistics.models.on_copies import cases
from monitor.statistics.models.prepare import Prepared
from monitor.statistics.models.sample import Design, Sample
from monitor.statistics.weighting.calibration import calibrate

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEP = 0.01
"""What odds ratios are looked for in: hundredths"""


@dataclass(frozen=True)
class Told:
    """Estimates and their linearised standard errors."""

    estimates: Array
    """(q,)"""
    se: Array
    """(q,)"""


@dataclass(frozen=True)
class Ratio:
    """A ratio of weighted totals in one copy: a share or a mean where `below` is who counts; a total without it."""

    top: Array
    """(n,) zero outside the base"""
    below: Array | None = None
    """(n,) zero outside the base"""


Figure: TypeAlias = Callable[[Sequence[Design]], Told]
"""A design for each completed copy -> the figures and their errors, the copies combined"""
Unequal: TypeAlias = tuple[Mask, float]
"""(n,) who has the property, and the odds ratio with which they answered"""


def each_answered_unequally(
    design: SurveyDesign,
    cases: Sequence[Unequal],
    method: str = "raking",
    bounds: tuple[float, float] | None = None,
) -> list[SurveyDesign]:
    """The design under each case: had, within each response class, firms with the property gamma times the others' odds
    of answering.

    With pi_i firm i's chance of answering, a_i = 1 / pi_i its response weight over its base weight d_i and m_i = 1 /
    gamma where it has the property, else 1: logit pi_i = h_c + log gamma * has_i, so that a_i = 1 + o_c m_i, and the
    class keeps its size at

        o_c = sum_c d_i (a_i' - 1) / sum_c d_i m_i,   a' the adjustments as they were.

    Weights d_i a_i are then calibrated again (`method`, `bounds` as in `calibrate`) to the totals that the design's
    weights have. Every estimator and variance of the design that comes back is that of the reweighted sample; its
    replicates are dropped, for they were made under equal odds. All are calibrated at once. Raises ValueError for a
    design without response as a phase, CalibrationError where totals cannot be met.
    Sources: Rotnitzky, Robins and Scharfstein (1998), JASA 93; Kim and Yu (2011), JASA 106.
    """
    response = design.response
    if response is None:
        raise ValueError("the design does not say how firms came to answer: hand it response=")
    if any(not gamma > 0 for _, gamma in cases):
        raise ValueError("an odds ratio is positive")
    before = design.weights if design.before is None else design.before
    base = before / response.adjustment
    adjustments = [_adjustments(response, base, np.where(has, 1 / gamma, 1.0)) for has, gamma in cases]
    weights = np.column_stack([base * adjustment for adjustment in adjustments])
    after = weights
    if design.auxiliary is not None:
        totals = (design.auxiliary * design.weights[:, None]).sum(axis=0)
        after = calibrate(weights, design.auxiliary, totals, method, bounds).weights
    return [
        replace(
            design,
            weights=after[:, k],
            before=None if design.before is None else weights[:, k],
            response=replace(response, adjustment=adjustment),
            replicates=None,
            replicate_scale=None,
        )
        for k, adjustment in enumerate(adjustments)
    ]


def _adjustments(response: ResponsePhase, base: Array, m: Array) -> Array:
    """(n,) 1 + o_c m_i, with which every class keeps its size."""
    _, c = np.unique(np.asarray(response.classes).astype(str), return_inverse=True)
    odds = np.bincount(c, base * (response.adjustment - 1)) / np.bincount(c, base * m)
    return np.asarray(1 + odds[c] * m)


def of_ratios(copies: Sequence[Sequence[Ratio]]) -> Figure:
    """Ratios of totals on every copy, combined by Rubin's rules: of one ratio itself; of two their difference, then the
    first. `copies`: the ratios of each copy."""

    def figure(designs: Sequence[Design]) -> Told:
        found = [_of_ratios(parts, design.weights) for parts, design in zip(copies, designs, strict=True)]
        covariances = [design.covariance(z) for (_, z), design in zip(found, designs, strict=True)]
        return _combined([estimates for estimates, _ in found], covariances)

    return figure


def _of_ratios(parts: Sequence[Ratio], w: Array) -> tuple[Array, Array]:
    """(estimates (q,), influences (n, q)) of one copy; influences are of w_i z_i kind."""
    values, influences = [], []
    for part in parts:
        size = 1.0 if part.below is None else float((w * part.below).sum())
        value = float((w * part.top).sum()) / size
        values.append(value)
        influences.append((part.top - (0.0 if part.below is None else value * part.below)) / size)
    if len(parts) == 1:
        return np.array(values), np.column_stack(influences)
    return np.array([values[0] - values[1], values[0]]), np.column_stack([influences[0] - influences[1], influences[0]])


def of_contrast(sample: Sample, prepared: Prepared, names: Sequence[str], copies: int | None = None) -> Figure:
    """Contrasts of a model, fitted anew on every copy, with the variance of the design that is handed in, and Rubin's
    rules. `prepared`: the model's rows and terms, not refused; `names`: of its contrasts; `copies`: on the first so
    many. Estimates of a model without a solution are NaN."""
    every = cases(sample, prepared)[:copies]
    specification, wanted = prepared.result.specification, list(dict.fromkeys(names))
    plans = [plan_of(case.frame, case.terms, specification, case.x, wanted) for case in every]
    masks = [rows.mask for rows in prepared.chosen[:copies]]

    def figure(designs: Sequence[Design]) -> Told:
        own = [design.weights[mask] for design, mask in zip(designs, masks, strict=True)]
        penalised = prepared.estimator == "firth"
        fits = fit_copies([case.y for case in every], [case.x for case in every], own, penalised=penalised)
        estimates, covariances = [], []
        for plan, fit, w, mask, design in zip(plans, fits, own, masks, designs, strict=True):
            if plan is None or not fit.converged:
                return Told(np.full(len(wanted), np.nan), np.full(len(wanted), np.nan))
            found, places = evaluate(plan, fit, w), [plan.names.index(name) for name in wanted]
            influence = np.zeros((len(mask), len(places)))
            influence[mask] = found.contributions[:, places] / w[:, None]
            estimates.append(found.estimates[places])
            covariances.append(np.atleast_2d(design.covariance(influence)))
        return _combined(estimates, covariances)

    return figure


def _combined(estimates: Sequence[Array], covariances: Sequence[Array]) -> Told:
    both = combine(np.stack(estimates), np.stack(covariances))
    return Told(both.estimate, both.se)


def turning_point(same: Callable[[float], bool], grid: Sequence[float]) -> float | None:
    """The odds ratio nearest to 1 on the way through the grid, in hundredths, at which something is no longer the same;
    None where it is over the whole grid. What an E-value is to confounding, this is to non-response.

    `grid`: odds ratios from 1 away, all above it or all below. Between the last one at which all is the same and the
    first at which it is not, the hundredths are halved until two neighbours are left: what turns twice between two
    points of the grid is not seen.
    """
    for near, far in pairwise([1.0, *grid]):
        if same(far):
            continue
        inside, outside = (round(value / STEP) for value in (near, far))
        while abs(outside - inside) > 1:
            middle = (inside + outside) // 2
            inside, outside = (middle, outside) if same(middle * STEP) else (inside, middle)
        return round(outside * STEP, 2)
    return None
