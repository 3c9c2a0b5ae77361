"""Fits and covariances of many rows, a block at a time, beside those of cells and whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monitor.problems import MonitorError
from monitor.statistics.blocks import IN_A_BLOCK, blocks
from monitor.statistics.design.groups import group_codes
from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models import copies, likelihood
from monitor.statistics.models.cells import data_sets
from monitor.statistics.models.columns import Category, Columns
from monitor.statistics.models.likelihood import by_rows, likelihoods, maximum, maximum_likelihood, start
from monitor.statistics.models.linearised import linearised
from monitor.statistics.models.terms import Terms, columns_of_terms, matrix

N = 2 * IN_A_BLOCK + 77


def drawn(n: int = N, seed: int = 11) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, terms with a continuous one among them, weights (some of them none)."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.integers(0, 2, (n, 2)), rng.normal(3, 1, n), rng.exponential(40, n)])
    y = (rng.random(n) < 1 / (1 + np.exp(2 - x[:, 1] - 0.2 * x[:, 3]))).astype(float)
    return y, x, np.where(rng.random(n) < 0.01, 0.0, rng.uniform(1, 8, n))


def by_cells(y: np.ndarray, x: np.ndarray, w: np.ndarray) -> likelihood.Fit:
    return likelihoods(data_sets([y], [x], [w]), start(y, w, x.shape[1])[None])[0]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("share", [False, True], ids=["outcome", "share"])
@pytest.mark.parametrize("many", [False, True], ids=["from the mean", "from every fiftieth"])
def test_rows_and_cells_have_one_fit(order: Any, share: bool, many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    y, x, w = drawn()
    if share:
        y = np.clip(0.8 * y + 0.01 * x[:, 3], 0, 1)
    monkeypatch.setattr(likelihood, "MANY_ROWS", N if many else N + 1)
    cells, rows = by_cells(y, x, w), by_rows(y, np.asarray(x, order=order), w)
    assert cells.converged
    assert rows.converged
    assert rows.coefficients == pytest.approx(cells.coefficients, rel=1e-11)
    np.testing.assert_allclose(rows.bread, cells.bread, rtol=1e-10)
    np.testing.assert_allclose(rows.probabilities, cells.probabilities, rtol=1e-10)
    np.testing.assert_allclose(rows.contributions, cells.contributions, rtol=1e-9, atol=1e-15)


def test_many_rows_go_by_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of a fit, or of the fits of copies, does not turn on the number of rows."""
    y, x, w = drawn()
    rows = [np.ones(N, dtype=bool), np.arange(N) % 10 > 0]
    each = [y[r] for r in rows], [x[r] for r in rows], [w[r] for r in rows]
    few = [maximum_likelihood(y, x, w), *copies.fit_copies(*each)]
    for module in (likelihood, copies):
        monkeypatch.setattr(module, "MANY_ROWS", N // 2)
    monkeypatch.setattr(likelihood, "data_sets", None)
    monkeypatch.setattr(copies, "data_sets", None)
    many = [maximum_likelihood(y, x, w), *copies.fit_copies(*each)]
    for one, other in zip(few, many, strict=True):
        assert other.coefficients == pytest.approx(one.coefficients, rel=1e-11)


@pytest.mark.parametrize("many", [False, True])
def test_separated_rows_have_no_fit(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "MANY_ROWS", N if many else N + 1)
    y, x, w = drawn()
    inside = (x[:, 1] == 0) | (y == 1)
    for rows in (inside, x[:, 3] > -np.inf):
        outcome = y[rows] if rows is inside else (x[:, 3] > 3).astype(float)
        top = maximum(outcome, tuple(x[rows].T), w[rows])
        assert not top.converged
        assert np.isnan(top.bread).all()
    assert not maximum(y, (*x.T, x[:, 1]), w).converged


def test_a_start_that_is_separated_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that none of every fiftieth row has leaves the whole fit as it is."""
    y, x, w = drawn()
    level = (np.arange(N) % likelihood.BEGIN_WITH == 1).astype(float)
    x = np.column_stack([x, level])
    monkeypatch.setattr(likelihood, "MANY_ROWS", N)
    assert maximum(y, tuple(x.T), w).coefficients == pytest.approx(by_cells(y, x, w).coefficients, rel=1e-10)


def test_terms_as_columns_are_the_columns_of_the_matrix() -> None:
    rng = np.random.default_rng(3)
    numbers = {"a": rng.integers(0, 2, 40).astype(float), "b": rng.integers(0, 2, 40).astype(float)}
    frame = Columns({**numbers, "c": rng.normal(size=40)}, {"d": Category(rng.integers(0, 3, 40), ("x", "y", "z"))}, 40)
    layout = Terms(("a", "b"), squares=("a",), levels={"d": ("x", "y", "w")}, numbers=("c",), dropped=("a",))
    x, columns = matrix(frame, layout), columns_of_terms(frame, layout)
    assert layout.names == ("intercept", "b", "c", "d[y]", "d[w]", "a^2", "a:b")
    np.testing.assert_array_equal(x, np.column_stack(columns))
    np.testing.assert_array_equal(x[:, 3:5].sum(axis=0), [frame.categories["d"].counts()["y"], 0])
    assert columns[2] is frame.numbers["c"], "not a copy"
    assert columns[3].dtype == bool


def designs() -> dict[str, SurveyDesign]:
    """One of each kind of design, of firms in six strata."""
    rng = np.random.default_rng(5)
    strata = np.sort(rng.integers(0, 6, N))
    w = rng.uniform(1, 8, N)
    population = np.bincount(strata)[strata] * 3.0
    alone = np.where(np.arange(N) == 0, 9, strata)
    units = rng.integers(0, 900, N)
    names = np.array([f"s{code}" for code in range(6)])
    classes, rate = strata % 2, np.array([2.0, 3.0])
    silent = ResponsePhase(classes, rate[classes], np.arange(6), np.arange(6) % 2, np.full(6, 400.0), np.full(6, 1.5))
    return {
        "no strata": SurveyDesign(w),
        "strata": SurveyDesign(w, names[strata]),
        "population": SurveyDesign(w, strata, population),
        "take-all": SurveyDesign(w, strata, np.where(strata == 2, np.bincount(strata)[2], population)),
        "lonely centred": SurveyDesign(w, alone, lonely="centre"),
        "lonely collapsed": SurveyDesign(w, alone, lonely="collapse"),
        "lonely certain": SurveyDesign(w, alone, lonely="certainty"),
        "units": SurveyDesign(w, strata, np.full(N, 4000.0), psu=units),
        "calibrated": SurveyDesign(w, strata, population, auxiliary=np.column_stack([np.ones(N), rng.normal(size=N)])),
        "response": SurveyDesign(w, strata, population * 4, response=silent),
    }


@pytest.mark.parametrize("kind", designs())
def test_scores_have_the_covariance_of_the_whole_influence(kind: str) -> None:
    design = designs()[kind]
    y, x, _ = drawn()
    r = y - 0.3
    np.testing.assert_allclose(
        design.covariance_of_scores(tuple(x.T), r), design.covariance(x * r[:, None]), rtol=1e-10
    )
    inside = x[:, 1] == 1
    assert not linearised(design, y[inside], tuple(x[inside].T), inside).converged, "all of them have the second term"
    y, x, w, z = y[inside], x[inside][:, [0, 2, 3, 4]], design.weights[inside], np.zeros((N, 4))
    z[inside] = maximum_likelihood(y, x, w).contributions / w[:, None]
    np.testing.assert_allclose(linearised(design, y, tuple(x.T), inside).covariance, design.covariance(z), rtol=1e-8)


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite for every firm"):
        designs()["population"].covariance_of_scores([np.full(N, np.inf)] * 2, np.ones(N))


@pytest.mark.parametrize("kind", ["i1", "i8", "u4", "u8", "f8", "bool", "object"])
def test_codes_are_those_of_sorting(kind: str) -> None:
    values = np.random.default_rng(2).integers(0, 2 if kind == "bool" else 90, 500).astype(kind)
    for shown in (values, values[:0], np.where(values > values.min(), values, values.min())):
        labels, place = group_codes(shown)
        if kind == "object":
            shown = shown.astype(str)
        expected, codes = np.unique(shown, return_inverse=True)
        assert labels.dtype == object
        assert labels.tolist() == expected.tolist()
        np.testing.assert_array_equal(place, codes)
    far = np.array([-(2**62), 2**62, 7, 7])
    assert group_codes(far)[1].tolist() == [0, 2, 1, 1]
    assert group_codes(np.array([-3, 5, -3, 0, 1, 2, 5, 5, 0]))[0].tolist() == [-3, 0, 1, 2, 5]


def test_units_are_told_apart_within_strata() -> None:
    design = SurveyDesign(np.ones(8), [1, 1, 1, 1, 2, 2, 2, 2], psu=["b", "a", "b", "a", "a", "c", "a", "c"])
    unit, stratum = design._unit
    assert unit.tolist() == [1, 0, 1, 0, 2, 3, 2, 3]
    assert stratum.tolist() == [0, 0, 1, 1]
    with pytest.raises(MonitorError, match="has one firm"):
        SurveyDesign(np.ones(3), [1, 1, 2]).mean([1, 2, 3]).se.sum()


def test_blocks_hold_every_row_once() -> None:
    for n in (0, 1, IN_A_BLOCK, IN_A_BLOCK + 1, N):
        assert np.concatenate([np.arange(n)[rows] for rows in blocks(n)] or [[]]).tolist() == list(range(n))
