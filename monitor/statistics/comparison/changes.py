"""Changes of participants against changes of others, in a panel whose firms enter a programme at different times.

Belongs here: the average difference of each cohort at each wave, placebos before treatment, their averages, what
attrition leaves. Does not belong here: levels in one wave (`balancing`), pooled models of panels (`models.lagged`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.groups import Groups
from monitor.statistics.comparison.propensity import augmented
from monitor.statistics.models.contrasts import DIFFERENCES
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities

Array = NDArray[np.float64]

OVERALL = "overall"
PLACEBO = "placebo"


@dataclass(frozen=True)
class Panel:
    """n firms in T waves."""

    times: Array
    """(T,) the waves' times, ascending"""
    first: Array
    """(n,) the time from which a firm takes part; infinite where it never does"""
    y: Array
    """(n, T) outcomes; NaN where a firm did not answer the wave"""
    x: Array
    """(n, k) covariates from before any treatment, without an intercept; k may be 0"""
    names: tuple[str, ...] = ()

    @property
    def complete(self) -> NDArray[np.bool_]:
        """(n,) firms that answered every wave"""
        return np.asarray(~np.isnan(self.y).any(axis=1))

    @property
    def cohorts(self) -> Array:
        """Entry times after the first wave, ascending: a firm treated from the start has no time before."""
        entry = np.unique(self.first[np.isfinite(self.first)])
        return np.asarray(entry[(entry > self.times[0]) & (entry <= self.times[-1])])


@dataclass(frozen=True)
class Cohort:
    """What one cohort differs by at one wave."""

    entry: float
    """g, the time from which it takes part"""
    time: float
    """t; before g it is a placebo"""
    estimate: float
    contributions: Array
    """(n,) what each firm of the panel adds to it (as `likelihood.Fit.contributions`)"""

    @property
    def placebo(self) -> bool:
        """Whether the cohort did not take part yet: then there is nothing to find."""
        return self.time < self.entry


def by_cohort(panel: Panel, w: Array, *, not_yet: bool = False) -> list[Cohort] | Note:
    """ATT(g, t) of every cohort g and wave t: how much more the outcome of participants changed than that of others.

    Change from the last wave before g to t, for t >= g; from the wave before to t, for t < g (a placebo). Compared with
    firms that never take part, or with `not_yet` also with those that enter after t (and after the wave it is compared
    with). By `augmented`: a logit of belonging to the cohort and a regression of the change, both on `x`; without
    covariates the plain difference of mean changes. Firms with every wave answered count; what attrition does is the
    caller's weights' concern. The first note where a cohort has no estimate.

    `w` (n,). Source: Callaway and Sant'Anna (2021), Journal of Econometrics 225; R's `did`, Python's `csdid`.
    """
    found = []
    answered = panel.complete & (w > 0)
    for g in panel.cohorts:
        for at in range(1, len(panel.times)):
            t = panel.times[at]
            base = int(np.flatnonzero(panel.times < g)[-1]) if t >= g else at - 1
            after = max(float(t), float(panel.times[base]))
            others = (panel.first > after) & (panel.first != g) if not_yet else np.isinf(panel.first)
            rows = answered & ((panel.first == g) | others)
            own = panel.first[rows] == g
            if not own.any() or own.all():
                return note("participants_alone")
            change = panel.y[rows, at] - panel.y[rows, base]
            told = augmented(Groups(own, panel.x[rows], panel.names), change, w[rows])
            if isinstance(told, Note):
                return told
            contributions = np.zeros(len(w))
            contributions[rows] = told.contributions[:, 2]
            found.append(Cohort(float(g), float(t), float(told.estimates[2]), contributions))
    return found or note("participants_alone")


def averages(panel: Panel, cohorts: Sequence[Cohort], w: Array) -> Quantities:
    """Averages of ATT(g, t) with each cohort weighing as many firms as it has: `overall` of all t >= g, `placebo` of
    all t < g, and `after <e>` or `before <e>` by the time e since or until entry.

        sum P_g ATT(g, t) / sum P_g, P_g the weighted firms of the cohort

    Contributions hold the P_g's own uncertainty. Source: Callaway and Sant'Anna (2021), `simple` and `dynamic`.
    """
    sets = {OVERALL: [c for c in cohorts if not c.placebo], PLACEBO: [c for c in cohorts if c.placebo]}
    for e in sorted({c.time - c.entry for c in cohorts}):
        name = f"after {e:g}" if e >= 0 else f"before {-e:g}"
        sets[name] = [c for c in cohorts if c.time - c.entry == e]
    told = {name: _average(panel, members, w) for name, members in sets.items() if members}
    estimates = np.array([value for value, _ in told.values()])
    contributions = np.column_stack([each for _, each in told.values()])
    return Quantities(tuple(told), (DIFFERENCES,) * len(told), estimates, contributions)


def _average(panel: Panel, members: Sequence[Cohort], w: Array) -> tuple[float, Array]:
    counted = np.where(panel.complete, w, 0.0)
    sizes = np.array([counted @ (panel.first == c.entry) for c in members])
    estimates = np.array([c.estimate for c in members])
    value = float(sizes @ estimates / sizes.sum())
    contributions = np.zeros(len(w))
    for c, size in zip(members, sizes, strict=True):
        contributions += size * c.contributions + counted * (panel.first == c.entry) * (c.estimate - value)
    return value, contributions / sizes.sum()
