"""How far each unknown could be: the least and the greatest value that all equations allow.

Belongs here: linear programming. Does not belong here: where the equations come from (`knowledge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import coo_array, csc_array
from scipy.sparse.csgraph import connected_components

from monitor.attack.knowledge import Equations, Row, Unknown

Floats = npt.NDArray[np.float64]
INFEASIBLE = 2
UNBOUNDED = 3
"""HiGHS's answers through `scipy.optimize.milp`, which hands equations over as they are; here nothing is whole"""


def bounds(told: Equations, asked: Sequence[Unknown]) -> dict[Unknown, tuple[float, float]]:
    """The least and greatest value of these unknowns; equal where they are shown.

    What is shown is put in first; what hangs together by the equations that are left is solved by itself. Where the
    equations of one part contradict each other, somebody guessed wrongly: there only those count that are no guess.
    """
    value = np.full(len(told.unknowns), np.nan)
    for row in told.rows:
        if len(row.terms) == 1 and not row.guessed:
            ((unknown, factor),) = row.terms.items()
            value[told.unknowns[unknown]] = row.value / factor
    every = [left for row in told.rows if (left := _left(told, row, value)) is not None]
    whole = _Parts(len(value), every)
    sure: _Parts | None = None
    found: dict[Unknown, tuple[float, float]] = {}
    for unknown in asked:
        place = told.unknowns[unknown]
        if not np.isnan(value[place]):
            found[unknown] = (float(value[place]),) * 2
            continue
        ends = whole.ends(place)
        if ends is None:
            sure = sure or _Parts(len(value), [left for left in every if not left.guessed])
            ends = sure.ends(place)
        found[unknown] = ends or (0.0, np.inf)
    return found


@dataclass(frozen=True)
class _Left:
    """What is left of an equation when everything shown is put in: |Σ factor · column − value| ≤ slack."""

    terms: dict[int, float]
    value: float
    slack: float
    guessed: bool


def _left(told: Equations, row: Row, value: Floats) -> _Left | None:
    columns = {told.unknowns[u]: f for u, f in row.terms.items()}
    terms = {c: f for c, f in columns.items() if np.isnan(value[c])}
    if not terms:
        return None
    known = sum(f * value[c] for c, f in columns.items() if c not in terms)
    return _Left(terms, row.value - known, row.slack, row.guessed)


class _Parts:
    """Equations by what hangs together; each part is made into matrices once."""

    def __init__(self, size: int, lines: Sequence[_Left]) -> None:
        edges = [(min(line.terms), c) for line in lines for c in line.terms]
        rows, columns = zip(*edges, strict=True) if edges else ((), ())
        graph = coo_array((np.ones(len(edges)), (rows, columns)), shape=(size, size))
        self.group = connected_components(graph, directed=False)[1]
        self.lines: dict[int, list[_Left]] = {}
        for line in lines:
            self.lines.setdefault(int(self.group[next(iter(line.terms))]), []).append(line)
        self.programmes: dict[int, tuple[dict[int, int], LinearConstraint]] = {}

    def ends(self, place: int) -> tuple[float, float] | None:
        """The least and greatest value of one unknown; None where the equations contradict each other."""
        group = int(self.group[place])
        if group not in self.lines:
            return 0.0, np.inf
        if group not in self.programmes:
            self.programmes[group] = self._programme(group)
        at, constraint = self.programmes[group]
        found = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(at))
            aim[at[place]] = sign
            answer = milp(aim, constraints=constraint)
            if answer.status == INFEASIBLE:
                return None
            found.append(-sign * np.inf if answer.status == UNBOUNDED else sign * answer.fun)
        return float(found[0]), float(found[1])

    def _programme(self, group: int) -> tuple[dict[int, int], LinearConstraint]:
        at = {int(c): i for i, c in enumerate(np.flatnonzero(self.group == group))}
        own = self.lines[group]
        low, high = (np.array([x.value + sign * x.slack for x in own]) for sign in (-1, 1))
        return at, LinearConstraint(_matrix(own, at), low, high)


def _matrix(lines: Sequence[_Left], at: dict[int, int]) -> csc_array:
    entries = [(i, at[c], f) for i, line in enumerate(lines) for c, f in line.terms.items()]
    row, column, factor = zip(*entries, strict=True)
    return coo_array((factor, (row, column)), shape=(len(lines), len(at))).tocsc()
