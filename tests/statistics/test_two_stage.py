"""Both finite population corrections of two stages: as R's survey has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.problems import MonitorError
from monitor.statistics.design import SurveyDesign
from monitor.statistics.design.two_stage import TwoStageDesign

GOLDEN = Path(__file__).parents[1] / "golden" / "two_stage"


def firms() -> tuple[pd.DataFrame, TwoStageDesign]:
    d = pd.read_csv(GOLDEN / "two_stage_firms.csv")
    design = SurveyDesign(*(d[name].to_numpy() for name in ("weight", "stratum", "N", "psu")))
    return d, design.two_stage(d["M"])


def schools() -> tuple[pd.DataFrame, TwoStageDesign]:
    d = pd.read_csv(GOLDEN / "apiclus2.csv")
    design = SurveyDesign(d["weight"].to_numpy(), None, d["fpc1"].to_numpy(float), d["dnum"].to_numpy())
    return d, replace(design, lonely="certainty").two_stage(d["fpc2"])


def told(block: str, name: str) -> tuple[float, float]:
    row = pd.read_csv(GOLDEN / "two_stage.csv").set_index(["block", "name"]).loc[(block, name)]
    return row["estimate"], row["se"]


@pytest.mark.parametrize("name", ["mean", "total", "ratio", "domain"])
def test_strata_as_in_r(name: str) -> None:
    d, two = firms()
    one = two.design
    found = {
        "mean": lambda: one.mean(d["y"]),
        "total": lambda: one.total(d["y"]),
        "ratio": lambda: one.ratio(d["y"], d["x"]),
        "domain": lambda: one.mean(d["y"], d["x"] > 20),
    }[name]()
    both = two.of(found)
    assert (both.estimate[0], both.se[0]) == pytest.approx(told("firms", name), rel=1e-9)
    assert both.se[0] > found.se[0]


def test_the_published_schools_as_in_r() -> None:
    """30.10 where one stage gives 29.89."""
    d, two = schools()
    mean = two.design.mean(d["api00"])
    assert round(float(mean.se[0]), 2) == 29.89
    assert (mean.estimate[0], two.of(mean).se[0]) == pytest.approx(told("apiclus2", "mean"), rel=1e-9)
    total = two.of(two.design.total(d["enroll"].fillna(0), d["enroll"].notna()))
    assert (total.estimate[0], total.se[0]) == pytest.approx(told("apiclus2", "total"), rel=1e-9)


def test_primary_units_taken_whole_add_nothing() -> None:
    d, two = firms()
    size = d.groupby("psu")["psu"].transform("size")
    mean = two.design.mean(d["y"])
    assert TwoStageDesign(two.design, size).of(mean).se[0] == pytest.approx(mean.se[0], rel=1e-12)


def test_what_cannot_be_right_is_refused() -> None:
    d, two = firms()
    with pytest.raises(MonitorError, match="fewer units"):
        TwoStageDesign(two.design, np.ones(len(d)))
    with pytest.raises(ValueError, match="differs among firms"):
        TwoStageDesign(two.design, np.arange(len(d)) + 20.0)
    with pytest.raises(ValueError, match="primary units"):
        TwoStageDesign(replace(two.design, psu=None, population=None), d["M"])
    with pytest.raises(ValueError, match="another design"):
        two.of(schools()[1].design.mean(np.ones(126)))
    alone = d.drop_duplicates("psu")
    design = SurveyDesign(*(alone[name].to_numpy() for name in ("weight", "stratum", "N", "psu")))
    with pytest.raises(MonitorError, match="no spread"):
        TwoStageDesign(design, alone["M"]).covariance(alone["y"].to_numpy())
