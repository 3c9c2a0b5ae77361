"""Intervals cover the truth of the synthetic population: a short version of benchmarks/coverage.py with fixed seeds."""

from __future__ import annotations

from pathlib import Path

import benchmark
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import gammaln

from monitor.wording.sentences import sentences

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
DRAWS = 200


coverage = benchmark.loaded("coverage.py")


@pytest.mark.parametrize("design", coverage.SHORT)
def test_intervals_cover_and_estimates_are_unbiased_in_200_draws(design: str) -> None:
    lines = coverage.run(design, DRAWS).set_index("estimand")
    assert set(lines.index) == set(coverage.ESTIMANDS)
    # Three standard errors of a coverage of 95 % in 200 draws are 4.6 points.
    assert lines.coverage.between(0.904, 0.996).all(), lines
    # The mean of the estimates is within three and a half of its own standard errors of the truth.
    error = lines.sd_estimate / np.sqrt(lines.draws)
    assert ((lines.mean_estimate - lines.truth).abs() < 3.5 * error).all(), lines
    # A 95 % interval is about four standard deviations wide.
    assert (lines.mean_width / lines.sd_estimate).between(3.4, 4.6).all(), lines


def test_the_committed_table_holds_every_design_and_says_which_intervals_fall_short() -> None:
    table = pd.read_csv(BENCHMARKS / "coverage.csv")
    asked = {(design, estimand) for design in coverage.DESIGNS for estimand in coverage.ESTIMANDS}
    assert set(zip(table.design, table.estimand, strict=True)) == asked
    assert (table.draws + table.refused == 2000).all()
    assert (table.coverage.between(coverage.LEAST, coverage.MOST) == table.within).all()
    assert (table.monte_carlo_error < 0.006).all()
    assert table[table.design.isin(coverage.SHORT)].within.all()


def test_the_report_says_what_missing_answers_cost() -> None:
    """How much wider the interval of complementarity is with filled-in answers, and how often it holds the truth."""
    table = pd.read_csv(BENCHMARKS / "imputed_intervals.csv").set_index(["estimand", "answers"])
    full, filled = (table.loc[("complementarity", kind)] for kind in ("full", "filled in"))
    assert coverage.LEAST <= filled["coverage"] <= coverage.MOST
    assert filled["width_to_attainable"] < 1.1
    wider, held = round(100 * (filled["mean_width"] / full["mean_width"] - 1)), round(100 * filled["coverage"])
    words = sentences("report")["imputed_why"]
    assert f"{wider}% ruimer" in words["nl"]
    assert f"{wider}% wider" in words["en"]
    drawn = pd.read_csv(BENCHMARKS / "coverage.csv").set_index(["design", "estimand"])
    most = round(100 * drawn.loc[("imputed", "complementarity"), "coverage"])
    assert f"{held} tot {most} van de 100 keer" in words["nl"]
    assert f"{held} to {most} times in 100" in words["en"]
    few = table.loc[("effect_cooperates_without_investment", "filled in")]
    wider = round(100 * (few["width_to_attainable"] - 1))
    assert f"interval was {wider}% ruimer" in words["nl"]
    assert f"interval was {wider}% wider" in words["en"]


def test_an_effect_of_few_events_costs_what_its_few_degrees_of_freedom_do() -> None:
    """An interval of t errors, of which each is known to the degrees of freedom seen, is t E[s] / 1.96 as wide as one
    that knows the spread; the published one is less than 5 % wider than that, and its errors are no greater."""
    few = pd.read_csv(BENCHMARKS / "imputed_intervals.csv").set_index(["estimand", "answers"])
    line = few.loc[("effect_cooperates_without_investment", "filled in")]
    f = line["df_seen"]
    least = stats.t.ppf(0.975, f) * np.sqrt(2 / f) * np.exp(gammaln((f + 1) / 2) - gammaln(f / 2)) / 1.96
    assert 1.1 < least < line["width_to_attainable"] < 1.05 * least
    assert line["mean_error"] < line["spread"]
