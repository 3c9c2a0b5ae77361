"""What else must be withheld so that nobody can work out a sensitive cell: complementary suppression.

Belongs here: the linear system of a table with totals, the cheapest safe pattern over it (SciPy's HiGHS), and the
attack that tries to undo a pattern. Does not belong here: which cells are sensitive (`primary`) or what they mean.

A **row** is a published line; it shows one or more **quantities** (the number of firms, the number with a property,
a weighted total). Rows of different tables can show the same quantity: it stays unknown only while every row that
shows it is withheld. **Relations** say which quantities add up to which. An attacker knows the relations, every shown
quantity, and the least and greatest value each can have.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np

Name = Any
"""What a quantity or row is called: any hashable value"""
Ties = Mapping[Name, frozenset[Name]]
"""What relations tie each quantity to (`System.tables`)"""

programme_size = 2_000
"""Moves in an exact programme (protected quantities times what each is tied to) beyond which it takes too long"""
search_nodes = 2_000
"""Nodes of the search tree after which the best pattern found so far is taken"""


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


def withheld_rows(system: System, primary: set[Name], before: Iterable[Name] = ()) -> set[Name]:
    """The cheapest set of rows, containing `primary`, after which every protected quantity keeps its interval.

    Exact cell suppression as a mixed integer programme (Fischetti & Salazar 2001): a quantity may move by δ only where
    it is hidden, Σ parts δ = δ of the total, and for each protected quantity there are moves up and down that together
    make its interval as wide as declared. Where no pattern does it, whole tables are withheld until one does.

    Rows withheld `before` stay withheld while what they hide hangs together with a protected quantity: shown now, they
    would tell what they hid then. The pattern is only added to, so it is the same where nothing about it changed.
    """
    chosen, last = set(primary), set(before)
    for part in system.parts():
        inside = primary & set(part.shows)
        if inside or part.implied:
            chosen |= _solve(part, inside | _still_hiding(part, inside, last & set(part.shows)))
    return chosen


def _still_hiding(system: System, primary: set[Name], before: set[Name]) -> set[Name]:
    """The rows withheld before that hide something tied, through what is hidden, to a protected quantity."""
    hidden = system.hidden(primary | before)
    find = _tied_by(system, hidden)
    wanted = {find(name) for name in _protected(system, primary) if name in hidden}
    return {row for row in before if any(n in hidden and find(n) in wanted for n in system.shows[row])}


def _tied_by(system: System, hidden: set[Name]) -> Callable[[Name], Name]:
    """A function from a hidden quantity to the representative of those it hangs together with."""
    unknown = ([n for n in (total, *members) if n in hidden] for total, members in system.relations)
    return _groups(pair for names in unknown for pair in pairwise(names))


def _protected(system: System, primary: set[Name]) -> list[Name]:
    wanted = {name for row in primary for name in system.shows[row]} | system.implied
    return sorted(
        (n for n in wanted if system.quantities[n].need > 0 and n not in system.known),
        key=repr,
    )


def _solve(system: System, primary: set[Name]) -> set[Name]:
    """One connected part. The attack is tried first: where the primary cells protect each other, nothing is added.

    What stays exposed with everything withheld was given away by an earlier release; nothing is withheld for its sake.
    """
    if not exposed(system, primary):
        return set(primary)
    given_away = set(exposed(system, system.shows, primary))
    if given_away:
        system = replace(
            system,
            quantities={n: replace(q, width=0.0 if n in given_away else q.width) for n, q in system.quantities.items()},
        )
        if not exposed(system, primary):
            return set(primary)
    ties, protected = system.tables(), _protected(system, primary)
    small = sum(len(ties[name]) for name in protected) <= programme_size
    pattern = _programme(system, ties, primary, protected) if small else None
    if pattern is None or exposed(system, pattern, primary):
        pattern = _one_by_one(system, ties, primary)
    return pattern


def _one_by_one(system: System, ties: Ties, primary: set[Name]) -> set[Name]:
    """A safe pattern for large systems: the cheapest rows for one exposed quantity after the other.

    What is withheld for one costs nothing for the next (Kelly, Golden & Assad 1992, Networks 22). Rows that the whole
    pattern turns out not to need are shown again, the dearest first.
    """
    pattern = set(primary)
    while open_ones := exposed(system, pattern, primary):
        name = min(open_ones, key=lambda n: (-system.quantities[n].need, repr(n)))
        more = _programme(system, ties, pattern, [name])
        if more is None or more <= pattern:
            return set(system.shows)
        pattern |= more
    return pattern - _spare(
        system, pattern, primary, sorted(pattern - primary, key=lambda r: (-system.cost[r], repr(r)))
    )


def spare_rows(system: System, withheld: Iterable[Name], primary: set[Name], rows: Iterable[Name]) -> set[Name]:
    """Those of these withheld rows that protect nothing: all of them shown, no protected quantity is exposed anew."""
    gone, asked, found = set(withheld), set(rows), set[Name]()
    for part in system.parts():
        if candidates := sorted(asked & set(part.shows), key=repr):
            inside = set(part.shows)
            found |= _spare(part, gone & inside, primary & inside, candidates)
    return found


def _spare(system: System, pattern: set[Name], primary: set[Name], rows: Iterable[Name]) -> set[Name]:
    """`spare_rows` of one part, tried one after the other in this order."""
    already, spare, tried = set(exposed(system, pattern, primary)), set[Name](), list(rows)

    def hide_nothing(shown: set[Name]) -> bool:
        return all(name in already for name, _ in _exposed_ones(system, pattern - shown, primary))

    if hide_nothing(set(tried)):
        return set(tried)
    for row in tried:
        if hide_nothing(spare | {row}):
            spare.add(row)
    return spare


def _programme(system: System, ties: Ties, primary: set[Name], protected: Sequence[Name]) -> set[Name] | None:
    """The cheapest rows, `primary` among them, that leave these quantities their intervals; None where none is found.

    Variables: y of every row that could be withheld yet, then an upward and a downward move of every quantity tied to
    each protected one. A move δ of a quantity is free between its bounds where all rows that show it are withheld
    already, and within y times its bounds for every row that is not: y alone need be whole numbers. What is known, and
    what is tied to nothing protected, cannot move and is left out.

    The search ends after a number of nodes, never after a time: the same system gives the same rows on any machine.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    moving = [sorted(ties[name] - system.known, key=repr) for name in protected]
    concerned = set(chain.from_iterable(moving))
    shown_by: dict[Name, list[Name]] = defaultdict(list)
    for row, shown in system.shows.items():
        for name in concerned.intersection(shown) if row not in primary else ():
            shown_by[name].append(row)
    rows = sorted(set(chain.from_iterable(shown_by.values())), key=repr)
    row_at = {row: i for i, row in enumerate(rows)}
    lower, upper = [0.0] * len(rows), [1.0] * len(rows)
    entries: list[tuple[int, int, float]] = []
    low: list[float] = []
    high: list[float] = []

    def constraint(terms: Sequence[tuple[int, float]], least: float, most: float) -> None:
        line = len(low)
        entries.extend((line, column, factor) for column, factor in terms)
        low.append(least)
        high.append(most)

    for name, tied in zip(protected, moving, strict=True):
        place = {member: i for i, member in enumerate(tied)}
        need = system.quantities[name].need
        # In units of what is needed, and no further than a few times that: large bounds would let a move through
        # a quantity that is not hidden, within the solver's tolerance.
        room = [_room(system.quantities[member], need) for member in tied]
        related = []
        for total, members in system.relations:
            signed = (*((member, 1.0) for member in members), (total, -1.0))
            related.append([(place[member], sign) for member, sign in signed if member in place])
        moves = (len(lower), len(lower) + len(tied))
        for first in moves:
            for member, (down, up) in zip(tied, room, strict=True):
                column = len(lower)
                lower.append(-down)
                upper.append(up)
                for row in shown_by[member]:
                    constraint([(column, 1.0), (row_at[row], -up)], -np.inf, 0.0)
                    constraint([(column, 1.0), (row_at[row], down)], 0.0, np.inf)
            for terms in filter(None, related):
                constraint([(first + i, factor) for i, factor in terms], 0.0, 0.0)
        # The truth is inside the interval: one move goes up, or not at all, and the other down.
        lower[moves[0] + place[name]], upper[moves[1] + place[name]] = 0.0, 0.0
        constraint([(moves[0] + place[name], 1.0), (moves[1] + place[name], -1.0)], 1.0001, np.inf)
    cost, integrality = np.zeros(len(lower)), np.zeros(len(lower))
    cost[: len(rows)] = [system.cost[row] for row in rows]
    integrality[: len(rows)] = 1
    lines, columns, factors = zip(*entries, strict=True)
    matrix = coo_array((factors, (lines, columns)), shape=(len(low), len(lower))).tocsr()
    with _silent():
        answer = milp(
            cost,
            constraints=LinearConstraint(matrix, low, high),
            bounds=Bounds(lower, upper),
            integrality=integrality,
            options={"node_limit": search_nodes, "mip_rel_gap": 0.01},
        )
    if answer.x is None:
        return None
    return primary | {row for row in rows if answer.x[row_at[row]] > 0.5}


def _room(quantity: Quantity, need: float) -> tuple[float, float]:
    """How far a quantity can go down and up, in units of a need and at most four of them."""
    return min((quantity.value - quantity.least) / need, 4.0), min((quantity.most - quantity.value) / need, 4.0)


@contextmanager
def _silent() -> Iterator[None]:
    """HiGHS prints a line of its own debugging straight to the process's stdout, which is for results."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def intervals(
    system: System, withheld: Iterable[Name], names: Iterable[Name] | None = None
) -> Mapping[Name, tuple[float, float]]:
    """What an attacker can work out: the least and the greatest value of hidden quantities, by linear programming.

    The attacker knows everything shown, every relation, and each quantity's least and greatest possible value.
    """
    return dict(_worked_out(system, withheld, names))


def _worked_out(
    system: System, withheld: Iterable[Name], names: Iterable[Name] | None
) -> Iterator[tuple[Name, tuple[float, float]]]:
    """`intervals`, one after the other."""
    hidden = system.hidden(withheld)
    find = _tied_by(system, hidden)
    tied: dict[Name, list[tuple[Name, tuple[Name, ...]]]] = defaultdict(list)
    for total, members in system.relations:
        if open_ones := [n for n in (total, *members) if n in hidden]:
            tied[find(open_ones[0])].append((total, members))
    groups: dict[Name, _Unknown] = {}
    for name in hidden if names is None else names:
        if name not in hidden:
            yield name, (system.quantities[name].value,) * 2
            continue
        group = find(name)
        if group not in groups:
            groups[group] = _Unknown.of(system, hidden, tied.get(group, []), name)
        yield name, groups[group].interval(name)


@dataclass(frozen=True)
class _Unknown:
    """Hidden quantities that hang together: left · x = right, bounds[:, 0] ≤ x ≤ bounds[:, 1]."""

    at: Mapping[Name, int]
    left: np.ndarray
    right: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(
        cls, system: System, hidden: set[Name], relations: Sequence[tuple[Name, tuple[Name, ...]]], name: Name
    ) -> _Unknown:
        """The quantities of these relations that are hidden; `name` alone where there are none."""
        names = {n for total, members in relations for n in (total, *members) if n in hidden} | {name}
        at = {n: i for i, n in enumerate(sorted(names, key=repr))}
        left, right = np.zeros((len(relations), len(at))), np.zeros(len(relations))
        for line, (total, members) in enumerate(relations):
            for member, sign in (*((m, 1.0) for m in members), (total, -1.0)):
                if member in at:
                    left[line, at[member]] += sign
                else:
                    right[line] -= sign * system.quantities[member].value
        told = left.any(axis=1)
        bounds = np.array([(system.quantities[n].least, system.quantities[n].most) for n in at])
        return cls(at, left[told], right[told], bounds)

    def interval(self, name: Name) -> tuple[float, float]:
        """The least and greatest value of one of them; a single relation has a closed form."""
        place = self.at[name]
        if not len(self.left):
            return float(self.bounds[place, 0]), float(self.bounds[place, 1])
        if len(self.left) == 1:
            return _of_one_relation(self.left[0], self.right[0], self.bounds[:, 0], self.bounds[:, 1], place)
        if np.isinf(self.bounds).all():
            value = float(self._solution[place])
            return (value, value) if self._determined[place] else (-np.inf, np.inf)
        return _of_many_relations(self.left, self.right, self.bounds, place)

    @cached_property
    def _determined(self) -> np.ndarray:
        """(quantities,) Whether the relations alone fix a quantity, where nothing bounds any: whether its unit vector
        lies in the row space, which is where its leverage is one. Leverages below one are far below: k over k + 1, for
        a quantity in k relations."""
        _, sizes, rows = np.linalg.svd(self.left, full_matrices=False)
        return np.asarray((rows[sizes > 1e-9 * sizes.max()] ** 2).sum(axis=0) > 1 - 1e-6)

    @cached_property
    def _solution(self) -> np.ndarray:
        """(quantities,) A solution of the relations."""
        return np.asarray(np.linalg.lstsq(self.left, self.right, rcond=None)[0])


def _of_one_relation(
    line: np.ndarray, right: float, least: np.ndarray, most: np.ndarray, place: int
) -> tuple[float, float]:
    """The interval of x_place where Σ line · x = right and least ≤ x ≤ most, line of −1, 0 and 1."""
    others = np.arange(len(line)) != place
    lowest = float(np.where(line > 0, least, -most)[others & (line != 0)].sum())
    highest = float(np.where(line > 0, most, -least)[others & (line != 0)].sum())
    ends = sorted((line[place] * (right - highest), line[place] * (right - lowest)))
    return max(ends[0], float(least[place])), min(ends[1], float(most[place]))


def _of_many_relations(left: np.ndarray, right: np.ndarray, bounds: np.ndarray, place: int) -> tuple[float, float]:
    from scipy.optimize import linprog

    ends = []
    for sign in (1.0, -1.0):
        aim = np.zeros(left.shape[1])
        aim[place] = sign
        answer = linprog(aim, A_eq=left, b_eq=right, bounds=bounds, method="highs")
        # 3: unbounded; no answer at all is rounding in the last digits of what was published
        ends.append(sign * answer.fun if answer.status == 0 else (-sign * np.inf if answer.status == 3 else np.nan))
    return ends[0], ends[1]


def exposed(
    system: System, withheld: Iterable[Name], primary: Iterable[Name] | None = None
) -> dict[Name, tuple[float, float]]:
    """The protected quantities that an attacker can pin more narrowly than declared, with the interval reached."""
    return dict(_exposed_ones(system, withheld, primary))


def _exposed_ones(
    system: System, withheld: Iterable[Name], primary: Iterable[Name] | None
) -> Iterator[tuple[Name, tuple[float, float]]]:
    """`exposed`, one after the other."""
    gone = set(withheld)
    protected = _protected(system, gone if primary is None else set(primary))
    for name, ends in _worked_out(system, gone, protected):
        if not (ends[1] - ends[0] >= system.quantities[name].need * (1 - 1e-6)):
            yield name, ends
