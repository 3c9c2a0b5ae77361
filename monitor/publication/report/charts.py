"""Figures as SVG: complete without a script, with their intervals, readable at 360 pixels and on paper.

Belongs here: laying out marks for values that are given. Does not belong here: values, words, pages.

Every figure is 400 units wide, so that its text of 15 units is at least 12 pixels high on a phone of 360; pages put
several beside each other on wide screens. Labels stand above their marks, where no rule of the scale runs, and are cut
to the width; the table under a figure has them in full. Colours are never the only difference: shape and text say the
same, and what is of limited reliability is open or hatched. A page gives the colours another value in the dark, by
the attributes that hold them here (`site.css`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup, escape

from monitor.publication.report import foreign

WIDTH = 400
LEFT, RIGHT = 8, 392
SIZE = 15
"""Height of all text, in units of the width"""
INK, QUIET, LINE, ACCENT, BAND, WARM = "#17212b", "#51606e", "#d5dce3", "#0b5c7a", "#9cc7d8", "#a63d0a"
HALO = 'stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
"""Keeps text readable where a grid line runs behind it"""
PLANE = (14.0, 190.0, 56.0, 388.0)
"""Top, bottom, left and right of the plane that curves are drawn in"""
STROKES = (
    (QUIET, ' stroke-dasharray="2 4"', False),
    ("#7a5c00", ' stroke-dasharray="8 4"', False),
    (ACCENT, ' stroke-dasharray="12 3 2 3"', True),
    (WARM, "", True),
)
"""Colour, stroke and whether the dots are filled, of each of several curves"""
ROW, LINE_HEIGHT = 48.0, 18.0
"""Height of a mark with a label of one line, and what every line more adds"""
FONT = "font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, 'Libertinus Serif', sans-serif\""


@dataclass(frozen=True)
class Mark:
    """One estimate to draw: where it is, how sure it is, and what to write beside it."""

    label: str
    text: str
    """The value in words, beside the label"""
    estimate: float | None
    low: float | None
    high: float | None
    plain: float | None = None
    """A second, unweighted value, drawn as a small open diamond"""
    faint: bool = False
    """Limited reliability: an open dot"""
    strong: bool = False
    band: tuple[float, float] | None = None
    """Bounds that hold every mark of the curve at once"""


@dataclass(frozen=True)
class Axis:
    """What a scale covers, where it is ticked and how ticks are written."""

    low: float
    high: float
    ticks: tuple[float, ...]
    texts: tuple[str, ...]

    def at(self, value: float, start: float, end: float) -> float:
        """Where a value lies between two positions; what is beyond the scale is drawn at its end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low or 1.0)
        return start + share * (end - start)


def axis(values: Sequence[float | None], write: object, least: float | None = None, zero: bool = True) -> Axis:
    """A scale over the values with three to six round ticks; `write` turns a tick into text."""
    known = [v for v in values if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if least is not None and high - low < least:
        high = low + least
    span = high - low or 1.0
    raw = span / 4
    size = 10 ** floor(log10(raw))
    step = next(size * k for k in (1, 2, 2.5, 5, 10) if raw <= size * k * 1.0001)
    first = floor(low / step + 1e-9)
    ticks = []
    while True:
        tick = first * step
        ticks.append(tick)
        if tick >= high - 1e-9 * span:
            break
        first += 1
    return Axis(ticks[0], ticks[-1], tuple(ticks), tuple(write(t) for t in ticks))  # type: ignore[operator]


def cut(text: str, units: float, size: float = SIZE) -> str:
    """The text cut to a width, with an ellipsis; direction marks and line ends out, so that one label is one line."""
    if not foreign.plain(text).isprintable():
        text = "".join(c for c in text if c.isprintable() or foreign.MARK.match(c))
    most = max(int(units / (size * 0.54)), 4)
    return text if len(foreign.plain(text)) <= most else foreign.first(text, most - 1) + "…"


def figure(
    height: float, parts: Sequence[str], title: str, description: str, name: str, width: float = WIDTH
) -> Markup:
    """An SVG with a title and a description a screen reader reads."""
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" role="img" '
        f'aria-labelledby="{name}-t {name}-d" {FONT} font-size="{SIZE}" fill="{INK}">'
        f'<title id="{name}-t">{escape(cut(title, 2000))}</title>'
        f'<desc id="{name}-d">{escape(cut(description, 8000))}</desc>{"".join(parts)}</svg>'
    )


def intervals(
    marks: Sequence[Mark], scale: Axis, title: str, description: str, name: str, reference: float | None = None
) -> Markup:
    """One line per mark: label and value above, interval and point on a common scale below. A label that does not fit
    beside its value goes on over up to three lines more."""
    top = 6.0
    shown = [(mark, wrapped(mark.label, RIGHT - LEFT - len(mark.text) * 8.1 - 12, most=4)) for mark in marks]
    starts = [
        top + ROW * i + LINE_HEIGHT * sum(len(words) - 1 for _, words in shown[:i]) for i in range(len(shown) + 1)
    ]
    bottom = starts[-1]
    bands = [(y + 4 + LINE_HEIGHT * len(words), y + ROW + LINE_HEIGHT * (len(words) - 1) - 2)
             for y, (_, words) in zip(starts, shown, strict=False)]  # fmt: skip
    parts = _grid(scale, bands, bottom)
    if reference is not None:
        parts += [_upright(scale.at(reference, LEFT, RIGHT), *band, QUIET) for band in bands]
    for y, (mark, words) in zip(starts, shown, strict=False):
        weight = ' font-weight="700"' if mark.strong else ""
        line = "".join(
            f'<text x="{LEFT}" y="{_n(y + 16 + LINE_HEIGHT * k)}"{weight}>{escape(text)}</text>'
            for k, text in enumerate(words)
        )
        line += f'<text x="{RIGHT}" y="{_n(y + 16)}" text-anchor="end" fill="{QUIET}">{escape(mark.text)}</text>'
        parts.append(_mark(mark, line + _interval(mark, scale, y + 15 + LINE_HEIGHT * len(words))))
    return figure(bottom + 24, parts, title, description, name)


def _grid(scale: Axis, bands: Sequence[tuple[float, float]], bottom: float) -> list[str]:
    """The ticks of a scale across: a rule beside every interval and none through a label, their words below."""
    parts = []
    for i, (tick, text) in enumerate(zip(scale.ticks, scale.texts, strict=True)):
        x = scale.at(tick, LEFT, RIGHT)
        anchor = "start" if i == 0 else "end" if i == len(scale.ticks) - 1 else "middle"
        strong = QUIET if abs(tick) < 1e-12 else LINE
        path = "".join(f"M{_n(x)} {_n(top)}V{_n(end)}" for top, end in bands)
        parts.append(f'<path d="{path}" fill="none" stroke="{strong}"/>')
        parts.append(_tick(x, bottom + 18, anchor, text))
    return parts


def _interval(mark: Mark, scale: Axis, y: float) -> str:
    if mark.estimate is None:
        return ""
    colour = WARM if mark.strong else ACCENT
    x = scale.at(mark.estimate, LEFT, RIGHT)
    parts = []
    if mark.low is not None and mark.high is not None:
        a, b = scale.at(mark.low, LEFT, RIGHT), scale.at(mark.high, LEFT, RIGHT)
        parts.append(
            f'<line x1="{_n(a)}" x2="{_n(b)}" y1="{_n(y)}" y2="{_n(y)}" stroke="{colour}" stroke-opacity=".45" '
            f'stroke-width="7" {_ends(mark)}/>'
        )
    if mark.plain is not None:
        p = scale.at(mark.plain, LEFT, RIGHT)
        parts.append(
            f'<path d="M{_n(p)} {_n(y - 6)}l5 6l-5 6l-5 -6z" fill="#ffffff" stroke="{INK}" stroke-width="1.3"/>'
        )
    fill = "#ffffff" if mark.faint else colour
    parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="5.2" fill="{fill}" stroke="{colour}" stroke-width="2"/>')
    return "".join(parts)


def _ends(mark: Mark) -> str:
    """How the bar of an interval is drawn: in strokes where the figure is of limited reliability."""
    return 'stroke-dasharray="3 3"' if mark.faint else 'stroke-linecap="round"'


def squares(
    cells: Sequence[Sequence[Mark]],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    description: str,
    name: str,
) -> Markup:
    """The two-by-two: four tiles, darker where the value is larger, hatched where it is of limited reliability, each
    with its value and interval in words. The darkest is as light as the ink needs: text on it has more than twice the
    contrast that WCAG asks (4.5 to 1)."""
    left, width, height = 116.0, 134.0, 96.0
    heads = [wrapped(head, width + 8, most=3) for head in columns]
    top = 12.0 + LINE_HEIGHT * max(len(words) for words in heads)
    centred = 'text-anchor="middle"'
    most = max((m.estimate for line in cells for m in line if m.estimate is not None), default=1.0) or 1.0
    parts = [hatching(name)] if any(m.faint for line in cells for m in line) else []
    for j, said in enumerate(heads):
        for k, words in enumerate(reversed(said)):
            parts.append(written(left + (j + 0.5) * (width + 6), top - 10 - LINE_HEIGHT * k, words, centred))
    for i, (head, line) in enumerate(zip(rows, cells, strict=True)):
        y = top + i * (height + 6)
        for k, words in enumerate(wrapped(head, left - 12, most=4)):
            parts.append(f'<text x="{LEFT}" y="{_n(y + height / 2 - 14 + LINE_HEIGHT * k)}">{escape(words)}</text>')
        for j, mark in enumerate(line):
            x = left + j * (width + 6)
            share = 0.0 if mark.estimate is None else mark.estimate / most
            fill = shade(share)
            value, _, interval = mark.text.partition(" ")
            parts.append(
                f'<g class="mark tile">{tile(x, y, width, height, fill, name if mark.faint else "")}'
                + written(x + width / 2, y + 44, value, f'{centred} font-size="26" font-weight="700" fill="{INK}"')
                + written(x + width / 2, y + 68, interval, f'{centred} fill="{INK}"')
                + "</g>"
            )
    return figure(top + 2 * height + 12, parts, title, description, name)


def hatching(name: str) -> str:
    """The pattern that lies over a tile whose value is of limited reliability."""
    return (
        f'<defs><pattern id="{name}-h" width="9" height="9" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0V9" stroke="{QUIET}" stroke-width="1.6"/></pattern></defs>'
    )


def tile(x: float, y: float, width: float, height: float, fill: str, hatched: str = "") -> str:
    """A tile; `hatched`: the figure whose hatching lies around its words, which stand on the plain fill."""
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="6"'
    drawn = f'<rect {place} fill="{fill}" stroke="{LINE}"/>'
    if not hatched:
        return drawn
    inner = f'x="{_n(x + 7)}" y="{_n(y + 7)}" width="{_n(width - 14)}" height="{_n(height - 14)}" rx="4"'
    return f'{drawn}<rect {place} fill="url(#{hatched}-h)"/><rect {inner} fill="{fill}"/>'


def shade(share: float) -> str:
    """From near white to a light shade of the accent: the value's share of the largest."""
    light, dark = (0xF3, 0xF6, 0xF8), (0x86, 0xBF, 0xD4)
    mixed = [round(a + (b - a) * min(max(share, 0.0), 1.0) ** 1.1) for a, b in zip(light, dark, strict=True)]
    return "#" + "".join(f"{c:02x}" for c in mixed)


def lines(
    waves: Sequence[str],
    marks: Sequence[Mark],
    breaks: Sequence[int],
    scale: Axis,
    title: str,
    description: str,
    name: str,
) -> Markup:
    """One value over the waves with intervals. `breaks`: positions before which figures cannot be compared; there the
    line is cut and a dashed rule stands."""
    top, bottom, left, right = 26.0, 172.0, 56.0, 388.0
    step = (right - left) / max(len(waves), 1)
    at = [left + step * (i + 0.5) for i in range(len(waves))]
    parts = []
    for tick, text in zip(scale.ticks, scale.texts, strict=True):
        y = scale.at(tick, bottom, top)
        parts.append(f'<line x1="{left}" x2="{right}" y1="{_n(y)}" y2="{_n(y)}" stroke="{LINE}"/>')
        parts.append(_tick(left - 6, y + 4, "end", text))
    for i in breaks:
        parts.append(_upright((at[i - 1] + at[i]) / 2, top, bottom, WARM))
    for i in range(1, len(marks)):
        before, mark = marks[i - 1], marks[i]
        if i in breaks or before.estimate is None or mark.estimate is None:
            continue
        parts.append(
            f'<line x1="{_n(at[i - 1])}" x2="{_n(at[i])}" y1="{_n(scale.at(before.estimate, bottom, top))}" '
            f'y2="{_n(scale.at(mark.estimate, bottom, top))}" stroke="{ACCENT}" stroke-width="2"/>'
        )
    for x, wave, mark in zip(at, waves, marks, strict=True):
        inside = ""
        if mark.estimate is not None:
            y = scale.at(mark.estimate, bottom, top)
            a = y
            if mark.low is not None and mark.high is not None:
                a, b = scale.at(mark.high, bottom, top), scale.at(mark.low, bottom, top)
                inside += (
                    f'<line x1="{_n(x)}" x2="{_n(x)}" y1="{_n(a)}" y2="{_n(b)}" stroke="{ACCENT}" stroke-opacity=".45" '
                    f'stroke-width="7" {_ends(mark)}/>'
                )
            fill = "#ffffff" if mark.faint else ACCENT
            inside += f'<circle cx="{_n(x)}" cy="{_n(y)}" r="5" fill="{fill}" stroke="{ACCENT}" stroke-width="2"/>'
            above = min(y, a if mark.high is not None else y) - 9
            inside += written(x, above, mark.text, f'text-anchor="middle" font-weight="700" {HALO}')
        else:
            inside += written(x, (top + bottom) / 2, mark.text, f'text-anchor="middle" fill="{QUIET}"')
        inside += f'<text x="{_n(x)}" y="{_n(bottom + 20)}" text-anchor="middle">{escape(wave)}</text>'
        parts.append(_mark(mark, inside))
    return figure(bottom + 30, parts, title, description, name)


def curve(
    points: Sequence[tuple[float, Mark]],
    scale: Axis,
    across: Axis,
    title: str,
    description: str,
    name: str,
    at: float | None,
) -> Markup:
    """A value over a running choice (a cut), with its intervals and, lighter, the band that holds the whole curve;
    `at` marks the choice the report takes."""
    known = [(x, m) for x, m in points if m.estimate is not None and m.low is not None and m.high is not None]
    parts = _plane(scale, across)

    def strip(bounds: Sequence[tuple[float, float, float]], opacity: str) -> str:
        around = [_on_plane(scale, across, x, high) for x, _, high in bounds]
        around += [_on_plane(scale, across, x, low) for x, low, _ in reversed(bounds)]
        return f'<polygon points="{" ".join(around)}" fill="{BAND}" fill-opacity="{opacity}"/>'

    if known:
        if all(m.band is not None for _, m in known):
            parts.append(strip([(x, *m.band) for x, m in known if m.band is not None], ".38"))
        parts.append(strip([(x, m.low or 0, m.high or 0) for x, m in known], ".6"))
        middle = [_on_plane(scale, across, x, m.estimate or 0) for x, m in known]
        parts.append(f'<polyline points="{" ".join(middle)}" fill="none" stroke="{ACCENT}" stroke-width="2.5"/>')
    if at is not None:
        parts.append(_upright(across.at(at, PLANE[2], PLANE[3]), *PLANE[:2], WARM))
    return figure(PLANE[1] + 26, parts, title, description, name)


def curves(
    several: Sequence[tuple[str, Sequence[tuple[float, Mark]]]],
    scale: Axis,
    across: Axis,
    title: str,
    description: str,
    name: str,
    at: float | None,
) -> Markup:
    """Up to four curves over one choice, told apart by colour, stroke and dots, with a legend below; `at` as in
    `curve`."""
    parts = _plane(scale, across)
    if at is not None:
        parts.append(_upright(across.at(at, PLANE[2], PLANE[3]), *PLANE[:2], WARM))
    y = PLANE[1] + 42
    for (label, points), (colour, dashes, filled) in zip(several, STROKES, strict=False):
        how = f'fill="none" stroke="{colour}" stroke-width="2.5"{dashes}'
        dot = f'r="3.4" fill="{colour if filled else "#ffffff"}" stroke="{colour}" stroke-width="1.8"'
        known = [(x, m) for x, m in points if m.estimate is not None]
        line = [_on_plane(scale, across, x, m.estimate or 0) for x, m in known]
        parts.append(f'<polyline points="{" ".join(line)}" {how}/>')
        for (_, mark), place in zip(known, line, strict=True):
            x, _, upwards = place.partition(",")
            parts.append(_mark(mark, f'<circle cx="{x}" cy="{upwards}" {dot}/>'))
        parts.append(f'<line x1="{LEFT}" x2="40" y1="{_n(y - 4)}" y2="{_n(y - 4)}" {how}/>')
        parts.append(f'<circle cx="24" cy="{_n(y - 4)}" {dot}/>')
        for text in wrapped(label, RIGHT - 48, most=3):
            parts.append(written(48, y, text, HALO))
            y += LINE_HEIGHT
        y += 3
    return figure(y - 8, parts, title, description, name)


def _plane(scale: Axis, across: Axis) -> list[str]:
    """The ticks of a curve upwards and across."""
    top, bottom, left, right = PLANE
    parts = []
    for tick, text in zip(scale.ticks, scale.texts, strict=True):
        y = scale.at(tick, bottom, top)
        strong = QUIET if abs(tick) < 1e-12 else LINE
        parts.append(f'<line x1="{left}" x2="{right}" y1="{_n(y)}" y2="{_n(y)}" stroke="{strong}"/>')
        parts.append(_tick(left - 6, y + 4, "end", text))
    for tick, text in zip(across.ticks, across.texts, strict=True):
        parts.append(_tick(across.at(tick, left, right), bottom + 18, "middle", text))
    return parts


def _on_plane(scale: Axis, across: Axis, x: float, value: float) -> str:
    """Where a value over x lies, as SVG writes a point."""
    top, bottom, left, right = PLANE
    return f"{_n(across.at(x, left, right))},{_n(scale.at(value, bottom, top))}"


def ranked(marks: Sequence[Mark], scale: Axis, title: str, description: str, name: str) -> Markup:
    """Many estimates in order of size, one thin upright interval each: the specification curve."""
    top, bottom, left, right = PLANE
    parts = []
    for tick, text in zip(scale.ticks, scale.texts, strict=True):
        y = scale.at(tick, bottom, top)
        strong = QUIET if abs(tick) < 1e-12 else LINE
        parts.append(f'<line x1="{left}" x2="{right}" y1="{_n(y)}" y2="{_n(y)}" stroke="{strong}"/>')
        parts.append(_tick(left - 6, y + 4, "end", text))
    step = (right - left) / max(len(marks), 1)
    for i, mark in enumerate(marks):
        if mark.estimate is None:
            continue
        x = left + step * (i + 0.5)
        colour = WARM if mark.strong else ACCENT
        inside = ""
        if mark.low is not None and mark.high is not None:
            a, b = scale.at(mark.high, bottom, top), scale.at(mark.low, bottom, top)
            inside = (
                f'<line x1="{_n(x)}" x2="{_n(x)}" y1="{_n(a)}" y2="{_n(b)}" stroke="{colour}" stroke-opacity=".4" '
                f'stroke-width="{_n(min(step * 0.7, 4))}"/>'
            )
        size = 5 if mark.strong else max(1.4, min(3.0, step / 2))
        inside += (
            f'<circle cx="{_n(x)}" cy="{_n(scale.at(mark.estimate, bottom, top))}" r="{_n(size)}" fill="{colour}"/>'
        )
        parts.append(_mark(mark, inside))
    return figure(bottom + 10, parts, title, description, name)


def written(x: float, y: float, text: str, how: str) -> str:
    """A line of text in a figure."""
    return f'<text x="{_n(x)}" y="{_n(y)}" {how}>{escape(text)}</text>'


def _tick(x: float, y: float, anchor: str, text: str) -> str:
    return written(x, y, text, f'text-anchor="{anchor}" fill="{QUIET}"')


def _upright(x: float, top: float, bottom: float, colour: str) -> str:
    """A dashed rule: a break in comparability, the choice the report takes, or a value to compare with."""
    ends = f'x1="{_n(x)}" x2="{_n(x)}" y1="{_n(top)}" y2="{_n(bottom)}"'
    return f'<line {ends} stroke="{colour}" stroke-width="1.5" stroke-dasharray="5 4"/>'


def _mark(mark: Mark, inside: str) -> str:
    """A mark that says its value when it is pointed at."""
    return f'<g class="mark" data-tip="{escape(cut(f"{mark.label}: {mark.text}", 2000))}">{inside}</g>'


def wrapped(text: str, units: float, size: float = SIZE, most: int = 2) -> list[str]:
    """The text on at most so many lines of this width."""
    words, wide = cut(text, most * units, size).split(), max(int(units / (size * 0.54)), 4)
    found: list[str] = []
    while words and len(found) < most - 1:
        line = [words.pop(0)]
        while words and len(foreign.plain(" ".join([*line, words[0]]))) <= wide:
            line.append(words.pop(0))
        found.append(cut(" ".join(line), units, size))
    return foreign.balanced([*found, cut(" ".join(words), units, size)] if words else found)


def _n(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))
