"""The figures of a network: of the sheet that can be checked by hand, and of a larger one whose paths are walked."""

from __future__ import annotations

import csv
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest

from monitor.statistics.network import Measured, measured

TESTS = Path(__file__).parents[1]
NODES = ("A", "B", "C", "D", "E")


def sheet() -> list[dict[str, str]]:
    with (TESTS / "cases" / "network.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_sheet() -> Measured:
    ties = [(x["of"].split(), float(x["expected"])) for x in sheet() if x["figure"] == "tie"]
    return measured(NODES, {(one, other): weight for (one, other), weight in ties})


@pytest.mark.parametrize("row", [x for x in sheet() if x["figure"] not in ("tie", "node", "two_kinds")], ids=str)
def test_figures_are_those_of_the_sheet(row: dict[str, str]) -> None:
    found, node = of_sheet(), row["of"]
    if row["figure"] == "broker":
        value: float | None = float(node in found.brokers)
    else:
        told = getattr(found, row["figure"])
        value = told[node] if node else told
    digits = -int(Decimal(row["expected"]).as_tuple().exponent)
    assert value is not None
    assert round(value, digits) == float(row["expected"]), row["why"]


def test_density_of_two_kinds_is_over_the_ties_from_one_to_the_other() -> None:
    row = next(x for x in sheet() if x["figure"] == "two_kinds")
    ties = {("A", "C"): 1.0, ("B", "C"): 1.0, ("A", "D"): 1.0}
    assert measured(NODES, ties, row["of"].split()).density == float(row["expected"])


def shortest(near: dict[str, set[str]], one: str, other: str) -> list[list[str]]:
    """Every shortest path between two nodes, by walking one step further at a time."""
    paths = [[one]]
    for _ in near:
        if found := [path for path in paths if path[-1] == other]:
            return found
        paths = [[*path, node] for path in paths for node in sorted(near[path[-1]]) if node not in path]
    return []


def parts(near: dict[str, set[str]]) -> list[set[str]]:
    """What hangs together."""
    left, found = set(near), []
    while left:
        part, edge = set[str](), {min(left)}
        while edge:
            part |= edge
            edge = {node for one in edge for node in near[one]} - part
        found.append(part)
        left -= part
    return found


def test_figures_are_those_of_every_path_walked() -> None:
    """A ring of nine with a chord, a tail of two, and two nodes alone."""
    nodes = [f"n{i:02d}" for i in range(13)]
    ties = [(nodes[i], nodes[(i + 1) % 9]) for i in range(9)] + [("n00", "n04"), ("n02", "n09"), ("n09", "n10")]
    found = measured(nodes, dict.fromkeys(ties, 1.0))
    near = {node: {b for a, b in (*ties, *((b, a) for a, b in ties)) if a == node} for node in nodes}
    between = dict.fromkeys(nodes, 0.0)
    for one, other in combinations(nodes, 2):
        for path in (paths := shortest(near, one, other)):
            for node in path[1:-1]:
                between[node] += 1 / len(paths)
    assert found.betweenness == pytest.approx({node: x / (12 * 11 / 2) for node, x in between.items()})
    assert sorted(map(len, parts(near))) == [1, 1, 11]
    assert (found.components, found.largest) == (3, 11)
    without = {v: {node: near[node] - {v} for node in nodes if node != v} for v in nodes}
    cut = {v for v in nodes if near[v] and len(parts(without[v])) > 3}
    assert found.brokers == cut == {"n02", "n09"}


def test_the_order_of_ties_moves_nothing() -> None:
    ties = {pair: float(i) for i, pair in enumerate(combinations(NODES[:4], 2), 1)}
    assert measured(NODES, ties) == measured(NODES, dict(reversed(list(ties.items()))))


@pytest.mark.parametrize("tie", [("A", "A"), ("A", "Z")])
def test_a_tie_leads_between_two_nodes_of_the_network(tie: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="from one node to another"):
        measured(NODES, {tie: 1.0})


def test_a_single_node_has_no_density() -> None:
    assert measured(("A",), {}).density is None
