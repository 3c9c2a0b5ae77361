"""The attack on who answered again: planted numbers of few firms are found, and nothing where many stayed and left."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from test_attack import found, lines, tables

pytestmark = pytest.mark.slow

ONE, OTHER = "2018", "2020"
Tables = dict[str, pd.DataFrame]


def released(
    usable: tuple[int, int] = (100, 120), both: int | None = None, share: float | None = None, held: bool = False
) -> Tables:
    """Two waves' usable responses; the printed number of firms in both; the share of the first that answered again."""
    counts = pd.DataFrame(
        [
            ("usable_responses", ONE, "all", usable[0], False), ("usable_responses", OTHER, "all", usable[1], False),
            ("panel_overlap", ONE, OTHER, both, held), ("panel_overlap", OTHER, ONE, both, held),
        ],
        columns=["indicator", "wave", "concept", "value", "held"],
    ).assign(suppressed=lambda x: x["value"].isna())  # fmt: skip
    tests = pd.DataFrame(
        [
            {"wave": "pooled", "model": "m", "variant": f"{ONE} to {OTHER}", "test": "attrition", "subject": "together",
             "bound": share, "suppressed": share is None},
            {"wave": "pooled", "model": "m", "variant": f"{ONE} to {OTHER}", "test": "attrition", "subject": "odds",
             "bound": None, "suppressed": False},
        ]
    )  # fmt: skip
    shown = pd.concat([lines({("top", "all", "all"): (n, 40)}, w) for w, n in zip((ONE, OTHER), usable, strict=True)])
    return tables(shown) | {"quality": counts, "robustness": tests}


def told(folder: Path, *made: Tables) -> set[str]:
    return {what for what in found(folder, *made) if "firms in both" in what}


@pytest.mark.parametrize(
    ("both", "usable", "is_told"),
    [(50, (100, 120), False), (9, (100, 120), True), (91, (100, 120), True), (90, (100, 120), False),
     (90, (100, 95), True), (100, (100, 120), False), (0, (100, 120), False)],
    ids=["many", "few in both", "nine left", "ten left", "five new", "nobody left", "nobody in both"],
)  # fmt: skip
@pytest.mark.parametrize("printed", [True, False], ids=["as a number", "as a share"])
def test_few_in_two_waves_or_in_one_of_them_are_told(
    tmp_path: Path, both: int, usable: tuple[int, int], is_told: bool, printed: bool
) -> None:
    share = float(f"{both / usable[0]:.6g}")
    made = released(usable, both) if printed else released(usable, share=share)
    assert bool(told(tmp_path, made)) is is_told


@pytest.mark.parametrize(("now", "is_told"), [(50, False), (51, True), (41, True), (40, False)])
def test_a_share_that_few_firms_moved_is_told_beside_a_number_that_is_held(
    tmp_path: Path, now: int, is_told: bool
) -> None:
    """The number of firms in both waves is the last release's; the share beside it is of today's firms."""
    then = released(both=50, share=0.5)
    assert bool(told(tmp_path, then, released(both=50, share=now / 100, held=True))) is is_told


def test_a_share_too_coarse_for_one_number_tells_none(tmp_path: Path) -> None:
    made = released((4_000_000, 5_000_000), share=0.000001)
    assert told(tmp_path, made) == set()


def mixed(stayed: int, n: int, weights: tuple[float, float], groups: dict[str, tuple[float, float]]) -> Tables:
    """Figures of all, of those that left and of those that stayed (name -> shares of the latter two), equal weights."""
    part = stayed / n
    whole = {name: part * s + (1 - part) * left for name, (left, s) in groups.items()}
    made = released((n, 120))
    shown = lines({(name, "all", "all"): (n, 40) for name in groups}, ONE)
    shown["estimate"] = shown["indicator"].map(whole)
    later = lines({(name, "all", "all"): (120, 40) for name in groups}, OTHER)
    rows = [
        {"wave": ONE, "kind": "indicator", "figure": name, "approach": "left", "axis": axis, "unit": "share",
         "estimate": round(value, 3), "ci_low": None, "ci_high": None, "suppressed": False}
        for name, pair in groups.items()
        for axis, value in zip(("left", "stayed"), pair, strict=True)
    ]  # fmt: skip
    light, heavy = weights
    weighted = pd.DataFrame(
        [
            ("weight_minimum", ONE, "all", light), ("weight_maximum", ONE, "all", heavy), ("weight_sum", ONE, "all", n),
        ],
        columns=["indicator", "wave", "concept", "value"],
    ).assign(held=False, suppressed=False)  # fmt: skip
    made |= tables(pd.concat([shown, later])) | {"sensitivity": pd.DataFrame(rows)}
    return made | {"quality": pd.concat([made["quality"], weighted], ignore_index=True)}


@pytest.mark.parametrize(
    ("stayed", "weights", "is_told"),
    [(5, (1.0, 1.0), True), (95, (1.0, 1.0), True), (40, (1.0, 1.0), False), (5, (0.2, 5.0), False)],
    ids=["five stayed", "five left", "many", "unequal weights"],
)
def test_few_that_stayed_are_told_by_the_answers_of_both_groups(
    tmp_path: Path, stayed: int, weights: tuple[float, float], is_told: bool
) -> None:
    """All weigh the same: 0.4 of all, between 0.9 and 0.38, is so many firms."""
    made = mixed(stayed, 100, weights, {"a": (0.38, 0.9), "b": (0.7, 0.1)})
    assert bool(told(tmp_path, made)) is is_told


def test_groups_that_do_not_make_up_all_tell_nothing(tmp_path: Path) -> None:
    """Some firms were not asked again: two figures contradict each other."""
    made = mixed(5, 100, (1.0, 1.0), {"a": (0.38, 0.9), "b": (0.7, 0.1)})
    made["indicators"].loc[made["indicators"]["indicator"] == "b", "estimate"] = 0.4
    assert told(tmp_path, made) == set()
