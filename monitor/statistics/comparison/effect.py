"""The average difference on participants from completed copies under a survey's design, or why there is none.

Belongs here: the declared methods, limits and refusals; the design's variance, replicates and Rubin's rules on a
comparison; what leaving a covariate out or something unmeasured would change. Does not belong here: the estimators
themselves, which programmes there are, words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.alike import Alike, alike
from monitor.statistics.comparison.balancing import by_balancing, entropy_balance
from monitor.statistics.comparison.beyond import Beyond
from monitor.statistics.comparison.groups import Groups, mean, naive
from monitor.statistics.comparison.limits import AUGMENTED, ENTROPY_BALANCING, MATCHING, PROPENSITY, Limits
from monitor.statistics.comparison.matching import by_matching, match
from monitor.statistics.comparison.propensity import (
    Support,
    at_shared_levels,
    augmented,
    by_propensity,
    propensities,
    support,
)
from monitor.statistics.models.e_value import e_value
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities, over_copies, replicate_error
from monitor.statistics.models.result import LEVEL, Estimates, bounds
from monitor.statistics.models.robustness_value import Robustness, robustness_value
from monitor.statistics.models.sample import Design

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Estimator = Callable[[Groups, Array, Array], Quantities | Note]


def _at_shared_levels(estimator: Estimator) -> Estimator:
    """The estimator without the comparison firms at levels that no participant has: they contribute nothing."""

    def estimate(groups: Groups, y: Array, w: Array) -> Quantities | Note:
        inside, shared = at_shared_levels(groups)
        told = estimator(inside, y[shared], w[shared])
        if isinstance(told, Note):
            return told
        contributions = np.zeros((len(y), len(told.names)))
        contributions[shared] = told.contributions
        return replace(told, contributions=contributions)

    return estimate


ESTIMATORS: Mapping[str, Estimator] = {
    name: _at_shared_levels(estimator)
    for name, estimator in {
        ENTROPY_BALANCING: by_balancing,
        PROPENSITY: by_propensity,
        AUGMENTED: augmented,
        MATCHING: by_matching,
    }.items()
}
"""What a plan may name (`limits.METHODS`) -> its estimator"""


@dataclass(frozen=True)
class Copy:
    """The eligible firms with a known outcome in one completed copy."""

    groups: Groups
    y: Array
    """(n,)"""
    mask: Mask
    """(n_all,) which of the design's firms they are"""


@dataclass(frozen=True)
class Compared:
    """What came of one comparison."""

    method: str
    participants: int
    """Firms, of the first copy"""
    comparison: int
    """Eligible firms that did not take part, of the first copy"""
    refusal: Note | None
    estimates: Estimates | None = None
    """`groups.NAMES`; None where it is refused"""
    plain: Estimates | None = None
    """The same without making the groups alike"""
    support: Support | None = None
    """Of the first copy"""
    before: Alike | None = None
    after: Alike | None = None
    """Of the first copy"""

    @property
    def minimum_detectable_effect(self) -> float:
        """Smallest true difference that a two-sided test at 5 % finds with 80 % power; NaN where it is refused."""
        precision = self.estimates.precision("difference") if self.estimates else None
        return float("nan") if precision is None else precision.detectable()

    @property
    def direction(self) -> str:
        """`more` or `less` where the difference's 95 % interval leaves zero out, else `inconclusive`; `refused`."""
        if self.estimates is None:
            return "refused"
        low, high = (float(each[2]) for each in self.estimates.interval())
        return "more" if low > 0 else "less" if high < 0 else "inconclusive"


def refused_by_plan(treated: date, outcome_until: date, planned: date, delivered: date) -> Note | None:
    """Why a plan forbids looking at an outcome at all, from dates alone.

    `treated` the programme's declared start; `outcome_until` the last day of the period that the outcome is about;
    `planned` the day of the plan with this content; `delivered` the day the first outcomes came in.
    """
    if outcome_until < treated:
        return note("outcome_before_treatment", outcome=outcome_until.isoformat(), treatment=treated.isoformat())
    if planned > delivered:
        return note("plan_after_data", plan=planned.isoformat(), data=delivered.isoformat())
    return None


def compare(
    copies: Sequence[Copy],
    design: Design,
    method: str = ENTROPY_BALANCING,
    limits: Limits | None = None,
    *,
    replicated_copies: int = 0,
) -> Compared:
    """The average difference on participants by one method, over m completed copies.

    In every copy comparison firms at levels without participants are left out, the groups made alike and the difference
    taken; design variance within copies, Rubin's rules between them; in the first `replicated_copies` the groups are
    made alike again under every replicate weight, and the larger error decides (`Estimates.error`). Matching has no
    replicates (`matching.by_matching`). Refused, in this order: `few_participants`, `participants_alone` (no weights
    have the participants' means, too many participants are off support, or the comparison is worth too few firms),
    `unbalanced`.
    """
    limits, first = limits or Limits(), copies[0]
    t, w = first.groups.participates, design.weights[first.mask]
    found = Compared(method, int(t.sum()), int((~t).sum()), None)
    if min(int(copy.groups.participates.sum()) for copy in copies) < limits.participants:
        return replace(found, refusal=note("few_participants", least=limits.participants))
    if not (~t).any():
        return replace(found, refusal=note("participants_alone"))
    common = support(first.groups, w)
    found = replace(found, support=None if isinstance(common, Note) else common, before=alike(first.groups, w, w[~t]))
    if found.support is None or round(found.support.share_off, 6) > limits.off_support:
        return replace(found, refusal=note("participants_alone"))
    for copy in copies:
        after = _after(copy, design, method, limits)
        if isinstance(after[1], Note):
            return replace(found, after=found.after or after[0], refusal=after[1])
        found = replace(found, after=found.after or after[0])
    told = over_completed(copies, design, ESTIMATORS[method], 0 if method == MATCHING else replicated_copies)
    if isinstance(told, Note):
        return replace(found, refusal=told)
    plain = over_completed(copies, design, naive, 0)
    return replace(found, estimates=told, plain=None if isinstance(plain, Note) else plain)


def _after(copy: Copy, design: Design, method: str, limits: Limits) -> tuple[Alike | None, Note | None]:
    """How alike a copy's groups are under a method, and why that is not enough."""
    w = design.weights[copy.mask]
    own = comparison_weights(method, copy.groups, w)
    if isinstance(own, Note):
        return None, own
    after = alike(copy.groups, w, own)
    if round(after.effective, 6) < limits.effective:
        return after, note("participants_alone")
    if after.largest > limits.imbalance:
        far = after.names[int(np.abs(after.difference).argmax())]
        return after, note("unbalanced", names=far, limit=limits.imbalance)
    return after, None


def over_completed(copies: Sequence[Copy], design: Design, estimator: Estimator, replicated: int) -> Estimates | Note:
    """An estimator on every copy, its variance beyond the population, its replicates in the first `replicated` and
    Rubin's rules."""

    def at(copy: Copy) -> Callable[[Array], Quantities | Note]:
        return lambda w: estimator(copy.groups, copy.y, w)

    parts: list[Quantities] = []
    for copy in copies:
        told = at(copy)(design.weights[copy.mask])
        if isinstance(told, Note):
            return told
        parts.append(told)
    masks = [copy.mask for copy in copies]
    df = float(design.degrees_of_freedom(masks[0]))
    error = None
    if replicated and design.replicates is not None:
        again = [_estimates(at(copy), len(parts[0].names)) for copy in copies[:replicated]]
        error = replicate_error(again, masks[:replicated], design, [part.estimates for part in parts])
        own = [
            ((part.contributions**2) / design.weights[mask, None]).sum(axis=0)
            for part, mask in zip(parts, masks, strict=True)
        ]
        error = np.sqrt(error**2 + np.mean(own, axis=0))
    return over_copies(parts, masks, Beyond(design), df, error)


def _estimates(estimator: Callable[[Array], Quantities | Note], q: int) -> Callable[[Array], Array]:
    def under(w: Array) -> Array:
        told = estimator(w)
        return np.full(q, np.nan) if isinstance(told, Note) else told.estimates

    return under


def comparison_weights(method: str, groups: Groups, w: Array) -> Array | Note:
    """(m,) weights that a method gives the comparison firms, up to a factor; zero at levels without participants."""
    inside, shared = at_shared_levels(groups)
    t, own = inside.participates, w[shared]
    weights = np.zeros(len(w))
    if t.all():
        return note("participants_alone")
    if method == ENTROPY_BALANCING:
        balanced = entropy_balance(inside.x[~t], own[~t], mean(inside.x[t], own[t]))
        if isinstance(balanced, Note):
            return balanced
        weights[np.flatnonzero(shared)[~t]] = balanced.shares
    elif method == MATCHING:
        matched = match(inside, own)
        if isinstance(matched, Note):
            return matched
        weights[shared] = matched.weights
    else:
        fit = propensities(inside, own)
        if isinstance(fit, Note):
            return fit
        weights[shared] = own * fit.probabilities / (1 - fit.probabilities)
    return weights[~groups.participates]


def without_each(copies: Sequence[Copy], design: Design, method: str = ENTROPY_BALANCING) -> dict[str, float]:
    """Covariate -> the difference on participants when the groups are made alike without it, mean over copies; NaN
    where there is none. How much of the answer hangs on having measured it."""
    found = {}
    for name in copies[0].groups.covariates:
        less = [replace(copy, groups=copy.groups.without(name)) for copy in copies]
        told = over_completed(less, design, ESTIMATORS[method], 0)
        found[name] = float("nan") if isinstance(told, Note) else float(told.estimate[2])
    return found


@dataclass(frozen=True)
class Sensitivity:
    """What something unmeasured would have to be to explain a difference away."""

    robustness: Robustness
    ratio: float | None
    """Risk ratio participants / comparison; None of an outcome that is no share"""
    e_value: float | None
    e_value_bound: float | None
    """Of the bound of the ratio's interval that is nearest to one"""


def sensitivity(found: Compared) -> Sensitivity | None:
    """Robustness value of the difference, and the E-value of the ratio of the two shares; None where it is refused.

    Degrees of freedom of the robustness value: eligible firms less covariates and the two means. The ratio's interval
    by the delta method on its logarithm."""
    e = found.estimates
    if e is None or found.before is None:
        return None
    df = found.participants + found.comparison - len(found.before.names) - 2
    robust = robustness_value(float(e.estimate[2]), float(e.error[2]), df)
    if e.kinds[0] != "share" or min(e.estimate[0], e.estimate[1]) <= 0:
        return Sensitivity(robust, None, None, None)
    gradient = np.array([1 / e.estimate[0], -1 / e.estimate[1], 0.0])
    error = np.array([np.sqrt(gradient @ e.covariance @ gradient)])
    ratio = float(e.estimate[0] / e.estimate[1])
    low, high = bounds(np.log([ratio]), error, e.df[2:], np.array([False]), LEVEL)
    at_estimate, at_bound = e_value(ratio, float(np.exp(low[0])), float(np.exp(high[0])))
    return Sensitivity(robust, ratio, at_estimate, at_bound)
