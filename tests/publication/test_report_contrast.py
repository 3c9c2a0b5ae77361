"""Text of the report stands out from what it stands on: 4.5 to 1, as WCAG 2.2 asks of text of any size."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.publication.report import charts

TEMPLATES = Path(charts.__file__).parent / "templates"
LEAST = 4.5
WHITE = "#ffffff"


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb or #rgb, in 0..1 (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(2 * c for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_worked_out_as_wcag_does() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#767676", WHITE) == pytest.approx(4.54, abs=0.01)


def texts_on(svg: str) -> list[tuple[str, str]]:
    """(ink, ground) of every text of a figure: the ground is the tile of its group, else white."""
    root = re.search(r"<svg [^>]*\bfill=\"(#\w+)\"", svg)
    assert root
    found = []
    grouped = r"<g [^>]*>(?:(?!</g>).)*</g>"
    for part in [*re.findall(grouped, svg, re.DOTALL), re.sub(grouped, "", svg, flags=re.DOTALL)]:
        tile = re.search(r"<rect [^>]*\bfill=\"(#\w+)\"", part)
        for attributes in re.findall(r"<text ([^>]*)>", part):
            ink = re.search(r"(?<![\w-])fill=\"(#\w+)\"", attributes)
            found.append((ink[1] if ink else root[1], tile[1] if tile else WHITE))
    return found


def figures() -> dict[str, str]:
    """Every kind of figure, the two-by-two with every shade that a tile can take."""

    def mark(value: float, **how: bool) -> charts.Mark:
        return charts.Mark("firms", f"{100 * value:.0f}% 1–2%", value, value * 0.9, value * 1.1, value, **how)

    scale = charts.axis([0.0, 1.0], lambda tick: f"{tick:.1f}")
    some = [mark(0.2), mark(0.5, faint=True), mark(0.8, strong=True), charts.Mark("few", "withheld", None, None, None)]
    words = ("title", "description", "name")
    drawn = {
        "intervals": charts.intervals(some, scale, *words, 0.5),
        "lines": charts.lines(["2017", "2018", "2019", "2020"], some, [1], scale, *words),
        "curve": charts.curve([(float(i), m) for i, m in enumerate(some)], scale, scale, *words, 1.0),
        "ranked": charts.ranked(some, scale, *words),
    }
    for share in range(101):
        cells = ((mark(share / 100), mark(1.0)), (mark(0.0), mark(share / 200)))
        drawn[f"squares {share}"] = charts.squares(cells, ("no", "yes"), ("no", "yes"), *words)
    return {name: str(svg) for name, svg in drawn.items()}


def test_every_text_of_every_figure_stands_out() -> None:
    seen = set()
    for name, svg in figures().items():
        pairs = texts_on(svg)
        assert pairs, name
        for ink, ground in pairs:
            seen.add((ink, ground))
            assert contrast(ink, ground) >= LEAST, (name, ink, ground)
    assert len({ground for _, ground in seen}) > 50, "every shade of the two-by-two"


def schemes() -> dict[str, tuple[dict[str, str], str]]:
    """Scheme -> the colours that its names stand for, and the rules, those of the other schemes left out."""
    style = (TEMPLATES / "site.css").read_text(encoding="utf-8")
    roots = [dict(re.findall(r"--(\w+): (#\w+);", root)) for root in re.findall(r":root \{([^}]*)\}", style)]
    light, dark = (root for root in roots if root)
    assert set(light) == set(dark), "a colour of its own in both schemes"
    rules = re.sub(r":root \{[^}]*\}", "", style)
    return {"light": (light, rules), "dark": (dark, rules)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_of_a_page_stands_out(scheme: str) -> None:
    """Each rule's colour on the ground it names, or on both grounds that a page has; a ground under the page's ink."""
    named, style = schemes()[scheme]

    def colours(rule: str, *names: str) -> list[str]:
        found = re.findall(rf"(?<![\w-])(?:{'|'.join(names)}): (?:var\(--(\w+)\)|(#\w+))(?=[; ])", rule)
        return [named[variable] if variable else value for variable, value in found]

    checked = 0
    for selector, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", style):
        inks, grounds = colours(rule, "color"), colours(rule, "background", "background-color")
        for ink in inks or ([named["ink"]] if grounds else []):
            for ground in grounds or [named["paper"], named["wash"]]:
                checked += 1
                assert contrast(ink, ground) >= LEAST, (selector.strip(), ink, ground)
    assert checked > 20
    assert not re.search(r"opacity: 0?\.\d+[^}]*\}", re.sub(r":not\(text\) \{[^}]*\}", "", style)), "text is not faded"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_gives_every_colour_of_a_figure_one_that_stands_out(scheme: str) -> None:
    """Inks of text 4.5 to 1, bars and dots 3 to 1; what stands on a tile keeps the tile's own ink."""
    named, style = schemes()[scheme]
    given = dict(re.findall(r"svg \[(?:fill|stroke)=\"(#\w+)\"\] \{ (?:fill|stroke): var\(--(\w+)\); \}", style))
    drawn = {colour for svg in figures().values() for colour in re.findall(r"(?:fill|stroke)=\"(#\w+)\"", svg)}
    tiles = {ground for svg in figures().values() for _, ground in texts_on(svg)}
    assert drawn - tiles <= set(given)
    for colour in (charts.INK, charts.QUIET, charts.ACCENT, charts.WARM, "#7a5c00"):
        least = LEAST if colour in (charts.INK, charts.QUIET) else 3
        assert contrast(named[given[colour]], named["paper"]) >= least, colour
    assert given[WHITE] == "paper"


def test_text_of_a_figure_is_twelve_pixels_high_on_a_phone() -> None:
    """A figure of 400 units on a phone of 360 pixels has 328 of them."""
    for name, svg in figures().items():
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)]
        assert sizes, name
        assert min(sizes) * 328 / charts.WIDTH >= 12, name


def test_no_rule_of_a_scale_runs_through_a_label() -> None:
    """Of the intervals: the grid stands beside the bars only, below each label's line and above the next."""
    svg = figures()["intervals"]
    labels = [float(y) for y in re.findall(r"<text x=\"(?:8|392)\" y=\"([\d.]+)\"", svg)]
    rules = [(float(a), float(b)) for a, b in re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", svg)]
    assert labels
    assert rules
    for y in labels:
        assert all(end <= y - 11 or start >= y + 3 for start, end in rules), y


def test_what_is_of_limited_reliability_is_hatched_or_broken() -> None:
    def mark(faint: bool) -> charts.Mark:
        return charts.Mark("firms", "50% 30–70%", 0.5, 0.3, 0.7, faint=faint)

    scale = charts.axis([0.0, 1.0], str)
    for faint in (True, False):
        one = mark(faint)
        tiles = str(charts.squares(((one, one), (one, one)), ("a", "b"), ("a", "b"), "t", "d", "n"))
        assert ("url(#n-h)" in tiles) == faint
        assert ("stroke-dasharray" in str(charts.intervals([one], scale, "t", "d", "n"))) == faint
        assert ("stroke-dasharray" in str(charts.lines(["2017"], [one], [], scale, "t", "d", "n"))) == faint


@pytest.mark.parametrize("template", ["paper.typ", "passport.typ"])
def test_every_text_on_paper_stands_out(template: str) -> None:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    named = dict(re.findall(r"#let (\w+) = rgb\(\"(#\w+)\"\)", text))
    for ink, literal in re.findall(r"\btext\([^()]*(?:\([^()]*\)[^()]*)*?fill: (?:(\w+)|rgb\(\"(#\w+)\"\))", text):
        colour = literal or named.get(ink)
        assert colour is None or contrast(colour, named.get("wash", WHITE)) >= LEAST, (ink, literal)
    for colour in re.findall(r"#[0-9a-f]{6}", "".join(re.findall(r"#let verdicts = \((.*?)\)\n", text, re.DOTALL))):
        assert contrast(colour, WHITE) >= LEAST
