"""The whole distribution of the outcome's measure over the four states, for the page of the primary question.

Belongs here: which lines of `distribution` stand there, and how. Does not belong here: the curve of complementarity
(`models`), computing anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.publication.report import charts, question
from monitor.publication.report.numbers import known
from monitor.publication.report.tables import Chart, Figures, Head, Line, Printed, drawn, lines, name_of

LEAST_CUTS = 3
"""Fewer thresholds than this are no curve"""


def section(figures: Figures, wave: str, label: str) -> dict[str, Any] | None:
    """Four curves, and where they lie farthest apart; None where too few thresholds may be shown."""
    shown = [
        x
        for x in lines(figures.tables["distribution"], wave=wave, model=figures.primary)
        if not x["suppressed"] and known(x["estimate"]) is not None
    ]
    if len({x["cut"] for x in shown}) < LEAST_CUTS:
        return None
    return {"words": farthest(figures, shown), "chart": chart(figures, shown, wave, label)}


def farthest(figures: Figures, shown: Sequence[Line]) -> str:
    """The threshold (the lowest, of several) at which the states lie farthest apart, with both ends, as printed."""
    t, n, named = figures.words.t, figures.numbers, _states(figures)
    measure = figures.words.label("measure", str(shown[0]["measure"]))
    by_cut = _by_cut(shown)
    # In hundredths, as the table has them: what differs in a last bit alone is equal.
    apart = {cut: round(100 * (_most(of) - _least(of))) for cut, of in by_cut.items()}
    cut = max(apart, key=lambda c: (apart[c], -c))
    if apart[cut] == 0:
        return t("distribution_same", measure=measure)
    found = by_cut[cut]
    least, most = _least(found), _most(found)
    return t(
        "distribution_most",
        cut=n.plain(cut),
        measure=measure,
        least=n.percent(least),
        least_state=_at(found, least, named),
        most=n.percent(most),
        most_state=_at(found, most, named),
    )


def chart(figures: Figures, shown: Sequence[Line], wave: str, label: str) -> Chart:
    """The four curves, with the same in a table."""
    t, n, named = figures.words.t, figures.numbers, _states(figures)
    title = t("distribution_title", wave=label)
    measure = figures.words.label("measure", str(shown[0]["measure"]))
    several = [
        (
            named[state],
            [
                (float(x["cut"]), charts.Mark(f"{named[state]}, > {_cut(figures, x['cut'])}", n.percent(x["estimate"]),
                                              known(x["estimate"]), None, None))
                for x in sorted(shown, key=lambda x: x["cut"])
                if x["state"] == state
            ],
        )
        for state in question.STATES
    ]  # fmt: skip
    scale = charts.axis([known(x["estimate"]) for x in shown], lambda tick: n.percent(tick))
    across = charts.axis([float(x["cut"]) for x in shown], lambda tick: n.plain(tick), zero=False)
    words = "; ".join(
        f"{of}: " + ", ".join(f"> {_cut(figures, x)} {m.text}" for x, m in points) for of, points in several
    )
    name = name_of("distribution", wave)
    svg = charts.curves(several, scale, across, title, words, name, _own(figures, wave))
    note = t("distribution_note", measure=measure)
    marks = [mark for _, points in several for _, mark in points]
    found = [x for state in question.STATES for x in sorted(shown, key=lambda x: x["cut"]) if x["state"] == state]
    lines_drawn = drawn(name, "distribution", marks, found)
    return Chart(title, svg, note, table(figures, shown, title), description=words, drawn=lines_drawn)


def table(figures: Figures, shown: Sequence[Line], title: str) -> Printed:
    """A row for each threshold, a column for each state: the probability, and the band of its whole curve."""
    n, named = figures.numbers, _states(figures)
    cells = {
        (x["cut"], x["state"]): f"{n.percent(x['estimate'])} ({n.interval(x['band_low'], x['band_high'], decimals=0)})"
        for x in shown
    }
    heads = (Head(figures.words.t("threshold")), *(Head(named[state], True) for state in question.STATES))
    rows = tuple(
        (_cut(figures, cut), *(cells.get((cut, state), "") for state in question.STATES))
        for cut in sorted({x["cut"] for x in shown})
    )
    return Printed(title, heads, rows)


def _states(figures: Figures) -> dict[str, str]:
    """State -> what it is called."""
    about = question.subjects(figures)
    return {state: figures.words.begun(f"state_{state}", a=about["a"], b=about["b"]) for state in question.STATES}


def _by_cut(shown: Sequence[Line]) -> dict[float, dict[str, float]]:
    """Cut -> state -> probability."""
    found: dict[float, dict[str, float]] = {}
    for x in shown:
        found.setdefault(float(x["cut"]), {})[str(x["state"])] = float(x["estimate"])
    return found


def _least(of: Mapping[str, float]) -> float:
    return min(of.values())


def _most(of: Mapping[str, float]) -> float:
    return max(of.values())


def _at(of: Mapping[str, float], value: float, named: Mapping[str, str]) -> str:
    """The states with this probability."""
    return ", ".join(named[state] for state in question.STATES if of[state] == value)


def _cut(figures: Figures, cut: float) -> str:
    return figures.numbers.percent(cut / 100)


def _own(figures: Figures, wave: str) -> float | None:
    """The report's own threshold, where the curve has it."""
    found = lines(figures.tables["curve"], wave=wave, model=figures.primary, sign=">")
    return next((float(x["cut"]) for x in found if x["own_choice"]), None)
