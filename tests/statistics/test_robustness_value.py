"""Robustness values: as their definition solved in R, the published example, and what a hidden cause does."""

from __future__ import annotations

import numpy as np
import pytest
from r_answers import answers, assert_as_in_r, design_of, firms, model_of

from monitor.statistics.models.notes import Note
from monitor.statistics.models.quantities import Quantities, four_states
from monitor.statistics.models.robustness_value import linear_complementarity, robustness_value, strength_of_control
from monitor.statistics.models.terms import Terms
from monitor.statistics.models.two_measures import four_state_table

SCRIPT = "robustness_value"
CASES = ("complementarity", "half of it", "darfur", "not significant", "huge")


def linear(controls: tuple[str, ...] = ("size_band", "sector")) -> Quantities:
    d = firms()
    _, terms, x = model_of(d, controls)
    found = linear_complementarity(terms, x, d["top_innovator"].to_numpy(float), d["weight"].to_numpy(float))
    assert isinstance(found, Quantities)
    return found


def test_linear_complementarity_as_in_r() -> None:
    assert_as_in_r(linear(), answers(SCRIPT, "linear"), design_of(firms()))


def test_without_controls_it_is_the_table() -> None:
    d = firms()
    a, b, y, w = (d[name].to_numpy(float) for name in ("cooperates", "invests", "top_innovator", "weight"))
    table = four_state_table(("cooperates", "invests"), a, b, y, w).part(["complementarity"])
    found = linear(())
    np.testing.assert_allclose(found.estimates, table.estimates, atol=1e-12)
    np.testing.assert_allclose(found.contributions, table.contributions, atol=1e-12)
    assert found.contrasts == (four_states(("cooperates", "invests"))[-1],)


@pytest.mark.parametrize("case", CASES)
def test_values_solve_their_definition(case: str) -> None:
    estimate, se = answers(SCRIPT, "inputs").loc[case]
    df, q = answers(SCRIPT, "df").loc[case]
    found = robustness_value(estimate, se, df, q)
    assert found.partial_r2 == pytest.approx(answers(SCRIPT, "partial r2")["estimate"][case], rel=1e-9)
    assert found.value == pytest.approx(answers(SCRIPT, "value")["estimate"][case], rel=1e-6)
    assert found.value_alpha == pytest.approx(answers(SCRIPT, "value alpha")["estimate"][case], rel=1e-6)
    assert np.sign(found.t) == np.sign(estimate)


def test_the_published_example() -> None:
    """Darfur, in Cinelli and Hazlett (2020) and sensemakr: partial R2 2.187 %, RV 13.878 %, RV at 5 % 7.626 %."""
    found = robustness_value(0.09731582, 0.02325654, 783)
    told = (found.partial_r2, found.value, found.value_alpha)
    assert told == pytest.approx((0.02187, 0.13878, 0.07626), abs=5e-6)


def test_a_cause_as_strong_as_the_value_takes_the_estimate_away() -> None:
    """A cause built to explain RV of what is left of outcome and product alike: controlled for, nothing is left."""
    rng = np.random.default_rng(20)
    n = 400
    a, b = ((rng.random(n) < 0.5).astype(float) for _ in range(2))
    y = 0.2 + 0.3 * a * b + 0.5 * rng.normal(size=n)
    x = np.column_stack([np.ones(n), a, b, a * b])
    residual = np.linalg.lstsq(x, y, rcond=None)
    e = y - x @ residual[0]
    d = a * b - x[:, :3] @ np.linalg.lstsq(x[:, :3], a * b, rcond=None)[0]
    se = np.sqrt(e @ e / (n - 4) / (d @ d))
    r2 = robustness_value(float(residual[0][3]), float(se), n - 4).value
    noise = rng.normal(size=n)
    basis = np.column_stack([x, e])
    noise -= basis @ np.linalg.lstsq(basis, noise, rcond=None)[0]
    # Of the cause's variance r2 goes with the product; of what does not, r2 with the outcome.
    d, e, noise = (each / np.sqrt(each @ each) for each in (d, e, noise))
    cause = np.sqrt(r2) * d + np.sqrt(1 - r2) * (np.sqrt(r2) * e + np.sqrt(1 - r2) * noise)
    terms = Terms(practices=("a", "b"), numbers=("cause",))
    with_cause = np.column_stack([np.ones(n), a, b, cause, a * b])
    left = linear_complementarity(terms, with_cause, y, np.ones(n))
    assert isinstance(left, Quantities)
    assert left.estimates[0] == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("control", ["size_band", "sector"])
def test_strength_of_controls_as_in_r(control: str) -> None:
    d = firms()
    _, terms, x = model_of(d)
    found = strength_of_control(terms, x, d["top_innovator"].to_numpy(float), d["weight"].to_numpy(float), control)
    np.testing.assert_allclose(found, answers(SCRIPT, "strength").loc[control], rtol=1e-8)


def test_what_cannot_be_told_apart_has_no_estimate() -> None:
    d = firms()
    _, terms, x = model_of(d)
    w, y = np.ones(len(d)), d["top_innovator"].to_numpy(float)
    alike = x.copy()
    alike[:, 2] = alike[:, 1]
    assert isinstance(linear_complementarity(terms, alike, y, w), Note)
    assert isinstance(linear_complementarity(Terms(("a", "b"), dropped=("a:b",)), x, y, w), Note)
    with pytest.raises(ValueError, match="no control"):
        strength_of_control(terms, x, y, w, "unknown")
