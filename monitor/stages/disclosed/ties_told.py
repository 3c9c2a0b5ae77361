"""Which ties that firms make between initiatives, themes and kinds may be told.

Belongs here: who takes part in what, and the ties that tell of no few firms, alone, beside each other or beside an
earlier release. Does not belong here: how many firms of the population a tie stands for (`ties_estimated`), the tables
(`network`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import combinations, permutations
from typing import Any

from monitor.contract.network import OF_FIRMS
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.system import Quantity, System
from monitor.survey import Survey

Tie = tuple[str, str]
Cell = tuple[object, ...]
Combination = tuple[frozenset[str], ...]
"""The nodes that a firm is in, of each network that is looked at together"""

TOGETHER = (("kinds", "themes"), ("initiatives",))
"""Networks whose ties could tell of each other"""


@dataclass(frozen=True)
class Counted:
    """A wave's firms by what they take part in: every number of them that a tie could tell of."""

    firms: Mapping[frozenset[str], int]
    """Initiatives as answered -> the firms that answered just these"""
    node: Mapping[str, Mapping[str, str]]
    """Network -> initiative as answered -> its node"""

    def nodes(self, network: str, answered: Iterable[str]) -> frozenset[str]:
        """The nodes of a network that a firm with these initiatives takes part in."""
        node = self.node[network]
        return frozenset(node[code] for code in answered if code in node)

    @cached_property
    def within(self) -> dict[str, Counter[frozenset[str]]]:
        """Network -> nodes that firms are in together -> the firms in just these."""
        return {network: self._by(partial(self.nodes, network)) for network in OF_FIRMS}

    def combinations(self, networks: Sequence[str]) -> Counter[Combination]:
        """The nodes of several networks that firms are in -> the firms in just these."""
        return self._by(lambda answer: tuple(self.nodes(network, answer) for network in networks))

    def number(self, network: str, all_of: Collection[str], none_of: Collection[str] = ()) -> int:
        """The firms in all of these nodes and in none of those."""
        places = self.within[network].items()
        return sum(n for nodes, n in places if nodes >= {*all_of} and not nodes & {*none_of})

    def _by(self, of: Callable[[frozenset[str]], Any]) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for answer, n in self.firms.items():
            found[of(answer)] += n
        return found


def counted(survey: Survey, wave: str, answers: Iterable[Iterable[str] | None]) -> Counted:
    """A wave's firms, from the initiatives that each answered; without those that take part in none. What went on in
    another initiative counts as that one, in its theme and kind."""
    told = Counter(frozenset(map(str, answer)) for answer in answers if answer is not None)
    stands = survey.register.standing_for(survey.waves[wave])
    return Counted(
        {answer: n for answer, n in told.items() if answer},
        {
            "initiatives": {code: row.code for code, row in stands.items()},
            "themes": {code: row.theme for code, row in stands.items() if row.theme},
            "kinds": {code: row.kind for code, row in stands.items()},
        },
    )


@dataclass(frozen=True)
class Shown:
    """What earlier releases told of a wave's ties."""

    ties: Mapping[str, Mapping[Tie, int]] = field(default_factory=dict)
    """Network -> ties of the newest that told any -> the firms in both"""
    ever: Collection[tuple[str, Tie, int]] = ()
    """Network, tie and firms of every release"""


def told(firms: Counted, least: int, shown: Shown = Shown()) -> dict[str, dict[Tie, int]]:
    """Network -> the ties that may be told -> the firms in both.

    A tie is told where at least `least` firms are in both, and at least as many in either end without the other: what
    is left of an end is a cell like any other. Then as few as possible go until, from what is left, nobody can work out
    a number of one to `least` - 1 firms more narrowly than `least`: those in two nodes, in one without the other, in
    three at once, in a single one. Whoever tries is taken to know which combinations of nodes there are among the
    firms, how many firms take part at all, and how many in each node of at least `least`, whether printed or not: so
    no table of participants opens what is withheld here. What an earlier release showed hides nothing any more, and a
    tie that it withheld goes on hiding what it hid.
    """
    found: dict[str, dict[Tie, int]] = {name: {} for name in OF_FIRMS}
    for networks in TOGETHER:
        system = _system(firms, networks, least)
        system.known |= {row for row in system.shows if (*row, int(system.quantities[row].value)) in shown.ever}
        hid = {row for row in system.shows if row[0] in shown.ties and row[1] not in shown.ties[row[0]]}
        for network, tie in sorted(system.shows.keys() - withheld_rows(system, set(), hid)):
            found[network][tie] = firms.number(network, tie)
    return found


def _system(firms: Counted, networks: Sequence[str], least: int) -> System:
    """Every number of firms that a tie of these networks could tell of; its rows are the ties that are no small number
    themselves."""
    system, places = System(), sorted(firms.combinations(networks).items(), key=lambda x: [sorted(y) for y in x[0]])
    for place, count in places:
        system.quantities["in", place] = Quantity(float(count))

    def cell(name: Cell, at: int, all_of: Collection[str], none_of: Collection[str] = ()) -> int:
        inside = [(p, n) for p, n in places if p[at] >= {*all_of} and not p[at] & {*none_of}]
        count = sum(n for _, n in inside)
        few = 0 < count < least
        system.quantities[name] = Quantity(float(count), width=float(least) if few else 0.0)
        system.relations.append((name, tuple(("in", p) for p, _ in inside)))
        if few:
            system.implied.add(name)
        return count

    cell(("everyone",), 0, ())
    system.known.add(("everyone",))
    for at, network in enumerate(networks):
        nodes = sorted(set().union(*(place[at] for place, _ in places)))
        for node in nodes:
            if cell((network, node), at, [node]) >= least:
                system.known.add((network, node))
            cell((network, "only", node), at, [node], {*nodes} - {node})
        for tie in combinations(nodes, 2):
            both = cell((network, tie), at, tie)
            left = [cell((network, "left", one, other), at, [one], [other]) for one, other in permutations(tie)]
            if both >= least and min(left) >= least:
                system.shows[network, tie], system.cost[network, tie] = ((network, tie),), float(both)
        present = {three for place, _ in places for three in combinations(sorted(place[at]), 3)}
        for three in sorted(present):
            cell((network, "three", *three), at, three)
    # Without a tie that could be told there is nothing to decide.
    return system if system.shows else System()


def moved_by_few(now: Counted, then: Counted, ties: Iterable[tuple[str, Tie]], least: int) -> bool:
    """Whether one to `least` - 1 firms more or fewer are in both ends of a tie that both releases tell, in an end of
    it, or in an end without the other: one release less the other would tell of them."""
    return any(
        0 < abs(now.number(network, *asked) - then.number(network, *asked)) < least
        for network, (one, other) in ties
        for asked in (((one, other), ()), ((one,), ()), ((other,), ()), ((one,), (other,)), ((other,), (one,)))
    )
