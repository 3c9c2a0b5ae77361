"""How far each unknown could be: the least and the greatest value that all equations allow.

Belongs here: linear programming. Does not belong here: where the equations come from (`knowledge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from monitor.attack.knowledge import Equations, Unknown

Floats = npt.NDArray[np.float64]


def bounds(told: Equations, asked: Sequence[Unknown]) -> dict[Unknown, tuple[float, float]]:
    """The least and greatest value of these unknowns; equal where they are shown.

    What is shown is put in first; what hangs together by the equations that are left is solved by itself.
    """
    size = len(told.unknowns)
    value = np.full(size, np.nan)
    for terms, right in told.rows:
        if len(terms) == 1:
            ((unknown, factor),) = terms.items()
            value[told.unknowns[unknown]] = right / factor
    lines: list[tuple[dict[int, float], float]] = []
    for terms, right in told.rows:
        columns = {told.unknowns[u]: f for u, f in terms.items()}
        left = {c: f for c, f in columns.items() if np.isnan(value[c])}
        if left:
            lines.append((left, right - sum(f * value[c] for c, f in columns.items() if c not in left)))
    most = np.full(size, np.inf)
    pairs: list[tuple[int, int]] = []
    for small, large in told.at_most:
        a, b = told.unknowns[small], told.unknowns[large]
        if np.isnan(value[b]):
            pairs.append((a, b))
        else:
            most[a] = min(most[a], value[b])
    group = _groups(size, lines, pairs)
    found: dict[Unknown, tuple[float, float]] = {}
    for unknown in asked:
        place = told.unknowns[unknown]
        if np.isnan(value[place]):
            found[unknown] = _ends(place, group, lines, pairs, value, most)
        else:
            found[unknown] = (float(value[place]),) * 2
    return found


def _groups(size: int, lines: Sequence[tuple[dict[int, float], float]], pairs: Sequence[tuple[int, int]]) -> Floats:
    edges = [(min(left), c) for left, _ in lines for c in left] + list(pairs)
    rows, columns = zip(*edges, strict=True) if edges else ((), ())
    graph = coo_array((np.ones(len(edges)), (rows, columns)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1])


def _ends(
    place: int,
    group: Floats,
    lines: Sequence[tuple[dict[int, float], float]],
    pairs: Sequence[tuple[int, int]],
    value: Floats,
    most: Floats,
) -> tuple[float, float]:
    inside = np.flatnonzero((group == group[place]) & np.isnan(value))
    at = {int(c): i for i, c in enumerate(inside)}
    own = [(left, right) for left, right in lines if next(iter(left)) in at]
    equal = [(i, at[c], f) for i, (left, _) in enumerate(own) for c, f in left.items()]
    close = [(small, large) for small, large in pairs if large in at]
    less = [
        (i, at[c], f) for i, (small, large) in enumerate(close) for c, f in ((small, 1.0), (large, -1.0)) if c in at
    ]
    matrices: dict[str, Any] = {}
    if own:
        matrices |= {"A_eq": _matrix(equal, len(own), len(at)), "b_eq": np.array([right for _, right in own])}
    if less:
        limits = np.array([0.0 if small in at else -value[small] for small, _ in close])
        matrices |= {"A_ub": _matrix(less, len(close), len(at)), "b_ub": limits}
    ends = []
    for sign in (1.0, -1.0):
        aim = np.zeros(len(at))
        aim[at[place]] = sign
        answer = linprog(aim, bounds=np.column_stack([np.zeros(len(at)), most[inside]]), method="highs", **matrices)
        ends.append(sign * answer.fun if answer.status == 0 else (-sign * np.inf if answer.status == 3 else np.nan))
    return ends[0], ends[1]


def _matrix(entries: Sequence[tuple[int, int, float]], rows: int, columns: int) -> coo_array:
    line, column, factor = zip(*entries, strict=True)
    return coo_array((factor, (line, column)), shape=(rows, columns)).tocsr()
