"""What firms that did not answer could change, as a reader meets it: one sentence beside a figure, and a page.

Belongs here: which rows of `sensitivity` are told where, and how. Does not belong here: computing any of them, the
words (`wording`, sensitivity).

`sentence_of(figures, (wave, kind, figure))` is the sentence beside a headline ("indicator") or a claim ("claim").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.contract.columns import EVERYONE, POOLED
from monitor.publication.report import charts
from monitor.publication.report.numbers import DASH, NBSP, known
from monitor.publication.report.tables import Chart, Figures, Head, Line, Printed, drawn, lines, name_of, one
from monitor.survey.answering import of_estimand, of_indicator, property_words
from monitor.survey.wording import contrasts_of
from monitor.wording.sentences import say

INDICATOR, CLAIM = "indicator", "claim"
Key = tuple[str, str, str]
"""Wave (or `pooled`), kind, and name of a headline or claim"""


def sentence_of(figures: Figures, key: Key) -> str:
    """What the figure would be at the greatest plausible odds, and of a claim whether its verdict stands over the whole
    declared range; empty where nothing may be told."""
    shown = _odds(figures, key)
    firms = _firms(figures, key)
    if not shown or not firms:
        return ""
    most = max((x for x in shown if x["plausible"]), key=lambda x: float(x["setting"]))
    now, told = _now(figures, key, shown), _value(figures, most)
    facts = {"firms": firms, "odds": _plain(figures, most["setting"]), "now": now, "then": told}
    sentence = _say(figures, "would_be", **facts)
    return f"{sentence} {stands_words(figures, shown)}" if key[1] == CLAIM else sentence


def stands_words(figures: Figures, shown: Sequence[Line]) -> str:
    """Whether a verdict stands over the declared range, or where in it the nearest other verdict begins."""
    first, plausible = shown[0], [float(x["setting"]) for x in shown if x["plausible"]]
    between = {"least": _plain(figures, min(plausible)), "most": _plain(figures, max(plausible))}
    if first["survives"] is None:
        return _say(figures, "stands_unknown", **between)
    if first["survives"]:
        return _say(figures, "stands", **between)
    turns = [x for x in (first["turns_below"], first["turns_above"]) if x is not None]
    inside = [_plain(figures, x) for x in turns if min(plausible) <= float(x) <= max(plausible)]
    both = "turns_at_both" if len(inside) > 1 else "turns_at"
    return _say(figures, both, first=inside[0], second=inside[-1], **between)


def _odds(figures: Figures, key: Key) -> list[Line]:
    """The rows along the odds, from the least on; none where they are withheld."""
    wave, kind, figure = key
    found = lines(figures.tables["sensitivity"], wave=wave, kind=kind, figure=figure, approach="odds")
    shown = [x for x in found if not x["suppressed"] and known(x["estimate"]) is not None]
    shown.sort(key=lambda x: float(x["setting"]))
    return shown if any(x["plausible"] and float(x["setting"]) > 1 for x in shown) else []


def _firms(figures: Figures, key: Key) -> str:
    """The firms that a departure is about; empty where the survey no longer has the figure."""
    survey, (_, kind, figure) = figures.survey, key
    if kind == INDICATOR:
        found = of_indicator(survey, figure) if figure in survey.indicators else None
    else:
        estimand = next((claim.estimand for claim in survey.claims if claim.name == figure), None)
        found = of_estimand(survey, estimand) if estimand is not None else None
    return property_words(survey, found, figures.words.language) if found is not None else ""


def _now(figures: Figures, key: Key, shown: Sequence[Line], in_words: bool = True) -> str:
    """The figure as it is published, with the digits it has where it stands; `in_words`: with the word for its unit."""
    wave, kind, figure = key
    table, name = ("indicators", "indicator") if kind == INDICATOR else ("claims", "claim")
    whole = {"domain_variable": EVERYONE} if kind == INDICATOR else {}
    line = one(figures.tables[table], wave=wave, **{name: figure}, **whole)
    at_one = next((x for x in shown if float(x["setting"]) == 1), shown[0])
    told = at_one if line is None else {**at_one, "estimate": line["estimate"]}
    return _value(figures, told) if in_words else figures.numbers.value(told["estimate"], told["unit"])


def _value(figures: Figures, x: Line) -> str:
    """An estimate in its unit, a difference of shares in percentage points."""
    told = figures.numbers.value(x["estimate"], x["unit"])
    return f"{told}{NBSP}{figures.words.t('points_unit')}" if x["unit"] == "points" else told


def _interval(figures: Figures, x: Line) -> str:
    """An estimate with its interval as tables have it: differences of shares in points, with their sign."""
    told = figures.numbers.value(x["estimate"], x["unit"])
    if known(x["ci_low"]) is None:
        return told
    return f"{told} ({figures.numbers.interval(x['ci_low'], x['ci_high'], x['unit'])})"


def _plain(figures: Figures, odds: object) -> str:
    """An odds ratio: 1.5, 0.67."""
    return figures.numbers.plain(odds, 2).rstrip("0").rstrip(say("numbers", "decimal", figures.words.language))


def _say(figures: Figures, key: str, **facts: object) -> str:
    return say("sensitivity", key, figures.words.language, **facts).replace(" %", f"{NBSP}%")


# ---- the page


def page(figures: Figures, waves: Sequence[str]) -> dict[str, Any]:
    """Everything that is told, the newest wave first; without any row why there is none."""
    of_claims = [*_named(figures, POOLED, CLAIM), *_named(figures, waves[-1], CLAIM)]
    headlines = _named(figures, waves[-1], INDICATOR)
    curves = [key for key in (*of_claims, *headlines) if _odds(figures, key)]
    own = [key for key in curves if key[2] == _opening(figures)] or curves
    tables = [
        _along(figures, headlines, "headlines_title", waves[-1]),
        _along(figures, [key for key in of_claims if key[0] == POOLED], "claims_title", figures.words.t(POOLED)),
        _along(figures, [key for key in of_claims if key[0] != POOLED], "claims_title", waves[-1]),
    ]
    said = [
        _proxies(figures, waves[-1]),
        _groups(figures, waves[-1], "timing", ("early", "late", "difference")),
        *(_groups(figures, wave, "left", ("stayed", "left", "difference")) for wave in reversed(waves)),
        _response(figures, waves),
    ]
    return {
        "none": not curves,
        "curve": curve(figures, own[0]) if own else None,
        "tables": [table for table in tables if table.rows],
        "said": [table for table in said if table.rows],
        "s": lambda key: _say(figures, key),
    }


def _named(figures: Figures, wave: str, kind: str) -> list[Key]:
    """Every headline or claim of a wave that has rows, in the survey's order."""
    if kind == INDICATOR:
        return [(wave, kind, name) for name in figures.headlines]
    return [(wave, kind, claim.name) for claim in figures.survey.claims]


def _every(figures: Figures, wave: str) -> list[Key]:
    """Every headline and claim of a wave."""
    return [*_named(figures, wave, INDICATOR), *_named(figures, wave, CLAIM)]


def _opening(figures: Figures) -> str | None:
    """The last claim about the complementarity of the primary model: the question of the report."""
    known_of = {str(x["claim"]) for x in lines(figures.tables["claims"], model=figures.primary) if _of_both(figures, x)}
    found = [claim.name for claim in figures.survey.claims if claim.name in known_of]
    return found[-1] if found else None


def _of_both(figures: Figures, x: Line) -> bool:
    told = contrasts_of(figures.survey, str(x["model"]), str(x["variant"])).get("complementarity")
    return told is not None and told.name == x["contrast"]


def _label(figures: Figures, key: Key) -> str:
    if key[1] == INDICATOR:
        return figures.words.label("indicator", key[2])
    x = one(figures.tables["claims"], claim=key[2])
    return str(x[f"text_{figures.words.language}"]) if x else key[2]


def _along(figures: Figures, keys: Sequence[Key], title: str, wave: str) -> Printed:
    """Figures at the ends of the declared range and as published, where they turn and whether they stand."""
    rows = []
    for key in keys:
        shown = _odds(figures, key)
        if not shown:
            continue
        plausible = [x for x in shown if x["plausible"]]
        turns = " / ".join(
            _plain(figures, x) if x else DASH for x in (shown[0]["turns_below"], shown[0]["turns_above"])
        )
        stands = {True: "yes", False: "no", None: "unknown"}[shown[0]["survives"]]
        now = _now(figures, key, shown, in_words=False)
        cells = (_interval(figures, plausible[0]), now, _interval(figures, plausible[-1]))
        rows.append((_label(figures, key), *cells, turns, _say(figures, stands)))
    ends = [x for key in keys for x in _odds(figures, key) if x["plausible"]]
    least, most = (_plain(figures, end(float(x["setting"]) for x in ends)) if ends else "" for end in (min, max))
    heads = (
        Head(_say(figures, "figure"), long=True), Head(_say(figures, "at_odds", odds=least), True),
        Head(_say(figures, "published"), True), Head(_say(figures, "at_odds", odds=most), True),
        Head(_say(figures, "turning"), True), Head(_say(figures, "standing")),
    )  # fmt: skip
    return Printed(_say(figures, title, wave=wave), heads, tuple(rows))


def curve(figures: Figures, key: Key) -> Chart:
    """A figure along the odds of answering with its intervals, and the same in a table."""
    shown, n = _odds(figures, key), figures.numbers
    of = figures.words.t(POOLED) if key[0] == POOLED else key[0]
    title = _say(figures, "curve_title", figure=_label(figures, key), wave=of)
    marks = [
        charts.Mark(
            _say(figures, "at_odds", odds=_plain(figures, x["setting"])),
            _interval(figures, x),
            known(x["estimate"]),
            known(x["ci_low"]),
            known(x["ci_high"]),
        )
        for x in shown
    ]
    values = [value for mark in marks for value in (mark.estimate, mark.low, mark.high)]
    scale = charts.axis(values, lambda tick: n.value(tick, shown[0]["unit"], 0))
    across = charts.axis([float(x["setting"]) for x in shown], lambda tick: _plain(figures, tick))
    name = name_of("sensitivity", *key)
    words = "; ".join(f"{mark.label}: {mark.text}" for mark in marks)
    points = [(float(x["setting"]), mark) for x, mark in zip(shown, marks, strict=True)]
    svg = charts.curve(points, scale, across, title, words, name, 1.0)
    verdicts = [figures.words.t(str(x["verdict"]).replace(" ", "_")) if x["verdict"] else "" for x in shown]
    body = tuple((mark.label, mark.text, verdict) for mark, verdict in zip(marks, verdicts, strict=True))
    heads = (Head(_say(figures, "odds")), Head(figures.words.t("estimate"), True), Head(figures.words.t("verdict")))
    note = _say(figures, "curve_note", firms=_firms(figures, key))
    lines_drawn = drawn(name, "sensitivity", marks, shown)
    return Chart(title, svg, note, Printed(title, heads, body), description=words, drawn=lines_drawn)


def _shown(figures: Figures, **wanted: object) -> list[Line]:
    return [x for x in lines(figures.tables["sensitivity"], **wanted) if not x["suppressed"]]


def _proxies(figures: Figures, wave: str) -> Printed:
    """Headlines and claims if answering depended on the frame's proxy, the outcome, or both."""
    rows = []
    for key in _every(figures, wave):
        found = sorted(
            _shown(figures, wave=wave, kind=key[1], figure=key[2], approach="proxy"),
            key=lambda x: float(x["setting"]),
        )
        if found:
            rows.append((_label(figures, key), *(_interval(figures, x) for x in found)))
    phis = sorted({float(x["setting"]) for x in _shown(figures, wave=wave, approach="proxy")})
    heads = [Head(_say(figures, "phi", phi=_plain(figures, phi) or "0"), True) for phi in phis]
    return Printed(
        _say(figures, "proxy_title", wave=wave), (Head(_say(figures, "figure"), long=True), *heads), tuple(rows)
    )


def _groups(figures: Figures, wave: str, approach: str, axes: Sequence[str]) -> Printed:
    """Headlines and claims among two groups of firms that answered, and their difference."""
    rows = []
    for key in _every(figures, wave):
        about = {"kind": key[1], "figure": key[2], "approach": approach}
        found = {str(x["axis"]): x for x in _shown(figures, wave=wave, **about)}
        if found:
            cells = (_interval(figures, found[axis]) if axis in found else DASH for axis in axes)
            rows.append((_label(figures, key), *cells))
    heads = (Head(_say(figures, "figure"), long=True), *(Head(_say(figures, f"axis_{axis}"), True) for axis in axes))
    return Printed(_say(figures, f"{approach}_title", wave=wave), heads, tuple(rows))


def _response(figures: Figures, waves: Sequence[str]) -> Printed:
    """How alike invited and responding firms are, and what the frame says of both, wave by wave."""
    asked = [("representativity", EVERYONE, axis) for axis in ("r_indicator", "coefficient_of_variation")]
    every = _shown(figures, kind="response")
    asked += [
        (str(x["approach"]), str(x["figure"]), str(x["axis"]))
        for x in every
        if x["figure"] != EVERYONE and x["axis"] in ("within", "frame", "drawn", "weighted")
    ]
    rows = []
    for approach, figure, axis in dict.fromkeys(asked):
        about = {"kind": "response", "approach": approach, "figure": figure, "axis": axis}
        found = [next(iter(_shown(figures, wave=wave, **about)), None) for wave in waves]
        if any(found):
            label = "" if figure == EVERYONE else figures.words.label("concept", figure)
            cells = (DASH if x is None else _indexed(figures, x) for x in found)
            rows.append((_say(figures, f"axis_{axis}", label=label), *cells))
    heads = (Head(_say(figures, "figure"), long=True), *(Head(wave, True) for wave in waves))
    return Printed(_say(figures, "response_title"), heads, tuple(rows))


def _indexed(figures: Figures, x: Line) -> str:
    """A share as a percentage, an index with two decimals, each with its interval."""
    if x["unit"] != "index":
        return _interval(figures, x)
    n = figures.numbers
    told = n.plain(x["estimate"], 2)
    return told if known(x["ci_low"]) is None else f"{told} ({n.plain(x['ci_low'], 2)}{DASH}{n.plain(x['ci_high'], 2)})"
