"""The expectation types a rule may use, with their keyword arguments.

Belongs here: what Great Expectations understands, written down so that a rule file is checked without importing it
(that takes three seconds) and because it drops a type it does not know without a word. A test holds this table
equal to the installed release. Does not belong here: rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

QUERY = "unexpected_rows_expectation"


@dataclass(frozen=True)
class ExpectationType:
    """One type: which keyword arguments it needs and takes, and whether single rows can fail it."""

    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()
    by_row: bool = True
    judges_missing: bool = False
    """Whether a row without a value is judged too"""


COLUMN, PAIR, LIST = ("column",), ("column_A", "column_B"), ("column_list",)
BETWEEN = ("min_value", "max_value", "strict_min", "strict_max")

# Left out on purpose: regular expressions (refused for this dialect: write a query with `regexp_matches`) and
# uniqueness over several columns (its query for the failing rows is a cross join: write a query with `QUALIFY`).
TYPES: Mapping[str, ExpectationType] = {
    QUERY: ExpectationType(("unexpected_rows_query",)),
    "expect_column_values_to_not_be_null": ExpectationType(COLUMN, judges_missing=True),
    "expect_column_values_to_be_null": ExpectationType(COLUMN, judges_missing=True),
    "expect_column_values_to_be_unique": ExpectationType(COLUMN),
    "expect_column_values_to_be_in_set": ExpectationType((*COLUMN, "value_set")),
    "expect_column_values_to_not_be_in_set": ExpectationType((*COLUMN, "value_set")),
    "expect_column_values_to_be_between": ExpectationType(COLUMN, BETWEEN),
    "expect_column_value_lengths_to_be_between": ExpectationType(COLUMN, BETWEEN),
    "expect_column_pair_values_a_to_be_greater_than_b": ExpectationType(PAIR, ("or_equal", "ignore_row_if")),
    "expect_column_pair_values_to_be_equal": ExpectationType(PAIR, ("ignore_row_if",)),
    "expect_multicolumn_sum_to_equal": ExpectationType((*LIST, "sum_total"), ("ignore_row_if",)),
    "expect_select_column_values_to_be_unique_within_record": ExpectationType(LIST, ("ignore_row_if",)),
    "expect_column_to_exist": ExpectationType(COLUMN, ("column_index",), by_row=False),
    "expect_table_columns_to_match_set": ExpectationType(("column_set",), ("exact_match",), by_row=False),
    "expect_table_row_count_to_be_between": ExpectationType((), BETWEEN, by_row=False),
    "expect_table_row_count_to_equal": ExpectationType(("value",), by_row=False),
    "expect_column_mean_to_be_between": ExpectationType(COLUMN, BETWEEN, by_row=False),
    "expect_column_median_to_be_between": ExpectationType(COLUMN, BETWEEN, by_row=False),
    "expect_column_sum_to_be_between": ExpectationType(COLUMN, BETWEEN, by_row=False),
    "expect_column_min_to_be_between": ExpectationType(COLUMN, BETWEEN, by_row=False),
    "expect_column_max_to_be_between": ExpectationType(COLUMN, BETWEEN, by_row=False),
    "expect_column_unique_value_count_to_be_between": ExpectationType(COLUMN, BETWEEN, by_row=False),
    "expect_column_proportion_of_non_null_values_to_be_between": ExpectationType(COLUMN, BETWEEN, by_row=False),
    "expect_column_distinct_values_to_be_in_set": ExpectationType((*COLUMN, "value_set"), by_row=False),
    "expect_column_distinct_values_to_contain_set": ExpectationType((*COLUMN, "value_set"), by_row=False),
}


def columns_of(type: str, kwargs: Mapping[str, object]) -> tuple[str, ...]:
    """The columns an expectation names in its keyword arguments, in their order."""
    named: list[str] = [str(kwargs[key]) for key in ("column", "column_A", "column_B") if key in kwargs]
    listed = kwargs.get("column_list")
    return tuple(named + [str(column) for column in listed] if isinstance(listed, list | tuple) else named)


def expected(type: str, kwargs: Mapping[str, object]) -> str | None:
    """What the type asks for, as a message puts it; None for a query, whose `why` says it."""
    least, most = kwargs.get("min_value"), kwargs.get("max_value")
    bounds = (
        f"between {least:g} and {most:g}" if isinstance(least, int | float) and isinstance(most, int | float)
        else f"at least {least}" if most is None else f"at most {most}"
    )  # fmt: skip
    values = kwargs.get("value_set")
    listed = ", ".join(map(str, values)) if isinstance(values, list | tuple) else ""
    columns = " + ".join(columns_of(type, kwargs))
    sentences = {
        "expect_column_values_to_not_be_null": "a value",
        "expect_column_values_to_be_null": "no value",
        "expect_column_values_to_be_unique": "no value twice",
        "expect_column_values_to_be_in_set": f"one of {listed}",
        "expect_column_values_to_not_be_in_set": f"none of {listed}",
        "expect_column_value_lengths_to_be_between": f"a length {bounds}",
        "expect_column_pair_values_a_to_be_greater_than_b": f"{kwargs.get('column_A')} above {kwargs.get('column_B')}",
        "expect_column_pair_values_to_be_equal": f"{kwargs.get('column_A')} equal to {kwargs.get('column_B')}",
        "expect_multicolumn_sum_to_equal": f"{columns} = {kwargs.get('sum_total')}",
        "expect_select_column_values_to_be_unique_within_record": "values that differ",
        "expect_table_row_count_to_equal": f"{kwargs.get('value')} rows",
    }
    if type in sentences:
        return sentences[type]
    if type.endswith("_to_be_between"):
        return bounds
    return f"one of {listed}" if listed else None
