"""What models are fitted on: the responding firms, their completed copies, and the design they came by.

Belongs here: bringing the stages' tables together, and choosing a specification's rows. Does not belong here: fitting.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.statistics.models.columns import Columns
from monitor.statistics.models.specification import EVERY, Specification

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Design(Protocol):
    """What the models ask of a survey design; `statistics.design` gives it for a wave, `panel` for pooled waves."""

    @property
    def weights(self) -> Array:
        """(n,) final weights"""

    @property
    def replicates(self) -> Array | None:
        """(n, R) replicate weights"""

    def degrees_of_freedom(self, domain: ArrayLike | None = None) -> int:
        """Firms in the domain less the strata they lie in"""

    def covariance(self, influence: ArrayLike) -> Array:
        """(k, k) covariance of the sums over firms of w_i z_i; `influence` z (n, k)"""

    def covariances(self, influences: Array) -> Array:
        """(m, k, k) the same of each of m sets of estimates; `influences` (m, n, k)"""

    def replicate_covariance(self, theta: ArrayLike, centre: ArrayLike | None = None) -> Array:
        """(k, k) covariance from R replicate estimates (R, k)"""


@dataclass(frozen=True)
class Sample:
    """The responding firms of a wave, or of all waves one under the other; every array is in the firms' order."""

    wave: str
    firms: NDArray[np.object_]
    """(n,) pseudonyms"""
    copies: tuple[Columns, ...]
    """Completed copies, n rows each: measures, bases (`base_<name>`), controls"""
    observed: Columns
    """The same before imputation: n rows with missing values"""
    design: Design
    percentages: frozenset[str] = frozenset()
    """Columns in 0..100"""
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Category -> its declared codes"""
    routed: Mapping[str, Mask] = field(default_factory=dict)
    """Measure -> (n,) firms whose value follows from the questionnaire's routing, not from an answer"""
    skipped: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """(measure, base) -> why nothing is decided about it: firms were led past it and the wave does not declare so"""

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """(n,) each row's firm as a number; rows of the same firm in several waves have the same"""
        return np.asarray(np.unique(self.firms.astype(str), return_inverse=True)[1], dtype=np.int64)

    def answers_of_firms(self, mask: Mask) -> NDArray[np.int64]:
        """(k,) for each of the k different firms in the mask, in how many of its rows it is: its answers."""
        counted = np.bincount(self.codes[mask])
        return counted[counted > 0]

    def only(self, names: Collection[str]) -> Sample:
        """The sample with no other columns than these."""
        observed = self.observed.only(names)
        copies = tuple(observed if copy is self.observed else copy.only(names) for copy in self.copies)
        return replace(
            self,
            copies=copies,
            observed=observed,
            percentages=self.percentages.intersection(names),
            orders={name: codes for name, codes in self.orders.items() if name in names},
            routed={name: mask for name, mask in self.routed.items() if name in names},
            skipped={pair: why for pair, why in self.skipped.items() if pair[0] in names},
        )

    def has(self, *names: str) -> bool:
        """Whether all the named columns exist and hold anything."""
        return all(name in self.copies[0] and bool(self.copies[0].known(name).any()) for name in names)


@dataclass(frozen=True)
class Rows:
    """The rows of one copy that a specification uses."""

    mask: Mask
    """(n,) firms in the model"""
    frame: Columns
    """The model's columns for those firms, in order"""
    y: Array
    """Outcome of those firms, 0..1"""
    dropped: int
    """Firms of the base left out for a missing value"""
    routed: int
    """Firms of the base left out because they were never asked about a practice"""


def rows(sample: Sample, copy: Columns, specification: Specification) -> Rows:
    """The base's firms with everything known. Firms routed past a practice are not in the base: a "no" that nobody gave
    would make an interaction out of the questionnaire (an outcome's routing is the survey's declared business)."""
    s = specification
    mask = copy.numbers[f"base_{s.base}"] == 1
    if s.without != EVERY:
        mask &= ~(copy.numbers[s.without] == 1)
    explained_by = [*s.practices, *([s.dose] if s.dose else [])]
    past = np.zeros(len(mask), dtype=bool)
    for name in explained_by:
        if name in sample.routed:
            past |= sample.routed[name]
    routed = int((mask & past).sum())
    mask &= ~past
    needed = [s.outcome, *explained_by, *([s.levels] if s.levels else []), *s.controls]
    known = np.all([copy.known(name) for name in needed], axis=0)
    dropped = int((mask & ~known).sum())
    mask &= known
    frame = copy.take(mask, needed)
    y = frame.numbers[s.outcome]
    if s.cut is not None:
        y = (y > s.cut if s.sign == ">" else y >= s.cut).astype(np.float64)
    elif s.outcome in sample.percentages:
        y = y / 100.0
    return Rows(mask, frame, y, dropped, routed)
