"""The report of one wave on paper: a tagged PDF (PDF/UA-1) by Typst.

Belongs here: what stands on paper in which order. Does not belong here: what it says (`pages`), how it looks
(`templates/paper.typ`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.publication.report import pages
from monitor.publication.report.tables import Chart, Figures, Printed, lines
from monitor.survey import Survey

TEMPLATES = Path(__file__).parent / "templates"
STANDARD = "ua-1"
PIXELS_PER_INCH = 150
"""Of a page as a picture: a sheet of A4 is 1240 pixels wide"""


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
            told = content(figures, survey, wave)
            path.write_bytes(printed(press, told, stamp(figures)))
            written.append(path)
    return written


def stamp(figures: Figures) -> int:
    """When the release was made, in seconds: the only date a PDF carries."""
    return int(lines(figures.tables["releases"])[0]["created_at"].timestamp())


def printed(press: Any, told: Mapping[str, Any], timestamp: int) -> bytes:
    """A PDF from a template and its content."""
    made: bytes = press.compile(
        sys_inputs={"content": json.dumps(told, ensure_ascii=False)},
        format="pdf",
        pdf_standards=[STANDARD],
        timestamp=timestamp,
    )
    return made


def pictured(press: Any, told: Mapping[str, Any]) -> bytes:
    """The first page of a template and its content as PNG."""
    made: bytes | list[bytes] = press.compile(
        sys_inputs={"content": json.dumps(told, ensure_ascii=False)}, format="png", ppi=PIXELS_PER_INCH
    )
    return made if isinstance(made, bytes) else made[0]


def content(figures: Figures, survey: Survey, wave: str) -> dict[str, Any]:
    """All that is printed of a wave."""
    t, language = figures.words.t, figures.words.language
    told = pages.wave(figures, survey, wave)
    inside = pages.participation(figures, survey, wave)
    release = lines(figures.tables["releases"])[0]
    parts: list[dict[str, Any]] = []

    def add(kind: str, **what: Any) -> None:
        parts.append({"kind": kind, **what})

    def heading(words: str, level: int = 2) -> None:
        add("heading", text=words, level=level)

    heading(t("headlines", wave=wave))
    about = (t("reference_year", year=told["reference_year"]), t("headline_note"), t("interval_means"))
    add("note", text="{}. {} {}".format(*about))
    add("cards", list=told["cards"])
    heading(t("facts"))
    add("facts", list=told["facts"][:6])
    if told["claims"]:
        heading(t("claims"))
        add("note", text=told["claims_note"])
        add("claims", list=told["claims"])
        add("table", table=table(told["claims_table"]))
    heading(told["model_title"])
    model = told["model"]
    if model:
        add("note", text=told["model_lead"])
        add("figures", list=drawn([model["squares"], model["effects"]]))
        add("text", text=f"{model['words']} {model['meaning']}")
        for words in (model["power"], model["firth"]):
            if words:
                add("text", text=words)
        for part in (model["states"], model["contrasts"], model["terms"]):
            if part:
                add("table", table=table(part))
    elif told["no_model"]:
        add("text", text=told["no_model"])
    heading(t("nav_participation"))
    add("note", text=f"{t('key_point')} {inside['limited_why']} {t('withheld_why')}")
    for section in inside["sections"]:
        heading(section["label"], 3)
        add("figures", list=drawn(section["charts"]))
    add("table", table=table(inside["others"]))
    if inside["initiatives"] and inside["initiatives"]["table"].rows:
        heading(t("initiatives"), 3)
        add("table", table=table(inside["initiatives"]["table"]))
    heading(t("quality_coverage"))
    add("table", table=table(told["response"]))
    heading(t("quality_rules"))
    add("text", text=told["rules_words"])
    if told["rules_failed"].rows:
        add("table", table=table(told["rules_failed"]))
    return {
        "lang": language,
        "title": t("wave_n", wave=wave),
        "survey": survey.title.get(language, survey.name),
        "short": t("wave_n", wave=wave),
        "source": survey.source.get(language, survey.name),
        "lead": told["lead"],
        "notice": t("synthetic") if survey.synthetic else None,
        "footer": (f"{t('synthetic_short')}. " if survey.synthetic else "") + f"{t('release')} {release['release_id']}",
        "words": {"interval": t("interval")},
        "parts": parts,
    }


def table(printed_table: Printed) -> dict[str, Any]:
    """A table as the template takes it."""
    return {
        "caption": printed_table.caption,
        "heads": [{"text": h.text, "right": h.right, "long": h.long} for h in printed_table.heads],
        "rows": [list(row) for row in printed_table.rows],
    }


def drawn(charts: Iterable[Chart]) -> list[dict[str, str]]:
    """Figures as the template takes them, with the words a screen reader reads."""
    return [{"title": c.title, "svg": str(c.svg), "note": c.note, "alt": f"{c.title}. {c.description}"} for c in charts]
