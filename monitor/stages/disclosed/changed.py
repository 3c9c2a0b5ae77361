"""Which firms changed since an earlier release: in the lines it showed, and in what lies between lines.

Belongs here: counting firms that came, went, moved or answered otherwise. Does not belong here: what follows from that
(`revisions`, `sequence`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.stages.disclosed import sets
from monitor.stages.disclosed.cells import Row
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.stages.disclosed.history import Earlier
from monitor.statistics.disclosure.system import Name, System
from monitor.survey import Indicator, Survey


class Changed(NamedTuple):
    """How many firms changed in a line."""

    firms: int = 0
    """Firms whose answer in it changed"""
    members: int = 0
    """Of those the firms that came into it or left it"""
    fewest: int | None = None
    """The smaller of two numbers: firms that came or left among those with the property, and among those without. None
    where nothing changed, and where the line is no share"""


def changed_lines(
    release: Earlier, survey: Survey, firms: Mapping[str, WaveFirms], rows: set[Row]
) -> dict[Row, Changed]:
    """Line -> how many firms changed in it."""
    found: dict[Row, Changed] = {}
    for wave in sorted({row[0] for row in rows}):
        was, now = release.firms(survey, wave), firms.get(wave)
        if was is None or now is None:
            continue
        mine = {row for row in rows if row[0] == wave and row[1] in survey.indicators}
        found |= dict.fromkeys(mine, Changed())
        differing = differing_firms(was, now, survey)
        if len(differing):
            was, now = was.only(differing), now.only(differing)
            for name in sorted({row[1] for row in mine}):
                for domain, counts in changed_firms(was, now, survey.indicators[name]).items():
                    found[wave, name, *domain] = counts
    return found


def changed_between(
    release: Earlier, survey: Survey, firms: Mapping[str, WaveFirms], system: System
) -> dict[Name, int]:
    """Quantity that no line is about, but that lines give away -> firms that changed in it: what is left of a whole
    without its parts, and what two domains have in common."""
    found: dict[Name, int] = {}
    for wave in sorted({row[0] for row in system.shows}):
        was, now = release.firms(survey, wave), firms.get(wave)
        if was is None or now is None:
            continue
        names = [name for name in system.quantities if name[1] == wave and name[0] not in ("left out", "others")]
        common = {
            (f"{one[0]}&{other[0]}", f"{one[1]}&{other[1]}"): (one, other)
            for one, other, _ in sets.crossings(sets.sets(now, survey).domains)
        }
        differing = differing_firms(was, now, survey)
        sides = [_Members(side.only(differing), survey) for side in (was, now)]
        for name in names:
            if name[0] == "rest":
                _, _, whole, parts, *domain = name
                then, since = (side.rest(whole, parts, (domain[0], domain[1])) for side in sides)
            elif (place := tuple(name[3:])) in common:
                then, since = (side.common(name[0], name[2], common[place]) for side in sides)
            else:
                continue
            found[name] = sum(then.get(firm) != since.get(firm) for firm in then.keys() | since.keys())
    return found


class _Members:
    """Which firms are in a set, in one release: firm -> its value in an amount, or True."""

    def __init__(self, side: WaveFirms, survey: Survey) -> None:
        self.side, self.survey = side, survey
        self.sets = sets.sets(side, survey)

    def rest(self, whole: sets.Set, parts: Iterable[sets.Set], domain: sets.Domain) -> dict[str, object]:
        """Those of a whole in a domain that are in none of its parts."""
        inside = self._of(whole) & self._in(domain)
        for part in parts:
            inside &= ~self._of(part)
        return self._placed(inside, None)

    def common(self, kind: str, owner: str, domains: Iterable[sets.Domain]) -> dict[str, object]:
        """Those of a set, or of an amount with its value, that are in all of these domains."""
        inside = self._of(("firms" if kind == "amount" else kind, owner))
        for domain in domains:
            inside = inside & self._in(domain)
        values = answered(self.side.observed, self.survey.indicators[owner]) if kind == "amount" else None
        return self._placed(inside, values)

    def _of(self, name: sets.Set) -> sets.Bools:
        nobody = np.zeros(len(self.side.observed), dtype=bool)
        return self.sets.members[self.sets.named[name]] if name in self.sets.named else nobody

    def _in(self, domain: sets.Domain) -> sets.Bools:
        return self.sets.domains.get(domain, np.zeros(len(self.side.observed), dtype=bool))

    def _placed(self, inside: sets.Bools, values: pd.Series | None) -> dict[str, object]:
        firms = self.side.observed["firm"].to_numpy()[inside]
        return dict(zip(firms, (True,) * len(firms) if values is None else values.to_numpy()[inside], strict=True))


def differing_firms(was: WaveFirms, now: WaveFirms, survey: Survey) -> pd.Index:
    """The firms with anything different that a line could show: a measure, a base, a domain, or being there at all."""
    names = {i.measure for i in survey.indicators.values()} | {i.denominator for i in survey.indicators.values()}
    names |= {f"base_{i.base}" for i in survey.indicators.values()}
    columns = sorted(n for n in names if n and (n in was.observed or n in now.observed))
    tables = []
    for side in (was, now):
        there = [c for c in columns if c in side.observed]
        table = side.observed.set_index("firm")[there].astype("float64").reindex(columns=columns)
        for variable in sorted(set(was.domains) | set(now.domains)):
            codes = side.domains.get(variable)
            table[variable] = None if codes is None else codes.set_index("firm")["domain"].reindex(table.index)
        tables.append(table)
    before, after = tables
    both = before.index.intersection(after.index)
    one, other = before.loc[both], after.loc[both]
    different = ((one != other) & ~(one.isna() & other.isna())).any(axis=1)
    return both[different.to_numpy()].append([before.index.difference(both), after.index.difference(both)])


def changed_firms(was: WaveFirms, now: WaveFirms, indicator: Indicator) -> dict[sets.Domain, Changed]:
    """Domain -> how many firms changed in an indicator's line."""
    before, after = answered(was.observed, indicator), answered(now.observed, indicator)
    firms = before.index.union(after.index)
    before, after = before.reindex(firms), after.reindex(firms)
    share = indicator.estimator == "share"
    found = {(EVERYONE, EVERYONE): _changed(before, after, share)}
    for variable, codes in now.domains.items():
        if variable not in was.domains:
            continue
        here = codes.set_index("firm")["domain"].reindex(firms)
        there = was.domains[variable].set_index("firm")["domain"].reindex(firms)
        for code in sorted({*here[after.notna()].dropna(), *there[before.notna()].dropna()}):
            then, since = before.where(there == code), after.where(here == code)
            found[variable, str(code)] = _changed(then, since, share)
    return found


def _changed(before: pd.Series, after: pd.Series, share: bool) -> Changed:
    """How many firms changed between these values, missing where a firm is not in the line."""
    moved = before.notna() != after.notna()
    otherwise = before.notna() & after.notna() & (before != after)
    count = int((moved | otherwise).sum())
    if not share or not count:
        return Changed(count, int(moved.sum()))
    sides = [int(((before == value) != (after == value)).sum()) for value in ("1", "0")]
    return Changed(count, int(moved.sum()), min(sides))


def answered(observed: pd.DataFrame, indicator: Indicator) -> pd.Series:
    """Firm -> its value in an indicator as answered, as text; missing where the indicator does not count it."""
    if indicator.measure not in observed or observed.empty:
        return pd.Series(dtype="object")
    text = pd.to_numeric(observed[indicator.measure].astype("float64"), errors="coerce").map("{:.12g}".format)
    if indicator.denominator and indicator.denominator in observed:
        text += "/" + observed[indicator.denominator].astype("float64").map("{:.12g}".format)
    return pd.Series(text.where(sets.counted(observed, indicator), None).to_numpy(), index=observed["firm"].to_numpy())
