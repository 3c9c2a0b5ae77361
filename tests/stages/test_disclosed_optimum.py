"""What is withheld beside the sensitive cells, against an optimum found without the product.

The programme of Fischetti and Salazar (2001) written out for a table with totals: for every sensitive cell two tables
that agree with the truth wherever a cell is printed, and that differ in the sensitive cell by what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, csr_array, eye_array, hstack, kron, vstack
from test_disclosed_rules import two_way

from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.intervals import exposed

WIDTH = 10.0
Cell = tuple[str, str]


def optimum(truth: Mapping[Cell, float], cost: Mapping[Cell, float], sensitive: set[Cell]) -> set[Cell]:
    """The cells (totals among them) to withhold at the least cost. Variables: x, 0 or 1 for each cell, then for each
    sensitive cell two tables."""
    cells, tables = sorted(truth), 2 * len(sensitive)
    at = {cell: i for i, cell in enumerate(cells)}
    n, value = len(cells), np.array([truth[cell] for cell in cells])
    rows, columns = ({cell[side] for cell in cells} - {"total"} for side in (0, 1))
    sums = np.zeros((len(rows) + len(columns) + 2, n))
    for line, places in enumerate(
        [[(r, c) for c in columns] + [(r, "total")] for r in sorted({*rows, "total"})]
        + [[(r, c) for r in rows] + [("total", c)] for c in sorted({*columns, "total"})]
    ):
        sums[line, [at[place] for place in places]] = 1.0
        sums[line, at[places[-1]]] = -1.0
    most = value[at["total", "total"]]
    each = kron(np.ones((tables, 1)), most * eye_array(n))
    moved = eye_array(tables * n)
    needs = np.zeros((len(sensitive), tables * n))
    for i, cell in enumerate(sorted(sensitive)):
        needs[i, 2 * i * n + at[cell]], needs[i, (2 * i + 1) * n + at[cell]] = 1.0, -1.0
    truths = np.tile(value, tables)
    found = milp(
        np.concatenate([[cost[cell] for cell in cells], np.zeros(tables * n)]),
        integrality=np.concatenate([np.ones(n), np.zeros(tables * n)]),
        bounds=Bounds(np.zeros((tables + 1) * n), np.concatenate([np.ones(n), np.full(tables * n, np.inf)])),
        constraints=[
            LinearConstraint(hstack([csr_array((tables * len(sums), n)), block_diag([sums] * tables)]), 0, 0),
            LinearConstraint(vstack([hstack([each, moved]), hstack([each, -moved])]), np.append(truths, -truths)),
            LinearConstraint(hstack([csr_array((len(sensitive), n)), csr_array(needs)]), WIDTH),
        ],
    )
    assert found.success
    return {cell for cell in cells if found.x[at[cell]] > 0.5}


@pytest.mark.parametrize(("seed", "shape"), [(0, (3, 4)), (1, (4, 4)), (2, (4, 5))])
def test_hardly_more_is_withheld_than_at_the_optimum(seed: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    values = {(f"r{i}", f"c{j}"): int(rng.integers(12, 80)) for i in range(shape[0]) for j in range(shape[1])}
    for cell in sorted(values)[:: len(values) // 2]:
        values[cell] = int(rng.integers(1, 9))
    system, sensitive = two_way(values, WIDTH)
    chosen = withheld_rows(system, set(sensitive))
    best = optimum({cell: q.value for cell, q in system.quantities.items()}, system.cost, sensitive)
    assert sensitive <= best
    assert not exposed(system, best, sensitive)
    assert not exposed(system, chosen, sensitive)
    assert len(chosen) <= 1.2 * len(best)
    assert sum(system.cost[cell] for cell in chosen) <= 1.2 * sum(system.cost[cell] for cell in best)
