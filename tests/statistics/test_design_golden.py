"""Every figure that R's survey package gives for the sample in golden/design, computed by `statistics.design`.

Estimates agree within 1e-8 relative, standard errors and interval bounds within 1e-6 (golden/design/reference.R).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.problems import MonitorError
from monitor.statistics.design.estimate import Estimate
from monitor.statistics.design.intervals import korn_graubard, logit_t
from monitor.statistics.design.replicates import jackknife_weights
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.linearised import linearised
from monitor.statistics.weighting.calibration import calibrate, raking_groups
from monitor.statistics.weighting.propensity import dummy_columns

GOLDEN = Path(__file__).parents[1] / "golden" / "design"
SIZES = ["micro", "small", "medium", "large"]
SECTORS = ["industry", "services", "trade"]
PROVINCES = ["PV20", "PV21", "PV22"]

Figures = dict[str, tuple[float, float, float, float]]


def expected() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "figures.csv").set_index("quantity")


def firms() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "firms.csv")


def design(data: pd.DataFrame, **kind: object) -> SurveyDesign:
    return SurveyDesign(weights=data.weight, strata=data.stratum, population=data.population, **kind)  # type: ignore[arg-type]


def indicator(data: pd.DataFrame) -> np.ndarray:
    """(Intercept), size, sector, province as R's model matrix codes them."""
    columns = [np.ones(len(data))]
    for name, levels in (("size", SIZES), ("sector", SECTORS), ("province", PROVINCES)):
        columns += [(data[name] == level).to_numpy(float) for level in levels[1:]]
    return np.column_stack(columns)


def margin_totals(names: tuple[str, ...]) -> list[np.ndarray]:
    table = pd.read_csv(GOLDEN / "totals.csv", keep_default_na=False)
    found = []
    for name in names:
        rows = table[table.variables == name].set_index("category").total
        found.append(rows.sort_index().to_numpy(float))
    return found


def contrasts(data: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    a, b = data.cooperates.to_numpy(float), data.invests.to_numpy(float)
    return np.column_stack([np.ones(len(data)), a, b, a * b]), [
        "(Intercept)",
        "cooperates",
        "invests",
        "cooperates:invests",
    ]


class Computed:
    """The figures by their names in figures.csv."""

    def __init__(self) -> None:
        self.found: Figures = {}

    def add(self, name: str, estimate: float, se: float = np.nan, low: float = np.nan, high: float = np.nan) -> None:
        assert name not in self.found
        self.found[name] = (float(estimate), float(se), float(low), float(high))

    def each(self, prefix: str, names: list[str], result: Estimate) -> None:
        for name, estimate, se in zip(names, result.estimate, result.se, strict=True):
            self.add(f"{prefix} {name}", estimate, se)

    def model(
        self,
        prefix: str,
        names: list[str],
        d: SurveyDesign,
        x: np.ndarray,
        y: np.ndarray,
        inside: np.ndarray | None = None,
    ) -> None:
        inside = np.ones(d.n, dtype=bool) if inside is None else inside
        fit = maximum_likelihood(y[inside], x[inside], d.weights[inside])
        assert fit.converged
        z = np.zeros(x.shape)
        z[inside] = fit.contributions / d.weights[inside][:, None]
        se = np.sqrt(np.diag(d.covariance(z)))
        for name, b, s in zip(names, fit.coefficients, se, strict=True):
            self.add(f"{prefix} {name}", b, s)
        both = linearised(d, y[inside], tuple(x[inside].T), inside)
        assert both.converged
        assert both.coefficients == pytest.approx(fit.coefficients, rel=1e-10)
        assert np.sqrt(np.diag(both.covariance)) == pytest.approx(se, rel=1e-10)


@cache
def computed() -> Figures:
    data, c = firms(), Computed()
    d = design(data)
    c.add("degrees of freedom", d.degrees_of_freedom())
    c.each("total", ["employees", "turnover", "cooperates"], d.total(data[["employees", "turnover", "cooperates"]]))
    c.each("mean", ["employees", "share", "top"], d.mean(data[["employees", "share", "top"]]))
    ratio = d.ratio(data.turnover, data.employees)
    c.add("ratio turnover/employees", ratio.estimate[0], ratio.se[0])
    for p in (0.25, 0.5, 0.9):
        q = d.quantile(data.turnover, p)
        low, high = q.interval()
        c.add(f"quantile turnover {p}", q.estimate[0], q.se[0], low[0], high[0])
    free = SurveyDesign(weights=data.weight, strata=data.stratum)
    c.each("no fpc: mean", ["employees", "top"], free.mean(data[["employees", "top"]]))
    for province in PROVINCES:
        inside = data.province == province
        c.each(f"domain {province} mean", ["employees", "top"], d.mean(data[["employees", "top"]], inside))
        c.each(f"domain {province} total", ["turnover"], d.total(data.turnover, inside))
    c.each("domain large mean", ["employees", "top"], d.mean(data[["employees", "top"]], data["size"] == "large"))
    ratio = d.ratio(data.turnover, data.employees, data.cooperates == 1)
    c.add("domain cooperates ratio turnover/employees", ratio.estimate[0], ratio.se[0])
    moved = d.difference(d.mean(data.top, data.cooperates == 1), d.mean(data.top, data.cooperates == 0))
    c.add("difference top | cooperates 1-0", moved.estimate[0], moved.se[0])
    for name in ("top", "cooperates", "rare"):
        share = d.proportion(data[name])
        bounds = {
            "xlogit": logit_t(share.estimate, share.se, share.df),
            "beta": korn_graubard(share.estimate, share.se, share.n, share.df),
        }
        for method, (low, high) in bounds.items():
            c.add(f"interval {method} {name}", share.estimate[0], share.se[0], low[0], high[0])
    pairs, names = contrasts(data)
    x = np.column_stack([pairs[:, :3], indicator(data)[:, 1:6], pairs[:, 3]])
    terms = [*names[:3], *(f"size{s}" for s in SIZES[1:]), *(f"sector{s}" for s in SECTORS[1:]), names[3]]
    c.model("svyglm binomial", terms, d, x, data.top.to_numpy(float))
    x = np.column_stack([pairs[:, :3], np.log(data.employees)])
    c.model("svyglm fractional", [*names[:3], "log(employees)"], d, x, data.share.to_numpy(float))
    c.model(
        "svyglm binomial, domain not trade",
        names[:3],
        d,
        pairs[:, :3],
        data.top.to_numpy(float),
        (data.sector != "trade").to_numpy(),
    )
    calibrated(c, data)
    lonely(c, data)
    clusters(c, data)
    replicated(c, data)
    return c.found


def calibrated(c: Computed, data: pd.DataFrame) -> None:
    base = data.weight.to_numpy()
    codes, _ = raking_groups([data["size"], data.sector, data.province])
    totals = margin_totals(("size", "sector", "province"))
    cells = np.hstack([np.eye(len(t))[k] for k, t in zip(codes, totals, strict=True)])
    flat = np.concatenate(totals)
    employees = data.employees.to_numpy(float)[:, None]
    with_employees = np.hstack([cells, employees])
    greg_totals = np.r_[flat, margin_totals(("employees",))[0]]
    size_only = np.eye(4)[codes[0]]
    made = {
        "raking": (calibrate(base, codes, totals, "raking", tolerance=1e-13), cells),
        "greg": (calibrate(base, with_employees, greg_totals, "linear"), with_employees),
        "logit": (calibrate(base, cells, flat, "logit", (0.8, 1.25), tolerance=1e-12), cells),
        "truncated linear": (calibrate(base, cells, flat, "linear", (0.8, 1.25), tolerance=1e-12), cells),
        "poststratified": (calibrate(base, size_only, totals[0], "linear"), size_only),
    }
    for name, (result, auxiliary) in made.items():
        d = SurveyDesign(
            weights=result.weights, strata=data.stratum, population=data.population, auxiliary=auxiliary, before=base
        )
        c.each(f"{name} mean", ["share", "top"], d.mean(data[["share", "top"]]))
        c.each(f"{name} total", ["turnover", "cooperates"], d.total(data[["turnover", "cooperates"]]))
        c.each(f"{name} domain PV21 mean", ["top"], d.mean(data.top, data.province == "PV21"))
        x, names = contrasts(data)
        c.model(f"{name} svyglm", names, d, x, data.top.to_numpy(float))
        c.add(f"{name} weight minimum", d.weights.min())
        c.add(f"{name} weight maximum", d.weights.max())
        c.add(f"{name} weight sum of squares", (d.weights**2).sum())


def lonely(c: Computed, data: pd.DataFrame) -> None:
    alone = data[~((data.stratum == "medium industry") & data.stratum.duplicated())]
    for policy, ours in (("certainty", "certainty"), ("adjust", "centre")):
        d = design(alone, lonely=ours)
        c.each(f"lonely {policy} total", ["turnover", "cooperates"], d.total(alone[["turnover", "cooperates"]]))
        c.each(f"lonely {policy} mean", ["top"], d.mean(alone.top))


def clusters(c: Computed, data: pd.DataFrame) -> None:
    group = data.stratum + " " + (np.arange(1, len(data) + 1) // 3).astype(str)
    rest = data[data.stratum != "large"]
    d = SurveyDesign(weights=rest.weight, strata=rest.stratum, psu=group[rest.index])
    c.add("clusters degrees of freedom", d.degrees_of_freedom())
    c.each("clusters mean", ["employees", "top"], d.mean(rest[["employees", "top"]]))


def replicated(c: Computed, data: pd.DataFrame) -> None:
    jackknife, jackknife_scale = jackknife_weights(data.weight, data.stratum, data.population)
    bootstrap = pd.read_csv(GOLDEN / "replicates.csv").drop(columns="firm").to_numpy(float)
    codes, _ = raking_groups([data["size"], data.sector, data.province])
    totals = margin_totals(("size", "sector", "province"))
    x, names = contrasts(data)
    top = data.top.to_numpy(float)
    values = data[["turnover", "cooperates", "share", "top", "employees"]].to_numpy(float)
    for kind, weights, scale in (
        ("JKn", jackknife, jackknife_scale),
        ("bootstrap", bootstrap, 1 / (bootstrap.shape[1] - 1)),
    ):
        d = design(data, replicates=weights, replicate_scale=scale)
        full, theta = d.weights @ values, d.replicate_totals(values)
        size, sizes = d.weights.sum(), weights.sum(axis=0)[:, None]

        def figure(
            prefix: str, estimate: np.ndarray, replicates: np.ndarray, labels: list[str], d: SurveyDesign = d
        ) -> None:
            se = np.sqrt(np.diag(d.replicate_covariance(replicates)))
            for label, e, s in zip(labels, estimate, se, strict=True):
                c.add(f"{prefix} {label}", e, s)

        figure(f"{kind} total", full[:2], theta[:, :2], ["turnover", "cooperates"])
        figure(f"{kind} mean", full[2:4] / size, theta[:, 2:4] / sizes, ["share", "top"])
        if kind == "JKn":
            figure(f"{kind} ratio", full[[0]] / full[4], theta[:, [0]] / theta[:, [4]], ["turnover/employees"])
        fit = maximum_likelihood(top, x, d.weights)
        fits = np.array([maximum_likelihood(top, x, replicate).coefficients for replicate in weights.T])
        figure(f"{kind} svyglm", fit.coefficients, fits, names)
        raked = calibrate(np.column_stack([d.weights, weights]), codes, totals, "raking", tolerance=1e-13).weights
        means = (raked.T @ values[:, 2:4]) / raked.sum(axis=0)[:, None]
        figure(f"{kind} raked mean", means[0], means[1:], ["share", "top"])


@pytest.mark.parametrize("quantity", expected().index.tolist())
def test_agrees_with_r(quantity: str) -> None:
    estimate, se, low, high = computed()[quantity]
    r = expected().loc[quantity]
    assert estimate == pytest.approx(r.estimate, rel=1e-8, abs=1e-9)
    for name, value in (("se", se), ("low", low), ("high", high)):
        assert np.isnan(value) == np.isnan(r[name]), name
        if not np.isnan(value):
            assert value == pytest.approx(r[name], rel=1e-6, abs=1e-12), name


def test_nothing_is_computed_that_r_did_not_give() -> None:
    assert set(computed()) == set(expected().index)


def test_a_domain_nobody_is_in_has_a_reason_and_no_figure() -> None:
    data = firms()
    empty = design(data).mean(data.top, data.province == "PV23")
    assert np.isnan(empty.estimate[0])
    assert np.isnan(empty.se[0])
    assert empty.reason == "no firm in the domain"


def test_a_lonely_stratum_fails_unless_a_policy_is_declared() -> None:
    data = firms()
    alone = data[~((data.stratum == "medium industry") & data.stratum.duplicated())]
    with pytest.raises(MonitorError, match="stratum medium industry has one firm"):
        _ = design(alone).mean(alone.top).se


def test_dummy_columns_are_r_s_treatment_contrasts() -> None:
    x, names = dummy_columns([["b", "a", "c", "a"]])
    assert names == ["(Intercept)", "term_0[b]", "term_0[c]"]
    assert x.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 0]]
