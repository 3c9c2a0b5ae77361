"""What comes of one specification: named quantities with their combined uncertainty, or the reason there are none.

Belongs here: the shapes of results, and the intervals and p-values that follow from them. Does not belong here: how
they are computed (`engine`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from monitor.precision import mean_count
from monitor.statistics.decisions.state_intervals import State, state_interval
from monitor.statistics.design.intervals import logit_t, student_t
from monitor.statistics.models.contrast import Contrast
from monitor.statistics.models.contrasts import SHARES
from monitor.statistics.models.notes import Note
from monitor.statistics.models.power import Precision
from monitor.statistics.models.power import State as Moving
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.states import Firms
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True)
class Estimates:
    """k named quantities with their combined uncertainty; arrays are (k,), covariance (k, k)."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    """`term` (log-odds), `share` or `difference`"""
    estimate: Array
    covariance: Array
    df: Array
    fmi: Array
    se_replicate: Array
    """Total standard error with the replicates' variance within copies; NaN where there are none"""
    contrasts: tuple[Contrast, ...] = ()
    """(k,) what they are, where they are contrasts"""
    states: Mapping[str, Firms] = field(default_factory=dict)
    """Name of a state's probability -> the firms in that state, where they are known"""

    @property
    def se(self) -> Array:
        """(k,) standard errors by linearisation."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def error(self) -> Array:
        """(k,) the standard errors that decide: of contrasts the larger of the two routes, because where events are
        few linearisation misses what curvature adds (benchmarks/models.py); of terms the linearised ones."""
        terms = np.array([kind == "term" for kind in self.kinds], dtype=bool)
        return np.where(terms, self.se, np.fmax(self.se, self.se_replicate))

    def interval(self, level: float = LEVEL) -> tuple[Array, Array]:
        """(k,), (k,) bounds: Student's t, on the logit scale for shares; of states and contrasts with few events see
        `state_interval` and `power.Precision.interval`."""
        low, high = bounds(self.estimate, self.error, self.df, np.array(self.kinds) == SHARES, level)
        for name, firms in self.states.items():
            place = self.names.index(name)
            share, se = float(self.estimate[place]), float(self.error[place])
            told = state_interval(State(share, se, float(self.df[place]), firms.n, firms.kish, firms.df), level)
            low[place], high[place] = told.low, told.high
        for place, precision in self._few():
            low[place], high[place] = precision.interval(level)
        return low, high

    def p_values(self) -> tuple[Array, Array, Array]:
        """(k,) each: the p-values of `p_values`; of contrasts with few events with the error that zero would have."""
        error = self.error.copy()
        for place, precision in self._few():
            error[place] = precision.error_at(0.0)
        return p_values(self.estimate, error, self.df)

    def _few(self) -> list[tuple[int, Precision]]:
        """Place and precision of the contrasts whose moving state has few events."""
        known = [(place, self.precision(name)) for place, name in enumerate(self.names)]
        return [(place, p) for place, p in known if p is not None and p.state is not None and p.state.few]

    def at(self, name: str) -> int | None:
        """Where a quantity stands, if it does."""
        return self.names.index(name) if name in self.names else None

    def precision(self, name: str) -> Precision | None:
        """How precisely a contrast is known, and would be at another true value; None where it is not here."""
        place = self.at(name)
        if place is None:
            return None
        state_of = self.contrasts[place].moving if self.contrasts else None
        moving = None if state_of is None else self.at(state_of.name)
        state = None if moving is None else Moving(float(self.estimate[moving]), float(self.error[moving]))
        return Precision(float(self.error[place]), float(self.df[place]), float(self.estimate[place]), state)


@dataclass
class Result:
    """What came of one specification."""

    specification: Specification
    n: int = 0
    """Answers: a firm counts once in every wave it answered"""
    firms: int = 0
    """Different firms"""
    fewest_alike: int = 0
    """Of the firms with several answers, the fewest that have the same number of them; 0 where none has several"""
    events: int | None = None
    dropped: int = 0
    routed: int = 0
    df: float = float("nan")
    estimator: str = ""
    converged: bool = False
    refusal: Note | None = None
    warnings: list[Note] = field(default_factory=list)
    terms: Estimates | None = None
    contrasts: Estimates | None = None
    influence: Array | None = None
    """(n_all, Q) mean over copies of what each firm contributes to the contrasts"""
    copies: int = 0
    """Completed copies it rests on"""
    layout: Terms | None = None
    statsmodels_gap: float | None = None
    """How far the first copy's coefficients lie from statsmodels' (`referee`); None where it was not asked"""

    def count(self, answers: Sequence[NDArray[np.int64]]) -> None:
        """Count answers and firms, means over the copies; `answers`: of each copy the answers of its firms."""
        self.n = mean_count([each.sum() for each in answers])
        self.firms = mean_count([len(each) for each in answers])
        groups = [int(size) for each in answers for size in np.bincount(each)[2:] if size]
        self.fewest_alike = min(groups, default=0)

    @property
    def minimum_detectable_effect(self) -> float:
        """Smallest true value of the headline contrast that a two-sided test at 5 % finds with 80 % power, with the
        variance it has there (`power.Precision`); NaN where the model has none."""
        precision = self.contrasts.precision(self.specification.headline) if self.contrasts else None
        return float("nan") if precision is None else precision.detectable()


def bounds(estimate: Array, se: Array, df: Array, share: NDArray[np.bool_], level: float) -> tuple[Array, Array]:
    """Interval with Student's t; for shares on the logit scale."""
    on_logit, plain = logit_t(estimate, se, df, level), student_t(estimate, se, df, level)
    return np.where(share, on_logit[0], plain[0]), np.where(share, on_logit[1], plain[1])


def p_values(estimate: Array, se: Array, df: Array) -> tuple[Array, Array, Array]:
    """(two-sided, that it is greater than zero, that it is less than zero), each the p-value of its test."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.asarray(estimate) / np.asarray(se)
    less = stdtr(df, t)
    greater = stdtr(df, -t)
    return 2 * np.minimum(less, greater), greater, less
