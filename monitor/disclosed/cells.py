"""Indicators and changes as a linear system of cells, and the rows of it that are withheld.

Belongs here: which published lines show which quantities, what adds up to what, why a line is sensitive.
Does not belong here: solving the system (`complementary`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from monitor.disclosed import primary
from monitor.disclosed.complementary import Name, Quantity, System, withheld_rows
from monitor.survey import Survey

EVERYONE = "all"

events_width = 3
"""The narrowest interval, in firms, an attacker may reach for how many firms of a withheld cell said yes"""

total_cost = 1_000.0
"""How many times dearer it is to withhold a table's total than a cell of the same size"""

habit = 0.01
"""What withholding a line costs that the newest release withheld already, against one it showed"""

one_code = re.compile(r"^\s*(\w+)\s*=\s*'([^']*)'\s*$")
"""A measure that is one code of a category"""

Row = tuple[str, str, str, str]
"""(wave, indicator, domain variable, domain)"""


@dataclass(frozen=True)
class Withheld:
    """Rows withheld for themselves and rows withheld to protect them."""

    primary: frozenset[Row]
    complementary: frozenset[Row]
    system: System

    @property
    def rows(self) -> frozenset[Row]:
        """All of them."""
        return self.primary | self.complementary


def row_of(line: Mapping[Name, object]) -> Row:
    """The key of an indicator's line."""
    return (str(line["wave"]), str(line["indicator"]), str(line["domain_variable"]), str(line["domain"]))


def indicator_rows(
    indicators: pd.DataFrame,
    survey: Survey,
    contributions: Mapping[Row, np.ndarray],
    published_before: Iterable[Row] = (),
    withheld_before: Iterable[Row] = (),
) -> Withheld:
    """The lines of `indicators` to withhold.

    `contributions` gives, for magnitudes, each firm's weighted amount (w · |x|) in a line. `published_before` are lines
    an earlier release has shown: they cannot protect anything any more. `withheld_before` are lines the newest release
    withheld: they are taken first, so that the pattern stays as it was where nothing changed.
    """
    limits = survey.disclosure
    lines = {row_of(line): line for line in indicators.to_dict("records")}
    system, sensitive, before = System(), set(), set(withheld_before)
    shared = _Shared(lines, survey)
    for row, line in lines.items():
        wave, name, variable, code = row
        count = number(line.get("n"))
        few = bool(primary.too_few([count], limits.minimum_firms)[0])
        shown: list[Name] = [("firms", wave, shared.base(row), variable, code)]
        _put(system, shown[0], count, width=float(limits.minimum_firms) if few else 0.0)
        if shared.is_share(name):
            events = events_of(line)
            same = few or bool(primary.alike([events], [count])[0])
            shown.append((*shared.events(row), variable, code))
            width = float(min(events_width, max(count, 0.0))) if same else 0.0
            # A number of firms that is withheld itself bounds nothing.
            _put(system, shown[1], events, most=np.inf if few else count, width=width)
        else:
            amounts = contributions.get(row, np.zeros(0))
            same = few or primary.one_firm_too_large(amounts, limits.p_percent, limits.dominance)
            if len(amounts):
                shown.append((*shared.amount(row, contributions), variable, code))
                need = 2 * primary.protection(amounts, limits.p_percent) if same else 0.0
                _put(system, shown[1], float(amounts.sum()), width=need)
        if same or line.get("reliability") == "unpublishable":
            sensitive.add(row)
        system.shows[row] = tuple(shown)
        cost = max(count, 1.0) * (total_cost if variable == EVERYONE else 1.0)
        system.cost[row] = cost * habit if row in before else cost
    _relations(system)
    _partitions(system, survey)
    for row in published_before:
        if row in system.shows and row not in sensitive:
            system.known.update(system.shows[row])
    chosen = withheld_rows(system, sensitive)
    return Withheld(frozenset(sensitive), frozenset(chosen - sensitive), system)


def overlap_rows(changes: pd.DataFrame, least: int) -> set[tuple[str, str, str, str, str]]:
    """The lines of `changes` whose number of firms in both waves is withheld: (indicator, variable, domain, from, to).

    One to `least` − 1 firms are too few to count in public; none at all says nothing about anyone.
    """
    system, sensitive = System(), set()
    for line in changes.to_dict("records"):
        count = number(line.get("overlap_firms"))
        pair = f"{line['wave_from']}-{line['wave_to']}"
        row = (pair, str(line["indicator"]), str(line["domain_variable"]), str(line["domain"]))
        name: Name = ("firms", *row)
        few = 0 < count < least
        _put(system, name, count, width=float(least) if few else 0.0)
        system.shows[row], system.cost[row] = (name,), max(count, 1.0)
        if few:
            sensitive.add(row)
    _relations(system)
    chosen = withheld_rows(system, set(sensitive))
    return {(row[1], row[2], row[3], *row[0].split("-", 1)) for row in chosen}


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


class _Shared:
    """Which lines show one and the same quantity under different names.

    Indicators of one base share its number of firms; a share whose measure is another base's own predicate shows that
    base's number of firms as its events; one measure over two bases can be one and the same amount. Lines count as
    showing the same only where their values agree everywhere.
    """

    def __init__(self, lines: Mapping[Row, Mapping[Name, object]], survey: Survey) -> None:
        self.survey = survey
        self.lines = lines
        self.counts: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
        for row, line in lines.items():
            self.counts.setdefault(row[:2], {})[row[2:]] = number(line.get("n"))
        self.names: dict[tuple[str, str], str] = {}
        self.firms: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
        for (wave, name), mine in sorted(self.counts.items()):
            base = survey.indicators[name].base if name in survey.indicators else name
            known = self.firms.setdefault((wave, base), dict(mine))
            if all(known.get(cell, count) == count for cell, count in mine.items()):
                known.update(mine)
                self.names[wave, name] = base
            else:
                self.names[wave, name] = f"{base} of {name}"
        self.amounts: dict[tuple[str, str, str, str], tuple[str, float]] = {}

    def is_share(self, name: str) -> bool:
        """Whether an indicator counts firms with a property."""
        return name not in self.survey.indicators or self.survey.indicators[name].estimator == "share"

    def base(self, row: Row) -> str:
        """The owner of a line's number of firms."""
        return self.names[row[:2]]

    def events(self, row: Row) -> tuple[str, str, str]:
        """The owner of a line's number of firms with the property."""
        wave, name = row[:2]
        measure = (
            self.survey.measures.get(self.survey.indicators[name].measure) if name in self.survey.indicators else None
        )
        if measure is not None and self.survey.indicators[name].base in self.survey.bases:
            whole = self.survey.bases[self.survey.indicators[name].base].sql.strip().lower() == "true"
            for base in self.survey.bases.values():
                firms = self.firms.get((wave, base.name))
                if whole and firms and " ".join(base.sql.split()) == " ".join(measure.sql.split()):
                    mine = {r[2:]: events_of(self.lines[r]) for r in self.lines if r[:2] == row[:2]}
                    if all(firms.get(cell, value) == value for cell, value in mine.items()):
                        return ("firms", wave, base.name)
        return ("events", wave, name)

    def amount(self, row: Row, contributions: Mapping[Row, np.ndarray]) -> tuple[str, str, str]:
        """The owner of a line's weighted amount: the first indicator of the same measure with the same amounts."""
        wave, name = row[:2]
        own = self.survey.indicators[name]
        for other in sorted(n for n, i in self.survey.indicators.items() if i.measure == own.measure):
            mine = {r: v.sum() for r, v in contributions.items() if r[:2] == (wave, name)}
            if all(np.isclose(contributions.get((wave, other, *r[2:]), np.zeros(0)).sum(), v) for r, v in mine.items()):
                return ("amount", wave, other)
        return ("amount", wave, name)


def _relations(system: System) -> None:
    """Every quantity over the domains of a variable adds up to the same quantity over everyone; crossed variables
    (`a*b`) add up to each of their margins. What a table leaves out (a domain not stated) counts as known."""
    grouped: dict[tuple[Name, ...], list[Name]] = {}
    for name in system.quantities:
        kind, wave, owner, variable, code = name
        if variable == EVERYONE:
            continue
        grouped.setdefault((kind, wave, owner, variable, EVERYONE, EVERYONE), []).append(name)
        variables, codes = str(variable).split("*"), str(code).split("*")
        if len(variables) > 1 and len(codes) == len(variables):
            for margin, value in zip(variables, codes, strict=True):
                grouped.setdefault((kind, wave, owner, variable, margin, value), []).append(name)
    for (kind, wave, owner, variable, margin, value), members in grouped.items():
        total = (kind, wave, owner, margin, value)
        if total in system.quantities:
            _adds_up(system, total, members, ("left out", kind, wave, owner, variable, margin, value))


def _partitions(system: System, survey: Survey) -> None:
    """Shares of firms per code of one category (`orientation = 'profit'` and so on) add up to all firms of the base."""
    codes: dict[tuple[str, str], dict[str, str]] = {}
    for name, indicator in survey.indicators.items():
        measure = survey.measures.get(indicator.measure)
        found = one_code.match(measure.sql) if measure and indicator.estimator == "share" else None
        if found and found.group(1) in survey.concepts:
            codes.setdefault((indicator.base, found.group(1)), {})[found.group(2)] = name
    for (base, concept), names in codes.items():
        if set(names) != set(survey.concepts[concept].codes):
            continue
        for total in [q for q in system.quantities if q[0] == "firms" and q[2] == base]:
            _, wave, _, variable, code = total
            members: list[Name] = [("events", wave, name, variable, code) for name in names.values()]
            if all(member in system.quantities for member in members):
                _adds_up(system, total, members, ("left out", wave, concept, variable, code))


def _adds_up(system: System, total: Name, members: list[Name], rest: Name) -> None:
    """Record that the members add up to the total. What is missing from the sum is taken as known to everyone."""
    left = system.quantities[total].value - sum(system.quantities[m].value for m in members)
    if abs(left) > 1e-9 * max(1.0, abs(system.quantities[total].value)):
        system.quantities[rest] = Quantity(left, -np.inf)
        system.known.add(rest)
        members = [*members, rest]
    system.relations.append((total, tuple(members)))
