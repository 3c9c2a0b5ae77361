"""One blocking check for each suite of rules over a later stage's table.

Belongs here: turning a suite's outcome into Dagster's. Does not belong here: rules (`expectations/`), running them
(`monitor.validated`), the suites over the answers (the stage `validated` runs those and reports them itself).
"""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from pipelines.assets import ANSWER_SUITES, check_result
from pipelines.resources import SurveyHome

EXPECTATIONS = Path(__file__).resolve().parent.parent / "expectations"


def suites() -> Sequence[str]:
    """The tables that have a suite, those of the answers left out."""
    return sorted(path.stem for path in EXPECTATIONS.glob("*.yaml") if path.stem not in ANSWER_SUITES)


def build_checks() -> list[dg.AssetChecksDefinition]:
    """A blocking check for each suite; what is downstream of its table waits for it."""
    return [_check(table) for table in suites()]


def _check(table: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=table, name=table, blocking=True)
    def check(context: dg.AssetCheckExecutionContext, monitor: SurveyHome) -> dg.AssetCheckResult:
        from monitor.validated import validate_table

        # Partitions of checks are a preview in Dagster; the run knows its wave.
        wave = context.run.tags.get("dagster/partition", "all")
        outcome = validate_table(monitor.lake(), monitor.survey(), wave, table)
        critical = [problem for problem in outcome.problems if problem.severity == "critical"]
        return check_result(table, wave, outcome.rules, critical)

    return check
