"""What the monitor leans on in Great Expectations, duckdb-engine and SQLAlchemy: a failure here reads "they changed".

Belongs here: behaviour of those packages, by themselves. Does not belong here: the monitor's rules.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from monitor.rules.expectation_types import QUERY, TYPES

os.environ["GX_ANALYTICS_ENABLED"] = "false"

ROOT = Path(__file__).parents[2]
KEYS = ["firm", "response"]


@pytest.fixture
def connection() -> Any:
    with duckdb.connect() as opened:
        opened.execute(
            "CREATE TABLE answers AS SELECT * FROM (VALUES ('a', 1, 10.0, 90.0, 'x', DATE '2018-01-01'),"
            " ('b', 2, 60.0, 60.0, 'y', NULL), ('c', 3, NULL, 5.0, NULL, NULL),"
            " ('c', 4, 30.0, 70.0, 'it''s 5%: {odd}', NULL)) AS t(firm, response, low, high, code, day)"
        )
        yield opened


def validate(connection: duckdb.DuckDBPyConnection, *expectations: dict[str, Any], buffered: bool = True) -> list[Any]:
    """The results of expectations on the table `answers`, in the order given."""
    import great_expectations as gx
    from sqlalchemy.pool import StaticPool

    from monitor.rules.buffered import BufferedConnection
    from monitor.rules.engine import in_memory_context

    context = in_memory_context()
    extra: dict[str, Any] = {"creator": lambda: BufferedConnection(connection)} if buffered else {}
    if not buffered:
        from duckdb_engine import ConnectionWrapper

        extra = {"creator": lambda: ConnectionWrapper(connection)}
    source = context.data_sources.add_sql(
        "lake", connection_string="duckdb:///:memory:", kwargs={"poolclass": StaticPool} | extra
    )
    batch = source.add_table_asset("t", table_name="answers").add_batch_definition_whole_table("t").get_batch()
    suite = gx.ExpectationSuite(
        name="s", expectations=[{**e, "meta": {"number": n}} for n, e in enumerate(expectations)]
    )
    outcome = batch.validate(
        suite,
        result_format={
            "result_format": "BOOLEAN_ONLY",
            "return_unexpected_index_query": True,
            "unexpected_index_column_names": KEYS,
        },
    )
    by_number = {result.expectation_config.meta["number"]: result for result in outcome.results}
    return [by_number[number] for number in sorted(by_number)]


@pytest.mark.slow
def test_without_the_buffered_cursor_every_expectation_raises(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        (result,) = validate(
            connection, {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "low"}}, buffered=False
        )
    except Exception:
        return
    assert "raised_exception': True" in str(result.exception_info), "the buffered cursor may no longer be needed"


FAILING = {
    "expect_column_values_to_not_be_null": ({"column": "low"}, {3}),
    "expect_column_values_to_be_null": ({"column": "day"}, {1}),
    "expect_column_values_to_be_unique": ({"column": "firm"}, {3, 4}),
    "expect_column_values_to_be_in_set": ({"column": "code", "value_set": ["x", "it's 5%: {odd}"]}, {2}),
    "expect_column_values_to_not_be_in_set": ({"column": "code", "value_set": ["it's 5%: {odd}"]}, {4}),
    "expect_column_values_to_be_between": ({"column": "low", "max_value": 40}, {2}),
    "expect_column_value_lengths_to_be_between": ({"column": "code", "max_value": 3}, {4}),
    "expect_column_pair_values_a_to_be_greater_than_b": ({"column_A": "high", "column_B": "low"}, {2}),
    "expect_column_pair_values_to_be_equal": ({"column_A": "high", "column_B": "low"}, {1, 3, 4}),  # missing is unequal
    "expect_multicolumn_sum_to_equal": ({"column_list": ["low", "high"], "sum_total": 100}, {2}),
    "expect_select_column_values_to_be_unique_within_record": ({"column_list": ["low", "high"]}, {2}),
}


@pytest.mark.parametrize("type", FAILING)
def test_the_query_for_failing_rows_finds_exactly_those(type: str, connection: duckdb.DuckDBPyConnection) -> None:
    kwargs, failing = FAILING[type]
    (result,) = validate(connection, {"type": type, "kwargs": kwargs})
    assert not result.success
    query = result.result["unexpected_index_query"].rstrip("; \n")
    assert {row[0] for row in connection.execute(f"SELECT response FROM ({query})").fetchall()} == failing


def test_every_row_type_in_use_is_characterised() -> None:
    assert set(FAILING) | {QUERY} == {name for name, shape in TYPES.items() if shape.by_row}


TABLE_KWARGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "expect_column_to_exist": ({"column": "low"}, {"column": "lower"}),
    "expect_table_columns_to_match_set": (
        {"column_set": ["firm", "low"], "exact_match": False}, {"column_set": ["firm", "lower"], "exact_match": False},
    ),
    "expect_table_row_count_to_be_between": ({"min_value": 4}, {"min_value": 5}),
    "expect_table_row_count_to_equal": ({"value": 4}, {"value": 5}),
    "expect_column_mean_to_be_between": ({"column": "high", "max_value": 60}, {"column": "high", "max_value": 50}),
    "expect_column_median_to_be_between": ({"column": "high", "max_value": 65}, {"column": "high", "max_value": 60}),
    "expect_column_sum_to_be_between": ({"column": "high", "min_value": 225}, {"column": "high", "min_value": 226}),
    "expect_column_min_to_be_between": ({"column": "high", "min_value": 5}, {"column": "high", "min_value": 6}),
    "expect_column_max_to_be_between": ({"column": "high", "max_value": 90}, {"column": "high", "max_value": 89}),
    "expect_column_unique_value_count_to_be_between": (
        {"column": "firm", "min_value": 3}, {"column": "firm", "min_value": 4},
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": (
        {"column": "low", "min_value": 0.75}, {"column": "low", "min_value": 0.8},
    ),
    "expect_column_distinct_values_to_be_in_set": (
        {"column": "firm", "value_set": ["a", "b", "c", "d"]}, {"column": "firm", "value_set": ["a", "b"]},
    ),
    "expect_column_distinct_values_to_contain_set": (
        {"column": "firm", "value_set": ["a"]}, {"column": "firm", "value_set": ["d"]},
    ),
}  # fmt: skip


def test_types_that_judge_a_table_pass_and_fail(connection: duckdb.DuckDBPyConnection) -> None:
    assert set(TABLE_KWARGS) == {name for name, shape in TYPES.items() if not shape.by_row}
    passing = validate(connection, *({"type": t, "kwargs": ok} for t, (ok, _) in TABLE_KWARGS.items()))
    failing = validate(connection, *({"type": t, "kwargs": bad} for t, (_, bad) in TABLE_KWARGS.items()))
    assert [result.success for result in passing] == [True] * len(TABLE_KWARGS)
    assert [result.success for result in failing] == [False] * len(TABLE_KWARGS)


def test_the_written_types_and_keyword_arguments_are_the_installed_ones() -> None:
    from great_expectations.expectations.registry import get_expectation_impl

    for name, shape in TYPES.items():
        fields = get_expectation_impl(name).__fields__
        assert set(shape.needs + shape.takes) <= set(fields), name
        required = {field for field, spec in fields.items() if spec.required}
        assert required <= set(shape.needs), f"{name} needs {required}"


def test_a_query_is_judged_with_its_join_casts_and_texts(connection: duckdb.DuckDBPyConnection) -> None:
    query = (
        "WITH batch_rows AS NOT MATERIALIZED (SELECT * FROM {batch}) SELECT 1 AS failing FROM ("
        "SELECT a.* FROM batch_rows AS a JOIN batch_rows AS b USING (response)"
        " WHERE a.low::INTEGER > 50 AND a.code <> 'x\\:y') LIMIT 1"
    )
    (found,) = validate(connection, {"type": QUERY, "kwargs": {"unexpected_rows_query": query}})
    (none,) = validate(connection, {"type": QUERY, "kwargs": {"unexpected_rows_query": query.replace("> 50", "> 60")}})
    assert (found.success, none.success) == (False, True)


def test_regular_expressions_are_refused_for_this_dialect(connection: duckdb.DuckDBPyConnection) -> None:
    (result,) = validate(
        connection, {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "firm", "regex": "^a$"}}
    )
    assert "raised_exception" in str(result.exception_info)
    assert result.success is False
    assert "expect_column_values_to_match_regex" not in TYPES


def test_uniqueness_over_columns_gives_a_cross_join_for_its_failing_rows(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO answers (firm, response, day) VALUES ('a', 5, '2018-01-01')")
    (result,) = validate(
        connection, {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["firm", "day"]}}
    )
    assert not result.success
    assert "FROM answers, (SELECT" in result.result["unexpected_index_query"], "it may now be fit for use"
    assert "expect_compound_columns_to_be_unique" not in TYPES


def test_an_unknown_type_is_dropped_without_a_word() -> None:
    import great_expectations as gx

    try:
        suite = gx.ExpectationSuite(name="s", expectations=[{"type": "expect_the_unexpected", "kwargs": {}}])
    except Exception:
        return
    assert len(suite.expectations) == 0


def test_results_come_in_another_order_than_declared(connection: duckdb.DuckDBPyConnection) -> None:
    """Which is why a rule's number travels in `meta`: matching by place would give one rule another's outcome."""
    expectations = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "low", "max_value": 40}},
        {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "high", "max_value": 60}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "low"}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "low", "max_value": 400}},
    ]
    assert [result.success for result in validate(connection, *expectations)] == [False, True, False, True]


@pytest.mark.slow
def test_nothing_is_sent_printed_or_left_behind(tmp_path: Path) -> None:
    """In a process of its own: no telemetry client, no progress bar, no temporary site, no leak report at the end."""
    code = f"""
import socket, sys
def refuse(*arguments):
    raise OSError("no network here")
socket.socket.connect = socket.getaddrinfo = refuse
sys.path.insert(0, {str(ROOT)!r})
import duckdb
from monitor.rules.engine import verdicts
from monitor.rules.suites import Rule
with duckdb.connect() as connection:
    connection.execute("CREATE TABLE t AS SELECT 1 AS firm, 2 AS x")
    most_one = {{"column": "x", "max_value": 1}}
    rule = Rule("r", "expect_column_values_to_be_between", most_one, "info", {{}}, columns=("x",))
    (verdict,) = verdicts(connection, "t", [rule], ["firm"])
assert not verdict.passed
assert "posthog" not in sys.modules
"""
    environment = {k: v for k, v in os.environ.items() if k != "GX_ANALYTICS_ENABLED"} | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
