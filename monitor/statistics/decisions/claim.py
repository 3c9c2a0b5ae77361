"""A claim as it is declared: a sentence about the world, what is estimated for it, and the rule that decides.

Belongs here: the frozen types. Does not belong here: reading them (`survey.claims`), estimating (`modelled.evidence`),
deciding (`claims`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.problems import Lines

RULES = ("above", "below", "within", "share_above", "no_substitution")


@dataclass(frozen=True)
class Rule:
    """When a claim is supported and when contradicted; `claims` says what each kind tests."""

    kind: str
    """One of `RULES`"""
    alpha: float
    """One-sided error rate"""
    value: float = 0.0
    """The value that the estimand is held against: a share, or a difference of shares"""
    margin: float = 0.0
    """`within`: how far from the value the whole interval may reach; `no_substitution`: how far below zero it may"""


@dataclass(frozen=True)
class Share:
    """The share of a base's firms with a measure (or without it), among those with another where one is named."""

    measure: str
    base: str
    equals: bool = True
    among: str | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures it is made of."""
        return (self.measure, *filter(None, (self.among,)))

    @property
    def formula(self) -> str:
        """It in one line, in the names of the codebook."""
        among = f" | {self.among}" if self.among else ""
        return f"p({'' if self.equals else 'not '}{self.measure}{among})"


@dataclass(frozen=True)
class Difference:
    """p(measure | by) - p(measure | not by) in a base."""

    measure: str
    by: str
    base: str

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures it is made of."""
        return (self.measure, self.by)

    @property
    def formula(self) -> str:
        """It in one line, in the names of the codebook."""
        return f"p({self.measure} | {self.by}) - p({self.measure} | not {self.by})"


@dataclass(frozen=True)
class ModelContrast:
    """A contrast of a model's variant."""

    model: str
    contrast: str
    variant: str = "main"

    @property
    def formula(self) -> str:
        """Its name, as in `contrasts`."""
        return self.contrast


Estimand = Share | Difference | ModelContrast


@dataclass(frozen=True)
class Commit:
    """Where a reader can look up when a claim was written."""

    commit: str
    """Hexadecimal digits"""
    date: str
    """ISO 8601"""


@dataclass(frozen=True)
class Claim:
    """A sentence about the world with a decision rule written before the data."""

    name: str
    text: Mapping[str, str]
    """By language"""
    declared: str
    """The date the survey gives it"""
    estimand: Estimand
    rule: Rule
    family: str
    """The claims that are adjusted together by Holm's method"""
    committed: Commit | None = None
    lines: Lines = field(default_factory=dict, compare=False, repr=False)
    """Place in the declaration -> its line of claims.yaml"""
