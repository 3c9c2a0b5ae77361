"""Adjusted p-values of tests that share firms are those of the smallest p-value by chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from monitor.statistics.decisions.together import DRAWS, smallest_p

ERROR = 4 * np.sqrt(0.25 / DRAWS)
"""Four Monte Carlo standard errors of a share of draws, at most"""


def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def test_of_independent_tests_it_is_what_sidak_says_step_by_step() -> None:
    p = np.array([0.2, 0.004, 0.03, 0.6])
    adjusted = smallest_p(p, np.eye(4), rng())
    expected = [1 - (1 - 0.2) ** 2, 1 - (1 - 0.004) ** 4, 1 - (1 - 0.03) ** 3, 0.6]
    np.testing.assert_allclose(adjusted, expected, atol=ERROR)


def test_of_tests_that_say_the_same_it_costs_nothing() -> None:
    p = np.array([0.02, 0.02, 0.02])
    np.testing.assert_allclose(smallest_p(p, np.ones((3, 3)), rng()), p, atol=ERROR)


@pytest.mark.parametrize("rho", [0.3, 0.7, 0.9])
def test_of_tests_that_correlate_it_is_the_integral_of_the_normal_distribution(rho: float) -> None:
    correlation = np.full((4, 4), rho) + (1 - rho) * np.eye(4)
    p = np.array([0.01, 0.4, 0.5, 0.9])
    z = float(-ndtri(p[0] / 2))
    # Genz's integration of the normal distribution over the cube [-z, z]^4.
    inside = multivariate_normal(np.zeros(4), correlation).cdf(np.full(4, z), lower_limit=np.full(4, -z))
    assert abs(smallest_p(p, correlation, rng())[0] - (1 - inside)) < ERROR


def test_it_never_lowers_a_p_value_nor_turns_the_order_and_leaves_missing_ones_out() -> None:
    p = np.array([0.5, np.nan, 0.01, 0.02])
    adjusted = smallest_p(p, np.eye(4), rng())
    assert np.isnan(adjusted[1])
    assert np.all(adjusted[[0, 2, 3]] >= p[[0, 2, 3]])
    assert adjusted[2] <= adjusted[3] <= adjusted[0]
    without = smallest_p(p[[0, 2, 3]], np.eye(3), rng())
    np.testing.assert_array_equal(adjusted[[0, 2, 3]], without)
    assert len(smallest_p(np.array([]), np.empty((0, 0)), rng())) == 0


@pytest.mark.slow
def test_no_more_than_one_survey_in_twenty_names_a_test_where_nothing_is() -> None:
    draws = np.random.default_rng(3)
    correlation = np.full((6, 6), 0.6) + 0.4 * np.eye(6)
    root = np.linalg.cholesky(correlation)
    found = 0
    for _ in range(400):
        z = root @ draws.standard_normal(6)
        p = 2 * multivariate_normal.cdf(-np.abs(z)[:, None])
        found += bool((smallest_p(np.asarray(p), correlation, rng()) < 0.05).any())
    # 400 surveys at 5 %: 20 with a standard deviation of 4.4.
    assert found <= 33
