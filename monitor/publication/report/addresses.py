"""Where each figure of the report is: the page it stands on, its place there, and its own files.

Belongs here: keeping which page shows a figure first, and naming its files. Does not belong here: what the files hold
(`pictures`), how a figure is cited (`cite`).

A figure's identifier is the same in every language and names its choices: what it shows, which wave, by which domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from monitor.publication.report.tables import Chart, Drawn

FOLDER = "figures"
"""The folder of the figures' files, beside those of the languages"""
KINDS = ("svg", "png", "csv")
"""What a figure can be downloaded as"""


@dataclass(frozen=True)
class Address:
    """A figure of one language and where it is."""

    language: str
    page: str
    """File of the first page it stands on"""
    chart: Chart
    drawn: Drawn

    @property
    def name(self) -> str:
        """Its identifier, and the name of its files."""
        return self.drawn.name

    @property
    def place(self) -> str:
        """Its place in the report: language, page, and the choice of the page that shows it."""
        choice = f"?domain={quote(self.chart.domain)}" if self.chart.domain else ""
        return f"{self.language}/{self.page}{choice}#{self.name}"

    def file(self, kind: str) -> str:
        """One of its files, from the report's folder."""
        return f"{FOLDER}/{self.language}/{self.name}.{kind}"


class Register:
    """The figures that the pages of a language show, each at the first page that shows it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.found: dict[str, Address] = {}

    def at(self, chart: Chart, page: str) -> Address | None:
        """The address of a figure that a page shows; None where it draws no line of a table."""
        if chart.drawn is None:
            return None
        return self.found.setdefault(chart.drawn.name, Address(self.language, page, chart, chart.drawn))
