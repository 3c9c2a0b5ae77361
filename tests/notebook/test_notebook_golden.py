"""What R's survey package gives for apistrat, apiclus2 and the golden firms, asked of a notebook's design.

Estimates agree within 1e-8 relative, errors, intervals and p-values within 1e-6 (golden/notebook/notebook.R).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.notebook.design import SurveyDesign
from monitor.notebook.results import Estimates
from monitor.statistics.design.crosstab import Significance

GOLDEN = Path(__file__).parents[1] / "golden" / "notebook"
SCHOOLS = {0: 1072.0, 1: 5122.0}

Figure = tuple[float, float, float, float, float, float]
"""Estimate, se, low, high, degrees of freedom, p: NaN where R was not asked"""


def designs() -> dict[str, SurveyDesign]:
    schools, clusters = (pd.read_csv(GOLDEN / f"{name}.csv") for name in ("apistrat", "apiclus2"))
    drawn, scales = (pd.read_csv(GOLDEN / f"apistrat_{name}.csv") for name in ("replicates", "scales"))
    stratified = SurveyDesign.from_frame(schools, "pw", "stype", "fpc")
    replicated = SurveyDesign.from_frame(schools, "pw", "stype", "fpc", replicates=drawn, replicate_scale=scales)
    firms = pd.read_csv(GOLDEN / "firms.csv")
    return {
        "apistrat": stratified,
        "apistrat replicates": replicated,
        "apistrat poststratified": stratified.post_stratified("a", SCHOOLS),
        "apistrat replicates poststratified": replicated.post_stratified("a", SCHOOLS),
        "apiclus2": SurveyDesign.from_frame(
            clusters, "pw", population="fpc1", psu="dnum", within="fpc2", lonely="certainty"
        ),
        "firms": SurveyDesign.from_frame(firms, "weight", "stratum", "population"),
    }


def figures(found: Estimates, *, tested: bool = False) -> list[Figure]:
    low, high = found.interval() if found.kind == "quantile" else (np.full(len(found.n), np.nan),) * 2
    p = found.p if tested else np.full(len(found.n), np.nan)
    df = found.df if tested else p
    return [*zip(found.estimate, found.se, low, high, df, p, strict=True)]


def of_test(test: Significance) -> Figure:
    df = test.df_denominator if np.isfinite(test.df_denominator) else test.df
    return (test.statistic, np.nan, np.nan, np.nan, df, test.p)


def model(name: str, found: Estimates, terms: dict[str, str]) -> dict[str, Figure]:
    names = [str(t).replace("[T.", "").replace("]", "").replace("Intercept", "(Intercept)") for t in found.rows.term]
    told = dict(zip([f"{name} {n}" for n in names], figures(found, tested=True), strict=True))
    return told | {f"{name} test {in_r}": of_test(found.test(ours)) for in_r, ours in terms.items()}


def computed(data: str, d: SurveyDesign) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for a in (0, 1):
        where = f"a == {a}"
        found[f"mean {a}"] = figures(d.mean("y", domain=where))[0]
        found[f"total {a}"] = figures(d.total("y", domain=where))[0]
        found[f"ratio {a}"] = figures(d.ratio("y", "x", domain=where))[0]
    by = d.mean("y", by="a")
    found["difference mean"] = figures(d.difference(by.at(a=0), by.at(a=1)))[0]
    by = d.total("y", by="a")
    found["difference total"] = figures(by.contrast([1, -1]))[0]
    if data == "apistrat poststratified":
        found |= model("gaussian", d.glm("y ~ x + grp"), {"grp": "grp"})
    if "poststratified" in data:
        return found
    for kind in ("mean",) if "replicates" in data else ("mean", "xlogit", "beta"):
        for p in (0.25, 0.5, 0.9):
            found[f"quantile {kind} {p:g}"] = figures(d.quantile("y", p, interval=kind))[0]
    table = d.table("a", "grp")
    found["table F"], found["table chisq"] = of_test(table.test()), of_test(table.test(order=1))
    linear = d.glm("y ~ x + grp")
    found |= model("gaussian", linear, {"grp": "grp", "x": "x"})
    found["contrast"] = figures(linear.contrast({"x": 100, linear.rows.term[2]: 1}))[0]
    found |= model("poisson", d.glm("k ~ x + grp", "poisson"), {"grp": "grp"})
    found |= model("binomial", d.glm("b ~ x * a", "binomial"), {"a": "a", "x:a": "x:a"})
    found |= model("fractional", d.glm("s ~ x + grp", "binomial"), {"grp": "grp"})
    first = sorted(d.copies[0].grp.unique())[0]
    return found | model("domain", d.glm("y ~ x", domain=f"grp != '{first}'"), {"x": "x"})


@cache
def expected() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "figures.csv").set_index(["data", "name"])


@pytest.mark.parametrize("data", list(designs()))
def test_every_figure_is_that_of_r(data: str) -> None:
    told, found = expected().loc[data], computed(data, designs()[data])
    assert set(found) == set(told.index)
    far = []
    for name, row in told.iterrows():
        for what, own, r in zip(row.index, found[str(name)], row, strict=True):
            exact = what == "estimate" and " test" not in str(name) and "table" not in str(name)
            if not np.isnan(r) and own != pytest.approx(r, rel=1e-8 if exact else 1e-6, abs=1e-13):
                far.append((name, what, own, r))
    assert far == []
