"""What came of comparing a programme's firms, as rows.

Belongs here: which numbers of a comparison stand in which column, and how few firms each rests on. Does not belong
here: making the groups (`programmes`), comparing them (`statistics.comparison`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.alike import alike
from monitor.statistics.comparison.changes import OVERALL, PLACEBO
from monitor.statistics.comparison.effect import Compared, Copy, comparison_weights, sensitivity, without_each
from monitor.statistics.comparison.groups import Groups, naive
from monitor.statistics.comparison.limits import MATCHING
from monitor.statistics.comparison.over_time import CHANGES
from monitor.statistics.models.notes import Note
from monitor.statistics.models.quantities import over_copies
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.sample import Design, Sample
from monitor.survey.programmes import Plan
from monitor.wording.notes import sentence, written

Row = dict[str, Any]
Mask = NDArray[np.bool_]

PLAIN = "plain"
"""Participants beside all other eligible firms, without making them alike"""


def effect_rows(method: str, plan: Plan, found: Compared, copies: Sequence[Copy], design: Design) -> list[Row]:
    """A row of the difference by a method; of the primary one also of the plain difference, and of changes over the
    waves also of the placebo before."""
    base: Row = {
        "approach": method,
        "is_primary": method == plan.method,
        "outcome": plan.outcome,
        "n_participants": found.participants,
        "n_comparison": found.comparison,
        "fewest": _fewest(copies),
        **_said(found.refusal),
    }
    if found.support is not None:
        base |= {"off_support": found.support.share_off}
    if found.after is not None:
        base |= {"effective": found.after.effective}
    if found.estimates is None:
        return [base]
    if method == CHANGES:
        named = {OVERALL: CHANGES, PLACEBO: PLACEBO}
        told = [(named[name], name) for name in found.estimates.names if name in named]
        return [base | {"approach": name} | _estimate(found.estimates, place) for name, place in told]
    row = base | _estimate(found.estimates, "difference") | _means(found.estimates)
    row["minimum_detectable_effect"] = found.minimum_detectable_effect
    if method != plan.method:
        return [row]
    rows = [row | _sensitivity(found) | _without(copies, design, method)]
    if found.plain is not None:
        plain = {"approach": PLAIN, "is_primary": False, "effective": None, "off_support": None}
        rows.append(base | plain | _estimate(found.plain, "difference") | _means(found.plain))
    return rows


def _said(refusal: Note | None) -> Row:
    if refusal is None:
        return {"published": True}
    return {
        "published": False,
        "notes": written([refusal]),
        **{name: sentence(refusal, x) for name, x in (("warning", "en"), ("warning_nl", "nl"))},
    }


def _fewest(copies: Sequence[Copy]) -> int | None:
    """The fewest firms of a group that have the outcome, or have not; None of an outcome that is not yes or no."""
    if not all(np.isin(copy.y, (0.0, 1.0)).all() for copy in copies):
        return None
    groups = [(copy, side) for copy in copies for side in (copy.groups.participates, ~copy.groups.participates)]
    return min((_rarer(copy.y[side]) for copy, side in groups), default=None)


def _rarer(values: NDArray[np.float64]) -> int:
    """How many firms have a property, or have it not, whichever are fewer."""
    return min(int(values.sum()), int((1 - values).sum()))


def _estimate(e: Estimates, name: str) -> Row:
    place = e.names.index(name)
    low, high = e.interval()
    return {
        "estimate": float(e.estimate[place]),
        "se": float(e.error[place]),
        "ci_low": float(low[place]),
        "ci_high": float(high[place]),
        "df": float(e.df[place]),
        "p_value": float(e.p_values()[0][place]),
    }


def _means(e: Estimates) -> Row:
    return {"mean_participants": float(e.estimate[0]), "mean_comparison": float(e.estimate[1])}


def _sensitivity(found: Compared) -> Row:
    told = sensitivity(found)
    if told is None:
        return {}
    return {
        "robustness_value": told.robustness.value,
        "robustness_value_bound": told.robustness.value_alpha,
        "e_value": told.e_value,
        "e_value_bound": told.e_value_bound,
    }


def _without(copies: Sequence[Copy], design: Design, method: str) -> Row:
    """The smallest and the largest difference when one covariate is left out."""
    if len(copies[0].groups.covariates) < 2 or method == MATCHING:
        return {}
    each = [value for value in without_each(copies, design, method).values() if np.isfinite(value)]
    return {"without_low": min(each), "without_high": max(each)} if each else {}


def balance_rows(found: Compared, copies: Sequence[Copy], every: Groups | None, design: Design) -> list[Row]:
    """A row for each number and each level of each category: both groups' means, and the comparison's under the
    weights of the method. `every`: the first copy's groups with all levels, the reference's too."""
    if found.before is None or every is None:
        return []
    t, w = every.participates, design.weights[copies[0].mask]
    before, after = alike(every, w, w[~t]), None
    weights = comparison_weights(found.method, copies[0].groups, w)
    if not isinstance(weights, Note):
        after = alike(every, w, weights)
    rows: list[Row] = []
    for j, term in enumerate(every.names):
        row: Row = {
            "term": term,
            "participants": float(before.participants[j]),
            "comparison": float(before.comparison[j]),
            "difference_before": float(before.difference[j]),
            "variance_ratio_before": float(before.variance_ratio[j]),
            "fewest": _fewest_in(every, every.x[:, j]),
        }
        if after is not None:
            row |= {
                "balanced": float(after.comparison[j]),
                "difference_after": round(float(after.difference[j]), 6) + 0.0,
                "variance_ratio_after": float(after.variance_ratio[j]),
            }
        rows.append(row)
    return rows


def _fewest_in(groups: Groups, x: NDArray[np.float64]) -> int | None:
    """The fewest firms of a group that have an indicator, or have not; None of a number."""
    if not np.isin(x, (0.0, 1.0)).all():
        return None
    t = groups.participates
    return min(_rarer(x[t]), _rarer(x[~t]))


def group_rows(sample: Sample, measure: str, groups: Mapping[str, Mask]) -> list[Row]:
    """A row for each group of firms: the share with a measure, and how much that differs from the share of the last
    group, with an interval and a test from the design."""
    *first, last = groups
    rows: list[Row] = []
    of_last: list[Row] = []
    for group in first:
        inside = groups[group] | groups[last]
        if not groups[group].any() or not groups[last].any():
            continue
        parts, masks, fewest, fewest_last = [], [], [], []
        for copy in sample.copies:
            mask = inside & copy.known(measure)
            y, t = copy.numbers[measure][mask], groups[group][mask]
            parts.append(naive(Groups(t, np.zeros((len(y), 0)), ()), y, sample.design.weights[mask]))
            masks.append(mask)
            fewest.append(_rarer(y[t]))
            fewest_last.append(_rarer(y[~t]))
        e = over_copies(parts, masks, sample.design, float(sample.design.degrees_of_freedom(masks[0])))
        apart = _estimate(e, "difference")
        rows.append(
            _of_group(measure, group, groups[group] & masks[0], min(fewest))
            | _share(e, "participants")
            | {"difference": apart["estimate"], "difference_se": apart["se"], "difference_low": apart["ci_low"]}
            | {"difference_high": apart["ci_high"], "difference_p_value": apart["p_value"]}
        )
        of_last = [_of_group(measure, last, groups[last] & masks[0], min(fewest_last)) | _share(e, "comparison")]
    return [*rows, *of_last]


def _of_group(measure: str, standing: str, inside: Mask, fewest: int) -> Row:
    return {"measure": measure, "standing": standing, "n": int(inside.sum()), "fewest": fewest}


def _share(e: Estimates, name: str) -> Row:
    """A share is tested against nothing: it has no p-value."""
    return {key: value for key, value in _estimate(e, name).items() if key != "p_value"}
