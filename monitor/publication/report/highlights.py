"""The highlights: what a release says to those who have a minute, as a page, one sheet of A4 and a picture for a slide.

Belongs here: which findings there are, in which order, chosen by declared rules, and their sheet. Does not belong here:
the sentences of the start page, which they share (`start`, `changes`).

At most seven, the most important first: the survey's question with its answer; the surest change since the wave before,
if one can be told from chance; headline figures of the newest wave as the survey orders them; decided claims, the
narrowest interval first; and where places are left, further headline figures. Each rests on a published line and has
its interval, its number of firms and its figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.contract.columns import EVERYONE, POOLED
from monitor.publication.report import changes, charts, cite, paper, pictures, start, trends
from monitor.publication.report.numbers import known
from monitor.publication.report.tables import Chart, Drawn, Figures, Line, described, drawn, lines, name_of, one
from monitor.wording.sentences import say

MOST = 7
LEVELS = 3
"""Headline figures before the claims"""


@dataclass(frozen=True)
class Finding:
    """One finding: what it is about, the sentence with its interval, on what it rests, where the number is, figure."""

    title: str
    words: str
    counts: str
    link: str
    chart: Chart


def findings(figures: Figures, waves: Sequence[str]) -> list[Finding]:
    """The findings of a release, the most important first."""
    over = {x.drawn.name: x for x in trends.of_domain(figures, waves, EVERYONE, EVERYONE) if x.drawn}
    moved = _change(figures, waves, over)
    levels = [
        finding for name in figures.headlines if name not in moved and (finding := _level(figures, waves, name, over))
    ]
    first = [*_answer(figures, waves), *moved.values(), *levels[:LEVELS]]
    found = [*first, *_claims(figures, waves)[: MOST - len(first)]]
    return [*found, *levels[LEVELS:]][:MOST]


def _answer(figures: Figures, waves: Sequence[str]) -> list[Finding]:
    told = start.opening(figures, waves)
    if told is None:
        return []
    return [_finding(figures, told["question"], f"{told['verdict']} {told['sentence']}", told["link"], told["chart"])]


def _change(figures: Figures, waves: Sequence[str], over: Mapping[str, Chart]) -> dict[str, Finding]:
    """Indicator -> the surest change, with its course over the waves."""
    rows = {f"trends.html#{changes.anchor(x)}": str(x["indicator"]) for x in changes.since_before(figures, waves)}
    found = {}
    for told in changes.surest(figures, waves):
        name = rows[told["link"]]
        chart = over[name_of("trend", name)]
        found[name] = _finding(figures, told["name"], told["words"], told["link"], chart)
    return found


def _level(figures: Figures, waves: Sequence[str], name: str, over: Mapping[str, Chart]) -> Finding | None:
    """A headline figure with its course over the waves, or alone where there is one wave."""
    told = start.level(figures, waves[-1], name)
    line = one(figures.tables["indicators"], wave=waves[-1], indicator=name, domain_variable=EVERYONE)
    if told is None or line is None:
        return None
    mark = figures.mark(line, figures.units.get(name), figures.words.t("everyone"), strong=True)
    alone = name_of("level", waves[-1], name)
    chart = over[name_of("trend", name)] if len(waves) > 1 else _alone(figures, told["name"], mark, alone, line)
    return _finding(figures, told["name"], told["words"], told["link"], chart)


def _claims(figures: Figures, waves: Sequence[str]) -> list[Finding]:
    """The decided claims, each with its interval drawn."""
    column = f"text_{figures.words.language}"
    wave = POOLED if lines(figures.tables["claims"], wave=POOLED) else waves[-1]
    by_text = {str(x[column]): x for x in lines(figures.tables["claims"], wave=wave)}
    found = []
    for told in start.decided(figures, waves):
        x, n = by_text[told["name"]], figures.numbers
        words = f"{n.value(x['estimate'], x['unit'])} ({n.interval(x['ci_low'], x['ci_high'], x['unit'])})"
        bounds = (known(x["estimate"]), known(x["ci_low"]), known(x["ci_high"]))
        mark = charts.Mark(say("publication", "claim_estimate", figures.words.language), words, *bounds, strong=True)
        chart = _alone(figures, told["name"], mark, name_of("claim_figure", wave, str(x["claim"])), x)
        said = told["words"].removeprefix(told["name"]).strip()
        found.append(_finding(figures, told["name"], said, told["link"], chart))
    return found


def _alone(figures: Figures, title: str, mark: charts.Mark, name: str, line: Line) -> Chart:
    """One estimate with its interval, from zero on."""
    of_claim = "claim" in line
    unit = line["unit"] if of_claim else figures.units.get(line["indicator"])
    scale = figures.scale([mark], unit) if unit != "points" else charts.axis(
        [mark.estimate, mark.low, mark.high], lambda tick: figures.numbers.points(tick, 0 if _whole(tick) else 1)
    )  # fmt: skip
    svg = charts.intervals([mark], scale, title, described([mark]), name)
    table = "claims" if of_claim else "indicators"
    return Chart(title, svg, description=described([mark]), drawn=drawn(name, table, [mark], [line]))


def _whole(share: float) -> bool:
    """Whether a share is a whole number of points."""
    return abs(share * 100 - round(share * 100)) < 1e-6


def _finding(figures: Figures, title: str, words: str, link: str, chart: Chart) -> Finding:
    about: Drawn | None = chart.drawn
    return Finding(title, words, pictures.counts(figures, about) if about else "", link, chart)


def page(figures: Figures, waves: Sequence[str]) -> dict[str, Any]:
    """What the page of the highlights tells."""
    language = figures.words.language
    return {
        "findings": findings(figures, waves),
        "sheet": {kind: f"highlights-{language}.{kind}" for kind in ("pdf", "png")},
    }


def write(folder: Path, spoken: Mapping[str, Figures], waves: Sequence[str]) -> list[Path]:
    """Write `highlights-<language>.pdf` and `.png`: one sheet of A4. Returns the PDFs."""
    press = paper.compiler("highlights.typ")
    written = []
    for language, figures in spoken.items():
        told = content(figures, waves)
        if not told["findings"]:
            continue
        written.append(folder / f"highlights-{language}.pdf")
        written[-1].write_bytes(paper.printed(press, told, paper.stamp(figures)))
        written[-1].with_suffix(".png").write_bytes(paper.pictured(press, told))
    return written


def content(figures: Figures, waves: Sequence[str]) -> dict[str, Any]:
    """All that stands on the sheet."""
    survey, language, t = figures.survey, figures.words.language, figures.words.t
    release = lines(figures.tables["releases"])[0]
    day = figures.words.day(release["created_at"])
    return {
        "lang": language,
        "survey": survey.title.get(language, survey.name),
        "author": cite.author(figures),
        "title": t("nav_highlights"),
        "lead": say("publication", "highlights_lead", language, waves=", ".join(waves), day=day),
        "notice": t("synthetic") if survey.synthetic else None,
        "findings": [
            {
                "title": x.title,
                "words": x.words,
                "counts": x.counts,
                "svg": str(x.chart.svg),
                "alt": f"{x.chart.title}. {x.chart.description}",
            }
            for x in findings(figures, waves)
        ],
        "about": [
            t("interval_means"),
            t("source", source=survey.source.get(language, "").rstrip(".")),
            t("about_population", population=survey.population.get(language, "")),
            cite.cited(figures).sentence,
        ],
    }
