"""Quantiles between releases: one that few firms changed in stays as it was, and goes with its held line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_disclosed_sets import WAVE, survey, world

from monitor.contract.shape import shaped
from monitor.stages.disclosed import revisions
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.survey import Survey

FIRMS = 60
PLACES = [("all", "all"), ("sector", "trade"), ("sector", "industry")]
Held = dict[tuple[str, str], bool]


def firms(changed: int = 0, left: int = 0) -> WaveFirms:
    """Half of the firms are in trade; the last so many of these answered otherwise, or are not there."""
    values: list[object] = [float(i) for i in range(FIRMS)]
    for i in range(FIRMS - changed, FIRMS):
        values[i] = float(i) + 1000.0
    found = world({"turnover": values}, {"sector": ["industry"] * (FIRMS // 2) + ["trade"] * (FIRMS // 2)})
    return found.only(pd.Index(found.observed["firm"][: FIRMS - left]))


def benchmarks(median: float, held: bool = False) -> pd.DataFrame:
    rows = [
        {"survey": "s", "wave": WAVE, "measure": "turnover", "domain_variable": variable, "domain": code, "n": FIRMS,
         "p25": 1.0, "median": median, "p75": 9.0, "suppressed": False, "held": held}
        for variable, code in PLACES
    ]  # fmt: skip
    return shaped("benchmarks", pd.DataFrame(rows))


def release(median: float, then: WaveFirms, held: bool = False) -> SimpleNamespace:
    return SimpleNamespace(tables={"benchmarks": benchmarks(median, held)}, firms=lambda survey, wave: then)


def now(
    folder: Path,
    before: list[SimpleNamespace],
    after: WaveFirms,
    lines: dict[tuple[str, str, str, str], dict[str, object]] | None = None,
) -> pd.DataFrame:
    """The quantiles as they are printed now, where their median is 7; `lines` of indicators that are held."""
    declared: Survey = survey(folder, {"turnover": "in_house_rd"})
    found = revisions.with_held_quantiles(benchmarks(7.0), before, declared, {WAVE: after}, lines or {})  # type: ignore[arg-type]
    return found.set_index(["domain_variable", "domain"])


@pytest.mark.parametrize(("changed", "held"), [(0, False), (1, True), (9, True), (10, False)])
@pytest.mark.parametrize("how", ["answered otherwise", "left"])
def test_a_quantile_stays_while_one_to_nine_firms_changed_in_it(
    tmp_path: Path, changed: int, held: bool, how: str
) -> None:
    after = firms(changed) if how == "answered otherwise" else firms(left=changed)
    found = now(tmp_path, [release(5.0, firms())], after)
    for place in (("all", "all"), ("sector", "trade")):
        assert bool(found.loc[place, "held"]) is held
        assert found.loc[place, "median"] == (5.0 if held else 7.0)
    assert not found.loc[("sector", "industry"), "held"], "nobody in it changed"
    assert found.loc[("sector", "industry"), "median"] == 7.0


def test_few_are_counted_since_the_release_that_showed_it_first(tmp_path: Path) -> None:
    """Six firms changed before the second release, which repeated the first; six more since: twelve in all."""
    first, second = release(5.0, firms()), release(5.0, firms(6), held=True)
    assert not now(tmp_path / "since", [first, second], firms(12)).loc[("all", "all"), "held"]
    shown = release(6.0, firms(6))
    found = now(tmp_path / "shown", [first, shown], firms(12))
    assert found.loc[("all", "all"), "held"], "the second showed its own: six changed since"
    assert found.loc[("all", "all"), "median"] == 6.0


def test_a_quantile_goes_with_the_held_line_of_its_measure_and_domain(tmp_path: Path) -> None:
    """Forty firms changed in it, and two in the numerator of the line: moved, it would tell that somebody did."""
    line = {(WAVE, "turnover_mean", "sector", "trade"): {"measure": "turnover"},
            (WAVE, "others", "all", "all"): {"measure": "employees"}}  # fmt: skip
    found = now(tmp_path, [release(5.0, firms())], firms(25), line)
    assert found.loc[("sector", "trade"), ["held", "median"]].tolist() == [True, 5.0]
    assert found.loc[("all", "all"), ["held", "median"]].tolist() == [False, 7.0]


def test_a_held_quantile_that_was_not_there_is_not_told(tmp_path: Path) -> None:
    """What is held and was never shown stays untold, whatever it would be now."""
    former = release(5.0, firms())
    table = former.tables["benchmarks"]
    former.tables["benchmarks"] = table.assign(median=np.where(table["domain"] == "trade", np.nan, table["median"]))
    found = now(tmp_path, [former], firms(3))
    assert found.loc[("sector", "trade"), "held"]
    assert pd.isna(found.loc[("sector", "trade"), "median"])
