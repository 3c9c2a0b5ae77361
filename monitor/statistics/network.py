"""A network's figures: how dense it is, into which parts it falls, who is tied to most, and who holds it together.

Belongs here: nodes and ties in, numbers out; `networkx` computes what takes paths. Does not belong here: which ties may
be told, how many firms they stand for, pictures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

Tie = tuple[str, str]


@dataclass(frozen=True)
class Measured:
    """What nodes and ties come to. Every mapping has every node, also one without a tie."""

    density: float | None
    """Ties over those that there could be, 0..1; None where there could be none"""
    component: Mapping[str, int]
    """Node -> number of the part it is in, the largest part 1; equally large ones by their first node"""
    ties: Mapping[str, int]
    """Node -> its ties (degree)"""
    strength: Mapping[str, float]
    """Node -> the sum of its ties' weights"""
    betweenness: Mapping[str, float]
    """Node -> the part of the shortest paths between two others that lead over it, 0..1"""
    brokers: frozenset[str]
    """The nodes without which the part they are in would fall apart (cut vertices)"""

    @property
    def components(self) -> int:
        """Into how many parts the network falls; a node without a tie is a part."""
        return len(set(self.component.values()))

    @property
    def largest(self) -> int:
        """Nodes of the largest part."""
        return sum(number == 1 for number in self.component.values())


def measured(nodes: Sequence[str], ties: Mapping[Tie, float], side: Collection[str] | None = None) -> Measured:
    """The figures of an undirected network with one weight for each tie.

    Density 2 m / (k (k - 1)) of m ties between k nodes; where `side` names the nodes of one of two kinds and ties lead
    from one kind to the other only, m / (k1 k2). Betweenness after Freeman (1977), every tie of the same length, over
    (k - 1)(k - 2) / 2, by Brandes' (2001) algorithm; brokers after Tarjan (1972). Weights count in `strength` only.

    Raises ValueError for a tie of a node that there is not, or of a node with itself.
    """
    import networkx as nx  # here: only a survey with a register has networks

    wrong = [tie for tie in ties if tie[0] == tie[1] or not {*tie} <= {*nodes}]
    if wrong:
        raise ValueError(f"a tie leads from one node to another: {wrong[0]}")
    graph: Any = nx.Graph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(ties)
    parts = sorted((sorted(part) for part in nx.connected_components(graph)), key=lambda part: (-len(part), part[0]))
    inside = len({*nodes} & {*side}) if side is not None else 0
    could = inside * (len(nodes) - inside) if side is not None else len(nodes) * (len(nodes) - 1) // 2
    between = nx.betweenness_centrality(graph, normalized=True)
    return Measured(
        density=len(ties) / could if could else None,
        component={node: number for number, part in enumerate(parts, 1) for node in part},
        ties={node: graph.degree[node] for node in nodes},
        strength={node: fsum(weight for tie, weight in ties.items() if node in tie) for node in nodes},
        betweenness={node: float(between[node]) for node in nodes},
        brokers=frozenset(nx.articulation_points(graph)),
    )
