"""What follows from the rules: a status for every response, a stop for the wave, a message for the person.

Belongs here: the shape of the outcome tables and the problems made from them. Does not belong here: running rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import pandas as pd

from monitor.problems import Problem
from monitor.rules.execution import FAILURES, RULE_COLUMNS
from monitor.rules.expectation_types import expected
from monitor.rules.suites import Rule, Suite
from monitor.stages.validated.query import failing_query
from monitor.storage.lake import Lake, columns_in, statement
from monitor.survey import Wave
from monitor.wording.sentences import in_each

SHOWN_PER_RULE = 20
"""Failing responses a message names one by one; the rest are counted, and stand in `validated_failures`"""

IN_OTHER_FILES = frozenset({"staged_grants"})
"""Suites whose rows did not come with the answers; their rules show the file of a row"""

SET_ASIDE = ("substantially_completed", "one_response_per_firm")
"""Rules by which a response is set aside before the others run"""


def add_set_aside(connection: duckdb.DuckDBPyConnection, suite: str, wave: Wave) -> pd.DataFrame:
    """Evidence and outcome rows for the responses that were set aside before the rules ran."""
    connection.execute(
        f"INSERT INTO {FAILURES} {statement('validated', 'set_aside_failures')}",
        {"suite": suite, "usable": wave.usable},
    )
    (responses,) = connection.execute("SELECT count(*) FROM responses").fetchone() or (0,)
    counts = dict(connection.execute(statement("validated", "set_aside_counts")).fetchall())
    rows = [
        (suite, rule, "info", *in_each("questionnaire", f"set_aside_{rule}").values(), responses,
         counts.get(rule, 0), counts.get(rule, 0), counts.get(rule, 0) == 0, None)
        for rule in SET_ASIDE if rule == "substantially_completed" or wave.duplicates != "fail"
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(RULE_COLUMNS)).astype(RULE_COLUMNS)


def with_kept_out(connection: duckdb.DuckDBPyConnection, rules: pd.DataFrame) -> pd.DataFrame:
    """The rules with how many responses each keeps out of the analysis (alone or together with others)."""
    counts = connection.execute(statement("validated", "kept_out")).df()
    merged = rules.merge(counts, on=["suite", "rule"], how="left")
    return rules.assign(kept_out=merged["responses"].fillna(rules["kept_out"]).astype("int64").to_numpy())


def problems(
    connection: duckdb.DuckDBPyConnection,
    suites: Mapping[str, Suite],
    severities: tuple[str, ...],
    wave: Wave | None = None,
    delivery: str | None = None,
) -> list[Problem]:
    """One problem for each row that failed a rule of these severities; after the first 20 of a rule, their number."""
    found: list[Problem] = []
    for suite in suites.values():
        for rule in suite.rules:
            if rule.severity in severities:
                came_in = None if suite.table in IN_OTHER_FILES else delivery
                found.extend(_of_rule(connection, suite, rule, wave, came_in))
    return found


def _of_rule(
    connection: duckdb.DuckDBPyConnection, suite: Suite, rule: Rule, wave: Wave | None, delivery: str | None
) -> Iterator[Problem]:
    of_rule = {"suite": suite.table, "rule": rule.name}
    (count,) = connection.execute(statement("validated", "failing_rows"), of_rule).fetchone() or (0,)
    if not count:
        return
    keys = [name for name in columns_in(connection, FAILURES) if name in suite.keys]
    failing = connection.execute(failing_query(keys, SHOWN_PER_RULE), of_rule).df()
    for row in failing.to_dict("records"):
        others = {key: row[key] for key in keys if key not in ("firm", "response", "line") and pd.notna(row[key])}
        value = row["value"] if isinstance(row["value"], str) else "nothing"
        yield Problem(
            what=rule.why["en"],
            file=delivery,
            line=int(row["line"]) if "line" in row and pd.notna(row["line"]) else None,
            firm=row.get("firm") if isinstance(row.get("firm"), str) else None,
            column=_with_source(row["columns"], wave) or None,
            rule=rule.name,
            severity=rule.severity,
            expected=expected(rule.type, rule.kwargs),
            found="; ".join([*(f"{key}={key_value}" for key, key_value in others.items()), value]),
            do=_advice(suite.table, rule),
        )
    if count > SHOWN_PER_RULE:
        yield Problem(
            what=f"and {count - SHOWN_PER_RULE} more fail this rule", file=delivery, rule=rule.name,
            severity=rule.severity, do="see validated_failures in the lake for all of them",
        )  # fmt: skip


def _with_source(columns: str | None, wave: Wave | None) -> str:
    """The concepts with the delivery's own column names, where a question has few enough to name."""
    named = []
    for concept in (columns or "").split(", "):
        question = wave.questions.get(concept) if wave else None
        sources = list(question.columns) if question else []
        named.append(f"{concept} ({', '.join(sources)})" if 1 <= len(sources) <= 3 else concept)
    return ", ".join(named)


def _advice(suite: str, rule: Rule) -> str:
    if not rule.by_row:
        return "look at the delivery and the wave's definition before running again"
    place = f" ({rule.file}:{rule.line})" if rule.file and rule.line else ""
    if suite in IN_OTHER_FILES:
        return f"correct the file and deliver it again, or give the rule another severity in rules.yaml{place}"
    return f"correct the answer in corrections.csv, or give the rule another severity in rules.yaml{place}"


def delivery_name(lake: Lake, wave: str) -> str | None:
    """The file the wave's answers came from."""
    if not lake.has("raw_deliveries", wave):
        return None
    files = lake.read("raw_deliveries", wave)
    answers = files[(files["role"] == "answers") & files["current"].astype(bool)]
    return str(answers["file"].iloc[0]) if len(answers) else None
