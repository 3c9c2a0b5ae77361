"""What the ties between initiatives, themes and kinds tell of few firms.

Belongs here: numbers of firms that follow from a network's ties, nodes and figures, from the numbers of participants
printed elsewhere, and from another release. Does not belong here: ties that the register alone makes.

The attacker writes down, for each wave and network that firms make:

1. a tie's firms, and those of its ends where a table counts them: `initiatives`, or a line about everyone of a measure
   that the definitions say is participation in that theme or kind;
2. that everyone who takes part is in some kind, and how many take part in all;
3. every firm is in some set of the tied nodes: numbers of firms in two of them, in one without the other, and in three
   follow as far as sums of such sets tell;
4. what a node or the network says of ties beyond those that are listed, in number or in firms;
5. one release's numbers less another's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, permutations
from pathlib import Path

import pandas as pd

from monitor.attack.bounds import bounds
from monitor.attack.finding import FEW, FEWEST, Finding
from monitor.attack.knowledge import EVERYONE, Equations, Unknown, file_of, read

OF_FIRMS = ("initiatives", "themes", "kinds")
TAKES_PART = re.compile(r"^\(*participates_in\((?:theme = )?'(?P<node>[^']+)'\)\)*$")
MOST_NODES = 8
"""Tied nodes of a network up to which sets of them are worked out; beyond it only ends less ties"""
DIGITS = 0.005
"""How far rounded sums of firms may be off, as a part of them"""
OF_ENDS = "ends of a tie less the tie"
OF_SETS = "sums over the sets of nodes that firms can be in"
BEYOND = "nodes and figures beyond the ties listed"
OF_TWO = "one release less another"

Versions = Mapping[tuple[str, str], str]
Tie = tuple[str, str]


@dataclass(frozen=True)
class Network:
    """A wave's network as a release tells it."""

    release: str
    wave: str
    name: str
    ties: Mapping[Tie, float]
    firms: Mapping[Tie, float]
    """The firms of the population behind each tie"""
    ends: Mapping[str, float]
    """Node -> firms that take part, where a table counts them"""
    everyone: float | None
    """Firms that take part at all"""
    nodes: pd.DataFrame
    figures: pd.DataFrame
    held: bool

    def what(self, of: str) -> str:
        """A finding's words."""
        return f"wave {self.wave}, firms of {self.name} {of}, {self.release}"


def networks(releases: Sequence[Path], versions: Versions) -> list[Finding]:
    """What follows from the networks of these releases; `versions`: (release, wave) -> its set of figures."""
    found: list[Finding] = []
    for wave in sorted({wave for _, wave in versions}):
        told: dict[str, list[Network]] = {name: [] for name in OF_FIRMS}
        for release in releases:
            if (release.name, wave) in versions and file_of(release, "network_ties").exists():
                for name in OF_FIRMS:
                    told[name].append(_read(release, wave, name))
        for network in chain.from_iterable(told.values()):
            what = [*_beyond(network), *_ends(network), *_sets(network)]
            found += [_finding(network, versions, *one) for one in dict.fromkeys(what)]
        for one, other in chain.from_iterable(combinations(each, 2) for each in told.values()):
            found += [_finding(other, versions, *moved) for moved in _moved(one, other)]
    return found


def _finding(network: Network, versions: Versions, of: str, how: str, low: float, high: float) -> Finding:
    line = (network.wave, f"{network.name} {of}", EVERYONE, EVERYONE)
    figures = versions[network.release, network.wave]
    return Finding(network.release, figures, network.what(of), how, low, high, (line,))


def _read(release: Path, wave: str, name: str) -> Network:
    def mine(table: str) -> pd.DataFrame:
        frame = read(release, table)
        return frame[(frame["wave"] == wave) & (frame["network"] == name)]

    ties, figures = mine("network_ties"), mine("network_figures")
    pairs = [(str(a), str(b)) for a, b in zip(ties["node_a"], ties["node_b"], strict=True)]
    return Network(
        release.name, wave, name,
        dict(zip(pairs, ties["shared"].astype(float), strict=True)),
        dict(zip(pairs, ties["firms"].astype(float), strict=True)),
        _participants(release, wave, name),
        _everyone(release, wave),
        mine("network_nodes"),
        figures,
        bool(figures["held"].any()),
    )  # fmt: skip


def _participants(release: Path, wave: str, name: str) -> dict[str, float]:
    """Node -> firms, where a table counts them."""
    if name == "initiatives":
        if not file_of(release, "initiatives").exists():
            return {}
        table = read(release, "initiatives")
        table = table[(table["wave"] == wave) & ~table["suppressed"] & ~table["held"]]
        return dict(zip(table["initiative"].astype(str), table["firms"].astype(float), strict=True))
    meant = {
        str(x["name"]): match["node"]
        for x in read(release, "definitions").to_dict("records")
        if (match := TAKES_PART.match(str(x.get("formula"))))
    }
    lines = read(release, "indicators")
    lines = lines[(lines["wave"] == wave) & (lines["domain_variable"] == EVERYONE) & ~lines["suppressed"]]
    return {
        meant[str(x["measure"])]: float(round(x["unweighted"] * x["n"]))
        for x in lines[~lines["held"]].to_dict("records")
        if str(x["measure"]) in meant
    }


def _everyone(release: Path, wave: str) -> float | None:
    if not file_of(release, "quality").exists():
        return None
    table = read(release, "quality")
    table = table[(table["wave"] == wave) & (table["indicator"] == "participants") & ~table["suppressed"]]
    return float(table["value"].iloc[0]) if len(table) else None


Told = tuple[str, str, float, float]
"""Of what, how, at least, at most"""


def _ends(network: Network) -> Iterator[Told]:
    """Ties of few firms, and an end without the other."""
    for tie, both in network.ties.items():
        if 0 < both < FEW:
            yield f"in {tie[0]} and {tie[1]}", "as printed", both, both
        for one, other in permutations(tie):
            left = network.ends.get(one, 0.0) - both
            if one in network.ends and left < FEW:
                yield f"in {one} without {other}", OF_ENDS, left, left


def _beyond(network: Network) -> Iterator[Told]:
    """What nodes and figures tell of ties that are not listed."""
    listed, shown = network.ties, network.firms
    for x in network.nodes.to_dict("records"):
        mine = [tie for tie in listed if str(x["node"]) in tie]
        more, weight = float(x["ties"]) - len(mine), sum(shown[tie] for tie in mine)
        strength = 0.0 if pd.isna(x["strength"]) else float(x["strength"])
        if more or abs(strength - weight) > DIGITS * max(weight, 1.0):
            yield f"in {x['node']} and others", BEYOND, 1.0, FEW - 1
    for x in network.figures.to_dict("records"):
        could = float(x["nodes"]) * (float(x["nodes"]) - 1) / 2
        by_density = float(x["density"]) * could if could and not pd.isna(x["density"]) else len(listed)
        mean = 0.0 if pd.isna(x["firms_per_tie"]) else float(x["firms_per_tie"])
        wrong = abs(mean * len(listed) - sum(shown.values())) > DIGITS * max(sum(shown.values()), 1.0)
        if float(x["ties"]) != len(listed) or round(by_density) != len(listed) or wrong:
            yield "in pairs that are not listed", BEYOND, 1.0, FEW - 1


def _sets(network: Network) -> Iterator[Told]:
    """Numbers of firms in two nodes, one without the other, or three, that are few and known."""
    nodes = sorted({node for tie in network.ties for node in tie})
    if not 2 < len(nodes) <= MOST_NODES:
        return
    told, sets = Equations(), [frozenset(s) for k in range(len(nodes) + 1) for s in combinations(nodes, k)]

    def unknown(kind: str, name: str) -> Unknown:
        return (network.release, kind, name, EVERYONE, EVERYONE)

    def of(inside: Callable[[frozenset[str]], bool]) -> dict[Unknown, float]:
        return {unknown("set", ",".join(sorted(s))): 1.0 for s in sets if inside(s)}

    for tie, both in network.ties.items():
        told.equal(of(lambda s, tie=tie: s >= {*tie}), both)  # type: ignore[misc]
    for node in nodes:
        if node in network.ends:
            told.equal(of(lambda s, node=node: node in s), network.ends[node])  # type: ignore[misc]
    if network.everyone is not None:
        told.equal(of(lambda s: True), network.everyone)
        if len(nodes) == len(network.nodes) and network.name == "kinds":
            told.equal(of(lambda s: not s), 0.0)
    asked: dict[Unknown, str] = {}
    for one, other in permutations(nodes, 2):
        if one < other and (one, other) not in network.ties:
            asked[_ask(told, of(lambda s, t=(one, other): s >= {*t}), unknown("firms", f"{one}+{other}"))] = (  # type: ignore[misc]
                f"in {one} and {other}"
            )
        without = of(lambda s, a=one, b=other: a in s and b not in s)  # type: ignore[misc]
        asked[_ask(told, without, unknown("firms", f"{one}-{other}"))] = f"in {one} without {other}"
    for three in combinations(nodes, 3):
        inside = of(lambda s, t=three: s >= {*t})  # type: ignore[misc]
        asked[_ask(told, inside, unknown("firms", "+".join(three)))] = f"in {', '.join(three)}"
    for name, (low, high) in bounds(told, list(asked)).items():
        if high - low < FEWEST and 0 < high < FEW:
            yield asked[name], OF_SETS, low, high


def _ask(told: Equations, terms: Mapping[Unknown, float], name: Unknown) -> Unknown:
    """Give a sum a name that can be asked about."""
    told.equal({**terms, name: -1.0}, 0.0)
    return name


def _moved(one: Network, other: Network) -> Iterator[Told]:
    """Firms in both nodes, or in one without the other, that came or went between two releases: one to nine."""
    if one.held or other.held:
        return
    for tie in sorted(one.ties.keys() & other.ties.keys()):
        numbers = {f"in {tie[0]} and {tie[1]}": other.ties[tie] - one.ties[tie]}
        for end, without in permutations(tie):
            if end in one.ends and end in other.ends:
                moved = (other.ends[end] - other.ties[tie]) - (one.ends[end] - one.ties[tie])
                numbers[f"in {end} without {without}"] = moved
        for of, moved in numbers.items():
            if 0 < abs(moved) < FEW:
                yield of, OF_TWO, abs(moved), abs(moved)
