"""Indicators and changes as a linear system of cells, and the rows of it that are withheld.

Belongs here: which published lines show which quantities, what adds up to what, why a line is sensitive.
Does not belong here: solving the system (`complementary`).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.stages.disclosed import sets
from monitor.stages.disclosed.contributions import WaveFirms, contributions, largest
from monitor.statistics.disclosure import primary
from monitor.statistics.disclosure.complementary import spare_rows, withheld_rows
from monitor.statistics.disclosure.intervals import Attacker, exposed
from monitor.statistics.disclosure.system import Name, Quantity, System
from monitor.survey import Survey

total_cost = 1_000.0
"""How many times dearer it is to withhold a table's total than a cell of the same size"""

Row = tuple[str, str, str, str]
"""(wave, indicator, domain variable, domain)"""

Overlap = tuple[str, str, str, str, str]
"""(indicator, domain variable, domain, earlier wave, later wave): a line of `changes`"""


class Since(NamedTuple):
    """What earlier releases have shown of the firms of two waves."""

    moved: Collection[Overlap] = ()
    """Lines that too few firms came into or left since one of them showed the number"""
    same: Collection[Overlap] = ()
    """Lines whose number one of them showed, and that nobody came into or left since: they hide nothing any more"""
    again: Collection[Overlap] = ()
    """Lines that are shown as they were; they are withheld all the same where others need them to hide behind"""
    hidden: Collection[Overlap] = ()
    """Lines that the newest of them withheld"""


@dataclass(frozen=True)
class Withheld:
    """Rows withheld for themselves, rows withheld to protect them, and rows whose figures are worth too little."""

    primary: frozenset[Row]
    complementary: frozenset[Row]
    """Unreliable ones among them, where they protect a row as well"""
    unreliable: frozenset[Row]
    """Rows that are withheld for their uncertainty alone: shown, they would give nothing away"""
    attacker: Attacker
    """Who tried the pattern"""

    @property
    def system(self) -> System:
        """What hangs together."""
        return self.attacker.system

    @property
    def rows(self) -> frozenset[Row]:
        """All of them."""
        return self.primary | self.complementary | self.unreliable


def row_of(line: Mapping[Name, object]) -> Row:
    """The key of an indicator's line."""
    return (str(line["wave"]), str(line["indicator"]), str(line["domain_variable"]), str(line["domain"]))


def indicator_rows(
    indicators: pd.DataFrame,
    survey: Survey,
    firms: Mapping[str, WaveFirms],
    published_before: Iterable[Row] = (),
    withheld_before: Iterable[Row] = (),
) -> Withheld:
    """The lines of `indicators` to withhold. `firms` are those of each wave.

    `published_before` are lines an earlier release has shown: they cannot protect anything any more. `withheld_before`
    are lines the newest release withheld for confidentiality: what still hides something stays withheld, so that the
    pattern is the same where nothing changed, and no release shows what another hid a sensitive line behind.
    """
    system, sensitive, unreliable, before = System(), set[Row](), set[Row](), set(withheld_before)
    for wave, lines in indicators.groupby("wave", sort=True):
        if str(wave) in firms:
            _Wave(str(wave), firms[str(wave)], survey, system).add(lines.to_dict("records"), sensitive, unreliable)
    for row in published_before:
        if row in system.shows and row not in sensitive:
            system.known.update(system.shows[row])
    # What is withheld for its uncertainty hides others for nothing; where it does, that is its reason too.
    attacker = Attacker(system)
    chosen = withheld_rows(system, sensitive | unreliable, before, attacker)
    alone = spare_rows(system, chosen, sensitive, unreliable - before, attacker)
    return Withheld(frozenset(sensitive), frozenset(chosen - sensitive - alone), frozenset(alone), attacker)


def overlap_rows(
    changes: pd.DataFrame,
    counts: Mapping[Row, float],
    firms: Mapping[str, WaveFirms],
    survey: Survey,
    since: Since | None = None,
) -> set[Overlap]:
    """The lines of `changes` whose number of firms in both waves is withheld: (indicator, variable, domain, from, to).

    `counts` are the numbers of firms that the indicators' lines show, `firms` those of each wave, `since` what earlier
    releases have shown of them. One to `minimum_firms` − 1 firms are too few to count in public, whether they were in
    both waves or, as the difference with either wave's own number, in one of them alone. None is an answer of those
    that could have been (`_alike_in_both`); where no firm of a domain was in both waves it says nothing about anyone.
    Indicators whose numbers are the same in every domain count the same firms: what one of them shows, the others show
    too.
    """
    since = since or Since()
    system, sensitive, least = System(), set(), survey.disclosure.minimum_firms
    lines = changes.to_dict("records")
    numbers = _overlaps(lines)
    owner = _owners(numbers)
    alike = _alike_in_both(numbers, counts, firms, survey)
    for line in lines:
        count = number(line.get("overlap_firms"))
        pair = f"{line['wave_from']}-{line['wave_to']}"
        domain = (str(line["indicator"]), str(line["domain_variable"]), str(line["domain"]))
        row = (pair, *domain)
        name: Name = ("firms", pair, owner[pair, domain[0]], *domain[1:])
        ends = [counts[end] for w in ("wave_from", "wave_to") if (end := (str(line[w]), *domain)) in counts]
        few = row in alike or any(0 < firms < least for firms in (count, *(number - count for number in ends)))
        few |= (*domain, str(line["wave_from"]), str(line["wave_to"])) in since.moved
        _put(system, name, count, width=float(least) if few else 0.0)
        system.shows[row] = (name,)
        system.cost[row] = max(count, 1.0) * (total_cost if domain[1] == EVERYONE else 1.0)
        if few:
            sensitive.add(row)
    _relations(system)
    withheld = {name for row in sensitive for name in system.shows[row]}
    known = {name for row in _rows(since.same) & set(system.shows) for name in system.shows[row]}
    system.known.update(known - withheld)
    chosen = withheld_rows(system, set(sensitive), _rows(since.hidden) & set(system.shows))
    chosen = _less_repeated(system, chosen, sensitive, _rows(since.again))
    return {(name, variable, domain, *_waves(pair)) for pair, name, variable, domain in chosen}


def _overlaps(lines: Iterable[Mapping[Hashable, Any]]) -> dict[tuple[str, str], dict[sets.Domain, float]]:
    """(pair of waves, indicator) -> domain -> the number of firms in both waves."""
    numbers: dict[tuple[str, str], dict[sets.Domain, float]] = {}
    for line in lines:
        of_pair = numbers.setdefault((f"{line['wave_from']}-{line['wave_to']}", str(line["indicator"])), {})
        of_pair[str(line["domain_variable"]), str(line["domain"])] = number(line.get("overlap_firms"))
    return numbers


def _rows(overlaps: Iterable[Overlap]) -> set[Row]:
    return {(f"{x[3]}-{x[4]}", x[0], x[1], x[2]) for x in overlaps}


def _waves(pair: str) -> tuple[str, str]:
    """The two waves of a pair."""
    one, _, other = pair.partition("-")
    return one, other


def _less_repeated(system: System, chosen: set[Row], sensitive: set[Row], again: set[Row]) -> set[Row]:
    """The rows to withhold without those that are shown as they were; with them where, between the same two waves,
    another could be worked out otherwise."""
    gone = chosen - again
    while back := {row for row in chosen & again - gone if row[0] in _exposed_waves(system, gone, sensitive)}:
        gone |= back
    return gone


def _exposed_waves(system: System, gone: set[Row], sensitive: set[Row]) -> set[str]:
    return {str(name[1]) for name in exposed(system, gone, sensitive & gone)} if sensitive & gone else set()


def _owners(numbers: Mapping[tuple[str, str], Mapping[sets.Domain, float]]) -> dict[tuple[str, str], str]:
    """(pair of waves, indicator) -> the first indicator with the same numbers of firms in every domain."""
    first: dict[tuple[str, frozenset[tuple[sets.Domain, float]]], str] = {}
    return {
        (pair, name): first.setdefault((pair, frozenset(found.items())), name)
        for (pair, name), found in numbers.items()
    }


def _alike_in_both(
    numbers: Mapping[tuple[str, str], Mapping[sets.Domain, float]],
    counts: Mapping[Row, float],
    firms: Mapping[str, WaveFirms],
    survey: Survey,
) -> set[Row]:
    """The lines (pair of waves, indicator, domain) that tell one answer of all firms they could be about: none that
    was in both waves answered, or was in the base, both times; or, in a base that not everyone is in, all but one or
    two of them were, or all that were in it once.

    `numbers`: (pair of waves, indicator) -> domain -> firms that answered in both; `counts` as in `overlap_rows`.
    """
    found: set[Row] = set()
    both: dict[str, sets.Both] = {}
    for (pair, name), of_domain in numbers.items():
        one, other = (firms.get(wave) for wave in pair.split("-", 1))
        if one is None or other is None:
            continue
        if pair not in both:
            both[pair] = sets.Both(one, other)
        narrow = both[pair].leaves_out(survey.indicators[name])
        for domain, count in of_domain.items():
            could = both[pair].counts.get(domain, 0)
            all_of_them = could - count < survey.disclosure.fewest_others
            all_of_them |= any(counts.get((wave, name, *domain)) == count for wave in pair.split("-", 1))
            if could and (not count or (narrow and all_of_them)):
                found.add((pair, name, *domain))
    return found


def _put(system: System, name: Name, value: float, most: float = np.inf, width: float = 0.0) -> None:
    known = system.quantities.get(name)
    if known is None:
        system.quantities[name] = Quantity(value, 0.0, most, width)
    else:
        known.width = max(known.width, width)
        known.most = min(known.most, most)


def number(value: Any) -> float:
    """The value as a number; 0 where there is none."""
    known = None if value is None or value is pd.NA else float(value)
    return 0.0 if known is None or known != known else known


def events_of(line: Mapping[Name, object]) -> float:
    """How many firms of a line have the property: as counted, or as anyone can work out from share and number."""
    counted = line.get("events")
    if counted is None or counted is pd.NA or counted != counted:
        return float(np.rint(number(line.get("unweighted")) * number(line.get("n"))))
    return number(counted)


class _Wave:
    """One wave's lines, written into a system of cells."""

    def __init__(self, wave: str, firms: WaveFirms, survey: Survey, system: System) -> None:
        self.wave, self.survey, self.system = wave, survey, system
        self.limits = survey.disclosure
        self.sets = sets.sets(firms, survey)
        self.amounts = contributions(firms, survey)

    def add(self, lines: Iterable[Mapping[Any, Any]], sensitive: set[Row], unreliable: set[Row]) -> None:
        """Add these lines and all that hangs together with them."""
        for line in lines:
            row = row_of(line)
            name, domain = row[1], row[2:]
            if ("firms", name) not in self.sets.named or domain not in self.sets.domains:
                continue
            quantities, same = self._measured(name, domain)
            self.system.shows[row] = quantities
            if same:
                sensitive.add(row)
            elif line.get("reliability") == "unpublishable":
                unreliable.add(row)
            cost = max(self.system.quantities[quantities[0]].value, 1.0)
            self.system.cost[row] = cost * total_cost if domain[0] == EVERYONE else cost
        self._between_measures()
        self._between_domains()

    def _measured(
        self, name: str, domain: sets.Domain, inside: sets.Bools | None = None
    ) -> tuple[tuple[Name, ...], bool]:
        """The quantities an indicator shows in a domain – the number of firms first – and whether they are sensitive.

        `inside` are the firms of a domain that no line is about.
        """
        inside = self.sets.domains[domain] if inside is None else inside
        counted = self.sets.members[self.sets.named["firms", name]] & inside
        count = float(counted.sum())
        few = bool(primary.too_few([count], self.limits.minimum_firms)[0])
        shown: list[Name] = [self._name("firms", name, domain)]
        _put(self.system, shown[0], count, width=float(self.limits.minimum_firms) if few else 0.0)
        same = few
        if ("events", name) in self.sets.named:
            events = float((self.sets.members[self.sets.named["events", name]] & inside).sum())
            same |= bool(primary.alike([events], [count])[0])
            shown.append(self._name("events", name, domain))
            width = float(self.limits.fewest_others) if same else 0.0
            # A number of firms that is withheld itself bounds nothing.
            _put(self.system, shown[1], events, most=np.inf if few else count, width=width)
            shown.append(self._others(shown[0], shown[1], width))
        elif name in self.amounts:
            amounts = largest(self.amounts[name][inside])
            same |= primary.one_firm_too_large(amounts, self.limits.p_percent, self.limits.dominance)
            if len(amounts):
                shown.append(self._name("amount", name, domain))
                need = 2 * primary.protection(amounts, self.limits.p_percent) if same else 0.0
                _put(self.system, shown[1], float(amounts.sum()), width=need)
        return tuple(shown), same

    def _others(self, firms: Name, events: Name, width: float) -> Name:
        """The firms of a line without the property: as telling as those with it, and shown by what shows both."""
        others: Name = ("others", self.wave, (firms[2], events[2]), *events[3:])
        values = self.system.quantities
        if others not in values:
            self.system.relations.append((firms, (events, others)))
        _put(self.system, others, values[firms].value - values[events].value, width=width)
        return others

    def _name(self, kind: str, name: str, domain: sets.Domain) -> Name:
        """A quantity's name: the same for the same firms, or the same amounts of them, whatever shows it."""
        if kind != "amount":
            kind, name = self.sets.named[kind, name]
        else:
            mine = self.amounts[name]
            name = next(n for n, a in self.amounts.items() if np.array_equal(a, mine, equal_nan=True))
        return (kind, self.wave, name, *domain)

    def _between_measures(self) -> None:
        """What divides what among measures, in every domain; what is left of a whole is a cell of its own."""
        for whole, parts, rest in sets.divisions(self.sets.members):
            for domain, inside in self.sets.domains.items():
                total = self._name(*whole, domain)
                members = [self._name(*part, domain) for part in parts]
                if not all(name in self.system.quantities for name in (total, *members)):
                    continue
                if rest.any():
                    left = float((rest & inside).sum())
                    size = self.system.quantities[total].value
                    properties = all(kind == "events" for kind, _ in parts)
                    alike = properties and size > 0 and left < self.limits.fewest_others
                    own: Name = ("rest", self.wave, whole, parts, *domain)
                    width = float(self.limits.fewest_others) if alike else 0.0
                    self.system.quantities[own] = Quantity(left, width=width)
                    members.append(own)
                    if alike:
                        self.system.implied.add(own)
                self.system.relations.append((total, tuple(members)))

    def _between_domains(self) -> None:
        """What divides what among domains, for every measure."""
        _relations(self.system, self.wave)
        names = {row[1] for row in self.system.shows if row[0] == self.wave}
        divided: dict[tuple[Name, str], list[Name]] = {}
        for one, other, inside in sets.crossings(self.sets.domains):
            for name in sorted(names):
                whole = next((d for d in (one, other) if (self.sets.domains[d] == inside).all()), None)
                shown, same = self._measured(name, whole or (f"{one[0]}&{other[0]}", f"{one[1]}&{other[1]}"), inside)
                for quantity in shown:
                    kind, _, owner, *_ = quantity
                    for domain, across in ((one, other[0]), (other, one[0])):
                        if domain != whole:
                            parts = divided.setdefault(((kind, self.wave, owner, *domain), across), [])
                            parts += [quantity] if quantity not in parts else []
                if whole is None and same:
                    self.system.implied.update(shown)
        for (total, across), parts in divided.items():
            if total in self.system.quantities:
                _adds_up(self.system, total, parts, ("left out", *total, across))


def _relations(system: System, wave: str | None = None) -> None:
    """Every quantity over the domains of a variable adds up to the same quantity over everyone; crossed variables
    (`a*b`) add up to each of their margins. What a table leaves out (a domain not stated) counts as known."""
    grouped: dict[tuple[Name, ...], list[Name]] = {}
    for name in system.quantities:
        if name[0] == "rest" or name[3] == EVERYONE or wave not in (None, name[1]):
            continue
        kind, of, owner, variable, code = name
        grouped.setdefault((kind, of, owner, variable, EVERYONE, EVERYONE), []).append(name)
        variables, codes = str(variable).split("*"), str(code).split("*")
        if len(variables) > 1 and len(codes) == len(variables):
            for margin, value in zip(variables, codes, strict=True):
                grouped.setdefault((kind, of, owner, variable, margin, value), []).append(name)
    for (kind, of, owner, variable, margin, value), members in grouped.items():
        total = (kind, of, owner, margin, value)
        if total in system.quantities:
            _adds_up(system, total, members, ("left out", kind, of, owner, variable, margin, value))


def _adds_up(system: System, total: Name, members: list[Name], rest: Name) -> None:
    """Record that the members add up to the total. What is missing from the sum is taken as known to everyone."""
    left = system.quantities[total].value - sum(system.quantities[m].value for m in members)
    if abs(left) > 1e-9 * max(1.0, abs(system.quantities[total].value)):
        system.quantities[rest] = Quantity(left, -np.inf)
        system.known.add(rest)
        members = [*members, rest]
    system.relations.append((total, tuple(members)))
