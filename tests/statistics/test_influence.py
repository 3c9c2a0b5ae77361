"""What one firm carries of a figure, against R (`golden/answer_decisions/influence.R`)."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.decisions.influence import Carried, carried

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"
SAME = {"rel": 1e-6}


@pytest.fixture(scope="module")
def firms() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "influence_sample.csv")


@pytest.fixture(scope="module")
def told() -> pd.Series:
    return pd.read_csv(GOLDEN / "influence.csv").iloc[0]


def test_shares_and_ranges_are_those_of_leaving_out_each(firms: pd.DataFrame, told: pd.Series) -> None:
    panel = firms["firm"].duplicated(keep=False)
    got = carried(firms["new"], firms["weight"], firms["firm"], panel)
    assert got.firms == told["firms"]
    assert got.largest == pytest.approx(told["largest"], **SAME)
    assert got.effective_firms == pytest.approx(told["effective"], **SAME)
    assert got.panel == pytest.approx(told["panel"], **SAME)


def test_more_than_the_declared_share_says_so() -> None:
    values, weights = [30.0, *[1.0] * 70], np.ones(71)
    got = carried(values, weights, declared=0.3)
    assert got.largest == pytest.approx(0.3)
    assert not got.above
    assert carried([30.1, *[1.0] * 70], weights, declared=0.3).above
    assert carried(values, weights).above
    assert not carried(np.ones(20), np.ones(20)).above
    # The same firm in two waves is one.
    assert carried([8.0, 8.0, *[1.0] * 84], np.ones(86), [0, 0, *range(1, 85)]).largest == pytest.approx(0.16)


def test_a_total_of_nothing_is_carried_by_nobody() -> None:
    got = carried([0.0, 0.0], [1.0, 1.0])
    assert (got.firms, got.above, np.isnan(got.largest)) == (0, False, True)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        carried([1.0], [1.0], declared=30)
    with pytest.raises(ValueError, match="finite"):
        carried([np.nan], [1.0])


def test_one_giant_shows_and_is_not_named() -> None:
    """500 samples of firms of one size hardly ever rest on one; with a giant among them they all do."""
    rng = np.random.default_rng(30)
    even, giant = [], []
    for _ in range(500):
        y, w = rng.gamma(4, 1, 60), rng.uniform(1, 3, 60)
        even.append(carried(y, w).above)
        y[rng.integers(60)] = 0.6 * (w @ y) / w.min()
        giant.append(carried(y, w, declared=0.3).above)
    assert np.mean(even) < 0.02
    assert all(giant)
    assert {field.type for field in fields(Carried)} == {"int", "float"}
