"""Rules and what follows from them: which responses count, which are quarantined, whether the wave goes on.

`questionnaire` derives rules from the definition, `suites` reads those written by hand, `engine` has Great
Expectations judge them, `execution` gathers every failing row, `outcomes` says what follows, `stage` ties it together.
Does not belong here: correcting or imputing an answer.
"""

from monitor.rules.suites import Rule, Suite, load_suite
from monitor.stages.validated.stage import TableOutcome, run, suite_of, validate_table, validate_tables

__all__ = [
    "Rule",
    "Suite",
    "TableOutcome",
    "load_suite",
    "run",
    "suite_of",
    "validate_table",
    "validate_tables",
]
