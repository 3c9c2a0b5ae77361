"""Every response gets one status, and the rows a rule finds are those a plain computation finds, for any answers."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.rules.execution import run_suite
from monitor.rules.expectation_types import QUERY
from monitor.rules.suites import Rule, Suite
from monitor.storage.lake import statement

WHY = {"nl": "Omdat.", "en": "Because."}
STATUSES = ("kept", "quarantined", "duplicate", "not_usable")

WHY = {"nl": "Omdat.", "en": "Because."}

STATUSES = ("kept", "quarantined", "duplicate", "not_usable")


RESPONSES = st.lists(
    st.tuples(
        st.sampled_from([None, "a", "b", "c"]), st.booleans(), st.integers(0, 3),
        st.none() | st.dates(pd.Timestamp("2018-01-01").date(), pd.Timestamp("2018-01-03").date()), st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@pytest.mark.slow
@given(RESPONSES, st.sampled_from(["fail", "most_complete", "latest"]))
@settings(max_examples=60, deadline=None)
def test_every_response_gets_exactly_one_status(responses: list[Any], duplicates: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE responses"
            " (firm VARCHAR, usable BOOLEAN, answered INT, finished_at DATE, response BIGINT, line BIGINT)"
        )
        connection.execute("CREATE TABLE failures (rule VARCHAR, severity VARCHAR, response BIGINT)")
        for number, (firm, usable, answered, finished, fails) in enumerate(responses):
            connection.execute(
                "INSERT INTO responses VALUES (?, ?, ?, ?, ?, ?)", [firm, usable, answered, finished, number, number]
            )
            if fails:
                connection.execute(
                    "INSERT INTO failures VALUES ('r', 'warning', ?), ('s', 'info', ?)", [number, number]
                )
        connection.execute(
            f"CREATE TABLE set_aside AS {statement('validated', 'set_aside')}", {"duplicates": duplicates}
        )
        table = connection.execute(statement("validated", "validated_responses")).df()
    assert sorted(table["response"]) == list(range(len(responses)))
    assert set(table["status"]) <= set(STATUSES)
    status = dict(zip(table["response"], table["status"], strict=True))
    for number, (firm, usable, _, _, fails) in enumerate(responses):
        assert (status[number] == "not_usable") == (not usable)
        if status[number] in ("kept", "quarantined"):
            assert (status[number] == "quarantined") == fails
        rivals = [n for n, (other, ok, *_) in enumerate(responses) if ok and firm is not None and other == firm]
        if usable and duplicates != "fail" and firm is not None:
            holding = [n for n in rivals if status[n] != "duplicate"]
            assert len(holding) == 1
            if duplicates == "most_complete":
                assert responses[holding[0]][2] == max(responses[n][2] for n in rivals)
        elif usable:
            assert status[number] != "duplicate"


@pytest.mark.parametrize(
    ("query", "failing"),
    [
        ("SELECT * FROM {batch} WHERE c LIKE '%\\%%' ESCAPE '\\'", {1}),
        ("SELECT * FROM {batch} WHERE c LIKE '%; c :x%';", {1}),
        ("SELECT * FROM {batch} WHERE c LIKE '% 10:30 %' -- a note :x", {1}),
        ("SELECT * FROM {batch} WHERE c LIKE '%{{k}}%'", {1}),
        ("SELECT * FROM {batch} WHERE regexp_matches(c, '^z{{2}}$')", {2}),
        ("SELECT * FROM {batch} WHERE c[1:2] = 'a%' AND response::VARCHAR = '1'", {1}),
        (
            "WITH last AS (SELECT max(line) AS n FROM {batch}) SELECT t.* FROM {batch} AS t, last WHERE line = n",
            {2},
        ),
        ("SELECT a.* FROM {batch} AS a JOIN {batch} AS b ON a.response = b.response + 1", {2}),
        ("SELECT * FROM {batch} WHERE c IN ('q')", set()),
    ],
)
def test_a_query_may_hold_any_sql(query: str, failing: set[int]) -> None:
    rule = Rule("r", QUERY, {"unexpected_rows_query": query}, "warning", WHY, columns=("c",))
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (firm VARCHAR, response BIGINT, line BIGINT, c VARCHAR)")
        connection.execute("INSERT INTO t VALUES ('f', 1, 2, 'a%b; c :x 10:30 {k}'), ('g', 2, 3, 'zz')")
        outcome = run_suite(connection, Suite("t", ("firm", "response", "line"), (rule,)))
        found = {response for (response,) in connection.execute("SELECT response FROM failures").fetchall()}
    assert (found, list(outcome["passed"])) == (failing, [not failing])


@pytest.mark.slow
@given(st.lists(st.tuples(st.none() | st.integers(-5, 5), st.sampled_from([None, "a", "b", "it's"])), max_size=15))
@settings(max_examples=12, deadline=None)
def test_failing_rows_are_those_a_plain_computation_finds(rows: list[tuple[int | None, str | None]]) -> None:
    def rule(name: str, type: str, **kwargs: Any) -> Rule:
        return Rule(name, type, kwargs, "warning", WHY, columns=("x", "code"))

    rules = (
        rule("range", "expect_column_values_to_be_between", column="x", min_value=-2, max_value=2),
        rule("same_range", "expect_column_values_to_be_between", column="x", min_value=-2, max_value=2),
        rule("codes", "expect_column_values_to_be_in_set", column="code", value_set=["a", "it's"]),
        rule("known", "expect_column_values_to_not_be_null", column="x"),
        rule("once", "expect_column_values_to_be_unique", column="x"),
        rule("query", QUERY, unexpected_rows_query="SELECT * FROM {batch} WHERE x > 2 AND code = 'a'"),
    )  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (firm VARCHAR, response BIGINT, line BIGINT, x BIGINT, code VARCHAR)")
        for number, (x, code) in enumerate(rows):
            connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", [str(number), number, number, x, code])
        outcome = run_suite(connection, Suite("t", ("firm", "response", "line"), rules)).set_index("rule")
        failures = connection.execute("SELECT rule, response FROM failures").fetchall()
    values = [x for x, _ in rows if x is not None]
    expected = {
        "range": {n for n, (x, _) in enumerate(rows) if x is not None and not -2 <= x <= 2},
        "codes": {n for n, (_, code) in enumerate(rows) if code == "b"},
        "known": {n for n, (x, _) in enumerate(rows) if x is None},
        "once": {n for n, (x, _) in enumerate(rows) if x is not None and values.count(x) > 1},
        "query": {n for n, (x, code) in enumerate(rows) if x is not None and x > 2 and code == "a"},
    }
    expected["same_range"] = expected["range"]
    for name, failing in expected.items():
        assert {response for rule_name, response in failures if rule_name == name} == failing
        assert outcome.loc[name, "failed"] == len(failing)
        assert outcome.loc[name, "passed"] == (not failing)
