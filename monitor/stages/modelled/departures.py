"""A published figure under other odds of answering: how far it moves, and how its error does.

Belongs here: reweighting a wave's or all waves' design by who has a property, in each completed copy. Does not belong
here: which figures, verdicts, rows (`sensitivity`).

A published figure rests on all completed copies and on the larger of two errors. How far it moves is found on the first
few copies, by linearisation: the move is added to the figure, and its error grows as the linearised one does. At an
odds ratio of 1 nothing moves, and the figure is the published one to its last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from monitor.precision import to_digits
from monitor.stages.modelled.panel import PooledDesign
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.sample import Array, Design, Mask, Sample
from monitor.statistics.nonresponse.tipping import Figure, Ratio, Unequal, each_answered_unequally
from monitor.statistics.weighting.calibration import CalibrationError
from monitor.survey import Calibration
from monitor.survey.answering import Property

COPIES = 5
"""Completed copies on which it is found how far a figure moves"""
DIGITS = 6
"""Digits of a mean that firms' values are held against"""


@dataclass(frozen=True)
class Moved:
    """How figures moved: what is added to each, and what its error is multiplied by."""

    shift: Array
    """(q,) NaN where there is no figure under these odds"""
    growth: Array
    """(q,)"""


@dataclass
class Departure:
    """A figure, and who may have answered with other odds."""

    design: Design
    calibration: Calibration
    figure: Figure
    having: Sequence[Mask]
    """In each copy (n,) who has the property"""
    _moved: dict[float, Moved] = field(default_factory=dict)

    def along(self, grid: Sequence[float]) -> None:
        """Take the odds of a whole grid at once: it costs little more than one."""
        asked = [gamma for gamma in grid if gamma not in self._moved]
        cases = [(has, gamma) for gamma in asked for has in self.having]
        try:
            designs = reweighed(self.design, cases, self.calibration) if cases else []
        except CalibrationError:
            return
        for k, gamma in enumerate(asked):
            self._moved[gamma] = self._of(designs[k * len(self.having) : (k + 1) * len(self.having)])

    def at(self, gamma: float) -> Moved:
        """How the figures move under these odds."""
        if gamma not in self._moved:
            try:
                designs = reweighed(self.design, [(has, gamma) for has in self.having], self.calibration)
                self._moved[gamma] = self._of(designs)
            except CalibrationError:
                unknown = np.full(len(self.base[0]), np.nan)
                self._moved[gamma] = Moved(unknown, unknown)
        return self._moved[gamma]

    @cached_property
    def base(self) -> tuple[Array, Array]:
        """Estimates and errors as the firms answered."""
        told = self.figure([self.design] * len(self.having))
        return told.estimates, told.se

    def _of(self, designs: Sequence[Design]) -> Moved:
        estimates, errors = self.base
        told = self.figure(designs)
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.where(errors > 0, told.se / errors, 1.0)
        return Moved(told.estimates - estimates, growth)


def reweighed(design: Design, cases: Sequence[Unequal], calibration: Calibration) -> list[Design]:
    """The design under each case, calibrated as the survey's weights are; of several waves each wave's own, with the
    odds alike in all. Equal cases are taken once."""
    distinct = {(has.tobytes(), gamma): (has, gamma) for has, gamma in cases}
    found = dict(zip(distinct, _reweighed(design, list(distinct.values()), calibration), strict=True))
    return [found[has.tobytes(), gamma] for has, gamma in cases]


def _reweighed(design: Design, cases: Sequence[Unequal], calibration: Calibration) -> Sequence[Design]:
    if isinstance(design, PooledDesign):
        edges = np.cumsum([0, *(len(firms) for firms in design.firms)])
        each = [
            _reweighed(own, [(has[start:end], gamma) for has, gamma in cases], calibration)
            for own, start, end in zip(design.designs, edges, edges[1:], strict=False)
        ]
        return [PooledDesign(tuple(waves), design.firms) for waves in zip(*each, strict=True)]
    assert isinstance(design, SurveyDesign)
    method = "raking" if calibration.method == "none" else calibration.method
    return each_answered_unequally(design, cases, method, calibration.bounds)


def knows_silence(design: Design) -> bool:
    """Whether the design says how firms came to answer: without that, no odds of answering can be others."""
    designs = design.designs if isinstance(design, PooledDesign) else (design,)
    return all(isinstance(each, SurveyDesign) and each.response is not None for each in designs)


def having(found: Property, sample: Sample, above: Sequence[Ratio]) -> list[Mask]:
    """In each of the first copies, (n,) who has the property. `above`: in each copy what firms' values are held
    against, where the property asks for that."""
    masks = []
    for k, copy in enumerate(sample.copies[:COPIES]):
        inside = copy.numbers[f"base_{found.base}"] == 1
        for name, value in found.having:
            inside = inside & _has(copy, name, value)
        if found.above:
            inside = inside & _above(above[k], sample.design.weights)
        masks.append(np.asarray(inside, dtype=bool))
    return masks


def _has(copy: Columns, name: str, value: bool | str) -> Mask:
    if isinstance(value, str):
        return np.asarray(copy.categories[name].equals(value) == 1)
    numbers = copy.numbers[name]
    return np.asarray(numbers > 0 if value else numbers == 0)


def _above(ratio: Ratio, w: Array) -> Mask:
    """(n,) whose own ratio, or amount, is above that of all. The mean is rounded: no firm is above it by a last bit."""
    below = ratio.below if ratio.below is not None else np.ones(len(w))
    mean = to_digits(float((w * ratio.top).sum() / (w * below).sum()), DIGITS)
    return np.asarray(ratio.top - mean * below > 1e-9 * abs(mean))
