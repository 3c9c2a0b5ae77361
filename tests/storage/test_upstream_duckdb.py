"""What the product leans on in DuckDB: a failure here says that DuckDB changed, not that the product broke."""

from __future__ import annotations

import json
import math

import pytest

from monitor.storage.lake import connect


def tree(sql: str) -> dict:
    with connect() as connection:
        row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [f"SELECT ({sql})"]).fetchone()
    assert row is not None
    return json.loads(row[0])["statements"][0]["node"]["select_list"][0]


def test_json_is_built_in_and_needs_no_download() -> None:
    with connect() as connection:
        mode = connection.execute(
            "SELECT install_mode FROM duckdb_extensions() WHERE extension_name = 'json' AND loaded"
        ).fetchone()
    assert mode == ("STATICALLY_LINKED",)


def test_the_tree_of_an_expression_has_the_shape_the_check_reads() -> None:
    comparison = tree("share > 40")
    assert comparison["class"] == "COMPARISON"
    assert comparison["left"]["column_names"] == ["share"]
    assert comparison["right"]["literal"] == {"kind": "INTEGER", "text": "40"}
    function = tree("len(initiatives)")
    assert (function["class"], function["function_name"]) == ("FUNCTION", "len")
    assert function["arguments"][0]["expression"]["class"] == "COLUMN_REF"
    assert tree("a IN (1, 2)")["type"] == "COMPARE_IN"
    assert tree("try_cast(a AS DOUBLE)")["try_cast"] is True
    assert tree("(SELECT 1)")["class"] == "SUBQUERY"


@pytest.mark.parametrize(("sql", "value"), [("TRY(5 % 0)", None), ("TRY(CAST('x' AS INTEGER))", None), ("TRY(3)", 3)])
def test_try_makes_an_error_of_one_row_a_missing_value(sql: str, value: object) -> None:
    with connect() as connection:
        assert connection.execute(f"SELECT {sql}").fetchone() == (value,)


def test_division_by_zero_is_infinite_and_greater_than_any_cut() -> None:
    """Why the check of expressions asks for nullif."""
    with connect() as connection:
        quotient, above = connection.execute("SELECT 1.0::DOUBLE / 0, 1.0::DOUBLE / 0 > 40").fetchone() or (0, False)
    assert math.isinf(quotient)
    assert above is True


def test_a_column_goes_before_an_alias_of_the_same_name() -> None:
    """A measure may carry the name of its concept without changing the measures after it."""
    with connect() as connection:
        row = connection.execute("SELECT a + 1 AS a, a * 10 AS b FROM (SELECT 5 AS a)").fetchone()
    assert row == (6, 50)
