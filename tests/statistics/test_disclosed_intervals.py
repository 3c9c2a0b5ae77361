"""What can be worked out of amounts, which add up to the last digits of a float and no further."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.intervals import Attacker, exposed, intervals
from monitor.statistics.disclosure.system import Quantity, System

pytestmark = pytest.mark.slow

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


# --- what is remembered -----------------------------------------------------------------------------------------------


def patterns(system: System, seed: int, count: int) -> list[set[object]]:
    """Hidden quantities, a pattern after the other: more and more, fewer and fewer, and any."""
    rng = np.random.default_rng(seed)
    rows = sorted(system.shows, key=repr)
    order = rng.permutation(len(rows))
    growing = [{rows[i] for i in order[:size]} for size in range(1, len(rows) + 1)]
    drawn = [{row for row in rows if rng.random() < 0.6} for _ in range(count)]
    return [system.hidden(gone) for gone in (*growing, *growing[::-1], *drawn)]


@pytest.mark.parametrize("largest", [1e3, 1e10])
@pytest.mark.parametrize("seed", range(6))
def test_who_remembers_finds_what_anyone_finds(seed: int, largest: float) -> None:
    """The same cells exposed, at the same intervals, in whatever order patterns are tried."""
    system = two_way(seed, largest)
    attacker, protected = Attacker(system), system.protected(set(system.shows))
    some = False
    for hidden in patterns(system, seed, 20):
        found = dict(attacker.exposed(hidden, protected))
        assert found == dict(Attacker(system).exposed(hidden, protected))
        some |= 0 < len(found) < len(protected)
    assert some, "some patterns hide some cells"


def test_a_move_too_coarse_for_a_small_amount_does_not_call_it_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small amount can move by 0.1, and needs 1. A programme in units of 100,000,000 moves it by ten, and by its own
    tolerance has not moved it at all."""

    def inexact(aim: np.ndarray, **programme: object) -> optimize.OptimizeResult:
        answer = solve(aim, **programme)
        answer.x = answer.x - 1e-7 * aim.sum()
        return answer

    solve = optimize.milp
    monkeypatch.setattr(optimize, "milp", inexact)
    quantities = {
        "small": Quantity(100.0, width=1.0), "beside": Quantity(50.0, 49.95, 50.05),
        "large": Quantity(1e10, width=1e8), "other": Quantity(1e10), "two": Quantity(150.0), "all": Quantity(2e10 + 50),
    }  # fmt: skip
    relations = [("two", ("small", "beside")), ("all", ("beside", "large", "other"))]
    system = System(quantities, relations, known={"two", "all"})
    attacker, hidden = Attacker(system), system.hidden(())
    assert not any(attacker.exposed(hidden, ["large"]))
    assert [name for name, _ in attacker.exposed(hidden, ["small"])] == ["small"]


def test_what_other_programmes_told_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of counts that all need the same, few programmes show all safe; the same pattern again takes none, and one cell
    more withheld none either."""
    asked = 0

    def counting(*arguments: object, **options: object) -> optimize.OptimizeResult:
        nonlocal asked
        asked += 1
        return solve(*arguments, **options)

    solve = optimize.milp
    monkeypatch.setattr(optimize, "milp", counting)
    system = two_way(3, 1e3)
    for quantity in system.quantities.values():
        quantity.value, quantity.width = 20.0, 10.0
    for k in range(SIZE):
        system.quantities["row", k].value = system.quantities["column", k].value = 20.0 * SIZE
    attacker, protected = Attacker(system), system.protected(set(system.shows))
    shown = sorted(system.shows)[0]
    hidden = system.hidden(set(system.shows) - {shown})
    assert not any(attacker.exposed(hidden, [name for name in protected if name != shown]))
    assert 0 < asked < SIZE**2 - 1, "two programmes a cell, where nothing is remembered"
    before = asked
    assert not any(attacker.exposed(hidden | {shown}, [name for name in protected if name != shown]))
    assert asked == before
