"""The critical value of a band that holds a whole curve: by quadrature in R, between its bounds, on any processor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike
from r_answers import GOLDEN, answers

from monitor.statistics.design.intervals import t_quantile
from monitor.statistics.design.simultaneous import pointwise_level, quantile_of_maximum

SCRIPT = "distribution_regression"


def sup_t(covariance: np.ndarray, df: ArrayLike = np.inf) -> np.ndarray:
    """(K,) how many standard errors the band of estimates with this covariance reaches."""
    return t_quantile(np.broadcast_to(df, len(covariance)), pointwise_level(covariance))


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
