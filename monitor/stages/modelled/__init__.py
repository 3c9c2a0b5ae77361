"""Models, robustness and claims: of a wave, and of all waves together."""

from monitor.stages.modelled.stage import run, run_all

__all__ = ["run", "run_all"]
