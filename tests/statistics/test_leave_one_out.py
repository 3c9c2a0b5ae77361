"""Leaving one firm out against refits of all of them in R (`golden/answer_decisions/leave_one_out.R`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models import leave_one_out as module
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.leave_one_out import MOST_REMOVED, Bar, Copy, LeaveOneOut, leave_one_out
from monitor.statistics.models.leave_one_out import copies_of as copies_of_prepared
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.terms import Terms, decide, matrix

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"
SAME = {"abs": 1e-6}


def copies_of(
    frame: pd.DataFrame, outcomes: Sequence[str], controls: Sequence[str], *, penalised: bool, kept: np.ndarray | None
) -> list[Copy]:
    """Copies of a survey of two practices; `kept`: only these rows."""
    frame = frame if kept is None else frame[kept]
    columns = columns_of(frame)
    layout = decide([columns], Terms(("a", "b")), controls, {}, {"sector": ("industry", "trade", "services")}, 1)
    x, w = matrix(columns, layout), columns.numbers["w"]
    ys = [columns.numbers[name] for name in outcomes]
    fits = fit_copies(ys, [x] * len(ys), [w] * len(ys), penalised=penalised)
    plan = of_practices(columns, layout, x, "complementarity")
    return [Copy(y, x, w, fit, plan, np.arange(len(y))) for y, fit in zip(ys, fits, strict=True)]


def of_golden(*, penalised: bool, kept: np.ndarray | None = None) -> list[Copy]:
    frame = pd.read_csv(GOLDEN / "leave_one_out_sample.csv")
    return copies_of(frame, ["y1", "y2"], ["sector"], penalised=penalised, kept=kept)


def estimate(copies: Sequence[Copy]) -> float:
    return float(np.mean([evaluate(copy.plan, copy.fit, copy.w).estimates[0] for copy in copies]))


@pytest.fixture(scope="module", params=["logit", "firth"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def told(method: str) -> pd.Series:
    return pd.read_csv(GOLDEN / "leave_one_out.csv").set_index("method").loc[method]


def looked(method: str, bar: Bar) -> LeaveOneOut:
    penalised = method == "firth"
    return leave_one_out(of_golden(penalised=penalised), bar, penalised=penalised)


@pytest.mark.parametrize("in_a_row", [1, 3])
def test_ranges_are_those_of_refitting_every_firm(
    method: str, told: pd.Series, in_a_row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_A_ROW", in_a_row)
    monkeypatch.setattr(module, "MOST_ROUNDS", 12)
    got = looked(method, Bar())
    assert got.estimate == pytest.approx(told["estimate"], **SAME)
    for name in ("lowest", "highest", "lowest_turned", "highest_turned"):
        assert getattr(got, name) == pytest.approx(told[name], **SAME), name
    assert got.settled
    assert got.refits < 60


def test_verdicts_turn_where_the_bar_lies_within_the_range(method: str, told: pd.Series) -> None:
    def bar(at: float) -> Bar:
        return Bar(0.0, at)

    between = looked(method, bar((told["lowest"] + told["estimate"]) / 2))
    assert (between.one_left_out_turns, between.removals) == (True, 1)
    below = looked(method, bar(told["lowest"] - 1e-4))
    assert not below.one_left_out_turns
    assert below.removals == 2
    assert below.one_turned_turns == (told["lowest_turned"] < told["lowest"] - 1e-4)
    # No two of the twelve firms that pull most bring it below: two cannot be enough.
    three = looked(method, bar(told["lowest_of_two"] - 1e-4))
    assert three.removals is not None
    assert three.removals >= 3
    # What is inconclusive may turn to either side.
    above = looked(method, bar((told["highest"] + told["estimate"]) / 2))
    assert (above.one_left_out_turns, above.removals) == (True, 1)


def test_a_verdict_that_hangs_on_many_says_so(method: str) -> None:
    got = looked(method, Bar(-0.9))
    assert (got.one_left_out_turns, got.one_turned_turns, got.removals) == (False, False, None)


def test_as_many_firms_as_it_says_are_enough() -> None:
    """The firms with the greatest pull, taken out by hand, turn the sign; one fewer does not."""
    copies = of_golden(penalised=False)
    got = leave_one_out(copies, Bar(estimate(copies) - 0.05))
    assert got.removals is not None
    pull = np.mean([evaluate(c.plan, c.fit, c.w).contributions[:, 0] for c in copies], axis=0)
    order = np.argsort(-pull)
    without = [
        estimate(of_golden(penalised=False, kept=~np.isin(np.arange(len(pull)), order[:many])))
        for many in (got.removals - 1, got.removals, got.removals + 1)
    ]
    assert without[0] > got.estimate - 0.05
    assert without[2] < got.estimate - 0.05


def test_an_outcome_that_was_filled_in_is_not_turned() -> None:
    """A heavy firm would move most when turned, but its outcome is another in one of the four copies."""
    frame = pd.read_csv(GOLDEN / "leave_one_out_sample.csv")
    heavy = int(np.flatnonzero((frame["y1"] == frame["y2"]) & (frame["y1"] == 1) & (frame["a"] * frame["b"] == 1))[0])
    frame.loc[heavy, "w"] = 60.0
    frame.loc[heavy, "y2"] = 0
    names = ["y1", "y1", "y1", "y2"]

    def turned(firm: int) -> float:
        other = frame.copy()
        other.loc[firm, ["y1", "y2"]] = 1 - frame.loc[firm, ["y1", "y2"]]
        return estimate(copies_of(other, names, ["sector"], penalised=False, kept=None))

    every = [turned(firm) for firm in np.flatnonzero(frame["y1"] == frame["y2"])]
    assert turned(heavy) < min(every)
    got = leave_one_out(copies_of(frame, names, ["sector"], penalised=False, kept=None), Bar())
    assert got.lowest_turned == pytest.approx(min(every), **SAME)


def t_times_error(estimates: np.ndarray, contributions: Sequence[np.ndarray]) -> float:
    """Two standard errors by Rubin's rules, firms drawn at random."""
    within = [float((e**2).sum()) for e in contributions]
    return 2 * float(combine(estimates, within).se)


def test_a_verdict_may_have_its_own_error_without_the_firm() -> None:
    """Held against every firm left out by hand, with the error that is left."""
    copies = of_golden(penalised=False)
    own = [evaluate(c.plan, c.fit, c.w) for c in copies]
    reach = t_times_error(np.array([c.estimates[0] for c in own]), [c.contributions[:, 0] for c in own])
    rows = np.arange(len(copies[0].y))
    distances = []
    for firm in rows:
        left = [evaluate(c.plan, c.fit, c.w) for c in of_golden(penalised=False, kept=rows != firm)]
        found = np.array([c.estimates[0] for c in left])
        distances.append(found.mean() - t_times_error(found, [c.contributions[:, 0] for c in left]))
    alone = min(distances)
    for value, turns in ((alone - 1e-5, False), (alone + 1e-5, True)):
        got = leave_one_out(copies, Bar(value, reach, t_times_error))
        assert Bar(value, reach).side(got.estimate) == 1
        assert got.one_left_out_turns == turns
    # The held error would have it otherwise near the bar.
    held = leave_one_out(copies, Bar(alone - 1e-3, reach))
    assert held.one_left_out_turns


def test_copies_of_a_prepared_specification_are_those_of_its_result() -> None:
    frame = pd.read_csv(GOLDEN / "leave_one_out_sample.csv").assign(base_all_firms=True)
    both = tuple(columns_of(frame.assign(y=frame[name])) for name in ("y1", "y2"))
    sample = Sample("w", np.arange(len(frame)).astype(object), both, both[0], SurveyDesign(frame["w"]))
    s = Specification("y", "main", "y", "all_firms", "logit", ("a", "b"), controls=("sector",))
    result = analyse(sample, s, Disclosure())
    assert result.contrasts is not None
    place = result.contrasts.at("complementarity")
    penalised = result.estimator == "firth"
    got = copies_of_prepared(prepare(sample, s, Disclosure()), sample, "complementarity", penalised=penalised)
    assert estimate(got) == pytest.approx(result.contrasts.estimate[place], **SAME)
    told = pd.read_csv(GOLDEN / "leave_one_out.csv").set_index("method").loc["firth" if penalised else "logit"]
    assert leave_one_out(got, Bar(), penalised=penalised).lowest == pytest.approx(told["lowest"], **SAME)
    refused = prepare(sample, replace(s, controls=("unknown",)), Disclosure())
    with pytest.raises(ValueError, match="refused"):
        copies_of_prepared(refused, sample, "complementarity", penalised=False)


def test_a_firm_leaves_with_all_its_answers() -> None:
    """The same firms in two waves: the range is that of leaving pairs of rows out."""
    copies = [replace(copy, firms=np.arange(len(copy.y)) // 2) for copy in of_golden(penalised=False)]
    got = leave_one_out(copies, Bar())
    rows = np.arange(len(copies[0].y))
    every = [estimate(of_golden(penalised=False, kept=rows // 2 != firm)) for firm in range(len(rows) // 2)]
    assert got.lowest == pytest.approx(min(every), **SAME)
    assert got.highest == pytest.approx(max(every), **SAME)


@pytest.mark.parametrize("in_a_row", [1, 3])
def test_the_ends_are_found_and_not_named(in_a_row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """60 small surveys: the exact ends of the range are found in all, with far fewer refits than firms; also where so
    few are fitted at a time that the first are not the ends."""
    monkeypatch.setattr(module, "IN_A_ROW", in_a_row)
    monkeypatch.setattr(module, "MOST_ROUNDS", 12)
    rng = np.random.default_rng(52)
    surveys, n = 0, 90
    while surveys < 60:
        frame = pd.DataFrame({"a": rng.random(n) < 0.4, "b": rng.random(n) < 0.5, "w": rng.uniform(1, 20, n)}) * 1.0
        rate = 0.12 + 0.25 * frame["a"] * frame["b"]
        frame["y"] = (rng.random(n) < rate) * 1.0
        if frame.groupby(["a", "b"])["y"].agg(lambda y: min(y.sum(), (1 - y).sum())).min() < 2:
            continue
        surveys += 1
        copies = copies_of(frame, ["y"], [], penalised=False, kept=None)
        got = leave_one_out(copies, Bar())
        every = saturated_without_each(frame)
        assert got.lowest == pytest.approx(min(every), **SAME)
        assert got.highest == pytest.approx(max(every), **SAME)
        assert got.refits < n / 2
    assert {field.type for field in fields(LeaveOneOut)} <= {"float", "bool", "int", "int | None"}
    assert MOST_REMOVED < 0.1


def test_a_firm_that_may_pass_the_end_by_the_errors_seen_is_fitted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first firm moves a fifth less than approximated: one that moves a fifth more than its 0.08 would pass it, one
    of 0.07 would not."""
    monkeypatch.setattr(module, "IN_A_ROW", 1)
    looked_for = module._Range(np.array([-0.11, -0.08, -0.07]), 0.0)
    assert looked_for.next()[0] == 0
    looked_for.told(np.array([0]), np.array([-0.088]))
    assert looked_for.next().tolist() == [1]
    looked_for.told(np.array([1]), np.array([-0.09]))
    assert looked_for.lowest == -0.09
    assert looked_for.next().tolist() == []


def saturated_without_each(frame: pd.DataFrame) -> np.ndarray:
    """Complementarity of weighted shares by state, once without each firm."""
    w, y = (frame[name].to_numpy(dtype=float) for name in "wy")
    state = (2 * frame["a"] + frame["b"]).to_numpy(dtype=int)
    firms = np.arange(len(frame))
    above, below = (np.tile(np.bincount(state, weights, 4), (len(frame), 1)) for weights in (w * y, w))
    above[firms, state] -= w * y
    below[firms, state] -= w
    neither, only_b, only_a, both = (above / below).T
    return np.asarray(both - only_a - only_b + neither)
