"""Indicators and changes: every declared indicator by every declared domain, with its uncertainty."""

from monitor.stages.estimated.stage import indicator_table, run, run_all

__all__ = ["indicator_table", "run", "run_all"]
