"""Estimates under unequal odds of answering: as in R, exact at odds of one, and undoing what such odds do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike
from unequal_answers import GOLDEN, answered, design_of, sample_of

from monitor.statistics.design import ResponsePhase, SurveyDesign
from monitor.statistics.design.inputs import members
from monitor.statistics.design.intervals import student_t
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.specification import Specification
from monitor.statistics.nonresponse.tipping import (
    Figure,
    Ratio,
    each_answered_unequally,
    of_contrast,
    of_ratios,
    turning_point,
)

MODEL = Specification("m", "main", "top", "all", "logit", practices=("a", "b"))
THRESHOLDS = Disclosure()


def properties(d: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    return {"outcome": ("top",), "practice": ("a",), "all": ("a", "b", "top")}


def answered_unequally(design: SurveyDesign, has: ArrayLike, gamma: float) -> SurveyDesign:
    """The design under one case."""
    return each_answered_unequally(design, [(members(has, design.n), gamma)])[0]


def under(design: SurveyDesign, has: np.ndarray, gamma: float, figure: Figure) -> tuple[float, float]:
    """The first figure and its error under an odds ratio."""
    told = figure([answered_unequally(design, has, gamma)])
    return float(told.estimates[0]), float(told.se[0])


def figures(d: pd.DataFrame) -> dict[str, Figure]:
    """What R told: a share, a difference of shares, the complementarity of a model."""
    y, a, ones = (d["top"].to_numpy(float), d["a"].to_numpy(float), np.ones(len(d)))
    sample = sample_of(d)
    return {
        "share": of_ratios([[Ratio(y, ones)]]),
        "difference": of_ratios([[Ratio(y * a, a), Ratio(y * (1 - a), 1 - a)]]),
        "complementarity": of_contrast(sample, prepare(sample, MODEL, THRESHOLDS), ["complementarity"]),
    }


@pytest.mark.parametrize("name", ["outcome", "practice", "all"])
def test_estimates_and_errors_as_in_r(name: str) -> None:
    d = answered()
    has = (d[list(properties(d)[name])] == 1).all(axis=1).to_numpy()
    design, told = design_of(d), figures(d)
    table = pd.read_csv(GOLDEN / "tipping.csv")
    table = table[table["name"] == name]
    assert len(table) == 12
    for row in table.itertuples():
        found = under(design, has, row.gamma, told[row.block])
        assert found == pytest.approx((row.estimate, row.se), rel=1e-6, abs=1e-8), row


def test_turning_points_as_in_r() -> None:
    """The first hundredth beyond R's root."""
    d = answered()
    table = pd.read_csv(GOLDEN / "tipping.csv").query("block == 'turns'").set_index("name")
    design, told = design_of(d), figures(d)
    top, both = (d["top"] == 1).to_numpy(), ((d["a"] == 1) & (d["top"] == 1)).to_numpy()
    gamma, bar = table.loc["share", ["gamma", "estimate"]]

    def above(odds: float) -> bool:
        return under(design, top, odds, told["share"])[0] > bar

    assert turning_point(above, (1.5, 2.0, 3.0)) == pytest.approx(np.ceil(gamma * 100) / 100, abs=1e-12)
    assert turning_point(above, (0.5, 0.2)) is None, "answering less readily raises the share"
    gamma, bar = table.loc["difference", ["gamma", "estimate"]]

    def positive(odds: float) -> bool:
        share, se = under(design, both, odds, told["difference"])
        df = design.degrees_of_freedom()
        return bool(student_t(share, se, df)[0] > bar)

    assert turning_point(positive, (1.5, 2.0, 3.0)) == pytest.approx(np.ceil(gamma * 100) / 100, abs=1e-12)


def test_a_turning_point_is_the_nearest_hundredth_that_differs() -> None:
    asked: list[float] = []

    def same(odds: float) -> bool:
        asked.append(odds)
        return odds < 1.374

    assert turning_point(same, (1.25, 1.5, 2.0)) == 1.38
    assert len(asked) < 10
    assert turning_point(lambda odds: odds > 0.8, (0.67, 0.5)) == 0.8
    assert turning_point(lambda odds: True, (1.5, 3.0)) is None


def test_equal_odds_leave_every_figure_as_it_is() -> None:
    d = answered()
    design, told = design_of(d), figures(d)
    top = (d["top"] == 1).to_numpy()
    same = answered_unequally(design, top, 1.0)
    np.testing.assert_allclose(same.weights, design.weights, rtol=1e-9)
    theirs = design.proportion(d["top"])
    assert under(design, top, 1.0, told["share"]) == pytest.approx((theirs.estimate[0], theirs.se[0]), rel=1e-9)
    model = analyse(sample_of(d), MODEL, THRESHOLDS).contrasts
    assert model is not None
    place = model.names.index("complementarity")
    wanted = (model.estimate[place], model.se[place])
    assert under(design, top, 1.0, told["complementarity"]) == pytest.approx(wanted, rel=1e-9)


def test_many_cases_at_once_are_each_as_alone() -> None:
    d = answered()
    design = design_of(d)
    top, practice = ((d[name] == 1).to_numpy() for name in ("top", "a"))
    cases = [(top, 2.0), (practice, 0.5), (top, 1.25)]
    for (has, gamma), found in zip(cases, each_answered_unequally(design, cases), strict=True):
        np.testing.assert_array_equal(found.weights, answered_unequally(design, has, gamma).weights)


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
        for gamma in covered:
            low, high = answered_unequally(design, y[here], gamma).proportion(y[here]).interval()
            covered[gamma] += bool(low[0] <= y.mean() <= high[0])
    assert covered[1.0] / draws < 0.2
    assert 0.92 <= covered[2.0] / draws <= 0.98
