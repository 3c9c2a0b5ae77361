"""A page for every province, sector and size band: whatever domains the survey has figures of; and a map of provinces.

Belongs here: which domains have a page, what it tells beside all firms, and where the map puts a province. Does not
belong here: drawing an interval or a line over the waves (`charts`, `trends`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import escape

from monitor.contract.columns import EVERYONE
from monitor.publication.report import charts, trends
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Chart, Figures, Head, Line, Printed, described, drawn, lines, name_of, one
from monitor.survey import Survey
from monitor.wording.sentences import say

TILES = {
    "PV21": (2, 0), "PV20": (3, 0), "PV27": (1, 1), "PV24": (2, 1), "PV22": (3, 1), "PV28": (0, 2), "PV26": (1, 2),
    "PV25": (2, 2), "PV23": (3, 2), "PV29": (0, 3), "PV30": (1, 3), "PV31": (2, 3),
}  # fmt: skip
"""Column and row of each Dutch province (codes of Statistics Netherlands) in a map of equal tiles"""
TILE, GAP = (93.0, 108.0), 4.0


@dataclass(frozen=True)
class Place:
    """A domain that has a page."""

    variable: str
    code: str
    label: str
    file: str


def every(figures: Figures, survey: Survey) -> list[Place]:
    """The domains that the disclosed tables have figures of, in the order of survey and codebook."""
    return [
        Place(variable, code, figures.words.domain(variable, code), f"{name_of('place', variable, code)}.html")
        for variable in survey.domains
        for code in figures.domains(variable)
    ]


def groups(figures: Figures, survey: Survey) -> list[dict[str, Any]]:
    """The domains with a page by their variable."""
    found = every(figures, survey)
    return [
        {"label": figures.words.variable(v), "places": [p for p in found if p.variable == v]}
        for v in dict.fromkeys(p.variable for p in found)
    ]


def index(figures: Figures, survey: Survey, wave: str) -> dict[str, Any]:
    """The domains with a page, and the map where a variable is the provinces."""
    mapped = next((v for v in survey.domains if is_map(figures.domains(v))), None)
    maps = [m for name in figures.headlines if mapped and (m := tiles(figures, wave, name, mapped))]
    return {"groups": groups(figures, survey), "maps": maps, "wave": wave}


def is_map(codes: Sequence[str]) -> bool:
    """Whether domains are provinces that the map knows."""
    return len(codes) > 1 and set(codes) <= set(TILES)


def tiles(figures: Figures, wave: str, name: str, variable: str) -> Chart | None:
    """A headline share by province as a map of tiles, each with its value and interval, hatched where it is of limited
    reliability; None for another figure."""
    found = figures.domain_lines(wave, name, variable)[1:]
    if figures.units.get(name) != "share" or not found:
        return None
    marks = [figures.mark(x, "share", label) for label, x in found]
    title = figures.words.label("indicator", name)
    address = name_of("map", wave, name, variable)
    codes = [str(x["domain"]) for _, x in found]
    texts = [_texts(figures, x) for _, x in found]
    svg = _drawn(codes, marks, texts, f"{title}, {wave}", address)
    printed = figures.indicator_table(f"{title}, {wave}", found, "share", figures.words.variable(variable))
    points = drawn(address, "indicators", marks, [x for _, x in found])
    return Chart(title, svg, "", printed, description=described(marks), drawn=points)


def _texts(figures: Figures, x: Line) -> tuple[str, str]:
    """A tile's value and interval in whole percentages; that it is withheld, in words."""
    if x["suppressed"]:
        return "", figures.withheld_words(x)
    n = figures.numbers
    return n.percent(x["estimate"]), n.interval(x["ci_low"], x["ci_high"], "share", 0)


def _drawn(
    codes: Sequence[str], marks: Sequence[charts.Mark], texts: Sequence[tuple[str, str]], title: str, name: str
) -> Any:
    columns = [TILES[code][0] for code in codes]
    left, top, right = min(columns), min(TILES[code][1] for code in codes), max(columns)
    width, height = TILE
    start = (charts.WIDTH - (right - left + 1) * (width + GAP) + GAP) / 2
    most = max((m.estimate for m in marks if m.estimate is not None), default=1.0) or 1.0
    parts = [charts.hatching(name)] if any(m.faint for m in marks) else []
    for code, mark, (value, interval) in zip(codes, marks, texts, strict=True):
        x = start + (TILES[code][0] - left) * (width + GAP)
        y = (TILES[code][1] - top) * (height + GAP)
        fill = charts.shade(0.0 if mark.estimate is None else mark.estimate / most)
        said = charts.wrapped(mark.label.replace("-", "- "), width)
        middle = f'x="{x + width / 2:.1f}" text-anchor="middle" fill="{charts.INK}"'
        rows = [(y + 24 + charts.LINE_HEIGHT * k, text.replace("- ", "-"), "") for k, text in enumerate(said)]
        rows += [(y + 72, value, ' font-size="21" font-weight="700"')] if value else []
        below = [interval] if value else charts.wrapped(interval, width)
        rows += [(y + 92 - charts.LINE_HEIGHT * k, text, "") for k, text in enumerate(reversed(below))]
        inside = "".join(f'<text {middle} y="{at:.1f}"{how}>{escape(text)}</text>' for at, text, how in rows)
        parts.append(
            f'<g class="mark tile" data-tip="{escape(f"{mark.label}: {mark.text}")}">'
            f"{charts.tile(x, y, width, height, fill, name if mark.faint else '')}{inside}</g>"
        )
    bottom = (max(TILES[code][1] for code in codes) - top + 1) * (height + GAP)
    return charts.figure(bottom, parts, title, described(marks), name)


def page(figures: Figures, survey: Survey, waves: Sequence[str], place: Place) -> dict[str, Any]:
    """What is told of a domain: its headline figures beside those of all firms, over the waves, and every indicator."""
    t, n = figures.words.t, figures.numbers
    domain = {"domain_variable": place.variable, "domain": place.code}
    found = [
        (name, x) for name in figures.headlines
        if (x := one(figures.tables["indicators"], wave=waves[-1], indicator=name, **domain))
    ]  # fmt: skip
    firms = max((x["n"] for _, x in found if not x["suppressed"] and known(x["n"]) is not None), default=None)
    about = {"label": place.label, "wave": waves[-1], "n": n.plain(firms)}
    siblings = [p for p in every(figures, survey) if p.variable == place.variable]
    return {
        "place": place,
        "variable": figures.words.variable(place.variable),
        "lead": t("place_lead" if firms is not None else "place_lead_none", **about),
        "siblings": siblings,
        "chart": beside(figures, place, found),
        "headline_table": table(figures, place, found, waves[-1]),
        "trends": trends.together(figures, waves, place.variable, place.code) if len(waves) > 1 else None,
        "every": over_waves(figures, waves, place),
        "wave": waves[-1],
        "taking_part": _taking_part(figures, waves[-1], domain),
    }


def _taking_part(figures: Figures, wave: str, domain: Mapping[str, str]) -> str:
    """The words of a link to who takes part in initiatives; none where nothing is told of it in a domain."""
    found = lines(figures.tables["participation"], wave=wave, **domain)
    return say("participation", "link", figures.words.language) if found else ""


def beside(figures: Figures, place: Place, found: Sequence[tuple[str, Line]]) -> Chart | None:
    """The domain's headline shares on one scale, all firms as a diamond beside each."""
    marks, told = [], []
    for name, x in found:
        if figures.units.get(name) == "share":
            told.append(x)
            whole = _whole(figures, x)
            shown = whole is not None and not whole["suppressed"] and not x["suppressed"]
            mark = figures.mark(x, "share", figures.words.label("indicator", name))
            marks.append(replace(mark, plain=known(whole["estimate"]) if shown and whole else None))
    if not any(m.estimate is not None for m in marks):
        return None
    title = figures.words.t("place_chart", label=place.label)
    name = name_of("beside", place.variable, place.code)
    svg = charts.intervals(marks, figures.scale(marks, "share"), title, described(marks), name)
    points = drawn(name, "indicators", marks, told)
    return Chart(title, svg, figures.words.t("place_key"), description=described(marks), drawn=points)


def _whole(figures: Figures, x: Line) -> Line | None:
    """The line of all firms beside a domain's."""
    return one(figures.tables["indicators"], wave=x["wave"], indicator=x["indicator"], domain_variable=EVERYONE)


def table(figures: Figures, place: Place, found: Sequence[tuple[str, Line]], wave: str) -> Printed:
    """The domain's headline figures in numbers, beside those of all firms: what is compared stands before what says
    how far to trust it, which a narrow screen hides first."""
    t, n, rows = figures.words.t, figures.numbers, []
    for name, x in found:
        unit, whole = figures.units.get(name), _whole(figures, x)
        shown = not x["suppressed"]
        rows.append(
            (
                figures.words.label("indicator", name),
                n.value(x["estimate"], unit) if shown else figures.withheld_words(x),
                n.interval(x["ci_low"], x["ci_high"], unit) if shown else "",
                "" if whole is None or whole["suppressed"] else n.value(whole["estimate"], unit),
                n.plain(x["n"]) if shown else "",
                t(str(x["reliability"])) if shown else "",
            )
        )
    heads = (
        Head(t("indicator"), long=True), Head(t("weighted_short"), True), Head(t("interval"), True),
        Head(t("everyone"), True), Head(t("n"), True), Head(t("reliability")),
    )  # fmt: skip
    return Printed(t("place_table", label=place.label, wave=wave), heads, tuple(rows))


def over_waves(figures: Figures, waves: Sequence[str], place: Place) -> Printed:
    """Every indicator of the domain, wave by wave."""
    domain = {"domain_variable": place.variable, "domain": place.code}
    found: dict[str, dict[str, Line]] = {}
    for x in lines(figures.tables["indicators"], **domain):
        found.setdefault(str(x["indicator"]), {})[str(x["wave"])] = x
    rows = tuple(
        (
            figures.words.label("indicator", name),
            *(figures.value_words(found[name][w], figures.units.get(name)) if w in found[name] else "" for w in waves),
            str(list(found[name].values())[-1]["comparable_since"] or DASH),
        )
        for name in figures.order
        if name in found
    )
    t = figures.words.t
    heads = (Head(t("indicator"), long=True), *(Head(w, True) for w in waves), Head(t("comparable_since")))
    return Printed(t("place_every", label=place.label), heads, rows)
