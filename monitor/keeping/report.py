"""The latest report, opened in a browser.

Belongs here: finding it. Does not belong here: its pages (`publication.report`).
"""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from monitor.problems import DefinitionError, Problem
from monitor.refusals import Refused
from monitor.storage import homes, publish


@dataclass(frozen=True)
class Opened:
    """The report that a browser was asked to show."""

    report: str
    exit_code: ClassVar[int] = 0

    def as_dict(self) -> dict[str, object]:
        """The result for a machine."""
        return {"report": self.report}

    def render(self) -> str:
        """The result as a person reads it."""
        return f"report   {self.report}"


def open_report(home: Path, survey: str | None = None) -> Opened:
    """Show the latest report of a survey (None: of the only one with a release). Refused where no browser starts."""
    found = {
        name: latest
        for name in homes.surveys(home)
        if survey in (None, name) and (latest := publish.latest(home / "releases" / name))
    }
    if len(found) != 1:
        what = "several surveys have a release" if found else "no release yet"
        do = "name one with --of" if found else "run a wave first: `monitor demo`, `monitor run`"
        raise DefinitionError(Problem(what, file=str(home / "releases"), found=", ".join(found) or None, do=do))
    (release,) = found.values()
    report = release / "public" / "report" / "index.html"
    if not webbrowser.open(report.resolve().as_uri()):
        raise Refused(Problem("no browser could be started", file=str(report), do="open this file in a browser"))
    return Opened(str(report))
