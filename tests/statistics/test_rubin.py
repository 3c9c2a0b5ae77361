"""Rubin's rules against published numbers, and what must not change a pooled result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from monitor.statistics.imputation.rubin import combine

Q = [0.412, 0.388, 0.451, 0.402, 0.437]
U = [0.0121, 0.0117, 0.0130, 0.0119, 0.0124]

finite = st.floats(-1e3, 1e3)
variance = st.floats(1e-3, 1e3)
copies = st.integers(2, 6)


def test_published_example() -> None:
    combined = combine(Q, U, df_complete=2610 - 8)
    assert combined.estimate == pytest.approx(0.418, abs=1e-12)
    assert combined.variance == pytest.approx(0.0130126, abs=1e-12)
    assert combined.proportion == pytest.approx(0.0609101947, abs=1e-9)
    assert combined.df == pytest.approx(747.901498, abs=1e-6)
    assert combined.fmi == pytest.approx(0.0634114, abs=1e-7)
    assert combined.riv == pytest.approx(1.2 * 0.0006605 / 0.01222, rel=1e-9)


def test_large_samples_give_rubins_own_degrees_of_freedom() -> None:
    combined = combine(Q, U)
    assert combined.df == pytest.approx(4 / combined.proportion**2, rel=1e-12)


def test_degrees_of_freedom_that_were_measured_are_kept() -> None:
    """Not lessened by what is missing: 1 / df = lambda^2 / (m - 1) + 1 / d."""
    plain, kept = combine(Q, U, 12), combine(Q, U, 12, measured=True)
    assert kept.df == pytest.approx(1 / (kept.proportion**2 / 4 + 1 / 12), rel=1e-12)
    assert plain.df < kept.df < 12
    both = combine(np.column_stack([Q, Q]), np.column_stack([U, U]), [12, 12], measured=[False, True])
    np.testing.assert_allclose(both.df, [plain.df, kept.df])
    assert kept.variance == plain.variance


def test_covariances_have_the_variances_on_their_diagonal() -> None:
    rng = np.random.default_rng(1)
    q = rng.normal(size=(7, 3))
    u = np.stack([np.cov(rng.normal(size=(3, 9))) for _ in range(7)])
    joint, apart = combine(q, u, 40), combine(q, np.diagonal(u, axis1=1, axis2=2), 40)
    assert joint.variance.shape == (3, 3)
    np.testing.assert_allclose(joint.se, apart.se, rtol=1e-12)
    np.testing.assert_allclose(joint.df, apart.df, rtol=1e-12)
    contrast = np.array([1.0, -1.0, 0.5])
    direct = combine(q @ contrast, np.einsum("i,mij,j->m", contrast, u, contrast))
    assert contrast @ joint.variance @ contrast == pytest.approx(float(direct.variance), rel=1e-12)


@pytest.mark.parametrize("m", [1, 5])
def test_nothing_missing_is_the_complete_analysis(m: int) -> None:
    combined = combine(np.full((m, 2), 0.1), np.full((m, 2), 0.04), 31)
    np.testing.assert_allclose(combined.se, 0.2)
    np.testing.assert_allclose(combined.df, 31)
    np.testing.assert_allclose(combined.fmi, 0)


def test_a_copy_without_estimate_gives_none() -> None:
    combined = combine([[1.0, np.nan], [1.5, 2.0]], [[1.0, np.nan], [1.0, 1.0]], 20)
    assert np.isfinite(combined.estimate[0])
    assert np.isfinite(combined.df[0])
    assert np.isnan([combined.estimate[1], combined.df[1], combined.fmi[1], combined.se[1]]).all()


@pytest.mark.parametrize(
    ("estimates", "variances"), [([], []), ([1.0, 2.0], [1.0]), ([[1.0], [2.0]], [1.0, 1.0]), ([1.0, 2.0], [-1.0, 1.0])]
)
def test_what_cannot_be_combined_is_refused(estimates: list[float], variances: list[float]) -> None:
    with pytest.raises(ValueError, match=r"expected|shape|negative"):
        combine(estimates, variances)


@given(
    q=arrays(float, (4, 3), elements=finite), u=arrays(float, (4, 3), elements=variance), factor=st.floats(0.01, 100)
)
def test_units_and_order_of_copies_do_not_matter(q: np.ndarray, u: np.ndarray, factor: float) -> None:
    plain, scaled, turned = combine(q, u, 50), combine(q * factor, u * factor**2, 50), combine(q[::-1], u[::-1], 50)
    np.testing.assert_allclose(scaled.se, plain.se * factor, rtol=1e-9)
    np.testing.assert_allclose(turned.variance, plain.variance, rtol=1e-9)
    np.testing.assert_allclose(scaled.df, plain.df, rtol=1e-6)


@given(q=arrays(float, (5, 2), elements=finite), u=arrays(float, (5, 2), elements=variance), df=st.floats(1, 1e6))
def test_bounds(q: np.ndarray, u: np.ndarray, df: float) -> None:
    combined = combine(q, u, df)
    assert (combined.variance >= combined.within * (1 - 1e-12)).all()
    assert ((combined.df > 0) & (combined.df <= df * (1 + 1e-12))).all()
    assert ((combined.fmi >= 0) & (combined.fmi <= 1 + 1e-9)).all()
    assert ((combined.proportion >= 0) & (combined.proportion <= 1)).all()
