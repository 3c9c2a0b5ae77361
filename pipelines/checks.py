"""One blocking check for each suite of rules.

Belongs here: turning a suite's outcome into Dagster's. Does not belong here: rules (`expectations/`) and running them
(`monitor.validated`).
"""

import dagster as dg

from monitor.survey import Survey


def build_checks(survey: Survey) -> list[dg.AssetChecksDefinition]:
    """The checks of a survey."""
    return []
