"""How long a release takes: disclosure control, the report in two languages and in all, the databases, the passports.

Run from the project's root after `make run`: `.venv/bin/python benchmarks/release.py monitor-home`. Prints seconds of
wall clock and of one processor for each part, and the size of the largest page.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from monitor.publication import microdata as statistics
from monitor.publication import public, report, secure
from monitor.publication.report import passports
from monitor.stages import disclosed, released
from monitor.stages.disclosed import history
from monitor.storage.lake import Lake
from monitor.survey import load_survey
from monitor.surveys import BUNDLED
from monitor.wording.sentences import spoken_languages


def timed(name: str, call: Callable[[], object]) -> None:
    """Print what a call takes."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    print(
        f"{name:42} {time.perf_counter() - wall:7.2f} s   processor {time.process_time() - processor:6.2f} s",
        flush=True,
    )


def main(home: Path) -> None:
    """Time every part on the home's lake; everything is written aside."""
    survey = load_survey(BUNDLED)
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        lake = Lake(home, survey.name)
        waves = [wave for wave in survey.waves if lake.has("estimated_indicators", wave)]
        timed(f"disclosure control, {len(waves)} waves", lambda: disclosed.disclose(lake, survey, waves))
        before = history.earlier(home, survey.name)
        if before:
            told = f"the same, {len(before)} earlier release(s)"
            timed(told, lambda: disclosed.disclose(lake, survey, waves, before))
        tables = released.public_tables(lake, survey, waves)
        moment = pd.Timestamp("2026-01-01")
        tables["releases"] = tables["releases"].assign(release_id="r0001-000000000000", created_at=moment)
        timed("public database", lambda: public.write_database(aside / "monitor.duckdb", tables))
        firms = secure.firm_tables(lake, survey, waves)
        timed("secure database", lambda: secure.write_database(aside / "microdata.duckdb", firms, survey))
        timed("Stata and SPSS files", lambda: statistics.write(aside, firms, survey))
        for languages in (survey.languages, spoken_languages()):
            told = replace(survey, languages=languages)
            made = aside / f"report in {len(languages)} languages"
            timed(
                f"site, figure files, PDFs, {len(languages)} languages",
                partial(report.build, made, tables, told, waves),
            )
            pages = sorted((p.stat().st_size, p.name) for p in made.rglob("*.html"))
            print(f"largest of {len(pages)} pages: {pages[-1][1]}, {pages[-1][0] / 1e6:.2f} MB")
        first = firms["firms"][firms["firms"]["wave"] == waves[0]]
        spoken = report.spoken(tables, survey)
        timed(
            f"{len(first)} passports, {os.cpu_count()} processors",
            lambda: passports.write(aside / "passports", firms, spoken, survey, waves[0]),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "monitor-home"))
