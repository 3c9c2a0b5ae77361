"""The interval of a state's probability: of firms that do both of two practices, say, where few have the outcome.

Belongs here: which interval a state's probability has. Does not belong here: the intervals themselves
(`design.intervals`), contrasts of states (`models.power`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monitor.statistics.design.intervals import FEW_EFFECTIVE_EVENTS_OF_A_STATE, clopper_pearson, logit_t, t_quantile


@dataclass(frozen=True)
class State:
    """What is known about a state's probability."""

    share: float
    """Estimate, standardised over the base or not, 0..1"""
    se: float
    """Its standard error from the design, with what was filled in"""
    df: float
    """Degrees of freedom of that error, for the logit scale (`intervals.effective_df`, Barnard and Rubin's)"""
    n: float
    """Firms in the state, not weighted; the mean over completed copies"""
    kish: float
    """Their effective number, (sum w)^2 / sum w^2"""
    design_df: float
    """Degrees of freedom of the design in the state: firms less strata"""

    @property
    def effective_n(self) -> float:
        """Firms of a simple random sample that would know as much: share (1 - share) / se^2 (t(n - 1) / t(df))^2 (Korn
        & Graubard 1998), at most `kish` and n. Where few have the event their own spread is no guide to how far it is
        off, and may say that they know more than any sample of their size could (Dean & Pagano 2015)."""
        most = min(self.kish, self.n)
        if not self.se > 0 or not 0 < self.share < 1:
            return most
        ratio = float(t_quantile(self.n - 1)) / float(t_quantile(self.design_df))
        found = self.share * (1 - self.share) / self.se**2 * ratio**2 if ratio > 0 else 0.0
        # Both t's infinite: nothing is known of the design.
        return min(found, most) if found == found else 0.0

    @property
    def events(self) -> float:
        """Effective events or firms without, whichever are fewer."""
        return self.effective_n * min(self.share, 1 - self.share)


@dataclass(frozen=True)
class StateInterval:
    """The 95 % interval of a state's probability, and the method that gave it."""

    low: float
    high: float
    method: Literal["logit", "clopper_pearson", "none"]
    effective_n: float


def state_interval(state: State, level: float = 0.95) -> StateInterval:
    """The interval that a state's probability is printed with.

    With at least FEW_EFFECTIVE_EVENTS_OF_A_STATE events and as many firms without, both effective:
    expit(logit p -+ t(df) se / (p (1 - p))).
    With fewer, Clopper and Pearson's (1934) at the effective number of firms n', which holds that events are few by
    itself: the degrees of freedom that the few events leave to the variance, which widen the other, do not count a
    second time. Its bounds are the beta quantiles B(alpha / 2; x, n' - x + 1) and B(1 - alpha / 2; x + 1, n' - x) with
    x = n' p (Korn & Graubard 1998). An unknown share or error has no interval.
    """
    if not (state.share == state.share and state.se == state.se and state.n > 0):
        return StateInterval(float("nan"), float("nan"), "none", 0.0)
    effective = state.effective_n
    if state.events >= FEW_EFFECTIVE_EVENTS_OF_A_STATE:
        low, high = logit_t(state.share, state.se, state.df, level)
        return StateInterval(float(low), float(high), "logit", effective)
    low, high = clopper_pearson(state.share, effective, level)
    return StateInterval(float(low), float(high), "clopper_pearson", effective)
