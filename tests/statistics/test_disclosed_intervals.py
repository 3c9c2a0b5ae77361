"""What can be worked out of amounts, which add up to the last digits of a float and no further."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.intervals import exposed, intervals
from monitor.statistics.disclosure.system import Quantity, System

SIZE = 4


def two_way(seed: int, largest: float) -> System:
    """Amounts by row and by column, each line one amount; the margins are known. One per cent is protected."""
    rng = np.random.default_rng(seed)
    inside = rng.lognormal(0, 4, (SIZE, SIZE))
    inside *= largest / inside.max()
    system = System()
    for (i, j), value in np.ndenumerate(inside):
        system.quantities[i, j] = Quantity(float(value), width=0.01 * float(value))
        system.shows[i, j], system.cost[i, j] = ((i, j),), float(value)
    for k in range(SIZE):
        # As published: each margin is summed, weighted and rounded by itself.
        system.quantities["row", k] = Quantity(float(inside[k].sum()) * (1 + 1e-12))
        system.quantities["column", k] = Quantity(float(inside[:, k].sum()) * (1 - 1e-12))
        system.relations.append((("row", k), tuple((k, j) for j in range(SIZE))))
        system.relations.append((("column", k), tuple((i, k) for i in range(SIZE))))
        system.known |= {("row", k), ("column", k)}
    return system


@pytest.mark.parametrize("largest", [1e3, 1e7, 1e10])
def test_amounts_that_hide_each_other_are_not_called_exposed(largest: float) -> None:
    """The whole table withheld, no cell is known: also where its sums agree to twelve digits and not to all."""
    system = two_way(1, largest)
    for name, (low, high) in intervals(system, system.shows).items():
        assert low <= system.quantities[name].value <= high
    assert exposed(system, system.shows) == {}


def test_a_large_amount_is_protected_like_a_small_one() -> None:
    """What is thought to be given away already is not protected: one cell of the table alone would stand withheld."""
    chosen = {largest: withheld_rows(two_way(1, largest), {(0, 0)}) for largest in (1e3, 1e10)}
    assert len(chosen[1e3]) >= 4
    assert chosen[1e3] == chosen[1e10]
