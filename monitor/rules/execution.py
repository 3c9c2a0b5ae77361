"""A suite run over a connection: an outcome per rule and every failing row as evidence.

Belongs here: which rules can be run, how many rows they judged, and the rows that failed. Does not belong here: what
follows for a response or a wave (`outcomes`).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd

from monitor.rules.engine import Verdict, verdicts
from monitor.rules.expectation_types import QUERY, columns_of
from monitor.rules.suites import Rule, Suite
from monitor.storage.lake import columns_in, literal, quoted

FAILURES = "failures"
SHOWN_OF_A_TABLE = 20
"""Rows shown where a rule judges a table as a whole"""

ABSENT = {
    "frame": "the wave has no frame",
    "last_wave": "no earlier wave",
    "growth": "no earlier wave with staff or turnover",
    "item_response": "no earlier wave",
    "failure_trend": "no earlier wave was validated",
}
"""Views that a wave may be without -> why"""

RULE_COLUMNS = {
    **dict.fromkeys(("suite", "rule", "severity", "why_nl", "why_en"), "string"),
    **dict.fromkeys(("checked", "failed", "kept_out"), "int64"),
    "passed": "boolean",
    "left_out": "string",
}


def run_suite(
    connection: duckdb.DuckDBPyConnection, suite: Suite, available: Sequence[str] | None = None
) -> pd.DataFrame:
    """Run a suite and append its failing rows to the connection's table `failures`.

    available: concepts and views that the rules may require; None takes every column of the suite's table and every
    table of the connection. A rule that requires another is left out: `passed` is missing and `left_out` says why.

    Returns a frame with one row for each rule in the suite's order: suite, rule, severity, why_nl, why_en, checked
    (rows that could be judged), failed, kept_out (0 here), passed, left_out. The table `failures` holds suite, rule,
    severity, the suite's keys, columns, value: one row for each row that failed a rule.
    """
    create_failures(connection, suite.keys)
    has = set(available) if available is not None else _names(connection, suite.table)
    runnable: dict[str, list[Rule]] = {}
    left_out: dict[str, str] = {}
    for rule in suite.rules:
        lacking = [name for name in rule.requires if name not in has]
        if lacking:
            left_out[rule.name] = _reason(lacking)
        else:
            runnable.setdefault(rule.table or suite.table, []).append(rule)
    outcomes: dict[str, tuple[int, int, bool]] = {}
    for table, rules in runnable.items():
        checked = _checked(connection, table, rules)
        for verdict in verdicts(connection, table, rules, _evidence(connection, table, rules, suite.keys)):
            name = verdict.rule.name
            failed = 0 if verdict.passed else _write_failures(connection, suite, verdict)
            among = checked[name] + (failed if verdict.rule.answered_in else 0)
            outcomes[name] = (max(among, failed), failed, verdict.passed)
    rows = []
    for rule in suite.rules:
        checked_rows, failed, passed = outcomes.get(rule.name, (0, 0, None))
        rows.append((suite.table, rule.name, rule.severity, rule.why["nl"], rule.why["en"], checked_rows, failed, 0,
                     passed, left_out.get(rule.name)))  # fmt: skip
    return pd.DataFrame(rows, columns=list(RULE_COLUMNS)).astype(RULE_COLUMNS)


def _reason(lacking: Sequence[str]) -> str:
    """Why a rule was left out, in words."""
    reasons = [ABSENT[name] for name in lacking if name in ABSENT]
    names = [name for name in lacking if name not in ABSENT]
    return "; ".join([*(["not there: " + ", ".join(names)] if names else []), *dict.fromkeys(reasons)])


def create_failures(connection: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> None:
    """The table that failing rows are appended to, where it is not there yet."""
    key_columns = ", ".join(f"{quoted(key)} {_key_type(key)}" for key in keys)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {FAILURES} (suite VARCHAR, rule VARCHAR, severity VARCHAR, {key_columns},"
        " columns VARCHAR, value VARCHAR)"
    )


def _key_type(key: str) -> str:
    return "BIGINT" if key in ("response", "line", "imputation") else "VARCHAR"


def _names(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    tables = {name for (name,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall()}
    return tables | set(columns_in(connection, quoted(table)))


def _evidence(
    connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule], keys: Sequence[str]
) -> list[str]:
    """What the query for failing rows must hold beside the columns judged: the keys, and what else is to be shown."""
    there = set(columns_in(connection, quoted(table)))
    shown = [
        c for rule in rules if rule.type != QUERY for c in rule.columns if c not in columns_of(rule.type, rule.kwargs)
    ]
    return [name for name in dict.fromkeys([*keys, *shown]) if name in there]


def _checked(connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]) -> dict[str, int]:
    """How many rows each rule can judge, in one pass over each table it concerns."""
    there: dict[str, set[str]] = {}
    wanted: dict[str, list[tuple[str, str]]] = {}
    for rule in rules:
        where, columns = (rule.answered_in[0], [rule.answered_in[1]]) if rule.answered_in else (table, rule.columns)
        if where not in there:
            there[where] = set(columns_in(connection, quoted(where)))
        wanted.setdefault(where, []).append((rule.name, _answered(rule, [c for c in columns if c in there[where]])))
    counts: dict[str, int] = {}
    for where, columns_of_rules in wanted.items():
        select = ", ".join(count for _, count in columns_of_rules)
        row = connection.execute(f"SELECT {select} FROM {quoted(where)}").fetchone() or ()
        counts |= {name: int(count) for (name, _), count in zip(columns_of_rules, row, strict=True)}
    return counts


def _answered(rule: Rule, columns: Sequence[str]) -> str:
    if rule.among:
        return f"count(*) FILTER (WHERE {rule.among})"
    if rule.judges_missing or not rule.by_row or not columns:
        return "count(*)"
    return "count(*) FILTER (WHERE " + " AND ".join(f"{quoted(column)} IS NOT NULL" for column in columns) + ")"


def _write_failures(connection: duckdb.DuckDBPyConnection, suite: Suite, verdict: Verdict) -> int:
    """Append the rows that failed a rule; returns how many."""
    rule = verdict.rule
    label = [literal(suite.table), literal(rule.name), literal(rule.severity)]
    source = verdict.failing_rows
    if source is None:
        connection.execute(f"INSERT INTO {FAILURES} (suite, rule, severity, columns) VALUES ({', '.join(label)}, ?)",
                           [", ".join(rule.columns)])  # fmt: skip
        return 1
    rows = f"({source}\n)"  # the line ends a comment that the query may end in
    there = list(columns_in(connection, f"SELECT * FROM {rows}"))
    keys = [quoted(key) for key in suite.keys if key in there]
    shown = [column for column in rule.columns if column in there]
    if not shown:
        value = "NULL"
    elif len(shown) == 1:
        value = f"CAST({quoted(shown[0])} AS VARCHAR)"
    else:
        pairs = [f"{literal(c + '=')} || coalesce(CAST({quoted(c)} AS VARCHAR), '')" for c in shown]
        value = f"concat_ws('; ', {', '.join(pairs)})"
    columns = rule.answered_in[1] if rule.answered_in else ", ".join(rule.columns)
    limit = "" if rule.by_row else f" LIMIT {SHOWN_OF_A_TABLE}"
    count = connection.execute(
        f"INSERT INTO {FAILURES} ({', '.join(['suite', 'rule', 'severity', *keys, 'columns', 'value'])})"
        f" SELECT {', '.join([*label, *keys, literal(columns), value])} FROM {rows}{limit}"
    ).fetchone()
    return int(count[0]) if count else 0
