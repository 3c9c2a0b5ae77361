"""Practice first, outcome after: what firms did in one wave and whether they were innovators in the next.

Belongs here: pairs of successive answers, and the model on them with firms that were lost weighted for. Does not
belong here: which waves follow each other, variance (`quantities.over_copies`, with firms as primary units).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.likelihood import Fit, maximum_likelihood
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.separation import LEAST_EVENTS_PER_TERM, reason_to_refuse
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAST_RESPONSE = 0.01
"""A followed firm that had less than this chance of being followed would stand for a hundred and more"""
MOST_OF_ONE = 0.1
"""Greatest share of the weight of all followed answers that one may have"""


@dataclass(frozen=True)
class Pairs:
    """Answers of all waves but the last, each with the same firm's next; rows of the pooled sample."""

    earlier: Codes
    """(n,) rows of wave t - 1, rising"""
    later: Codes
    """(n,) the firm's row in wave t; -1 where it has none"""

    @property
    def followed(self) -> Mask:
        """(n,) whether the firm answered again."""
        return self.later >= 0

    def outcome(self, values: Array) -> Array:
        """(n,) the pooled sample's values in wave t; NaN where the firm has no answer."""
        return np.where(self.followed, values[self.later], np.nan)


@dataclass(frozen=True)
class Lagged:
    """The contrasts of practice at t - 1 on the outcome at t, or why there are none, with what attrition did."""

    quantities: Quantities | None
    """All contrasts of two practices"""
    rows: int
    """Answers at t - 1"""
    followed: int
    """Those with an answer at t"""
    effective: float
    """Followed answers by Kish, after weighting: (sum v)^2 / sum v^2; NaN without weights"""
    response: Quantities | None
    """Coefficients of the model of being followed, in log-odds"""
    estimator: str = ""
    refusal: Note | None = None

    @property
    def told(self) -> Quantities | Note:
        """The contrasts, or why there are none."""
        return self.quantities or self.refusal or note("no_estimate")


def pairs(firms: Codes, waves: Codes) -> Pairs:
    """Each answer with the same firm's answer in the next wave. `firms` (N,) codes; `waves` (N,) 0, 1, 2 … in time; a
    firm answers at most once in a wave."""
    place = {(int(firm), int(wave)): row for row, (firm, wave) in enumerate(zip(firms, waves, strict=True))}
    if len(place) != len(firms):
        raise ValueError("a firm answers a wave twice: an answer's next cannot be told")
    earlier = np.flatnonzero(waves < waves.max())
    later = np.array([place.get((int(firms[row]), int(waves[row]) + 1), -1) for row in earlier], dtype=np.int64)
    return Pairs(earlier, later)


def initial_condition(
    found: Pairs, firms: Codes, waves: Codes, outcome: Array, practices: Mapping[str, Array]
) -> dict[str, Array]:
    """(n,) regressors that stand for what a firm brings along: `first_outcome`, its outcome when that is first known,
    at t - 1 at the latest, and `mean_<practice>` over all its answers that tell. With them the practice of t - 1 is
    compared within what the firm always was. `firms`, `waves`, `outcome` and each practice: of the pooled sample (N,),
    NaN where missing.
    Source: Wooldridge (2005), Journal of Applied Econometrics 20.
    """
    first = np.full(int(firms.max()) + 1, -1)
    for row in np.argsort(-waves, kind="stable"):
        if not np.isnan(outcome[row]):
            first[firms[row]] = row
    known_at = first[firms[found.earlier]]
    # First known at t it would be the outcome itself.
    in_time = (known_at >= 0) & (waves[known_at] <= waves[found.earlier])
    brought = {"first_outcome": np.where(in_time, outcome[known_at], np.nan)}
    for name, values in practices.items():
        known = ~np.isnan(values)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(firms, weights=np.where(known, values, 0.0)) / np.bincount(firms, weights=known)
        brought[f"mean_{name}"] = mean[firms[found.earlier]]
    return brought


def lagged(
    frame: Columns,
    terms: Terms,
    x: Array,
    y: Array,
    v: Array,
    w: Array,
    firms: Codes,
    df: float,
    thresholds: Disclosure,
) -> Lagged:
    """The contrasts of two practices at t - 1 on the outcome at t, lost firms weighted for.

    Followed firms (`y` known) weigh w_i / r_i, r_i the logit of being followed on `v`, by which they stand for all
    firms of t - 1: right where, given v, being lost does not depend on the outcome (missing at random), so v should
    have the outcome and practices of t - 1 and every control. The contrasts are `contrasts.of_practices` of the logit
    on `x`, standardised over the weighted followed firms. That r was estimated is part of what firm i contributes: the
    gradient of every quantity in the coefficients of r times its contribution to them.

    Firth's with FLIC where events per term are fewer than `LEAST_EVENTS_PER_TERM`; refused by every model's thresholds
    (counting followed firms), where r has no estimate and by `LEAST_RESPONSE` and `MOST_OF_ONE`. `frame`, `x` (n, k),
    `v` (n, q) with an intercept, `w`, `firms` (n,) codes: of t - 1 and known for all; `y` (n,) 0 or 1, NaN where lost;
    `df` of the complete data. What is detectable with the design's error: `minimum_detectable`.
    Source: Robins, Rotnitzky and Zhao (1995), JASA 90.
    """
    followed = ~np.isnan(y)
    told = Lagged(None, len(y), int(followed.sum()), float("nan"), None)
    if refusal := _refused(frame, terms, x, y, firms, df, thresholds):
        return replace(told, refusal=refusal)
    r, e_r = np.ones(len(y)), np.zeros(v.shape)
    if not followed.all():
        answered = maximum_likelihood(followed.astype(np.float64), v, w)
        if not _alike(answered, followed, w):
            return replace(told, refusal=note("attrition"))
        r, e_r = answered.probabilities, answered.contributions
        told = replace(told, response=_response(answered))
    weight = np.where(followed, w / r, 0.0)
    told, slope = replace(told, effective=float(weight.sum() ** 2 / (weight**2).sum())), -(1 - r)[:, None] * v
    for penalised in (_rarer(y) < LEAST_EVENTS_PER_TERM * x.shape[1], True):
        told = replace(told, estimator="firth" if penalised else "logit")
        (fit,) = fit_copies([y[followed]], [x[followed]], [weight[followed]], penalised=penalised)
        if fit.converged:
            whole = _with_response(fit, x, np.where(followed, y, 0.0), weight, slope, e_r)
            return replace(told, quantities=_contrasts(frame, terms, x, whole, weight, slope, e_r))
    return replace(told, refusal=note("no_estimate"))


def minimum_detectable(combined: Estimates, name: str = "complementarity") -> float:
    """Smallest true value of a contrast that a two-sided test at 5 % finds with 80 % power, with the error it has once
    copies are combined (`power.Precision.detectable`); NaN where the contrast is not there."""
    precision = combined.precision(name)
    return float("nan") if precision is None else precision.detectable()


def _rarer(y: Array) -> int:
    """Events or non-events among the followed firms, whichever are fewer."""
    events, others = (int((y == value).sum()) for value in (1, 0))
    return min(events, others)


def _alike(answered: Fit, followed: Mask, w: Array) -> bool:
    """Whether followed firms can stand for the lost ones, judged to six digits."""
    if not answered.converged:
        return False
    r = answered.probabilities[followed]
    weight = w[followed] / r
    return round(float(r.min()), 6) >= LEAST_RESPONSE and round(float(weight.max() / weight.sum()), 6) <= MOST_OF_ONE


def _response(answered: Fit) -> Quantities:
    names = tuple(f"v{j}" for j in range(len(answered.coefficients)))
    return Quantities(names, ("term",) * len(names), answered.coefficients, answered.contributions)


def _refused(
    frame: Columns, terms: Terms, x: Array, y: Array, firms: Codes, df: float, thresholds: Disclosure
) -> Note | None:
    """The first reason not to fit, among followed firms."""
    followed = ~np.isnan(y)
    a, b = (frame.numbers[name][followed] for name in terms.practices)
    seen = {(int(s), int(t)) for s, t in zip(a, b, strict=True)}
    varying = ((terms.practices[0], a), (terms.practices[1], b), ("the outcome", y[followed]))
    states = [f"{s}{t}" for s in (0, 1) for t in (0, 1) if (s, t) not in seen]
    aliased = [name for name in terms.dropped if name in terms.states]
    if followed.any() and not aliased and np.linalg.matrix_rank(x[followed]) < x.shape[1]:
        aliased = list(terms.practices)
    return reason_to_refuse(
        len(np.unique(firms[followed])),
        _rarer(y),
        df,
        [name for name, values in varying if len(values) and np.ptp(values) == 0],
        states,
        aliased,
        thresholds.minimum_events,
        thresholds.minimum_df,
        thresholds.minimum_firms,
    )


def _with_response(fit: Fit, x: Array, y: Array, weight: Array, slope: Array, e_r: Array) -> Fit:
    """The fit with contributions of all n rows: through the outcome for the followed, through r for all.

    d b / d g = A^-1 sum weight x (y - p) (-(1 - r)) v', since d (w / r) / d g = -(w / r) (1 - r) v."""
    p = np.zeros(len(y))
    p[weight > 0] = fit.probabilities
    information = (x * (weight * p * (1 - p))[:, None]).T @ x
    by_response = np.linalg.solve(information, (x * (weight * (y - p))[:, None]).T @ slope)
    contributions = e_r @ by_response.T
    contributions[weight > 0] += fit.contributions
    return replace(fit, contributions=contributions, probabilities=p, stretch=None)


def _contrasts(frame: Columns, terms: Terms, x: Array, fit: Fit, weight: Array, slope: Array, e_r: Array) -> Quantities:
    """The contrasts over the weighted base; lost firms have no weight in it and contribute through r alone."""
    plan = of_practices(frame, terms, x)
    found = evaluate(plan, fit, weight)
    composition = found.contributions - found.fixed
    contributions = found.contributions + e_r @ (slope.T @ composition)
    return Quantities(plan.names, plan.kinds, found.estimates, contributions, plan.contrasts)
