"""What published fits of models tell beside each other and by their digits, which no equation of the lines is about.

Belongs here: numbers of events subtracted, shares of fits without controls, ranges told too finely. Does not belong
here: coefficients of a withheld line (`findings`), lines of indicators (`knowledge`).

The attacker takes

1. two fits of one outcome for a part of each other where their numbers allow it, and subtracts; of firms without the
   first part of an outcome it is known that none has the second;
2. the same fit, or claim, of two releases, and subtracts;
3. an unweighted logit without controls for the table that it is: a state's probability is a whole number of firms over
   a whole number of firms, and the states add up to the fit;
4. a curve, or a range without one firm, that is told to more than whole points for what moves where one firm does,
   and what a figure would be under other odds of answering, where that is told of a withheld one or too finely;
5. what is worked out of all specifications of a model for equations, in the estimates of those that are withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import floor, log10
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.attack.finding import FEW, FEWEST, Finding
from monitor.attack.knowledge import EVERYONE, file_of, read

FIT = ("wave", "model", "variant")
STATES = 4
TOLD_IN_POINTS = ("estimate", "ci_low", "ci_high", "band_low", "band_high")
OF_ALL = ("by_choice", "by_way", "joint_test")
OF_SHARES = ("share", "points", "index")
Versions = Mapping[tuple[str, str], str]
Counts = tuple[float, float]
"""Firms, and those of them with the outcome"""


def fits(releases: Sequence[Path], versions: Versions) -> list[Finding]:
    """What follows from models; `versions`: (release, wave) -> which of its sets of figures."""
    found: list[Finding] = []
    for release in releases:
        name = _Named(release, versions)
        models = _shown(_table(release, "models"))
        found += _beside(name, models, _table(release, "indicators"), _table(release, "definitions"))
        found += _tables(name, models, _table(release, "terms"), _table(release, "contrasts"))
        found += _too_fine(name, release)
        found += _departures(name, release)
        found += _of_all(name, _table(release, "specifications"), _shown(_table(release, "robustness")))
    for table, key in (("models", FIT), ("claims", ("wave", "claim"))):
        found += _moved(releases, versions, table, key)
    return found


class _Named:
    """Findings of one release."""

    def __init__(self, release: Path, versions: Versions) -> None:
        self.release, self.versions = release.name, versions
        every = sorted({version for (name, _), version in versions.items() if name == self.release})
        self.of_all = "+".join(every)

    def finding(self, wave: object, what: str, how: str, number: float = 0.0) -> Finding:
        """A number that a wave's figures, or those of all waves together, tell."""
        figures = self.versions.get((self.release, str(wave)), self.of_all)
        line = (str(wave), what, EVERYONE, EVERYONE)
        return Finding(self.release, figures, f"wave {wave}, {what}", how, number, number, (line,))


def _table(release: Path, name: str) -> pd.DataFrame:
    """A table; nothing where the release does not have it."""
    return read(release, name) if file_of(release, name).exists() else pd.DataFrame()


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    return table[~table["suppressed"].astype(bool)] if "suppressed" in table else table


def _few(firms: float, events: float) -> bool:
    """Whether a number of firms with a property, of some, tells what they answered."""
    return firms > 0 and 0 <= events <= firms and min(events, firms - events) < FEWEST


def _beside(name: _Named, models: pd.DataFrame, lines: pd.DataFrame, measures: pd.DataFrame) -> Iterator[Finding]:
    """Events of one fit less those of another, or of the answers themselves."""
    if "events" not in models:
        return
    base = {str(x["name"]): str(x["base"]) for x in measures.to_dict("records")}
    told = models[pd.to_numeric(models["events"]).notna()]
    for (wave, outcome, of), part in told.groupby(["wave", "outcome", "base"]):
        counts = {f"{x['model']} {x['variant']}": (float(x["n"]), float(x["events"])) for x in part.to_dict("records")}
        firsts = set(models.loc[models["wave"] == wave, "events"].dropna().astype(float))
        complete = {fit: count for fit, count in counts.items() if fit.endswith(" complete_cases")}
        own = _shown(lines[(lines["wave"] == wave) & (lines["measure"] == outcome)])
        own = own[(own["domain_variable"] == EVERYONE) & own["indicator"].map(base).eq(str(of))]
        answered = {
            f"answers to {x['indicator']}": (float(x["n"]), float(np.rint(x["n"] * x["unweighted"])))
            for x in own.to_dict("records")
        }
        # What the others count beyond the answers is filled in, and nobody's answer.
        pairs = [*combinations(counts.items(), 2), *product(complete.items(), answered.items())]
        for (one, first), (other, second) in pairs:
            (less, events), (more, all_events) = sorted((first, second))
            by_definition = all_events == events and less in firsts
            if _few(more - less, all_events - events) and not by_definition:
                yield name.finding(wave, f"{outcome}: {other} less {one}", "one fit less another", all_events - events)


def _moved(releases: Sequence[Path], versions: Versions, table: str, key: Sequence[str]) -> Iterator[Finding]:
    """Counts of one release less those of another, where both show their own."""
    fresh: dict[Path, dict[tuple[str, ...], Counts]] = {}
    for release in releases:
        rows = _shown(_table(release, table))
        for flag in ("held", "counts_held"):
            rows = rows[~rows[flag].astype("string").str.lower().eq("true")] if flag in rows else rows
        rows = rows.dropna(subset=["n", "events"]) if {"n", "events"} <= set(rows) else rows.iloc[:0]
        counted = {tuple(str(x[k]) for k in key): (float(x["n"]), float(x["events"])) for x in rows.to_dict("records")}
        fresh[release] = counted
    for one, other in combinations(releases, 2):
        for place in sorted(fresh[one].keys() & fresh[other].keys()):
            (n, events), (n_now, events_now) = fresh[one][place], fresh[other][place]
            moves = (abs(n_now - n), abs(events_now - events), abs((n_now - events_now) - (n - events)))
            if any(0 < move < least for move, least in zip(moves, (FEW, FEWEST, FEWEST), strict=True)):
                what = f"{' '.join(place[1:])}, {one.name} to {other.name}"
                yield _Named(other, versions).finding(place[0], what, "one release less another", max(moves))


def _tables(name: _Named, models: pd.DataFrame, terms: pd.DataFrame, contrasts: pd.DataFrame) -> Iterator[Finding]:
    """States of a fit without controls that too few firms are in, or too few of which have the outcome or do not."""
    if not {"term"} <= set(terms) or "contrast" not in contrasts or "weighted" not in models:
        return
    named = terms.groupby(list(FIT))["term"].agg(list).to_dict()
    shares = _shown(contrasts)
    for x in models.to_dict("records"):
        fit = tuple(x[k] for k in FIT)
        of_practices = [str(t) for t in named.get(fit, []) if t != "intercept"]
        exact = x["estimator"] == "logit" and not x["weighted"] and len(of_practices) == STATES - 1
        if not exact or any("[" in t for t in of_practices) or pd.isna(x["events"]):
            continue
        own = shares[(shares[list(FIT)] == list(fit)).all(axis=1) & (shares["unit"] == "share")]
        states = list(zip(own["contrast"], own["estimate"], own["se"], strict=True))
        tables = _whole_numbers([(float(p), _half_digit(se)) for _, p, se in states], float(x["n"]), float(x["events"]))
        for place, (state, *_) in enumerate(states if len(states) == STATES else ()):
            if tables and all(t[place][0] < FEW or _few(*t[place]) for t in tables):
                what = f"{fit[1]} {fit[2]}: {state}"
                yield name.finding(x["wave"], what, "shares of whole numbers of firms", tables[0][place][1])


def _half_digit(se: float) -> float:
    """Half the last digit that something with this standard error, told to five digits, is told to."""
    return 0.5 * 10.0 ** (floor(log10(se)) - 4) if se > 0 else 0.5e-6


def _whole_numbers(shares: Sequence[tuple[float, float]], n: float, events: float) -> list[tuple[Counts, ...]]:
    """Every table of firms and events with these shares, to within the slack of each, that adds up to the fit."""
    sizes = np.arange(1.0, n + 1)
    options: list[list[Counts]] = []
    for share, slack in shares:
        with_it = np.rint(share * sizes)
        fits_ = np.abs(with_it / sizes - share) <= slack * (1 + 1e-9)
        options.append(list(zip(sizes[fits_].tolist(), with_it[fits_].tolist(), strict=True)))
    if len(options) != STATES:
        return []
    last = dict.fromkeys(options[-1])
    found = []
    for some in product(*options[:-1]):
        rest = (n - sum(size for size, _ in some), events - sum(count for _, count in some))
        if rest in last:
            found.append((*some, rest))
    return found


def _too_fine(name: _Named, release: Path) -> Iterator[Finding]:
    """Curves and ranges told to more than whole points, and one firm's part of an amount told of a cell."""
    checks = _table(release, "robustness")
    ranges = checks[checks["test"] == "one_firm"] if "test" in checks else checks
    curves = [_table(release, table) for table in ("curve", "distribution")]
    for kind, rows in (("range without one firm", ranges), *(("curve", curve) for curve in curves)):
        if not len(rows):
            continue
        if "own_choice" in rows:
            rows = rows[~rows["own_choice"].astype("string").str.lower().eq("true")]
        # A range stands beside the estimate, which is the model's own number.
        columns = [c for c in TOLD_IN_POINTS if c in rows and not (c == "estimate" and kind != "curve")]
        points = 100 * rows[columns].astype("float64")
        fine = rows[((points - points.round()).abs() > 1e-6).any(axis=1)]
        for wave, of in fine.groupby("wave"):
            what = f"{kind} of {', '.join(sorted(set(of['model'].astype(str))))}"
            yield name.finding(wave, what, "more than whole points")
    lines = _table(release, "indicators")
    told = lines[lines["one_firm"].notna()] if "one_firm" in lines else lines.iloc[:0]
    for x in told[(told["domain_variable"] != EVERYONE) | told["suppressed"]].to_dict("records"):
        what = f"one firm's part of {x['indicator']}, {x['domain_variable']}={x['domain']}"
        yield name.finding(x["wave"], what, "said of a cell")


def _departures(name: _Named, release: Path) -> Iterator[Finding]:
    """What a figure or claim would be had its firms answered otherwise: told of one that is withheld, or to more than
    thousandths of a share, it gives the figure back, or a response class."""
    rows, lines, claims = (
        _shown(_table(release, "sensitivity")),
        _table(release, "indicators"),
        _table(release, "claims"),
    )
    if not len(rows):
        return
    away = lines[lines["suppressed"] & (lines["domain_variable"] == EVERYONE)]
    withheld = {("indicator", str(x["wave"]), str(x["indicator"])) for x in away.to_dict("records")}
    gone = claims[claims["suppressed"]] if "suppressed" in claims else claims.iloc[:0]
    withheld |= {("claim", str(x["wave"]), str(x["claim"])) for x in gone.to_dict("records")}
    columns = [c for c in ("estimate", "ci_low", "ci_high") if c in rows]
    for x in rows.to_dict("records"):
        what = f"{x['figure']} by {x['approach']} {x['axis']}"
        if (str(x["kind"]), str(x["wave"]), str(x["figure"])) in withheld:
            yield name.finding(x["wave"], what, "a withheld figure under other odds")
        thousandths = [1000 * float(x[c]) for c in columns if pd.notna(x[c])]
        if x["unit"] in OF_SHARES and any(abs(value - round(value)) > 1e-6 for value in thousandths):
            yield name.finding(x["wave"], what, "more than thousandths")


def _of_all(name: _Named, specifications: pd.DataFrame, tests: pd.DataFrame) -> Iterator[Finding]:
    """Specifications that are withheld beside numbers worked out of all of them."""
    if "suppressed" not in specifications or "test" not in tests:
        return
    gone = specifications.loc[specifications["suppressed"], ["wave", "model"]].drop_duplicates()
    for wave, model in gone.itertuples(index=False, name=None):
        told = tests[(tests["wave"] == wave) & (tests["model"] == model) & tests["test"].isin(OF_ALL)]
        for test in sorted(set(told["test"])):
            yield name.finding(wave, f"{model}: withheld specifications by {test}", "all less the others")
