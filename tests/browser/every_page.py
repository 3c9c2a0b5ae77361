"""Every page of the demonstration's report, in every language there is, in every look: `make every-page`.

Belongs here: the report in all languages, the whole run and its summary line. Does not belong here: the sample that the
tests take (`test_every_page`), what is wrong with a page (`visits`).

Run from the project's root after `make run`: `python tests/browser/every_page.py monitor-home`. Needs what the browser
tests need.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import chromium
import visits

from monitor import contract
from monitor.publication import report
from monitor.publication.report import site
from monitor.storage.lake import connect
from monitor.survey import load_survey
from monitor.surveys import BUNDLED
from monitor.wording.sentences import spoken_languages


def in_every_language(home: Path, folder: Path) -> None:
    """Write the site of the demonstration's newest release in every language there are words in."""
    survey = replace(load_survey(BUNDLED), languages=spoken_languages())
    database = home / "releases" / survey.name / "latest" / "public" / "monitor.duckdb"
    with connect(database, read_only=True) as connection:
        tables = {table.name: connection.execute(f"SELECT * FROM {table.name}").df() for table in contract.TABLES}
    site.write(folder, report.spoken(tables, survey), survey, sorted(survey.waves))


def main(home: Path) -> int:
    """Look at everything; print each fault where it was met, and how many there were. 1 where there was one."""
    begun, wrong = time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as folder, chromium.opened() as browser:
        in_every_language(home, Path(folder))
        found = visits.pages(Path(folder))
        eye = visits.Eye(browser, chromium.axe_source(Path(folder)))
        asked = visits.every(found)
        for page, look in asked:
            for fault in eye.faults(page, look):
                wrong += 1
                print(f"{page.file.relative_to(folder)} {look}: {fault}", flush=True)
    print(
        f"{len(asked)} visits of {len(found)} pages in {len(spoken_languages())} languages, {len(visits.LOOKS)} looks: "
        f"{wrong} faults, {time.perf_counter() - begun:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "monitor-home")))
