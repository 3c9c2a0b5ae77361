"""Each figure as files of its own: SVG and PNG with all that must travel along, CSV with its points, a page to embed.

Belongs here: what stands in a figure's files. Does not belong here: the figure (`charts`), where files are
(`addresses`), what becomes of a figure on a page (`site`).

A picture goes on without its page, so it holds title, source, population, number of firms, wave, release and, where
nobody in it exists, that it is synthetic.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jinja2 import Environment
from markupsafe import Markup, escape

from monitor import contract
from monitor.contract.columns import EVERYONE, POOLED
from monitor.publication.public import cell
from monitor.publication.report import charts, cite, foreign, panels, paper
from monitor.publication.report.addresses import FOLDER, Address
from monitor.publication.report.numbers import DASH
from monitor.publication.report.tables import Drawn, Figures, Line, lines, one
from monitor.survey.models import MAIN
from monitor.wording.sentences import say

INNER, MARGIN = 432, 24
"""Width of a figure inside its picture, in units, and the room around it"""
BROKEN = re.compile(r".{1,60}(?=[#/]|$)|.{1,60}")
"""A web address on lines of sixty letters: it has no spaces, and is broken before a part of it where that can be"""
MOST_LINES = 10
"""Of one text in a picture; what is longer stands on the page"""
DRAWING = 2
"""Pictures that are drawn at once: on two processors half the time, on one no longer"""
PIXELS, POINTS = 960, 480
"""Width of a PNG, sharp on a dense screen and on a slide, and of the page that Typst draws it on"""
SVG, PLACE = "{http://www.w3.org/2000/svg}", ("x", "y", "width", "height")
"""How ElementTree begins the name of an element, and which attributes are lengths"""
REGULAR = 400
"""Weight of letters where a picture names none"""
NOTICE = ("#fff2e0", "#5c2a05")
"""Ground and ink of the mark of synthetic data"""


@dataclass(frozen=True)
class Told:
    """What a picture says around its figure."""

    notice: str
    """That the data are synthetic; empty where they are not"""
    title: str
    about: tuple[str, ...]
    """Population, waves and numbers of firms"""
    note: str
    source: tuple[str, ...]
    """Source, release, licence, address"""


def told(figures: Figures, address: Address) -> Told:
    """What stands in the picture of a figure."""
    survey, language = figures.survey, figures.words.language
    release = lines(figures.tables["releases"])[0]
    day = figures.words.day(release["created_at"])
    made = say("publication", "picture_release", language, release=release["release_id"], day=day)
    licence = survey.citation.licence
    where = cite.link(figures, address)
    source = survey.source.get(language, survey.name)
    return Told(
        figures.words.t("synthetic") if survey.synthetic else "",
        address.chart.title,
        (people(figures, address.drawn), counts(figures, address.drawn)),
        address.chart.note or (figures.words.t("key_point") if address.chart.domain else ""),
        (
            say("publication", "picture_source", language, source=source),
            f"{made} {licence.title}" if licence else made,
            *BROKEN.findall(where),
        ),
    )


def people(figures: Figures, drawn: Drawn) -> str:
    """Whom a figure is about: the firms of its domain, of its indicators or model, and the survey's population."""
    language, population = figures.words.language, figures.survey.population.get(figures.words.language, "")
    of = list(dict.fromkeys(filter(None, (_base(figures, line) for _, line in drawn.points))))
    place = {(str(line["domain_variable"]), str(line["domain"])) for _, line in drawn.points if "domain" in line}
    whose = [figures.words.domain(*domain) for domain in place if len(place) == 1 and domain[0] != EVERYONE]
    if not of:
        return say("publication", "picture_population_alone", language, population=population)
    label = "; ".join([*whose, *(figures.words.label("base", base) for base in of)])
    return say("publication", "picture_population", language, base=label, population=population)


def _base(figures: Figures, line: Line) -> str:
    """The firms that a line counts among, by the name of their base."""
    source = _source(figures, line)
    return str(source["base"] if "base" in source else figures.bases.get(source.get("indicator"), "")) or ""


def _source(figures: Figures, line: Line) -> Line:
    """What a line rests on, with its number of firms: its indicator's line of all firms, the very fit of its claim, the
    main fit of its model, or itself."""
    wave, tables = line["wave"], figures.tables
    if line.get("kind") == "indicator":
        return one(tables["indicators"], wave=wave, indicator=line["figure"], domain_variable=EVERYONE) or line
    claim = one(tables["claims"], wave=wave, claim=line["figure"]) if line.get("kind") == "claim" else None
    about = claim or line
    if not about.get("model"):
        return about
    variant = about["variant"] if "claim" in about else MAIN
    return one(tables["models"], wave=wave, model=about["model"], variant=variant) or about


def counts(figures: Figures, drawn: Drawn) -> str:
    """The waves a figure is about, each with the firms (or answers, of waves together) that it rests on: those of each
    indicator's first line of the wave, or of its model; from the fewest to the most where indicators differ."""
    first: dict[tuple[str, object], Line] = {}
    for _, line in drawn.points:
        first.setdefault((str(line["wave"]), line.get("indicator")), line)
    waves = dict.fromkeys(wave for wave, _ in first)
    return "; ".join(_count(figures, w, [line for (of, _), line in first.items() if of == w]) for w in waves)


def _count(figures: Figures, wave: str, found: Sequence[Line]) -> str:
    sources = [_source(figures, line) for line in found]
    n = sorted({x["n"] for x in sources if not x.get("suppressed") and x.get("n") is not None})
    if wave == POOLED:
        key = "picture_pooled" if n else "picture_pooled_no_n"
    else:
        key = "picture_wave" if n else "picture_wave_no_n"
    told = DASH.join(figures.numbers.plain(x) for x in dict.fromkeys((n[0], n[-1]))) if n else ""
    return say("publication", key, figures.words.language, wave=wave, n=told)


def svg(figures: Figures, address: Address) -> Markup:
    """The picture of a figure: the drawing with its title above, and all else that must travel along around it."""
    words, drawing = told(figures, address), str(address.chart.svg)
    drawn_wide, drawn_tall = panels.measured(drawing)
    # Several figures in a row keep their size; one is enlarged a little.
    inner = drawn_wide if drawn_wide > charts.WIDTH else INNER
    width, tall = inner + 2 * MARGIN, drawn_tall * inner / drawn_wide
    parts, y = [], 0.0
    if words.notice:
        said, y = _text([words.notice], inner, 6.0, 12, NOTICE[1])
        parts += [f'<rect width="{width:g}" height="{y + 8:g}" fill="{NOTICE[0]}"/>', *said]
        y += 8
    for texts, size, ink in (([words.title], 17, charts.INK), (words.about, 12, charts.QUIET)):
        said, y = _text(texts, inner, y + 6, size, ink, ' font-weight="700"' if size > 12 else "")
        parts += said
    place = f'<svg x="{MARGIN}" y="{y + 10:g}" width="{inner:g}" height="{tall:g}" '
    parts.append(drawing.replace("<svg ", place, 1))
    y += 14 + tall
    for texts in ([words.note], words.source):
        said, y = _text(filter(None, texts), inner, y + 6, 12, charts.QUIET)
        parts += said
    height = f"{y + 14:g}"
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" height="{height}" '
        f'{charts.FONT} font-size="12"><rect width="{width:g}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _text(texts: Iterable[str], width: float, y: float, size: int, ink: str, how: str = "") -> tuple[list[str], float]:
    """Texts under each other from a height on, and where they end."""
    found = []
    for line in (line for text in texts for line in charts.wrapped(text, width, size, MOST_LINES)):
        y += size * 1.35
        found.append(f'<text x="{MARGIN}" y="{y:g}" font-size="{size}" fill="{ink}"{how}>{escape(line)}</text>')
    return found, y


def points(drawn: Drawn) -> str:
    """The points of a figure as CSV: what the figure calls each, and its line of the public table; columns that none
    of them fills are left out."""
    names = contract.BY_NAME[drawn.table].names
    kept = [name for name in names if any(line[name] is not None for _, line in drawn.points)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["label", *kept])
    writer.writerows([cell(label), *(cell(line[name]) for name in kept)] for label, line in drawn.points)
    return text.getvalue()


def write(
    folder: Path, environment: Environment, spoken: Mapping[str, Figures], found: Sequence[Address]
) -> list[Path]:
    """Write the files of every figure of all languages under a report's folder, but for PNG (`render`). Returns the
    pages to embed."""
    drawn = [(address, foreign.page(svg(spoken[address.language], address))) for address in found]
    style = (paper.TEMPLATES / "embed.css").read_text(encoding="utf-8")
    pages = []
    for language in spoken:
        (folder / FOLDER / language).mkdir(parents=True, exist_ok=True)
    for address, picture in drawn:
        (folder / address.file("svg")).write_text(picture, encoding="utf-8")
        (folder / address.file("csv")).write_text(foreign.plain(points(address.drawn)), encoding="utf-8", newline="")
        page = environment.get_template("embed.html").render(
            lang=address.language,
            title=address.chart.title,
            picture=Markup(picture),
            style=Markup(style),
            style_hash=hashed(style),
            place=f"../../{address.place}",
            csv=f"{address.name}.csv",
            in_report=say("publication", "picture_in_report", address.language),
            points=say("publication", "picture_points", address.language),
        )
        pages.append(folder / address.file("html"))
        pages[-1].write_text(foreign.page(page), encoding="utf-8")
    return pages


def render(folder: Path) -> None:
    """Write the PNG of every figure under a report's folder beside its SVG."""
    files = sorted((folder / FOLDER).rglob("*.svg"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    # Typst holds no lock of Python's while it draws, and one compiler draws on one processor.
    with ThreadPoolExecutor(DRAWING) as beside:
        shares = list(beside.map(rendered, [texts[k::DRAWING] for k in range(DRAWING)]))
    for k, made in enumerate(shares):
        for file, png in zip(files[k::DRAWING], made, strict=True):
            file.with_suffix(".png").write_bytes(png)


def rendered(pictures: Sequence[str]) -> list[bytes]:
    """Pictures as PNG, all in one go: Typst lays out a page for each."""
    if not pictures:
        return []
    made: bytes | list[bytes] = paper.compiler("pictures.typ").compile(
        sys_inputs={"content": json.dumps([laid_out(picture) for picture in pictures], ensure_ascii=False)},
        format="png",
        ppi=72 * PIXELS / POINTS,
    )
    return [made] if isinstance(made, bytes) else made


def laid_out(picture: str) -> dict[str, Any]:
    """What stands where in a picture, in points: its `grounds`, its `texts` line by line, and its `drawings`, each an
    SVG. Raises ValueError for any other part.

    Typst writes the lines on the page itself. Of an image it draws every pixel twice, empty ones too: only the drawing
    is one.
    """
    root = ElementTree.fromstring(picture)
    scale = POINTS / float(root.attrib["width"])
    found: dict[str, Any] = {name: float(root.attrib[name]) * scale for name in ("width", "height")}
    found |= {"grounds": [], "texts": [], "drawings": []}
    for part in root:
        told: dict[str, Any] = {key: float(part.attrib[key]) * scale for key in PLACE if key in part.attrib}
        if part.tag == f"{SVG}rect":
            found["grounds"].append(told | {"fill": part.attrib["fill"]})
        elif part.tag == f"{SVG}text":
            told |= {"size": float(part.attrib["font-size"]) * scale, "fill": part.attrib["fill"]}
            weight = int(part.attrib.get("font-weight", REGULAR))
            found["texts"].append(told | {"weight": weight, "words": "".join(part.itertext())})
        elif part.tag == f"{SVG}svg":
            found["drawings"].append(told | {"svg": ElementTree.tostring(part, encoding="unicode")})
        else:
            raise ValueError(f"a picture has no place for {part.tag}")
    return found


def hashed(text: str) -> str:
    """The hash by which a page's policy lets a style or script of its own through."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
