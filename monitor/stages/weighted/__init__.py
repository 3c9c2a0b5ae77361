"""Weights: from the frame's strata, through response and calibration, to final and replicate weights."""

from monitor.stages.weighted.stage import replicate_rows, run

__all__ = ["replicate_rows", "run"]
