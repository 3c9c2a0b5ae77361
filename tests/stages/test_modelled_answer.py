"""The primary question under every reading: what is in the data under one reading only is told of that reading only."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from monitor.stages.modelled.answer import (
    ABOVE,
    ALL,
    BELOW,
    NONE,
    SOME,
    UNDECIDED,
    answer_rows,
    readings_row,
    verdict_of,
)
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.survey import Disclosure, Survey
from monitor.survey.models import MAIN, Model
from monitor.survey.periods import AFTER, BEFORE, SAME, order_of

MODEL = Model(
    Specification("y", MAIN, "y", "all_firms", "logit", ("a", "b"), controls=("sector",)),
    {},
    primary=True,
    readings={"a": ("other_a",), "b": ("other_b",)},
)
SURVEY = cast(Survey, SimpleNamespace(name="s", seed=7, measures={}, bases={}, concepts={}, models={}))


def lines(rng: np.random.Generator, n: int, together: float) -> list[dict[str, Any]]:
    """The answer's rows of one wave; `together`: how much more often firms with a and b have the outcome. The other
    measures agree with a and b in four firms out of five and have nothing to do with the outcome beyond that."""
    a, b = rng.random(n) < 0.4, rng.random(n) < 0.5
    frame = pd.DataFrame(
        {
            "a": a,
            "b": b,
            "other_a": np.where(rng.random(n) < 0.8, a, ~a),
            "other_b": np.where(rng.random(n) < 0.8, b, ~b),
            "y": rng.random(n) < 0.12 + together * (a & b),
            "sector": rng.choice(["industry", "services", "trade"], n),
            "base_all_firms": True,
        }
    )
    columns = columns_of(frame)
    strata = rng.integers(0, 4, n)
    weights = np.array([4.0, 9.0, 15.0, 30.0])[strata]
    sample = Sample("w", np.arange(n).astype(object), (columns,), columns, SurveyDesign(weights, strata=strata))
    results = [analyse(sample, s, Disclosure()) for s in MODEL.variants() if s.variant in MODEL.pairs]
    return answer_rows(SURVEY, sample, "w", MODEL, results)


def test_every_pair_of_readings_is_a_line_and_the_model_s_own_comes_first() -> None:
    found = lines(np.random.default_rng(1), 800, 0.2)
    assert [line["variant"] for line in found] == [MAIN, "a x other_b", "other_a x b", "other_a x other_b"]
    assert [line["own_choice"] for line in found] == [True, False, False, False]
    for line in found:
        whole = line["p_both"] - line["p_a_only"] - line["p_b_only"] + line["p_neither"]
        assert line["estimate"] == pytest.approx(whole, abs=1e-4)
        assert line["p_adjusted"] >= line["p_value"]


@pytest.mark.slow
def test_what_is_there_under_one_reading_is_found_under_that_one() -> None:
    """25 points of complementarity of a and b: other measures with one error in five show less than half of it."""
    rng = np.random.default_rng(20_19)
    waves = [lines(rng, 900, 0.25) for _ in range(40)]
    own = np.mean([wave[0]["verdict"] == ABOVE for wave in waves])
    neither = np.mean([wave[3]["verdict"] == ABOVE for wave in waves])
    assert own > 0.9
    assert neither < 0.4
    assert np.mean([wave[3]["estimate"] for wave in waves]) < 0.5 * np.mean([wave[0]["estimate"] for wave in waves])


@pytest.mark.slow
def test_where_nothing_is_hardly_any_wave_names_a_reading() -> None:
    """200 waves of 500 firms without an association: no more than 5 % say above or below zero under any reading."""
    rng = np.random.default_rng(20_20)
    waves = [lines(rng, 500, 0.0) for _ in range(200)]
    named = [any(line["verdict"] in (ABOVE, BELOW) for line in wave) for wave in waves]
    assert np.mean(named) <= 0.05
    assert np.mean([line["verdict"] is not None for wave in waves for line in wave]) > 0.95


@pytest.mark.parametrize(
    ("verdicts", "told", "above"),
    [
        ([ABOVE, ABOVE], ALL, 2.0),
        ([ABOVE, UNDECIDED, None], SOME, 1.0),
        ([UNDECIDED, BELOW], NONE, 0.0),
    ],
)
def test_in_how_many_readings_the_answer_holds(verdicts: list[str | None], told: str, above: float) -> None:
    rows = [
        {"verdict": v, "estimate": 0.1, "se": 0.01, "practice_a": f"a{i}", "practice_b": "b"}
        for i, v in enumerate(verdicts)
    ]
    (row,) = readings_row(SURVEY, MODEL, rows)
    assert row["verdict"] == told
    assert row["statistic"] == above
    assert row["bound"] == sum(v is not None for v in verdicts)
    for language in ("nl", "en"):
        named = row[f"note_{language}"]
        assert all((f"a{i}" in named) == ((v == ABOVE and told == SOME) or v == BELOW) for i, v in enumerate(verdicts))
    assert readings_row(SURVEY, MODEL, rows[:1]) == []


def test_a_verdict_is_decided_by_the_p_value_as_it_is_printed() -> None:
    assert verdict_of({"estimate": 0.1, "p_adjusted": 0.0499999}) == ABOVE
    assert verdict_of({"estimate": -0.1, "p_adjusted": 0.01}) == BELOW
    assert verdict_of({"estimate": 0.1, "p_adjusted": 0.05 - 1e-12}) == UNDECIDED
    assert verdict_of({"estimate": None, "p_adjusted": float("nan")}) is None


@pytest.mark.parametrize(
    ("practice", "outcome", "order"),
    [
        ("interview", "2016", AFTER),
        ("2014-2015", "2016", BEFORE),
        ("2014-2016", "2016", SAME),
        ("2016, interview", "2016", SAME),
        ("2017", "2014-2016", AFTER),
    ],
)
def test_which_came_first(practice: str, outcome: str, order: str) -> None:
    assert order_of(practice, outcome) == order
