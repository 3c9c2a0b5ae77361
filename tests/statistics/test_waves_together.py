"""Waves together against R (`golden/answer_decisions/waves_together.R`), and by simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.decisions.waves_together import as_covariance, covariance_of_designs, waves_together
from monitor.statistics.design import SurveyDesign, change

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"
SAME = {"rel": 1e-6}


@pytest.fixture(scope="module")
def answers() -> pd.Series:
    table = pd.read_csv(GOLDEN / "waves_together.csv", dtype={"name": str})
    return table.set_index(["block", "name"])["value"]


def of_panel() -> tuple[np.ndarray, np.ndarray]:
    """(3,) means and (n, 3) contributions of the panel, those of R's `svyby(covmat = TRUE)`."""
    panel = pd.read_csv(GOLDEN / "waves.csv").pivot(index="firm", columns="wave", values="y")
    means = panel.mean()
    n = len(panel)
    contributions = ((panel - means) / panel.notna().sum()).fillna(0.0) * np.sqrt(n / (n - 1))
    return means.to_numpy(), contributions.to_numpy()


@pytest.mark.parametrize(("block", "df"), [("panel", [109, 89, 99]), ("chi-square", np.inf)])
def test_test_and_pooled_estimate_are_those_of_r(answers: pd.Series, block: str, df: object) -> None:
    means, contributions = of_panel()
    got = waves_together(means, contributions.T @ contributions, df)
    told = answers[block]
    assert got.rank == 2
    assert got.statistic == pytest.approx(told["Q"], **SAME)
    assert got.p_value == pytest.approx(told["p"], **SAME)
    assert got.heterogeneity == pytest.approx(told["I2"], **SAME)
    assert got.pooled == pytest.approx(told["pooled"], **SAME)
    assert got.se == pytest.approx(told["se"], **SAME)
    assert got.pooled_df == pytest.approx(told["df"], **SAME)
    for t in range(3):
        assert got.weights[t] == pytest.approx(told[f"weight {t + 1}"], **SAME)
        assert got.deviation[t] == pytest.approx(told[f"deviation {t + 1}"], **SAME)
        assert got.deviation_se[t] == pytest.approx(told[f"deviation se {t + 1}"], **SAME)
    assert got.weights.sum() == pytest.approx(1.0)


def test_waves_without_common_firms_are_welch(answers: pd.Series) -> None:
    groups = [group["y"] for _, group in pd.read_csv(GOLDEN / "waves_apart.csv").groupby("wave")]
    v = np.diag([group.var() / len(group) for group in groups])
    got = waves_together([group.mean() for group in groups], v, [len(group) - 1 for group in groups])
    assert got.p_value == pytest.approx(answers["welch", "p"], **SAME)
    assert got.df == pytest.approx(answers["welch", "denominator df"], **SAME)


def test_a_difference_without_variance_is_left_out_where_it_is_none(answers: pd.Series) -> None:
    b = np.array([[1, 0], [0, 1], [0.5, 0.5]])
    v = b @ np.array([[0.04, 0.01], [0.01, 0.09]]) @ b.T
    got = waves_together([0.3, 0.8, 0.55], v)
    assert got.rank == 1
    assert got.statistic == pytest.approx(answers["degenerate", "Q"], **SAME)
    assert got.pooled == pytest.approx(answers["degenerate", "pooled"], **SAME)
    assert got.se == pytest.approx(answers["degenerate", "se"], **SAME)
    sure = waves_together([0.3, 0.8, 0.60], v)
    assert (sure.statistic, sure.p_value) == (np.inf, 0.0)


def test_waves_known_without_error() -> None:
    same, other = waves_together([0.2, 0.2], np.zeros((2, 2))), waves_together([0.2, 0.3], np.zeros((2, 2)))
    assert (same.rank, same.se, same.pooled) == (0, 0.0, pytest.approx(0.2))
    assert np.isnan(same.p_value)
    assert not same.differ()
    assert other.p_value == 0.0
    assert other.differ()


def test_a_wave_without_an_estimate_counts_nowhere() -> None:
    v = np.diag([0.04, np.nan, 0.09])
    got = waves_together([0.1, np.nan, 0.4], v, [50, np.nan, 60])
    two = waves_together([0.1, 0.4], np.diag([0.04, 0.09]), [50, 60])
    assert (got.waves, got.p_value, got.pooled, got.se) == (2, two.p_value, two.pooled, two.se)
    assert got.weights[1] == 0
    assert np.isnan(got.deviation[1])
    assert waves_together([np.nan], [[np.nan]]).waves == 0
    alone = waves_together([0.1], [[0.04]], 30)
    assert (alone.pooled, alone.se, alone.pooled_df) == (0.1, 0.2, pytest.approx(30))
    assert np.isnan(alone.p_value)


def test_own_errors_take_the_diagonal_and_stay_a_covariance() -> None:
    _, contributions = of_panel()
    products = contributions.T @ contributions
    own = np.sqrt(np.diag(products)) * [1.5, 1.2, 0.6]
    v = as_covariance(products, own)
    assert np.sqrt(np.diag(v)) == pytest.approx(own)
    # Correlations of 1, -1 and 1 do not go together.
    together = as_covariance(np.array([[1.0, 1.0, -1.0], [1.0, 1.0, 1.0], [-1.0, 1.0, 1.0]]), np.ones(3))
    assert np.linalg.eigvalsh(together).min() >= -1e-12
    assert np.diag(together) == pytest.approx(1.0)
    assert together[0, 1] > 0 > together[0, 2]


def test_of_two_designs_it_is_the_covariance_of_a_change() -> None:
    """Stratified waves with a panel: the difference of two has the error that `change` gives it; a third wave without
    an estimate stays without."""
    rng = np.random.default_rng(84)
    level = rng.normal(size=500)
    found = []
    for t, size in enumerate((200, 150, 180)):
        here = np.sort(rng.permutation(500)[:size] if t == 0 else rng.permutation(400)[:size])
        strata, y = here % 3, level[here] + rng.normal(size=size) + 0.2 * t
        design = SurveyDesign(np.full(size, 500 / size), strata=strata, population=np.full(size, 700.0), firms=here)
        found.append(design.mean(y))
    designs, influences = [e.design for e in found], [e.influence for e in found]
    v = covariance_of_designs(designs, influences, [e.se[0] for e in found])
    for t, u in ((0, 1), (1, 2), (0, 2)):
        told = change(found[t], found[u])
        assert v[t, u] == pytest.approx(told["covariance"][0])
        assert v[t, t] + v[u, u] - 2 * v[t, u] == pytest.approx(told["se"][0] ** 2)
    some = covariance_of_designs(designs, influences, [found[0].se[0], np.nan, found[2].se[0]])
    assert np.isnan(some[1]).all()
    assert some[0, 2] == pytest.approx(v[0, 2])


@pytest.mark.parametrize("overlap", [0.0, 0.6])
def test_equal_waves_are_rarely_called_different(overlap: float) -> None:
    """Size of the test and coverage of the pooled estimate where small waves of unequal size and spread overlap."""
    rng = np.random.default_rng(20261)
    sizes, spread, surveys = (25, 40, 60), np.array([1.0, 2.0, 1.5]), 1500
    rejected = covered = 0
    for _ in range(surveys):
        every = rng.normal(size=(90, 3)) * np.sqrt(1 - overlap) + rng.normal(size=(90, 1)) * np.sqrt(overlap)
        contributions = np.zeros((90, 3))
        means = np.empty(3)
        for t, size in enumerate(sizes):
            here = rng.permutation(90)[:size]
            y = spread[t] * every[here, t]
            means[t] = y.mean()
            contributions[here, t] = (y - y.mean()) / size * np.sqrt(size / (size - 1))
        got = waves_together(means, contributions.T @ contributions, np.array(sizes) - 1)
        rejected += got.differ()
        covered += got.low <= 0 <= got.high
    allowed = 2.5 * np.sqrt(0.05 * 0.95 / surveys)
    assert rejected / surveys == pytest.approx(0.05, abs=allowed)
    assert covered / surveys == pytest.approx(0.95, abs=allowed)


def test_waves_that_differ_are_found() -> None:
    """Q of the released waves: 1.13 with two degrees of freedom leaves p at 0.57."""
    shift = np.sqrt(1.13 / 2)
    got = waves_together([-shift, 0.0, shift], np.eye(3))
    assert (got.statistic, got.p_value) == (pytest.approx(1.13), pytest.approx(0.568, abs=5e-4))
    assert got.heterogeneity == 0.0
    assert waves_together([0.0, 0.0, 5.0], np.eye(3)).differ()
