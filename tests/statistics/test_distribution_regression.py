"""The distribution over four states as in R, in order, and a band that holds the whole curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from r_answers import GOLDEN, answers, assert_as_in_r, design_of, firms, model_of, two_practices

from monitor.statistics.design.intervals import t_quantile
from monitor.statistics.design.simultaneous import quantile_of_maximum, sup_t
from monitor.statistics.models.distribution_regression import (
    Distribution,
    band,
    distribution_regression,
    usable_cuts,
)
from monitor.statistics.models.quantities import over_copies

CUTS = (10, 20, 30, 31, 40, 60)
SCRIPT = "distribution_regression"


def golden(cuts: tuple[float, ...] = CUTS) -> Distribution:
    d = firms()
    frame, terms, x = model_of(d)
    share = pd.read_csv(GOLDEN / "answer_models" / "distribution_regression_shares.csv")["share2"].to_numpy(float)
    return distribution_regression(frame, terms, x, share, d["weight"].to_numpy(float), cuts)


@pytest.mark.parametrize("place", range(6))
def test_as_in_r(place: int) -> None:
    found = golden()
    assert found.cuts == CUTS
    assert_as_in_r(found.contrasts[place], answers(SCRIPT, f"> {CUTS[place]}"), design_of(firms()))


def test_a_curve_that_rose_is_put_in_order() -> None:
    assert len(answers(SCRIPT, "rearranged")) == 1
    found = golden()
    assert found.rearranged
    for state in ("p_neither", "p_both"):
        assert np.all(np.diff(found.along(state).estimates) <= 0)
    assert not golden((20, 60)).rearranged


def test_cuts_with_few_firms_beyond_are_left_out() -> None:
    found = golden((-1, 20, 99.9))
    assert found.cuts == (20,)
    assert found.left_out == (-1, 99.9)
    assert golden((99.9,)).contrasts == ()


def test_usable_cuts_hold_in_every_copy() -> None:
    one, two = np.arange(40.0), np.arange(40.0) - 5
    assert usable_cuts([one], (9, 26, 29)) == (9, 26, 29)
    assert usable_cuts([one, two], (29, 26, 9, 24)) == (9, 24)


@pytest.mark.parametrize("correlation", [0, 0.5, 0.9])
def test_critical_value_of_two(correlation: float) -> None:
    exact = answers(SCRIPT, "two").rename(index=float)["estimate"][correlation]
    found = sup_t(np.array([[4, 2 * correlation], [2 * correlation, 1]]))
    np.testing.assert_allclose(found, [exact, exact], atol=0.012)


@pytest.mark.parametrize("number", [5, 20])
def test_critical_value_of_equally_correlated(number: int) -> None:
    exact = answers(SCRIPT, "equal").rename(index=int)["estimate"][number]
    np.testing.assert_allclose(sup_t(0.6 + 0.4 * np.eye(number)), np.full(number, exact), atol=0.012)


def test_quantile_on_given_draws_as_in_r() -> None:
    normals = pd.read_csv(GOLDEN / "answer_models" / "normals.csv").to_numpy(float)
    correlation = np.array([[1, 0.7, 0.2], [0.7, 1, -0.3], [0.2, -0.3, 1]])
    exact = answers(SCRIPT, "given draws")["estimate"].iloc[0]
    assert quantile_of_maximum(normals, correlation, 0.9) == pytest.approx(exact, rel=1e-10)


def test_critical_value_between_pointwise_and_bonferroni() -> None:
    rng = np.random.default_rng(1)
    root = rng.normal(size=(8, 8))
    covariance = root @ root.T
    normal = sup_t(covariance)
    assert t_quantile(np.inf) < normal[0] < t_quantile(np.inf, 1 - 0.05 / 8) + 0.01
    assert np.ptp(normal) == 0
    few = sup_t(covariance, np.array([5, 20, *[np.inf] * 6]))
    assert few[0] > few[1] > few[2] == normal[2]
    assert sup_t(np.array([[2.0]]), 7)[0] == t_quantile(7)
    np.testing.assert_allclose(sup_t(np.full((3, 3), 2.0)), np.full(3, t_quantile(np.inf)), atol=0.012)
    assert sup_t(np.diag([1.0, 0.0]), 9)[0] == t_quantile(9)


def test_critical_value_does_not_turn_on_last_bits() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(6, 3))
    covariance = root @ root.T
    shaken = covariance * (1 + 1e-14 * rng.normal(size=covariance.shape))
    np.testing.assert_array_equal(sup_t(covariance, 55), sup_t((shaken + shaken.T) / 2, 55))


@pytest.mark.slow
def test_the_band_holds_the_whole_curve() -> None:
    """The curve of complementarity lies in the band about 95 times in 100, and in pointwise intervals less often."""
    rng = np.random.default_rng(2013)
    cuts = (20, 30, 40, 50, 60)
    together, pointwise = [], []
    places = np.array([30.0, 36.0, 38.0, 52.0])
    truth = np.array([1 - normal((cut - places) / 25) for cut in cuts]) @ np.array([1, -1, -1, 1])
    for _ in range(60):
        d = two_practices(rng, 700)
        state = (2 * d["cooperates"] + d["invests"]).to_numpy(int)
        share = places[state] + 25 * rng.normal(size=700)
        frame, terms, x = model_of(d, ())
        found = distribution_regression(frame, terms, x, share, np.ones(700), cuts)
        design = design_of(d.assign(weight=1.0, stratum="s", population=1e9))
        curve = over_copies([found.along("complementarity")], [np.ones(700, dtype=bool)], design, 699)
        assert curve.names[2] == "complementarity > 40"
        whole = band(curve)
        low, high = curve.interval()
        together.append(bool(np.all((whole.low <= truth) & (truth <= whole.high))))
        pointwise.append(bool(np.all((low <= truth) & (truth <= high))))
    assert np.mean(together) >= 0.88
    assert np.mean(pointwise) < np.mean(together)


def normal(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))
