"""Figures that were published before: what changed in them is a cell too, for anyone can subtract two releases.

Belongs here: which published figures stay as they were until enough firms changed. Does not belong here: reading
earlier releases (`history`), which firms changed (`changed`), solving a system (`complementary`).

A line that one to `minimum_firms` − 1 firms changed in (they came, went, moved or answered otherwise), or a share whose
numerator or what it leaves fewer than `fewest_others` of them moved, is **held**: the new release shows the figure of
the last one again, and with it every line from which the change could be worked out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from monitor import contract
from monitor.contract.columns import EVERYONE
from monitor.stages.disclosed.cells import Row, events_of, number, row_of
from monitor.stages.disclosed.changed import Changed, changed_between, changed_firms, changed_lines
from monitor.stages.disclosed.contributions import WaveFirms
from monitor.stages.disclosed.history import Earlier
from monitor.stages.disclosed.sequence import OVERLAP
from monitor.statistics.disclosure.complementary import withheld_rows
from monitor.statistics.disclosure.system import Name, Quantity, System
from monitor.survey import Disclosure, Indicator, Survey

Lines = Mapping[Row, Mapping[str, Any]]

UNSEEN = "unseen"

PARTICIPANTS = "participants"
"""The one quality indicator that counts an answer of firms"""
PRECISION = "coefficient_of_variation"
"""The quality indicator that repeats a column of an indicator's line"""


def held_lines(
    before: Sequence[Earlier],
    survey: Survey,
    firms: Mapping[str, WaveFirms],
    system: System,
    gone: Iterable[Row],
) -> tuple[dict[Row, Mapping[str, Any]], set[Row]]:
    """The indicator lines that stay as they were, each with the line last shown; and lines to withhold because no
    release showed them yet, but what they would show now gives the same away.

    `system` is what is published now (its quantities' names and relations), `gone` the lines withheld now.
    """
    rows: set[Row] = set()
    for release in before:
        changed = changed_lines(release, survey, firms, set(system.shows))
        fresh = [row for row, line in release.lines.items() if not _true(line.get("held"))]
        seen = {name for row in fresh for name in system.shows.get(row, ())}
        between = changed_between(release, survey, firms, system)
        difference = _difference(system, changed, between, seen, set(gone), survey.disclosure)
        few = {row for row in difference.shows if row[0] != UNSEEN and few_changed(changed[row], survey.disclosure)}
        unseen = set(difference.shows) - set(changed)
        rows |= withheld_rows(difference, few | unseen) - unseen
    former: dict[Row, Mapping[str, Any]] = {}
    for release in before:
        former |= {row: line for row, line in release.lines.items() if row in rows}
    return former, rows - set(former)


def _difference(
    system: System,
    changed: Mapping[Row, Changed],
    between: Mapping[Name, int],
    seen: set[Name],
    gone: set[Row],
    limits: Disclosure,
) -> System:
    """What subtracting tells: the same quantities and relations as now, every value a change.

    A change is known where no firm changed, and where a line shows a quantity now that was `seen` before; it is
    protected where it is about too few firms (`few_changed`), whether a line shows it or it lies `between` lines. What
    a line does not tell of its changes, for it is withheld now or was not seen before, stands as a line of its own that
    is withheld: (`UNSEEN`, line).

    A change has no bounds worth knowing: what was shown has at least the minimum number of firms to lose. So it is safe
    as soon as it is not determined, and no value is needed: any interval is as good as another.
    """
    quantities = {name: Quantity(0.0, -np.inf, np.inf) for name in system.quantities}
    known = {name for name in system.known if isinstance(name, tuple) and name and name[0] == "left out"}
    both = changed.keys() & system.shows.keys()
    counts: dict[Name, int] = {}
    for row in both:
        for name, moved in zip(system.shows[row], (changed[row].members, changed[row].firms), strict=False):
            counts[name] = max(moved, counts.get(name, 0))
    counts |= {name: count for name, count in between.items() if name not in counts}
    known |= {name for name, count in counts.items() if count == 0}
    for name, count in counts.items():
        quantities[name].width = 1.0 if 0 < count < limits.minimum_firms else 0.0
    for row in both:
        if few_changed(changed[row], limits):
            for name in system.shows[row][1:]:
                quantities[name].width = 1.0
    shows: dict[Name, tuple[Name, ...]] = {}
    for row in sorted(both):
        open_ones = tuple(name for name in system.shows[row] if name not in known)
        told = () if row in gone else tuple(name for name in open_ones if name in seen)
        shows[row], shows[UNSEEN, row] = told, tuple(name for name in open_ones if name not in told)
    shows = {row: names for row, names in shows.items() if names}
    told_by_none = {name for name in between if quantities[name].width > 0}
    cost = {row: system.cost.get(row, 0.0) for row in shows}
    return System(quantities, system.relations, shows, cost, known, told_by_none)


def few_changed(changed: Changed, limits: Disclosure) -> bool:
    """Whether too few firms changed in a line to show it anew: one to `minimum_firms` − 1, or however many, of whom
    fewer than `fewest_others` moved the number with the property, or the number without it. Such a difference tells the
    answer of those few, or of all that came or left."""
    alike = changed.fewest is not None and changed.fewest < limits.fewest_others
    return alike or 0 < changed.firms < limits.minimum_firms


def with_held(indicators: pd.DataFrame, held: Lines) -> pd.DataFrame:
    """`indicators` with the held lines as they were last shown."""
    out = indicators.copy()
    keys = [row_of(line) for line in out.to_dict("records")]
    out["held"] = [key in held for key in keys]
    for column in contract.BY_NAME["indicators"].withheld:
        if column in out:
            new = [held[k][column] if k in held else v for k, v in zip(keys, out[column], strict=True)]
            out[column] = pd.Series(new, index=out.index, dtype="object")
    return out


def changes_of_printed(changes: pd.DataFrame, fresh: pd.DataFrame, held: Lines) -> pd.DataFrame:
    """`changes` between what is printed: where an end is held, the change moves by what is held back.

    Its standard error stays; p from the change over it, by Student's t with the change's degrees of freedom.
    """
    from scipy.special import stdtr

    if not len(changes) or not held:
        return changes
    estimates = {row_of(line): line["estimate"] for line in fresh.to_dict("records")}
    back = {row: float(line["estimate"]) - float(estimates[row]) for row, line in held.items() if row in estimates}
    out = changes.copy()
    ends = [
        [
            (str(x[w]), str(x["indicator"]), str(x["domain_variable"]), str(x["domain"]))
            for w in ("wave_from", "wave_to")
        ]
        for x in out.to_dict("records")
    ]
    shift = np.array([back.get(to, 0.0) - back.get(start, 0.0) for start, to in ends])
    touched = np.array([start in back or to in back for start, to in ends])
    for column in ("change", "ci_low", "ci_high"):
        out[column] = pd.to_numeric(out[column]) + shift
    df = pd.to_numeric(out["df"]) if "df" in out else pd.Series(np.inf, index=out.index)
    ratio = (out["change"] / pd.to_numeric(out["se"])).abs()
    out.loc[touched, "p_value"] = 2 * stdtr(df[touched].fillna(np.inf).clip(upper=1e9), -ratio[touched])
    return out


def with_held_counts(models: pd.DataFrame, before: Sequence[Earlier], held: Lines, survey: Survey) -> pd.DataFrame:
    """`models` with the counts last shown where they changed by too few firms, or where they count a held line.

    A fit over several waves gives the counts of a single one away together with the others': where one of them is held,
    the fit's are too (NULL where the last release did not have it).
    """
    if not len(models) or not before:
        return models
    key, counts = ("wave", "model", "variant"), ("n", "firms", "events", "n_dropped")
    tables = [release.tables["models"] for release in before]
    outcomes = {(row[0], str(line["measure"])) for row, line in held.items() if row[2] == EVERYONE}
    flags = _few(models, tables, key, counts, survey.disclosure.minimum_firms, "counts_held")
    flags |= np.array([(str(w), str(o)) in outcomes for w, o in zip(models["wave"], models["outcome"], strict=True)])
    several = ~models["wave"].isin(list(survey.waves)).to_numpy()
    if flags.any():
        flags |= several
    return kept_as_shown(models, flags, tables[-1], key, counts, "counts_held")


def with_held_claims(claims: pd.DataFrame, before: Sequence[Earlier], held: Lines, least: int) -> pd.DataFrame:
    """`claims` with those that count firms as last decided, where the counts changed by fewer firms than `least` or are
    those of a held line. A claim decided by a model tells no count: it is decided anew."""
    if claims.empty:
        return claims.assign(held=False)
    tables = [release.tables["claims"] for release in before]
    key = ("wave", "claim")
    counted = {(row[0], number(line["n"]), events_of(line)) for row, line in held.items() if row[2] == EVERYONE}
    flags = _few(claims, tables, key, ("n", "events"), least, "held")
    lines = [(str(x["wave"]), number(x["n"]), number(x["events"])) for x in claims.to_dict("records")]
    flags |= np.array([line in counted for line in lines], dtype=bool)
    flags &= np.array([tuple(x) in _keyed(tables[-1], key) if tables else False for x in claims[list(key)].to_numpy()])
    columns = (*contract.BY_NAME["claims"].withheld, "suppressed")
    return kept_as_shown(claims, flags, tables[-1] if tables else None, key, columns, "held")


def with_held_initiatives(initiatives: pd.DataFrame, before: Sequence[Earlier], least: int) -> pd.DataFrame:
    """`initiatives` with the number of firms last shown where it changed by fewer than `least`, and with enough others
    that the number of participations does not give the change back."""
    tables = [release.tables["initiatives"] for release in before]
    flags = np.zeros(len(initiatives), dtype=bool)
    for wave, part in initiatives.groupby("wave") if len(initiatives) else ():
        for table in tables:
            then = _keyed(table[table["wave"] == wave], ("initiative",))
            system, few = System(), set()
            system.known.add(EVERYONE)
            for code, count in zip(part["initiative"], part["firms"], strict=True):
                former = then.get((code,))
                was = None if former is None or _true(former["held"]) else known(former["firms"])
                system.quantities[code] = Quantity(0.0, -np.inf, np.inf)
                if was is None or known(count) is None:
                    continue
                difference = abs(number(count) - was)
                if difference == 0:
                    system.known.add(code)
                else:
                    system.quantities[code].width = 1.0
                    system.shows[code], system.cost[code] = (code,), max(number(count), 1.0)
                    if difference < least:
                        few.add(code)
            system.quantities[EVERYONE] = Quantity(0.0, -np.inf, np.inf)
            system.relations.append((EVERYONE, tuple(part["initiative"])))
            chosen = withheld_rows(system, set(few))
            flags |= ((initiatives["wave"] == wave) & initiatives["initiative"].isin(chosen)).to_numpy()
    return kept_as_shown(initiatives, flags, tables[-1] if tables else None, ("wave", "initiative"), ("firms",), "held")


def with_held_participants(quality: pd.DataFrame, before: Sequence[Earlier], held: Lines, least: int) -> pd.DataFrame:
    """`quality` with the number of participants, or of firms in two waves, last shown where it changed by fewer than
    `least`, or where it is the number of a held line."""
    tables = [release.tables["quality"] for release in before]
    key = ("wave", "indicator", "concept")
    counted = {(row[0], events_of(line)) for row, line in held.items() if row[2] == EVERYONE}
    flags = _few(quality, tables, key, ("value",), least, "held")
    flags |= np.array(
        [(str(w), v) in counted for w, v in zip(quality["wave"], quality["value"], strict=True)], dtype=bool
    )
    flags &= quality["indicator"].isin((PARTICIPANTS, OVERLAP)).to_numpy()
    kept = kept_as_shown(quality, flags, tables[-1] if tables else None, key, ("value",), "held")
    return kept.assign(held=kept["held"] | quality["held"]) if "held" in quality else kept


def with_held_precision(quality: pd.DataFrame, held: Lines) -> pd.DataFrame:
    """`quality` with the coefficients of variation that belong to held lines."""
    last = {(row[0], row[1]): line["cv"] for row, line in held.items() if row[2] == EVERYONE}
    places = list(zip(quality["wave"], quality["concept"], strict=True))
    of_line = (quality["indicator"] == PRECISION).to_numpy()
    flags = np.array([place in last for place in places], dtype=bool) & of_line
    values = [last[place] if flag else v for place, flag, v in zip(places, flags, quality["value"], strict=True)]
    return quality.assign(value=pd.Series(values, index=quality.index, dtype="object"), held=flags)


def with_held_quantiles(
    benchmarks: pd.DataFrame, before: Sequence[Earlier], survey: Survey, firms: Mapping[str, WaveFirms], held: Lines
) -> pd.DataFrame:
    """`benchmarks` with the quantiles last shown where one to `minimum_firms` − 1 firms changed in them, or where a
    line of the same measure and domain is held."""
    if not len(benchmarks) or not before:
        return benchmarks.assign(held=False)
    key = ("wave", "measure", "domain_variable", "domain")
    few: set[tuple[str, ...]] = {(row[0], str(line["measure"]), *row[2:]) for row, line in held.items()}
    for release in before:
        table = release.tables["benchmarks"]
        fresh = _keyed(table[~table["held"].fillna(False).astype(bool)], key)
        for wave in sorted({str(place[0]) for place in fresh} & set(firms)):
            was = release.firms(survey, wave)
            if was is None:
                continue
            for measure in sorted({str(of) for at, of, *_ in fresh if at == wave}):
                whole = Indicator(name=measure, measure=measure, estimator="mean", base="", label={})
                for domain, changed in changed_firms(was, firms[wave], whole).items():
                    if 0 < changed.firms < survey.disclosure.minimum_firms:
                        few.add((wave, measure, *domain))
    places = benchmarks[list(key)].astype(str).itertuples(index=False, name=None)
    flags = np.array([place in few for place in places], dtype=bool)
    columns = contract.BY_NAME["benchmarks"].withheld
    return kept_as_shown(benchmarks, flags, before[-1].tables["benchmarks"], key, (*columns, "suppressed"), "held")


Key = tuple[str, ...]


def _keyed(table: pd.DataFrame, key: Key) -> dict[tuple[object, ...], dict[Any, Any]]:
    return {tuple(x[k] for k in key): x for x in table.to_dict("records")}


def _few(
    frame: pd.DataFrame, tables: Sequence[pd.DataFrame], key: Key, counts: Sequence[str], least: int, flag: str
) -> np.ndarray:
    """Rows in which some count differs from what an earlier release first showed, by fewer than `least`."""
    formers = [_keyed(table[~table[flag].fillna(False).astype(bool)], key) for table in tables]
    return np.array(
        [
            any(
                0 < abs(number(x[c]) - number(former[place][c])) < least
                for former in formers
                if (place := tuple(x[k] for k in key)) in former
                for c in counts
                if known(former[place][c]) is not None and known(x[c]) is not None
            )
            for x in frame.to_dict("records")
        ],
        dtype=bool,
    )


def kept_as_shown(
    frame: pd.DataFrame, flags: np.ndarray, last: pd.DataFrame | None, key: Key, columns: Sequence[str], flag: str
) -> pd.DataFrame:
    """The frame with these rows' columns as the last release has them; NULL where it does not have the row."""
    former = {} if last is None else _keyed(last, key)
    out = frame.assign(**{flag: flags})
    if frame.empty:
        return out
    places = [tuple(x[k] for k in key) for x in frame.to_dict("records")]
    for column in columns:
        values = [
            former.get(place, {}).get(column) if held else value
            for place, held, value in zip(places, flags, out[column], strict=True)
        ]
        out[column] = pd.Series(values, index=out.index, dtype="object")
    return out


def known(value: Any) -> float | None:
    """The value as a number, or None where there is none."""
    return None if value is None or value is pd.NA or value != value else float(value)


def _true(value: Any) -> bool:
    return value is not None and value is not pd.NA and bool(value)
