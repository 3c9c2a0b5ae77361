"""What else must be withheld so that nobody can work out a sensitive cell: complementary suppression.

Belongs here: the cheapest safe pattern over a system of tables with totals (SciPy's HiGHS). Does not belong here: what
such a system is (`system`), the attack that tries to undo a pattern (`intervals`), which cells are sensitive
(`primary`) or what they mean.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import numpy as np

from monitor.statistics.disclosure.intervals import Attacker
from monitor.statistics.disclosure.system import Name, Quantity, System, Ties, tied_by

programme_size = 2_000
"""Moves in an exact programme (protected quantities times what each is tied to) beyond which it takes too long"""
search_nodes = 2_000
"""Nodes of the search tree after which the best pattern found so far is taken"""


def withheld_rows(
    system: System, primary: set[Name], before: Iterable[Name] = (), attacker: Attacker | None = None
) -> set[Name]:
    """The cheapest set of rows, containing `primary`, after which every protected quantity keeps its interval.

    Exact cell suppression as a mixed integer programme (Fischetti & Salazar 2001): a quantity may move by δ only where
    it is hidden, Σ parts δ = δ of the total, and for each protected quantity there are moves up and down that together
    make its interval as wide as declared. Where no pattern does it, whole tables are withheld until one does.

    Rows withheld `before` stay withheld while what they hide hangs together with a protected quantity: shown now, they
    would tell what they hid then. The pattern is only added to, so it is the same where nothing about it changed.

    What the system's `attacker` found out serves the next question too.
    """
    chosen, last, attacker = set(primary), set(before), attacker or Attacker(system)
    for part in system.parts():
        inside = primary & set(part.shows)
        if inside or part.implied:
            chosen |= _solve(part, attacker, inside | _still_hiding(part, inside, last & set(part.shows)))
    return chosen


def _still_hiding(system: System, primary: set[Name], before: set[Name]) -> set[Name]:
    """The rows withheld before that hide something tied, through what is hidden, to a protected quantity."""
    hidden = system.hidden(primary | before)
    find = tied_by(system, hidden)
    wanted = {find(name) for name in system.protected(primary) if name in hidden}
    return {row for row in before if any(n in hidden and find(n) in wanted for n in system.shows[row])}


def _solve(part: System, attacker: Attacker, primary: set[Name]) -> set[Name]:
    """One connected part. The attack is tried first: where the primary cells protect each other, nothing is added.

    What stays exposed with everything withheld was given away by an earlier release; nothing is withheld for its sake.
    """
    protected = part.protected(primary)
    if not any(attacker.exposed(part.hidden(primary), protected)):
        return set(primary)
    given_away = {name for name, _ in attacker.exposed(part.hidden(part.shows), protected)}
    protected = [name for name in protected if name not in given_away]
    if given_away and not any(attacker.exposed(part.hidden(primary), protected)):
        return set(primary)
    ties = part.tables()
    small = sum(len(ties[name]) for name in protected) <= programme_size
    pattern = _programme(part, ties, primary, protected) if small else None
    if pattern is None or any(attacker.exposed(part.hidden(pattern), protected)):
        pattern = _one_by_one(part, attacker, ties, primary, protected)
    return pattern


def _one_by_one(
    part: System, attacker: Attacker, ties: Ties, primary: set[Name], protected: Sequence[Name]
) -> set[Name]:
    """A safe pattern for large systems: the cheapest rows for one exposed quantity after the other.

    What is withheld for one costs nothing for the next (Kelly, Golden & Assad 1992, Networks 22). Rows that the whole
    pattern turns out not to need are shown again, the dearest first.
    """
    pattern = set(primary)
    neediest = sorted(protected, key=lambda n: (-part.quantities[n].need, repr(n)))
    while found := next(attacker.exposed(part.hidden(pattern), neediest), None):
        more = _programme(part, ties, pattern, [found[0]])
        if more is None or more <= pattern:
            return set(part.shows)
        pattern |= more
    added = sorted(pattern - primary, key=lambda r: (-part.cost[r], repr(r)))
    return pattern - _spare(part, attacker, pattern, protected, added)


def spare_rows(
    system: System,
    withheld: Iterable[Name],
    primary: set[Name],
    rows: Iterable[Name],
    attacker: Attacker | None = None,
) -> set[Name]:
    """Those of these withheld rows that protect nothing: all of them shown, no protected quantity is exposed anew."""
    gone, asked, found, attacker = set(withheld), set(rows), set[Name](), attacker or Attacker(system)
    for part in system.parts():
        if candidates := sorted(asked & set(part.shows), key=repr):
            inside = set(part.shows)
            found |= _spare(part, attacker, gone & inside, part.protected(primary & inside), candidates)
    return found


def _spare(
    part: System, attacker: Attacker, pattern: set[Name], protected: Sequence[Name], rows: Iterable[Name]
) -> set[Name]:
    """`spare_rows` of one part, tried one after the other in this order."""
    already = {name for name, _ in attacker.exposed(part.hidden(pattern), protected)}
    safe, spare, tried = [name for name in protected if name not in already], set[Name](), list(rows)

    def hide_nothing(shown: set[Name]) -> bool:
        return not any(attacker.exposed(part.hidden(pattern - shown), safe))

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
    lines: list[int] = []
    columns: list[int] = []
    factors: list[float] = []
    low: list[float] = []
    high: list[float] = []

    def constraint(terms: Sequence[tuple[int, float]], least: float, most: float) -> None:
        for column, factor in terms:
            lines.append(len(low))
            columns.append(column)
            factors.append(factor)
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
