"""Models, and what came from them, at the door: which of them are told, to which digit, and in which words."""

from __future__ import annotations

import string
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from publication import Published

from monitor.contract import BY_NAME
from monitor.contract.shape import shaped
from monitor.stages.disclosed import cuts, fitted
from monitor.statistics.disclosure import primary
from monitor.statistics.models import prepare
from monitor.statistics.models.notes import Note
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Rows
from monitor.statistics.models.separation import reason_to_refuse
from monitor.statistics.models.specification import Specification
from monitor.survey import Disclosure
from monitor.wording import notes
from monitor.wording.sentences import sentences


@pytest.mark.parametrize(
    ("n", "events", "df", "withheld"),
    [(200, 10, 10, False), (200, 9, 10, True), (200, 191, 10, True), (200, 10, 9, True), (9, None, 10, True),
     (10, None, 10, False)],
)  # fmt: skip
def test_models_at_their_boundaries(n: int, events: int | None, df: int, withheld: bool) -> None:
    table = pd.DataFrame({"n": [n], "events": [events], "df": [df]})
    assert primary.model_withheld(table, Disclosure()).tolist() == [withheld]


@pytest.mark.parametrize(("alike", "told"), [(0, True), (1, False), (9, False), (10, True)])
def test_few_firms_with_several_answers_take_the_number_of_firms_with_them(alike: int, told: bool) -> None:
    models = pd.DataFrame({"firms": [500], "fewest_alike": [alike]})
    assert fitted.without_few_alike(models, 10)["firms"].notna().all() == told


@pytest.mark.parametrize(
    "tell",
    [
        lambda: reason_to_refuse(40, 20, 30.0, ["size_band[large]"], [], [], 10, 10, 10),
        lambda: reason_to_refuse(40, 20, 30.0, [], ["size_band[large]"], [], 10, 10, 10),
        lambda: separated_note(),
    ],
    ids=["no variation", "empty combination", "separation"],
)
def test_a_models_note_does_not_name_a_cell_of_firms_that_are_alike(tell: Callable[[], Note]) -> None:
    """The notes as `modelled` makes them, and as the door lets them through."""
    note = tell()
    for language in ("nl", "en"):
        words = notes.sentence(note, language)
        assert "size_band[large]" in words
        passed = notes.told(notes.written([note]), language)
        assert passed is not None
        assert "size_band" not in passed
        assert len(passed) > 9


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("kind", sorted(notes.KINDS))
def test_a_kind_of_note_tells_in_public_only_what_it_may(kind: str) -> None:
    hidden, words = notes.KINDS[kind], sentences("notes")
    whole, public = words[kind], words.get(f"{kind}_told")
    assert fields(whole["nl"]) == fields(whole["en"]) or kind in ("undeclared_skip", "not_together")
    assert {*hidden} <= fields(whole["nl"])
    assert (public is not None) == bool(hidden)
    if public is not None:
        assert fields(public["nl"]) == fields(public["en"]) == fields(whole["nl"]) - {*hidden}


def test_a_kind_of_note_that_is_not_declared_is_not_told() -> None:
    assert notes.told('[["a new kind", {"names": "size_band[large]"}]]', "en") is None
    assert notes.told('[["a new kind", {}], ["no_estimate", {}]]', "en") == "no finite estimate"
    assert notes.told(None, "nl") is None


def separated_note() -> notes.Note:
    """What is said of a model in which no large firm has the outcome."""
    large = np.repeat([0.0, 1.0], 40)
    y = np.where(large == 1, 0.0, np.tile([0.0, 1.0], 40))
    rows = Rows(np.ones(80, dtype=bool), None, y, 0, 0)  # type: ignore[arg-type]
    result = Result(Specification("m", "main", "top", "all_firms", "logit"))
    layout = SimpleNamespace(names=("intercept", "size_band[large]"))
    x = np.column_stack([np.ones(80), large])
    assert prepare._estimator(result, [rows], [x], layout, 20) == "firth"  # type: ignore[arg-type]
    (note,) = result.warnings
    return note


def test_a_model_below_the_thresholds_goes_with_its_prose(published: Published) -> None:
    lake, survey, _ = published
    tables = {n: lake.read(f"modelled_{n}", "2017") for n in ("models", "terms", "contrasts", "claims")}
    tables |= {n: pd.DataFrame() for n in ("answer", "curve", "distribution", "specifications", "robustness")}
    tables["models"]["events"] = 9
    out = fitted.withhold_models(tables, survey, {})
    for name in ("models", "terms", "contrasts", "claims"):
        frame = shaped(name, out[name])
        assert frame["suppressed"].all(), name
        assert frame[list(BY_NAME[name].withheld)].isna().all().all(), name
    assert out["claims"]["verdict"].tolist() == [None]


def test_a_distribution_is_told_in_whole_percentages_and_not_where_a_state_has_firms_alike(
    published: Published,
) -> None:
    _, survey, _ = published
    # Cut -> firms beyond it in all, and in the state `both`.
    cuts = {20.0: (60, 30), 40.0: (40, 3), 50.0: (30, 2), 60.0: (9, 5), 70.0: (191, 45)}
    lines = [
        {
            "survey": "s", "wave": "2017", "model": "m", "measure": "share", "cut": cut, "state": state,
            "contrast": "p", "estimate": 0.12345, "se": 0.0312, "ci_low": 0.0701, "ci_high": 0.1999,
            "band_low": 0.05, "band_high": 0.3,
            "n": 200, "events": events, "state_n": 50, "state_events": both if state == "both" else 20,
        }
        for cut, (events, both) in cuts.items()
        for state in ("neither", "b_only", "a_only", "both")
    ]  # fmt: skip
    tables = {n: pd.DataFrame() for n in fitted.TABLES} | {"distribution": pd.DataFrame(lines)}
    out = fitted.withhold_models(tables, survey, {})["distribution"]
    assert out.groupby("cut")["suppressed"].agg(["min", "max"]).T.to_dict() == {
        cut: {"min": gone, "max": gone} for cut, gone in zip(cuts, (False, False, True, True, True), strict=True)
    }
    told = shaped("distribution", out).set_index(["cut", "state"])
    values = ["estimate", "se", "ci_low", "ci_high", "band_low", "band_high"]
    assert told.loc[(20.0, "both"), values].tolist() == [0.12, 0.032, 0.07, 0.2, 0.05, 0.3]
    assert told.loc[50.0:, values].isna().all().all()
    assert not {"n", "events", "state_n", "state_events"} & set(told)


@pytest.mark.parametrize(
    ("counts", "own", "kept", "why"),
    [
        ({60, 57, 50}, 57, {60, 57, 50}, "three firms between them tell of none"),
        ({60, 58, 50}, 58, {58, 50}, "two firms lie between the first two, and the model's own stays"),
        ({60, 58, 56}, 60, {60, 56}, "each is held against the next that is shown"),
        ({61, 60, 40, 39, 37}, 40, {60, 40, 37}, "outwards from the own one, on either side"),
    ],
)
def test_cuts_between_which_one_or_two_firms_lie_are_not_both_told(
    counts: set[float], own: float, kept: set[float], why: str
) -> None:
    assert cuts.apart(counts, own, Disclosure.fewest_others) == kept, why


def test_a_curve_is_told_in_whole_points_but_for_the_models_own_number(published: Published) -> None:
    _, survey, _ = published
    lines = [
        {
            "survey": "s", "wave": "2017", "model": "m", "measure": "share", "sign": ">", "cut": cut,
            "own_choice": cut == 40.0, "contrast": "complementarity", "estimate": -0.012345, "se": 0.0312,
            "ci_low": -0.0701, "ci_high": 0.1999, "p_value": 0.692341, "band_low": -0.1, "band_high": 0.3,
            "n": 200, "events": events,
        }
        for cut, events in ((30.0, 62), (35.0, 61), (40.0, 60), (45.0, 57), (50.0, 56), (55.0, 56), (60.0, 53))
    ]  # fmt: skip
    tables = {n: pd.DataFrame() for n in fitted.TABLES} | {"curve": pd.DataFrame(lines)}
    told = shaped("curve", fitted.withhold_models(tables, survey, {})["curve"]).set_index("cut")
    assert told.index[told["suppressed"]].tolist() == [30.0, 35.0, 50.0, 55.0]
    values = ["estimate", "se", "ci_low", "ci_high", "p_value", "band_low", "band_high"]
    assert told.loc[40.0, values].tolist() == [-0.012345, 0.0312, -0.0701, 0.1999, 0.692341, -0.1, 0.3]
    assert told.loc[60.0, values].drop("p_value").tolist() == [-0.01, 0.032, -0.08, 0.2, -0.1, 0.3]
    assert pd.isna(told.loc[60.0, "p_value"])
    assert told.loc[told["suppressed"], values].isna().all().all()


@pytest.mark.parametrize(("events", "withheld"), [(30, False), (5, True)])
def test_tests_of_all_specifications_go_where_one_is_withheld(events: int, withheld: bool) -> None:
    """Through the door: their numbers and their sentences."""
    row = {"wave": "2020", "model": "m", "weights": "w", "answers": "i", "base": "b", "outcome": "top", "controls": "c",
           "practice_a": "a", "practice_b": "b", "left_out": "none", "n": 200, "estimate": 0.1}  # fmt: skip
    made = [row | {"number": i, "own_choice": i == 1, "events": events if i == 4 else 40} for i in range(1, 9)]
    beside = {"wave": "2020", "model": "m", "variant": "main", "estimate": 0.3, "note_en": "30 % of it", "subject": "x"}
    tables = {name: pd.DataFrame() for name in fitted.TABLES} | {
        "specifications": pd.DataFrame(made),
        "robustness": pd.DataFrame([beside | {"test": test} for test in ("by_choice", "joint_test", "power")]),
    }
    told = fitted.withhold_models(tables, SimpleNamespace(models={}, disclosure=Disclosure()), {})  # type: ignore[arg-type]
    assert told["specifications"]["suppressed"].sum() == withheld
    found = told["robustness"].set_index("test")
    for test in ("by_choice", "joint_test"):
        assert bool(found.loc[test, "suppressed"]) is withheld
        assert pd.isna(found.loc[test, "estimate"]) == pd.isna(found.loc[test, "note_en"]) == withheld
    assert found.loc["power", "estimate"] == 0.3
