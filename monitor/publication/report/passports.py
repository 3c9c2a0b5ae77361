"""The innovation passport: for each firm that answered, two pages with its own answers beside those of its peers.

Belongs here: what stands in a passport and making all of a wave. Does not belong here: what peers' figures may be
shown (they come from the disclosed tables).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from monitor.publication.report import paper
from monitor.publication.report.numbers import DASH, known
from monitor.publication.report.tables import Figures, Line, lines, one
from monitor.publication.report.words import EVERYONE
from monitor.running import signals
from monitor.survey import Survey

MOST_ROWS = 14
"""Yes-or-no answers on the first page"""
MOST_AMOUNTS = 9
"""Number-valued answers on the second page"""
MOST_SCALES = 4
"""Bands on the second page"""


def write(
    folder: Path,
    firms: pd.DataFrame,
    spoken: Mapping[str, Figures],
    survey: Survey,
    wave: str,
    processes: int | None = None,
) -> list[Path]:
    """Write `<pseudonym>.pdf` for every firm of a wave. `firms`: the secure table's rows of that wave.

    A firm's language is its concept `language` where the survey asked it, else the survey's first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = {c: firms[c].tolist() for c in firms.columns}
    told: list[tuple[str, dict[str, Any]]] = []
    for i, firm in enumerate(columns["firm"]):
        answers = {c: values[i] for c, values in columns.items()}
        language = answers.get("language")
        figures = spoken[str(language) if language in spoken else survey.languages[0]]
        told.append((str(firm), content(figures, survey, wave, answers)))
    stamp = paper.stamp(next(iter(spoken.values())))
    workers = processes or min(os.cpu_count() or 1, 4)
    if workers == 1 or len(told) < 40:
        return list(_press(str(folder), told, stamp))
    parts = [told[k::workers] for k in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # A terminal's signals reach the whole family; this process says so and takes the others along.
        with signals.held_back():
            made = [pool.submit(_pressed, str(folder), part, stamp) for part in parts]
        return sorted(path for future in made for path in future.result())


def _pressed(folder: str, told: Sequence[tuple[str, dict[str, Any]]], stamp: int) -> list[Path]:
    return list(_press(folder, told, stamp))


def _press(folder: str, told: Sequence[tuple[str, dict[str, Any]]], stamp: int) -> Iterator[Path]:
    press = paper.compiler("passport.typ")
    for firm, what in told:
        path = Path(folder) / f"{firm}.pdf"
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(paper.printed(press, what, stamp))
        yield path


def content(figures: Figures, survey: Survey, wave: str, firm: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in one firm's passport."""
    words, t = figures.words, figures.words.t
    groups = [(EVERYONE, EVERYONE, t("everyone"))]
    for variable in survey.domains:
        code = firm.get(variable)
        if isinstance(code, str) and code:
            groups.append((variable, code, words.domain(variable, code)))
    heads = [t("indicator"), t("passport_own"), *(label for _, _, label in groups)]
    profile = [{"label": words.variable(v), "value": label} for v, _, label in groups[1:]]
    profile.append({"label": t("passport_firm"), "value": str(firm["firm"])})
    amounts, scales = _amounts(figures, survey, wave, firm, groups)
    taken = firm.get("initiatives")
    labels = {
        x["initiative"]: str(x[f"label_{words.language}"]) for x in lines(figures.tables["initiatives"], wave=wave)
    }
    release = lines(figures.tables["releases"])[0]
    return {
        "lang": words.language,
        "title": t("passport"),
        "survey": survey.title.get(words.language, survey.name),
        "lead": t("passport_lead", wave=wave, year=survey.waves[wave].reference_year),
        "notice": t("synthetic") if survey.synthetic else None,
        "footer": f"{survey.title.get(words.language, survey.name)}. {t('release')} {release['release_id']}",
        "profile": profile,
        "answers": {
            "caption": t("passport_answers"),
            "heads": heads,
            "rows": _answers(figures, survey, wave, firm, groups),
        },
        "amounts": {"caption": t("passport_amounts"), "heads": heads, "rows": amounts},
        "scales": scales,
        "initiatives": [labels.get(code, code) for code in taken] if taken is not None and len(taken) else [],
        "words": {
            "answers": t("passport_answers"),
            "answers_note": t("passport_answers_note"),
            "amounts": t("passport_amounts"),
            "amounts_note": t("passport_amounts_note"),
            "initiatives": t("passport_initiatives"),
            "reading": t("passport_reading"),
            "how": [t("passport_how_band"), t("passport_how_group"), t("passport_how_private")],
        },
    }


def _answers(
    figures: Figures, survey: Survey, wave: str, firm: Mapping[str, Any], groups: Sequence[tuple[str, str, str]]
) -> list[list[str]]:
    """Yes-or-no measures: the firm's answer and each group's share."""
    t = figures.words.t
    rows = []
    for name, indicator in survey.indicators.items():
        if indicator.estimator != "share" or indicator.base not in _whole(survey):
            continue
        shares = [_line(figures, wave, name, variable, code) for variable, code, _ in groups]
        if shares[0] is None:
            continue
        own = firm.get(indicator.measure)
        answer = t("passport_no_answer") if own is None or own is pd.NA or own != own else t("yes" if own else "no")
        cells = [DASH if x is None or x["suppressed"] else figures.numbers.percent(x["estimate"]) for x in shares]
        rows.append([figures.words.label("indicator", name), answer, *cells])
    return rows[:MOST_ROWS]


def _whole(survey: Survey) -> set[str]:
    """Bases that hold every firm: elsewhere a share would not be about the firm that reads it."""
    return {name for name, base in survey.bases.items() if base.sql.strip().lower() == "true"}


def _line(figures: Figures, wave: str, name: str, variable: str, code: str) -> Line | None:
    return one(figures.tables["indicators"], wave=wave, indicator=name, domain_variable=variable, domain=code)


def _amounts(
    figures: Figures, survey: Survey, wave: str, firm: Mapping[str, Any], groups: Sequence[tuple[str, str, str]]
) -> tuple[list[list[str]], list[dict[str, Any]]]:
    """Number-valued measures: the firm's own value, each group's median, and bands to draw."""
    rows: list[list[str]] = []
    scales: list[dict[str, Any]] = []
    for name, measure in survey.measures.items():
        if measure.type not in ("number", "percentage"):
            continue
        found = [
            one(figures.tables["benchmarks"], wave=wave, measure=name, domain_variable=variable, domain=code)
            for variable, code, _ in groups
        ]
        if found[0] is None or found[0]["suppressed"]:
            continue
        percentage = measure.type == "percentage"
        unit = "share" if percentage else measure.unit
        own = known(firm.get(name))
        own = own / 100 if own is not None and percentage else own
        write = figures.numbers.value
        own_words = (
            figures.words.t("passport_no_answer") if own is None else write(own, unit, 0 if percentage else None)
        )
        medians = [
            DASH if x is None or x["suppressed"] else write(x["median"], unit, 0 if percentage else None) for x in found
        ]
        label = figures.words.label("measure", name)
        rows.append([label, own_words, *medians])
        bands = [
            (group[2], x)
            for group, x in zip(groups, found, strict=True)
            if x is not None and known(x["p25"]) is not None
        ]
        if len(bands) < 2 or len(scales) >= MOST_SCALES:
            continue
        most = max(float(x["p75"]) for _, x in bands) * 1.25
        if most <= 0:
            continue
        scales.append(
            {
                "label": label,
                "own_words": own_words,
                "own": None if own is None else min(max(own / most, 0.0), 1.0),
                "alt": f"{label}. {figures.words.t('passport_own')}: {own_words}. "
                + "; ".join(f"{b}: {write(x['p25'], unit)} {DASH} {write(x['p75'], unit)}" for b, x in bands),
                "bands": [
                    {
                        "label": b if len(b) <= 34 else b[:33] + "…",
                        "low": float(x["p25"]) / most,
                        "median": float(x["median"]) / most,
                        "high": float(x["p75"]) / most,
                    }
                    for b, x in bands
                ],
            }
        )
    return rows[:MOST_AMOUNTS], scales
