"""What decides a fit: outcome, base, practices, controls, estimator, thresholds.

Belongs here: one fit's options. Does not belong here: which fits a survey declares (`survey.models`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.statistics.models.separation import FEWEST_OF_A_LEVEL, LEAST_EVENTS_PER_TERM

EVERY = "none"
"""The choice `without: none`: every firm of the base"""


@dataclass(frozen=True)
class Specification:
    """One fit: everything that decides it, and nothing else."""

    model: str
    variant: str
    outcome: str
    base: str
    estimator: str
    practices: tuple[str, ...] = ()
    dose: str | None = None
    levels: str | None = None
    order: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    reference: Mapping[str, str] = field(default_factory=dict)
    weighted: bool = True
    complete_cases: bool = False
    """Only firms that answered everything the model needs, instead of the completed copies"""
    without: str = EVERY
    """A boolean measure: firms for which it is true are left out"""
    cut: float | None = None
    """The outcome is whether the (percentage) outcome measure passes this value …"""
    sign: str = ">"
    """… strictly (`>`) or not (`>=`)"""
    family: str | None = None
    events_per_term: float = LEAST_EVENTS_PER_TERM
    level_firms: int = FEWEST_OF_A_LEVEL

    @property
    def headline(self) -> str:
        """The contrast the model is read for: the one its minimum detectable effect is about."""
        if self.levels is not None:
            return "trend"
        if self.dose is not None:
            return f"ame_{self.dose}"
        if len(self.practices) == 2:
            return "complementarity"
        return ""
