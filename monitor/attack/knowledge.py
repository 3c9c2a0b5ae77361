"""What the published tables tell: unknown numbers of firms, and equations between them.

Belongs here: from tables of releases to equations. Does not belong here: solving them (`bounds`).

An unknown is a number of firms of one wave: `firms` an indicator is about, or of those the `events` with the property,
in a domain. The attacker writes down:

1. what is shown: n, and the share of the answers times n, which is a whole number;
2. the domains of a variable add up to everyone;
3. indicators that show the same n wherever both are shown are about the same firms;
4. shares whose events add up to n wherever all are shown are the codes of one question, whatever they are called;
5. an indicator whose events are another's n wherever both are shown counts the firms of that one;
6. no share has more events than firms, and nothing is negative;
7. a wave whose shown figures are all those of another release has the same firms in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

EVERYONE = "all"
LINE = ["wave", "indicator", "domain_variable", "domain"]
MOST_CODES = 8
"""How many indicators at the most are tried as the codes of one question"""

Domain = tuple[str, str]
Unknown = tuple[str, str, str, str, str]
"""(version of a wave, `firms` or `events`, indicator, domain variable, domain)"""


@dataclass
class Equations:
    """Σ factor · unknown = value, and the bounds of each unknown."""

    unknowns: dict[Unknown, int] = field(default_factory=dict)
    rows: list[tuple[dict[Unknown, float], float]] = field(default_factory=list)
    at_most: list[tuple[Unknown, Unknown]] = field(default_factory=list)
    """Pairs of which the first is never larger than the second"""
    withheld: list[tuple[str, Unknown]] = field(default_factory=list)
    """(release, an unknown of a line it withholds)"""

    def place(self, unknown: Unknown) -> int:
        """An unknown's column."""
        return self.unknowns.setdefault(unknown, len(self.unknowns))

    def equal(self, terms: Mapping[Unknown, float], value: float) -> None:
        """Write down Σ factor · unknown = value."""
        for unknown in terms:
            self.place(unknown)
        self.rows.append((dict(terms), value))


def read(release: Path, table: str) -> pd.DataFrame:
    """A published table of a release."""
    frame = pd.read_csv(release / "public" / "tables" / f"{table}.csv", dtype={"wave": "string", "domain": "string"})
    for column in ("suppressed", "held"):
        if column in frame:
            frame[column] = frame[column].astype("string").str.lower().eq("true")
    return frame


def equations(releases: Sequence[Path]) -> Equations:
    """Everything these releases, oldest first, tell about numbers of firms."""
    told = Equations()
    versions: dict[str, list[tuple[str, pd.DataFrame]]] = {}
    for release in releases:
        lines = read(release, "indicators")
        indicators = read(release, "measures")
        shares = set(indicators.loc[indicators["formula"].fillna("").str.startswith("share"), "name"])
        for wave, of_wave in lines.groupby("wave"):
            known = versions.setdefault(str(wave), [])
            version = next((name for name, then in known if _same(then, of_wave)), None)
            if version is None:
                version = f"{wave}@{release.name}"
            known.append((version, of_wave))
            _wave(told, version, release.name, of_wave, shares)
    return told


def _same(then: pd.DataFrame, now: pd.DataFrame) -> bool:
    """Whether everything both releases show of a wave is equal."""
    both = then[~then["suppressed"]].merge(now[~now["suppressed"]], on=LINE, suffixes=("", "_now"))
    return len(both) > 0 and bool(
        all(np.allclose(both[c], both[f"{c}_now"], rtol=1e-9, equal_nan=True) for c in ("n", "unweighted", "estimate"))
    )


Numbers = Mapping[str, Mapping[Domain, float]]
"""Indicator -> domain -> a number of firms that is shown"""


def _wave(told: Equations, version: str, release: str, lines: pd.DataFrame, shares: set[str]) -> None:
    n: dict[str, dict[Domain, float]] = {}
    yes: dict[str, dict[Domain, float]] = {}
    domains: list[Domain] = []
    for x in lines.to_dict("records"):
        name, domain = str(x["indicator"]), (str(x["domain_variable"]), str(x["domain"]))
        domains += [] if domain in domains else [domain]
        n.setdefault(name, {})
        if name in shares:
            yes.setdefault(name, {})
        if not x["suppressed"]:
            n[name][domain] = float(x["n"])
            if name in shares:
                yes[name][domain] = float(round(x["unweighted"] * x["n"]))
    groups = _alike(n)
    of_base = {name: names[0] for names in groups for name in names}

    def firms(name: str, domain: Domain) -> Unknown:
        return (version, "firms", of_base[name], *domain)

    def events(name: str, domain: Domain) -> Unknown:
        return (version, "events", name, *domain)

    for name in n:
        for domain in domains:
            told.place(firms(name, domain))
            if domain in n[name]:
                told.equal({firms(name, domain): 1.0}, n[name][domain])
            if name in yes:
                told.place(events(name, domain))
                told.at_most.append((events(name, domain), firms(name, domain)))
                if domain in yes[name]:
                    told.equal({events(name, domain): 1.0}, yes[name][domain])
    for variable in sorted({variable for variable, _ in domains} - {EVERYONE}):
        parts = [domain for domain in domains if domain[0] == variable]
        for kind, names in ((firms, sorted(set(of_base.values()))), (events, sorted(yes))):
            for name in names:
                terms = {kind(name, part): 1.0 for part in parts}
                told.equal({**terms, kind(name, (EVERYONE, EVERYONE)): -1.0}, 0.0)
    together = {names[0]: {d: v for name in names for d, v in n[name].items()} for names in groups}
    for names in groups:
        for codes in _questions([name for name in names if name in yes], together[names[0]], yes):
            for domain in domains:
                told.equal({events(code, domain): 1.0 for code in codes} | {firms(names[0], domain): -1.0}, 0.0)
    for share, base in _counted_again(yes, together, of_base):
        for domain in domains:
            told.equal({events(share, domain): 1.0, firms(base, domain): -1.0}, 0.0)
    for x in lines[lines["suppressed"]].to_dict("records"):
        domain = (str(x["domain_variable"]), str(x["domain"]))
        told.withheld.append((release, firms(str(x["indicator"]), domain)))
        if x["indicator"] in yes:
            told.withheld.append((release, events(str(x["indicator"]), domain)))


def _agree(one: Mapping[Domain, float], other: Mapping[Domain, float]) -> bool:
    """Whether two rows of numbers are equal wherever both are shown, and that is in three domains at the least."""
    both = one.keys() & other.keys()
    return len(both) >= 3 and all(one[domain] == other[domain] for domain in both)


def _alike(n: Numbers) -> list[list[str]]:
    """Indicators that show the same numbers of firms."""
    groups: list[list[str]] = []
    for name in sorted(n):
        group = next((g for g in groups if all(_agree(n[name], n[other]) for other in g)), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return groups


def _questions(names: Sequence[str], firms: Mapping[Domain, float], yes: Numbers) -> Iterator[tuple[str, ...]]:
    """Shares of the same firms whose events add up to all of them wherever everything is shown."""
    whole = firms.get((EVERYONE, EVERYONE))
    for size in range(2, min(len(names), MOST_CODES) + 1):
        for codes in combinations(names, size):
            rows = [yes[code] for code in codes]
            everyone = [row[EVERYONE, EVERYONE] for row in rows if (EVERYONE, EVERYONE) in row]
            if len(everyone) == size and sum(everyone) != whole:
                continue
            shown = set(firms).intersection(*rows)
            if len(shown) >= 3 and all(sum(row[domain] for row in rows) == firms[domain] for domain in shown):
                yield codes


def _counted_again(yes: Numbers, firms: Numbers, of_base: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Shares whose events are the number of firms of another indicator."""
    for share in sorted(yes):
        for base in sorted(firms):
            if base != of_base[share] and _agree(yes[share], firms[base]):
                yield share, base
