"""The expectation types a rule may use, with their keyword arguments.

Belongs here: what Great Expectations understands, written down so that a rule file is checked without importing it
(that takes three seconds) and because it drops a type it does not know without a word. A test holds this table
equal to the installed release. Does not belong here: rules (`rule_files`).
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
