"""Changes of cohorts against changes of others: as csdid has them, with a truth, with firms that leave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.statistics.comparison.changes import OVERALL, PLACEBO, Panel, averages, by_cohort
from monitor.statistics.models.notes import Note

GOLDEN = Path(__file__).parents[1] / "golden" / "comparison"


def panel_of(formula: str) -> tuple[Panel, np.ndarray]:
    long = pd.read_csv(GOLDEN / "panel.csv")
    wide = long.pivot(index="firm", columns="time", values="y")
    firms = long.drop_duplicates("firm").set_index("firm").loc[wide.index]
    first = firms["first"].to_numpy(float)
    x = firms[["x"]].to_numpy(float) if formula == "y ~ x" else np.empty((len(wide), 0))
    names = ("x",) if formula == "y ~ x" else ()
    times = wide.columns.to_numpy(float)
    return Panel(times, np.where(first == 0, np.inf, first), wide.to_numpy(float), x, names), firms["weight"].to_numpy()


@pytest.mark.parametrize("control", ["nevertreated", "notyettreated"])
@pytest.mark.parametrize("formula", ["y ~ 1", "y ~ x"])
@pytest.mark.parametrize("weights", ["none", "weight"])
def test_cohorts_and_averages_as_in_csdid(control: str, formula: str, weights: str) -> None:
    panel, w = panel_of(formula)
    w = w if weights == "weight" else np.ones(len(w))
    told = pd.read_csv(GOLDEN / "cohorts.csv")
    case = (told["control"] == control) & (told["formula"] == formula) & (told["weights"] == weights)
    wanted = told[case].set_index("name")[["estimate", "se"]]
    cohorts = by_cohort(panel, w, not_yet=control == "notyettreated")
    assert not isinstance(cohorts, Note)
    both = averages(panel, cohorts, w)
    found = {f"{c.entry:g} at {c.time:g}": (c.estimate, c.contributions) for c in cohorts}
    found |= {n: (e, both.contributions[:, j]) for j, (n, e) in enumerate(zip(both.names, both.estimates, strict=True))}
    assert set(found) - {PLACEBO} == set(wanted.index)
    for name, (estimate, se) in wanted.iterrows():
        value, contributions = found[str(name)]
        assert value == pytest.approx(estimate, rel=1e-6)
        assert np.sqrt((contributions**2).sum()) == pytest.approx(se, rel=1e-6)


def test_what_was_put_in_is_found_and_the_placebo_is_nothing() -> None:
    """3 points more in every wave since entry: with the covariate that makes firms grow, not without it."""
    panel, w = panel_of("y ~ x")
    cohorts = by_cohort(panel, np.ones(len(w)), not_yet=True)
    assert not isinstance(cohorts, Note)
    told = averages(panel, cohorts, np.ones(len(w)))
    error = np.sqrt((told.contributions**2).sum(axis=0))
    truth = {"before 2": 0, "before 1": 0, "after 0": 3, "after 1": 6, "after 2": 9, PLACEBO: 0}
    for name, value in truth.items():
        at = told.names.index(name)
        assert abs(told.estimates[at] - value) < 2.6 * error[at], name


def test_firms_that_left_do_not_count_and_the_first_wave_has_no_before() -> None:
    panel, w = panel_of("y ~ 1")
    y, first = panel.y.copy(), panel.first.copy()
    y[:20, 2] = np.nan
    first[20:30] = panel.times[0]
    gone = Panel(panel.times, first, y, panel.x)
    cohorts = by_cohort(gone, w)
    kept = np.arange(len(w)) >= 30
    alone = by_cohort(Panel(panel.times, first[kept], y[kept], panel.x[kept]), w[kept])
    assert not isinstance(cohorts, Note)
    assert not isinstance(alone, Note)
    assert gone.complete.sum() == len(w) - 20
    assert [c.estimate for c in cohorts] == pytest.approx([c.estimate for c in alone], rel=1e-12)
    assert all((c.contributions[:30] == 0).all() for c in cohorts)


def test_refused_without_cohorts_or_without_others() -> None:
    panel, w = panel_of("y ~ 1")
    for first in (np.full(len(w), np.inf), np.full(len(w), panel.times[1])):
        found = by_cohort(Panel(panel.times, first, panel.y, panel.x), w)
        assert isinstance(found, Note)


def test_overall_is_the_average_after_entry() -> None:
    panel, w = panel_of("y ~ 1")
    cohorts = by_cohort(panel, w)
    assert not isinstance(cohorts, Note)
    sizes = {g: w[panel.first == g].sum() for g in panel.cohorts}
    after = [c for c in cohorts if c.time >= c.entry]
    by_hand = sum(sizes[c.entry] * c.estimate for c in after) / sum(sizes[c.entry] for c in after)
    told = averages(panel, cohorts, w)
    assert told.estimates[told.names.index(OVERALL)] == pytest.approx(by_hand, rel=1e-12)
