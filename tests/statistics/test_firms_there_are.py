"""What the models' intervals are about: a short run of `benchmarks/firms_there_are.py`, its table, the term by hand."""

from __future__ import annotations

from pathlib import Path

import benchmark
import numpy as np
import pandas as pd
import pytest

from monitor.statistics.comparison.beyond import Beyond
from monitor.statistics.design.structure import SurveyDesign

CSV = Path(__file__).parents[2] / "benchmarks" / "firms_there_are.csv"
simulation = benchmark.loaded("firms_there_are.py")


def test_with_the_term_the_finite_population_correction_is_gone() -> None:
    """(1 - f) S2 / n + S2 / N = S2 / n: the variance of a mean of n firms drawn from anywhere."""
    y = np.random.default_rng(5).normal(size=60)
    design = SurveyDesign(np.full(60, 100 / 60), population=np.full(60, 100.0))
    z = (y - y.mean()) / 100
    spread = y.var(ddof=1)
    assert design.covariance(z[:, None])[0, 0] == pytest.approx(0.4 * spread / 60)
    # The term has n where the sample variance has n - 1.
    beyond = Beyond(design).covariance(z[:, None])[0, 0]
    assert beyond == pytest.approx(spread / 60, rel=0.6 / 60)
    assert beyond < spread / 60


@pytest.mark.slow
def test_intervals_hold_what_a_census_finds_and_miss_what_chance_would_give_where_most_answer() -> None:
    lines = pd.DataFrame(simulation.simulate("six in ten", 40))
    # 120 intervals a column: three standard errors of 95 % are six points.
    held = lines[["census", "chance", "chance_beyond"]].mean()
    assert held["census"] > 0.89
    assert held["chance"] < 0.89
    assert held["chance_beyond"] > 0.89
    assert (lines["mean_se_beyond"] / lines["mean_se"]).between(1.5, 1.65).all(), "about 1 / sqrt(1 - 0.6) = 1.58"


def test_the_committed_table() -> None:
    """Over its three contrasts of 1,000 surveys: 95 % within two points, which is three standard errors."""
    held = pd.read_csv(CSV).groupby("answers")[["census", "chance", "chance_beyond"]].mean()
    assert set(held.index) == set(simulation.SURVEYED)
    assert held[["census", "chance_beyond"]].stack().between(0.93, 0.97).all()
    assert held.loc["six in ten", "chance"] < 0.85
