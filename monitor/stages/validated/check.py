"""Whether a survey's rules can be run, before anything is run and without Great Expectations.

Belongs here: what a rule's SQL and columns refer to. Does not belong here: the shape of a rule file (`suites`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import duckdb

from monitor.problems import DefinitionError, Problem
from monitor.rules.engine import query_of
from monitor.rules.expectation_types import QUERY, columns_of
from monitor.rules.suites import RESPONSE_KEYS, Rule
from monitor.stages.validated.query import among_query
from monitor.stages.validated.questionnaire import ANSWERS, INVALID
from monitor.stages.validated.register import TABLES as REGISTER
from monitor.stages.validated.stage import suite_of
from monitor.stages.validated.workspace import VIEWS
from monitor.storage.lake import columns_in, connect, quoted, statement
from monitor.survey import Concept, Survey, canonical_concepts
from monitor.survey.expressions import DUCKDB_TYPES
from monitor.survey.skips import COLUMNS as SKIP_COLUMNS
from monitor.survey.yaml_lines import closest

WAVE_TABLES = (ANSWERS, "staged_frame", "staged_grants", "validated_responses", "validated_rules")
"""The suites that judge a wave before it is analysed"""
OUTSIDE = re.compile(r"\b(getenv|current_setting|duckdb_\w+|query|query_table)\s*\(|information_schema", re.IGNORECASE)
"""What reaches beyond the tables of the wave and is no file; files are refused by the connection itself"""


def rule_problems(survey: Survey) -> list[Problem]:
    """Everything wrong with the rules of a survey, for every wave, each with file and line.

    Beside what reading a rule file finds: a query that is not one SELECT, reads files or an unknown column; a rule
    that reads a concept or view which it does not require (it would fail in a wave that did not ask it).
    """
    found: list[Problem] = []
    concepts = {**canonical_concepts(), **survey.concepts}
    with connect() as connection:
        _lay_out(connection, concepts)
        seen: set[tuple[str | None, int | None, str]] = set()
        for wave in survey.waves.values():
            for table in WAVE_TABLES:
                try:
                    suite = suite_of(survey, wave, table)
                except DefinitionError as error:
                    found += [problem for problem in error.problems if problem not in found]
                    continue
                for rule in suite.rules:
                    if (place := (rule.file, rule.line, rule.name)) not in seen:
                        seen.add(place)
                        found += _of_rule(connection, rule, rule.table or suite.table, concepts)
    return found


def _of_rule(
    connection: duckdb.DuckDBPyConnection, rule: Rule, table: str, concepts: Mapping[str, Concept]
) -> Iterator[Problem]:
    there = columns_in(connection, quoted(table))
    for name in rule.requires:
        if name not in concepts and name not in VIEWS and name not in there:
            yield _wrong(rule, "requires what no survey has", "a concept, or one of " + ", ".join(VIEWS), name,
                         closest(name, [*concepts, *VIEWS]) or "take it out of `requires`")  # fmt: skip
    if rule.type == QUERY:
        text = str(rule.kwargs["unexpected_rows_query"])
        reads = _words(text) & ({*concepts} - {"firm"} if table == ANSWERS else set())
        # `wave`, `missing` and `responses` are there in every wave; the first two are also plain words.
        reads |= _words(text) & {*VIEWS} - {"wave", "missing"}
        shown = _columns_shown(connection, rule, table, text)
        if isinstance(shown, Problem):
            yield shown
            return
        keys = ("response",) if table == ANSWERS else ("firm",) if table == "staged_frame" else ()
        if rule.by_row and (lacking := [key for key in keys if key not in shown]):
            yield _wrong(rule, "does not say which response fails", f"{lacking[0]} in its result", ", ".join(shown),
                         "SELECT * FROM {batch}, or declare `grain: table`")  # fmt: skip
        if lacking := [column for column in rule.columns if column not in shown]:
            yield _wrong(rule, "shows columns its query does not give", ", ".join(shown[:12]), ", ".join(lacking),
                         "correct `columns`")  # fmt: skip
    else:
        reads = set(columns_of(rule.type, rule.kwargs)) - {*RESPONSE_KEYS}
        unknown = [name for name in reads if name not in there]
        for name in unknown if rule.type != "expect_column_to_exist" else ():
            yield _wrong(rule, "judges an unknown column", f"a column of {table}", name, closest(name, there))
        reads = reads - set(unknown) if table == ANSWERS else set()
    if silent := sorted(reads - set(rule.requires)):
        yield _wrong(rule, "reads what it does not require", "every concept and view it reads in `requires`",
                     ", ".join(silent), "add them: a wave without them then leaves the rule out")  # fmt: skip


def _columns_shown(connection: duckdb.DuckDBPyConnection, rule: Rule, table: str, text: str) -> list[str] | Problem:
    """The columns that a rule's query gives; the problem where it cannot be run on the tables of its wave."""
    query = query_of(rule, table)
    try:
        if OUTSIDE.search(text) or not _one_select(connection, query):
            raise duckdb.PermissionException
        shown = list(columns_in(connection, query))
        connection.execute(f"DESCRIBE {among_query(table, rule.among)}")
    except duckdb.PermissionException:
        return _wrong(rule, "may only read the tables of its wave", "one SELECT from {batch}", query[:120],
                      "judge the answers by what the wave itself holds")  # fmt: skip
    except duckdb.Error as error:
        return _wrong(rule, "has SQL that cannot be run", "columns and functions that DuckDB knows",
                      str(error).splitlines()[0], "correct the query")  # fmt: skip
    return shown


def _wrong(rule: Rule, what: str, expected: str, found: str, do: str | None) -> Problem:
    return Problem(f"rule {rule.name!r} {what}", file=rule.file, line=rule.line, rule=rule.name,
                   expected=expected, found=found, do=do)  # fmt: skip


def _lay_out(connection: duckdb.DuckDBPyConnection, concepts: Mapping[str, Concept]) -> None:
    """Empty tables of the shapes that rules see."""
    plain = [c for c in concepts.values() if c.type != "text" and not c.direct_identifier and c.name != "firm"]
    typed = ", ".join(f"{quoted(c.name)} {DUCKDB_TYPES[c.type]}" for c in plain)
    keys = "firm VARCHAR, response BIGINT, line BIGINT"
    kinds = f"{keys}, concept VARCHAR, kind VARCHAR, text VARCHAR"
    outcomes = "suite VARCHAR, rule VARCHAR, severity VARCHAR, checked BIGINT, failed BIGINT, passed BOOLEAN"
    for table, columns in {
        ANSWERS: f"{keys}, {typed}",
        "last_wave": f"{keys}, {typed}",
        "staged_frame": f"firm VARCHAR, {typed}, invited BOOLEAN, disposition VARCHAR",
        "staged_grants": "programme VARCHAR, file VARCHAR, line BIGINT, firm VARCHAR, round_name VARCHAR,"
        " round_budget_eur DOUBLE, ceiling_eur DOUBLE, amount_eur DOUBLE, consortium VARCHAR, began DATE,"
        " ended DATE, status VARCHAR, in_frame BOOLEAN",
        "frame": f"firm VARCHAR, {typed}, invited BOOLEAN, disposition VARCHAR",
        "missing": kinds,
        INVALID: kinds,
        "wave": "wave VARCHAR, reference_year INTEGER",
        "responses": f"{keys}, usable BOOLEAN, answered INTEGER, asked INTEGER, yes_no_answered INTEGER,"
        " yes_no_true INTEGER, finished_at DATE",
        "validated_responses": f"{keys}, status VARCHAR, rules VARCHAR",
        "validated_rules": outcomes,
        "last_rules": outcomes,
        "skips": SKIP_COLUMNS,
        "identifiers": "held_in VARCHAR, shape VARCHAR, in_form BOOLEAN, records BIGINT, first_line BIGINT",
        **REGISTER,
        "left_out": "held_in VARCHAR, row_number BIGINT, line BIGINT, reason VARCHAR",
    }.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
    for amounts in ("amounts", "last_amounts"):
        connection.execute(f"CREATE TABLE {amounts} ({keys}, employees DOUBLE, turnover_eur DOUBLE)")
    connection.execute("CREATE TABLE set_aside (response BIGINT)")
    connection.execute("CREATE TABLE both_asked (concept VARCHAR)")
    connection.execute("CREATE VIEW last_missing AS SELECT * FROM missing")
    for view in ("growth", "item_response", "failure_trend"):
        connection.execute(f"CREATE VIEW {view} AS {statement('validated', view)}")
    connection.execute("SET enable_external_access = false")


def _one_select(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    try:
        statements = connection.extract_statements(query)
    except duckdb.Error:
        return True  # what does not parse is reported with DuckDB's own words
    return len(statements) == 1 and statements[0].type == duckdb.StatementType.SELECT


def _words(sql: str) -> set[str]:
    """The names in a query, its texts left out."""
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", re.sub(r"'(?:[^']|'')*'", " ", sql)))
