"""The report as a site: pages that open from disk, in each of the survey's languages.

Belongs here: which page shows what. Does not belong here: picking lines (`tables`, `models`) or drawing (`charts`).

Pages are self-contained: style and script stand inside each page and are the only ones its Content-Security-Policy
lets run, by their hash; nothing is fetched. All text is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from monitor.contract.columns import POOLED
from monitor.publication.report import (
    addresses,
    answer,
    changes,
    cite,
    claims,
    ecosystems,
    explore,
    foreign,
    glossary,
    highlights,
    networks,
    pages,
    participants,
    pictures,
    places,
    programmes,
    revisions,
    sensitivity,
    start,
    trends,
)
from monitor.publication.report.tables import Figures, lines
from monitor.survey import Survey
from monitor.wording.sentences import say

TEMPLATES = Path(__file__).parent / "templates"
PAGES = ("index", "answer", "highlights", "cooperation", "participation", "trends", "places", "explore")
"""What firms told, one page each; the waves' own pages stand behind `waves`, after the answer"""
ACCOUNTABLE = ("quality", "sensitivity", "revisions", "methods", "codebook", "glossary", "data")
"""How it was made and what it is worth"""


def write(
    folder: Path,
    spoken: Mapping[str, Figures],
    survey: Survey,
    waves: Sequence[str],
    revised: Mapping[str, Any] | None = None,
    described: Sequence[str] = (),
    attacked: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write `index.html` (a door to the languages) and a folder of pages per language. Returns the pages.

    `spoken`: the disclosed tables in each language. `revised`: what changed since the last
    release. `described`: other files that describe the tables. `attacked`: what the attack on the release came to.
    """
    style = (TEMPLATES / "site.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "site.js").read_text(encoding="utf-8")
    shared = {
        "style": Markup(style),
        "script": Markup(script),
        "style_hash": pictures.hashed(style),
        "script_hash": pictures.hashed(script),
        "icon": base64.b64encode((TEMPLATES / "icon.svg").read_bytes()).decode("ascii"),
        "languages": list(spoken),
        "placed": survey.citation.address,
    }
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    written: list[Path] = []
    drawn: list[addresses.Address] = []
    for language, figures in spoken.items():
        words = figures.words
        (folder / language).mkdir(parents=True, exist_ok=True)
        register = addresses.Register(language)
        context = shared | _frame(figures, spoken, waves) | _about_figures(figures, register)
        for page, content in _pages(figures, waves, revised, described, attacked):
            file = content.get("file", f"{page}.html")
            text = environment.get_template(f"{page}.html").render(
                context | content, page_file=file, t=words.t, number=words.numbers
            )
            (folder / language / file).write_text(foreign.page(text), encoding="utf-8")
            written.append(folder / language / file)
        drawn += register.found.values()
    door = environment.get_template("door.html").render(
        shared,
        first=survey.languages[0],
        titles=[(x, figures.survey.title.get(x, survey.name)) for x, figures in spoken.items()],
        doors=[(x, figures.words.t("language_name")) for x, figures in spoken.items()],
        notices=[(x, (f.words.t("synthetic_short"), f.words.t("synthetic_text"))) for x, f in spoken.items()]
        if survey.synthetic
        else [],
    )
    (folder / "index.html").write_text(foreign.page(door), encoding="utf-8")
    return [folder / "index.html", *written, *pictures.write(folder, environment, spoken, drawn)]


def _frame(figures: Figures, spoken: Mapping[str, Figures], waves: Sequence[str]) -> dict[str, Any]:
    """What every page of a language carries."""
    survey, language = figures.survey, figures.words.language
    release = lines(figures.tables["releases"])[0]
    listed = [(page, f"{page}.html") for page in _listed(survey)]
    listed.insert(2, ("waves", f"wave-{waves[-1]}.html"))
    return {
        "lang": language,
        "in_other_languages": [(x, told.words.t("language_name")) for x, told in spoken.items() if x != language],
        "survey_title": survey.title.get(language, survey.name),
        "source": foreign.within(survey.source.get(language, ""), lambda text: text.rstrip(".")),
        "population": survey.population.get(language, ""),
        "synthetic": survey.synthetic,
        "release": release,
        "release_day": figures.words.day(release["created_at"]),
        "pages": listed,
        "accountable": [(page, f"{page}.html") for page in ACCOUNTABLE],
        "page_of": "",
    }


def _listed(survey: Survey) -> tuple[str, ...]:
    """The pages of what firms told, and of the networks, programmes and ecosystems that a survey looks at."""
    has = {"network": survey.register.rows, "programmes": survey.programmes, "ecosystems": survey.framework}
    return (*PAGES, *(page for page, there in has.items() if there))


def _about_figures(figures: Figures, register: addresses.Register) -> dict[str, Any]:
    """What the pages of a language need to give each figure its files, its citation and its code to embed."""
    return {
        "at": register.at,
        "cite": partial(cite.cited, figures),
        "embed": partial(cite.embedded, figures),
        "w": partial(_publication, figures.words.language),
    }


def _publication(language: str, key: str, **facts: object) -> str:
    return say("publication", key, language, **facts)


def _pages(
    figures: Figures,
    waves: Sequence[str],
    revised: Mapping[str, Any] | None,
    described: Sequence[str],
    attacked: Mapping[str, Any] | None,
) -> list[tuple[str, dict[str, Any]]]:
    """(template, context) of every page of a language."""
    survey, language = figures.survey, figures.words.language
    told = {w: pages.wave(figures, survey, w) | {"pdf": f"report-{w}-{language}.pdf"} for w in waves}
    newest = told[waves[-1]]
    links = [{"name": w, "file": f"wave-{w}.html", "pdf": told[w]["pdf"]} for w in reversed(waves)]
    told_answer = answer.page(figures, waves)
    contexts = {
        "index": _start(figures, survey, waves) | {"now": newest, "waves": links, "answer": told_answer["answer"]},
        "answer": told_answer,
        "highlights": highlights.page(figures, waves) | {"waves": waves},
        "participation": {"now": newest, "taking_part": participants.page(figures, survey, waves[-1])}
        | pages.participation(figures, survey, waves[-1]),
        "cooperation": pages.cooperation(figures, waves),
        "trends": trends.page(figures, waves),
        "places": places.index(figures, survey, waves[-1]),
        "explore": explore.page(figures, survey, waves),
        "network": networks.page(figures, survey, waves),
        "programmes": programmes.index(figures, survey),
        "ecosystems": ecosystems.page(figures, survey),
        "quality": pages.quality(figures, waves, revised),
        "sensitivity": sensitivity.page(figures, waves),
        "revisions": revisions.page(figures, survey, revised),
        "methods": pages.methods(figures, survey, waves, attacked),
        "codebook": pages.codebook(figures, waves),
        "glossary": glossary.page(figures),
        "data": pages.data(figures, described),
    }
    named = {page: figures.words.t(f"nav_{page}") for page in (*_listed(survey), *ACCOUNTABLE)}
    found = [(page, {"page_title": title, **contexts[page]}) for page, title in named.items()]
    for wave in waves:
        title = figures.words.t("wave_n", wave=wave)
        found.append(("wave", {
            "page_title": title, "file": f"wave-{wave}.html", "now": told[wave], "page_of": "waves", "waves": links,
        }))  # fmt: skip
    listed = [(title, f"{page}.html") for page, title in named.items()]
    return found + _beside(figures, survey, waves, listed)


def _beside(
    figures: Figures, survey: Survey, waves: Sequence[str], listed: Sequence[tuple[str, str]]
) -> list[tuple[str, dict[str, Any]]]:
    """The pages that no menu lists: one for each domain and programme, and the search."""
    found = [
        ("place", {"page_title": p.label, "file": p.file, "page_of": "places"} | places.page(figures, survey, waves, p))
        for p in places.every(figures, survey)
    ]
    of_programmes = programmes.every(figures, survey)
    found += [("programme", told) for told in of_programmes]
    waved = [(figures.words.t("wave_n", wave=w), f"wave-{w}.html") for w in reversed(waves)]
    told = explore.search(
        figures, survey, waves, [*listed, *waved, *((x["page_title"], x["file"]) for x in of_programmes)]
    )
    return [*found, ("search", {"page_title": figures.words.t("nav_search")} | told)]


def _start(figures: Figures, survey: Survey, waves: Sequence[str]) -> dict[str, Any]:
    """What the start page tells beside the newest wave's headline figures."""
    pooled = claims.table(figures, POOLED)
    return {
        "opening": start.opening(figures, waves),
        "points": start.points(figures, waves),
        "places": places.groups(figures, survey),
        "claim_list": claims.overview(figures, waves[-1]),
        "claims_note": claims.note(figures, waves[-1]),
        "claims_pooled": pooled if pooled.rows else None,
        "news": changes.news(figures, waves),
        "news_since": waves[-2] if len(waves) > 1 else "",
    }
