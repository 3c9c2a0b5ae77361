"""What one release less another tells of initiatives and quantiles, which no equation of the lines is about.

Belongs here: numbers of firms in an initiative, and quantiles, that moved though few firms can have moved them. Does
not belong here: lines of indicators, which add up (`knowledge`).

The attacker subtracts what two releases each show first (what is marked as held is an earlier release's):

1. the firms of an initiative; one to nine of difference are told. Where all but one are shown, the last follows from
   the number of participations: that of an indicator whose mean times n is the sum wherever all are shown;
2. a quantile that moved where a line of its measure in its domain is held, and so few firms changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd

from monitor.attack.finding import FEW, Finding
from monitor.attack.knowledge import EVERYONE, read

QUANTILES = ("p25", "median", "p75")
OF_TWO = "one release less another"
OF_ALL = "all participations less the others"


def differences(releases: Sequence[Path], versions: Mapping[tuple[str, str], str]) -> list[Finding]:
    """What follows for initiatives and quantiles; `versions`: (release, wave) -> which of its sets of figures."""
    found: list[Finding] = []
    for wave in sorted({wave for _, wave in versions}):
        of_wave = [release for release in releases if (release.name, wave) in versions]
        found += _initiatives(of_wave, wave, versions) + _quantiles(of_wave, wave, versions)
    return found


def _table(release: Path, name: str, wave: str) -> pd.DataFrame:
    """A wave's rows of a table; none where the release does not have it."""
    if not (release / "public" / "tables" / f"{name}.csv").exists():
        return pd.DataFrame()
    table = read(release, name)
    return table[table["wave"] == wave]


def _initiatives(releases: Sequence[Path], wave: str, versions: Mapping[tuple[str, str], str]) -> list[Finding]:
    tables = {release.name: _table(release, "initiatives", wave) for release in releases}
    lines = {release.name: _table(release, "indicators", wave) for release in releases}
    shown = {
        name: {str(x["initiative"]): float(x["firms"]) for x in table.to_dict("records") if not _hidden(x)}
        for name, table in tables.items()
    }
    counts_all = _counting_participations(tables, shown, lines)
    found = []
    for name, firms in shown.items():
        hidden = sorted({str(code) for code in tables[name].get("initiative", ())} - set(firms))
        total = _participations(lines[name], counts_all)
        if len(hidden) == 1 and total is not None:
            last = total - sum(firms.values())
            if 0 < last < FEW:
                found.append(_finding(name, versions[name, wave], wave, hidden[0], name, OF_ALL, last))
            firms[hidden[0]] = last
    for one, other in combinations(shown, 2):
        for code in sorted(shown[one].keys() & shown[other].keys()):
            moved = shown[other][code] - shown[one][code]
            if 0 < abs(moved) < FEW:
                what = f"{one} to {other}"
                found.append(_finding(other, versions[other, wave], wave, code, what, OF_TWO, moved))
    return found


def _hidden(row: Mapping[object, object]) -> bool:
    """Whether a row shows nothing, or an earlier release's number."""
    return bool(row["suppressed"]) or bool(row["held"])


def _counting_participations(
    tables: Mapping[str, pd.DataFrame], shown: Mapping[str, Mapping[str, float]], lines: Mapping[str, pd.DataFrame]
) -> set[str]:
    """The indicators whose mean times n is the sum of an initiatives' table that shows all."""
    found: set[str] = set()
    for name, firms in shown.items():
        if firms and len(firms) == len(tables[name]):
            total = sum(firms.values())
            found |= {code for code, value in _sums(lines[name]).items() if abs(value - total) < 0.01}
    return found


def _participations(lines: pd.DataFrame, indicators: set[str]) -> float | None:
    sums = _sums(lines)
    return next((round(sums[code]) for code in sorted(indicators) if code in sums), None)


def _sums(lines: pd.DataFrame) -> dict[str, float]:
    """Indicator -> its plain mean times its number of firms, over everyone, where it is shown first."""
    if not len(lines):
        return {}
    rows = lines[(lines["domain_variable"] == EVERYONE) & ~lines["suppressed"] & ~lines["held"]]
    return {str(x["indicator"]): float(x["unweighted"]) * float(x["n"]) for x in rows.to_dict("records")}


def _finding(release: str, figures: str, wave: str, code: str, where: str, how: str, number: float) -> Finding:
    what = f"wave {wave}, firms of initiative {code}, {where}"
    return Finding(release, figures, what, how, number, number, ((wave, f"initiative {code}", EVERYONE, EVERYONE),))


def _quantiles(releases: Sequence[Path], wave: str, versions: Mapping[tuple[str, str], str]) -> list[Finding]:
    found: list[Finding] = []
    last: dict[tuple[str, str, str], tuple[object, ...]] = {}
    for release in releases:
        lines = _table(release, "indicators", wave)
        places = lines.loc[lines["held"], ["measure", "domain_variable", "domain"]]
        stale = set(places.astype(str).itertuples(index=False, name=None))
        for x in _table(release, "benchmarks", wave).to_dict("records"):
            place = (str(x["measure"]), str(x["domain_variable"]), str(x["domain"]))
            values = tuple(None if pd.isna(x[name]) else x[name] for name in QUANTILES)
            moved = any(
                None not in pair and pair[0] != pair[1] for pair in zip(values, last.get(place, values), strict=True)
            )
            if moved and (place in stale or x["held"]):
                what = f"wave {wave}, quantiles of {place[0]}, {place[1]}={place[2]}, {release.name}"
                line = (wave, *place)
                found.append(Finding(release.name, versions[release.name, wave], what, OF_TWO, 0.0, 0.0, (line,)))
            if any(value is not None for value in values):
                last[place] = values
    return found
