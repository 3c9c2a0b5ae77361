"""What a plan of a comparison may declare: its methods and its limits.

Belongs here: names and numbers, which a definition is read against. Does not belong here: the estimators and refusals
they stand for (`effect`).
"""

from __future__ import annotations

from dataclasses import dataclass

ENTROPY_BALANCING, PROPENSITY, AUGMENTED, MATCHING = "entropy_balancing", "propensity", "augmented", "matching"
METHODS = (ENTROPY_BALANCING, PROPENSITY, AUGMENTED, MATCHING)
"""What a plan may name; the first is the primary one"""


@dataclass(frozen=True)
class Limits:
    """When a comparison is refused. A plan may be stricter, not laxer."""

    participants: int = 30
    """Fewest participants that a difference is told of"""
    effective: float = 10.0
    """Fewest firms that the weighted comparison firms must be worth, by Kish"""
    imbalance: float = 0.1
    """Largest standardised difference that weighting may leave (Stuart, Lee and Leacy 2013)"""
    off_support: float = 0.05
    """Largest weighted share of participants without anybody like them: leaving them out would change whom the answer
    is about (Crump, Hotz, Imbens and Mitnik 2009)"""
