"""What a cell's text is worth: every text is a value, a missing kind or invalid, and never a wrong number."""

# Cases stand one on a line, as in a table.
# ruff: noqa: E501

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages.staged.coding import code_key
from monitor.storage.lake import connect, statement


@pytest.fixture(scope="module")
def parsing() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.execute(statement("staged", "parsing"))
        yield connection


def worth(connection: duckdb.DuckDBPyConnection, expression: str, *cells: object) -> object:
    return connection.execute(f"SELECT {expression}", list(cells)).fetchall()[0][0]


DUTCH = "parse_number(tidy_cell($1), ',', '.')"
ENGLISH = "parse_number(tidy_cell($1), '.', '')"

NUMBERS = [
    # cell, in Dutch notation, with a point as decimal mark
    ("12.500", 12500, 12.5),
    ("12,5", 12.5, None),
    ("0,5", 0.5, None),
    ("1.200.000,50", 1200000.5, None),
    ("€ 1.200.000,50", 1200000.5, None),
    ("EUR 12", 12, 12),
    ("12 euro", 12, 12),
    ("€ 1.200,-", 1200, None),
    ("ca. 40", 40, 40),
    ("ongeveer 40", 40, 40),
    ("±40", 40, 40),
    ("1e3", 1000, 1000),
    ("1,5E+3", 1500, None),
    ("４０", 40, 40),
    ("１２．５００", 12500, 12.5),
    ("1 200 000", 1200000, 1200000),
    ("1\u00a0200\u202f000", 1200000, 1200000),
    (" 7 ", 7, 7),
    ("\t7\u3000", 7, 7),
    ("-5", -5, -5),
    ("\u22125", -5, -5),
    ("+5", 5, 5),
    ("007", 7, 7),
    (",5", 0.5, None),
    ("40%", None, None),
    ("12.50", None, 12.5),
    ("1.2.3", None, None),
    ("12.5000", None, 12.5),
    ("1.2000", None, 1.2),
    ("1,2,3", None, None),
    ("12,500.75", None, None),
    ("10-20", None, None),
    ("1/2", None, None),
    ("(5)", None, None),
    ("5,", None, None),
    ("12 34", None, None),
    ("1_000", None, None),
    ("0x1F", None, None),
    ("inf", None, None),
    ("-Infinity", None, None),
    ("NaN", None, None),
    ("1e400", None, None),
    ("9999999999999999", None, None),
    ("1e", None, None),
    ("twaalf", None, None),
    ("=1+1", None, None),
    ("", None, None),
    ("  ", None, None),
]


@pytest.mark.parametrize(("cell", "dutch", "english"), NUMBERS)
def test_numbers_by_their_declared_marks(parsing, cell: str, dutch: float | None, english: float | None) -> None:
    assert worth(parsing, DUTCH, cell) == dutch
    assert worth(parsing, ENGLISH, cell) == english


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("40%", 40), ("40 %", 40), ("12,5%", 12.5), ("40 procent", 40), ("100", 100), ("0.4", None), ("%", None)],
)
def test_percentages_may_say_so(parsing, cell: str, expected: float | None) -> None:
    assert worth(parsing, "parse_percentage(tidy_cell($1), ',', '.')", cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"), [("12", 12), ("12,0", 12), ("12,5", None), ("1.200", 1200), ("1e2", 100)]
)
def test_a_fraction_is_no_whole_number(parsing, cell: str, expected: int | None) -> None:
    assert worth(parsing, "parse_integer(tidy_cell($1), ',', '.')", cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("3-4-2018", (2018, 4, 3)), ("03/04/2018", (2018, 4, 3)), ("3.4.2018", (2018, 4, 3)), ("2018-04-03", (2018, 4, 3)),
        ("2018-04-03 10:11:12", (2018, 4, 3)), ("2018-04-03T10:11:12Z", (2018, 4, 3)), ("3-4-2018 10:11", (2018, 4, 3)),
        ("31-02-2018", None), ("2018-13-01", None), ("3-4-18", None), ("0001-01-01", None), ("9999-12-31", None),
        ("43192", None), ("gisteren", None), ("04-2018", None),
    ],
)  # fmt: skip
def test_dates_are_day_month_year_or_iso(parsing, cell: str, expected: tuple[int, int, int] | None) -> None:
    assert worth(parsing, "parse_date(tidy_cell($1))", cell) == (datetime.date(*expected) if expected else None)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("n.v.t.", "absent"), ("N.V.T", "absent"), ("-", "absent"), ("#N/A", "absent"), ("weet niet", "dont_know"), ("W.N.", "dont_know"),
        ("Onbekend", "dont_know"), ("?", "dont_know"), ("geen antwoord", "refused"), ("Wil niet zeggen", "refused"),
        ("veel", None), ("0", None), ("nee", None),
    ],
)  # fmt: skip
def test_words_for_no_answer(parsing, cell: str, kind: str | None) -> None:
    assert worth(parsing, "missing_word(tidy_cell($1))", cell) == kind


def test_identifiers_keep_their_leading_zeros(parsing) -> None:
    assert worth(parsing, "firm_id($1)", " 00123456 ") == "00123456"
    assert worth(parsing, "firm_id($1)", "123456.0") == "123456"
    assert worth(parsing, "firm_id($1)", "   ") is None


words = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
like_numbers = st.from_regex(
    r"[ €+\-−]{0,2}[0-9０-９]{0,4}([.,' ][0-9]{1,4}){0,3}(e[+-]?[0-9]{1,3})?[ %]{0,2}", fullmatch=True
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    st.one_of(words, like_numbers),
    st.sampled_from([(",", "."), (".", ""), (".", ","), (",", ""), (".", "'"), (",", " ")]),
)
def test_every_text_is_a_number_a_missing_kind_or_invalid(parsing, cell: str, marks: tuple[str, str]) -> None:
    tidy, number, percentage, whole, day, kind, evidence = parsing.execute(
        "SELECT tidy_cell($1), parse_number(tidy_cell($1), $2, $3), parse_percentage(tidy_cell($1), $2, $3), "
        "parse_integer(tidy_cell($1), $2, $3), parse_date(tidy_cell($1)), missing_word(tidy_cell($1)), evidence(tidy_cell($1))",
        [cell, *marks],
    ).fetchall()[0]
    if tidy is None:
        assert (number, percentage, whole, day, kind, evidence) == (None,) * 6
        return
    assert evidence, "what is there can be shown"
    for value in (number, percentage):
        assert value is None or (math.isfinite(value) and abs(value) < 1e15)
    assert whole is None or whole == number
    if number is not None:
        digits = re.sub(r"\D", "", tidy.translate({ord("０") + i: str(i) for i in range(10)}))
        assert digits, "no number comes from a text without digits"
        assert percentage == number


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=3, allow_nan=False),
    st.sampled_from([(",", "."), (".", ","), (",", " "), (".", "'")]),
)
def test_a_number_written_with_its_marks_is_read_back(parsing, number: Decimal, marks: tuple[str, str]) -> None:
    decimal, grouping = marks
    written = f"{number:,.3f}".translate({ord(","): grouping, ord("."): decimal})
    assert worth(parsing, "parse_number($1, $2, $3)", written, decimal, grouping) == float(number)


@settings(max_examples=300, deadline=None)
@given(words)
def test_codes_are_compared_alike_in_python_and_sql(parsing, text: str) -> None:
    # DuckDB and Python fold a few letters of other scripts differently; survey codes are Latin.
    latin = "".join(c for c in text if c < "\u0180" and c.isprintable())
    assert worth(parsing, "code_key(tidy_cell($1))", latin) == (code_key(latin) or None)
