"""The raw stage: a wave's deliveries, kept byte for byte, and their records as text with row and line number."""

from monitor.stages.raw.stage import FORMATS, run

__all__ = ["FORMATS", "run"]
