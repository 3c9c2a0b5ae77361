"""The attack subtracts releases: firms of an initiative, and quantiles, that few firms can have moved."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from test_attack import lines, release, tables

from monitor.attack import attack, beyond

WAVE = "2020"
FIRST, SECOND, THIRD = "r0001-aaaaaaaaaaaa", "r0002-bbbbbbbbbbbb", "r0003-cccccccccccc"


def initiatives(counts: dict[str, int | None], held: tuple[str, ...] = ()) -> pd.DataFrame:
    """Initiative -> firms; None is withheld."""
    rows = [
        {"wave": WAVE, "initiative": code, "firms": firms, "suppressed": firms is None, "held": code in held}
        for code, firms in counts.items()
    ]
    return pd.DataFrame(rows)


def quantiles(median: float, held: bool = False) -> pd.DataFrame:
    row = {"wave": WAVE, "measure": "turnover", "domain_variable": "all", "domain": "all", "suppressed": False}
    return pd.DataFrame([row | {"p25": None, "median": median, "p75": None, "held": held}])


def published(folder: Path, name: str, held: bool = False, mean: float = 0.5, **more: pd.DataFrame) -> Path:
    """A release of one line of turnover, of 100 firms; `mean`: that of initiatives per firm."""
    shown = lines({("turnover", "all", "all"): (100, 50), ("taking_part", "all", "all"): (100, 50)})
    shown.loc[shown["indicator"] == "turnover", "held"] = held
    shown.loc[shown["indicator"] == "taking_part", "unweighted"] = mean
    return release(folder, tables(shown) | more, name)


@pytest.mark.parametrize(
    ("then", "now", "held", "told"),
    [(20, 21, False, True), (20, 11, False, True), (20, 20, False, False), (20, 30, False, False),
     (20, 21, True, False), (None, 21, False, False)],
)  # fmt: skip
def test_one_firm_more_in_an_initiative_is_told(
    tmp_path: Path, then: int | None, now: int, held: bool, told: bool
) -> None:
    marks = ("north",) if held else ()
    folders = [
        published(tmp_path, FIRST, initiatives=initiatives({"north": then, "lab": 40})),
        published(tmp_path, SECOND, initiatives=initiatives({"north": now, "lab": 40}, marks)),
    ]
    assert ["initiative north" in finding.what for finding in attack(folders).findings] == [True] * told


def test_the_last_initiative_follows_from_all_participations(tmp_path: Path) -> None:
    """Sixty participations of a hundred firms, as the first release shows; then 54 and one initiative withheld."""
    folders = [
        published(tmp_path, FIRST, mean=0.6, initiatives=initiatives({"north": 20, "lab": 40})),
        published(tmp_path, SECOND, mean=0.54, initiatives=initiatives({"north": None, "lab": 50})),
    ]
    found = attack(folders).findings
    assert {f.low for f in found if f.release == SECOND} == {4.0}
    assert any("less the others" in f.how for f in found)


@pytest.mark.parametrize(
    ("now", "line_held", "held", "told"),
    [(3.1, True, False, True), (3.1, False, True, True), (3.1, False, False, False), (3.0, True, False, False),
     (3.0, True, True, False)],
)  # fmt: skip
def test_a_quantile_that_moves_beside_a_line_that_stands_is_told(
    tmp_path: Path, now: float, line_held: bool, held: bool, told: bool
) -> None:
    folders = [
        published(tmp_path, FIRST, benchmarks=quantiles(3.0)),
        published(tmp_path, SECOND, held=line_held, benchmarks=quantiles(now, held)),
    ]
    assert ["quantiles of turnover" in finding.what for finding in attack(folders).findings] == [True] * told


def test_what_earlier_releases_told_stops_no_later_one(tmp_path: Path) -> None:
    counts = ({"north": 20}, {"north": 21}, {"north": 40})
    folders = [
        published(tmp_path, name, initiatives=initiatives(dict(of)))
        for name, of in zip((FIRST, SECOND, THIRD), counts, strict=True)
    ]
    assert len(beyond(attack(folders[:2]), folders[:1])) == 1
    assert beyond(attack(folders), folders[:2]) == ()
