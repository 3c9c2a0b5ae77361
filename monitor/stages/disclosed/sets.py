"""Which firms each published number counts, and how these sets of firms hang together.

Belongs here: the sets behind measures, bases and domains, and what equals, contains, divides or excludes what among
them – found in the firms' answers themselves, whatever an indicator is called and however its measure is written.
Does not belong here: which cells are sensitive (`primary`), lines and the system they make (`cells`).

A published line of a wave counts the firms of a base that answered (`firms`) and, for a share, those of them with the
property (`events`), in a domain. Sets of measures and sets of domains are looked at apart: what holds among the
measures of all firms holds in every domain, and what holds among the domains holds for every measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.survey import Indicator, Survey

Bools = npt.NDArray[np.bool_]
Set = tuple[str, str]
"""("firms" or "events", indicator)"""
Domain = tuple[str, str]
"""(domain variable, code); everyone is ("all", "all")"""


@dataclass(frozen=True)
class Sets:
    """The sets of firms of one wave. Every array has the shape (firms,)."""

    members: Mapping[Set, Bools]
    """The different sets of measures, each under the first name it has"""
    named: Mapping[Set, Set]
    """Every set -> the name its firms are kept under"""
    domains: Mapping[Domain, Bools]

    def count(self, name: Set, domain: Domain) -> int:
        """How many firms of a set are in a domain."""
        return int((self.members[name] & self.domains[domain]).sum())


def sets(firms: WaveFirms, survey: Survey) -> Sets:
    """The sets of a wave's firms, as answered."""
    observed = firms.observed
    found: dict[Set, Bools] = {}
    for name, indicator in survey.indicators.items():
        if indicator.measure in observed:
            inside = counted(observed, indicator)
            found["firms", name] = inside
            if indicator.estimator == "share":
                found["events", name] = inside & _true(observed[indicator.measure])
    first: dict[bytes, Set] = {}
    named = {name: first.setdefault(inside.tobytes(), name) for name, inside in found.items()}
    domains = {(EVERYONE, EVERYONE): np.ones(len(observed), dtype=bool)}
    for variable, codes in firms.domains.items():
        own = codes.set_index("firm")["domain"].reindex(observed["firm"])
        domains |= {(variable, str(code)): (own == code).to_numpy() for code in sorted(set(own.dropna()))}
    return Sets({name: found[name] for name in first.values()}, named, domains)


class Both:
    """The firms that were in two waves."""

    def __init__(self, one: WaveFirms, other: WaveFirms) -> None:
        self.waves = (one, other)
        self.firms = pd.Index(one.observed["firm"]).intersection(pd.Index(other.observed["firm"]))
        self.counts: dict[Domain, int] = {(EVERYONE, EVERYONE): len(self.firms)}
        """Domain -> how many of them were in it both times"""
        for variable in one.domains.keys() & other.domains.keys():
            before, after = (w.domains[variable].set_index("firm")["domain"].reindex(self.firms) for w in self.waves)
            stayed = before[(before == after).to_numpy(dtype=bool)].value_counts()
            self.counts |= {(variable, str(code)): int(count) for code, count in stayed.items()}

    def leaves_out(self, indicator: Indicator) -> bool:
        """Whether some of them are not in the indicator's base."""
        base = f"base_{indicator.base}"
        return any(
            base in wave.observed and not _true(wave.observed.loc[wave.observed["firm"].isin(self.firms), base]).all()
            for wave in self.waves
        )


def counted(observed: pd.DataFrame, indicator: Indicator) -> Bools:
    """(firms,) Whether a firm is one that an indicator counts: in its base, and with an answer."""
    inside = observed[indicator.measure].notna().to_numpy()
    base = f"base_{indicator.base}"
    if base in observed:
        inside &= _true(observed[base])
    if indicator.denominator and indicator.denominator in observed:
        inside &= observed[indicator.denominator].notna().to_numpy()
    return np.asarray(inside)


def _true(values: pd.Series) -> Bools:
    return np.asarray(values.astype("boolean").fillna(False).to_numpy(dtype=bool))


def divisions(members: Mapping[Set, Bools]) -> list[tuple[Set, tuple[Set, ...], Bools]]:
    """What divides what among these sets: (a whole, disjoint parts of it, the firms of the whole that no part holds).

    Every largest family of sets that exclude each other divides the smallest set around it; a set that lies in a larger
    one divides that one into itself and the rest, where no third set lies between the two.
    """
    names = [name for name, inside in members.items() if inside.any()]
    matrix = np.array([members[name] for name in names], dtype=np.int32).reshape(len(names), -1)
    common = matrix @ matrix.T
    size = np.diag(common)
    inside = (common == size[:, None]) & (size[:, None] < size[None, :])
    families = [family for family in _families(common == 0) if len(family) > 1]
    between = (inside.astype(np.int32) @ inside.astype(np.int32)) > 0
    families += [(int(small),) for small in range(len(names)) if inside[small].any()]
    found = []
    for family in families:
        around = inside[list(family)].all(axis=0)
        if len(family) > 1:
            together = matrix[list(family)].sum(axis=0)
            around |= (matrix == together).all(axis=1)
            wholes = _smallest(around, inside)
        else:
            wholes = [int(w) for w in np.flatnonzero(around & ~between[family[0]])]
        for whole in wholes:
            rest = members[names[whole]] & ~np.any([members[names[part]] for part in family], axis=0)
            found.append((names[whole], tuple(names[part] for part in family), rest))
    return found


def _smallest(around: Bools, inside: Bools) -> list[int]:
    """Of these sets those that hold none of the others."""
    places = np.flatnonzero(around)
    return [int(place) for place in places if not inside[places, place].any()]


def _families(apart: Bools) -> Iterator[tuple[int, ...]]:
    """The largest families of sets that exclude each other pairwise (Bron & Kerbosch 1973, with a pivot)."""
    near = [set(np.flatnonzero(row).tolist()) for row in apart]

    def grow(family: tuple[int, ...], open_: set[int], done: set[int]) -> Iterator[tuple[int, ...]]:
        if not open_ and not done:
            yield tuple(sorted(family))
            return
        pivot = max(sorted(open_ | done), key=lambda place: len(near[place] & open_))
        for place in sorted(open_ - near[pivot]):
            yield from grow((*family, place), open_ & near[place], done & near[place])
            open_, done = open_ - {place}, done | {place}

    yield from grow((), set(range(len(near))), set())


def crossings(domains: Mapping[Domain, Bools]) -> list[tuple[Domain, Domain, Bools]]:
    """Pairs of domains of two variables, with the firms both hold, where the one divides the other somewhere.

    Two variables of which no domain lies wholly in one of the other (size and sector) tell nothing of each other's
    cells; where some do, what is left of a domain without them is a cell that anyone can work out.
    """
    variables: dict[str, list[str]] = {}
    for variable, code in domains:
        if variable != EVERYONE:
            variables.setdefault(variable, []).append(code)
    found = []
    for one, other in combinations(variables, 2):
        if set(one.split("*")) <= set(other.split("*")) or set(other.split("*")) <= set(one.split("*")):
            continue  # a crossed variable adds up to its own margins
        pairs = [((one, a), (other, b), domains[one, a] & domains[other, b]) for a in variables[one]
                 for b in variables[other]]  # fmt: skip
        pairs = [(a, b, both) for a, b, both in pairs if both.any()]
        if any(both.sum() in (domains[a].sum(), domains[b].sum()) for a, b, both in pairs):
            found += pairs
    return found
