"""A small run of the simulation in which answering depends on the outcome: fixed seeds, a few seconds."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import benchmark
import numpy as np
import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "nonresponse.py"
DRAWS = 60

nonresponse: Any = benchmark.loaded("nonresponse.py")


@pytest.mark.parametrize("process", nonresponse.PROCESSES)
def test_the_interval_misses_what_the_range_covers(process: str) -> None:
    """A share, with odds of 1.5: the interval covers it seldom, the range nearly always, the interval under the odds
    that were true nearly always too; at odds of 2, beyond the declared range, the range misses as well."""
    inside = nonresponse.cell(process, 1.5, nonresponse.SHARE, DRAWS)
    assert inside["draws"] == DRAWS
    assert float(str(inside["interval_covers"])) < 0.3
    assert float(str(inside["range_covers"])) > 0.85
    assert float(str(inside["interval_at_true_odds_covers"])) > 0.85
    beyond = nonresponse.cell(process, 2.0, nonresponse.SHARE, DRAWS)
    assert float(str(beyond["range_covers"])) < 0.8


def test_firms_answer_with_the_odds_that_are_declared() -> None:
    world = nonresponse.by_odds(np.random.default_rng(3), 2.0, nonresponse.COMPLEMENTARITY)
    has = nonresponse.property_of(world.firms, nonresponse.COMPLEMENTARITY)
    odds = world.chance / (1 - world.chance)
    for place in range(nonresponse.CLASSES):
        here = (world.firms["class"] == place).to_numpy()
        assert odds[here & has][0] / odds[here & ~has][0] == pytest.approx(2.0)
    assert world.chance.mean() == pytest.approx(nonresponse.RATE, abs=1e-6)


def test_the_kept_table_says_how_many_draws_it_rests_on() -> None:
    with nonresponse.CSV.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(nonresponse.PROCESSES) * len(nonresponse.STRENGTHS) * 2
    assert {row["draws"] for row in rows} == {"1000"}
    by_odds = {(row["strength"], row["estimand"]): row for row in rows if row["process"] == "odds"}
    for row in by_odds.values():
        assert 0.93 <= float(row["interval_at_true_odds_covers"]) <= 0.97
