"""A programme that firms could take part in, and the plan by which participants are compared with others.

Belongs here: frozen dataclasses. Does not belong here: reading them (`programme_files`), the initiatives that firms
take part in (`register`), the comparison itself (`statistics.comparison`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from monitor.problems import Lines
from monitor.statistics.comparison.limits import Limits
from monitor.statistics.decisions.claim import Commit
from monitor.survey.text import Text

GRANT_FIELDS = ("firm", "round", "amount_eur", "consortium", "began", "ended", "status")
"""What a list of grants says of each, `firm` by its register number"""
GRANTED = "granted"
GRANT_STATUSES = (GRANTED, "refused", "withdrawn")


@dataclass(frozen=True)
class Round:
    """A call that firms could apply in."""

    name: str
    opens: date
    closes: date
    budget_eur: float


@dataclass(frozen=True)
class Plan:
    """How participants are compared, written before the outcomes came in."""

    estimand: str
    """One of `programme_files.ESTIMANDS`"""
    outcome: str
    """A measure"""
    treated: date
    """The day from which taking part can have done anything"""
    covariates: tuple[str, ...]
    """Measures and concepts that taking part cannot have changed: from before, or of the frame"""
    method: str
    alternatives: tuple[str, ...]
    limits: Limits
    committed: Commit
    """Where a reader can look up when the plan was written"""

    @property
    def written(self) -> date:
        """The day of the commit."""
        return date.fromisoformat(self.committed.date[:10])


@dataclass(frozen=True)
class Programme:
    """One declared programme."""

    name: str
    label: Text
    eligible: str
    """Expression over concepts: the firms that could have applied"""
    who: Text
    """The same in words; empty where the file has none"""
    criteria: Mapping[str, Text]
    """What applications are judged by"""
    rounds: Mapping[str, Round]
    grants: str
    """Pattern of the file in a wave's inbox that lists its grants up to then; it holds register numbers, so it is no
    part of the survey folder"""
    ceiling_firm_eur: float | None
    ceiling_consortium_eur: float | None
    plan: Plan | None
    """None: the programme is described and nothing is compared"""
    plan_hash: str | None
    """SHA-256 over what decides a comparison: the plan without its commit, and who is eligible"""
    file: str
    """Within the survey folder"""
    lines: Lines
