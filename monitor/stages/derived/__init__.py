"""Measures and bases: the survey's SQL expressions evaluated on every imputation."""

from monitor.stages.derived.stage import run

__all__ = ["run"]
