"""A specification curve by its choices against R (`golden/answer_decisions/specification_choices.R`)."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.decisions.specification_choices import curve_test, explained, null_draws, sides
from monitor.statistics.design.structure import SurveyDesign

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"
CHOICES = ("definition", "weights", "base", "controls")


def curve() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    table = pd.read_csv(GOLDEN / "curve.csv")
    return table, {name: list(table[name]) for name in CHOICES}


@pytest.mark.parametrize(("column", "told"), [("estimate", "balanced"), ("holed", "holed")])
def test_shares_are_those_of_r(column: str, told: str) -> None:
    table, choices = curve()
    got = explained(table[column], choices)
    expected = pd.read_csv(GOLDEN / "explained.csv").set_index("choice")[told]
    for name in CHOICES:
        assert got.shares[name] == pytest.approx(expected[name], rel=1e-6, abs=1e-9)
    assert got.rest == pytest.approx(1 - expected.sum(), rel=1e-6)
    assert (got.balanced, got.missing) == (column == "estimate", int(table[column].isna().sum()))
    assert got.spread == pytest.approx(table[column].std(ddof=0))


def test_averaging_over_orders_is_the_balanced_share_where_nothing_is_missing() -> None:
    table, choices = curve()
    twice = pd.concat([table, table[table["weights"] == "plain"]])
    unbalanced = explained(twice["estimate"], {name: list(twice[name]) for name in CHOICES})
    assert not unbalanced.balanced
    assert sum(unbalanced.shares.values()) + unbalanced.rest == pytest.approx(1)
    doubled = pd.concat([table, table])
    got = explained(doubled["estimate"], {name: list(doubled[name]) for name in CHOICES})
    assert got.balanced
    assert got.shares == pytest.approx(explained(table["estimate"], choices).shares)


def test_sides_add_up_by_every_choice() -> None:
    table, choices = curve()
    table.loc[0, "holed"] = 0.0
    found = sides(table["holed"], choices)
    assert [side.level for side in found if side.choice == "definition"] == [
        "initiatives",
        "partners",
        "either",
        "both",
    ]
    for name in CHOICES:
        own = [side for side in found if side.choice == name]
        assert sum(side.above for side in own) == (table["holed"] > 0).sum()
        assert sum(side.below for side in own) == (table["holed"] < 0).sum()
        assert sum(side.specifications for side in own) == table["holed"].notna().sum()
    partners = table.loc[table["definition"] == "partners", "holed"]
    assert found[1].median == pytest.approx(partners.median())


def test_a_curve_that_does_not_vary_has_no_shares() -> None:
    got = explained([0.1, 0.1, 0.1 + 1e-17, 0.1], {"a": ["x", "x", "y", "y"], "b": ["x", "y", "x", "y"]})
    assert (got.spread, got.rest, got.shares) == (0.0, 0.0, {"a": 0.0, "b": 0.0})
    alone = explained([0.1, np.nan], {"a": ["x", "y"]})
    assert (alone.specifications, alone.missing, alone.shares) == (1, 1, {"a": 0.0})


def test_joint_test_is_that_of_r() -> None:
    table, firms = (pd.read_csv(GOLDEN / f"curve_{name}.csv") for name in ("specifications", "contributions"))
    told = pd.read_csv(GOLDEN / "curve_test.csv").set_index("statistic")
    design = SurveyDesign(
        weights=np.ones(len(firms)), strata=firms["stratum"].to_numpy(), population=firms["population"].to_numpy(float)
    )
    covariance = design.covariance(firms.iloc[:, 2:].to_numpy())
    null = null_draws(covariance, table["se"], pd.read_csv(GOLDEN / "curve_normals.csv").to_numpy(dtype=float))
    got = curve_test(table["theta"], table["se"], table["df"], null)
    assert got is not None
    assert abs(got.median) == pytest.approx(told.loc["median", "value"])
    assert (got.median_low, got.median_high) == pytest.approx(tuple(told.loc["median", ["low", "high"]]), rel=1e-6)
    assert got.dominant == pytest.approx(told.loc["dominant", "value"])
    assert got.significant == pytest.approx(told.loc["significant", "value"])
    assert (got.p_median, got.p_dominant, got.p_significant) == pytest.approx(tuple(told["p"]))
    # The other way round it is the same: two-sided.
    other = curve_test(-table["theta"], table["se"], table["df"], -null)
    assert other is not None
    assert (other.p_median, other.p_dominant, other.p_significant) == (got.p_median, got.p_dominant, got.p_significant)
    assert other.positive == pytest.approx(1 - got.positive)


def test_one_specification_is_not_tested() -> None:
    assert curve_test([0.3], [0.1], 20, np.zeros((9, 1))) is None


def test_draws_have_each_error_and_the_correlations_of_common_firms() -> None:
    covariance = np.array([[4.0, 1.2, 0.0], [1.2, 1.0, 0.0], [0.0, 0.0, 9.0]])
    errors = np.array([0.2, 0.5, 0.1])
    null = null_draws(covariance, errors, np.random.default_rng(8).standard_normal((200_000, 3)))
    np.testing.assert_allclose(null.std(axis=0), errors, rtol=0.01)
    np.testing.assert_allclose(np.corrcoef(null.T), [[1, 0.6, 0], [0.6, 1, 0], [0, 0, 1]], atol=0.01)


@pytest.mark.parametrize(("effect", "definition_only"), [(0.0, False), (0.3, True), (0.3, False)])
def test_a_curve_is_judged_as_its_truth_is(effect: float, definition_only: bool) -> None:
    """300 surveys of 120 firms and 16 specifications: without an effect about 5 % of the curves are called one; with
    an effect under one of two definitions, the definition explains the curve's spread."""
    rng = np.random.default_rng(2020)
    levels = list(product("ab", "xy", "12", "pq"))
    choices = {name: [level[j] for level in levels] for j, name in enumerate(("definition", "base", "cut", "weights"))}
    normals = rng.standard_normal((199, 16))
    p_values, shares = [], []
    for _ in range(300 if effect == 0 else 60):
        firm, by_definition = rng.normal(size=(120, 1)), {d: rng.normal(size=(120, 1)) for d in "ab"}
        own = np.column_stack([0.8 * firm + 0.5 * by_definition[level[0]] for level in levels])
        values = own + 0.2 * rng.normal(size=own.shape)
        values += [effect if level[0] == "a" or not definition_only else 0.0 for level in levels]
        theta, se = values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(120)
        got = curve_test(theta, se, 119, null_draws(np.cov(values.T) / 120, se, normals))
        assert got is not None
        p_values.append([got.p_median, got.p_dominant, got.p_significant])
        shares.append(explained(theta, choices).shares["definition"])
    rejected = (np.array(p_values) <= 0.05).mean(axis=0)
    if effect == 0:
        assert (rejected <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 300)).all()
        assert rejected[0] >= 0.02
    elif definition_only:
        assert np.median(shares) > 0.8
    else:
        assert rejected[0] > 0.8
