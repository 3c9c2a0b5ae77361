"""Errors of measurement: as in R, taken out of simulated data, and refused where the data cannot tell them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from r_answers import GOLDEN, PRACTICES, answers, assert_as_in_r, design_of, two_practices

from monitor.statistics.models.quantities import over_copies
from monitor.statistics.models.two_measures import TwoMeasures, kappa, two_measures

SCRIPT = "misclassification"


def recorded() -> pd.DataFrame:
    """One measure of cooperation stands for it."""
    d = pd.read_csv(GOLDEN / "answer_models" / "misclassified.csv")
    return d.assign(cooperates=d["initiatives"])


def numbers(d: pd.DataFrame, *names: str) -> list[np.ndarray]:
    return [d[name].to_numpy(float) for name in names]


def measured_twice() -> TwoMeasures:
    d = recorded()
    one, two, other, y, w = numbers(d, "initiatives", "partners", "invests", "top", "weight")
    return two_measures(PRACTICES, (one, two), other, y, w)


def test_two_measures_as_in_r() -> None:
    found, design = measured_twice(), design_of(recorded())
    assert found.corrected is not None
    assert found.measures is not None
    assert_as_in_r(found.corrected, answers(SCRIPT, "two measures"), design)
    assert_as_in_r(found.measures, answers(SCRIPT, "measures"), design)
    assert_as_in_r(found.kappa, answers(SCRIPT, "kappa"), design)
    for place in (0, 1):
        assert_as_in_r(found.as_measured[place], answers(SCRIPT, f"as measured {place + 1}"), design)
    assert found.misfit == pytest.approx(answers(SCRIPT, "misfit")["estimate"].iloc[0], rel=1e-6)


def test_errors_are_taken_out_of_the_practice() -> None:
    """Either measure shows too little complementarity; the correction shows it all, and its intervals cover."""
    rng = np.random.default_rng(2000)
    truth, off, measured = 0.25, [], []
    for _ in range(40):
        d, b, y, one, two = simulated(rng, 2500)
        found = two_measures(PRACTICES, (one, two), b, y, np.ones(len(y)))
        assert found.corrected is not None
        design = design_of(d.assign(weight=1.0, stratum="s", population=1e9))
        told = over_copies([found.corrected.part(["complementarity"])], [np.ones(len(y), dtype=bool)], design, 1e6)
        off.append((told.estimate[0] - truth) / told.se[0])
        measured.append([each.estimates[-1] for each in found.as_measured])
    assert np.mean(measured, axis=0).max() < 0.2
    assert abs(np.mean(off)) < 0.45
    assert np.mean(np.abs(off) < 1.96) >= 0.87


def test_a_measure_without_false_positives_is_held_there() -> None:
    """Whoever the second measure finds has the practice: its false positives are at the edge in half of the samples."""
    rng = np.random.default_rng(2006)
    off, held = [], 0
    for _ in range(40):
        d, b, y, one, _ = simulated(rng, 2500)
        two = d["cooperates"].to_numpy() * (rng.random(2500) < 0.7)
        found = two_measures(PRACTICES, (one, two), b, y, np.ones(2500))
        assert found.corrected is not None
        assert set(found.held) <= {"false_positive_2"}
        held += len(found.held)
        told = found.corrected.part(["complementarity"])
        off.append((told.estimates[0] - 0.25) / np.sqrt((told.contributions**2).sum()))
    assert 8 <= held <= 32
    assert abs(np.mean(off)) < 0.5
    assert np.mean(np.abs(off) < 1.96) >= 0.87


def simulated(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, *tuple[np.ndarray, ...]]:
    """Practices, outcome with complementarity of 0.25, and two measures of the first practice with errors."""
    d = two_practices(rng, n)
    a, b = numbers(d, "cooperates", "invests")
    y = (rng.random(n) < np.array([0.1, 0.2, 0.15, 0.5])[(2 * a + b).astype(int)]).astype(float)
    one = np.where(a == 1, rng.random(n) < 0.8, rng.random(n) < 0.12).astype(float)
    two = np.where(a == 1, rng.random(n) < 0.75, rng.random(n) < 0.1).astype(float)
    return d, b, y, one, two


@pytest.mark.parametrize("case", ["the same", "chance", "opposite", "nothing goes with it"])
def test_refused_where_two_measures_cannot_tell(case: str) -> None:
    rng = np.random.default_rng(6)
    _, b, y, one, two = simulated(rng, 2500)
    if case == "the same":
        two = one
    if case == "chance":
        two = (rng.random(2500) < 0.4).astype(float)
    if case == "opposite":
        two = 1 - two
    if case == "nothing goes with it":
        b, y = ((rng.random(2500) < 0.5).astype(float) for _ in range(2))
    found = two_measures(PRACTICES, (one, two), b, y, np.ones(2500))
    assert found.corrected is None
    assert found.refusal is not None
    assert found.refusal.kind == "not_identified"
    assert len(found.as_measured[0].estimates) == 9


def test_kappa_of_measures_that_agree_and_do_not() -> None:
    one = np.array([1.0, 1, 0, 0])
    assert kappa(one, one, np.ones(4)).estimates[0] == 1
    assert kappa(one, 1 - one, np.ones(4)).estimates[0] == -1
    assert kappa(one, np.array([1.0, 0, 1, 0]), np.ones(4)).estimates[0] == 0
