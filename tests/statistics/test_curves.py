"""The outcome cut elsewhere: the curve's band and the distribution over the states are what the library says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from r_answers import GOLDEN, firms

from monitor.stages.modelled.curves import curve, curve_rows, distribution_rows
from monitor.stages.modelled.tables import frame_of
from monitor.statistics.design.simultaneous import sup_t
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.distribution_regression import distribution_regression
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.known import Known
from monitor.statistics.models.on_copies import on_copies
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.result import Estimates, Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.survey import load_survey
from monitor.survey.models import Curve, Model
from monitor.surveys import BUNDLED

MAIN = Specification(
    model="top_innovator",
    variant="main",
    outcome="top_innovator",
    base="all_firms",
    estimator="logit",
    practices=("cooperates", "invests"),
    controls=("size_band", "sector"),
    reference={"size_band": "micro", "sector": "industry"},
    events_per_term=0,
)
CUTS = (20.0, 30.0, 40.0, 50.0)
STATES = {"neither": "p_neither", "b_only": "p_invests_only", "a_only": "p_cooperates_only", "both": "p_both"}
LIMITS = Disclosure()


def model(start: float = 20, stop: float = 50, step: float = 10, sign: str = ">") -> Model:
    signs = (">", ">=") if sign == "both" else (sign,)
    return Model(MAIN, {}, primary=True, curve=Curve("share", start, stop, step, signs))


def sample_of(copies: int) -> Sample:
    d = firms()
    filled = [copy for _, copy in pd.read_csv(GOLDEN / "models" / "copies.csv").groupby("imputation")][:copies]
    plain = d.drop(columns=["share", "top_innovator"])
    every = tuple(
        columns_of(plain.merge(copy, on="firm", validate="one_to_one").assign(base_all_firms=True)) for copy in filled
    )
    design = SurveyDesign(d["weight"], d["stratum"], d["population"])
    return Sample("2017", d["firm"].to_numpy(object), every, every[0], design)


def drawn(sample: Sample, of: Model) -> tuple[list[Result], pd.DataFrame, pd.DataFrame]:
    known = Known(sample)
    results = curve(sample, of, LIMITS, known)
    rows = curve_rows(load_survey(BUNDLED), sample, "2017", of, results, known)
    told = distribution_rows("s", sample, "2017", of, results)
    return results, frame_of("modelled_curve", rows), frame_of("modelled_distribution", told)


def library(sample: Sample, names: list[str], cuts: tuple[float, ...] = CUTS) -> dict[str, Estimates]:
    """What `distribution_regression` says on every copy, contrast by contrast."""
    fits = prepare(sample, replace(MAIN, outcome="share", estimator="fractional_logit"), LIMITS)
    found: dict[str, Any] = {
        name: on_copies(
            sample,
            fits,
            lambda c, name=name: distribution_regression(c.frame, c.terms, c.x, c.y, c.w, cuts).along(name),  # type: ignore[misc]
        )
        for name in names
    }
    assert all(isinstance(each, Estimates) for each in found.values())
    return found


@pytest.mark.parametrize("copies", [1, 5])
def test_band_of_the_curve_is_that_of_the_joint_covariance(copies: int) -> None:
    sample = sample_of(copies)
    results, rows, _ = drawn(sample, model())
    weights = sample.design.weights[:, None]
    influence = np.column_stack(
        [r.influence[:, r.contrasts.names.index("complementarity")] for r in results]  # type: ignore[index,union-attr]
    )
    df = [float(r.contrasts.df[r.contrasts.names.index("complementarity")]) for r in results]  # type: ignore[union-attr]
    critical = sup_t(sample.design.covariance(influence / weights), df)
    np.testing.assert_allclose(rows["band_low"], rows["estimate"] - critical * rows["se"], rtol=1e-9)
    np.testing.assert_allclose(rows["band_high"], rows["estimate"] + critical * rows["se"], rtol=1e-9)
    assert (rows["band_low"] < rows["ci_low"]).all()
    assert (rows["band_high"] > rows["ci_high"]).all()


def test_band_of_one_copy_is_the_librarys() -> None:
    sample = sample_of(1)
    _, rows, _ = drawn(sample, model())
    told = library(sample, ["complementarity"])["complementarity"]
    np.testing.assert_allclose(rows["estimate"].astype(float), told.estimate, rtol=1e-7)
    critical = sup_t(told.covariance, told.df)
    np.testing.assert_allclose(rows["band_low"].astype(float), told.estimate - critical * told.se, rtol=1e-5)


@pytest.mark.parametrize("copies", [1, 5])
def test_distribution_is_the_librarys(copies: int) -> None:
    sample = sample_of(copies)
    _, _, rows = drawn(sample, model())
    told = library(sample, list(STATES.values()))
    assert len(rows) == len(CUTS) * len(STATES)
    for state, name in STATES.items():
        own = rows[rows["state"] == state].sort_values("cut")
        assert own["contrast"].unique().tolist() == [name]
        assert tuple(own["cut"]) == CUTS
        np.testing.assert_allclose(own["estimate"].astype(float), told[name].estimate, rtol=1e-7)
        np.testing.assert_allclose(own["se"].astype(float), told[name].se, rtol=1e-5)
        assert (np.diff(own["estimate"].astype(float)) <= 0).all()
        assert (own["band_low"] <= own["ci_low"]).all()
        assert (own["band_low"] < own["estimate"]).all()
        assert (own["ci_high"] <= own["band_high"]).all()


def test_distribution_that_rose_is_put_in_order() -> None:
    sample = sample_of(1)
    results, _, rows = drawn(sample, model(30, 31, 1))
    one, other = (r.contrasts.estimate[r.contrasts.names.index("p_both")] for r in results)  # type: ignore[union-attr]
    both = rows[rows["state"] == "both"].sort_values("cut")["estimate"].astype(float).to_list()
    assert both == sorted((one, other), reverse=True)


def test_cut_without_an_estimate_stands_with_its_reason() -> None:
    _, _, rows = drawn(sample_of(1), model(50, 99, 49))
    gone = rows[rows["cut"] == 99]
    assert len(gone) == 4
    assert gone["estimate"].isna().all()
    assert gone["band_low"].isna().all()
    assert gone["warning"].notna().all()
    assert not gone["published"].any()
    assert rows.loc[rows["cut"] == 50, "estimate"].notna().all()


def test_own_threshold_has_the_numbers_of_the_model() -> None:
    sample = sample_of(5)
    main = analyse(sample, MAIN, LIMITS)
    assert main.contrasts is not None
    known = Known(sample, [main])
    of = model(sign="both")
    results = curve(sample, of, LIMITS, known)
    rows = frame_of("modelled_distribution", distribution_rows("s", sample, "2017", of, results))
    low, high = main.contrasts.interval()
    for state, name in STATES.items():
        place = main.contrasts.names.index(name)
        line = rows[(rows["state"] == state) & (rows["cut"] == 40)].iloc[0]
        assert line["estimate"] == main.contrasts.estimate[place]
        assert line["se"] == main.contrasts.error[place]
        assert (line["ci_low"], line["ci_high"]) == (low[place], high[place])
    assert set(rows["cut"]) == set(CUTS)
