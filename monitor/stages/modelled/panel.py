"""Waves together: the pooled sample and its design, firm means, and who leaves.

Belongs here: stacking waves so that every model of a wave can be fitted to all of them, with the covariance that firms
in several waves bring. Does not belong here: the models themselves (`engine`), the conditional logit (`conditional`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.statistics.design.replicates import replicate_covariance as covariance_of_replicates
from monitor.statistics.design.stacked import cross_products, in_parts, side_by_side
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Category, Columns
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.survey.models import FIRM_MEANS

Array = NDArray[np.float64]

WAVE = "wave"
"""Name of the wave effects' column: terms `wave[2018]` …"""


@dataclass(frozen=True)
class PooledDesign:
    """The designs of several waves as one, with firms as clusters.

    Rows are the waves' firms one under the other. V = sum_t V_t + sum over pairs of waves of the cross products of the
    common firms' centred weighted contributions: within a wave the wave's own design variance, between waves the
    clustering by firm (Tam 1984, in the conservative form that takes the whole overlap as a panel).
    """

    designs: tuple[SurveyDesign, ...]
    firms: tuple[NDArray[np.object_], ...]

    @cached_property
    def weights(self) -> Array:
        """(n,) final weights: every wave counts its whole population."""
        return np.concatenate([design.weights for design in self.designs])

    @cached_property
    def replicates(self) -> Array | None:
        """(n, R) replicate weights; the same firm keeps its random numbers, so replicate r of one wave goes with
        replicate r of the next and the overlap is in their spread."""
        each = [design.replicates for design in self.designs]
        found = [matrix for matrix in each if matrix is not None]
        if len(found) < len(each) or len({matrix.shape[1] for matrix in found}) != 1:
            return None
        return np.vstack(found)

    @cached_property
    def _overlaps(self) -> list[tuple[int, int, NDArray[np.int64], NDArray[np.int64]]]:
        found = []
        for s, t in combinations(range(len(self.designs)), 2):
            _, left, right = np.intersect1d(
                self.firms[s].astype(str), self.firms[t].astype(str), assume_unique=True, return_indices=True
            )
            found.append((s, t, left, right))
        return found

    @cached_property
    def _edges(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum([len(firms) for firms in self.firms])])

    @cached_property
    def _codes(self) -> NDArray[np.int64]:
        """(n,) each row's firm as a number"""
        return np.asarray(np.unique(np.concatenate(self.firms).astype(str), return_inverse=True)[1], dtype=np.int64)

    def degrees_of_freedom(self, domain: ArrayLike | None = None) -> int:
        """Different firms in the domain less the strata of every wave."""
        inside = np.ones(self._edges[-1], dtype=bool) if domain is None else np.asarray(domain, dtype=bool)
        distinct = np.count_nonzero(np.bincount(self._codes[inside]))
        strata = 0
        for t, design in enumerate(self.designs):
            part = inside[self._edges[t] : self._edges[t + 1]]
            strata += int(part.sum()) - design.degrees_of_freedom(part) if part.any() else 0
        return int(distinct) - strata

    def covariance(self, influence: ArrayLike) -> Array:
        """(k, k) covariance of the sums over firms and waves of w_i z_i; `influence` z (n, k)."""
        return np.asarray(self.covariances(np.asarray(influence, dtype=np.float64)[None])[0])

    def covariances(self, influences: Array) -> Array:
        """(m, k, k) `covariance` of each of m sets of estimates, influences (m, n, k)."""
        return in_parts(self._covariances, influences)

    def _covariances(self, influences: Array) -> Array:
        parts = [influences[:, self._edges[t] : self._edges[t + 1]] for t in range(len(self.designs))]
        total = np.asarray(sum(design.covariances(part) for design, part in zip(self.designs, parts, strict=True)))
        columns = [side_by_side(part) for part in parts]
        centred = [design.contributions(part) for design, part in zip(self.designs, columns, strict=True)]
        for s, t, left, right in self._overlaps:
            cross = cross_products(centred[s][left], centred[t][right], len(influences))
            total = total + cross + cross.swapaxes(1, 2)
        return total

    def replicate_covariance(self, theta: ArrayLike, centre: ArrayLike | None = None) -> Array:
        """(k, k) covariance from R replicate estimates (R, k)."""
        return np.asarray(covariance_of_replicates(theta, self.designs[0].replicate_scale, centre))


def pooled_sample(samples: Sequence[Sample], label: str) -> Sample:
    """All waves one under the other, with their wave as a category; as many copies as the wave with fewest has.

    A column that a wave lacks is missing there, so its firms drop out of the models that need it. Raises TypeError
    where a sample's design is not a wave's own.
    """
    copies = min(len(sample.copies) for sample in samples)
    waves = tuple(sample.wave for sample in samples)
    designs = []
    for sample in samples:
        if not isinstance(sample.design, SurveyDesign):
            raise TypeError("only the samples of single waves can be pooled")
        designs.append(sample.design)
    routed = {name for sample in samples for name in sample.routed}
    return Sample(
        wave=label,
        firms=np.concatenate([sample.firms for sample in samples]),
        copies=tuple(_stacked([sample.copies[i] for sample in samples], waves) for i in range(copies)),
        observed=_stacked([sample.observed for sample in samples], waves),
        design=PooledDesign(tuple(designs), tuple(sample.firms for sample in samples)),
        percentages=samples[0].percentages,
        orders={**samples[0].orders, WAVE: waves},
        routed={
            name: np.concatenate([s.routed.get(name, np.zeros(len(s.firms), dtype=bool)) for s in samples])
            for name in sorted(routed)
        },
        skipped={pair: why for sample in reversed(samples) for pair, why in sample.skipped.items()},
    )


def with_waves(specification: Specification) -> Specification:
    """The specification with wave effects."""
    return replace(specification, controls=(*specification.controls, WAVE))


def with_firm_means(sample: Sample, specification: Specification) -> tuple[Sample, Specification, int]:
    """The correlated random effects of Mundlak (1978): each firm's means over its waves as controls.

    Returns the sample with the columns `mean(practice)` and of the product, the specification with them, and the
    number of firms whose practices change between waves: only they separate the effect of a change from what firms
    that always do it have in common.
    """
    a, b = specification.practices
    names = [f"mean({a})", f"mean({b})", f"mean({a}:{b})"]
    _, firm = np.unique(sample.firms.astype(str), return_inverse=True)
    copies = []
    switching = 0
    for copy in (*sample.copies, sample.observed):
        numbers = dict(copy.numbers)
        own = [copy.numbers[a], copy.numbers[b], copy.numbers[a] * copy.numbers[b]]
        changed = np.zeros(int(firm.max()) + 1, dtype=bool)
        for name, values in zip(names, own, strict=True):
            known = ~np.isnan(values)
            total = np.bincount(firm, weights=np.where(known, values, 0.0))
            count = np.bincount(firm, weights=known.astype(np.float64))
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = total / count
            numbers[name] = np.where(known, mean[firm], np.nan)
            changed |= (mean > 0) & (mean < 1)
        switching = int(changed.sum())
        copies.append(Columns(numbers, copy.categories, copy.n))
    richer = replace(sample, copies=tuple(copies[:-1]), observed=copies[-1])
    changed_specification = replace(specification, variant=FIRM_MEANS, controls=(*specification.controls, *names))
    return richer, changed_specification, switching


def with_answers_again(sample: Sample, following: Sample) -> Sample:
    """The sample of a wave with `answers_again`: whether the firm also answered the following one."""
    again = np.isin(sample.firms.astype(str), following.firms.astype(str)).astype(np.float64)

    def extended(copy: Columns) -> Columns:
        return Columns({**copy.numbers, "answers_again": again}, copy.categories, copy.n)

    return replace(sample, copies=tuple(extended(copy) for copy in sample.copies), observed=extended(sample.observed))


def _stacked(parts: Sequence[Columns], waves: Sequence[str]) -> Columns:
    """Columns of several waves one under the other."""
    numbers: dict[str, Array] = {}
    categories: dict[str, Category] = {}
    for name in sorted({name for part in parts for name in part.categories}):
        labels = sorted({label for part in parts if name in part.categories for label in part.categories[name].labels})
        codes = [_recoded(part, name, labels) for part in parts]
        categories[name] = Category(np.concatenate(codes), tuple(labels))
    for name in sorted({name for part in parts for name in part.numbers} - set(categories)):
        numbers[name] = np.concatenate([part.numbers.get(name, np.full(part.n, np.nan)) for part in parts])
    sizes = [part.n for part in parts]
    categories[WAVE] = Category(np.repeat(np.arange(len(parts)), sizes), tuple(waves))
    return Columns(numbers, categories, sum(sizes))


def _recoded(part: Columns, name: str, labels: Sequence[str]) -> NDArray[np.int64]:
    category = part.categories.get(name)
    if category is None:
        return np.full(part.n, -1)
    at = {label: i for i, label in enumerate(labels)}
    place = np.array([at[label] for label in category.labels] + [-1])
    return place[category.codes]
