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
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape

from monitor import contract
from monitor.contract.columns import EVERYONE, POOLED
from monitor.publication.public import cell
from monitor.publication.report import charts, cite, paper
from monitor.publication.report.addresses import FOLDER, Address
from monitor.publication.report.tables import Drawn, Figures, Line, lines, one
from monitor.survey.models import MAIN
from monitor.wording.sentences import say

WIDTH, MARGIN = 480, 24
"""Of a picture, in units"""
INNER = WIDTH - 2 * MARGIN
"""Width of the figure inside"""
LETTERS = 60
"""Of a web address on one line: it has no spaces to be broken at"""
MOST_LINES = 10
"""Of one text in a picture; what is longer stands on the page"""
PIXELS = 960
"""Width of a PNG: two pixels a unit, sharp on a dense screen and on a slide"""
NOTICE = ("#fff2e0", "#5c2a05")
"""Ground and ink of the mark of synthetic data"""
_height = re.compile(r'viewBox="0 0 \d+ ([\d.]+)"')


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
            *(where[k : k + LETTERS] for k in range(0, len(where), LETTERS)),
        ),
    )


def people(figures: Figures, drawn: Drawn) -> str:
    """Whom a figure is about: the firms of its indicator or model, and the survey's population."""
    source, language = _source(figures, drawn.points[0][1]), figures.words.language
    base = source["base"] if "base" in source else figures.bases.get(source.get("indicator"), "")
    population = figures.survey.population.get(language, "")
    if not base:
        return say("publication", "picture_population_alone", language, population=population)
    label = figures.words.label("base", str(base))
    return say("publication", "picture_population", language, base=label, population=population)


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
    """The waves a figure is about, each with the firms (or answers, of waves together) that it rests on: those of its
    indicator's first line of the wave, or of its model."""
    first: dict[str, Line] = {}
    for _, line in drawn.points:
        first.setdefault(str(line["wave"]), line)
    return "; ".join(_count(figures, wave, line) for wave, line in first.items())


def _count(figures: Figures, wave: str, line: Line) -> str:
    source = _source(figures, line)
    n = None if source.get("suppressed") else source.get("n")
    if wave == POOLED:
        key = "picture_pooled" if n is not None else "picture_pooled_no_n"
    else:
        key = "picture_wave" if n is not None else "picture_wave_no_n"
    return say("publication", key, figures.words.language, wave=wave, n=figures.numbers.plain(n))


def svg(figures: Figures, address: Address) -> Markup:
    """The picture of a figure: the drawing with its title above, and all else that must travel along around it."""
    words, drawing = told(figures, address), str(address.chart.svg)
    found, parts, y = _height.search(drawing), [], 0.0
    tall = float(found[1]) * INNER / charts.WIDTH if found else INNER
    if words.notice:
        said, y = _text([words.notice], 6.0, 12, NOTICE[1])
        parts += [f'<rect width="{WIDTH}" height="{y + 8:g}" fill="{NOTICE[0]}"/>', *said]
        y += 8
    for texts, size, ink in (([words.title], 17, charts.INK), (words.about, 12, charts.QUIET)):
        said, y = _text(texts, y + 6, size, ink, ' font-weight="650"' if size > 12 else "")
        parts += said
    place = f'<svg x="{MARGIN}" y="{y + 10:g}" width="{INNER}" height="{tall:g}" '
    parts.append(drawing.replace("<svg ", place, 1))
    y += 14 + tall
    for texts in ([words.note], words.source):
        said, y = _text(filter(None, texts), y + 6, 12, charts.QUIET)
        parts += said
    height = f"{y + 14:g}"
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'{charts.FONT} font-size="12"><rect width="{WIDTH}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _text(texts: Iterable[str], y: float, size: int, ink: str, how: str = "") -> tuple[list[str], float]:
    """Texts under each other from a height on, and where they end."""
    found = []
    for line in (line for text in texts for line in charts.wrapped(text, INNER, size, MOST_LINES)):
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
    drawn = [(address, str(svg(spoken[address.language], address))) for address in found]
    style = (paper.TEMPLATES / "embed.css").read_text(encoding="utf-8")
    pages = []
    for language in spoken:
        (folder / FOLDER / language).mkdir(parents=True, exist_ok=True)
    for address, picture in drawn:
        (folder / address.file("svg")).write_text(picture, encoding="utf-8")
        (folder / address.file("csv")).write_text(points(address.drawn), encoding="utf-8", newline="")
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
        pages[-1].write_text(page, encoding="utf-8")
    return pages


def render(folder: Path) -> None:
    """Write the PNG of every figure under a report's folder beside its SVG."""
    files = sorted((folder / FOLDER).rglob("*.svg"))
    for file, png in zip(files, rendered([file.read_text(encoding="utf-8") for file in files]), strict=True):
        file.with_suffix(".png").write_bytes(png)


def rendered(pictures: Sequence[str]) -> list[bytes]:
    """Pictures as PNG, all in one go: Typst lays out a page for each."""
    if not pictures:
        return []
    made: bytes | list[bytes] = paper.compiler("pictures.typ").compile(
        sys_inputs={"content": json.dumps({"pictures": pictures, "width": WIDTH}, ensure_ascii=False)},
        format="png",
        ppi=72 * PIXELS / WIDTH,
    )
    return [made] if isinstance(made, bytes) else made


def hashed(text: str) -> str:
    """The hash by which a page's policy lets a style or script of its own through."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
