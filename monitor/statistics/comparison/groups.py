"""Participants of a programme and the firms they could be compared with, as arrays.

Belongs here: the two groups, their covariates, their means as quantities. Does not belong here: what makes them alike
(`balancing`, `propensity`, `matching`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.contrasts import DIFFERENCES, SHARES
from monitor.statistics.models.quantities import Quantities

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NAMES = ("participants", "comparison", "difference")
"""The quantities of every comparison: mean outcome of participants, of the firms made like them, and the first less the
second: the average difference on participants"""


@dataclass(frozen=True)
class Groups:
    """n eligible firms, those that took part and those that did not."""

    participates: Mask
    """(n,)"""
    x: Array
    """(n, k) covariates from before treatment, without an intercept; categories as one indicator for each level but
    one"""
    names: tuple[str, ...]
    """(k,) what they are"""

    def __post_init__(self) -> None:
        if self.x.shape != (len(self.participates), len(self.names)):
            raise ValueError(f"{self.x.shape} covariates of {len(self.participates)} firms and {len(self.names)} names")

    @property
    def with_intercept(self) -> Array:
        """(n, k + 1)"""
        return np.column_stack([np.ones(len(self.x)), self.x])

    def without(self, covariate: str) -> Groups:
        """The same firms without a covariate: a number `name`, or all levels `name[level]` of a category."""
        kept = [j for j, name in enumerate(self.names) if name != covariate and not name.startswith(f"{covariate}[")]
        if len(kept) == len(self.names):
            raise ValueError(f"{covariate} is no covariate of these groups")
        return Groups(self.participates, self.x[:, kept], tuple(self.names[j] for j in kept))

    @property
    def covariates(self) -> tuple[str, ...]:
        """The covariates' names, a category's once."""
        return tuple(dict.fromkeys(name.split("[")[0] for name in self.names))


def mean(values: Array, w: Array) -> Array:
    """Weighted mean over firms (the first axis)."""
    return np.asarray(w @ values / w.sum())


def quantities(groups: Groups, y: Array, w: Array, comparison: float, contributions: Array) -> Quantities:
    """The three quantities of `NAMES`.

    `y`, `w` (n,) outcome and survey weight; `comparison` the mean of the firms made like the participants and
    `contributions` (n,) what each firm adds to it (as `likelihood.Fit.contributions`). An outcome in 0..1 has means
    that are shares.
    """
    inside = np.where(groups.participates, w, 0.0)
    participants = float(inside @ y / inside.sum())
    own = inside / inside.sum() * (y - participants)
    share = SHARES if y.min() >= 0 and y.max() <= 1 else DIFFERENCES
    return Quantities(
        NAMES,
        (share, share, DIFFERENCES),
        np.array([participants, comparison, participants - comparison]),
        np.column_stack([own, contributions, own - contributions]),
    )


def naive(groups: Groups, y: Array, w: Array) -> Quantities:
    """Participants beside all other eligible firms as they are: what selection alone can make."""
    outside = np.where(groups.participates, 0.0, w)
    others = float(outside @ y / outside.sum())
    return quantities(groups, y, w, others, outside / outside.sum() * (y - others))
