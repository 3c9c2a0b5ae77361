"""The innovation passport: for each firm that answered, two pages with its own answers beside those of its peers.

Belongs here: putting a passport together, making all of a wave, and the list by which they are sent. Does not belong
here: what stands in each part (`passport_parts`).
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from monitor.publication.report import cite, paper
from monitor.publication.report import passport_parts as parts
from monitor.publication.report.passport_parts import Own, words_of
from monitor.publication.report.tables import Figures, lines
from monitor.running import signals
from monitor.survey import Survey

MAILING = "mailing.csv"
"""Beside the passports: whose each is, by pseudonym"""
ENOUGH = 40
"""Fewer passports than this are made in this process"""


def write(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    spoken: Mapping[str, Figures],
    survey: Survey,
    wave: str,
    processes: int | None = None,
) -> list[Path]:
    """Write `<pseudonym>.pdf` for every firm of a wave, and the mailing list. `tables`: the secure tables `firms`,
    `missing` and `corrections`.

    A firm's language is its concept `language` where the survey asked it, else the survey's first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told: list[tuple[str, dict[str, Any]]] = []
    for own in everyone(tables, wave):
        language = own.answers.get("language")
        figures = spoken[str(language) if language in spoken else survey.languages[0]]
        told.append((own.firm, content(figures, figures.survey, own)))
    stamp = paper.stamp(next(iter(spoken.values())))
    workers = processes or min(os.cpu_count() or 1, 4)
    if workers == 1 or len(told) < ENOUGH:
        made = list(_press(str(folder), told, stamp))
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            # A terminal's signals reach the whole family; this process says so and takes the others along.
            with signals.held_back():
                handed = [pool.submit(_pressed, str(folder), told[k::workers], stamp) for k in range(workers)]
            made = sorted(path for future in handed for path in future.result())
    mailing(folder / MAILING, wave, {firm: what["lang"] for firm, what in told})
    return made


def everyone(tables: Mapping[str, pd.DataFrame], wave: str) -> Iterator[Own]:
    """What the secure tables hold of each firm of a wave, with its answers to earlier waves."""
    earlier: dict[str, dict[str, dict[str, Any]]] = {}
    now: list[dict[str, Any]] = []
    for row in tables["firms"].sort_values("wave", kind="stable").to_dict("records"):
        told = {str(name): value for name, value in row.items()}
        if told["wave"] == wave:
            now.append(told)
        elif str(told["wave"]) < wave:
            earlier.setdefault(str(told["firm"]), {})[str(told["wave"])] = told
    missing: dict[str, dict[str, str]] = {}
    for x in tables["missing"][tables["missing"]["wave"] == wave].itertuples():
        missing.setdefault(str(x.firm), {})[str(x.concept)] = str(x.kind)
    corrections = tables["corrections"]
    corrected = corrections[corrections["wave"] == wave]["firm"].value_counts().to_dict()
    for answers in now:
        firm = str(answers["firm"])
        yield Own(wave, answers, earlier.get(firm, {}), missing.get(firm, {}), int(corrected.get(firm, 0)))


def mailing(path: Path, wave: str, languages: Mapping[str, str]) -> None:
    """Write whose each passport is: pseudonym, wave, language, file, and the file's checksum. Names and addresses are
    not in the home; who holds the key works out the pseudonyms of its own list of them."""
    with _closed(path) as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(["firm", "wave", "language", "file", "sha256"])
        for firm, language in sorted(languages.items()):
            name = f"{firm}.pdf"
            digest = hashlib.sha256((path.parent / name).read_bytes()).hexdigest()
            writer.writerow([firm, wave, language, name, digest])


def _closed(path: Path) -> Any:
    """A new file for its owner alone."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    return open(descriptor, "w", encoding="utf-8", newline="")


def _pressed(folder: str, told: Sequence[tuple[str, dict[str, Any]]], stamp: int) -> list[Path]:
    return list(_press(folder, told, stamp))


def _press(folder: str, told: Sequence[tuple[str, dict[str, Any]]], stamp: int) -> Iterator[Path]:
    press = paper.compiler("passport.typ")
    for firm, what in told:
        path = Path(folder) / f"{firm}.pdf"
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(paper.printed(press, what, stamp))
        yield path


def content(figures: Figures, survey: Survey, own: Own) -> dict[str, Any]:
    """What stands in one firm's passport."""
    words, t = figures.words, figures.words.t
    groups = parts.groups_of(figures, survey, own)
    before = [words_of(figures, "passport_earlier")] if own.earlier else []
    heads = [t("indicator"), t("passport_own"), *before, *(label for _, _, label in groups)]
    rows, placed, strips = parts.amounts(figures, survey, own, groups)
    release = lines(figures.tables["releases"])[0]
    title, sender = survey.title.get(words.language, survey.name), cite.author(figures)
    day = words.day(release["created_at"])
    return {
        "lang": words.language,
        "title": t("passport"),
        "survey": title,
        "sender": sender or title,
        "lead": t("passport_lead", wave=own.wave, year=survey.waves[own.wave].reference_year),
        "sentence": parts.sentence(figures, survey, own, groups),
        "thanks": words_of(figures, "passport_thanks", sender=sender or title),
        "notice": t("synthetic") if survey.synthetic else None,
        "footer": f"{title}. {t('release')} {release['release_id']}, {day}",
        "profile": [{"label": words.variable(v), "value": label} for v, _, label in groups[1:]]
        + [{"label": t("passport_firm"), "value": own.firm}],
        "answers": {
            "heads": heads,
            "rows": [row for _, row in parts.shares(figures, survey, own, groups)],
        },
        "peers": parts.peers(figures, survey, own, groups),
        "amounts": {
            "heads": heads,
            "rows": rows,
        },
        "placed": {"heads": [heads[0], *(label for _, _, label in groups)], "rows": placed},
        "kinds": {
            "heads": [t("kind"), t("passport_own"), *(label for _, _, label in groups)],
            "rows": parts.kinds(figures, survey, own, groups),
        },
        "strips": strips,
        "initiatives": parts.initiatives(figures, own),
        "treated": parts.treated(figures, survey, own),
        "report": report_link(figures),
        "words": _headings(figures, groups),
    }


def _headings(figures: Figures, groups: Sequence[parts.Group]) -> dict[str, Any]:
    """Headings and notes."""
    t, words = figures.words.t, figures.words
    named = words.listed([words.inside(words.variable(variable)) for variable, _, _ in groups[1:]])
    compared = t("passport_how_group", domains=named) if named else t("passport_how_everyone")
    return {
        "answers": t("passport_answers"),
        "answers_note": t("passport_answers_note"),
        "peers": words_of(figures, "passport_peers"),
        "amounts": t("passport_amounts"),
        "amounts_note": words_of(figures, "passport_amounts_note"),
        "placed": words_of(figures, "passport_placed"),
        "placed_note": words_of(figures, "passport_placed_note"),
        "kinds_note": words_of(figures, "passport_kinds_note"),
        "initiatives": t("passport_initiatives"),
        "treated": words_of(figures, "passport_treated"),
        "reading": t("passport_reading"),
        "how": [t("passport_how_band"), compared, t("passport_how_private")],
    }


def report_link(figures: Figures) -> dict[str, str] | None:
    """The report's address as a QR code with its words; None where the survey declares no address."""
    address = cite.link(figures)
    if not address:
        return None
    import segno

    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", border=4, omitsize=True, xmldecl=False)
    return {
        "svg": drawn.getvalue().decode("utf-8"),
        "address": address,
        "words": words_of(figures, "passport_report"),
        "alt": words_of(figures, "passport_qr", address=address),
    }
