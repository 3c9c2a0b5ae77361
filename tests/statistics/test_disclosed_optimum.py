"""Complementary suppression held against an optimum found another way, with no code in common.

The other way is the textbook's (Fischetti & Salazar 2001, Management Science 47, section 4): a master problem chooses
cells; the attacker's linear programme, solved for every sensitive cell, either finds the choice safe or gives, by its
dual solution, an inequality that every safe choice satisfies and this one does not (Benders 1962). No registry has
sdcTable or tau-argus, so the method is written out here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from monitor.statistics.disclosure import complementary
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.system import Quantity, System

Cell = tuple[str, ...]
Table = tuple[Mapping[Cell, int], Sequence[tuple[Cell, tuple[Cell, ...]]]]
"""(cell -> count, [(total, what adds up to it)])"""

LEAST, MOST_LOST = 10, 1.2
TOTAL = "total"


def crossed(seed: int, *codes: Sequence[str], nested: Mapping[str, Sequence[str]] | None = None) -> Table:
    """A table of counts over all combinations of codes, with every margin; a `nested` code stands for some others of
    the first variable. Some combinations are of few firms."""
    rng = np.random.default_rng(seed)
    inner = list(product(*codes))
    drawn = rng.integers(12, 90, len(inner))
    drawn[rng.choice(len(inner), 4, replace=False)] = rng.integers(1, LEAST, 4)
    counts = dict(zip(inner, map(int, drawn), strict=True))
    relations = []
    groups = {**(nested or {}), TOTAL: tuple(nested) if nested else tuple(codes[0])}
    for place in range(len(codes)):
        wholes = groups if place == 0 else {TOTAL: codes[place]}
        for whole, parts in wholes.items():
            others = [sorted({cell[i] for cell in counts}) for i in range(len(codes)) if i != place]
            for rest in product(*others):
                total = (*rest[:place], whole, *rest[place:])
                members = tuple((*rest[:place], part, *rest[place:]) for part in parts)
                counts[total] = sum(counts[member] for member in members)
                relations.append((total, members))
    return counts, relations


def optimum(table: Table, cost: Mapping[Cell, float]) -> set[Cell]:
    """The cheapest cells to withhold, by cutting planes."""
    counts, relations = table
    cells = sorted(counts)
    place = {cell: i for i, cell in enumerate(cells)}
    true = np.array([counts[cell] for cell in cells], dtype=float)
    matrix = np.zeros((len(relations), len(cells)))
    for line, (total, members) in enumerate(relations):
        matrix[line, place[total]] = -1.0
        matrix[line, [place[member] for member in members]] = 1.0
    sensitive = [i for i, count in enumerate(true) if 0 < count < LEAST]
    down, up = true, np.full(len(cells), true.max())
    lower = np.zeros(len(cells))
    lower[sensitive] = 1.0
    prices = np.array([cost[cell] for cell in cells])
    cuts: list[np.ndarray] = []
    while True:
        found = milp(
            prices,
            constraints=[LinearConstraint(np.array(cuts), LEAST, np.inf)] if cuts else [],
            bounds=Bounds(lower, np.ones(len(cells))),
            integrality=np.ones(len(cells)),
            options={"mip_rel_gap": 0.0},
        )
        assert found.status == 0, found.message
        chosen = np.round(found.x)
        new = [cut for i in sensitive if (cut := violated(matrix, i, chosen, down, up)) is not None]
        if not new:
            return {cell for cell, y in zip(cells, chosen, strict=True) if y}
        cuts += new


def violated(
    matrix: np.ndarray, sensitive: int, chosen: np.ndarray, down: np.ndarray, up: np.ndarray
) -> np.ndarray | None:
    """The inequality Σ c·y ≥ LEAST that a choice fails for a sensitive cell; None where it hides the cell well enough.

    The attacker's most and least possible value of the cell, as moves from the truth: max (u − v) of the cell with
    matrix · u = matrix · v = 0 and −down·y ≤ u, v ≤ up·y. Its optimum is linear in y by the dual of the bounds.
    """
    n = matrix.shape[1]
    aim = np.zeros(2 * n)
    aim[sensitive], aim[n + sensitive] = -1.0, 1.0
    both = np.block([[matrix, np.zeros_like(matrix)], [np.zeros_like(matrix), matrix]])
    ends = np.column_stack([np.tile(-down * chosen, 2), np.tile(up * chosen, 2)])
    answer = linprog(aim, A_eq=both, b_eq=np.zeros(len(both)), bounds=ends, method="highs")
    assert answer.status == 0, answer.message
    if -answer.fun >= LEAST - 1e-6:
        return None
    gained = -answer.upper.marginals * np.tile(up, 2) + answer.lower.marginals * np.tile(down, 2)
    worth = np.minimum(gained[:n] + gained[n:], LEAST)
    assert worth @ chosen < LEAST, "the inequality cuts this choice off"
    return np.asarray(worth)


def ours(table: Table, cost: Mapping[Cell, float]) -> set[Cell]:
    """What the monitor withholds of the table."""
    counts, relations = table
    system = System(relations=[(total, tuple(members)) for total, members in relations], cost=dict(cost))
    few = {cell for cell, count in counts.items() if 0 < count < LEAST}
    for cell, count in counts.items():
        system.quantities[cell] = Quantity(float(count), width=float(LEAST) if cell in few else 0.0)
        system.shows[cell] = (cell,)
    return withheld_rows(system, few)


ROWS, COLUMNS = "abcde", "uvwxyz"
TABLES: Mapping[str, Callable[[], Table]] = {
    "two-way": lambda: crossed(1, ROWS, COLUMNS),
    "nested": lambda: crossed(2, "abcdef", "wxyz", nested={"north": "abc", "south": "def"}),
    "three-way": lambda: crossed(3, "ab", "uvw", "xyz"),
}


@pytest.mark.slow
@pytest.mark.parametrize("exact", [True, False], ids=["one programme", "one cell after the other"])
@pytest.mark.parametrize("named", TABLES)
def test_hardly_more_is_withheld_than_the_optimum(named: str, exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells, where every cell costs the same; firms in them, where a cell costs its firms."""
    if not exact:
        monkeypatch.setattr(complementary, "programme_size", 0)
    table = TABLES[named]()
    for cost in (dict.fromkeys(table[0], 1.0), {cell: float(count) for cell, count in table[0].items()}):
        best, found = optimum(table, cost), ours(table, cost)
        few = {cell for cell, count in table[0].items() if 0 < count < LEAST}
        assert few < best
        assert few <= found
        assert sum(map(cost.get, found)) <= MOST_LOST * sum(map(cost.get, best)), (len(found), len(best))
        assert sum(map(cost.get, found)) >= 0.99 * sum(map(cost.get, best)), "nothing safe is cheaper"


def test_the_optimum_is_that_of_every_pattern_there_is() -> None:
    """The cutting planes against trying all sets of cells of a table of two by three."""
    table = crossed(4, "ab", "uvw")
    table = ({cell: 40 if count < LEAST else count for cell, count in table[0].items() if TOTAL not in cell}, table[1])
    counts = dict(table[0]) | {("a", "u"): 4}
    for total, members in table[1]:
        counts[total] = sum(counts[member] for member in members)
    cost = {cell: float(count) * (100 if TOTAL in cell else 1) for cell, count in counts.items()}
    found = optimum((counts, table[1]), cost)
    assert len(found) == 4
    inner = [cell for cell in counts if TOTAL not in cell]
    squares = [
        {("a", "u"), ("b", "u"), ("a", other), ("b", other)}
        for other in "vw"
        if {("a", other), ("b", other)} <= {*inner}
    ]
    assert sum(map(cost.get, found)) == min(sum(map(cost.get, square)) for square in squares)
