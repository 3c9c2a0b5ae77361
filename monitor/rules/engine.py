"""Great Expectations on an open DuckDB connection.

Belongs here: the connection Great Expectations needs, and what it says of each expectation of a table.
Does not belong here: what a verdict means for a response (`outcomes`).

Out of the box every expectation raises on DuckDB: the result is read after its connection went back to the pool, and
DuckDB has dropped it by then. Here a cursor fetches its result when the statement runs, on one connection that the
caller opened and closes.
"""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from monitor.problems import DefinitionError, Problem
from monitor.rules.expectation_types import QUERY
from monitor.rules.suites import Rule
from monitor.storage.lake import quoted

# Releases of Great Expectations that report their use read this when they are imported.
os.environ["GX_ANALYTICS_ENABLED"] = "false"


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations says of one rule."""

    rule: Rule
    passed: bool
    failing_rows: str | None
    """SELECT of the failing rows' keys and columns; None where the table as a whole is judged"""


def verdicts(
    connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule], keys: Sequence[str]
) -> list[Verdict]:
    """Judge the rows of a table (or view) of the connection, in the order of the rules.

    Great Expectations joins rules about single columns into one pass over the table. Raises DefinitionError naming
    each rule that could not be run.
    """
    if not rules:
        return []
    # Outcomes come grouped by kind, not in the order of the rules.
    outcome = _validated(connection, table, _expectations(rules), keys)
    results: dict[int, Any] = {each.expectation_config.meta["number"]: each for each in outcome.results}
    problems = [_not_run(rule, message) for number, rule in enumerate(rules) if (message := _raised(results[number]))]
    if problems:
        raise DefinitionError(problems)
    return [
        Verdict(rule, bool(results[number].success), _failing_rows(rule, table, results[number]))
        for number, rule in enumerate(rules)
    ]


def _validated(connection: duckdb.DuckDBPyConnection, table: str, expectations: list[Any], keys: Sequence[str]) -> Any:
    """What Great Expectations says of a table, all expectations at once, over the caller's own connection."""
    import great_expectations as gx
    from sqlalchemy.pool import StaticPool

    from monitor.rules.buffered import BufferedConnection

    context = in_memory_context()
    held = [connection]
    source = context.data_sources.add_sql(
        "lake",
        connection_string="duckdb:///:memory:",
        kwargs={"poolclass": StaticPool, "creator": lambda: BufferedConnection(held[0])},
    )
    try:
        batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table(table).get_batch()
        suite = gx.ExpectationSuite(name=table, expectations=expectations)
        if len(suite.expectations) != len(expectations):
            loaded = f"{len(suite.expectations)} of {len(expectations)} rules of {table}"
            raise RuntimeError(f"Great Expectations loaded {loaded}")
        return batch.validate(
            suite,
            result_format={
                "result_format": "BOOLEAN_ONLY",
                "return_unexpected_index_query": True,
                "unexpected_index_column_names": list(keys),
            },
        )
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()
        # The context outlives this call in Great Expectations' globals; the connection must not.
        held.clear()


def in_memory_context() -> Any:
    """Great Expectations without files, a site for its documents, progress bars or messages to its makers."""
    import threading

    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from tqdm import tqdm

    # Its bars are off, and yet by default it takes a lock between processes, which a killed process leaves behind.
    tqdm.set_lock(threading.RLock())
    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )


def query_of(rule: Rule, table: str) -> str:
    """A query rule's own SQL with {batch} standing for the table."""
    return str(rule.kwargs["unexpected_rows_query"]).format(batch=quoted(table)).rstrip("; \n")


def _expectations(rules: Sequence[Rule]) -> list[Any]:
    """Each rule as Great Expectations' own object; every rule it refuses is a problem."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    made, problems = [], []
    for number, rule in enumerate(rules):
        try:
            made.append(ExpectationConfiguration(**_configuration(number, rule)).to_domain_obj())
        except Exception as error:  # its own, pydantic's and plain ones alike
            problems.append(_not_run(rule, " ".join(str(error).split())))
    if problems:
        raise DefinitionError(problems)
    return made


def _configuration(number: int, rule: Rule) -> dict[str, Any]:
    kwargs = dict(rule.kwargs)
    if rule.type == QUERY:
        # Great Expectations puts a subquery with an alias of its own where {batch} stands, which no join can name;
        # so {batch} is read once, under a name. One failing row decides; all of them are fetched later, without a
        # detour through Python. A colon before a word would be taken for a parameter.
        inner = str(rule.kwargs["unexpected_rows_query"]).rstrip("; \n")
        inner = re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", inner.replace("{batch}", "batch_rows"))
        kwargs["unexpected_rows_query"] = (
            "WITH batch_rows AS NOT MATERIALIZED (SELECT * FROM {batch})"
            f" SELECT 1 AS failing FROM ({inner}\n) LIMIT 1"
        )
    return {"type": rule.type, "kwargs": kwargs, "severity": rule.severity, "meta": {"number": number}}


def _failing_rows(rule: Rule, table: str, result: Any) -> str | None:
    if rule.type == QUERY:
        return query_of(rule, table)
    if not rule.by_row:
        return None
    return str(result.result["unexpected_index_query"]).rstrip("; \n")


def _raised(result: Any) -> str | None:
    """The message of the exception an expectation ended in, which comes in two shapes."""
    info = result.exception_info or {}
    for each in (info, *info.values()):
        if isinstance(each, dict) and each.get("raised_exception"):
            return str(each.get("exception_message") or "an exception")
    return None


def _not_run(rule: Rule, message: str) -> Problem:
    return Problem(
        "the rule cannot be run", file=rule.file, line=rule.line, rule=rule.name, severity=rule.severity,
        expected="columns and SQL that the table knows", found=message.strip().splitlines()[0],
        do="correct the rule; `requires` names what it reads",
    )  # fmt: skip


@atexit.register
def _let_go() -> None:
    """Free what would outlive the interpreter, which DuckDB would report on stderr as leaked.

    SQLAlchemy's Postgres dialect caches queries by dialect object, and duckdb-engine's own module is never freed once
    Great Expectations is there.
    """
    if base := sys.modules.get("sqlalchemy.dialects.postgresql.base"):
        for method in vars(base.PGDialect).values():
            if hasattr(method, "cache_clear"):
                method.cache_clear()
    if engine := sys.modules.get("duckdb_engine"):
        vars(engine).clear()
