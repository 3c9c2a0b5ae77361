"""Firms of two waves, between releases: their number moves where enough of them came or left, or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import publication
import pytest
from test_disclosed_sequence import FIRST, SECOND, answered_otherwise, publish

pytestmark = pytest.mark.slow

INNOVATORS = "mean_share_new"
"""The indicator that is of the innovators alone"""


def stopped_innovating(stayed: int) -> pd.DataFrame:
    """The first wave's firms: of those that innovated in both waves, so many turned out not to have in the first,
    without any other answer changing; and twenty that were in one wave alone invest otherwise than they said."""
    table, second = answered_otherwise(FIRST, 0), publication.firms(SECOND)
    both = table["firm"].isin(second["firm"])
    innovate = table["firm"].isin(second.loc[second["product_innovation"], "firm"])
    left = table.index[innovate & table["product_innovation"]][:stayed]
    table.loc[left, "product_innovation"] = False
    others = table.index[~both][:20]
    table.loc[others, "in_house_rd"] = ~table.loc[others, "in_house_rd"]
    return table


def in_both(tables: dict[str, pd.DataFrame], indicator: str = INNOVATORS) -> object:
    rows = tables["changes"].set_index(["indicator", "domain"])
    return rows.loc[(indicator, "all"), "overlap_firms"]


def end(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """The first wave's line of the innovators."""
    rows = tables["indicators"].set_index(["wave", "indicator", "domain"])
    return rows.loc[(FIRST, INNOVATORS, "all")]


@pytest.mark.parametrize(("left", "held"), [(1, True), (2, True), (9, True), (25, False)])
def test_firms_of_two_waves_stand_beside_a_line_that_is_held(tmp_path: Path, left: int, held: bool) -> None:
    """Printed anew beside an old n, the number that one firm left would say that it did."""
    survey = publication.survey(tmp_path / "survey")
    second = publication.firms(SECOND)
    before = publish(tmp_path / "home", survey, {FIRST: publication.firms(FIRST), SECOND: second}, 0.0)
    after = publish(tmp_path / "home", survey, {FIRST: stopped_innovating(left), SECOND: second}, 0.01)
    quality = after["quality"].set_index(["wave", "indicator"])
    assert quality.loc[(FIRST, "figures_stand"), "value"].item() == 0, "the wave moves"
    assert bool(end(after)["held"]) is held
    assert end(before)["n"] - end(after)["n"] == (0 if held else left)
    count = in_both(after)
    if held:
        assert count == in_both(before)
    else:  # what is left may be too few to print beside its parts, but it is not the number that was
        assert count is pd.NA or in_both(before) - count == left
