"""The outcome cut elsewhere: the curve, its band, and the distribution over the states as in R."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from r_answers import GOLDEN, answers, design_of, firms, two_practices
from scipy.special import ndtr

from monitor.stages.modelled.curves import curve, curve_rows, distribution_rows
from monitor.stages.modelled.tables import frame_of
from monitor.statistics.design.intervals import t_quantile
from monitor.statistics.design.simultaneous import pointwise_level
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.known import Known
from monitor.statistics.models.result import Result
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
SCRIPT = "distribution_regression"
CUTS_OF_R = (10.0, 20.0, 30.0, 31.0, 40.0, 60.0)


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


@pytest.mark.parametrize("copies", [1, 5])
def test_band_of_the_curve_is_that_of_the_joint_covariance(copies: int) -> None:
    sample = sample_of(copies)
    results, rows, _ = drawn(sample, model())
    weights = sample.design.weights[:, None]
    influence = np.column_stack(
        [r.influence[:, r.contrasts.names.index("complementarity")] for r in results]  # type: ignore[index,union-attr]
    )
    df = [float(r.contrasts.df[r.contrasts.names.index("complementarity")]) for r in results]  # type: ignore[union-attr]
    critical = t_quantile(np.array(df), pointwise_level(sample.design.covariance(influence / weights)))
    np.testing.assert_allclose(rows["band_low"], rows["estimate"] - critical * rows["se"], rtol=1e-9)
    np.testing.assert_allclose(rows["band_high"], rows["estimate"] + critical * rows["se"], rtol=1e-9)
    assert (rows["band_low"] < rows["ci_low"]).all()
    assert (rows["band_high"] > rows["ci_high"]).all()


@pytest.fixture(scope="module")
def cut_as_in_r() -> pd.DataFrame:
    """The distribution at R's cuts, of firms among whom many have the same share between two of them."""
    d = firms().drop(columns="share")
    shares = pd.read_csv(GOLDEN / "answer_models" / f"{SCRIPT}_shares.csv").rename(columns={"share2": "share"})
    columns = columns_of(d.merge(shares, on="firm", validate="one_to_one").assign(base_all_firms=True))
    sample = Sample("2017", d["firm"].to_numpy(object), (columns,), columns, design_of(d))
    of = model(min(CUTS_OF_R), max(CUTS_OF_R), 1)
    results = [r for r in curve(sample, of, LIMITS, Known(sample)) if r.specification.cut in CUTS_OF_R]
    rows = frame_of("modelled_distribution", distribution_rows("s", sample, "2017", of, results))
    return rows.set_index(["cut", "contrast"]).astype({"estimate": float, "se": float})


@pytest.mark.parametrize("cut", CUTS_OF_R)
def test_distribution_is_that_of_r(cut_as_in_r: pd.DataFrame, cut: float) -> None:
    told = answers(SCRIPT, f"> {cut:g}").loc[list(STATES.values())]
    own = cut_as_in_r.loc[cut].loc[told.index]
    np.testing.assert_allclose(own["estimate"], told["estimate"], rtol=1e-8)
    np.testing.assert_allclose(own["se"], told["se"], rtol=1e-6)


def test_a_curve_that_rises_in_r_is_put_in_order(cut_as_in_r: pd.DataFrame) -> None:
    assert len(answers(SCRIPT, "rearranged")) == 1
    for name in STATES.values():
        own = cut_as_in_r.xs(name, level="contrast").sort_index()
        assert (np.diff(own["estimate"]) <= 0).all()


def test_distribution_is_that_of_the_curves_own_fits() -> None:
    """Of five completed copies, combined; no curve rises here."""
    results, _, rows = drawn(sample_of(5), model())
    assert len(rows) == len(CUTS) * len(STATES)
    for state, name in STATES.items():
        own = rows[rows["state"] == state].sort_values("cut")
        assert own["contrast"].unique().tolist() == [name]
        assert tuple(own["cut"]) == CUTS
        fits = [(r.contrasts, r.contrasts.names.index(name)) for r in results if r.contrasts is not None]
        assert own["estimate"].tolist() == [float(c.estimate[at]) for c, at in fits]
        assert own["se"].tolist() == [float(c.error[at]) for c, at in fits]
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


@pytest.mark.slow
def test_the_band_holds_the_whole_curve() -> None:
    """The curve of complementarity lies in the band about 95 times in 100, and in pointwise intervals less often."""
    rng = np.random.default_rng(2013)
    of = replace(model(20, 60, 10), main=replace(MAIN, controls=(), reference={}))
    places = np.array([30.0, 36.0, 38.0, 52.0])
    truth = np.array([ndtr((places - cut) / 25) for cut in of_cuts(of)]) @ np.array([1, -1, -1, 1])
    together, pointwise = [], []
    for _ in range(60):
        d = two_practices(rng, 700)
        state = (2 * d["cooperates"] + d["invests"]).to_numpy(int)
        share = np.clip(places[state] + 25 * rng.normal(size=700), 0, 100)
        columns = columns_of(d.assign(share=share, top_innovator=(share > 40) * 1.0, base_all_firms=True))
        design = SurveyDesign(np.ones(700), np.full(700, "s"), np.full(700, 1e9))
        _, rows, _ = drawn(Sample("2017", d.index.to_numpy(object), (columns,), columns, design), of)
        for low, high, held in (("band_low", "band_high", together), ("ci_low", "ci_high", pointwise)):
            held.append(bool(((rows[low] <= truth) & (truth <= rows[high])).all()))
    assert np.mean(together) >= 0.88
    assert np.mean(pointwise) < np.mean(together)


def of_cuts(of: Model) -> list[float]:
    return [float(cut.cut or 0.0) for cut in of.cuts()]
