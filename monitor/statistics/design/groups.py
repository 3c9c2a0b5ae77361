"""Arrays by group: codes, sums, and what becomes of a group with one firm.

Belongs here: small functions of arrays that the variance formulas share. Does not belong here: the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.problems import MonitorError, Problem
from monitor.statistics.blocks import blocks
from monitor.statistics.many_rows import ByColumn, Groups, ManyRows, as_given, sums_of_scores

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

POLICIES = ("fail", "certainty", "collapse", "centre")


@dataclass(frozen=True)
class Grouping:
    """Strata (or response classes) after the policy for those with one firm, G of them."""

    target: Codes
    """(G,) the group each joins; itself where nothing is collapsed"""
    counts: NDArray[np.bool_]
    """(G,) whether the group has variance at all (`certainty`: no)"""
    centred: NDArray[np.bool_]
    """(G,) whether deviations are taken from the group's mean (`centre`: from zero)"""


def resolve_lonely(labels: NDArray[Any], size: Floats, take_all: NDArray[np.bool_], policy: str, kind: str) -> Grouping:
    """The grouping that `policy` makes of G groups of `size` firms; MonitorError naming the lonely ones for `fail`.

    A lonely group has one firm and is not take-all. `collapse` joins it to the next open group in the order of
    labels (the last to the one before), `centre` is R's "adjust".
    """
    groups = len(labels)
    target, yes = np.arange(groups), np.ones(groups, dtype=bool)
    lonely = (size < 2) & (size > 0) & ~take_all
    if not lonely.any():
        return Grouping(target, yes, yes)
    if policy == "fail":
        raise MonitorError(
            [
                Problem(
                    f"{kind} {labels[h]} has one firm: its variance cannot be estimated",
                    expected="at least two firms, or a take-all stratum",
                    do="hand in lonely='collapse', 'centre' or 'certainty' (survey.yaml: design.lonely_stratum)",
                )
                for h in np.flatnonzero(lonely)[:20]
            ]
        )
    if policy == "certainty":
        return Grouping(target, ~lonely, yes)
    if policy == "centre":
        return Grouping(target, yes, ~lonely)
    open_ = np.flatnonzero((size > 0) & ~take_all).tolist()
    if len(open_) < 2:
        raise MonitorError(
            Problem(
                f"{kind} {labels[lonely][0]} has one firm and no neighbour to join",
                do="hand in lonely='centre' or 'certainty' (survey.yaml: design.lonely_stratum)",
            )
        )
    for position, h in enumerate(open_):
        if lonely[h]:
            neighbour = open_[position + 1] if position + 1 < len(open_) else open_[position - 1]
            target[target == target[h]] = target[neighbour]
    return Grouping(target, yes, yes)


@dataclass(frozen=True)
class Spread:
    """The spread of m rows within G groups, for any values of the rows."""

    place: Codes
    """(m,) group of each row, after collapsing"""
    size: Floats
    """(G,) firms of each group"""
    centred: NDArray[np.bool_]
    """(G,) as in `Grouping`"""
    scale: Floats
    """(G,) what the squared deviation of a row counts"""
    times: Floats | None
    """(m,) how many firms a row stands for; 1 where not given"""

    @cached_property
    def root(self) -> Floats:
        """(m,) root of what a row's squared deviation counts"""
        if self.times is None:
            return np.asarray(np.sqrt(self.scale)[self.place])
        return np.asarray(np.sqrt(self.scale[self.place] * self.times))

    def of(self, rows: Floats) -> Floats:
        """Rows whose cross product is sum_g factor_g m_g / (m_g - 1) sum_k t_k (x_k - mean_g)(x_k - mean_g)' of rows x
        (m, k)."""
        counted = rows if self.times is None else rows * self.times[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.nan_to_num(sums(counted, self.place, len(self.size)) / self.size[:, None])
        mean[~self.centred] = 0.0
        spread = rows - mean[self.place]
        spread *= self.root[:, None]
        return spread

    def product_of_scores(self, rows: ManyRows, r: Floats, unit: Codes | None = None) -> Floats:
        """(k, k) the cross product of `of` of the rows r_i x_i, r (n,) and x the terms, of which no more than a block
        is made at a time; of their sums by unit (n,), where that is given. Rows stand for one firm each. ValueError
        where something is not finite."""
        order = rows.order
        if unit is not None:
            rows, r = ByColumn([*sums_of_scores(rows.columns, r, unit, len(self.place))]), np.ones(len(self.place))
        found = rows.spread(r, Groups(self.place, self.size, self.centred, np.sqrt(self.scale)))
        if not np.isfinite(found).all():
            raise ValueError("an influence function must be finite for every firm")
        return as_given(found, order)


def spread(group: Codes, size: Floats, factor: Floats, grouping: Grouping, times: Floats | None = None) -> Spread:
    """The spread of rows of the groups (m,), codes before collapsing; size (G,) m_g and factor (G,) after collapsing,
    at each target; times (m,) how many firms a row stands for, 1 where not given."""
    collapsed = not np.array_equal(grouping.target, np.arange(len(size)))
    place = grouping.target[group] if collapsed else group
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = factor * np.where(size > 1, size / np.maximum(size - 1, 1), 1.0)
    # A lonely group that keeps its own code is the only one in it, so its flags stand for the whole group.
    scale = np.where(grouping.counts, scale, 0.0)
    return Spread(place, size, grouping.centred, scale, times)


def group_codes(values: ArrayLike) -> tuple[NDArray[Any], Codes]:
    """Distinct values in order, and the code of each row; mixed types are ordered by their text."""
    labels, place = _distinct(values)
    return labels.astype(object), place


def _distinct(values: ArrayLike) -> tuple[NDArray[Any], Codes]:
    array = np.asarray(values)
    if array.dtype == object:
        array = array.astype(str)
    if array.size and array.dtype.kind == "i":
        low, high = int(array.min()), int(array.max())
        if high - low < array.size:  # numbers that lie close together need no sorting
            at = np.subtract(array, low, dtype=np.int64)
            there = np.bincount(at, minlength=high - low + 1) > 0
            place = at if there.all() else (np.cumsum(there) - 1)[at]
            return np.flatnonzero(there) + low, place
    labels, place = np.unique(array, return_inverse=True)
    return labels, place.ravel().astype(np.int64)


def units_within(stratum: Codes, labels: ArrayLike) -> tuple[Codes, Codes]:
    """Code of each firm's primary unit, from its stratum and its unit's label (n,), and the stratum of each unit. A
    label in two strata is two units; they are in the order of strata, and within them of labels."""
    different, psu = _distinct(labels)
    of_label = np.zeros(len(different), dtype=np.int64)
    of_label[psu] = stratum
    if all(np.array_equal(of_label[psu[rows]], stratum[rows]) for rows in blocks(len(psu))):
        order = np.argsort(of_label, kind="stable")  # nothing to sort but labels
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        for rows in blocks(len(psu)):
            psu[rows] = place[psu[rows]]
        return psu, of_label[order]
    units, codes = np.unique(stratum * len(different) + psu, return_inverse=True)
    return codes.astype(np.int64), units // len(different)


def sums(values: Floats, place: Codes, groups: int) -> Floats:
    """Column sums by group, (groups, k)."""
    k = values.shape[1]
    cell = place[:, None] * k + np.arange(k)
    found = np.bincount(cell.ravel(), weights=values.ravel(), minlength=groups * k)
    return np.asarray(found, dtype=np.float64).reshape(groups, k)
