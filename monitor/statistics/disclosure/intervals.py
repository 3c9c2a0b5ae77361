"""What an attacker can work out of a system of which some rows are withheld.

Belongs here: the least and greatest value of what is hidden, by linear programming, and which protected quantities are
known too narrowly. Does not belong here: what else must be withheld for that (`complementary`).

An attacker knows the relations, every shown quantity, and the least and greatest value each can have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from monitor.statistics.disclosure.system import Name, System, tied_by

FURTHEST = 1e4
"""How many times what a quantity needs it can move before that counts as without end"""


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
    find = tied_by(system, hidden)
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
    """Hidden quantities that hang together: left · x = right, bounds[:, 0] ≤ x ≤ bounds[:, 1]. The truth is one."""

    at: Mapping[Name, int]
    left: np.ndarray
    right: np.ndarray
    bounds: np.ndarray
    truth: np.ndarray
    units: np.ndarray
    """(quantities,) What a move of each is measured in where it is asked for: what it needs, or else its size"""

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
        units = np.array([system.quantities[n].need or max(abs(system.quantities[n].value), 1.0) for n in at])
        return cls(at, left[told], right[told], bounds, np.array([system.quantities[n].value for n in at]), units)

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
        return _of_many_relations(self.left, self.bounds, self.truth, float(self.units[place]), place)

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


def _of_many_relations(
    left: np.ndarray, bounds: np.ndarray, truth: np.ndarray, unit: float, place: int
) -> tuple[float, float]:
    """The interval of x_place where left · x = left · truth and bounds[:, 0] ≤ x ≤ bounds[:, 1].

    In moves from the truth, which then are never impossible: sums of amounts agree to the last digits of a float, and a
    programme in their values finds no x at all where those digits are larger than its tolerance. In units of what
    x_place needs, and no move further than `FURTHEST` of them: amounts beside each other differ by ten powers of ten.
    """
    from scipy.optimize import linprog

    room = np.column_stack([np.minimum(bounds[:, 0] - truth, 0.0), np.maximum(bounds[:, 1] - truth, 0.0)])
    room = np.clip(room / unit, -FURTHEST, FURTHEST)
    ends = []
    for sign, furthest in zip((1.0, -1.0), bounds[place], strict=True):
        aim = np.zeros(left.shape[1])
        aim[place] = sign
        answer = linprog(aim, A_eq=left, b_eq=np.zeros(len(left)), bounds=room, method="highs")
        if answer.x is None:
            raise RuntimeError(f"no answer to a programme that has one: {answer.message}")
        move = float(answer.x[place])
        ends.append(float(truth[place]) + unit * move if abs(move) < FURTHEST else float(furthest))
    return ends[0], ends[1]


def exposed(
    system: System, withheld: Iterable[Name], primary: Iterable[Name] | None = None
) -> dict[Name, tuple[float, float]]:
    """The protected quantities that an attacker can pin more narrowly than declared, with the interval reached."""
    return dict(exposed_ones(system, withheld, primary))


def exposed_ones(
    system: System, withheld: Iterable[Name], primary: Iterable[Name] | None
) -> Iterator[tuple[Name, tuple[float, float]]]:
    """`exposed`, one after the other."""
    gone = set(withheld)
    protected = system.protected(gone if primary is None else set(primary))
    for name, ends in _worked_out(system, gone, protected):
        if not (ends[1] - ends[0] >= system.quantities[name].need * (1 - 1e-6)):
            yield name, ends
