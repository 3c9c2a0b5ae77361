"""Estimates with their influence function, standard error and interval; weighted quantiles.

Belongs here: what an estimator gives back. Does not belong here: the design (`structure`), interval formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.inputs import share_of
from monitor.statistics.design.intervals import FEW_FIRMS_EITHER_WAY, korn_graubard, logit_t, student_t

Floats = NDArray[np.float64]


class Design(Protocol):
    """What an estimate asks of the design it was made under (`structure.SurveyDesign`)."""

    def covariance(self, influence: Floats) -> Floats:
        """(k, k) covariance of estimates with these influence functions (n, k)."""

    def kish_effective_n(self, domain: NDArray[np.bool_] | None = None) -> float:
        """Kish's effective number of firms of a domain."""


D = TypeVar("D", bound=Design)


@dataclass(frozen=True, repr=False)
class Estimate(Generic[D]):
    """k estimates of one design with their influence function."""

    estimate: Floats
    """(k,); NaN where `reason` says why"""
    influence: Floats
    """(n, k)"""
    design: D
    df: int
    """Degrees of freedom: firms in the domain less strata they lie in"""
    n: int
    """Firms in the domain"""
    share: bool = False
    """Whether the estimates are shares in 0..1"""
    events: NDArray[np.int64] | None = None
    """(k,) firms with the property, for shares"""
    domain: NDArray[np.bool_] | None = None
    reason: str | None = None
    bounds: Floats | None = None
    """(k, 2) an interval that comes with the estimator itself (Woodruff's, for quantiles)"""

    @cached_property
    def covariance(self) -> Floats:
        """(k, k) linearised covariance."""
        return self.design.covariance(self.influence)

    def __repr__(self) -> str:
        lines = [
            f"{estimate:.4g}, se {se:.4g}, 95% {low:.4g} to {high:.4g}"
            for estimate, se, low, high in zip(self.estimate, self.se, *self.interval(), strict=True)
        ]
        told = "" if self.reason is None else f"; {self.reason}"
        return f"Estimate({' | '.join(lines)}; {self.n} firms, df {self.df}{told})"

    @property
    def se(self) -> Floats:
        """(k,) standard errors; NaN where `reason` says why."""
        if self.reason is not None:
            return np.full(len(self.estimate), np.nan)
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """(k,), (k,) bounds that hold the truth with probability `level`: logit-t for shares, Korn-Graubard for shares
        with fewer than 10 events or others, t otherwise; those of a quantile have the level it was taken with."""
        share_of(level, "a level", "0.95")
        if self.bounds is not None:
            return self.bounds[:, 0], self.bounds[:, 1]
        if not self.share:
            return student_t(self.estimate, self.se, self.df, level)
        low, high = logit_t(self.estimate, self.se, self.df, level)
        if self.events is not None:
            few = np.minimum(self.events, self.n - self.events) < FEW_FIRMS_EITHER_WAY
            limit = self.design.kish_effective_n(self.domain)
            low_kg, high_kg = korn_graubard(self.estimate, self.se, self.n, self.df, level, limit)
            low, high = np.where(few, low_kg, low), np.where(few, high_kg, high)
        return low, high


def quantile_at(sorted_y: Floats, cumulative: Floats, p: float) -> float:
    """The value at which the cumulative weight reaches p of the whole."""
    goal = p * cumulative[-1]
    position = int(np.searchsorted(cumulative, goal, side="right")) - 1
    if position >= 0 and cumulative[position] == goal:
        return float(sorted_y[position])
    return float(sorted_y[min(position + 1, len(sorted_y) - 1)])
