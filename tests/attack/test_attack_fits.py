"""The attack on models: what fits tell beside each other, as tables, and by their digits, is found."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from test_attack import found, lines, tables

MODEL = {"wave": "2020", "model": "m", "outcome": "top", "base": "all_firms", "estimator": "logit", "weighted": True,
         "suppressed": False, "held": False, "counts_held": False}  # fmt: skip
STATES = ("p_neither", "p_b_only", "p_a_only", "p_both")


def fits(**counts: tuple[int, int | None]) -> dict[str, pd.DataFrame]:
    """Variant -> firms and events; the share of the outcome is 40 of 90 that answered."""
    rows = [MODEL | {"variant": variant, "n": n, "events": events} for variant, (n, events) in counts.items()]
    return tables(lines({("top", "all", "all"): (90, 40)})) | {"models": pd.DataFrame(rows)}


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"main": (100, 44), "complete_cases": (80, 36)}, False),
        ({"main": (100, 44), "complete_cases": (80, 42)}, True),
        ({"main": (100, 44), "complete_cases": (80, 44)}, True),
        ({"main": (100, 44), "complete_cases": (80, None)}, False),
        ({"main": (100, 44), "complete_cases": (87, 39)}, True),
        ({"main": (100, 40)}, False),
        ({"main": (100, 44), "first_part": (100, 60), "second_part": (60, 44)}, False),
        ({"main": (100, 44), "first_part": (100, 61), "second_part": (60, 44)}, True),
    ],
    ids=["eight of twenty", "two of twenty", "none of twenty", "not told", "one of three that answered",
         "filled in", "none without the first part", "no first part"],
)  # fmt: skip
def test_events_of_a_part_less_those_of_the_whole_are_told(
    tmp_path: Path, counts: dict[str, tuple[int, int | None]], told: bool
) -> None:
    assert any("less" in what for what in found(tmp_path, fits(**counts))) is told


@pytest.mark.parametrize(
    ("n", "events", "flags", "told"),
    [(100, 44, {}, False), (101, 44, {}, True), (110, 44, {}, False), (110, 46, {}, True),
     (101, 45, {"held": True}, False), (101, 45, {"counts_held": True}, False)],
)  # fmt: skip
def test_a_fit_less_the_same_one_of_an_earlier_release_is_told(
    tmp_path: Path, n: int, events: int, flags: dict[str, bool], told: bool
) -> None:
    now = fits(main=(n, events))
    now["models"] = now["models"].assign(**flags)
    assert any("to r0002" in what for what in found(tmp_path, fits(main=(100, 44)), now)) is told


def of_states(counts: list[tuple[int, int]], terms: tuple[str, ...] = (), **change: object) -> dict[str, pd.DataFrame]:
    """An unweighted fit of two practices, with these firms and events in its four states."""
    row = MODEL | {"variant": "unweighted", "weighted": False} | change
    row |= {"n": sum(n for n, _ in counts), "events": sum(e for _, e in counts)}
    key = {k: row[k] for k in ("wave", "model", "variant")} | {"suppressed": False}
    contrasts = [
        key | {"contrast": s, "unit": "share", "estimate": round(e / n, 6), "se": 0.05}
        for s, (n, e) in zip(STATES, counts, strict=True)
    ]
    named = [key | {"term": t} for t in ("intercept", "a", "b", "a:b", *terms)]
    made = tables(lines({("other", "all", "all"): (90, 40)}))
    return made | {"models": pd.DataFrame([row]), "terms": pd.DataFrame(named), "contrasts": pd.DataFrame(contrasts)}


FEW = [(43, 11), (31, 8), (7, 3), (29, 14)]


@pytest.mark.parametrize(
    ("counts", "change", "told"),
    [
        (FEW, {}, True),
        ([(43, 11), (31, 8), (19, 1), (29, 14)], {}, True),
        ([(43, 11), (31, 8), (19, 5), (29, 14)], {}, False),
        (FEW, {"weighted": True}, False),
        (FEW, {"suppressed": True}, False),
    ],
    ids=["seven firms", "one event", "firms enough", "weighted", "withheld"],
)
def test_a_fit_without_controls_is_read_as_the_table_it_is(
    tmp_path: Path, counts: list[tuple[int, int]], change: dict[str, object], told: bool
) -> None:
    expected = {"wave 2020, m unweighted: p_a_only"} if told else set()
    assert found(tmp_path, of_states(counts, **change)) == expected


def test_a_fit_with_controls_is_no_table(tmp_path: Path) -> None:
    assert not found(tmp_path, of_states(FEW, ("size_band[large]",)))


def curve(estimate: float, own: bool) -> pd.DataFrame:
    row = {"wave": "2020", "model": "m", "own_choice": own, "suppressed": False, "estimate": estimate, "ci_low": -0.29}
    return pd.DataFrame([row | {"ci_high": 0.57, "band_low": None, "band_high": None}])


@pytest.mark.parametrize(
    ("table", "rows", "told"),
    [
        ("curve", curve(0.07, False), False), ("curve", curve(0.0712, False), True),
        ("curve", curve(0.0712, True), False), ("distribution", curve(0.0712, False).drop(columns="own_choice"), True),
        ("robustness", curve(0.0712, False).assign(test="one_firm"), False),
        ("robustness", curve(0.07, False).assign(test="one_firm", ci_high=0.571), True),
        ("robustness", curve(0.0712, False).assign(test="power", ci_high=0.571), False),
    ],
)  # fmt: skip
def test_what_moves_with_one_firm_is_told_in_whole_points(
    tmp_path: Path, table: str, rows: pd.DataFrame, told: bool
) -> None:
    assert bool(found(tmp_path, fits(main=(100, 44)) | {table: rows})) is told


@pytest.mark.parametrize(("domain", "told"), [("all", False), ("a", True)])
def test_that_one_firm_carries_much_is_said_of_no_cell(tmp_path: Path, domain: str, told: bool) -> None:
    shown = lines({("turnover", "all", "all"): (100, 50), ("turnover", "sector", "a"): (60, 30)})
    shown["one_firm"] = shown["domain"].eq(domain).map({True: True, False: None})
    assert any("one firm's part" in what for what in found(tmp_path, tables(shown))) is told


@pytest.mark.parametrize(
    ("change", "told"),
    [({}, False), ({"estimate": 0.4321}, True), ({"estimate": 4321.5, "unit": "EUR"}, False),
     ({"figure": "gone"}, True), ({"figure": "gone", "suppressed": True}, False),
     ({"figure": "gone", "kind": "response"}, False), ({"kind": "claim", "figure": "goes"}, True),
     ({"kind": "claim", "figure": "goes", "axis": "1", "approach": "odds by proxy"}, True),
     ({"kind": "claim", "figure": "goes", "suppressed": True}, False), ({"kind": "claim", "figure": "stays"}, False)],
)  # fmt: skip
def test_a_withheld_figure_under_other_odds_is_told(tmp_path: Path, change: dict[str, object], told: bool) -> None:
    shown = lines({("top", "all", "all"): (90, 40), ("gone", "all", "all"): None})
    row = {"wave": "2020", "kind": "indicator", "figure": "top", "approach": "odds", "axis": "1.5", "unit": "share",
           "estimate": 0.432, "ci_low": 0.401, "ci_high": None, "suppressed": False} | change  # fmt: skip
    claims = [{"wave": "2020", "claim": name, "suppressed": name == "goes"} for name in ("stays", "goes")]
    made = tables(shown) | {"sensitivity": pd.DataFrame([row]), "claims": pd.DataFrame(claims)}
    assert any(str(row["figure"]) + " by odds" in what for what in found(tmp_path, made)) is told


@pytest.mark.parametrize(
    ("gone", "test", "shown", "told"),
    [(True, "by_choice", True, True), (True, "joint_test", True, True), (True, "by_choice", False, False),
     (True, "power", True, False), (False, "by_way", True, False)],
)  # fmt: skip
def test_what_is_worked_out_of_all_specifications_tells_of_one_that_is_withheld(
    tmp_path: Path, gone: bool, test: str, shown: bool, told: bool
) -> None:
    key = {"wave": "2020", "model": "m"}
    made = fits(main=(100, 44)) | {
        "specifications": pd.DataFrame([{**key, "number": i, "suppressed": gone and i == 3} for i in range(8)]),
        "robustness": pd.DataFrame([{**key, "test": test, "unit": "index", "suppressed": not shown}]),
    }
    assert any("withheld specifications" in what for what in found(tmp_path, made)) is told
