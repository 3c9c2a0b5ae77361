"""From how many firms on a figure is published.

Belongs here: the thresholds of every rule. Does not belong here: the rules.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Disclosure:
    """Publication thresholds."""

    minimum_firms: int = 10
    minimum_df: int = 10
    minimum_events: int = 10
    p_percent: float = 10.0
    dominance: float = 0.5
