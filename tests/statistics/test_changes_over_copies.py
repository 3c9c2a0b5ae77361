"""Changes of participants from completed copies: what was put in is found though firms leave, or refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monitor.statistics.comparison.changes import OVERALL, PLACEBO, Panel
from monitor.statistics.comparison.limits import Limits
from monitor.statistics.comparison.over_time import changes_of_participants, weights_for_all
from monitor.statistics.design.structure import SurveyDesign


def panel(seed: int, n: int = 1200) -> tuple[Panel, SurveyDesign]:
    """Participants change by two points more, by six where x is 1; firms with x = 1 leave far more often."""
    rng = np.random.default_rng(seed)
    x = (rng.random(n) < 0.5).astype(float)
    takes_part = rng.random(n) < 0.3 + 0.2 * x
    y = rng.normal(size=n)[:, None] + 0.3 * rng.normal(size=(n, 3)) + np.array([0.0, 0.5, 1.0])
    y[:, 2] += takes_part * (2 + 4 * x)
    gone = rng.random(n) < 0.1 + 0.7 * x
    y[gone, 0] = np.nan
    first = np.where(takes_part, 2019.0, np.inf)
    made = Panel(np.array([2017.0, 2018.0, 2019.0]), first, y, x[:, None], ("x",))
    return made, SurveyDesign(weights=np.full(n, 20.0), strata=np.zeros(n), population=np.full(n, 20.0 * n))


def told(seed: int, limits: Limits | None = None, **other: object) -> object:
    made, design = panel(seed)
    every = np.ones(len(design.weights), dtype=bool)
    copies = [replace(made, **other)] * 2 if other else [made] * 2
    return changes_of_participants(copies, [every, every], design, limits or Limits())


def test_firms_that_stayed_stand_for_all() -> None:
    """Of participants in the panel, x is 1 for 0.5 * 0.5 / 0.4 = 62.5 %: they change by 2 + 4 * 0.625 = 4.5 more."""
    inside = []
    for seed in range(30):
        e = told(seed).estimates  # type: ignore[attr-defined]
        low, high = e.interval()
        place, placebo = e.names.index(OVERALL), e.names.index(PLACEBO)
        inside.append(low[place] <= 4.5 <= high[place])
        assert low[placebo] <= 0.15
        assert high[placebo] >= -0.15
    assert sum(inside) >= 26


def test_without_the_weights_those_that_left_are_forgotten() -> None:
    made, design = panel(1)
    weighted, took = weights_for_all(made, design.weights), np.isfinite(made.first) & made.complete
    assert np.average(made.x[took, 0], weights=weighted[took]) == pytest.approx(0.625, abs=0.06)
    assert made.x[took, 0].mean() < 0.35


def test_nobody_that_left_leaves_the_weights_as_they_are() -> None:
    made, design = panel(2)
    whole = replace(made, y=np.nan_to_num(made.y))
    assert weights_for_all(whole, design.weights) is design.weights


def test_too_few_in_every_wave_are_refused() -> None:
    found = told(3, Limits(participants=400))
    assert found.refusal is not None  # type: ignore[attr-defined]
    assert found.refusal.kind == "few_participants"  # type: ignore[attr-defined]
    assert found.estimates is None  # type: ignore[attr-defined]


def test_participants_without_anybody_beside_them_are_refused() -> None:
    found = told(4, first=np.full(1200, 2019.0))
    assert found.refusal is not None  # type: ignore[attr-defined]
    assert found.refusal.kind == "participants_alone"  # type: ignore[attr-defined]
