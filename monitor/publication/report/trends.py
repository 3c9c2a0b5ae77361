"""Headline figures over the waves: a figure each, with its breaks in comparability.

Belongs here: what a line over the waves holds, of all firms or of a domain. Does not belong here: whether two waves
compare (`comparability`), the table of changes (`changes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.contract.columns import EVERYONE
from monitor.publication.report import changes, charts, comparability, panels
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Chart, Drawn, Figures, Line, described, name_of, one


def page(figures: Figures, waves: Sequence[str]) -> dict[str, Any]:
    """Each headline figure of all firms over the waves, and the changes between waves."""
    if len(waves) < 2:
        return {"charts": [], "changes": None, "changes_note": None}
    drawn = of_domain(figures, waves, EVERYONE, EVERYONE)
    return {"charts": drawn, "changes": changes.table(figures), "changes_note": changes.note(figures)}


def of_domain(figures: Figures, waves: Sequence[str], variable: str, domain: str) -> list[Chart]:
    """The headline figures of a domain (or of all firms) over the waves; those shown in no wave are left out, and all
    shares stand on one scale, so that figures in a row can be compared."""
    found = {name: _found(figures, waves, name, variable, domain) for name in figures.headlines}
    marks = {name: [_mark(figures, name, w, x) for w, x in told] for name, told in found.items()}
    shown = [name for name in figures.headlines if any(m.estimate is not None for m in marks[name])]
    shares = [m for name in shown if figures.units.get(name) == "share" for m in marks[name]]
    drawn = []
    for name in shown:
        scale = figures.scale(shares if figures.units.get(name) == "share" else marks[name], figures.units.get(name))
        drawn.append(_chart(figures, name, found[name], marks[name], scale))
    return drawn


def together(figures: Figures, waves: Sequence[str], variable: str, domain: str) -> Chart | None:
    """All of `of_domain` as one figure with one address; None where none is shown."""
    shown = of_domain(figures, waves, variable, domain)
    if not shown:
        return None
    label = figures.words.domain(variable, domain)
    title = figures.words.t("trends_panels", label=label, first=waves[0], last=waves[-1])
    points = tuple((f"{c.title}, {w}", line) for c in shown if c.drawn for w, line in c.drawn.points)
    told = "; ".join(f"{c.title}, {one}" for c in shown for one in c.description.split("; "))
    address = name_of("waves", variable, domain)
    svg = panels.rows([(c.title, c.note, c.svg) for c in shown], title, told, address)
    drawn = Drawn(address, "indicators", points)
    return Chart(title, svg, description=told, drawn=drawn, panels=tuple(shown))


def _found(
    figures: Figures, waves: Sequence[str], name: str, variable: str, domain: str
) -> list[tuple[str, Line | None]]:
    """Each wave with its line; None where the wave has none."""
    table = figures.tables["indicators"]
    return [(w, one(table, wave=w, indicator=name, domain_variable=variable, domain=domain)) for w in waves]


def _mark(figures: Figures, name: str, wave: str, x: Line | None) -> charts.Mark:
    if x is None:
        return charts.Mark(wave, figures.words.t("not_asked"), None, None, None)
    if x["suppressed"]:
        return charts.Mark(wave, figures.withheld_words(x), None, None, None)
    text = figures.numbers.value(x["estimate"], figures.units.get(name))
    bounds = (known(x["estimate"]), known(x["ci_low"]), known(x["ci_high"]))
    return charts.Mark(wave, text, *bounds, faint=x["reliability"] == "limited")


def _chart(
    figures: Figures,
    name: str,
    found: Sequence[tuple[str, Line | None]],
    marks: Sequence[charts.Mark],
    scale: charts.Axis,
) -> Chart:
    waves, label = [w for w, _ in found], figures.words.label("indicator", name)
    pairs = range(1, len(waves))
    breaks = [i for i in pairs if comparability.broken(figures, name, waves[i - 1], waves[i])]
    notes = [words for i in pairs for words in comparability.notes(figures, name, waves[:i], waves[i])]
    title = f"{label}, {waves[0]}{DASH}{waves[-1]}"
    rows = [(w, x) for w, x in found if x is not None]
    first = rows[0][1]
    of = () if first["domain_variable"] == EVERYONE else (str(first["domain_variable"]), str(first["domain"]))
    address = name_of("trend", name, *of)
    svg = charts.lines(waves, marks, breaks, scale, title, described(marks), address)
    printed = figures.indicator_table(title, rows, figures.units.get(name), figures.words.t("wave"))
    drawn = Drawn(address, "indicators", tuple(rows))
    return Chart(label, svg, " ".join(notes), printed, description=described(marks), drawn=drawn)
