"""The draws: against R's mice, against the truth, and what must hold of any data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from monitor.stages.imputed import scale_reduction
from monitor.statistics.imputation import draws
from monitor.statistics.imputation.chained import Chain, Completed, Turn, complete, made
from monitor.statistics.imputation.rubin import Combined, combine
from monitor.statistics.imputation.variables import Passive, Variable
from monitor.statistics.random_numbers import firm_uniforms, spread_uniforms

GOLDEN = Path(__file__).parents[1] / "golden" / "imputed"
STUDIED = ("y", "a", "b")


def keys_of(firms: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**63, firms).astype(np.uint64)


def variable(name: str, method: str, values: np.ndarray, levels: int = 0, logarithm: bool = False) -> Variable:
    column = np.asarray(values, dtype=float)
    column = column[:, None] if column.ndim == 1 else column
    gone = np.isnan(column).any(axis=1)
    concepts = (name,) if column.shape[1] == 1 else tuple(f"{name}{part}" for part in range(column.shape[1]))
    return Variable(name, concepts, method, column, gone, ~gone, levels, None, logarithm)


def no_facts(name: str, rows: np.ndarray, values: Mapping[str, np.ndarray]) -> np.ndarray:
    raise AssertionError(f"nothing follows from anything here, and {name} was asked for")


# --- against R's mice ---------------------------------------------------------------------------------------------


def golden_chain(copies: int) -> tuple[pd.DataFrame, Chain]:
    """The golden data and the chain that mice.R describes in its formulas."""
    data = pd.read_csv(GOLDEN / "data.csv")
    orientation = data["orientation"].map({"balanced": 0, "profit": 1, "social": 2})
    variables = [
        *(variable(name, "logistic", data[name]) for name in STUDIED),
        variable("maturity", "ordered", data["maturity"] - 1, levels=5),
        variable("orientation", "polytomous", orientation, levels=3),
        variable("spend", "predictive_mean_matching", data["spend"], logarithm=True),
    ]
    fixed = np.stack([np.log1p(data["employees"]), *dummies(data).T])
    fixed = (fixed - fixed.mean(axis=1, keepdims=True)) / fixed.std(axis=1, keepdims=True)
    facts = [Passive(f"measure {name}", frozenset([name]), predictor=True) for name in STUDIED]
    pairs = [("measure y", "measure a"), ("measure y", "measure b"), ("measure a", "measure b")]

    def measure(name: str, rows: np.ndarray, values: Mapping[str, np.ndarray]) -> np.ndarray:
        return values[name.removeprefix("measure ")][:, :, 0]

    return data, Chain(variables, fixed, facts, pairs, measure, keys_of(len(data)), (20171218,), copies)


def golden_copies(copies: int) -> tuple[pd.DataFrame, Completed]:
    """The golden data completed."""
    data, chain = golden_chain(copies)
    return data, complete(chain)


def dummies(data: pd.DataFrame) -> np.ndarray:
    columns = [
        data["size"] == "small",
        data["size"] == "large",
        data["sector"] == "industry",
        data["sector"] == "trade",
    ]
    return np.stack(columns, axis=1).astype(float)


def golden_pooled(copies: int) -> Combined:
    """The quantities of pooled.csv in its order, pooled over our copies."""
    data, completed = golden_copies(copies)
    n = len(data)
    estimates, variances = [], []
    for copy in range(copies):
        y, a, b = (completed.values[name][copy, :, 0] for name in STUDIED)
        x = np.column_stack([np.ones(n), a, b, dummies(data), a * b])
        beta, covariance = logit(x, y)
        orientation = completed.values["orientation"][copy, :, 0]
        spend = np.log1p(completed.values["spend"][copy, :, 0])
        maturity = completed.values["maturity"][copy, :, 0] + 1
        means = np.stack([y, a, b, a * b, maturity, orientation == 1, orientation == 2, spend]).astype(float)
        estimates.append(np.concatenate([beta, means.mean(axis=1)]))
        variances.append(np.concatenate([np.diag(covariance), means.var(axis=1, ddof=1) / n]))
    return combine(estimates, variances, np.concatenate([np.full(8, n - 8.0), np.full(8, n - 1.0)]))


def logit(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    beta = np.zeros(x.shape[1])
    for _ in range(12):
        p = 1 / (1 + np.exp(-x @ beta))
        covariance = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
        beta = beta + covariance @ (x.T @ (y - p))
    return beta, covariance


@pytest.fixture(scope="module")
def pooled() -> tuple[pd.DataFrame, Combined]:
    return pd.read_csv(GOLDEN / "pooled.csv"), golden_pooled(20)


def test_pooled_estimates_agree_with_mice_within_monte_carlo_error(pooled: tuple[pd.DataFrame, Combined]) -> None:
    """The mean of m copies has Monte Carlo variance B / m; the bound is the 99.9 % point over all 16 quantities."""
    mice, ours = pooled
    error = np.sqrt(mice["between"] * (1 / ours.copies + 1 / mice["copies"]))
    bound = stats.norm.ppf(1 - 0.001 / (2 * len(mice)))
    far = np.abs(ours.estimate - mice["estimate"]) / error
    assert (far < bound).all(), dict(zip(mice["quantity"], far.round(2), strict=True))


def test_pooled_standard_errors_agree_with_mice_within_monte_carlo_error(pooled: tuple[pd.DataFrame, Combined]) -> None:
    """The between variance of m copies has relative standard error sqrt(2 / (m - 1)).

    The categories are left out: mice 3.15 draws them (polyreg, polr) without drawing the model's parameters, so its
    between variance is known to be too small there.
    """
    mice, ours = pooled
    proper = ~mice["quantity"].str.contains("maturity|orientation")
    between = mice["between"] * (1 + 1 / ours.copies)
    noise = between * np.sqrt(2 / (ours.copies - 1) + 2 / (mice["copies"] - 1)) / (2 * mice["se"])
    bound = stats.norm.ppf(1 - 0.001 / (2 * len(mice)))
    far = np.abs(ours.se - mice["se"]) / noise
    assert (far[proper] < bound).all(), dict(zip(mice["quantity"], far.round(2), strict=True))


def test_the_chains_mix() -> None:
    _, completed = golden_copies(20)
    for name, trace in completed.trace.items():
        assert scale_reduction(trace) == pytest.approx(1, abs=0.15), name


# --- against the truth --------------------------------------------------------------------------------------------


def predictors(firms: int, copies: int, seed: int = 3) -> np.ndarray:
    z = np.random.default_rng(seed).normal(size=(2, firms))
    return np.repeat(np.concatenate([np.ones((1, firms)), z])[None], copies, axis=0)


def test_logistic_draws_have_the_posterior_of_their_parameters() -> None:
    """Mean and covariance of drawn parameters are the maximum likelihood estimate's, the prior being weak."""
    rng, copies = np.random.default_rng(5), 1000
    x = predictors(2000, 1)
    y = (rng.random(2000) < 1 / (1 + np.exp(-(-0.5 + 1.0 * x[0, 1] - 0.7 * x[0, 2])))).astype(float)
    beta, covariance = logit(x[0].T, y)
    many = np.repeat(x, copies, axis=0)
    drawn = draws.draw_logistic_parameters(many, y, np.zeros((copies, 3)), rng.standard_normal((copies, 3)))
    np.testing.assert_allclose(drawn.mean(axis=0), beta, atol=4 * np.sqrt(np.diag(covariance) / copies).max() + 2e-3)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.15 * np.diag(covariance).max())


def test_separation_gives_finite_draws() -> None:
    x = predictors(50, 20)
    y = (x[0, 1] > 0).astype(float)
    rng = np.random.default_rng(1)
    drawn = draws.draw_logistic(x, y, x, np.zeros((20, 3)), rng.standard_normal((20, 3)), rng.random((20, 50)))
    assert 0.8 < (drawn == y).mean() < 1


@pytest.mark.parametrize("method", ["ordered", "polytomous"])
def test_category_draws_follow_the_shares_of_their_codes(method: str) -> None:
    rng, firms, copies = np.random.default_rng(2), 1500, 40
    x = predictors(firms, copies)
    score = 1.2 * x[0, 1] + rng.logistic(size=firms)
    y = np.digitize(score, [-1.0, 0.5, 2.0])
    draw = draws.draw_ordered if method == "ordered" else draws.draw_polytomous
    size = 3 + 2 if method == "ordered" else 3 * 3
    normal, uniform = rng.standard_normal((copies, size)), rng.random((copies, firms))
    drawn = draw(x, y, 4, x, np.zeros((copies, size)), normal, uniform)
    for part in (x[0, 1] < -0.5, np.abs(x[0, 1]) <= 0.5, x[0, 1] > 0.5):
        made = np.bincount(drawn[:, part].astype(int).ravel(), minlength=4) / (copies * part.sum())
        np.testing.assert_allclose(made, np.bincount(y[part], minlength=4) / part.sum(), atol=0.05)


def test_ordered_draws_recover_the_thresholds() -> None:
    rng, firms, copies = np.random.default_rng(4), 6000, 5
    x = predictors(firms, copies)
    y = np.digitize(0.8 * x[0, 1] + rng.logistic(size=firms), [-1.0, 1.0])
    start = np.zeros((copies, 4))
    draws.draw_ordered(x, y, 3, x[:, :, :1], start, np.zeros((copies, 4)), rng.random((copies, 1)))
    np.testing.assert_allclose(start[0], [-1.0, 1.0, 0.8, 0.0], atol=0.12)


def test_joint_prediction_draws_the_residual_covariance() -> None:
    """Whitened residuals of two outcomes have variance one and no correlation; drawn predictions spread around them."""
    rng, firms, copies = np.random.default_rng(6), 400, 3000
    x = predictors(firms, 1)
    noise = rng.multivariate_normal([0, 0], [[1.0, 0.8], [0.8, 2.0]], firms)
    y = np.stack([1 + x[0, 1], x[0, 2]], axis=1) + noise
    many = np.repeat(x, copies, axis=0)
    outcomes = np.broadcast_to(y, (copies, *y.shape))
    normal = rng.standard_normal((copies, 5, 2))
    chi2 = np.stack([rng.chisquare(397, copies), rng.chisquare(396, copies)], axis=1)
    fitted, drawn = draws.predict(many, outcomes, many[:, :, :1], normal, chi2)
    leverage = x[0, :, 0] @ np.linalg.solve(x[0] @ x[0].T, x[0, :, 0])
    np.testing.assert_allclose(drawn[:, 0].mean(axis=0), fitted[0, 0], atol=0.01)
    np.testing.assert_allclose(np.cov(drawn[:, 0].T), leverage * np.eye(2), atol=0.12 * leverage)


def test_donors_are_the_nearest_and_ties_are_broken_at_random() -> None:
    known = np.array([[0.0, 1.0, 2.0, 3.0, 10.0]])
    rng = np.random.default_rng(1)
    missing = np.full((1, 500), 1.9)
    pick = draws.nearest_donors(known, missing, 3, rng.random((1, 500)), rng.random((1, 505)))
    assert set(pick[0]) == {1, 2, 3}
    tied = draws.nearest_donors(np.zeros((1, 40)), np.zeros((1, 500)), 5, rng.random((1, 500)), rng.random((1, 540)))
    assert len(set(tied[0])) > 30


def test_joint_donors_agree_with_single_ones_in_one_dimension() -> None:
    rng = np.random.default_rng(8)
    known, missing, u = rng.normal(size=(3, 50)), rng.normal(size=(3, 20)), np.zeros((3, 20))
    jitter = np.full((3, 70), 0.5)
    alone = draws.nearest_donors(known, missing, 1, u, jitter)
    jointly = draws.nearest_donors_jointly(known[:, :, None], missing[:, :, None], 1, u, jitter)
    np.testing.assert_array_equal(alone, jointly)


def test_joint_donors_break_ties_at_random_and_leave_out_the_impossible() -> None:
    rng = np.random.default_rng(9)
    known, missing = np.zeros((1, 40, 2)), np.zeros((1, 500, 2))
    extra = np.zeros((500, 40))
    extra[:, 30:] = np.inf
    u, jitter = rng.random((1, 500)), rng.random((1, 540))
    tied = draws.nearest_donors_jointly(known, missing, 5, u, jitter, extra)
    assert set(tied[0]) == set(range(30))
    extra[:, 2:] = np.inf
    assert set(draws.nearest_donors_jointly(known, missing, 5, u, jitter, extra)[0]) == {0, 1}


def test_firms_numbers_are_uniform_and_their_own() -> None:
    keys = keys_of(4000)
    u = firm_uniforms(keys, 0, 5, 3, 1, 0)
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.001
    assert abs(np.corrcoef(u)[0, 1]) < 0.06
    assert abs(np.corrcoef(u[0], firm_uniforms(keys, 0, 1, 3, 2, 0)[0])[0, 1]) < 0.06
    np.testing.assert_array_equal(firm_uniforms(keys[::-1], 3, 2, 3, 1, 0), u[3:, ::-1])


def test_a_firms_numbers_are_spread_over_the_copies() -> None:
    """One in each twentieth, in an order of the firm's own, whichever other firms are there; a copy's are as uniform as
    any."""
    u = spread_uniforms(keys_of(2000), 20, 3, 1, 0)
    np.testing.assert_array_equal(np.sort(np.floor(20 * u), axis=0), np.repeat(np.arange(20.0)[:, None], 2000, axis=1))
    assert stats.kstest(u[7], "uniform").pvalue > 0.001
    assert abs(np.corrcoef(u[0], u[1])[0, 1] + 1 / 19) < 0.08
    np.testing.assert_array_equal(spread_uniforms(keys_of(2000)[::-1], 20, 3, 1, 0), u[:, ::-1])
    np.testing.assert_array_equal(spread_uniforms(keys_of(2000)[::7], 20, 3, 1, 0), u[:, ::7])


def test_what_copies_say_together_depends_less_on_the_seed_than_their_spread_tells() -> None:
    """Of a share that is filled in for 40 % of the firms: sqrt(B / m), against its spread over twenty seeds."""
    rng = np.random.default_rng(1979)
    x = rng.normal(size=300)
    y = (rng.random(300) < 1 / (1 + np.exp(1.5 - x))).astype(float)
    holes = variable("y", "logistic", np.where(rng.random(300) < 0.4, np.nan, y))
    means, told = [], []
    for seed in range(20):
        made = complete(Chain([holes], x[None], [], [], no_facts, keys_of(300, seed), (seed,), 20, iterations=1))
        copies = made.values["y"].mean(axis=(1, 2))
        means.append(copies.mean())
        told.append(copies.var(ddof=1) / 20)
    assert np.std(means, ddof=1) < 0.8 * np.sqrt(np.mean(told))


# --- what must hold of any data -----------------------------------------------------------------------------------


@st.composite
def waves(draw: st.DrawFn) -> list[Variable]:
    """A few variables of every kind with holes, some of them hard: constant, nearly all missing, collinear."""
    firms = draw(st.integers(12, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    base = rng.normal(size=firms)
    gone = draw(st.floats(0, 0.5))
    shares = rng.dirichlet([0.5, 0.7, 2.0], firms).round(2) * 100
    shares[:, 2] = 100 - shares[:, 0] - shares[:, 1]
    columns = {
        "yes": ("logistic", (base + rng.normal(size=firms) > 0).astype(float), 0),
        "always": ("logistic", np.ones(firms), 0),
        "level": ("ordered", np.digitize(base, [-0.5, 0.5]).astype(float), 3),
        "kind": ("polytomous", rng.integers(0, 3, firms).astype(float), 3),
        "amount": ("predictive_mean_matching", np.round(np.exp(base)), 0),
        "twin": ("predictive_mean_matching", np.round(np.exp(base)), 0),
    }
    made = []
    for name, (method, values, levels) in columns.items():
        values = np.where(rng.random(firms) < gone, np.nan, values)
        values[:3] = columns[name][1][:3]
        made.append(variable(name, method, values, levels))
    holes = np.where(rng.random(shares.shape) < gone, np.nan, shares)
    holes[:3] = shares[:3]
    return [*made, variable("share", "shares", holes)]


def finished(variables: list[Variable], copies: int = 3, keys: np.ndarray | None = None) -> Completed:
    firms = len(variables[0].observed)
    keys = keys_of(firms) if keys is None else keys
    return complete(
        Chain(variables, np.zeros((0, firms)), [], [], no_facts, keys, (1, 2), copies, iterations=3, donors=3)
    )


@given(waves())
@settings(max_examples=40, deadline=None)
def test_copies_are_complete_keep_what_was_given_and_stay_in_range(variables: list[Variable]) -> None:
    completed = finished(variables)
    for v in variables:
        values = completed.values[v.name]
        given = np.isfinite(v.observed)
        assert np.isfinite(values).all()
        assert (values[:, given] == v.observed[given]).all()
        if v.method == "shares":
            np.testing.assert_allclose(values.sum(axis=2), 100, atol=1e-9)
            assert ((values >= 0) & (values <= 100)).all()
        elif v.method == "predictive_mean_matching":
            assert set(values.ravel()) <= set(v.observed[given])
        else:
            assert set(values.ravel()) <= set(range(max(v.levels, 2)))


@given(waves())
@settings(max_examples=15, deadline=None)
def test_nothing_missing_changes_nothing(variables: list[Variable]) -> None:
    whole = [
        Variable(v.name, v.concepts, v.method, np.nan_to_num(v.observed), v.fill & False, v.fit | True, v.levels)
        for v in variables
    ]
    completed = finished(whole)
    for v in whole:
        assert (completed.values[v.name] == v.observed).all()


def test_copies_made_in_turns_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is short the copies are made a few at a time."""
    rng = np.random.default_rng(1)
    base = rng.normal(size=60)
    holes = np.where(rng.random(60) < 0.3, np.nan, base)
    variables = [variable("a", "predictive_mean_matching", holes), variable("b", "logistic", (base > 0).astype(float))]
    at_once = finished(variables, 5)
    monkeypatch.setattr("monitor.statistics.imputation.chained.MEMORY", 8 * 60 * 5 * 2)
    in_turns = finished(variables, 5)
    np.testing.assert_array_equal(in_turns.values["a"], at_once.values["a"])


def test_halves_of_the_copies_are_what_the_whole_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, also where only some of many predictors are taken: all copies in hand say which."""
    monkeypatch.setattr("monitor.statistics.imputation.chained.MOST_PREDICTORS", 4)
    _, chain = golden_chain(5)
    halves = complete(chain)
    assert [turn.own for turn in chain.turns] == [range(2), range(2, 5)]
    whole = made(chain, Turn(range(5), range(5)))
    for name, values in whole.values.items():
        np.testing.assert_array_equal(halves.values[name], values)
        np.testing.assert_array_equal(halves.trace[name], whole.trace[name])
