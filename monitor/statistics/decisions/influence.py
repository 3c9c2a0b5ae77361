"""What one firm carries of a total: whether a figure is about many firms or about one.

Shares and ranges only: nothing here says which firm, and what is above a declared share is said of the figure, never
of a cell of it.

Belongs here: concentration of totals and ratios of totals. Does not belong here: dominance as a reason to withhold
(`statistics.disclosure`), models (`models.leave_one_out`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.precision import to_error

Array = NDArray[np.float64]

DECLARED_SHARE = 0.1
"""Share of a figure that one firm may carry before the figure says so, where a survey declares none"""


@dataclass(frozen=True)
class Carried:
    """How much of a weighted total, or of a ratio's numerator, single firms carry."""

    firms: int
    """With anything in it"""
    largest: float
    """Share that the firm with the most carries, 0..1; NaN of a total of nothing"""
    effective_firms: float
    """Firms of equal size that would be as concentrated: 1 / sum of squared shares"""
    panel: float
    """Share that firms in more than one wave carry; zero where no panel is given"""
    declared: float
    """The declared share"""

    @property
    def above(self) -> bool:
        """Whether one firm carries more than the declared share."""
        return bool(to_error(self.largest, None) > self.declared)


def carried(
    values: ArrayLike,
    weights: ArrayLike,
    firms: ArrayLike | None = None,
    panel: ArrayLike | None = None,
    declared: float = DECLARED_SHARE,
) -> Carried:
    """Shares of sum_i w_i |y_i| that single firms carry: s_f = sum over the firm's rows of w |y|, over the total.

    `values` (n,) what is totalled (zero outside the domain), `weights` (n,); `firms` (n,) number or name of each row's
    firm where a firm has several (waves, say), else every row is one; `panel` (n,) whether the row's firm is in several
    waves. Sizes are taken without their sign: a loss carries a total as much as a profit. Concentration by the inverse
    of Herfindahl's index (Hirschman 1964); the rule "one firm carries more than k %" is that of dominance (Hundepool et
    al. 2012, section 4.2.2) used to tell how far a figure rests on one, not to withhold it.
    """
    if not 0 < declared <= 1:
        raise ValueError(f"the declared share is {declared}: between 0 and 1, as 0.1 for ten per cent")
    size = _sizes(values, weights)
    by_firm = size if firms is None else _of_firms(size, firms)
    total = float(by_firm.sum())
    if total <= 0:
        return Carried(0, float("nan"), 0.0, float("nan"), declared)
    shares = by_firm / total
    together = 0.0 if panel is None else float(size[np.asarray(panel, dtype=bool)].sum()) / total
    return Carried(int((by_firm > 0).sum()), float(shares.max()), float(1 / (shares**2).sum()), together, declared)


def _sizes(values: ArrayLike, weights: ArrayLike) -> Array:
    y, w = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(y).all() and np.isfinite(w).all()):
        raise ValueError("values and weights are finite: a firm without a value is left out, or has zero")
    return w * np.abs(y)


def _of_firms(values: Array, firms: ArrayLike) -> Array:
    """Sums by firm."""
    _, place = np.unique(np.asarray(firms), return_inverse=True)
    return np.asarray(np.bincount(place.ravel(), values), dtype=np.float64)
