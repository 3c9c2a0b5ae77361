"""Fits and covariances of many rows, a block at a time, beside those of cells and whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitor.problems import MonitorError
from monitor.statistics.blocks import IN_A_BLOCK, blocks
from monitor.statistics.design.groups import group_codes
from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.many_rows import ByCell, ByColumn, as_given, many_rows
from monitor.statistics.models import copies, likelihood
from monitor.statistics.models import linearised as linearised_module
from monitor.statistics.models.cells import data_sets
from monitor.statistics.models.columns import Category, Columns, columns_of
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
        top = maximum(outcome, many_rows(tuple(x[rows].T)), w[rows])
        assert not top.converged
        assert np.isnan(top.bread).all()
    assert not maximum(y, many_rows((*x.T, x[:, 1])), w).converged


def test_a_start_that_is_separated_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that none of every fiftieth row has leaves the whole fit as it is."""
    y, x, w = drawn()
    level = (np.arange(N) % likelihood.BEGIN_WITH == 1).astype(float)
    x = np.column_stack([x, level])
    monkeypatch.setattr(likelihood, "MANY_ROWS", N)
    assert maximum(y, many_rows(tuple(x.T)), w).coefficients == pytest.approx(by_cells(y, x, w).coefficients, rel=1e-10)


def test_steps_that_go_too_far_are_halved() -> None:
    """From here whole steps go back and forth for ever."""
    y, x, w = drawn()
    far = by_rows(y, x, w, np.array([0.0, 0.0, 0.0, 0.0, 0.05]))
    assert far.converged
    assert far.coefficients == pytest.approx(by_cells(y, x, w).coefficients, rel=1e-10)


@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_squares_are_summed_where_rows_do_not_bound_them(apart: float) -> None:
    """A firm whose outcome is certain tells nothing, and the fit of the others is there all the same."""
    y, x, w = drawn()
    x[0, 3], y[0] = 5000 * apart, 1
    found = maximum(y, ByColumn(tuple(x.T)), w)
    assert found.converged
    assert bool(found.probabilities.max() == 1) == bool(apart)


def told_by_cells(n: int = N, seed: int = 4) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]:
    """Outcome, terms of which all but two, in the midst of the others, are zeros and ones, and weights."""
    rng = np.random.default_rng(seed)
    yes = rng.integers(0, 2, (5, n)) == 1
    third = rng.integers(0, 3, n)
    z = rng.normal(3, 1, n).round(3)
    levels = (third == 1, third == 2, yes[1] & yes[2])
    columns = (np.broadcast_to(1.0, n), z, yes[0].astype(float), *yes[1:], z**2, *levels)
    y = (rng.random(n) < 1 / (1 + np.exp(1 - yes[0] - 0.1 * z * yes[3]))).astype(float)
    return y, columns, rng.uniform(1, 8, n)


def test_terms_by_cell_have_the_sums_of_columns() -> None:
    _, columns, w = told_by_cells()
    whole, inside = np.column_stack(columns), np.roll(np.arange(N + 40) < N, 25)
    cells = many_rows(columns)
    assert isinstance(cells, ByCell)
    assert list(cells.order) == [0, 2, 3, 4, 5, 6, 8, 9, 10, 1, 7]
    assert len(cells.cells) == len(np.unique(whole[:, list(cells.order)[:9]], axis=0)) == 96
    x, beta = whole[:, list(cells.order)], np.linspace(-1, 1, 11)
    np.testing.assert_array_equal(np.column_stack(cells.columns), x)
    for rows in blocks(N):
        block = cells.block(rows)
        np.testing.assert_allclose(block.linear(beta), x[rows] @ beta, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(block.scores(w[rows]), x[rows].T @ w[rows], rtol=1e-12)
        np.testing.assert_allclose(block.crossed(w[rows].copy()), (x[rows].T * w[rows]) @ x[rows], rtol=1e-12)
    np.testing.assert_allclose(cells.squares(w), (x**2).T @ w, rtol=1e-12)
    np.testing.assert_allclose(cells.every(7).squares(w[::7]), (x[::7] ** 2).T @ w[::7], rtol=1e-12)
    more, whole = cells.among(inside), np.zeros((N + 40, 11))
    whole[inside] = x
    np.testing.assert_array_equal(np.column_stack(more.columns), whole)
    np.testing.assert_array_equal(more.cells[more.place], whole[:, :9])
    assert as_given(np.asarray(cells.order), cells.order).tolist() == list(range(11))


def test_cells_are_taken_where_they_pay() -> None:
    rng = np.random.default_rng(8)
    many = rng.integers(0, 2, (14, N)).astype(float)
    unknown = np.where(np.arange(N) == N - 1, np.nan, 1.0)
    assert isinstance(many_rows(many[:9]), ByCell)
    assert isinstance(many_rows(many), ByColumn), "as many cells as rows"
    assert isinstance(many_rows([*many[:5], many[0] + many[1]]), ByColumn), "too few of zeros and ones"
    assert list(many_rows([unknown, *many[:9]]).order) == [*range(1, 10), 0]


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
        design.covariance_of_scores(ByColumn(tuple(x.T)), r.copy()), design.covariance(x * r[:, None]), rtol=1e-10
    )
    inside = x[:, 1] == 1
    assert not linearised(design, y[inside], tuple(x[inside].T), inside).converged, "all of them have the second term"
    y, x, w, z = y[inside], x[inside][:, [0, 2, 3, 4]], design.weights[inside], np.zeros((N, 4))
    z[inside] = maximum_likelihood(y, x, w).contributions / w[:, None]
    np.testing.assert_allclose(linearised(design, y, tuple(x.T), inside).covariance, design.covariance(z), rtol=1e-8)


@pytest.mark.parametrize("kind", designs())
def test_scores_by_cell_have_that_covariance(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    design = designs()[kind]
    y, columns, _ = told_by_cells()
    cells, r = many_rows(columns), y - 0.3
    whole = np.column_stack(columns) * r[:, None]
    np.testing.assert_allclose(design.covariance_of_scores(cells, r.copy()), design.covariance(whole), rtol=1e-10)
    inside = columns[1] > 2
    y, columns = y[inside], tuple(column[inside] for column in columns)
    by_column = linearised(design, y, columns, inside)
    monkeypatch.setattr(linearised_module, "MANY_ROWS", 1)
    by_cell = linearised(design, y, columns, inside)
    assert by_column.converged
    assert by_cell.converged
    assert by_cell.coefficients == pytest.approx(by_column.coefficients, rel=1e-10)
    np.testing.assert_allclose(by_cell.covariance, by_column.covariance, rtol=1e-8)


def test_scores_by_cell_that_do_not_spread_have_no_variance() -> None:
    """Exactly so, as by columns: a stratum of one cell and one outcome is no sum of squares less another."""
    design = SurveyDesign(np.full(N, 3.7), np.arange(N) % 2, np.full(N, 9e5))
    columns = [np.ones(N), *[np.arange(N) % 2 == 1] * 4]
    found = design.covariance_of_scores(many_rows(columns), np.where(np.arange(N) % 2, 0.3, -0.7) / 3)
    assert isinstance(many_rows(columns), ByCell)
    assert np.abs(found).max() < 1e-20


def test_cells_in_many_strata_are_taken_as_columns() -> None:
    _, columns, w = told_by_cells()
    design, cells = SurveyDesign(w, np.arange(N) // 4, lonely="certainty"), many_rows(columns)
    assert isinstance(cells, ByCell)
    whole = np.column_stack(columns) * w[:, None]
    np.testing.assert_allclose(design.covariance_of_scores(cells, w.copy()), design.covariance(whole), rtol=1e-10)


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite for every firm"):
        designs()["population"].covariance_of_scores(ByColumn([np.full(N, np.inf)] * 2), np.ones(N))


def test_categories_of_many_firms_are_those_of_all_at_once() -> None:
    rng = np.random.default_rng(6)
    texts = pd.Series(np.array(["z", "é", "a", "Z", None], dtype=object)[rng.integers(0, 5, N)])
    numbers = pd.Series(np.array([True, 2.5, None], dtype=object)[rng.integers(0, 3, N)])
    late = pd.Series(np.where(np.arange(N) == N - 1, "late", "early").astype(object))
    none = pd.Series([None] * N, dtype=object)
    found = columns_of(pd.DataFrame({"t": texts, "n": numbers, "l": late, "e": none, "s": [{1}] * N}))
    for name, values in {"t": texts, "l": late}.items():
        codes, labels = pd.factorize(values, sort=True)
        assert found.categories[name].labels == tuple(labels)
        np.testing.assert_array_equal(found.categories[name].codes, codes)
    assert found.categories["t"].labels == ("Z", "a", "z", "é")
    np.testing.assert_array_equal(found.numbers["n"], numbers.map(float, na_action="ignore").to_numpy(dtype=float))
    assert np.isnan(found.numbers["e"]).all()
    assert "s" not in found


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
    nested = SurveyDesign(np.ones(6), [2, 2, 1, 1, 1, 2], psu=["a", "d", "c", "b", "b", "a"])
    assert [codes.tolist() for codes in nested._unit] == [[2, 3, 1, 0, 0, 2], [0, 0, 1, 1]]
    design = SurveyDesign(np.ones(8), [1, 1, 1, 1, 2, 2, 2, 2], psu=["b", "a", "b", "a", "a", "c", "a", "c"])
    unit, stratum = design._unit
    assert unit.tolist() == [1, 0, 1, 0, 2, 3, 2, 3]
    assert stratum.tolist() == [0, 0, 1, 1]
    with pytest.raises(MonitorError, match="has one firm"):
        SurveyDesign(np.ones(3), [1, 1, 2]).mean([1, 2, 3]).se.sum()


def test_blocks_hold_every_row_once() -> None:
    for n in (0, 1, IN_A_BLOCK, IN_A_BLOCK + 1, N):
        assert np.concatenate([np.arange(n)[rows] for rows in blocks(n)] or [[]]).tolist() == list(range(n))
