"""What the published tables tell: unknown numbers, and equations between them.

Belongs here: from tables of releases to equations. Does not belong here: solving them (`bounds`).

An unknown is never negative. It is a number of firms of one wave in a domain – those an indicator is about (`firms`),
those of them with the property (`events`), the `others` –, the weighted `amount` that an indicator of kind total
estimates, or the number of firms that were in two waves (`both`). The attacker writes down:

1. what is shown: n, the share of the answers times n, which is a whole number, and every total to its last digit;
2. the domains of a variable add up to everyone, unless some indicator that shows them all says otherwise;
3. firms are those with the property and the others;
4. indicators that show the same n wherever both are shown are about the same firms;
5. shares whose events add up to n wherever all are shown are the codes of one question, whatever they are called;
6. an indicator whose events are another's n wherever both are shown counts the firms of that one;
7. a model's firms and events are those of the share of its outcome, where that is withheld;
8. a wave whose shown figures are all those of another release has the same firms in both;
9. where two waves show no firm in both, and nowhere in that domain any, there was none: what counts it is no secret.

4 to 7 are guesses from numbers: they count unless they contradict what is known.
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
TEXT = dict.fromkeys(("wave", "domain", "wave_from", "wave_to"), "string")
MOST_CODES = 8
"""How many indicators at the most are tried as the codes of one question"""

Domain = tuple[str, str]
Line = tuple[str, str, str, str]
"""(version of a wave, indicator, domain variable, domain)"""
Unknown = tuple[str, str, str, str, str]
"""(version of a wave, `firms`, `events`, `others`, `amount` or `both`, indicator, domain variable, domain)"""


@dataclass(frozen=True)
class Row:
    """One equation: Σ factor · unknown = value, to within `slack`."""

    terms: Mapping[Unknown, float]
    value: float
    slack: float = 0.0
    """Half the last digit of everything rounded in it"""
    guessed: bool = False
    """Whether numbers that agree are all that speaks for it"""


@dataclass
class Equations:
    """Everything that is known, and what is asked."""

    unknowns: dict[Unknown, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    withheld: dict[Line, str] = field(default_factory=dict)
    """Withheld line -> the release that withholds it first"""
    shares: set[Line] = field(default_factory=set)
    """Withheld lines that are shares"""
    amounts: set[Line] = field(default_factory=set)
    """Withheld lines that are totals of an amount"""
    uncertain: set[Line] = field(default_factory=set)
    """Withheld lines that are said to be too uncertain to print, and nothing else"""
    nobody: set[Line] = field(default_factory=set)
    """Withheld lines of two waves that, as other lines show, had no firm in common in that domain"""
    none_of_some: dict[Line, str] = field(default_factory=dict)
    """Shown line of two waves -> the release that first shows with it that none of the firms in both was in it"""
    versions: dict[tuple[str, str], str] = field(default_factory=dict)
    """(release, wave) -> which of the wave's sets of figures it shows"""

    def place(self, unknown: Unknown) -> int:
        """An unknown's column."""
        return self.unknowns.setdefault(unknown, len(self.unknowns))

    def equal(self, terms: Mapping[Unknown, float], value: float, slack: float = 0.0, guessed: bool = False) -> None:
        """Write down Σ factor · unknown = value, once."""
        for unknown in terms:
            self.place(unknown)
        key = (frozenset(terms.items()), value)
        if key not in self._written:
            self._written.add(key)
            self.rows.append(Row(dict(terms), value, slack, guessed))

    _written: set[tuple[frozenset[tuple[Unknown, float]], float]] = field(default_factory=set)


FORMER = {"definitions": "measures"}
"""Table -> what releases of earlier versions call it"""


def file_of(release: Path, table: str) -> Path:
    """The CSV file of a table of a release, whether or not it is there."""
    own, former = (release / "public" / "tables" / f"{n}.csv" for n in (table, FORMER.get(table, table)))
    return former if former.exists() and not own.exists() else own


def read(release: Path, table: str) -> pd.DataFrame:
    """A published table of a release."""
    frame = pd.read_csv(file_of(release, table), dtype=TEXT)
    for column in ("suppressed", "held", "overlap_suppressed"):
        if column in frame:
            frame[column] = frame[column].astype("string").str.lower().eq("true")
    return frame


def equations(releases: Sequence[Path]) -> Equations:
    """Everything these releases, oldest first, tell about numbers of firms and amounts."""
    told = Equations()
    versions: dict[str, dict[str, pd.DataFrame]] = {}
    for release in releases:
        lines, measures, models = (read(release, name) for name in ("indicators", "definitions", "models"))
        kinds = _kinds(measures)
        for wave, of_wave in lines.groupby("wave"):
            known = versions.setdefault(str(wave), {})
            version = next((name for name, then in known.items() if _same(then, of_wave)), f"{wave}@{release.name}")
            shown = of_wave[~of_wave["suppressed"]]
            known[version] = pd.concat([known.get(version), shown]).drop_duplicates(LINE)
            told.versions[release.name, str(wave)] = version
            _Wave(told, version, of_wave, kinds).tell(release.name)
            _models(told, version, models[models["wave"] == wave], of_wave, measures)
        _in_both(told, release)
    return told


def _kinds(measures: pd.DataFrame) -> dict[str, str]:
    """Indicator -> `share`, `total` or another kind of figure."""
    rows = measures[measures["kind"] == "indicator"]
    return {str(x["name"]): str(x["formula"]).partition(" ")[0] for x in rows.to_dict("records")}


def _same(then: pd.DataFrame, now: pd.DataFrame) -> bool:
    """Whether everything both releases show of a wave is equal."""
    both = then.merge(now[~now["suppressed"]], on=LINE, suffixes=("", "_now"))
    return len(both) > 0 and bool(
        all(np.allclose(both[c], both[f"{c}_now"], rtol=1e-9, equal_nan=True) for c in ("n", "unweighted", "estimate"))
    )


Numbers = Mapping[str, Mapping[Domain, float]]
"""Indicator -> domain -> a number that is shown"""


class _Wave:
    """What the lines of one wave tell."""

    def __init__(self, told: Equations, version: str, lines: pd.DataFrame, kinds: Mapping[str, str]) -> None:
        self.told, self.version = told, version
        self.lines = lines.to_dict("records")
        self.domains = list(dict.fromkeys((str(x["domain_variable"]), str(x["domain"])) for x in self.lines))
        self.n: dict[str, dict[Domain, float]] = {}
        self.yes: dict[str, dict[Domain, float]] = {}
        self.amounts: dict[str, dict[Domain, float]] = {}
        for x in self.lines:
            name, domain = str(x["indicator"]), (str(x["domain_variable"]), str(x["domain"]))
            kind = kinds.get(name)
            shown = not x["suppressed"]
            self.n.setdefault(name, {}).update({domain: float(x["n"])} if shown else {})
            if kind == "share":
                events = {domain: float(round(x["unweighted"] * x["n"]))} if shown else {}
                self.yes.setdefault(name, {}).update(events)
            if kind == "total":
                self.amounts.setdefault(name, {}).update({domain: float(x["estimate"])} if shown else {})

    def unknown(self, kind: str, name: str, domain: Domain) -> Unknown:
        """An unknown of this wave."""
        return (self.version, kind, name, *domain)

    def tell(self, release: str) -> None:
        """Write down everything."""
        shown = (("firms", self.n), ("events", self.yes), ("amount", self.amounts))
        for kind, numbers in shown:
            for name, row in numbers.items():
                for domain in self.domains:
                    self.told.place(self.unknown(kind, name, domain))
                for domain, number in row.items():
                    self.told.equal({self.unknown(kind, name, domain): 1.0}, number)
        for name in self.yes:
            for domain in self.domains:
                firms, events, others = (self.unknown(k, name, domain) for k in ("firms", "events", "others"))
                self.told.equal({events: 1.0, others: 1.0, firms: -1.0}, 0.0)
        self._domains_add_up(shown)
        self._guesses()
        for x in self.lines:
            if x["suppressed"]:
                line = (self.version, str(x["indicator"]), str(x["domain_variable"]), str(x["domain"]))
                self.told.withheld.setdefault(line, release)
                self.told.shares |= {line} if line[1] in self.yes else set()
                self.told.amounts |= {line} if line[1] in self.amounts else set()
                self.told.uncertain |= {line} if x.get("withheld_for") == "reliability" else set()

    def _domains_add_up(self, shown: Sequence[tuple[str, Numbers]]) -> None:
        whole = (EVERYONE, EVERYONE)
        for variable in sorted({variable for variable, _ in self.domains} - {EVERYONE}):
            parts = [domain for domain in self.domains if domain[0] == variable]
            open_ = [row for row in self.n.values() if whole in row and all(part in row for part in parts)]
            if any(sum(row[part] for part in parts) != row[whole] for row in open_):
                continue
            for kind, numbers in shown:
                for name, row in numbers.items():
                    terms = {self.unknown(kind, name, part): 1.0 for part in parts}
                    rounded = sum(_half_digit(row[d]) for d in (*parts, whole) if d in row)
                    slack = rounded if kind == "amount" else 0.0
                    self.told.equal({**terms, self.unknown(kind, name, whole): -1.0}, 0.0, slack)

    def _guesses(self) -> None:
        for names in _alike(self.n):
            together = {d: v for name in names for d, v in self.n[name].items()}
            first = names[0]
            for domain in self.domains:
                for other in names[1:]:
                    pair = {self.unknown("firms", other, domain): 1.0, self.unknown("firms", first, domain): -1.0}
                    self.told.equal(pair, 0.0, guessed=True)
            for codes in _questions([name for name in names if name in self.yes], together, self.yes):
                for domain in self.domains:
                    parts = {self.unknown("events", code, domain): 1.0 for code in codes}
                    self.told.equal(parts | {self.unknown("firms", first, domain): -1.0}, 0.0, guessed=True)
            for share in sorted(self.yes):
                if share not in names and _agree(self.yes[share], together):
                    for domain in self.domains:
                        pair = {self.unknown("events", share, domain): 1.0, self.unknown("firms", first, domain): -1.0}
                        self.told.equal(pair, 0.0, guessed=True)


def _half_digit(number: float) -> float:
    """Half the last of the six significant digits that a total is printed with."""
    return 0.5 * 10.0 ** (int(f"{number:.5e}".partition("e")[2]) - 5)


def _models(told: Equations, version: str, models: pd.DataFrame, lines: pd.DataFrame, measures: pd.DataFrame) -> None:
    """The firms and events of a model are those of the share of its outcome, where that is withheld."""
    base = {str(x["name"]): str(x["base"]) for x in measures[measures["kind"] == "indicator"].to_dict("records")}
    everyone = lines[lines["domain_variable"] == EVERYONE]
    for x in models[~models["suppressed"]].to_dict("records"):
        if x["variant"] != "main" or pd.isna(x["events"]):
            continue
        for y in everyone[everyone["measure"] == x["outcome"]].to_dict("records"):
            name = str(y["indicator"])
            if base.get(name) == x["base"] and y["suppressed"]:
                for kind, number in (("firms", x["n"]), ("events", x["events"])):
                    unknown = (version, kind, name, EVERYONE, EVERYONE)
                    if unknown in told.unknowns:
                        told.equal({unknown: 1.0}, float(number), guessed=True)


def _in_both(told: Equations, release: Path) -> None:
    """Firms that were in two waves add up over domains as well."""
    changes = read(release, "changes")
    for (one, other), rows in changes.groupby(["wave_from", "wave_to"]):
        version = "+".join(told.versions.get((release.name, str(wave)), str(wave)) for wave in (one, other))
        both: dict[str, dict[Domain, float]] = {}
        domains: dict[str, list[Domain]] = {}
        withheld: set[Line] = set()
        for x in rows.to_dict("records"):
            name, domain = str(x["indicator"]), (str(x["domain_variable"]), str(x["domain"]))
            domains.setdefault(name, []).append(domain)
            both.setdefault(name, {})
            told.place((version, "both", name, *domain))
            if x["overlap_suppressed"]:
                withheld.add((version, name, *domain))
                told.withheld.setdefault((version, name, *domain), release.name)
            elif pd.notna(x["overlap_firms"]):  # waves that do not compare have none
                both[name][domain] = float(x["overlap_firms"])
                told.equal({(version, "both", name, *domain): 1.0}, both[name][domain])
        most = _most(both)
        everyone = most.get((EVERYONE, EVERYONE))
        told.nobody |= {line for line in withheld if 0 in (everyone, most.get(line[2:]))}
        for name, of_domain in both.items():
            none = [(version, name, *d) for d, count in of_domain.items() if count == 0 and most[d] > 0]
            told.none_of_some |= {x: release.name for x in none if x not in told.none_of_some}
        _both_add_up(told, version, both, domains)


def _most(both: Numbers) -> dict[Domain, float]:
    """Domain -> the most firms in both waves that an indicator shows of it."""
    most: dict[Domain, float] = {}
    for of_domain in both.values():
        for domain, count in of_domain.items():
            most[domain] = max(count, most.get(domain, 0.0))
    return most


def _both_add_up(told: Equations, version: str, both: Numbers, domains: Mapping[str, Sequence[Domain]]) -> None:
    """The domains of a variable add up to everyone where an indicator has a line in each; those that show the same
    numbers are about the same firms."""
    every = list(dict.fromkeys(domain for about in domains.values() for domain in about))
    for name, about in domains.items():
        for variable in sorted({variable for variable, _ in about} - {EVERYONE}):
            codes = [domain for domain in every if domain[0] == variable]
            if set(codes) <= set(about):
                parts = {(version, "both", name, *domain): 1.0 for domain in codes}
                told.equal({**parts, (version, "both", name, EVERYONE, EVERYONE): -1.0}, 0.0, guessed=True)
    for first, *others in _alike(both):
        for other in others:
            for domain in domains[other]:
                pair = {(version, "both", other, *domain): 1.0, (version, "both", first, *domain): -1.0}
                told.equal(pair, 0.0, guessed=True)


def _agree(one: Mapping[Domain, float], other: Mapping[Domain, float]) -> bool:
    """Whether two rows of numbers are equal wherever both are shown, and above zero in three domains at the least: that
    there are none of either says nothing about the rest."""
    both = one.keys() & other.keys()
    return sum(one[domain] > 0 for domain in both) >= 3 and all(one[domain] == other[domain] for domain in both)


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
