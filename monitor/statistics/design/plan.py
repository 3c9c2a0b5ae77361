"""How a survey was drawn and how its weights are made, as its owner declares it.

Belongs here: option types, that a survey's folder fills. Does not belong here: the design itself (`structure`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Calibration:
    """To what margins the weights are calibrated and how."""

    method: str = "none"
    """none, raking, linear, logit"""
    margins: tuple[tuple[str, ...], ...] = ()
    """Each margin: one concept, or several crossed"""
    bounds: tuple[float, float] | None = None
    """Least and greatest g-weight (logit, and truncated linear)"""


@dataclass(frozen=True)
class DesignPlan:
    """How the survey was drawn and how its weights are made."""

    weights: str
    """frame (N/n by stratum), supplied (a concept), equal"""
    weight: str | None = None
    strata: tuple[str, ...] = ()
    response: str = "none"
    """none, classes, logistic"""
    response_classes: tuple[str, ...] = ()
    calibration: Calibration = Calibration()
    lonely_stratum: str = "fail"
    """fail, certainty, collapse, centre"""
    replicates: int = 500
    counts: str = "enterprises"
