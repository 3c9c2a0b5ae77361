"""Disclosure control: each rule on one cell at its boundary, and the cheapest safe pattern of a table with totals."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from monitor.stages import disclosed
from monitor.stages.disclosed import peers
from monitor.statistics.disclosure import intervals as attacker
from monitor.statistics.disclosure import primary
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.intervals import exposed, intervals
from monitor.statistics.disclosure.system import Quantity, System
from monitor.survey import Disclosure


@pytest.mark.parametrize(("firms", "withheld"), [(9, True), (10, False), (11, False), (0, True), (None, True)])
def test_minimum_count_at_its_boundary(firms: int | None, withheld: bool) -> None:
    assert primary.too_few([firms], 10).tolist() == [withheld]


@pytest.mark.parametrize(
    ("events", "firms", "withheld"),
    [(0, 40, True), (2, 40, True), (3, 40, False), (37, 40, False), (38, 40, True), (40, 40, True)],
)
def test_a_group_that_answers_alike_is_withheld(events: int, firms: int, withheld: bool) -> None:
    assert primary.alike([events], [firms]).tolist() == [withheld]


@pytest.mark.parametrize(
    ("amounts", "withheld", "why"),
    [
        ([100, 40, 10], False, "the rest is exactly 10 per cent of the largest"),
        ([100, 40, 9.9], True, "the second firm knows the first to within 10 per cent"),
        ([50, 30, 20], False, "exactly half is not more than half"),
        ([50.1, 30, 19.9], True, "one firm holds more than half"),
        ([0, 0, 0], False, "nothing to disclose"),
        ([5], True, "one firm alone"),
    ],
)
def test_p_per_cent_and_dominance(amounts: list[float], withheld: bool, why: str) -> None:
    dominance = 0.5 if "half" in why or "alone" in why else 1.0
    assert primary.one_firm_too_large(amounts, 10.0, dominance) is withheld, why


@pytest.mark.parametrize(
    ("domain", "n", "routed", "told"),
    [
        ("all", 400, 0, True), ("all", 400, 9, False), ("all", 400, 10, True), ("all", 400, 391, False),
        ("all", 400, 390, True), ("all", 400, 400, True), ("sector", 400, 100, False),
    ],
)  # fmt: skip
def test_those_routed_past_are_told_where_neither_they_nor_the_others_are_few(
    domain: str, n: int, routed: int, told: bool
) -> None:
    lines = pd.DataFrame({"domain_variable": [domain], "n": [n], "n_routed": [routed]})
    assert disclosed.without_few_routed(lines, 10)["n_routed"].notna().all() == told


@pytest.mark.parametrize(
    ("answers", "shown", "why"),
    [
        ([90, 98, 101, 102, 104], 100, "three answers round to it"),
        ([90, 97, 100, 119, 130], 110, "the mean of three"),
        ([20, 90, 100, 110, 160], 96, "the mean of five, for that of three is one firm's answer"),
        ([80, 90, 100, 120, 130], None, "both means are 100, which one firm alone gave"),
        ([0, 0, 100, 1000, 1010], None, "in the mean of three one firm holds nearly all, in that of five two do"),
    ],
)
def test_a_quantile_is_no_single_firms_answer(answers: list[float], shown: float | None, why: str) -> None:
    values = np.array(answers, dtype=float)
    assert peers.of_several(values, len(values) // 2, Disclosure()) == shown, why


@pytest.mark.parametrize(("heavy", "shown"), [(1.0, True), (100.0, False)])
def test_a_quantile_needs_firms_on_either_side_and_not_weight_alone(heavy: float, shown: bool) -> None:
    """The fifth of forty firms stands for more than half of them: four lie under the median."""
    part = pd.DataFrame({"value": np.arange(1000.0, 1040.0), "weight": 1.0})
    part.loc[4, "weight"] = heavy
    found = peers._quantiles(part, Disclosure(), 1.0)
    assert (found["median"] is not None) is shown
    assert (found["p25"] is not None) is shown


# --- a table with totals -------------------------------------------------------------------------------------------


def two_way(values: Mapping[tuple[str, str], int], width: float) -> tuple[System, set[tuple[str, str]]]:
    """A two-way table of counts with row and column totals; counts under 10 are sensitive."""
    system, sensitive = System(), set()
    rows, columns = sorted({r for r, _ in values}), sorted({c for _, c in values})
    full = dict(values)
    for r in rows:
        full[r, "total"] = sum(values[r, c] for c in columns)
    for c in columns:
        full["total", c] = sum(values[r, c] for r in rows)
    full["total", "total"] = sum(values.values())
    for cell, value in full.items():
        few = 0 < value < 10
        system.quantities[cell] = Quantity(float(value), width=width if few else 0.0)
        system.shows[cell] = (cell,)
        system.cost[cell] = float(value) * (1000 if "total" in cell else 1)
        if few:
            sensitive.add(cell)
    for r in [*rows, "total"]:
        system.relations.append(((r, "total"), tuple((r, c) for c in columns)))
    for c in [*columns, "total"]:
        system.relations.append((("total", c), tuple((r, c) for r in rows)))
    return system, sensitive


def test_one_withheld_cell_takes_three_more_with_it() -> None:
    values = {("a", "x"): 4, ("a", "y"): 20, ("a", "z"): 90, ("b", "x"): 30, ("b", "y"): 25, ("b", "z"): 70}
    system, sensitive = two_way(values, 10.0)
    assert exposed(system, sensitive), "alone it can be worked out from a total"
    chosen = withheld_rows(system, set(sensitive))
    assert chosen == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}
    assert not exposed(system, chosen, sensitive)


@pytest.mark.parametrize("seed", range(6))
def test_the_pattern_is_the_cheapest_safe_one(seed: int) -> None:
    """Against every pattern there is, on small tables."""
    rng = np.random.default_rng(seed)
    values = {
        (r, c): int(v) for (r, c), v in zip(((r, c) for r in "ab" for c in "xyz"), rng.integers(12, 60, 6), strict=True)
    }
    values["ab"[seed % 2], "xyz"[seed % 3]] = int(rng.integers(1, 9))
    system, sensitive = two_way(values, 10.0)
    chosen = withheld_rows(system, set(sensitive))
    inner = [cell for cell in system.shows if "total" not in cell and cell not in sensitive]
    patterns = chain.from_iterable(combinations(inner, k) for k in range(len(inner) + 1))
    safe = [set(p) | sensitive for p in patterns if not exposed(system, set(p) | sensitive, sensitive)]
    cheapest = min(sum(system.cost[cell] for cell in pattern) for pattern in safe)
    assert not exposed(system, chosen, sensitive)
    assert sum(system.cost[cell] for cell in chosen) <= cheapest * 1.01 + 1e-9


def test_the_closed_form_is_the_linear_programme() -> None:
    values = {("a", "x"): 4, ("a", "y"): 20, ("a", "z"): 90, ("b", "x"): 30, ("b", "y"): 25, ("b", "z"): 70}
    system, _ = two_way(values, 10.0)
    withheld = {("a", "x"), ("a", "y"), ("a", "z")}
    one_relation = intervals(System(system.quantities, [system.relations[0]], system.shows, system.cost), withheld)
    bounds = np.array([[0.0, np.inf]] * 3)
    general, _ = attacker._of_many_relations(csr_array(np.ones((1, 3))), bounds, np.array([4.0, 20.0, 90.0]), 10.0, 0)
    assert one_relation["a", "x"] == pytest.approx((0.0, 114.0))
    assert general == pytest.approx((0.0, 114.0))


def test_what_an_earlier_release_showed_hides_nothing_any_more() -> None:
    values = {("a", "x"): 4, ("a", "y"): 20, ("a", "z"): 90, ("b", "x"): 30, ("b", "y"): 25, ("b", "z"): 70}
    system, sensitive = two_way(values, 10.0)
    system.known.add(("a", "y"))
    chosen = withheld_rows(system, set(sensitive))
    assert not exposed(system, chosen, sensitive)
    assert ("a", "z") in chosen
