"""What those who did not answer could change, after disclosure control."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import publication
import pytest

from monitor.contract import BY_NAME
from monitor.contract.shape import shaped
from monitor.stages.disclosed.sensitivity import coarse, sensitivity
from monitor.stages.disclosed.stage import disclose
from monitor.stages.modelled.tables import frame_of
from monitor.statistics.disclosure.thresholds import Disclosure

LIMITS = Disclosure()
WITHHELD = list(BY_NAME["sensitivity"].withheld)


def rows(**changed: object) -> pd.DataFrame:
    """A headline and a claim along two odds."""
    made = [
        {
            "survey": "s", "wave": "2017", "kind": kind, "figure": figure, "approach": "odds", "axis": axis,
            "setting": float(axis), "unit": "share", "estimate": 0.123456, "se": 0.0123456,
            "ci_low": 0.1, "ci_high": 0.15, "verdict": "supported",
            "turns_above": 1.4, "survives": True, "n": 100, "events": 40, "one_firm": False,
        }
        | changed
        for kind, figure in (("indicator", "shown"), ("claim", "said"))
        for axis in ("1", "1.5")
    ]  # fmt: skip
    return frame_of("modelled_sensitivity", made)


def indicators(**changed: object) -> pd.DataFrame:
    line = {"wave": "2017", "indicator": "shown", "domain_variable": "all", "suppressed": False, "held": False}
    return pd.DataFrame([line | changed])


def claims(**changed: object) -> pd.DataFrame:
    return pd.DataFrame([{"wave": "2017", "claim": "said", "suppressed": False, "held": False} | changed])


def told(found: pd.DataFrame) -> pd.DataFrame:
    return shaped("sensitivity", found)


def test_numbers_are_told_in_thousandths_and_amounts_in_three_digits() -> None:
    found = told(sensitivity(rows(), indicators(), claims(), [], LIMITS))
    assert not found["suppressed"].any()
    assert set(found["estimate"]) == {0.123}
    assert set(found["se"]) == {0.012}
    amounts = coarse(rows(unit="EUR", estimate=123456.7, se=2345.6))
    assert set(amounts["estimate"]) == {123000.0}
    assert set(amounts["se"]) == {2350.0}


@pytest.mark.parametrize("gone", ["indicator", "claim"])
def test_rows_go_with_the_figure_they_are_about(gone: str) -> None:
    of_indicator = indicators(suppressed=gone == "indicator")
    found = told(sensitivity(rows(), of_indicator, claims(suppressed=gone == "claim"), [], LIMITS))
    assert found.groupby("kind")["suppressed"].all().to_dict() == {
        "indicator": gone == "indicator",
        "claim": gone == "claim",
    }
    assert found.loc[found["suppressed"], WITHHELD].isna().all().all()


@pytest.mark.parametrize("few", [{"events": 9}, {"events": 91}, {"n": 9, "events": None}, {"one_firm": True}], ids=str)
def test_a_property_of_too_few_firms_has_no_curve(few: dict[str, object]) -> None:
    found = told(sensitivity(rows(**few), indicators(), claims(), [], LIMITS))
    assert found["suppressed"].all()
    assert found[WITHHELD].isna().all().all()


def test_two_groups_go_together() -> None:
    both = pd.concat([rows(approach="timing", axis=axis, n=n, events=e) for axis, n, e in
                      (("late", 100, 50), ("early", 100, 4), ("difference", None, None))])  # fmt: skip
    both = both.drop_duplicates(["kind", "figure", "axis"])
    assert told(sensitivity(both, indicators(), claims(), [], LIMITS))["suppressed"].all()


def test_what_is_about_a_held_figure_is_as_it_was_last_shown() -> None:
    last = told(sensitivity(rows(estimate=0.2), indicators(), claims(), [], LIMITS))
    before = [SimpleNamespace(tables={"sensitivity": last})]
    found = told(sensitivity(rows(), indicators(held=True), claims(), before, LIMITS))  # type: ignore[arg-type]
    own = found[found["kind"] == "indicator"]
    assert own["held"].all()
    assert set(own["estimate"]) == {0.2}
    assert set(found.loc[found["kind"] == "claim", "estimate"]) == {0.123}
    last = last[last["kind"] == "claim"]
    before = [SimpleNamespace(tables={"sensitivity": last})]
    found = told(sensitivity(rows(), indicators(held=True), claims(), before, LIMITS))  # type: ignore[arg-type]
    own = found[found["kind"] == "indicator"]
    assert own["suppressed"].all()
    assert own[WITHHELD].isna().all().all()


def test_the_table_stands_among_the_others(fresh: publication.Fresh) -> None:
    lake, survey = fresh
    table = disclose(lake, survey, list(publication.WAVES))["sensitivity"]
    assert set(table["wave"]) == set(publication.WAVES)
    assert set(table["approach"]) == {"odds", "proxy", "timing", "representativity"}
    assert not table.duplicated(list(BY_NAME["sensitivity"].key)).any()
    shares = table[table["unit"] != "EUR"]
    assert len(shares) > len(publication.WAVES) * 10
    assert ((shares["estimate"] * 1000).round(6) % 1 == 0).all()
