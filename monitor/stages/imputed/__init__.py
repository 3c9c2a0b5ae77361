"""Completed copies: what kept responses left open, filled in m times so that the uncertainty of it shows."""

from monitor.stages.imputed.stage import MIXED, copies_table, fill, run, scale_reduction

__all__ = ["MIXED", "copies_table", "fill", "run", "scale_reduction"]
