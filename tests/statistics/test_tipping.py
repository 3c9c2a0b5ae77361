"""Estimates under unequal odds of answering: as in R, exact at odds of one, and undoing what such odds do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.design import ResponsePhase, SurveyDesign
from monitor.statistics.design.estimate import Estimate
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.notes import Note
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.sample import Design, Mask, Sample
from monitor.statistics.models.specification import Specification
from monitor.statistics.nonresponse.tipping import (
    At,
    answered_unequally,
    curve,
    having,
    of_contrast,
    of_estimate,
    turning_point,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "nonresponse"
MODEL = Specification("m", "main", "top", "all", "logit", practices=("a", "b"))
THRESHOLDS = Disclosure()
Told = Callable[[SurveyDesign], Estimate[SurveyDesign]]


def answered() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "answered.csv")


def design_of(d: pd.DataFrame) -> SurveyDesign:
    silent = pd.read_csv(GOLDEN / "silent.csv")
    phase = ResponsePhase(
        d["class"].to_numpy(object),
        d["adjustment"].to_numpy(float),
        silent["stratum"].to_numpy(object),
        silent["class"].to_numpy(object),
        silent["silent"].to_numpy(float),
        silent["base"].to_numpy(float),
    )
    regions = np.column_stack([d["region"] == "n", d["region"] == "s"]).astype(float)
    columns = {name: d[name].to_numpy() for name in ("weight", "stratum", "population", "before")}
    return SurveyDesign(
        columns["weight"], columns["stratum"], columns["population"], response=phase, auxiliary=regions,
        before=columns["before"],
    )  # fmt: skip


def sample_of(d: pd.DataFrame) -> Sample:
    columns = columns_of(d[["a", "b", "top"]].assign(base_all=1.0).astype(float))
    return Sample("one", np.arange(len(d)).astype(str).astype(object), (columns,), columns, design_of(d))


def properties(d: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    return {"outcome": ("top",), "practice": ("a",), "all": ("a", "b", "top")}


def reweighed(design: Design, has: Mask, gamma: float) -> Design:
    assert isinstance(design, SurveyDesign)
    return answered_unequally(design, has, gamma)


def share(d: pd.DataFrame) -> Told:
    return lambda design: design.proportion(d["top"])


def difference(d: pd.DataFrame) -> Told:
    return lambda e: e.difference(e.proportion(d["top"], d["a"] == 1), e.proportion(d["top"], d["a"] == 0))


def contrast(d: pd.DataFrame, names: tuple[str, ...]) -> At:
    sample = sample_of(d)
    found = of_contrast(sample, prepare(sample, MODEL, THRESHOLDS), "complementarity", having(*names), reweighed)
    assert not isinstance(found, Note)
    return found


@pytest.mark.parametrize("name", ["outcome", "practice", "all"])
def test_estimates_and_errors_as_in_r(name: str) -> None:
    d = answered()
    names = properties(d)[name]
    has = (d[list(names)] == 1).all(axis=1).to_numpy()
    design = design_of(d)
    told = {
        "share": of_estimate(design, has, share(d)),
        "difference": of_estimate(design, has, difference(d)),
        "complementarity": contrast(d, names),
    }
    table = pd.read_csv(GOLDEN / "tipping.csv")
    table = table[table["name"] == name]
    assert len(table) == 12
    for row in table.itertuples():
        point = told[row.block](row.gamma)
        assert (point.estimate, point.se) == pytest.approx((row.estimate, row.se), rel=1e-6, abs=1e-8), row


def test_turning_points_as_in_r() -> None:
    d = answered()
    table = pd.read_csv(GOLDEN / "tipping.csv").query("block == 'turns'").set_index("name")
    design = design_of(d)
    at = of_estimate(design, d["top"] == 1, share(d))
    gamma, bar = table.loc["share", ["gamma", "estimate"]]
    assert turning_point(at, bar, "estimate") == pytest.approx(gamma, abs=0.005)
    assert turning_point(at, bar, "estimate", farthest=0.1) is None, "answering less readily raises the share"
    at = of_estimate(design, (d["a"] == 1) & (d["top"] == 1), difference(d))
    gamma, bar = table.loc["difference", ["gamma", "estimate"]]
    assert turning_point(at, bar) == pytest.approx(gamma, abs=0.005)
    assert turning_point(at, -2.0) is None


def test_equal_odds_leave_every_figure_as_it_is() -> None:
    d = answered()
    design = design_of(d)
    same = answered_unequally(design, d["top"], 1.0)
    np.testing.assert_allclose(same.weights, design.weights, rtol=1e-9)
    mine, theirs = same.proportion(d["top"]), design.proportion(d["top"])
    assert mine.se == pytest.approx(theirs.se, rel=1e-9)
    sample = sample_of(d)
    model = analyse(sample, MODEL, THRESHOLDS).contrasts
    assert model is not None
    place = model.names.index("complementarity")
    (point,) = curve(contrast(d, ("top",)), (1.0,))
    wanted = (model.estimate[place], model.se[place], model.df[place])
    assert (point.estimate, point.se, point.df) == pytest.approx(wanted, rel=1e-9)


def test_classes_keep_their_size_and_calibration_its_totals() -> None:
    d = answered()
    design = design_of(d)
    assert design.before is not None
    assert design.auxiliary is not None
    under = answered_unequally(design, d["top"], 2.0)
    assert under.before is not None
    assert under.response is not None
    for name in ("x", "y", "z"):
        here = (d["class"] == name).to_numpy()
        assert under.before[here].sum() == pytest.approx(design.before[here].sum(), rel=1e-12)
        chance = 1 / under.response.adjustment[here]
        odds = np.unique(np.round(chance / (1 - chance), 10))
        assert odds[1] / odds[0] == pytest.approx(2.0, rel=1e-8)
    np.testing.assert_allclose(under.auxiliary.T @ under.weights, design.auxiliary.T @ design.weights, rtol=1e-9)


def test_what_it_needs_is_asked_for() -> None:
    d = answered()
    design = design_of(d)
    with pytest.raises(ValueError, match="how firms came to answer"):
        answered_unequally(replace(design, response=None), d["top"], 2.0)
    with pytest.raises(ValueError, match="positive"):
        answered_unequally(design, d["top"], 0.0)


def test_it_undoes_what_unequal_odds_do() -> None:
    """2,000 firms in four classes answer with twice the odds where they have the outcome, 300 times: at equal odds the
    interval covers the share hardly ever, at odds of two nineteen times of twenty."""
    rng = np.random.default_rng(2011)
    n, draws = 2000, 300
    place = np.repeat(np.arange(4), n // 4)
    y = (rng.random(n) < np.array([0.2, 0.3, 0.4, 0.5])[place]).astype(float)
    chance = 1 / (1 + np.exp(1.4 - 0.2 * place - np.log(2) * y))
    covered = {1.0: 0, 2.0: 0}
    for _ in range(draws):
        here = rng.random(n) < chance
        invited, answers = np.bincount(place), np.bincount(place[here], minlength=4)
        adjustment = (invited / answers)[place[here]]
        classes, kinds = place[here].astype(str), np.arange(4).astype(str)
        silent = (invited - answers).astype(float)
        phase = ResponsePhase(classes, adjustment, np.repeat("all", 4), kinds, silent, np.ones(4))
        ones = np.repeat("all", int(here.sum()))
        design = SurveyDesign(adjustment, ones, np.full(int(here.sum()), float(n)), response=phase)
        at = of_estimate(design, y[here], lambda e, own=y[here]: e.proportion(own))
        for gamma in covered:
            point = at(gamma)
            covered[gamma] += point.low <= y.mean() <= point.high
    assert covered[1.0] / draws < 0.2
    assert 0.92 <= covered[2.0] / draws <= 0.98
