"""The report: what researchers read. Pages and figures from disclosed tables only.

Belongs here: templates, charts, words. No query and no arithmetic: every number comes from a table that passed
`disclosed`.

`numbers` writes numbers, `words` finds words, `tables` and `models` pick lines, `charts` draws, `panels`
puts figures together, `pages` says what each
page tells, `start` opens the report, `places` tells of a domain, `trends` of the waves, `explore` lets a reader compare
and search, `glossary` explains words, `claims` what became of the claims, `site` makes HTML, `paper` PDF, `pictures` a
file of each figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from monitor.publication.report import highlights, paper, pictures, site
from monitor.publication.report.languages import completed, in_further_language
from monitor.publication.report.tables import Figures, Records
from monitor.publication.report.words import words_of
from monitor.survey import Survey
from monitor.wording.sentences import LANGUAGES


def build(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    survey: Survey,
    waves: Sequence[str],
    revised: Mapping[str, Any] | None = None,
    described: Sequence[str] = (),
    attacked: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write the report of a release into a folder. `tables`: every table of the contract, as disclosed.

    `revised`: what changed since the last release (`since`, `lines`). `described`: files that describe the tables.
    `attacked`: what the attack on the release and the earlier ones came to; None outside a release.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = spoken(tables, survey)
    pages = site.write(folder, told, survey, waves, revised, described, attacked)
    # Typst holds no lock of Python's: its threads print PDFs where the last pictures leave a processor idle.
    with ThreadPoolExecutor(1) as beside:
        drawing = beside.submit(pictures.render, folder)
        printed = [*paper.write(folder, told, survey, waves), *highlights.write(folder, told, waves)]
        drawing.result()
    return [*pages, *printed]


def spoken(tables: Mapping[str, pd.DataFrame], survey: Survey) -> dict[str, Figures]:
    """The disclosed tables in each of the survey's languages."""
    every = {name: Records(frame) for name, frame in tables.items()}
    primary = next((model.name for model in survey.models.values() if model.primary), None)
    found = {}
    for language in survey.languages:
        told = completed(survey, language)
        own = tables if language in LANGUAGES else in_further_language(tables, told, language)
        records = every if own is tables else {name: Records(frame) for name, frame in own.items()}
        words = words_of(language, own["definitions"], own["codebook"], told)
        found[language] = Figures(records, words, told, primary)
    return found
