"""The report as a site: pages that open from disk, in each of the survey's languages.

Belongs here: which page shows what. Does not belong here: picking lines (`tables`, `models`) or drawing (`charts`).

Pages are self-contained: style and script stand inside each page and are the only ones its Content-Security-Policy
lets run, by their hash; nothing is fetched. All text is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from monitor.report import models
from monitor.report.tables import Figures, lines
from monitor.report.words import Words, words_of
from monitor.survey import Survey

TEMPLATES = Path(__file__).parent / "templates"
PAGES = ("index",)
COVERAGE = (
    "frame_size", "invited", "over_coverage_rate", "responses", "not_usable", "duplicates", "quarantined",
    "usable_responses", "unit_response_rate", "unit_response_rate_eligible", "weighted_response_rate",
)  # fmt: skip


def write(folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey, waves: Sequence[str]) -> list[Path]:
    """Write `index.html` (a door to the languages) and a folder of pages per language. Returns the pages."""
    style = (TEMPLATES / "site.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "site.js").read_text(encoding="utf-8")
    shared = {
        "style": Markup(style),
        "script": Markup(script),
        "style_hash": _hash(style),
        "script_hash": _hash(script),
    }
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    written = []
    spoken = {language: words_of(language, tables["measures"], tables["codebook"]) for language in survey.languages}
    for language, words in spoken.items():
        (folder / language).mkdir(parents=True, exist_ok=True)
        figures = Figures(tables, words)
        context = shared | _frame(survey, tables, words, survey.languages)
        for page, content in _pages(figures, survey, waves):
            file = content.get("file", f"{page}.html")
            text = environment.get_template(f"{page}.html").render(
                context | content, page_file=file, t=words.t, number=words.numbers
            )
            (folder / language / file).write_text(text, encoding="utf-8")
            written.append(folder / language / file)
    door = environment.get_template("door.html").render(
        shared,
        first=survey.languages[0],
        titles=[(x, survey.title.get(x, survey.name)) for x in survey.languages],
        doors=[(x, spoken[x].t("language_name")) for x in survey.languages],
        notices=[(x, (w.t("synthetic_short"), w.t("synthetic"))) for x, w in spoken.items()]
        if survey.synthetic
        else [],
    )
    (folder / "index.html").write_text(door, encoding="utf-8")
    return [folder / "index.html", *written]


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _frame(
    survey: Survey, tables: Mapping[str, pd.DataFrame], words: Words, languages: Sequence[str]
) -> dict[str, Any]:
    """What every page of a language carries."""
    language = words.language
    other = next((x for x in languages if x != language), None)
    release = lines(tables["releases"])[0]
    return {
        "lang": language,
        "other": other,
        "other_name": words_of(other, tables["measures"], tables["codebook"]).t("language_name") if other else "",
        "survey_title": survey.title.get(language, survey.name),
        "source": survey.source.get(language, ""),
        "population": survey.population.get(language, ""),
        "synthetic": survey.synthetic,
        "release": release,
        "release_day": str(release["created_at"])[:10],
        "pages": [(page, f"{page}.html") for page in PAGES],
    }


def _pages(figures: Figures, survey: Survey, waves: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """(template, context) of every page of a language."""
    told = {wave: _wave(figures, survey, wave) for wave in waves}
    newest = told[waves[-1]]
    news, since = _news(figures, waves)
    found: list[tuple[str, dict[str, Any]]] = [
        (
            "index",
            {
                "page_title": figures.words.t("nav_index"),
                "now": newest,
                "waves": [{"name": w, "file": f"wave-{w}.html", "pdf": told[w]["pdf"]} for w in reversed(waves)],
                "claim_list": newest["claims"],
                "news": news,
                "news_since": since,
            },
        )
    ]
    for wave in waves:
        found.append(
            (
                "wave",
                {"page_title": figures.words.t("wave_n", wave=wave), "file": f"wave-{wave}.html", "now": told[wave]},
            )
        )
    return found


def _wave(figures: Figures, survey: Survey, wave: str) -> dict[str, Any]:
    """What is told of one wave."""
    t, n = figures.words.t, figures.numbers
    usable, invited = figures.quality(wave, "usable_responses"), figures.quality(wave, "invited")
    model = models.section(figures, wave)
    lead = (
        t("wave_lead_unknown", usable=n.plain(usable))
        if invited is None
        else t(
            "wave_lead",
            usable=n.plain(usable),
            invited=n.plain(invited),
            rate=n.percent(figures.quality(wave, "unit_response_rate"), 1),
        )
    )
    return {
        "wave": wave,
        "reference_year": survey.waves[wave].reference_year,
        "lead": lead,
        "cards": figures.cards(wave),
        "facts": figures.facts(wave),
        "model": model,
        "no_model": None if model else models.refusal(figures, wave),
        "claims": figures.claims(wave),
        "response": figures.quality_table([wave], COVERAGE, t("response_title", wave=wave)),
        "rules": figures.rules(wave),
        "rules_words": figures.rules_words(wave),
        "pdf": None,
    }


def _news(figures: Figures, waves: Sequence[str]) -> tuple[list[str], str]:
    """What changed in the headline figures since the wave before, in sentences."""
    if len(waves) < 2:
        return [], ""
    before, now = waves[-2], waves[-1]
    sentences = []
    for name in figures.headlines:
        if figures.units.get(name) != "share":
            continue
        for x in lines(figures.tables["changes"], indicator=name, domain_variable="all", wave_from=before, wave_to=now):
            if x["suppressed"]:
                continue
            sure = x["ci_low"] > 0 or x["ci_high"] < 0
            key = "new_same" if not sure else "new_up" if x["change"] > 0 else "new_down"
            size = abs(x["change"]) if sure else x["change"]
            change = figures.numbers.plain(size * 100, 1) if sure else figures.numbers.points(size)
            sentences.append(
                figures.words.t(
                    key,
                    label=figures.words.label("indicator", name),
                    change=change,
                    wave=before,
                    interval=figures.numbers.points_interval(x["ci_low"], x["ci_high"]),
                )
            )
    return sentences, before
