"""Who answered again: numbers of firms in two waves, and of those that left, which no line of changes is about.

Belongs here: what shares of firms that answered again, and the answers of those that left, tell of these numbers. Does
not belong here: the numbers that lines of changes print (`knowledge`).

The attacker takes

1. the share of a wave's firms that answered again for a whole number of firms over the wave's usable responses;
2. that number and the printed one, and what either leaves of both waves' firms; and subtracts two releases;
3. a share among the firms that left and among those that stayed, beside that of all, for a mixture: it tells how much
   weight stayed and, between the least and the greatest weight, how many firms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise, product
from math import ceil, floor, inf
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from monitor.attack.finding import FEW, FEWEST, Finding
from monitor.attack.knowledge import EVERYONE, read

SHARE = "share of the firms that answered again"
PRINTED = "firms in two waves less those of one"
MIXTURE = "answers of those that left and of those that stayed"
OF_TWO = "one release less another"
HALF_THOUSANDTH = 0.0005
HALF_DIGIT = 0.5e-6
"""Half the last digit of a share between 0.1 and 1, told to six"""
Pair = tuple[str, str]
"""A wave, and the one after it"""
Versions = Mapping[tuple[str, str], str]


class Counted(NamedTuple):
    """How many firms of a wave answered in another one too."""

    pair: Pair
    least: int
    most: int
    how: str


def again(releases: Sequence[Path], versions: Versions) -> list[Finding]:
    """What follows; `versions`: (release, wave) -> which of its sets of figures."""
    found: list[Finding] = []
    known: dict[str, list[Counted]] = {}
    for release in releases:
        quality = _table(release, "quality")
        if not len(quality):
            continue
        own = quality[~quality["suppressed"]]
        firms = {str(w): float(v) for w, v in _values(own, "usable_responses").items()}
        known[release.name] = [*_printed(own), *_shares(release, firms)]
        for number in (*known[release.name], *_mixtures(release, own, firms)):
            if _few(number, firms):
                what = f"firms in both, {number.least} to {number.most}"
                found.append(_finding(release.name, versions, number, what))
    for one, other in combinations(known, 2):
        for before, after in product(known[one], known[other]):
            if before.pair == after.pair and 0 < abs(after.least - before.least) < FEW:
                how = OF_TWO if before.how == after.how else f"{OF_TWO}, {after.how}"
                what = f"firms in both, {one} to {other}"
                found.append(_finding(other, versions, after._replace(how=how), what))
    return found


def _table(release: Path, name: str) -> pd.DataFrame:
    """A table; nothing where the release does not have it."""
    there = (release / "public" / "tables" / f"{name}.csv").exists()
    return read(release, name) if there else pd.DataFrame()


def _values(quality: pd.DataFrame, indicator: str) -> dict[str, float]:
    """Wave -> the value of a quality indicator over the whole wave."""
    rows = quality[(quality["indicator"] == indicator) & (quality["concept"] == EVERYONE)].dropna(subset=["value"])
    return dict(zip(rows["wave"].astype(str), rows["value"].astype(float), strict=True))


def _printed(quality: pd.DataFrame) -> Iterator[Counted]:
    """Numbers of firms in two waves that a release shows first."""
    rows = quality[quality["indicator"] == "panel_overlap"].dropna(subset=["value"])
    for x in rows.to_dict("records"):
        if str(x["wave"]) < str(x["concept"]) and not x.get("held", False):
            yield Counted((str(x["wave"]), str(x["concept"])), round(x["value"]), round(x["value"]), PRINTED)


def _shares(release: Path, firms: Mapping[str, float]) -> Iterator[Counted]:
    """The whole numbers of firms that shares of firms that answered again can be, where there is one alone."""
    tests = _table(release, "robustness")
    if not {"test", "bound"} <= set(tests):
        return
    told = tests[(tests["test"] == "attrition") & ~tests["suppressed"]].dropna(subset=["bound"])
    for x in told.to_dict("records"):
        wave, _, other = str(x["variant"]).partition(" to ")
        share, n = float(x["bound"]), round(firms.get(wave, 0))
        numbers = [k for k in range(n + 1) if abs(k / n - share) <= HALF_DIGIT] if n else []
        if len(numbers) == 1:
            yield Counted((wave, other), numbers[0], numbers[0], SHARE)


def _mixtures(release: Path, quality: pd.DataFrame, firms: Mapping[str, float]) -> Iterator[Counted]:
    """How many firms stayed, by the shares of all figures that everyone was asked about together."""
    rows, lines = _table(release, "sensitivity"), _table(release, "indicators")
    if not {"approach", "axis"} <= set(rows):
        return
    rows = rows[(rows["approach"] == "left") & ~rows["suppressed"] & (rows["unit"] == "share")]
    lines = lines[(lines["domain_variable"] == EVERYONE) & ~lines["suppressed"]]
    weights = [_values(quality, f"weight_{which}") for which in ("minimum", "maximum", "sum")]
    waves = sorted({str(wave) for wave in lines["wave"]})
    for wave, following in pairwise(waves):
        if wave not in firms or any(wave not in which for which in weights):
            continue
        own = lines[(lines["wave"] == wave) & (lines["n"] == firms[wave])].set_index("indicator")["estimate"]
        groups = rows[rows["wave"] == wave].set_index(["figure", "axis"])["estimate"]
        parts = [
            _stayed(float(own[name]), float(groups[name, "left"]), float(groups[name, "stayed"]))
            for name in own.index
            if (name, "left") in groups and (name, "stayed") in groups
        ]
        low, high = max((part[0] for part in parts), default=0.0), min((part[1] for part in parts), default=1.0)
        if parts and low <= high:
            least, most = _firms(low, high, firms[wave], *(which[wave] for which in weights))
            if least <= most:
                yield Counted((wave, following), least, most, MIXTURE)


def _stayed(whole: float, left: float, stayed: float) -> tuple[float, float]:
    """Between which parts of the weight those that stayed have, by one share: whole = part · stayed + rest · left."""
    ends = [
        (whole - (left + a)) / ((stayed + b) - (left + a))
        for a, b in product((-HALF_THOUSANDTH, HALF_THOUSANDTH), repeat=2)
        if abs(stayed - left) > 2 * HALF_THOUSANDTH
    ]
    return (max(min(ends), 0.0), min(max(ends), 1.0)) if ends else (0.0, 1.0)


def _firms(low: float, high: float, n: float, light: float, heavy: float, total: float) -> tuple[int, int]:
    """Between which numbers of firms those with such a part of the weight are."""
    if not 0 < light <= heavy:
        return 0, round(n)
    least = max(low * total / heavy, n - (1 - low) * total / light)
    most = min(high * total / light, n - (1 - high) * total / heavy)
    return max(ceil(least - 1e-3), 0), min(floor(most + 1e-3), round(n))


def _few(number: Counted, firms: Mapping[str, float]) -> bool:
    """Whether a number, or what it leaves of either wave, is known to within less than three firms and of few."""
    if number.most - number.least >= FEWEST:
        return False
    wave, other = (firms.get(name, inf) for name in number.pair)
    sizes = [(number.least, number.most), (wave - number.most, wave - number.least)]
    # Those that left were asked again; who came later is known by number where both waves' firms are counted.
    sizes += [(other - number.most, other - number.least)] if number.how != MIXTURE else []
    return any(least > 0 and most < FEW for least, most in sizes)


def _finding(release: str, versions: Versions, number: Counted, what: str) -> Finding:
    waves = " and ".join(number.pair)
    figures = "+".join(sorted({versions[release, wave] for wave in number.pair if (release, wave) in versions}))
    line = (waves, "firms in both", EVERYONE, EVERYONE)
    what = f"wave {waves}, {what}"
    return Finding(release, figures, what, number.how, float(number.least), float(number.most), (line,))
