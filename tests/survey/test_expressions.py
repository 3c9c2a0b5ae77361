"""What a survey folder may write as an expression, and what it is told when it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.storage.lake import connect
from monitor.survey import Concept
from monitor.survey.expressions import DUCKDB_TYPES, check_expression, columns_of


def concept(name: str, kind: str, *codes: str, minimum: float | None = None, maximum: float | None = None) -> Concept:
    labels = {code: {"nl": code, "en": code} for code in codes}
    return Concept(name, kind, {}, {}, minimum=minimum, maximum=maximum, codes=labels)


CONCEPTS = {
    c.name: c
    for c in (
        concept("share", "percentage", minimum=0, maximum=100),
        concept("turnover_eur", "number", minimum=0),
        concept("employees", "number", minimum=0),
        concept("plants", "number", minimum=1),
        concept("maturity", "integer", minimum=1, maximum=5),
        concept("invests_rd", "boolean"),
        concept("size_band", "category", "micro", "small"),
        concept("sector", "category"),
        concept("initiatives", "categories", "north", "south"),
        concept("started_at", "date"),
        concept("comments", "text"),
    )
}

GOOD = [
    ("share > 40", "boolean"),
    ("share >= 40 AND invests_rd", "boolean"),
    ("len(initiatives) > 0", "boolean"),
    ("list_contains(initiatives, 'north')", "boolean"),
    ("'south' IN initiatives", "boolean"),
    ("list_has_any(initiatives, ['north', 'south'])", "boolean"),
    ("len([code FOR code IN initiatives IF code != 'north'])", "number"),
    ("len(list_filter(initiatives, lambda code: code <> 'north'))", "number"),
    ("size_band IN ('micro', 'small')", "boolean"),
    ("CASE WHEN invests_rd THEN 'yes' ELSE 'no' END", "category"),
    ("turnover_eur / nullif(employees, 0)", "number"),
    ("turnover_eur / plants", "number"),
    ("100 * share / 4", "number"),
    ("try_cast(sector AS DOUBLE)", "number"),
    ("sector LIKE 'C%' OR sector ~ '^D'", "boolean"),
    ("invests_rd IS NOT TRUE", "boolean"),
    ("coalesce(invests_rd, false)", "boolean"),
    ("started_at >= '2017-03-01'", "boolean"),
    ("year(started_at)", "integer"),
    ("initiatives", "categories"),
    ("true", "boolean"),
]

BAD = [
    ("", "boolean", "empty"),
    ("share >", "boolean", "does not parse"),
    ("share > 40; DROP TABLE answers", "boolean", "does not parse"),
    ("share > 40 -- the cut", "boolean", "does not parse"),
    ("invests_rd) FROM (SELECT 1", "boolean", "more than one expression"),
    ("shar > 40", "boolean", "unknown concept 'shar' (nearest: share)"),
    ("Share > 40", "boolean", "unknown concept 'Share' (nearest: share)"),
    ("answers.share > 40", "boolean", "unknown concept 'answers.share'"),
    ("started_at < current_date", "boolean", "unknown concept 'current_date'"),
    ("comments IS NOT NULL", "boolean", "goes no further than intake"),
    ("share > 'veel'", "boolean", "compares number with text"),
    ("size_band > 3", "boolean", "compares number with text"),
    ("invests_rd = 'yes'", "boolean", "compares text with yes or no"),
    ("initiatives = 'north'", "boolean", "list_contains"),
    ("started_at > 'gisteren'", "boolean", "compares date with text"),
    ("size_band = 'tiny'", "boolean", "no code 'tiny'"),
    ("size_band IN ('micro', 'smal')", "boolean", "no code 'smal' (nearest: small)"),
    ("list_contains(initiatives, 'nort')", "boolean", "no code 'nort' (nearest: north)"),
    ("'east' IN initiatives", "boolean", "no code 'east'"),
    ("share > 0.4", "boolean", "0 to 100, not a fraction"),
    ("share > 400", "boolean", "lies between 0 and 100"),
    ("maturity = 6", "boolean", "lies between 1 and 5"),
    ("invests_rd = NULL", "boolean", "IS NULL"),
    ("turnover_eur / 0", "number", "divides by zero"),
    ("turnover_eur / employees", "number", "nullif(employees, 0)"),
    ("turnover_eur / (employees - 1)", "number", "may divide by zero"),
    ("turnover_eur % employees", "number", "may divide by zero"),
    ("CAST(sector AS DOUBLE)", "number", "try_cast"),
    ("NOT share", "boolean", "a number stands where yes or no is needed"),
    ("share AND invests_rd", "boolean", "a number stands where yes or no is needed"),
    ("CASE WHEN invests_rd THEN 1 ELSE 'x' END", "number", "number or text"),
    ("coalesce(share, 'none')", "number", "number or text"),
    ("share", "boolean", "it gives number, where yes or no is needed"),
    ("invests_rd", "number", "it gives yes or no, where number is needed"),
    ("len(initiatives)", "category", "it gives number"),
    ("sum(share)", "number", "function sum may not be used"),
    ("sum(share) OVER ()", "number", "other firms"),
    ("share > (SELECT 40)", "boolean", "subquery"),
    ("EXISTS (SELECT 1)", "boolean", "subquery"),
    ("*", "number", "all columns"),
    ("share > ?", "boolean", "parameter"),
    ("read_text('x') IS NULL", "boolean", "function read_text may not be used"),
    ("getenv('HOME') = 'x'", "boolean", "function getenv may not be used"),
    ("random() < 0.5", "boolean", "function random may not be used"),
    ("share + sector", "number", "No function matches"),
]


@pytest.mark.parametrize(("sql", "expect"), GOOD)
def test_usable_expressions(sql: str, expect: str) -> None:
    assert check_expression(sql, CONCEPTS, expect) == []


@pytest.mark.parametrize(("sql", "expect", "told"), BAD)
def test_unusable_expressions_say_why(sql: str, expect: str, told: str) -> None:
    found = check_expression(sql, CONCEPTS, expect)
    assert any(told in sentence for sentence in found), found


def test_every_mistake_of_an_expression_is_named() -> None:
    found = check_expression("shar > 40 AND size_band = 'tiny' AND turnover_eur / employees > 3", CONCEPTS, "boolean")
    assert len(found) == 3


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("share > 40 AND invests_rd", {"share", "invests_rd"}),
        ("len([code FOR code IN initiatives IF code = 'north'])", {"initiatives"}),
        ("list_apply(initiatives, lambda share: share || 'x')", {"initiatives"}),
        ('"share" > 1', {"share"}),
        ("true", set()),
    ],
)
def test_concepts_of_an_expression(sql: str, names: set[str]) -> None:
    assert columns_of(sql) == names


def test_concepts_of_what_does_not_parse() -> None:
    with pytest.raises(ValueError, match="does not parse"):
        columns_of("share >")


def test_every_accepted_expression_runs_on_answers() -> None:
    """What the check lets through, DuckDB evaluates: on zeros, on extremes and on missing values."""
    columns = ", ".join(f'"{c.name}" {DUCKDB_TYPES[c.type]}' for c in CONCEPTS.values())
    with connect() as connection:
        connection.execute(f"CREATE TABLE answers ({columns})")
        connection.execute(
            "INSERT INTO answers VALUES (0, 0, 0, 1, 1, false, 'micro', 'C', [], DATE '2017-03-01', ''), "
            "(100, 1e12, 1e6, 9, 5, true, 'small', '12', ['north'], DATE '2018-01-01', ''), "
            "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
        )
        for sql, _ in GOOD:
            assert len(connection.execute(f"SELECT ({sql}) FROM answers").fetchall()) == 3


@given(st.text(max_size=40))
def test_no_text_breaks_the_check(text: str) -> None:
    assert isinstance(check_expression(text, CONCEPTS, "boolean"), list)


@given(st.sampled_from(GOOD), st.sampled_from(GOOD))
def test_usable_predicates_stay_usable_together(one: tuple[str, str], other: tuple[str, str]) -> None:
    if one[1] == other[1] == "boolean":
        assert check_expression(f"({one[0]}) AND NOT ({other[0]})", CONCEPTS, "boolean") == []
