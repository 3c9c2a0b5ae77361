"""The stage `validated`: rules over a wave's staged answers, and over the tables of later stages.

Belongs here: what is read, run and written, in which order. Does not belong here: rules (`expectations/`,
`questionnaire`), running them (`execution`), their meaning (`outcomes`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd

from monitor.contract.outcomes import counted
from monitor.problems import Problem, WaveStopped
from monitor.rules.execution import create_failures, run_suite
from monitor.rules.suites import RESPONSE_KEYS, Suite, combined, load_suite, suite_file, survey_rules
from monitor.stages.validated import outcomes, questionnaire, workspace
from monitor.stages.validated.query import thresholds_query
from monitor.storage.lake import Lake, columns_in, quoted, statement
from monitor.survey import Survey, Wave

logger = logging.getLogger("monitor")


@dataclass(frozen=True)
class TableOutcome:
    """How the suite of one table came out."""

    table: str
    wave: str
    rules: pd.DataFrame
    """suite, rule, severity, why_nl, why_en, checked, failed, kept_out, passed, left_out"""
    problems: tuple[Problem, ...]
    """A problem for each failing row, critical rules first; at most 20 for a rule"""

    @property
    def stopped(self) -> bool:
        """Whether a critical rule failed."""
        return any(problem.severity == "critical" for problem in self.problems)

    @property
    def failed(self) -> int:
        """How many rules failed, of any severity."""
        return int((self.rules["passed"] == False).sum())  # noqa: E712 (a missing outcome is not a failure)


@cache
def _shared(path: Path, changed: int) -> Suite:
    """A rule file of `expectations/`, read again only once it changed."""
    return load_suite(path)


def suite_of(survey: Survey, wave: Wave | None, table: str) -> Suite:
    """Every rule of a table: the questionnaire's (for staged_answers), those of all surveys, the survey's own."""
    path = suite_file(table)
    declared = _shared(path, path.stat().st_mtime_ns) if path.exists() else Suite(table, RESPONSE_KEYS, ())
    asked = table == questionnaire.ANSWERS
    generated = questionnaire.rules(survey, wave) if asked and wave else ()
    elsewhere = [rule.name for other in survey.waves.values() for rule in questionnaire.rules(survey, other) if asked]
    own = survey_rules(survey.folder, combined(generated, declared, ()), elsewhere)
    return combined(generated, declared, own)


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Judge a wave's staged answers; write validated_rules, _failures, _responses and _fieldwork.

    Nothing is lost: kept + quarantined + duplicate + not_usable = responses. Rules judge the usable responses, one
    for each firm. Returns counts for the run's metadata. Raises WaveStopped, after the tables are written, with a
    problem for each response that failed a critical rule; DefinitionError where a rule cannot be run.
    """
    with lake.open(wave.name) as connection:
        suites, outcome = _judged(connection, lake, survey, wave)
        lake.write("validated_rules", wave.name, outcome)
        failures = statement("validated", "validated_failures")
        lake.write_query(connection, "validated_failures", wave.name, failures)
        lake.write_query(connection, "validated_responses", wave.name, "SELECT * FROM validated_responses")
        if "staged_frame" not in suites:
            connection.execute("CREATE TABLE frame (firm VARCHAR, invited BOOLEAN, disposition VARCHAR)")
        fieldwork = statement("validated", "validated_fieldwork")
        lake.write_query(connection, "validated_fieldwork", wave.name, fieldwork, {"invited": wave.invited})
        stops = outcomes.problems(connection, suites, ("critical",), wave, outcomes.delivery_name(lake, wave.name))
        counts = dict(connection.execute(statement("validated", "status_counts")).fetchall())
    held = counted(outcome["passed"])
    metadata: dict[str, object] = {
        "responses": sum(counts.values()),
        **{status: counts.get(status, 0) for status in ("kept", "quarantined", "duplicate", "not_usable")},
        "rules": held["count"],
        "rules_failed": held["failed"],
        "rules_left_out": held["unchecked"],
    }
    # The rules of later tables are run by the stages that write them: the count of all is told where all are there.
    told = {name: count for name, count in metadata.items() if not name.startswith("rules")}
    logger.info("validated %s: %s; rules on the answers: %s", wave.name, _listed(told), _listed(held))
    if stops:
        raise WaveStopped(stops)
    return metadata


def _judged(
    connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave
) -> tuple[dict[str, Suite], pd.DataFrame]:
    """The suites that judge a wave and the outcome of each rule; `validated_responses` is made on the way."""
    available = workspace.prepare(connection, lake, survey, wave)
    create_failures(connection, RESPONSE_KEYS)
    suites = {questionnaire.ANSWERS: suite_of(survey, wave, questionnaire.ANSWERS)}
    rules = [
        outcomes.add_set_aside(connection, questionnaire.ANSWERS, wave),
        run_suite(connection, suites[questionnaire.ANSWERS], sorted(available)),
    ]
    if lake.has("staged_frame", wave.name):
        connection.execute(f"CREATE VIEW staged_frame AS SELECT * FROM {lake.scan('staged_frame', wave.name)}")
        suites["staged_frame"] = suite_of(survey, wave, "staged_frame")
        rules.append(run_suite(connection, suites["staged_frame"]))
    if wave.grants:
        connection.execute(f"CREATE VIEW staged_grants AS SELECT * FROM {lake.scan('staged_grants', wave.name)}")
        suites["staged_grants"] = suite_of(survey, wave, "staged_grants")
        rules.append(run_suite(connection, suites["staged_grants"]))
    connection.execute(f"CREATE TABLE validated_responses AS {statement('validated', 'validated_responses')}")
    suites["validated_responses"] = suite_of(survey, wave, "validated_responses")
    rules.append(run_suite(connection, suites["validated_responses"]))
    suites["validated_rules"] = suite_of(survey, wave, "validated_rules")
    rules.append(_trend(connection, lake, survey, wave, pd.concat(rules, ignore_index=True), suites["validated_rules"]))
    return suites, outcomes.with_kept_out(connection, pd.concat(rules, ignore_index=True))


def validate_table(lake: Lake, survey: Survey, wave: str, table: str) -> TableOutcome:
    """Run the suite of a later stage's table and write its outcome as `validated_rules_<table>`.

    wave: a wave of the survey, or `all` for a table that spans waves. A rule may require columns of the table, other
    tables of the lake, and `thresholds` (the survey's minimum_firms, minimum_df, minimum_events). Raises
    DefinitionError where the rule file is wrong or a rule cannot be run; a critical failure is in the outcome, for the
    caller to stop on.
    """
    declared = survey.waves.get(wave)
    suite = suite_of(survey, declared, table)
    with lake.open(wave, table) as connection:
        available = set(columns_in(connection, quoted(table)))
        for name in {name for rule in suite.rules for name in rule.requires} - available:
            if lake.has(name, wave):
                connection.execute(f"CREATE VIEW {quoted(name)} AS SELECT * FROM {lake.scan(name, wave)}")
                available.add(name)
        connection.execute(f"CREATE TABLE thresholds AS {thresholds_query(survey.disclosure)}")
        available.add("thresholds")
        rules = run_suite(connection, suite, sorted(available))
        found = outcomes.problems(connection, {table: suite}, ("critical",), declared)
        found += outcomes.problems(connection, {table: suite}, ("warning", "info"), declared)
    lake.write(f"validated_rules_{table}", wave, rules)
    return TableOutcome(table, wave, rules, tuple(found))


def validate_tables(lake: Lake, survey: Survey, wave: str, tables: Sequence[str]) -> list[TableOutcome]:
    """`validate_table` for each of the tables."""
    return [validate_table(lake, survey, wave, table) for table in tables]


def _trend(
    connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave, rules: pd.DataFrame, suite: Suite
) -> pd.DataFrame:
    """How often each rule fails, held against the last wave that was validated."""
    connection.register("outcomes_now", rules)
    connection.execute("CREATE TABLE validated_rules AS SELECT * FROM outcomes_now")
    available = ["rule"]
    before = workspace.last_wave(lake, survey, wave)
    if before is not None and lake.has("validated_rules", before):
        connection.execute(f"CREATE VIEW last_rules AS SELECT * FROM {lake.scan('validated_rules', before)}")
        connection.execute(f"CREATE VIEW failure_trend AS {statement('validated', 'failure_trend')}")
        available.append("failure_trend")
    return run_suite(connection, suite, available)


def _listed(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
