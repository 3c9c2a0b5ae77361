"""The report of one wave on paper: a tagged PDF (PDF/UA-1) by Typst.

Belongs here: what stands on paper in which order. Does not belong here: what it says (`pages`), how it looks
(`templates/paper.typ`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.publication.report import answer, cite, foreign, methods, pages, programmes, start, trends
from monitor.publication.report.tables import Chart, Figures, Printed, lines
from monitor.survey import Survey
from monitor.wording.sentences import say

TEMPLATES = Path(__file__).parent / "templates"
STANDARD = "ua-1"
PIXELS_PER_INCH = 150
"""Of a page as a picture: a sheet of A4 is 1240 pixels wide"""
NARROWEST, WIDEST = 6, 24
"""Letters of a column's longest cell that count for its width"""


def compiler(template: str) -> Any:
    """A Typst compiler for a template, with Typst's own fonts only: the same pages on every machine."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False)
    return typst.Compiler(TEMPLATES / template, root=TEMPLATES, font_paths=fonts, ignore_system_fonts=True)


def write(folder: Path, spoken: Mapping[str, Figures], survey: Survey, waves: Sequence[str]) -> list[Path]:
    """Write `report-<wave>-<language>.pdf` for every wave and language. Returns the files."""
    press = compiler("paper.typ")
    written = []
    for wave in waves:
        for language, figures in spoken.items():
            path = folder / f"report-{wave}-{language}.pdf"
            told = content(figures, figures.survey, wave)
            path.write_bytes(printed(press, told, stamp(figures)))
            written.append(path)
    return written


def stamp(figures: Figures) -> int:
    """When the release was made, in seconds: the only date a PDF carries."""
    return int(lines(figures.tables["releases"])[0]["created_at"].timestamp())


def printed(press: Any, told: Mapping[str, Any], timestamp: int) -> bytes:
    """A PDF from a template and its content."""
    made: bytes = press.compile(
        sys_inputs={"content": foreign.plain(json.dumps(told, ensure_ascii=False))},
        format="pdf",
        pdf_standards=[STANDARD],
        timestamp=timestamp,
    )
    return made


def pictured(press: Any, told: Mapping[str, Any]) -> bytes:
    """The first page of a template and its content as PNG."""
    made: bytes | list[bytes] = press.compile(
        sys_inputs={"content": foreign.plain(json.dumps(told, ensure_ascii=False))}, format="png", ppi=PIXELS_PER_INCH
    )
    return made if isinstance(made, bytes) else made[0]


def content(figures: Figures, survey: Survey, wave: str) -> dict[str, Any]:
    """All that is printed of a wave: the answer of all waves, the wave, and what both rest on."""
    t, language = figures.words.t, figures.words.language
    told = pages.wave(figures, survey, wave)
    release = lines(figures.tables["releases"])[0]
    waves = str(release["waves"]).split(",")
    parts: list[Part] = [
        *_answer(figures, waves),
        *_wave(figures, told, wave),
        *_model(figures, told),
        *_participation(figures, survey, wave),
        *_programmes(figures, survey, wave),
        *_trends(figures, waves),
        *_quality(figures, told),
        *_methods(figures, survey, waves),
    ]
    title = survey.title.get(language, survey.name)
    return {
        "lang": language,
        "title": t("wave_n", wave=wave),
        "survey": title,
        "short": t("wave_n", wave=wave),
        "author": cite.author(figures) or title,
        "contents": say("publication", "paper_contents", language),
        "lead": told["lead"],
        "notice": t("synthetic") if survey.synthetic else None,
        "footer": (f"{t('synthetic_short')}. " if survey.synthetic else "") + f"{t('release')} {release['release_id']}",
        "cited": f"{say('publication', 'cite_all', language)} {cite.cited(figures).sentence}",
        "words": {"interval": t("interval")},
        "parts": parts,
    }


Part = dict[str, Any]
"""One block of the paper: its kind, what it holds, and the page of the site that says the same"""


def _heading(text: str, level: int = 2) -> Part:
    return {"kind": "heading", "text": text, "level": level}


def _say(page: str, kind: str, *texts: str | None) -> list[Part]:
    return [{"kind": kind, "page": page, "text": text} for text in texts if text]


def _tables(page: str, *printed_tables: Printed | None) -> list[Part]:
    return [{"kind": "table", "page": page, "table": table(x)} for x in printed_tables if x and x.rows]


def _figures(page: str, charts: Iterable[Chart]) -> list[Part]:
    found = drawn(charts)
    return [{"kind": "figures", "page": page, "list": found}] if found else []


def _answer(figures: Figures, waves: Sequence[str]) -> list[Part]:
    """The survey's question and its answer, of all waves together where they have one."""
    opening, page = start.opening(figures, waves), "index"
    if opening is None:
        return []
    over = answer.over_waves(figures, waves)
    return [
        _heading(opening["question"]),
        *_say(page, "text", f"{opening['verdict']} {opening['sentence']}"),
        *_figures("answer" if over else page, [opening["chart"], *([over] if over else [])]),
    ]


def _wave(figures: Figures, told: Mapping[str, Any], wave: str) -> list[Part]:
    t, page = figures.words.t, f"wave-{wave}"
    year = t("reference_year", year=told["reference_year"])
    found: list[Part] = [
        _heading(t("headlines", wave=wave)),
        *_say(page, "note", f"{year}. {t('headline_note')} {t('interval_means')}"),
        {"kind": "cards", "page": page, "list": told["cards"]},
        _heading(t("facts")),
        {"kind": "facts", "page": page, "list": told["facts"][:6]},
    ]
    if told["claims"]:
        found += [_heading(t("claims")), *_say(page, "note", told["claims_note"])]
        found += [{"kind": "claims", "page": page, "list": told["claims"]}, *_tables(page, told["claims_table"])]
    return found


def _model(figures: Figures, told: Mapping[str, Any]) -> list[Part]:
    model, page = told["model"], f"wave-{told['wave']}"
    found = [_heading(told["model_title"])]
    if not model:
        return [*found, *_say(page, "text", told["no_model"])] if told["no_model"] else []
    return [
        *found,
        *_say(page, "note", told["model_lead"]),
        *_figures(page, [model["squares"], model["effects"]]),
        *_say(page, "text", f"{model['words']} {model['meaning']}", model["power"], model["firth"]),
        *_tables(page, model["states"], model["contrasts"], model["terms"]),
    ]


def _participation(figures: Figures, survey: Survey, wave: str) -> list[Part]:
    t, page = figures.words.t, f"wave-{wave}"
    inside = pages.participation(figures, survey, wave)
    found = [_heading(t("nav_participation"))]
    found += _say(page, "note", f"{t('key_point')} {inside['limited_why']} {t('withheld_why')}")
    for section in inside["sections"]:
        found += [_heading(section["label"], 3), *_figures(page, section["charts"])]
    found += _tables(page, inside["others"])
    listed = inside["initiatives"]
    if listed and listed["table"].rows:
        found += [_heading(t("initiatives"), 3), *_tables(page, listed["table"])]
    return found


def _programmes(figures: Figures, survey: Survey, wave: str) -> list[Part]:
    """The programmes whose participants this wave tells of."""
    found: list[Part] = []
    for label, sentences, tables, file in programmes.on_paper(figures, survey, wave):
        page = file.removesuffix(".html")
        found += [
            _heading(label),
            *_say(page, "text", *sentences),
            *_tables(page, *tables),
        ]
    standard = say("programme", "standard_text", figures.words.language)
    return [*found, *_say("programmes", "note", standard)] if found else []


def _trends(figures: Figures, waves: Sequence[str]) -> list[Part]:
    """The headline figures over the waves, with the changes between them."""
    told, page = trends.page(figures, waves), "trends"
    if not told["charts"]:
        return []
    return [
        _heading(figures.words.t("nav_trends")),
        *_figures(page, told["charts"]),
        *_say(page, "note", told["changes_note"]),
        *_tables(page, told["changes"]),
    ]


def _quality(figures: Figures, told: Mapping[str, Any]) -> list[Part]:
    t, page = figures.words.t, f"wave-{told['wave']}"
    return [
        _heading(t("quality_coverage")),
        *_tables(page, told["response"]),
        _heading(t("quality_rules")),
        *_say(page, "text", told["rules_words"]),
        *_tables(page, told["rules_failed"]),
    ]


def _methods(figures: Figures, survey: Survey, waves: Sequence[str]) -> list[Part]:
    """How the figures were made; formulas, definitions and the literature in full stand on the site."""
    t, page = figures.words.t, "methods"
    told = methods.methods(figures, survey, waves, None)
    found = [
        _heading(t("nav_methods")),
        _heading(t("m_weights"), 3),
        *_say(page, "text", " ".join(told["weights"])),
        _heading(t("m_variance"), 3),
        *_say(page, "text", t("m_variance_text"), told["replicates_text"], t("m_intervals"), told["reliability_text"]),
        _heading(t("m_missing"), 3),
        *_say(page, "text", *told["missing"]["words"]),
    ]
    if told["models"]:
        found += [_heading(t("m_models"), 3), *_say(page, "text", t("m_models_text"), *told["models"]["words"])]
        found += _tables(page, told["models"]["declared"], told["beside"])
    found += [_heading(t("m_families"), 3), *_say(page, "text", t("m_families_text"))]
    found += [_heading(t("kept_title"), 3), *_say(page, "text", told["kept"]["promise"])]
    return found


def table(printed_table: Printed) -> dict[str, Any]:
    """A table as the template takes it."""
    return {
        "caption": printed_table.caption,
        "heads": [
            {"text": h.text, "right": h.right, "share": _share(h.text, [row[k] for row in printed_table.rows])}
            for k, h in enumerate(printed_table.heads)
        ],
        "rows": [list(row) for row in printed_table.rows],
    }


def _share(head: str, cells: Sequence[str]) -> int:
    """A column's part of the width: its longest cell, as far as that need not be broken into lines, and at least the
    longest word; a name that no hyphen breaks (`shares_sum_to_100`) stands whole."""
    longest = max(len(text) for text in (head, *cells))
    words = [word for text in (head, *cells) for word in text.split()]
    word = max(map(len, words), default=0)
    name = max((len(word) for word in words if "_" in word), default=0)
    return max(min(max(longest, word + word // 3, NARROWEST), WIDEST), name + name // 4)


def drawn(charts: Iterable[Chart]) -> list[dict[str, str]]:
    """Figures as the template takes them, with the words a screen reader reads."""
    return [{"title": c.title, "svg": str(c.svg), "note": c.note, "alt": f"{c.title}. {c.description}"} for c in charts]
