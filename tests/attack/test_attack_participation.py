"""The attack on participation: planted numbers of few firms are found, and nothing where many are on every side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from test_attack import found, lines, tables

WAVE = "2020"
N = {("all", "all"): 300, ("size", "s"): 100, ("size", "m"): 100, ("size", "l"): 100}
Cell = tuple[str, str, str]
"""What groups, code, domain"""
Tables = dict[str, pd.DataFrame]
MANY: Mapping[Cell, int | None] = {
    ("all", "all", "all"): 120, ("all", "all", "s"): 40, ("all", "all", "m"): 40, ("all", "all", "l"): 40,
    ("kind", "hub", "all"): 80, ("kind", "hub", "s"): 28, ("kind", "hub", "m"): 27, ("kind", "hub", "l"): 25,
    ("kind", "lab", "all"): 75, ("kind", "lab", "s"): 26, ("kind", "lab", "m"): 25, ("kind", "lab", "l"): 24,
    ("number", "0", "all"): 180, ("number", "1", "all"): 85, ("number", "2", "all"): 20, ("number", "3+", "all"): 15,
}  # fmt: skip

FIVE: Mapping[Cell, int | None] = {("kind", "hub", "all"): 57, ("kind", "lab", "s"): 40, ("kind", "lab", "all"): 89}
"""With five of the size `s` in hubs"""


def line(cell: Cell, figure: str, n: int | None, events: int | None, held: bool = False) -> dict[str, object]:
    grouped_by, code, domain = cell
    return {
        "wave": WAVE, "grouped_by": grouped_by, "code": code, "figure": figure, "domain": domain, "events": events,
        "domain_variable": "all" if domain == "all" else "size", "n": n, "suppressed": events is None, "held": held,
    }  # fmt: skip


def released(
    counts: Mapping[Cell, int | None],
    more: list[dict[str, object]] | None = None,
    initiatives: Mapping[str, int | None] | None = None,
    held: bool = False,
) -> Tables:
    """Lines of firms that take part, other lines, and firms by initiative, all of the kind `hub`."""
    size = {domain: n for (_, domain), n in N.items()}
    rows = [line(c, "firms", None if e is None else size[c[2]], e, held) for c, e in counts.items()] + (more or [])
    counted = [
        {"wave": WAVE, "initiative": i, "kind": "hub", "firms": n, "suppressed": n is None, "held": False}
        for i, n in (initiatives or {}).items()
    ]
    columns = ["wave", "initiative", "kind", "firms", "suppressed", "held"]
    return tables(lines({("top", "all", "all"): (300, 60)})) | {
        "participation": pd.DataFrame(rows),
        "initiatives": pd.DataFrame(counted, columns=columns),
    }


def told(folder: Path, *made: Tables) -> set[str]:
    return {
        what.partition("participation ")[2].split(", r000")[0] for what in found(folder, *made) if "particip" in what
    }


def test_many_on_every_side_tell_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, released(MANY)) == set()


def test_a_withheld_domain_is_the_whole_less_the_others(tmp_path: Path) -> None:
    few = {**FIVE, ("kind", "hub", "s"): None}
    assert told(tmp_path, released({**MANY, **few})) == {"in kind hub in size s"}


def test_two_withheld_domains_hide_each_other(tmp_path: Path) -> None:
    few = {**FIVE, ("kind", "hub", "s"): None, ("kind", "hub", "m"): None}
    assert told(tmp_path, released({**MANY, **few})) == set()


@pytest.mark.parametrize(("hub", "is_told"), [(35, True), (30, False), (28, False)])
def test_what_a_kind_leaves_of_all_is_told(tmp_path: Path, hub: int, is_told: bool) -> None:
    moved = {("kind", "hub", "l"): hub, ("kind", "hub", "all"): 55 + hub}
    assert bool(told(tmp_path, released({**MANY, **moved}))) is is_told


def test_a_withheld_number_of_initiatives_is_what_the_others_leave(tmp_path: Path) -> None:
    few: dict[Cell, int | None] = {
        ("number", "3+", "all"): None,
        ("number", "2", "all"): 28,
        ("number", "1", "all"): 85,
    }
    assert told(tmp_path, released({**MANY, **few})) == {"in number 3+"}


def test_kinds_bound_what_is_withheld_of_an_initiative(tmp_path: Path) -> None:
    """Eighty in the kind, seventy at the most in the two that are told: nothing but bounds, until all are told."""
    some: dict[str, int | None] = {"I1": 40, "I2": 30, "I3": None}
    open_ = {
        **MANY,
        ("initiative", "I1", "all"): 40,
        ("initiative", "I2", "all"): 30,
        ("initiative", "I3", "all"): None,
    }
    assert told(tmp_path / "one", released(open_, initiatives=some)) == set()
    three: dict[Cell, int | None] = {("initiative", f"I{k}", "all"): n for k, n in ((1, 72), (2, None))}
    assert told(tmp_path / "two", released({**MANY, **three}, initiatives={"I1": 72, "I2": None})) == set()


def test_a_line_of_few_is_told_as_printed(tmp_path: Path) -> None:
    few = [line(("kind", "hub", "all"), "outcome_participants", 80, 2)]
    assert told(tmp_path, released(MANY, few)) == {"outcome_participants of kind hub"}


@pytest.mark.parametrize(
    ("came", "went", "what"),
    [(12, 14, set()), (4, 14, {"entered in kind hub"}), (12, 9, {"left in kind hub"})],
)
def test_few_that_came_or_went_are_told(tmp_path: Path, came: int, went: int, what: set[str]) -> None:
    panel = [line(("kind", "hub", "all"), "entered", 50, came), line(("kind", "hub", "all"), "left_again", 40, went)]
    assert told(tmp_path, released(MANY, panel)) == what


@pytest.mark.parametrize(("more", "held", "is_told"), [(3, False, True), (3, True, False), (12, False, False)])
def test_one_release_less_another(tmp_path: Path, more: int, held: bool, is_told: bool) -> None:
    cells = [("kind", "hub", "s"), ("kind", "hub", "all"), ("all", "all", "s"), ("all", "all", "all")]
    moved = {**MANY, **{cell: (MANY[cell] or 0) + more for cell in cells}}
    numbers = {("number", "0", "all"): 180 - more, ("number", "1", "all"): 85 + more}
    assert bool(told(tmp_path, released(MANY), released({**moved, **numbers}, held=held))) is is_told
