"""What a rule's expectation asks for, as a message puts it.

Does not belong here: the types themselves and their keyword arguments, by which a survey's rules are read
(`survey.expectation_types`).
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.survey.expectation_types import QUERY, TYPES, columns_of

__all__ = ["QUERY", "TYPES", "columns_of", "expected"]


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
