"""Fits beside each other, and fits without controls, at the door."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from monitor.precision import to_error
from monitor.stages.disclosed import practices, variants
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.statistics.decisions.specification_choices import explained
from monitor.statistics.models.specification import Specification
from monitor.survey import Disclosure
from monitor.survey.models import Curve, Model

pytestmark = pytest.mark.slow

MAIN = Specification("m", "main", "top", "all_firms", "logit", practices=("a", "b"))
WAVE = "2020"


def survey(model: Model) -> SimpleNamespace:
    return SimpleNamespace(models={model.name: model}, disclosure=Disclosure())


def answers(
    events: dict[tuple[int, int], int], firms: int = 20, first: int = 20, others: int = 12, **more: object
) -> WaveFirms:
    """In every state of a and b `firms` firms, so many of them with the outcome, and `first` of them with the first
    part of it; the share that is cut is 50 with the outcome and 10 without."""
    rows = [
        {
            "a": str(a), "b": str(b), "top": str(int(i < events.get((a, b), 8))), "part": str(int(i < first)),
            "share": "50" if i < events.get((a, b), 8) else "10", "base_all_firms": "1", "level": f"l{a}{b}",
            "start_up": str(int(i >= others)),
        }
        for a in (0, 1) for b in (0, 1) for i in range(firms)
    ]  # fmt: skip
    table = pd.DataFrame(rows).assign(**more)
    return WaveFirms(table, table, table, {}, table)


def judged(fit: Specification, found: WaveFirms, model: Model | None = None, part: str | None = None) -> bool:
    row = {"wave": WAVE, "outcome": fit.outcome, "base": fit.base, "variant": fit.variant}
    told = survey(model or Model(fit, {}))
    return practices.sensitive(fit, row, told, {WAVE: found}, part)  # type: ignore[arg-type]


@pytest.mark.parametrize(("with_it", "withheld"), [(2, True), (3, False), (17, False), (18, True)])
def test_a_fit_without_controls_is_the_table_of_its_practices(with_it: int, withheld: bool) -> None:
    found = answers({(1, 0): with_it})
    assert judged(MAIN, found) is withheld
    assert judged(replace(MAIN, practices=(), levels="level", order=("l00", "l01", "l10", "l11")), found) is withheld
    assert judged(replace(MAIN, outcome="share", cut=40.0), found) is withheld
    assert not judged(replace(MAIN, outcome="share", cut=60.0, controls=("sector",)), found)
    assert not judged(replace(MAIN, controls=("sector",)), found), "with controls it is no table"


def test_a_state_of_nine_firms_is_no_cell_of_a_table() -> None:
    assert judged(MAIN, answers({(a, b): 4 for a in (0, 1) for b in (0, 1)}, firms=9))
    assert not judged(MAIN, answers({(a, b): 4 for a in (0, 1) for b in (0, 1)}, firms=10))
    some_left_out = replace(MAIN, without="start_up")
    assert not judged(some_left_out, answers({}, others=11))
    assert judged(some_left_out, answers({}, others=9)), "nine are left in each state"


def test_a_mean_of_shares_counts_nobody_and_is_judged_by_its_firms() -> None:
    fit = replace(MAIN, outcome="share")
    assert not judged(fit, answers({(1, 0): 1}))
    assert judged(fit, answers({(1, 0): 1}, firms=9))


def test_firms_that_left_a_practice_open_are_in_no_state() -> None:
    found = answers({}).answers
    found.loc[:3, "a"] = ""
    assert not judged(MAIN, WaveFirms(found, found, found, {}, found))


def test_the_second_part_is_a_table_of_the_firms_with_the_first() -> None:
    model = Model(MAIN, {}, primary=True, first_part="part")
    rows = [{"wave": WAVE, "model": "m", "variant": v, "outcome": "top", "base": "all_firms"}
            for v in ("main", "second_part", "from_second_part")]  # fmt: skip
    told = [
        practices.saturated(pd.DataFrame(rows), survey(model), {WAVE: answers({}, first=first)}).tolist()  # type: ignore[arg-type]
        for first in (12, 9)
    ]
    assert told == [[False, False, False], [False, True, True]]


def test_a_reading_a_specification_and_a_cut_are_judged_by_their_own_practices() -> None:
    model = Model(MAIN, {}, readings={"b": ("other",)}, curve=Curve("share", 40.0, 60.0, 20.0, (">",)))
    # With the other measure of b two firms are in a state.
    found = answers({}).answers.assign(other=lambda x: np.where(x.index % 40 < 2, "0", "1"))
    firms = {WAVE: WaveFirms(found, found, found, {}, found)}
    rows = [{"wave": WAVE, "model": "m", "variant": v, "outcome": "top", "base": "all_firms"}
            for v in ("main", "a x other")]  # fmt: skip
    told = survey(model)
    assert practices.saturated(pd.DataFrame(rows), told, firms).tolist() == [False, True]  # type: ignore[arg-type]
    lines = pd.DataFrame(
        [{"wave": WAVE, "model": "m", "sign": ">", "cut": cut, "measure": "share"} for cut in (40.0, 60.0)]
    )
    assert practices.saturated_choices(lines, told, firms).tolist() == [False, True]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "apart", "why"),
    [
        ((400, 40), False, "ten of the hundred others have the outcome"),
        ((400, 48), True, "two of the hundred others have it"),
        ((400, 50), True, "none of the others has it"),
        ((490, 42), True, "all but two of the ten others have it"),
        ((490, 47), False, "three of the ten others have it, and seven do not"),
        ((500, 50), False, "they are the same firms"),
        ((400, 60), False, "it is no part: it has more with the outcome"),
    ],
)
def test_what_one_fit_leaves_out_is_a_cell(counts: tuple[float, float], apart: bool, why: str) -> None:
    assert variants.alike_in_between(counts, [(500.0, 50.0)]) is apart, why


def test_that_nobody_has_the_outcome_without_its_first_part_is_no_answer() -> None:
    assert not variants.alike_in_between((200.0, 50.0), [(500.0, 50.0)], by_definition=True)
    assert variants.alike_in_between((200.0, 49.0), [(500.0, 50.0)], by_definition=True)


def models(*fits: tuple[str, str, str, float, float]) -> pd.DataFrame:
    rows = [dict(zip(("wave", "model", "variant", "n", "events"), fit, strict=True)) for fit in fits]
    return pd.DataFrame(rows).assign(outcome="top", base="all_firms", suppressed=False)


def test_the_events_of_complete_cases_tell_of_the_others_and_of_the_pooled_ones() -> None:
    table = models(
        ("2020", "m", "main", 400, 60), ("2020", "m", "complete_cases", 370, 58), ("2020", "m", "unweighted", 400, 60),
        ("2021", "m", "main", 400, 60), ("2021", "m", "complete_cases", 370, 50),
        ("2021", "k", "complete_cases", 350, 49),
        ("pooled", "m", "main", 800, 120), ("pooled", "m", "complete_cases", 740, 108),
    )  # fmt: skip
    firms = dict.fromkeys(("2020", "2021"), answers({}))
    gone = variants.events_not_told(table, firms, Disclosure())
    assert list(table.index[gone]) == [1, 5, 7]


def test_what_was_answered_counts_beside_what_was_filled_in() -> None:
    """Of 80 firms that answered 32 have the outcome: the complete cases are two of these fewer."""
    table = models(("2020", "m", "main", 90, 37), ("2020", "m", "complete_cases", 60, 30))
    assert variants.events_not_told(table, {"2020": answers({})}, Disclosure()).tolist() == [False, True]


@pytest.mark.parametrize(("firms", "withheld"), [(500, False), (499, True), (491, True), (490, False)])
def test_a_variant_of_one_to_nine_firms_fewer_is_withheld(firms: int, withheld: bool) -> None:
    table = models(("2020", "m", "main", 500, 60), ("2020", "m", "complete_cases", firms, 50))
    own = table["variant"] == "main"
    gone = variants.few_firms_apart(table, variants.SAME_VARIANTS, own, Disclosure())
    assert gone.tolist() == [False, withheld]


def test_specifications_that_differ_by_few_firms_alone_are_not_both_told() -> None:
    choices = {"wave": "2020", "model": "m", "weights": "weighted", "practice_a": "a", "practice_b": "b",
               "controls": "all", "outcome": "top", "suppressed": False}  # fmt: skip
    rows = [
        ("imputed", "all_firms", "none", 500), ("complete", "all_firms", "none", 495),
        ("complete", "all_firms", "start_up", 490), ("imputed", "active", "none", 498),
        ("imputed", "all_firms", "young", 400),
    ]  # fmt: skip
    table = pd.DataFrame([{**choices, "answers": a, "base": b, "left_out": o, "n": n} for a, b, o, n in rows])
    table["own_choice"] = [True, False, False, False, False]
    gone = variants.few_firms_apart_by_choice(table, Disclosure())
    assert gone.tolist() == [False, True, True, True, False]


# --- all specifications together --------------------------------------------------------------------------------------


def specifications(gone: int | None) -> pd.DataFrame:
    """Eight estimates by three choices, one of them withheld."""
    rows = [
        {"wave": "2020", "model": "m", "weights": w, "answers": a, "base": b} for w in "uv" for a in "ic" for b in "xy"
    ]
    estimates = [0.11, 0.09, 0.143, 0.102, -0.02, 0.051, 0.07, 0.0312]
    table = pd.DataFrame(rows).assign(estimate=estimates, suppressed=False)
    if gone is not None:
        table.loc[gone, "suppressed"] = True
    return table


def beside(*tests: str, wave: str = "2020") -> pd.DataFrame:
    return pd.DataFrame([{"wave": wave, "model": "m", "test": test} for test in tests])


@pytest.mark.parametrize("gone", range(8))
def test_a_withheld_specification_follows_from_the_shares_of_variance(gone: int) -> None:
    """As anyone can: the value that gives the printed shares, with the seven others in public."""
    table = specifications(gone)
    choices = {name: list(table[name]) for name in ("weights", "answers", "base")}
    printed = {name: to_error(share, None) for name, share in explained(table["estimate"], choices).shares.items()}

    def misfit(value: float) -> float:
        shares = explained(table["estimate"].where(~table["suppressed"], value), choices).shares
        return sum((shares[name] - printed[name]) ** 2 for name in printed)

    grid = np.linspace(-1, 1, 2001)
    near = grid[int(np.argmin([misfit(value) for value in grid]))]
    fine = optimize.minimize_scalar(misfit, bounds=(near - 1e-3, near + 1e-3), options={"xatol": 1e-9})
    assert fine.x == pytest.approx(table["estimate"][gone], abs=1e-5)
    assert variants.of_withheld_choices(beside("by_choice", "by_way", "joint_test"), table).all()


def test_what_is_worked_out_of_all_goes_with_one_that_is_withheld_and_nothing_else_does() -> None:
    tests = pd.concat([beside("by_choice", "by_way", "joint_test", "power"), beside("by_choice", wave="2018")])
    assert variants.of_withheld_choices(tests, specifications(3)).tolist() == [True, True, True, False, False]
    assert not variants.of_withheld_choices(tests, specifications(None)).any()
    refused = specifications(3).assign(estimate=lambda x: x["estimate"].where(~x["suppressed"]))
    assert not variants.of_withheld_choices(tests, refused).any(), "what was refused is in none of them"
