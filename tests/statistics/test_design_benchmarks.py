"""Every figure of the shared design benchmarks, from the public data they were computed on.

Each figure within 1e-6 relative. R's svyglm and rake() stop early by default (at a change of 1e-8 in the deviance, at
one firm): those figures are reached by stopping where R stopped, and the figures iterated to the end are held against
R iterated to the end (golden/design/tight.R).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.stages.weighted.cascade import response_weights
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.linearised import linearised
from monitor.statistics.weighting.calibration import calibrate, raking_groups

GOLDEN = Path(__file__).parents[1] / "golden" / "design"
SETS = ("apistrat", "apiclus1", "sbs", "sbs.frame", "gustave_ict")

Found = dict[tuple[str, str], tuple[float, float]]


def tight() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "tight.csv").set_index(["set", "quantity"])


class Figures:
    """(set, quantity) -> (estimate, standard error)."""

    def __init__(self) -> None:
        self.default: Found = {}
        self.tight: Found = {}

    def one(self, dataset: str, quantity: str, estimate: float, se: float = np.nan) -> None:
        self.default[dataset, quantity] = (float(estimate), float(se))

    def model(self, dataset: str, prefix: str, names: list[str], d: SurveyDesign, x: np.ndarray, y: np.ndarray) -> None:
        coefficients, influence = stopped_like_r(x, y, d.weights)
        se = np.sqrt(np.diag(d.covariance(influence)))
        fit = maximum_likelihood(y, x, d.weights)
        se_tight = np.sqrt(np.diag(d.covariance(fit.contributions / d.weights[:, None])))
        both = linearised(d, y, tuple(x.T))
        assert both.coefficients == pytest.approx(fit.coefficients, rel=1e-10)
        assert np.sqrt(np.diag(both.covariance)) == pytest.approx(se_tight, rel=1e-9)
        for i, name in enumerate(names):
            self.one(dataset, f"{prefix} {name}", coefficients[i], se[i])
            self.tight[dataset, f"{prefix} {name}"] = (float(fit.coefficients[i]), float(se_tight[i]))


def stopped_like_r(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and influence where glm.fit stops: its bread is one step behind its residuals."""
    scale, w = w.mean(), w / w.mean()
    mu = (w * y + 0.5) / (w + 1)
    eta, before = np.log(mu / (1 - mu)), np.inf
    while True:
        v = w * mu * (1 - mu)
        bread = (x * v[:, None]).T @ x
        beta = np.linalg.solve(bread, x.T @ (v * eta + w * (y - mu)))
        eta = x @ beta
        new = 1 / (1 + np.exp(-eta))
        deviance = -2 * np.sum(w * np.log(np.where(y == 1, new, 1 - new)))
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            working = v / w * (y - new) / (new * (1 - new))
            return beta, np.linalg.solve(bread * scale, (x * working[:, None]).T).T
        mu, before = new, deviance


@cache
def figures(shared: Path) -> Figures:
    f, data = Figures(), shared / "data"
    stratified(f, pd.read_csv(data / "survey_api" / "apistrat.csv"))
    clustered(f, pd.read_csv(data / "survey_api" / "apiclus1.csv"))
    business(
        f, pd.read_csv(data / "regenesees_sbs" / "sbs.csv"), pd.read_csv(data / "regenesees_sbs" / "sbs_frame.csv")
    )
    chain(f, data / "gustave_ict")
    return f


def stratified(f: Figures, t: pd.DataFrame) -> None:
    d = SurveyDesign(weights=t.pw, strata=t.stype, population=t.fpc)
    for name, e in (
        ("mean api00", d.mean(t.api00)),
        ("total enroll", d.total(t.enroll)),
        ("ratio api.stu/enroll", d.ratio(t["api.stu"], t.enroll)),
        ("domain mean api00 | comp.imp==Yes (subset of design)", d.mean(t.api00, t["comp.imp"] == "Yes")),
    ):
        f.one("apistrat", name, e.estimate[0], e.se[0])
    x = np.column_stack([np.ones(len(t)), t.ell, t.meals, t.mobility])
    y = (t["sch.wide"] == "Yes").to_numpy(float)
    f.model("apistrat", "svyglm sch.wide", ["(Intercept)", "ell", "meals", "mobility"], d, x, y)


def clustered(f: Figures, t: pd.DataFrame) -> None:
    d = SurveyDesign(weights=t.pw, psu=t.dnum, population=t.fpc)
    f.one("apiclus1", "mean api00", (e := d.mean(t.api00)).estimate[0], e.se[0])
    f.one("apiclus1", "total enroll", (e := d.total(t.enroll)).estimate[0], e.se[0])
    codes, _ = raking_groups([t.stype, t["sch.wide"]])
    stype, wide = np.array([4421.0, 755, 1018]), np.array([1072.0, 5122])
    by_type, by_both = np.eye(3)[codes[0]], np.hstack([np.eye(3)[codes[0]], np.eye(2)[codes[1]]])
    base = t.pw.to_numpy()

    def total(weights: np.ndarray, auxiliary: np.ndarray) -> tuple[float, float]:
        e = SurveyDesign(weights=weights, psu=t.dnum, population=t.fpc, auxiliary=auxiliary, before=base).total(
            t.enroll
        )
        return float(e.estimate[0]), float(e.se[0])

    f.one("apiclus1", "calibrated(stype) total enroll", *total(calibrate(base, by_type, stype).weights, by_type))
    raked_to_type = calibrate(base, codes[:1], [stype], "raking").weights
    f.one("apiclus1", "poststratified total enroll", *total(raked_to_type, by_type))
    w = calibrate(base, codes, [stype, wide], "raking", tolerance=1e-13).weights
    f.tight["apiclus1", "raked total enroll"] = total(w, by_both)
    stopped, residual = raked_like_r(base, codes, [stype, wide], t.enroll.to_numpy(float))
    ours = calibrate(base, codes, [stype, wide], "raking", tolerance=1e-4).weights
    np.testing.assert_allclose(ours, stopped, rtol=1e-12)
    e = SurveyDesign(weights=ours, psu=t.dnum, population=t.fpc)
    se = float(np.sqrt(e.covariance(residual)[0, 0]))
    f.one("apiclus1", "raked total enroll", e.total(t.enroll).estimate[0], se)
    for found, weights in ((f.default, stopped), (f.tight, w)):
        found["apiclus1", "raked weight min"] = (float(weights.min()), np.nan)
        found["apiclus1", "raked weight max"] = (float(weights.max()), np.nan)


def raked_like_r(
    base: np.ndarray, codes: list[np.ndarray], totals: list[np.ndarray], y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights and residuals where rake() stops: no joint cell moved by a firm, residuals by ten rounds of margins whose
    weights are those of their own step."""
    w, moved = base.copy(), np.inf
    joint = codes[0] * len(totals[1]) + codes[1]
    steps: list[np.ndarray] = []
    while moved >= 1:
        before, steps = np.bincount(joint, weights=w), []
        for code, total in zip(codes, totals, strict=True):
            w = w * (total / np.bincount(code, weights=w))[code]
            steps.append(w)
        moved = np.abs(np.bincount(joint, weights=w) - before).max()
    x = w * y
    for _round in range(10):
        for code, step in zip(codes, steps, strict=True):
            x = x - step * (np.bincount(code, weights=x / step) / np.bincount(code))[code]
    return w, x / w


def business(f: Figures, t: pd.DataFrame, frame: pd.DataFrame) -> None:
    population = t.groupby("strata").weight.transform("size") / t.fpc
    d = SurveyDesign(weights=t.weight, strata=t.strata, population=population)
    for name in ("ent", "emp.num", "va.imp2", "y"):
        e = d.total(t[name])
        f.one("sbs", f"HT total {name}", e.estimate[0], e.se[0])
        f.one("sbs.frame", f"true total {name}", frame[name].sum())
    e = d.ratio(t["va.imp2"], t["emp.num"])
    f.one("sbs", "ratio va.imp2/emp.num", e.estimate[0], e.se[0])
    f.one("sbs.frame", "true ratio", frame["va.imp2"].sum() / frame["emp.num"].sum())
    for region in ("North", "Center", "South"):
        e = d.total(t["va.imp2"], t.region == region)
        f.one("sbs", f"total va.imp2 | {region}", e.estimate[0], e.se[0])
    for band in ("[6,9]", "(9,19]", "(19,49]", "(49,99]", "(99,Inf]"):
        e = d.mean(t["va.imp2"], t["emp.cl"] == band)
        f.one("sbs", f"mean va.imp2 | {band}", e.estimate[0], e.se[0])
    e = d.mean(t["va"], t["va"].notna())
    f.one("sbs", "mean va (NA dropped as domain)", e.estimate[0], e.se[0])
    x = np.column_stack([np.ones(len(t)), t.region == "Center", t.region == "South", np.log(t["emp.num"])]).astype(
        float
    )
    y = (t["va.imp2"] / t["emp.num"] > 50).to_numpy(float)
    names = ["(Intercept)", "regionCenter", "regionSouth", "log(emp.num)"]
    f.model("sbs", "svyglm (va/emp>50)", names, d, x, y)
    cells = sorted((frame.region + frame["nace.macro"]).unique())

    def auxiliary(table: pd.DataFrame) -> np.ndarray:
        inside = ((table.region + table["nace.macro"]).to_numpy()[:, None] == np.array(cells)).astype(float)
        return np.hstack([inside, inside * table["emp.num"].to_numpy()[:, None]])

    x = auxiliary(t)
    w = calibrate(t.weight, x, auxiliary(frame).sum(axis=0)).weights
    greg = SurveyDesign(weights=w, strata=t.strata, population=population, auxiliary=x, before=t.weight)
    for quantity, name in (
        ("GREG total va.imp2 (enterprises+employees by region x macro)", "va.imp2"),
        ("GREG total y", "y"),
    ):
        e = greg.total(t[name])
        f.one("sbs", quantity, e.estimate[0], e.se[0])
    f.one("sbs", "GREG weight min", w.min())
    f.one("sbs", "GREG weight max", w.max())
    f.one("sbs", "GREG share of weights<1", (w < 1).mean())


def gustave_weights(folder: Path) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The sample, its response weights and its calibrated weights."""
    sample = pd.read_csv(folder / "ict_sample.csv")
    population = pd.read_csv(folder / "calibration_margins.csv").set_index("margin").population
    asked = np.flatnonzero(sample.nrc)
    (classes,), _ = raking_groups([sample.hrg[asked]])
    responding = sample.resp[asked].to_numpy(bool)
    base = sample.w_sample.to_numpy(float)
    weights = response_weights(base[asked][:, None], classes, responding)[:, 0]
    factor = np.zeros(classes.max() + 1)
    factor[classes[responding]] = weights / base[asked][responding]
    # The published chain carries the factor of their class to the silent firms too and calibrates them along. Firms
    # outside the scope keep their sampling weight; firms that stand for themselves alone keep 1.
    nonresponse = base.copy()
    nonresponse[asked] *= factor[classes]
    inside = sample.calib.to_numpy(bool)
    x = sample[population.index].to_numpy(float)
    totals = population.to_numpy() - x[~inside].sum(axis=0)
    final = np.ones(len(sample))
    final[inside] = calibrate(nonresponse[inside], x[inside], totals, "raking").weights
    return sample, nonresponse, final


def chain(f: Figures, folder: Path) -> None:
    sample, _, final = gustave_weights(folder)
    survey = pd.read_csv(folder / "ict_survey.csv")
    d = SurveyDesign(weights=survey.firm_id.map(pd.Series(final, index=sample.firm_id)))
    f.one("gustave_ict", "total turnover of respondents, w_calib", d.total(survey.turnover).estimate[0])
    f.one("gustave_ict", "mean speed_quanti (w_calib)", d.mean(survey.speed_quanti).estimate[0])
    f.one("gustave_ict", "share big_data (w_calib)", d.mean(survey.big_data.astype(float)).estimate[0])


def test_every_figure_of_the_public_data_is_reached(shared: Path) -> None:
    table = pd.read_csv(shared / "reference" / "design_benchmarks.csv")
    table = table[table.set.isin(SETS)].set_index(["set", "quantity"])
    found = figures(shared).default
    assert set(found) == set(table.index)
    for key, row in table.iterrows():
        estimate, se = found[key]
        assert estimate == pytest.approx(row.est, rel=1e-6), key
        if not np.isnan(row.se):
            assert se == pytest.approx(row.se, rel=1e-6, abs=1e-6), key


def test_iterated_to_the_end_the_figures_are_those_of_r_iterated_to_the_end(shared: Path) -> None:
    found = figures(shared).tight
    assert set(found) == set(tight().index)
    for key, row in tight().iterrows():
        estimate, se = found[key]
        assert estimate == pytest.approx(row.est, rel=1e-8), key
        if not np.isnan(row.se):
            assert se == pytest.approx(row.se, rel=1e-6), key


def test_gustave_s_chain_from_sample_over_response_to_calibrated_weights(shared: Path) -> None:
    sample, nonresponse, final = gustave_weights(shared / "data" / "gustave_ict")
    np.testing.assert_allclose(nonresponse, sample.w_nrc, rtol=1e-6)
    np.testing.assert_allclose(final, sample.w_calib, rtol=1e-6)


def test_regenesees_prints_the_ratio_and_its_error(shared: Path) -> None:
    estimate, se = figures(shared).default["sbs", "ratio va.imp2/emp.num"]
    assert round(estimate, 5) == 57.14199
    assert round(se, 6) == 1.018897
