"""What decides a fit: outcome, base, practices, controls, estimator, thresholds.

Belongs here: one fit's options. Does not belong here: which fits a survey declares (`survey.models`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.statistics.models.contrast import Contrast, of_dose, of_levels, of_many_practices, of_two_practices
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
    def of_two_practices(self) -> bool:
        """Whether it compares the four states of two practices."""
        return len(self.practices) == 2 and self.dose is None and self.levels is None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of a sample that the fit rests on."""
        named = [self.outcome, *self.practices, *filter(None, (self.dose, self.levels)), *self.controls]
        return (*named, f"base_{self.base}", *([] if self.without == EVERY else [self.without]))

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """Every contrast the fit can have, in the order they are told."""
        if self.levels is not None:
            return of_levels(self.levels, self.order)
        if self.dose is not None:
            return of_dose(self.dose)
        if self.of_two_practices:
            return tuple(of_two_practices(*self.practices).values())
        return of_many_practices(self.practices) if self.practices else ()

    def contrast(self, name: str) -> Contrast | None:
        """The contrast of that name; None where the fit cannot have it."""
        return next((contrast for contrast in self.contrasts if contrast.name == name), None)

    @property
    def headline(self) -> str:
        """The name of the contrast the model is read for, which its minimum detectable effect is about: of levels, a
        dose or two practices the last that is told."""
        one = self.levels is not None or self.dose is not None or self.of_two_practices
        return self.contrasts[-1].name if one else ""
