"""What a person hands to the design from a notebook: every mistake is said with what to do, nothing passes as NaN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from monitor.problems import MonitorError
from monitor.statistics.design.panel import change
from monitor.statistics.design.structure import SurveyDesign

N = 60
POPULATION = {"a": 200, "b": 150, "c": 120}


@pytest.fixture
def firms() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"weight": rng.uniform(1, 5, N), "stratum": np.tile(["a", "b", "c"], N // 3)})
    table["population"] = table.stratum.map(POPULATION).astype(float)
    table["top"] = rng.random(N) < 0.3
    table["province"] = rng.choice(["PV20", "PV21"], N)
    return table


def of(firms: pd.DataFrame, **changed: object) -> SurveyDesign:
    """The three-line design of a notebook, with something else in one of its places."""
    given = {"weights": firms.weight, "strata": firms.stratum, "population": firms.population, **changed}
    return SurveyDesign(**given)  # type: ignore[arg-type]


def first_without(column: pd.Series, value: object) -> pd.Series:
    """The column with another value for the first firm."""
    return pd.Series([value, *column.tolist()[1:]])


BAD: dict[str, tuple[Callable[[pd.DataFrame], object], tuple[str, ...]]] = {
    "a text as a weight": (lambda f: of(f, weights=first_without(f.weight, "4,5")), ("weights", "4,5", "row 1")),
    "weights as a table": (lambda f: of(f, weights=f[["weight"]]), ("weights", "one column", "60 x 1")),
    "a missing weight of a nullable column": (
        lambda f: of(f, weights=f.weight.astype("Float64").where(f.index > 0)),
        ("1 weights are missing", "row 1"),
    ),
    "a missing stratum": (lambda f: of(f, strata=first_without(f.stratum, None)), ("1 firms have no stratum", "row 1")),
    "a stratum that the frame lacks": (
        lambda f: of(f, population=f.stratum.map({"a": 200, "b": 150})),
        ("stratum c has no population size", "frame"),
    ),
    "a negative population": (lambda f: of(f, population=-f.population), ("stratum a has no population", "-200")),
    "a stratum with one firm": (
        lambda f: (
            of(f, strata=first_without(f.stratum, "z"), population=first_without(f.population, 50)).mean(f.top).se
        ),
        ("stratum z has one firm", "lonely="),
    ),
    "too few strata": (lambda f: of(f, strata=f.stratum[:-1]), ("strata has 59 rows", "weights has 60")),
    "replicates that are no numbers": (
        lambda f: of(f, replicates=np.full((N, 4), np.nan)),
        ("240 replicate weights are missing or infinite", "firms x replicates"),
    ),
    "replicates the wrong way round": (lambda f: of(f, replicates=np.ones((4, N))), ("replicates has 4 rows",)),
    "calibration variables that are missing": (
        lambda f: of(f, auxiliary=np.full((N, 1), np.nan)),
        ("auxiliary", "missing or infinite"),
    ),
    "a negative weight before calibration": (
        lambda f: of(f, auxiliary=np.ones(N), before=-f.weight),
        ("before", "negative"),
    ),
    "a missing answer": (
        lambda f: of(f).mean(f.weight.where(f.index > 0)),
        ("1 firms of the domain have no finite value", "domain=y.notna()"),
    ),
    "an answer that is a text": (lambda f: of(f).mean(f.stratum), ("not numbers", "'a'")),
    "a domain of codes": (lambda f: of(f).mean(f.top, domain=f.province), ("domain", "True or False", "PV2")),
    "a domain of row numbers": (lambda f: of(f).mean(f.top, domain=np.array([0, 1])), ("domain", "60")),
    "a domain that is unknown for a firm": (
        lambda f: of(f).mean(f.top, domain=(f.province == "PV20").astype("boolean").where(f.index > 0)),
        ("domain", "unknown for 1 firms", "fillna(False)"),
    ),
    "a percentage as a quantile": (lambda f: of(f).quantile(f.weight, 50), ("between 0 and 1", "50")),
    "a percentage as a level": (lambda f: of(f).mean(f.top).interval(95), ("0.95", "95")),
    "a number as a property": (lambda f: of(f).proportion(f.weight), ("1 or 0", "mean")),
    "estimates of two designs": (
        lambda f: of(f).difference(of(f).mean(f.top), of(f).mean(f.top)),
        ("this design", "change"),
    ),
    "a change without firms": (lambda f: change(of(f).mean(f.top), of(f).mean(f.top)), ("firms=",)),
    "replicates that are not there": (lambda f: of(f).replicate_totals(f.top), ("replicates=",)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("mistake", BAD)
def test_a_mistake_says_what_it_is_and_what_to_do(firms: pd.DataFrame, mistake: str) -> None:
    make, told = BAD[mistake]
    with pytest.raises((MonitorError, ValueError)) as error:
        make(firms)
    assert all(word in str(error.value) for word in told), str(error.value)


def test_all_problems_come_at_once(firms: pd.DataFrame) -> None:
    with pytest.raises(MonitorError) as error:
        of(firms, weights=first_without(firms.weight, -1), strata=first_without(firms.stratum, np.nan))
    assert len(error.value.problems) == 2


def test_columns_of_any_kind_give_the_same(firms: pd.DataFrame) -> None:
    plain = of(firms).proportion(firms.top, domain=firms.province == "PV20")
    other = of(firms, weights=firms.weight.tolist(), strata=firms.stratum.astype("category")).proportion(
        firms.top.astype("boolean"), domain=(firms.province == "PV20").astype(int)
    )
    assert other.estimate == plain.estimate
    assert other.se == plain.se


def test_a_domain_without_a_firm_is_unknown_with_its_reason(firms: pd.DataFrame) -> None:
    none = of(firms).mean(firms.weight, domain=firms.province == "PV99")
    assert np.isnan(none.estimate).all()
    assert np.isnan(none.interval()).all()
    assert none.reason == "no firm in the domain"
    assert "no firm in the domain" in repr(none)


def test_a_notebook_shows_a_design_and_an_estimate_in_a_line(firms: pd.DataFrame) -> None:
    design = of(firms)
    assert repr(design) == "SurveyDesign(60 firms, 3 strata, population 470, sum of weights 187.2)"
    top = design.proportion(firms.top)
    low, high = top.interval()
    assert repr(top) == (
        f"Estimate({top.estimate[0]:.4g}, se {top.se[0]:.4g}, 95% {low[0]:.4g} to {high[0]:.4g}; 60 firms, df 57)"
    )
    assert repr(design.mean(np.column_stack([firms.top, firms.weight]))).count("se ") == 2
