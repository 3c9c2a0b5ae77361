"""Everything published that adds up: quantities, the lines that show them, and the relations between them.

Belongs here: what a linear system of published tables is, and what hangs together in it. Does not belong here: what
somebody could work out of it (`intervals`), or what must be withheld (`complementary`).

A **row** is a published line; it shows one or more **quantities** (the number of firms, the number with a property,
a weighted total). Rows of different tables can show the same quantity: it stays unknown only while every row that
shows it is withheld. **Relations** say which quantities add up to which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

Name = Any
"""What a quantity or row is called: any hashable value"""
Ties = Mapping[Name, frozenset[Name]]
"""What relations tie each quantity to (`System.tables`)"""


@dataclass
class Quantity:
    """A number that adds up with others: its true value, what it can be at least and at most, and what it needs.

    `width` is the narrowest interval an attacker may reach where the quantity is protected (0: not protected).
    What can only be between `least` and `most` anyway cannot be kept vaguer than that (`need`).
    """

    value: float
    least: float = 0.0
    most: float = np.inf
    width: float = 0.0

    @property
    def need(self) -> float:
        """The narrowest interval that still counts as protected."""
        return min(self.width, self.most - self.least)


@dataclass
class System:
    """Everything published that adds up."""

    quantities: dict[Name, Quantity] = field(default_factory=dict)
    relations: list[tuple[Name, tuple[Name, ...]]] = field(default_factory=list)
    """(total, its parts)"""
    shows: dict[Name, tuple[Name, ...]] = field(default_factory=dict)
    """Row -> the quantities it shows"""
    cost: dict[Name, float] = field(default_factory=dict)
    """Row -> what is lost where it is withheld"""
    known: set[Name] = field(default_factory=set)
    """Quantities an earlier release has shown already: withholding them now hides nothing"""
    implied: set[Name] = field(default_factory=set)
    """Sensitive quantities that no row shows, but that can be worked out from rows that do"""

    def tables(self) -> dict[Name, frozenset[Name]]:
        """Quantity -> the quantities that relations tie it to, itself among them: an attack on it needs no others.

        What everyone knows ties nothing together.
        """
        known = self.known
        open_ones = ([n for n in (total, *members) if n not in known] for total, members in self.relations)
        find = _groups(pair for names in open_ones for pair in pairwise(names))
        tied: dict[Name, set[Name]] = defaultdict(set)
        for name in self.quantities:
            tied[find(name)].add(name)
        whole = {root: frozenset(members) for root, members in tied.items()}
        return {name: whole[find(name)] for name in self.quantities}

    def parts(self) -> list[System]:
        """The systems that share nothing with each other, each small enough to solve by itself."""
        pairs = [(total, member) for total, members in self.relations for member in members]
        pairs += [(("row", row), quantity) for row, shown in self.shows.items() for quantity in shown]
        find = _groups(pairs)
        groups: dict[Name, System] = defaultdict(System)
        for name, quantity in self.quantities.items():
            groups[find(name)].quantities[name] = quantity
        for row, shown in self.shows.items():
            part = groups[find(("row", row))]
            part.shows[row], part.cost[row] = shown, self.cost[row]
        for total, members in self.relations:
            groups[find(total)].relations.append((total, members))
        for name in self.known & set(self.quantities):
            groups[find(name)].known.add(name)
        for name in self.implied:
            groups[find(name)].implied.add(name)
        return list(groups.values())

    def hidden(self, withheld: Iterable[Name]) -> set[Name]:
        """The quantities nobody is shown once these rows are withheld."""
        gone = set(withheld)
        shown = {name for row, names in self.shows.items() if row not in gone for name in names}
        return set(self.quantities) - shown - self.known

    def protected(self, primary: set[Name]) -> list[Name]:
        """The quantities whose interval counts where these rows are the sensitive ones, in a fixed order."""
        wanted = {name for row in primary for name in self.shows[row]} | self.implied
        return sorted((n for n in wanted if self.quantities[n].need > 0 and n not in self.known), key=repr)


def _groups(pairs: Iterable[tuple[Name, Name]]) -> Callable[[Name], Name]:
    """A function from a node to the representative of its connected component."""
    root: dict[Name, Name] = {}

    def find(node: Name) -> Name:
        root.setdefault(node, node)
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for one, other in pairs:
        root[find(one)] = find(other)
    return find


def tied_by(system: System, hidden: set[Name]) -> Callable[[Name], Name]:
    """A function from a hidden quantity to the representative of those it hangs together with."""
    unknown = ([n for n in (total, *members) if n in hidden] for total, members in system.relations)
    return _groups(pair for names in unknown for pair in pairwise(names))
