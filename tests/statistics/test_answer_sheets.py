"""What can be worked out by hand: the sheets of `tests/cases`, which open in any spreadsheet."""

from __future__ import annotations

import csv
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from monitor.contract.reliability import reliability
from monitor.statistics.decisions.claims import holm
from monitor.statistics.design.intervals import korn_graubard
from monitor.statistics.disclosure.primary import one_firm_too_large, protection
from monitor.statistics.imputation.rubin import combine

CASES = Path(__file__).parents[1] / "cases"
Row = dict[str, str]


def rows(sheet: str) -> list[Row]:
    with (CASES / f"{sheet}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return math.nan if text == "missing" else float(text)


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split()]


def agrees(value: float, written: str) -> bool:
    """Whether a number is the one that stands in a sheet, in every digit that is written there."""
    if written in ("missing", "inf"):
        return math.isnan(value) if written == "missing" else math.isinf(value)
    digits = -int(Decimal(written).as_tuple().exponent)
    return abs(value - float(written)) <= max(0.5000001 * 10.0**-digits if digits else 0.0, 1e-9)


@pytest.mark.parametrize("row", rows("rubin"), ids=lambda row: row["estimates"])
def test_rubin_s_rules(row: Row) -> None:
    combined = combine(numbers(row["estimates"]), numbers(row["variances"]), float(row["df_complete"]))
    for name in ("estimate", "within", "between", "variance", "proportion", "df", "fmi"):
        assert agrees(float(getattr(combined, name)), row[name]), (name, getattr(combined, name))


@pytest.mark.parametrize("row", rows("korn_graubard"), ids=lambda row: f"{row['share']} of {row['n']}")
def test_korn_and_graubard_s_interval(row: Row) -> None:
    share, se, n, df, limit = (float(row[name]) for name in ("share", "se", "n", "df", "limit"))
    low, high = korn_graubard(share, se, n, df, limit=limit)
    assert agrees(float(low), row["low"]), low
    assert agrees(float(high), row["high"]), high


@pytest.mark.parametrize("family", dict.fromkeys(row["family"] for row in rows("holm")))
def test_holm_s_p_values(family: str) -> None:
    members = [row for row in rows("holm") if row["family"] == family]
    adjusted = holm(np.array([number(row["p"]) for row in members]))
    for row, value in zip(members, adjusted, strict=True):
        assert agrees(float(value), row["adjusted"]), (row["p"], value)


@pytest.mark.parametrize("row", rows("p_percent"), ids=lambda row: row["contributions"])
def test_the_p_percent_rule_and_dominance(row: Row) -> None:
    firms, p = numbers(row["contributions"]), float(row["p_percent"])
    assert one_firm_too_large(firms, p, float(row["dominance"])) == (row["too_large"] == "yes"), row["why"]
    assert agrees(protection(firms, p), row["protection"])


@pytest.mark.parametrize("row", rows("reliability"), ids=lambda row: row["why"])
def test_what_an_estimate_is_worth(row: Row) -> None:
    measured = [float(row[name]) for name in ("estimate", "low", "high", "cv", "n", "effective")]
    flag = reliability(row["share"] == "yes", *measured, int(row["minimum_firms"]), float(row["df"]))
    assert flag == row["flag"], row["why"]


@pytest.mark.parametrize("sheet", sorted(file.stem for file in CASES.glob("*.csv")))
def test_every_sheet_is_listed_and_says_why(sheet: str) -> None:
    assert f"`{sheet}.csv`" in (CASES / "README.md").read_text(encoding="utf-8")
    assert "why" in rows(sheet)[0]


def test_a_wrong_digit_is_seen() -> None:
    assert agrees(1.77777, "1.778")
    assert not agrees(1.7772, "1.778")
    assert not agrees(4.1, "4")
