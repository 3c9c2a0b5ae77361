"""What an attacker can work out of a system of which some rows are withheld.

Belongs here: the least and greatest value of what is hidden, by linear programming, and which protected quantities are
known too narrowly. Does not belong here: what else must be withheld for that (`complementary`).

An attacker knows the relations, every shown quantity, and the least and greatest value each can have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

import numpy as np
from scipy.sparse import csr_array

from monitor.statistics.disclosure.system import Name, System

FURTHEST = 1e4
"""How many times what a quantity needs it can move before that counts as without end"""


LEAST_MOVE = 1e-9
"""A move, in units of what the asked quantity needs, below which a programme left a quantity where it is"""


def intervals(
    system: System, withheld: Iterable[Name], names: Iterable[Name] | None = None
) -> Mapping[Name, tuple[float, float]]:
    """What an attacker can work out: the least and the greatest value of hidden quantities, by linear programming.

    The attacker knows everything shown, every relation, and each quantity's least and greatest possible value.
    """
    attacker, hidden = Attacker(system), system.hidden(withheld)
    return {name: attacker.interval(name, hidden) for name in (hidden if names is None else names)}


def exposed(
    system: System, withheld: Iterable[Name], primary: Iterable[Name] | None = None
) -> dict[Name, tuple[float, float]]:
    """The protected quantities that an attacker can pin more narrowly than declared, with the interval reached."""
    gone = set(withheld)
    protected = system.protected(gone if primary is None else set(primary))
    return dict(Attacker(system).exposed(system.hidden(gone), protected))


class Attacker:
    """Somebody who asks of one pattern of hidden quantities after the other what can be worked out, and remembers.

    A **move** leads from the truth to another state that everything shown allows. It does so in every pattern that
    hides what it moves, and it moves many quantities at once: where two moves already take a quantity as far apart as
    it needs, it is safe without a programme. And what hangs together is the same system whatever else is hidden: what
    was worked out of it is not worked out again.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self._bit = {name: 1 << place for place, name in enumerate(system.quantities)}
        self._relations: dict[Name, list[int]] = defaultdict(list)
        for place, (total, members) in enumerate(system.relations):
            for name in (total, *members):
                self._relations[name].append(place)
        self._unknown: dict[frozenset[Name], _Unknown] = {}
        self._moves: dict[Name, list[_Move]] = defaultdict(list)

    def exposed(self, hidden: set[Name], protected: Iterable[Name]) -> Iterator[tuple[Name, tuple[float, float]]]:
        """Those of the protected quantities whose interval is too narrow where these are hidden, with it, in order."""
        bits = self._bits(hidden)
        for name in protected:
            if name not in hidden or not self._wide(name, bits):
                ends = self.interval(name, hidden)
                if not ends[1] - ends[0] >= self._enough(name):
                    yield name, ends

    def interval(self, name: Name, hidden: set[Name]) -> tuple[float, float]:
        """The least and the greatest value of a quantity, where these are hidden."""
        if name not in hidden:
            return (self.system.quantities[name].value,) * 2
        unknown = self._around(name, hidden)
        if name not in unknown.intervals:
            unknown.intervals[name], moves = unknown.interval(name)
            for far, unit in moves:
                move = _Move(far, unit, self._bits(far))
                for moved in far:
                    self._moves[moved].append(move)
        return unknown.intervals[name]

    def _bits(self, names: Iterable[Name]) -> int:
        """A set of quantities as a number, a bit each."""
        return reduce(or_, (self._bit[name] for name in names), 0)

    def _enough(self, name: Name) -> float:
        """The width at which a quantity counts as safe."""
        return self.system.quantities[name].need * (1 - 1e-6)

    def _wide(self, name: Name, hidden: int) -> bool:
        """Whether moves that are known show a quantity safe. Only moves found in units no larger than its own count:
        what a programme takes for nothing in large units may be much in small ones."""
        need, enough = self.system.quantities[name].need, self._enough(name)
        low = high = 0.0
        for move in self._moves.get(name, ()):
            if move.unit <= need and not move.bits & ~hidden:
                low, high = min(low, move.far[name]), max(high, move.far[name])
                if high - low >= enough:
                    return True
        return False

    def _around(self, name: Name, hidden: set[Name]) -> _Unknown:
        """The hidden quantities that hang together with one of them."""
        names, places, reached = {name}, set[int](), [name]
        while reached:
            for place in self._relations[reached.pop()]:
                if place not in places:
                    places.add(place)
                    total, members = self.system.relations[place]
                    new = {n for n in (total, *members) if n in hidden} - names
                    names |= new
                    reached.extend(new)
        key = frozenset(names)
        if key not in self._unknown:
            self._unknown[key] = _Unknown.of(self.system, key, [self.system.relations[i] for i in sorted(places)])
        return self._unknown[key]


@dataclass(frozen=True)
class _Move:
    """From the truth to another state that everything shown allows: how far which quantities go."""

    far: Mapping[Name, float]
    unit: float
    """What it was measured in"""
    bits: int
    """What it moves, as the attacker writes a set of quantities"""


@dataclass(frozen=True)
class _Unknown:
    """Hidden quantities that hang together: left · x = right, bounds[:, 0] ≤ x ≤ bounds[:, 1]. The truth is one."""

    at: Mapping[Name, int]
    left: csr_array
    right: np.ndarray
    bounds: np.ndarray
    truth: np.ndarray
    units: np.ndarray
    """(quantities,) What a move of each is measured in where it is asked for: what it needs, or else its size"""

    intervals: dict[Name, tuple[float, float]]
    """What was worked out of them yet"""

    @classmethod
    def of(cls, system: System, names: Iterable[Name], relations: Sequence[tuple[Name, tuple[Name, ...]]]) -> _Unknown:
        """These hidden quantities, and every relation that any of them is in."""
        at = {n: i for i, n in enumerate(sorted(names, key=repr))}
        entries: dict[tuple[int, int], float] = defaultdict(float)
        right = np.zeros(len(relations))
        for line, (total, members) in enumerate(relations):
            for member, sign in (*((m, 1.0) for m in members), (total, -1.0)):
                if member in at:
                    entries[line, at[member]] += sign
                else:
                    right[line] -= sign * system.quantities[member].value
        places = np.array(list(entries), dtype=int).reshape(-1, 2).T
        left = csr_array((list(entries.values()), (places[0], places[1])), shape=(len(relations), len(at)))
        left.eliminate_zeros()
        told = np.diff(left.indptr) > 0
        bounds = np.array([(system.quantities[n].least, system.quantities[n].most) for n in at])
        units = np.array([system.quantities[n].need or max(abs(system.quantities[n].value), 1.0) for n in at])
        truth = np.array([system.quantities[n].value for n in at])
        return cls(at, left[told], right[told], bounds, truth, units, {})

    def interval(self, name: Name) -> tuple[tuple[float, float], list[tuple[dict[Name, float], float]]]:
        """The least and greatest value of one of them, and the moves that reach them where a programme was solved; a
        single relation has a closed form."""
        place = self.at[name]
        if not self.left.shape[0]:
            return (float(self.bounds[place, 0]), float(self.bounds[place, 1])), []
        if self.left.shape[0] == 1:
            return _of_one_relation(
                self.left.toarray()[0], self.right[0], self.bounds[:, 0], self.bounds[:, 1], place
            ), []
        if np.isinf(self.bounds).all():
            value = float(self._solution[place])
            return ((value, value) if self._determined[place] else (-np.inf, np.inf)), []
        unit = float(self.units[place])
        ends, found = _of_many_relations(self.left, self.bounds, self.truth, unit, place)
        names = list(self.at)
        moves = [
            ({names[i]: unit * float(move[i]) for i in np.flatnonzero(np.abs(move) > LEAST_MOVE)}, unit)
            for move in found
        ]
        return ends, moves

    @cached_property
    def _determined(self) -> np.ndarray:
        """(quantities,) Whether the relations alone fix a quantity, where nothing bounds any: whether its unit vector
        lies in the row space, which is where its leverage is one. Leverages below one are far below: k over k + 1, for
        a quantity in k relations."""
        _, sizes, rows = np.linalg.svd(self.left.toarray(), full_matrices=False)
        return np.asarray((rows[sizes > 1e-9 * sizes.max()] ** 2).sum(axis=0) > 1 - 1e-6)

    @cached_property
    def _solution(self) -> np.ndarray:
        """(quantities,) A solution of the relations."""
        return np.asarray(np.linalg.lstsq(self.left.toarray(), self.right, rcond=None)[0])


def _of_one_relation(
    line: np.ndarray, right: float, least: np.ndarray, most: np.ndarray, place: int
) -> tuple[float, float]:
    """The interval of x_place where Σ line · x = right and least ≤ x ≤ most, line of −1, 0 and 1."""
    others = np.arange(len(line)) != place
    lowest = float(np.where(line > 0, least, -most)[others & (line != 0)].sum())
    highest = float(np.where(line > 0, most, -least)[others & (line != 0)].sum())
    ends = sorted((line[place] * (right - highest), line[place] * (right - lowest)))
    return max(ends[0], float(least[place])), min(ends[1], float(most[place]))


def _of_many_relations(
    left: csr_array, bounds: np.ndarray, truth: np.ndarray, unit: float, place: int
) -> tuple[tuple[float, float], list[np.ndarray]]:
    """The interval of x_place where left · x = left · truth and bounds[:, 0] ≤ x ≤ bounds[:, 1], and the two moves that
    reach its ends, in units.

    In moves from the truth, which then are never impossible: sums of amounts agree to the last digits of a float, and a
    programme in their values finds no x at all where those digits are larger than its tolerance. In units of what
    x_place needs, and no move further than `FURTHEST` of them: amounts beside each other differ by ten powers of ten.
    """
    # SciPy's other door to HiGHS takes three times as long for what it hands over, and gives the same answer.
    from scipy.optimize import Bounds, LinearConstraint, milp

    room = np.column_stack([np.minimum(bounds[:, 0] - truth, 0.0), np.maximum(bounds[:, 1] - truth, 0.0)])
    room = np.clip(room / unit, -FURTHEST, FURTHEST)
    relations, reach = LinearConstraint(left.tocsc(), 0.0, 0.0), Bounds(room[:, 0], room[:, 1])
    ends, moves = [], []
    for sign, furthest in zip((1.0, -1.0), bounds[place], strict=True):
        aim = np.zeros(left.shape[1])
        aim[place] = sign
        answer = milp(aim, constraints=relations, bounds=reach)
        if answer.x is None:
            raise RuntimeError(f"no answer to a programme that has one: {answer.message}")
        moves.append(answer.x)
        move = float(answer.x[place])
        ends.append(float(truth[place]) + unit * move if abs(move) < FURTHEST else float(furthest))
    return (ends[0], ends[1]), moves
