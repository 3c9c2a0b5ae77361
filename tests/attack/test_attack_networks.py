"""The attack on networks: planted numbers of few firms are found, and nothing where many are on every side."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from test_attack import found, lines, tables

WAVE = "2020"
KINDS = ("hub", "lab", "net")
Tables = dict[str, pd.DataFrame]
MANY = {("hub", "lab"): 30, ("hub", "net"): 25, ("lab", "net"): 22}
"""With 60 firms in each kind and 115 in all, twelve are in all three and 30 or so in each alone"""


def released(
    ties: dict[tuple[str, str], int],
    ends: dict[str, int] | None = None,
    everyone: int | None = None,
    hidden: dict[str, int] | None = None,
    held: bool = False,
) -> Tables:
    """A network of three kinds. `ends`: firms of each kind, as indicators print them; `hidden`: ties that a node counts
    beyond those that are listed."""
    counts: dict[tuple[str, str, str], tuple[int, int] | None] = {("top", "all", "all"): (200, 50)}
    counts |= {(f"in_{kind}", "all", "all"): (200, n) for kind, n in (ends or {}).items()}
    made = tables(lines(counts))
    more = [{"kind": "measure", "name": f"in_{x}", "formula": f"participates_in('{x}')", "base": None} for x in KINDS]
    about = {"wave": WAVE, "network": "kinds", "held": held}
    mine = {x: [tie for tie in ties if x in tie] for x in KINDS}
    firms = {tie: 10.0 * n for tie, n in ties.items()}
    return made | {
        "definitions": pd.concat([made["definitions"], pd.DataFrame(more)]),
        "network_ties": pd.DataFrame(
            [about | {"node_a": a, "node_b": b, "shared": n, "firms": firms[a, b]} for (a, b), n in ties.items()],
            columns=["wave", "network", "held", "node_a", "node_b", "shared", "firms"],
        ),
        "network_nodes": pd.DataFrame(
            [
                about | {"node": x, "ties": len(mine[x]) + (hidden or {}).get(x, 0),
                         "strength": sum(firms[tie] for tie in mine[x]) or None}
                for x in KINDS
            ]
        ),
        "network_figures": pd.DataFrame(
            [about | {"nodes": 3, "ties": len(ties), "density": len(ties) / 3,
                      "firms_per_tie": sum(firms.values()) / len(ties) if ties else None}]
        ),
        "quality": pd.DataFrame(
            [{"wave": WAVE, "indicator": "participants", "concept": "all", "value": everyone, "suppressed": False,
              "held": False}]
        ) if everyone else pd.DataFrame(columns=["wave", "indicator", "concept", "value", "suppressed", "held"]),
    }  # fmt: skip


def told(folder: Path, *made: Tables) -> set[str]:
    return {what.split(", r000")[0] for what in found(folder, *made) if "firms of kinds" in what}


SIXTY = dict.fromkeys(KINDS, 60)


def test_many_on_every_side_tell_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, released(MANY, SIXTY, 115)) == set()


@pytest.mark.parametrize(("both", "is_told"), [(9, True), (10, False)])
def test_a_tie_of_few_firms_is_told(tmp_path: Path, both: int, is_told: bool) -> None:
    assert bool(told(tmp_path, released({("hub", "lab"): both}))) is is_told


@pytest.mark.parametrize(("end", "is_told"), [(39, True), (30, True), (40, False)])
def test_what_a_tie_leaves_of_an_end_is_told(tmp_path: Path, end: int, is_told: bool) -> None:
    """Nobody in the one without the other is an answer of each of its firms."""
    found_now = told(tmp_path, released({("hub", "lab"): 30}, {"hub": end, "lab": 60}))
    assert found_now == ({"wave 2020, firms of kinds in hub without lab"} if is_told else set())


@pytest.mark.parametrize(("everyone", "is_told"), [(110, True), (115, False)])
def test_those_in_all_three_follow_from_all_that_take_part(tmp_path: Path, everyone: int, is_told: bool) -> None:
    """All = 180 in one or another - 77 in two + those in three."""
    what = told(tmp_path, released(MANY, SIXTY, everyone))
    assert ("wave 2020, firms of kinds in hub, lab, net" in what) is is_told


def test_a_withheld_tie_hides_those_in_all_three(tmp_path: Path) -> None:
    left = {tie: n for tie, n in MANY.items() if tie != ("lab", "net")}
    assert told(tmp_path, released(left, SIXTY, 110)) == set()


@pytest.mark.parametrize("tie", list(combinations(KINDS, 2)))
def test_a_node_that_counts_a_tie_that_is_not_listed_tells_it(tmp_path: Path, tie: tuple[str, str]) -> None:
    left = {pair: n for pair, n in MANY.items() if pair != tie}
    what = told(tmp_path, released(left, hidden=dict.fromkeys(tie, 1)))
    assert what == {f"wave 2020, firms of kinds in {node} and others" for node in tie}


def test_a_figure_over_more_ties_than_are_listed_tells_of_them(tmp_path: Path) -> None:
    made = released({("hub", "lab"): 30})
    made["network_figures"]["density"] = 2 / 3
    assert told(tmp_path, made) == {"wave 2020, firms of kinds in pairs that are not listed"}


@pytest.mark.parametrize(
    ("now", "held", "is_told"), [(31, False, True), (21, False, True), (30, False, False), (40, False, False),
                                 (31, True, False)],
)  # fmt: skip
def test_one_release_less_another(tmp_path: Path, now: int, held: bool, is_told: bool) -> None:
    then = released({("hub", "lab"): 30})
    assert bool(told(tmp_path, then, released({("hub", "lab"): now}, held=held))) is is_told


def test_one_release_less_another_tells_what_moved_beside_a_tie(tmp_path: Path) -> None:
    """Ten more in the one end, seven of them in both: three in the one alone."""
    ends = {"hub": 60, "lab": 80}
    then = released({("hub", "lab"): 30}, ends)
    now = released({("hub", "lab"): 47}, ends | {"hub": 80})
    assert told(tmp_path, then, now) == {"wave 2020, firms of kinds in hub without lab"}
