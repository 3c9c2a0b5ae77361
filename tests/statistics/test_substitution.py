"""Rules of claims on substitution against R (`golden/answer_decisions/substitution.R`) and a published table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.decisions.declared_rules import margin_problem, one_firm_problem, proven_by
from monitor.statistics.decisions.substitution import (
    least_margin,
    power_no_worse,
    substitution,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"
SAME = {"rel": 1e-6, "abs": 1e-12}
ROWS = [row for _, row in pd.read_csv(GOLDEN / "substitution.csv").iterrows()]


@pytest.mark.parametrize("told", ROWS, ids=[f"df {row['df']:g}" for row in ROWS])
def test_p_values_and_power_are_those_of_r(told: pd.Series) -> None:
    got = substitution(told["estimate"], told["se"], told["df"], told["margin"])
    for name in ("p_no_worse", "p_substitutes"):
        assert getattr(got, name) == pytest.approx(told[name], **SAME), name
    effect, margin, se, df, alpha = (float(told[name]) for name in ("effect", "margin", "se", "df", "alpha"))
    assert power_no_worse(effect, margin, se, df, alpha) == pytest.approx(told["power_no_worse"], **SAME)
    assert least_margin(se, df, alpha) == pytest.approx(told["least_margin"], **SAME)


def test_verdicts() -> None:
    assert substitution(0.01, 0.01, 200, 0.05).verdict() == "supported"
    assert substitution(-0.10, 0.01, 200, 0.05).verdict() == "contradicted"
    assert substitution(-0.02, 0.05, 200, 0.05).verdict() == "inconclusive"
    # Substitution that is there and surely smaller than the margin.
    small = substitution(-0.02, 0.005, 200, 0.05)
    assert small.p_substitutes < 0.001
    assert small.verdict() == "supported"
    # An error of its own at the value that is tested.
    assert (
        substitution(0.0, 0.01, 200, 0.05, error_at=lambda value: 0.04 if value < 0 else 0.01).verdict() != "supported"
    )
    assert substitution(0.0, 0.0, 200, 0.05).p_no_worse == 0.0
    with pytest.raises(ValueError, match="above zero"):
        substitution(0.0, 0.1, 20, 0.0)


def test_a_margin_must_be_small_beside_the_base_rate() -> None:
    assert margin_problem(0.05, 0.10) is None
    assert margin_problem(0.05, 0.90) is None
    assert margin_problem(0.1 * 0.5, 0.1) is None
    for margin, base in (
        (0.10, 0.10),
        (0.051, 0.10),
        (0.06, 0.90),
        (0.0, 0.3),
        (-0.1, 0.3),
        (0.05, 0.0),
        (0.05, np.nan),
    ):
        assert margin_problem(margin, base) is not None
    problem = margin_problem(0.10, 0.12)
    assert problem is not None
    assert "6.0 percentage points" in problem.render()
    assert "10.0 percentage points" in problem.render()
    assert margin_problem(0.05, 0.12, most=0.25) is not None


def test_how_many_firms_prove_a_share_is_that_of_r() -> None:
    for _, told in pd.read_csv(GOLDEN / "proven_by.csv").iterrows():
        assert proven_by(told["value"], told["firms"], 0.025) == told["proven_by"]
        assert (one_firm_problem(told["value"], told["firms"], 0.025) is not None) == (told["proven_by"] == 1)


def test_one_firm_is_no_proof() -> None:
    """ "Not a necessary condition" with a share of zero is proven by the first firm that does without."""
    for firms in (10, 60, 624):
        assert proven_by(0.0, firms, 0.025) == 1
        problem = one_firm_problem(0.0, firms, 0.025)
        assert problem is not None
        assert "one firm" in problem.what
    assert proven_by(1.0, 5, 0.025) == 6


def test_errors_and_power_are_those_promised() -> None:
    """20,000 differences with an estimated error: false support at the margin, false substitution at zero, and power in
    between."""
    rng = np.random.default_rng(1982)
    se, df, margin, draws = 0.02, 24, 0.05, 20_000
    noise, errors = rng.normal(0, se, draws), se * np.sqrt(rng.chisquare(df, draws) / df)

    def rate(effect: float, verdict: str) -> float:
        found = [substitution(effect + e, s, df, margin).verdict() for e, s in zip(noise, errors, strict=True)]
        return found.count(verdict) / draws

    allowed = 3 * np.sqrt(0.025 * 0.975 / draws)
    assert rate(-margin, "supported") == pytest.approx(0.025, abs=allowed)
    assert rate(0.0, "contradicted") <= 0.025 + allowed
    power = power_no_worse(0.01, margin, se, df)
    assert rate(0.01, "supported") == pytest.approx(power, abs=3 * np.sqrt(power * (1 - power) / draws))
