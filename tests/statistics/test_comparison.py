"""Comparison firms made like participants: as R has them, as statsmodels has them, with a known truth, and refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from r_answers import answers, assert_as_in_r, design_of, expit, firms
from statsmodels.treatment.treatment_effects import TreatmentEffect

from monitor.statistics.comparison.alike import alike
from monitor.statistics.comparison.balancing import Balanced, by_balancing, entropy_balance
from monitor.statistics.comparison.groups import Groups, mean, naive
from monitor.statistics.comparison.matching import by_matching, match
from monitor.statistics.comparison.propensity import (
    Support,
    at_shared_levels,
    augmented,
    by_propensity,
    levels_shared,
    propensities,
    support,
)
from monitor.statistics.models.likelihood import Fit
from monitor.statistics.models.notes import Note
from monitor.statistics.models.quantities import Quantities

SCRIPT = "comparison"
NAMES = ("size_band[small]", "size_band[medium]", "sector[trade]", "sector[services]", "invests", "age")
Estimator = Callable[[Groups, np.ndarray, np.ndarray], Quantities | Note]


def groups_of(d: pd.DataFrame) -> Groups:
    """The sample's firms, participants those that cooperate, with an age that is higher among them."""
    t = d["cooperates"].to_numpy() == 1
    age = (np.arange(1, len(d) + 1) * 37 % 101) / 10 + 2 * t
    columns = [d[name.split("[")[0]] == name.split("[")[1][:-1] for name in NAMES[:4]]
    return Groups(t, np.column_stack([*columns, d["invests"], age]).astype(float), NAMES)


@pytest.fixture(scope="module")
def sample() -> tuple[Groups, np.ndarray, np.ndarray]:
    d = firms()
    return groups_of(d), d["share"].to_numpy(float), d["weight"].to_numpy(float)


def balanced(groups: Groups, w: np.ndarray) -> Balanced:
    t = groups.participates
    found = entropy_balance(groups.x[~t], w[~t], mean(groups.x[t], w[t]))
    assert isinstance(found, Balanced)
    return found


def test_balancing_weights_as_in_r(sample: tuple[Groups, np.ndarray, np.ndarray]) -> None:
    groups, _, w = sample
    v = balanced(groups, w).shares
    told = answers(SCRIPT, "weights")["estimate"]
    assert list(told.index) == list(firms()["firm"][~groups.participates])
    np.testing.assert_allclose(v, told, rtol=1e-6)
    # The conditions of the primal's only solution: the moments, and log(v / q) linear in the covariates.
    found = alike(groups, w, v)
    assert np.abs(found.difference).max() < 1e-8
    x = groups.with_intercept[~groups.participates]
    tilt = np.log(v / w[~groups.participates])
    np.testing.assert_allclose(x @ np.linalg.lstsq(x, tilt, rcond=None)[0], tilt, atol=1e-9)
    assert found.effective == pytest.approx(answers(SCRIPT, "effective")["estimate"]["balancing"], rel=1e-6)


@pytest.mark.parametrize(
    ("block", "estimator"), [("balancing", by_balancing), ("propensity", by_propensity), ("augmented", augmented)]
)
def test_differences_and_errors_as_in_r(
    sample: tuple[Groups, np.ndarray, np.ndarray], block: str, estimator: Estimator
) -> None:
    found = estimator(*sample)
    assert isinstance(found, Quantities)
    assert_as_in_r(found, answers(SCRIPT, block), design_of(firms()))


@pytest.mark.parametrize("block", ["before", "odds"])
def test_alikeness_as_in_r(sample: tuple[Groups, np.ndarray, np.ndarray], block: str) -> None:
    groups, _, w = sample
    t = groups.participates
    fit = propensities(groups, w)
    assert isinstance(fit, Fit)
    odds = fit.probabilities / (1 - fit.probabilities)
    found = alike(groups, w, w[~t] if block == "before" else (w * odds)[~t])
    told = answers(SCRIPT, block)
    np.testing.assert_allclose(found.difference, told["estimate"], rtol=1e-7, atol=1e-10)
    assert np.isnan(found.variance_ratio[:5]).all()
    assert found.variance_ratio[5] == pytest.approx(told["se"]["age"], rel=1e-7)


def test_matching_as_in_r(sample: tuple[Groups, np.ndarray, np.ndarray]) -> None:
    groups, _, w = sample
    found, matched = by_matching(*sample), match(groups, w)
    assert isinstance(found, Quantities)
    assert not isinstance(matched, Note)
    told = answers(SCRIPT, "matching")["estimate"]
    assert found.estimates[1] == pytest.approx(told["comparison"], rel=1e-9)
    assert matched.unmatched.sum() == told["unmatched"]
    assert matched.weights.sum() == pytest.approx(w[groups.participates & ~matched.unmatched].sum(), rel=1e-12)


def test_a_caliper_leaves_participants_out_and_says_how_many(sample: tuple[Groups, np.ndarray, np.ndarray]) -> None:
    groups, y, w = sample
    x = groups.x.copy()
    x[np.flatnonzero(groups.participates)[:3], 5] += 25
    far = Groups(groups.participates, x, groups.names)
    found = match(far, w)
    assert not isinstance(found, Note)
    three = np.flatnonzero(groups.participates)[:3]
    assert found.unmatched[three].all()
    assert not found.unmatched[~groups.participates].any()
    told = by_matching(far, y, w)
    assert isinstance(told, Quantities)
    assert (told.contributions[found.unmatched] == 0).all()


def test_without_weights_as_in_statsmodels(sample: tuple[Groups, np.ndarray, np.ndarray]) -> None:
    """statsmodels' own propensity and regression: its weighting on participants of y, and of the residuals of y."""
    groups, y, _ = sample
    one = np.ones(len(y))
    x, t = groups.with_intercept, groups.participates
    selected = sm.Logit(t.astype(float), x).fit(disp=False, tol=1e-12, maxiter=100)
    line = sm.OLS(y[~t], x[~t]).fit().params
    for outcome, estimator in ((y, by_propensity), (y - x @ line, augmented)):
        teff = TreatmentEffect(sm.OLS(outcome, x), t.astype(int), results_select=selected)
        told = teff.ipw(return_results=False, effect_group=1)[0]
        found = estimator(groups, y, one)
        assert isinstance(found, Quantities)
        assert found.estimates[2] == pytest.approx(told, rel=1e-9)


def test_augmenting_adds_nothing_to_balanced_covariates(sample: tuple[Groups, np.ndarray, np.ndarray]) -> None:
    """Zhao and Percival (2017): with the moments equal, a regression on them corrects by exactly nothing."""
    groups, y, w = sample
    v = balanced(groups, w).shares
    x, t = groups.with_intercept, groups.participates
    line = np.linalg.lstsq(x[~t] * np.sqrt(w[~t])[:, None], y[~t] * np.sqrt(w[~t]), rcond=None)[0]
    corrected = mean(x[t], w[t]) @ line + v @ (y - x @ line)[~t]
    found = by_balancing(groups, y, w)
    assert isinstance(found, Quantities)
    assert found.estimates[1] == pytest.approx(corrected, rel=1e-10)


def test_units_and_repeated_columns_change_nothing(sample: tuple[Groups, np.ndarray, np.ndarray]) -> None:
    groups, _, w = sample
    v = balanced(groups, w).shares
    many = np.column_stack([groups.x * [1, 1, 1, 1, 1, 1e6], groups.x[:, 5] + 1, np.ones(len(w))])
    again = balanced(Groups(groups.participates, many, (*groups.names, "again", "same")), w).shares
    np.testing.assert_allclose(again, v, rtol=1e-8)


def test_a_level_without_participants_weighs_nothing(sample: tuple[Groups, np.ndarray, np.ndarray]) -> None:
    groups, y, w = sample
    kept = ~(groups.participates & (groups.x[:, 2] == 1))
    few = Groups(groups.participates[kept], groups.x[kept], groups.names)
    v = balanced(few, w[kept]).shares
    trade = few.x[~few.participates, 2] == 1
    assert (v[trade] == 0).all()
    assert (v[~trade] > 0).all()
    assert np.abs(alike(few, w[kept], v).difference).max() < 1e-8
    assert isinstance(by_propensity(few, y[kept], w[kept]), Note)
    inside, shared = at_shared_levels(few)
    assert "sector[trade]" not in inside.names
    assert isinstance(by_propensity(inside, y[kept][shared], w[kept][shared]), Quantities)
    found = support(few, w[kept])
    assert isinstance(found, Support)
    assert found.comparison_off >= trade.sum() == (~levels_shared(few)).sum()


@pytest.mark.parametrize("how", ["a level of participants alone", "means beyond all firms", "a constant apart"])
def test_refused_where_no_weights_have_the_means(sample: tuple[Groups, np.ndarray, np.ndarray], how: str) -> None:
    groups, y, w = sample
    x, t = groups.x.copy(), groups.participates
    if how == "a level of participants alone":
        kept = t | (x[:, 2] == 0)
        x, t, y, w = x[kept], t[kept], y[kept], w[kept]
    elif how == "means beyond all firms":
        x[t, 5] += 40
    else:
        x[:, 5] = t
    found = by_balancing(Groups(t, x, groups.names), y, w)
    assert isinstance(found, Note)
    assert found.kind == "participants_alone"


def test_targets_inside_each_range_but_outside_the_hull_are_refused() -> None:
    rng = np.random.default_rng(4)
    x = rng.random((200, 2))
    x = x[x.sum(axis=1) < 1]
    assert isinstance(entropy_balance(x, np.ones(len(x)), np.array([0.7, 0.7])), Note)
    assert isinstance(entropy_balance(x, np.ones(len(x)), np.array([0.4, 0.4])), Balanced)


def test_selection_is_taken_away_and_intervals_hold_the_truth() -> None:
    """Two hundred samples with a difference of 6 points on participants: the plain difference is far off, the three
    weighted ones are not, and their errors are those of the estimates' own spread."""
    rng = np.random.default_rng(1120)
    found: dict[str, list[tuple[float, float]]] = {
        name: [] for name in ("naive", "balancing", "propensity", "augmented")
    }
    for _ in range(200):
        z = rng.normal(size=1200)
        t = rng.random(1200) < expit(-2.0 + 0.8 * z)
        y = (rng.random(1200) < np.clip(0.35 + 0.12 * z + 0.06 * t, 0.01, 0.99)).astype(float)
        groups, w = Groups(t, z[:, None], ("z",)), np.ones(1200)
        for name, estimator in zip(found, (naive, by_balancing, by_propensity, augmented), strict=True):
            told = estimator(groups, y, w)
            assert isinstance(told, Quantities)
            found[name].append((told.estimates[2], np.sqrt((told.contributions[:, 2] ** 2).sum())))
    table = {name: np.array(values) for name, values in found.items()}
    assert table["naive"][:, 0].mean() > 0.12
    for name in ("balancing", "propensity", "augmented"):
        estimates, errors = table[name].T
        assert abs(estimates.mean() - 0.06) < 3 * estimates.std() / np.sqrt(200)
        assert errors.mean() == pytest.approx(estimates.std(), rel=0.15)
        assert np.mean(np.abs(estimates - 0.06) < 1.96 * errors) > 0.91


def test_every_draw_of_a_few_levels_is_balanced() -> None:
    """Near the solution steps are judged by the gradient: no draw may be called infeasible for rounding."""
    rng = np.random.default_rng(77)
    for _ in range(300):
        x = (rng.random((400, 3)) < rng.uniform(0.1, 0.9, 3)).astype(float)
        q = rng.choice([1.0, 2.0, 5.0], 400)
        targets = np.clip(x.mean(axis=0) + rng.uniform(-0.05, 0.05, 3), 0.05, 0.95)
        found = entropy_balance(x, q, targets)
        assert isinstance(found, Balanced)
        np.testing.assert_allclose(found.shares @ x, targets, atol=1e-9)
