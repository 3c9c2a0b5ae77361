"""From how many firms on a figure is published.

Belongs here: the thresholds of every rule. Does not belong here: the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Disclosure:
    """Publication thresholds: those a survey declares, and those that hold for every survey."""

    fewest_others: ClassVar[int] = 3
    """Where fewer firms than this answer otherwise, one of them can tell what all the rest said"""

    minimum_firms: int = 10
    minimum_df: int = 10
    minimum_events: int = 10
    p_percent: float = 10.0
    dominance: float = 0.5
    influence: float = 0.3
    """Share of a figure that one firm may carry before the figure says so"""

    @property
    def most_influence(self) -> float:
        """The largest share for which saying so gives no firm's amount away to within p %: what is then known of the
        largest firm's part is that it lies between `influence` and `dominance`, whose middle is off by up to
        (dominance - influence) / (dominance + influence) of itself."""
        return self.dominance * (1 - self.p_percent / 100) / (1 + self.p_percent / 100)

    @property
    def tells_influence(self) -> bool:
        """Whether figures say that one firm carries much of them."""
        return self.influence <= self.most_influence

    @property
    def median_firms(self) -> int:
        """From how many firms on a median is given: the minimum number on either side."""
        return 2 * self.minimum_firms

    @property
    def quartile_firms(self) -> int:
        """From how many firms on quartiles are given: the minimum number in every quarter."""
        return 4 * self.minimum_firms
