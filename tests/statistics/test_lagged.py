"""Practice at t - 1 and outcome at t: as in R, with lost firms weighted for, and silent where too few are followed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from r_answers import GOLDEN, answers, assert_as_in_r, design_of, model_of

from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.lagged import Lagged, initial_condition, lagged, minimum_detectable, pairs
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.quantities import over_copies

THRESHOLDS = Disclosure()


def estimate(d: pd.DataFrame, controls: tuple[str, ...], response: tuple[str, ...]) -> Lagged:
    frame, terms, x = model_of(d, controls)
    v = np.column_stack([np.ones(len(d)), *(d[name].to_numpy(float) for name in response)])
    w, y = d["weight"].to_numpy(float), d["top"].to_numpy(float)
    return lagged(frame, terms, x, y, v, w, np.arange(len(d)), len(d) - x.shape[1], THRESHOLDS)


def golden() -> tuple[Lagged, pd.DataFrame]:
    d = pd.read_csv(GOLDEN / "answer_models" / "followed.csv")
    return estimate(d, ("size", "first_outcome"), ("first_outcome", "size", "cooperates", "invests")), d


def test_as_in_r() -> None:
    found, d = golden()
    assert found.quantities is not None
    assert found.response is not None
    told = answers("lagged", "lagged")
    assert_as_in_r(found.quantities.part(list(told.index)), told, design_of(d))
    assert_as_in_r(found.response, answers("lagged", "response"), design_of(d))
    assert found.effective == pytest.approx(answers("lagged", "effective")["estimate"].iloc[0], rel=1e-8)
    assert (found.rows, found.followed) == (len(d), d["top"].notna().sum())
    assert found.estimator == "logit"


def test_the_error_tells_what_would_be_found() -> None:
    found, d = golden()
    assert found.quantities is not None
    combined = over_copies([found.quantities], [np.ones(len(d), dtype=bool)], design_of(d), 900)
    detectable = minimum_detectable(combined)
    assert 2.6 * combined.se[-1] < detectable < 3.2 * combined.se[-1]
    assert np.isnan(minimum_detectable(combined, "unknown"))


def test_with_nobody_lost_it_is_the_model() -> None:
    _, d = golden()
    d = d[d["top"].notna()].reset_index(drop=True)
    found = estimate(d, ("size",), ("size",))
    frame, terms, x = model_of(d, ("size",))
    plan, w = of_practices(frame, terms, x), d["weight"].to_numpy(float)
    model = evaluate(plan, maximum_likelihood(d["top"].to_numpy(float), x, w), w)
    assert found.quantities is not None
    assert found.response is None
    np.testing.assert_allclose(found.quantities.estimates, model.estimates, atol=1e-10)
    np.testing.assert_allclose(found.quantities.contributions, model.contributions, atol=1e-12)


def panel(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Firms of which innovators start to cooperate and invest, and stay innovators whatever they do; firms that are
    none are lost more often."""
    first = (rng.random(n) < 0.35).astype(float)
    cooperates = (rng.random(n) < 0.25 + 0.4 * first).astype(float)
    invests = (rng.random(n) < 0.3 + 0.4 * first * cooperates).astype(float)
    top = (rng.random(n) < 0.15 + 0.5 * first).astype(float)
    lost = rng.random(n) < np.where(first == 1, 0.15, 0.6)
    columns = {"cooperates": cooperates, "invests": invests, "first_outcome": first, "top": np.where(lost, np.nan, top)}
    return pd.DataFrame(columns).assign(weight=1.0, stratum="s", population=1e9)


def test_practice_that_follows_the_outcome_and_lost_firms() -> None:
    """Complementarity is zero and everybody's share in each state 0.15 + 0.5 * 0.35. In one wave the two practices look
    complementary, and among the firms that answer again shares are too high; the lagged model says neither."""
    rng = np.random.default_rng(2005)
    truth = 0.15 + 0.5 * 0.35
    off: list[np.ndarray] = []
    one_wave, complete = [], []
    for _ in range(60):
        d = panel(rng, 1200)
        found = estimate(d, ("first_outcome",), ("first_outcome", "cooperates", "invests"))
        assert found.quantities is not None
        told = over_copies([found.quantities], [np.ones(len(d), dtype=bool)], design_of(d), 1e4)
        at = [told.names.index("p_both"), told.names.index("complementarity")]
        off.append((told.estimate[at] - (truth, 0)) / told.se[at])
        again = d[d["top"].notna()]
        frame, terms, x = model_of(again, ("first_outcome",))
        plan, ones = of_practices(frame, terms, x), np.ones(len(again))
        complete.append(
            evaluate(plan, maximum_likelihood(again["top"].to_numpy(float), x, ones), ones).estimates[at[0]]
        )
        frame, terms, x = model_of(d, ())
        plan, ones = of_practices(frame, terms, x), np.ones(len(d))
        same = evaluate(plan, maximum_likelihood(d["first_outcome"].to_numpy(float), x, ones), ones)
        one_wave.append(same.estimates[at[1]])
    assert np.mean(one_wave) > 0.1
    assert np.mean(complete) > truth + 0.04
    assert np.all(np.abs(np.mean(off, axis=0)) < 3 / np.sqrt(60))
    assert np.all(np.mean(np.abs(off) < 1.96, axis=0) >= 0.88)


def test_estimated_weights_are_part_of_the_error() -> None:
    """A share that hangs on being followed is known better with estimated than with known weights (Robins, Rotnitzky
    and Zhao 1995): the spread over samples is that of the contributions, smaller than without r's part."""
    rng = np.random.default_rng(95)
    estimates, errors = [], []
    for _ in range(80):
        d = panel(rng, 600)
        found = estimate(d, (), ("first_outcome",))
        assert found.quantities is not None
        told = found.quantities.part(["p_neither"])
        estimates.append(told.estimates[0])
        errors.append(np.sqrt((told.contributions**2).sum()))
    assert np.std(estimates) == pytest.approx(np.mean(errors), rel=0.2)


def test_refusals() -> None:
    _, d = golden()
    few = d.assign(top=np.where(np.arange(len(d)) < 14, d["top"], np.nan))
    found = estimate(few, ("size",), ("size",))
    assert found.quantities is None
    assert found.refusal is not None
    assert found.refusal.kind in ("few_firms", "few_events")
    nobody = estimate(d.assign(top=np.nan), ("size",), ("size",))
    assert nobody.refusal is not None
    assert nobody.refusal.kind == "nobody"
    empty = d.assign(top=np.where(d["cooperates"] * d["invests"] == 1, np.nan, d["top"]))
    unseen = estimate(empty, ("size",), ("size",))
    assert unseen.refusal is not None
    assert unseen.refusal.kind == "empty_states"
    heavy = d.assign(weight=np.where(np.arange(len(d)) == int(d["top"].notna().idxmax()), 1e3, d["weight"]))
    one = estimate(heavy, ("size",), ("size",))
    assert one.refusal is not None
    assert one.refusal.kind == "attrition"
    certain = d.assign(apart=d["top"].isna().astype(float))
    told = estimate(certain, ("size",), ("apart",))
    assert told.refusal is not None
    assert told.refusal.kind == "attrition"


def test_few_events_are_penalised() -> None:
    _, d = golden()
    rare = d.assign(top=np.where(np.cumsum(d["top"].fillna(0)) > 16, d["top"] * 0, d["top"]))
    found = estimate(rare, ("size", "first_outcome"), ("first_outcome", "size"))
    assert found.estimator == "firth"
    assert found.quantities is not None
    assert np.isfinite(found.quantities.contributions).all()


def test_pairs_and_what_firms_bring_along() -> None:
    firms, waves = np.array([0, 1, 2, 0, 1, 0, 3]), np.array([0, 0, 1, 1, 2, 2, 2])
    found = pairs(firms, waves)
    assert found.earlier.tolist() == [0, 1, 2, 3]
    assert found.later.tolist() == [3, -1, -1, 5]
    assert found.followed.tolist() == [True, False, False, True]
    outcome = np.array([1.0, np.nan, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(found.outcome(outcome), [0, np.nan, np.nan, 1])
    practice = np.array([1.0, 0, np.nan, 0, 1, 0, 1])
    brought = initial_condition(found, firms, waves, outcome, {"cooperates": practice})
    # Firm 1 tells its outcome two waves later only, too late; firm 2 never tells the practice.
    np.testing.assert_allclose(brought["first_outcome"], [1, np.nan, 1, 1])
    np.testing.assert_allclose(brought["mean_cooperates"], [1 / 3, 0.5, np.nan, 1 / 3])
    with pytest.raises(ValueError, match="twice"):
        pairs(np.array([0, 0]), np.array([1, 1]))
