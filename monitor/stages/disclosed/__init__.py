"""`disclosed`: the one door to anything public. What passes it may be printed; what does not, nobody sees."""

from monitor.stages.disclosed.stage import (
    asked_lines,
    disclose,
    history,
    run_all,
    withhold_lines,
    without_few_routed,
)

__all__ = ["asked_lines", "disclose", "history", "run_all", "withhold_lines", "without_few_routed"]
