"""Intervals of states' probabilities against R (`golden/answer_decisions/state_intervals.R`), and their coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.decisions.state_intervals import State, StateInterval, state_interval
from monitor.statistics.design.intervals import FEW_EFFECTIVE_EVENTS_OF_A_STATE, effective_df, logit_t

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"
SAME = {"rel": 1e-6}


@pytest.mark.parametrize("at", range(4))
def test_each_state_has_the_interval_of_svyciprop(at: int) -> None:
    told = pd.read_csv(GOLDEN / "state_intervals.csv").iloc[at]
    # R bounds the effective number of firms by nothing.
    got = state_interval(State(told["share"], told["se"], told["df"], told["n"], told["n"], told["df"]))
    name = "logit" if at == 1 else "beta"
    assert got.method == ("logit" if at == 1 else "clopper_pearson")
    assert got.low == pytest.approx(told[f"{name}_low"], **SAME)
    assert got.high == pytest.approx(told[f"{name}_high"], **SAME)


def test_equal_weights_give_the_binomial_interval() -> None:
    for _, told in pd.read_csv(GOLDEN / "state_intervals_exact.csv").iterrows():
        n, p = told["n"], told["events"] / told["n"]
        se = np.sqrt(p * (1 - p) / n)
        got = state_interval(State(p, se, 2.0, n, n, n - 1))
        assert (got.low, got.high) == (pytest.approx(told["low"], **SAME), pytest.approx(told["high"], **SAME))


def test_few_events_do_not_count_twice() -> None:
    """2.4 % of some hundred firms: its two or three events leave the error two degrees of freedom or so."""
    p, n = 0.024, 97
    se = np.sqrt(p * (1 - p) / n)
    state = State(p, se, 2.0, n, n, 600)
    got = state_interval(state)
    assert (got.low, got.high) == (pytest.approx(0.004, abs=1e-3), pytest.approx(0.077, abs=1e-3))
    low, high = (float(x) for x in logit_t(p, se, 2.0))
    assert high - low > 3 * (got.high - got.low)


def test_firms_never_know_more_than_their_number() -> None:
    sure = State(0.02, 1e-4, 50, 80, 60, 79)
    assert sure.effective_n == 60
    assert state_interval(sure) == state_interval(State(0.02, 1e-6, 50, 80, 60, 79))
    none = state_interval(State(0.0, 0.0, 50, 80, 60, 79))
    assert (none.low, none.method, none.effective_n) == (0.0, "clopper_pearson", 60)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 60))


def test_what_is_unknown_has_no_interval() -> None:
    for state in (State(np.nan, 0.1, 5, 50, 40, 40), State(0.1, np.nan, 5, 50, 40, 40), State(0.1, 0.1, 5, 0, 0, 0)):
        got = state_interval(state)
        assert (got.method, np.isnan(got.low), np.isnan(got.high)) == ("none", True, True)
    nothing = state_interval(State(0.1, 0.1, 0.0, 1, 1, 0))
    assert (nothing.low, nothing.high) == (0.0, 1.0)


@pytest.mark.parametrize(("n", "p"), [(52, 0.03), (97, 0.024), (97, 0.08), (200, 0.1), (60, 0.5), (97, 0.95)])
def test_intervals_cover(n: int, p: float) -> None:
    """1,000 samples with unequal weights; where events are few the exact interval covers more and is shorter."""
    rng = np.random.default_rng(1998)
    samples = 1000
    found: list[StateInterval] = []
    on_logit = []
    for _ in range(samples):
        w, y = rng.lognormal(0, 0.6, n), (rng.random(n) < p) * 1.0
        share = float(w @ y / w.sum())
        e = w * (y - share) / w.sum()
        se = float(np.sqrt((e**2).sum() * n / (n - 1)))
        df = float(effective_df(e[:, None], n - 1.0)[0])
        found.append(state_interval(State(share, se, df, n, w.sum() ** 2 / (w**2).sum(), n - 1)))
        on_logit.append([float(x) for x in logit_t(share, se, df)])
    covered = np.mean([i.low <= p <= i.high for i in found])
    assert covered >= 0.95 - 2.5 * np.sqrt(0.05 * 0.95 / samples)
    width, other = np.mean([i.high - i.low for i in found]), np.mean(np.diff(on_logit))
    if n * min(p, 1 - p) < FEW_EFFECTIVE_EVENTS_OF_A_STATE / 2:
        assert width < 0.8 * other
    else:
        assert width < 1.02 * other
