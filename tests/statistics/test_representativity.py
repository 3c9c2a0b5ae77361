"""R-indicators: as in R, and right in simulated surveys whose chances of answering are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.design import SurveyDesign
from monitor.statistics.nonresponse.representativity import Indicator, Representativity, representativity
from monitor.statistics.weighting.propensity import dummy_columns

GOLDEN = Path(__file__).parents[1] / "golden" / "nonresponse"


def found(block: str) -> Representativity:
    d = pd.read_csv(GOLDEN / "asked.csv")
    n = len(d)
    big = d["population_stratified"].to_numpy(float)
    drawn = d.groupby("stratum")["answered"].transform("size").to_numpy(float)
    if block == "simple":
        design = SurveyDesign(np.full(n, 4500 / n), population=np.full(n, 4500.0))
    else:
        design = SurveyDesign(big / drawn, d["stratum"].to_numpy(), big)
    z, _ = dummy_columns([d["size"], d["sector"]])
    return representativity(design, d["answered"], z, {"size": d["size"], "sector": d["sector"]})


@pytest.mark.parametrize("block", ["simple", "stratified"])
def test_as_in_r(block: str) -> None:
    result = found(block)
    told = {"R": result.r_indicator, "CV": result.coefficient_of_variation}
    for partial in result.partials:
        told[f"{partial.variable} unconditional"] = partial.unconditional
        told[f"{partial.variable} conditional"] = partial.conditional
        told |= {f"{partial.variable} {name}": each for name, each in partial.categories.items()}
    wanted = pd.read_csv(GOLDEN / "representativity.csv").query("block == @block").set_index("name")
    assert set(told) == set(wanted.index)
    for name, each in told.items():
        mine = (each.estimate, each.se, each.unadjusted)
        assert mine == pytest.approx(wanted.loc[name, ["estimate", "se", "plain"]], rel=1e-6, abs=1e-9), name


def test_chances_without_an_estimate_are_refused() -> None:
    design = SurveyDesign(np.ones(100))
    group = np.arange(100) < 50
    z = np.column_stack([np.ones(100), group])
    with pytest.raises(ValueError, match="no estimate"):
        representativity(design, group.astype(float), z, {"group": group})


@pytest.mark.slow
def test_adjusted_and_covering_where_the_chances_are_known() -> None:
    """1,000 invited firms in twelve cells answer 400 times: the plain spread is too large, the adjusted one is not, and
    the interval of R covers the truth."""
    rng = np.random.default_rng(142)
    n = 1000
    first, second = rng.integers(0, 4, n), rng.integers(0, 3, n)
    z, _ = dummy_columns([first, second])
    rho = 1 / (1 + np.exp(-(z @ np.array([-1.5, 0.3, 0.5, 0.9, -0.4, 0.2]))))
    truth = 1 - 2 * rho.std()
    design = SurveyDesign(np.ones(n), population=np.full(n, float(n)))
    told: list[Indicator] = []
    for _ in range(400):
        answered = (rng.random(n) < rho).astype(float)
        told.append(representativity(design, answered, z, {"first": first, "second": second}).r_indicator)
    estimate, se, plain = np.array([(each.estimate, each.se, each.unadjusted) for each in told]).T
    adjusted, before = ((1 - estimate) / 2) ** 2, ((1 - plain) / 2) ** 2
    chance = 3 * adjusted.std() / np.sqrt(len(told))
    assert before.mean() - rho.var() > chance
    assert abs(adjusted.mean() - rho.var()) < chance
    assert 0.91 <= (np.abs(estimate - truth) <= 1.96 * se).mean() <= 0.99
    assert se.mean() == pytest.approx(estimate.std(), rel=0.15)
