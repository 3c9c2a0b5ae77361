"""Answers as cells of text, and the columns of an export.

Belongs here: what the writers of all three tools share: questions' wordings, missing codes, how Dutch people write
numbers, made-up contacts. Does not belong here: a tool's own layout (`qualtrics`, `limesurvey`, `spss`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from monitor.synthetic.fieldwork import FUNDING, SHARES, Fieldwork

Show = Callable[[Any], str]
SHARE_TEXTS = dict(
    zip(
        SHARES,
        ("nieuw voor de markt", "alleen nieuw voor het bedrijf", "ongewijzigd of nauwelijks gewijzigd"),
        strict=True,
    )
)
FUNDING_TEXTS = dict(zip(FUNDING, ("gemeente of provincie", "het Rijk", "de Europese Unie"), strict=True))
PARTNER_TEXTS = {
    "group": "Eigen concern",
    "suppliers": "Leveranciers",
    "private_clients": "Klanten uit het bedrijfsleven",
    "public_clients": "Klanten uit de publieke sector",
    "competitors": "Concurrenten",
    "consultants": "Adviesbureaus",
    "universities": "Universiteiten en hogescholen",
    "government_institutes": "Publieke onderzoeksinstituten",
    "private_institutes": "Private onderzoeksinstituten",
    "non_profit": "Organisaties zonder winstoogmerk",
}
REMARKS = (
    "Prima vragenlijst, graag een kopie van het rapport.",
    "Wij zijn een klein bedrijf; niet alle vragen passen.\nDe omzet is geschat.",
    "Innovatie gaat bij ons geleidelijk – één stap per jaar.",
    'De term "topinnovator" is ons niet duidelijk.',
    "Subsidie van € 25.000 aangevraagd; nog geen reactie.",
)


@dataclass(frozen=True)
class Column:
    """One column of an export: its name, its question's text, its cells, the labels of its codes."""

    name: str
    text: str
    cells: Sequence[str]
    labels: Mapping[str, str] = field(default_factory=dict)


class Answers:
    """One wave's answers as cells; `missing` is how the tool writes each missing kind (others are blank)."""

    def __init__(self, work: Fieldwork, rng: np.random.Generator, missing: Mapping[str, str]) -> None:
        self.table, self.kinds, self.rng, self.codes = work.responses, work.missing, rng, missing
        self.n = len(self.table)
        self.finished = (self.table["pages"] == self.table["pages"].max()).to_numpy()
        self.ended = self.table["started"] + pd.to_timedelta(self.table["seconds"], unit="s")
        self._numbers = [int(firm) % 900 + 1 for firm in self.table["firm"]]
        known = rng.random(self.n) < 0.4
        self._known = [number if shown else 0 for number, shown in zip(self._numbers, known, strict=True)]
        self._remarks = np.where(rng.random(self.n) < 0.08, rng.choice(len(REMARKS), self.n), -1)

    def of(self, concept: str, show: Show, missing: Mapping[str, str] | None = None) -> list[str]:
        """A question's cells: answers as shown, missing kinds by their codes, the rest blank."""
        codes = self.codes if missing is None else missing
        answered = zip(self.table[concept], self.kinds[concept], strict=True)
        return [codes.get(kind, "") if kind else show(value) for value, kind in answered]

    def ticks(self, concept: str, choice: str, ticked: str, unticked: str) -> list[str]:
        """One choice of a question with several: ticked, unticked, or blank where it was not shown or was skipped."""
        answered = zip(self.table[concept], self.kinds[concept], strict=True)
        return ["" if kind else (ticked if choice in chosen else unticked) for chosen, kind in answered]

    def typed(self, plain: Show, *others: Show) -> Show:
        """A number as people type it: mostly plain, at times otherwise."""

        def show(value: float) -> str:
            return (plain if self.rng.random() < 0.6 else others[self.rng.integers(len(others))])(value)

        return show

    def names(self) -> list[str]:
        """Contact names, all made up; blank for most, as real exports have them."""
        return [f"Proefpersoon {number}" if number else "" for number in self._known]

    def emails(self) -> list[str]:
        """Addresses in a domain that can never exist."""
        return [f"contact{number}@example.org" if number else "" for number in self._known]

    def phones(self) -> list[str]:
        """Numbers no one has."""
        return [f"050-000{number:04d}" if number else "" for number in self._known]

    def addresses(self) -> list[str]:
        """Internet addresses reserved for documentation (RFC 5737)."""
        return [f"192.0.2.{number % 254 + 1}" for number in self._numbers]

    def places(self, degrees: int) -> list[str]:
        """Coordinates."""
        return [f"{degrees}.{number:04d}" for number in self._numbers]

    def remarks(self) -> list[str]:
        """Open answers, some with a line break inside."""
        return ["" if place < 0 else REMARKS[place] for place in self._remarks]

    def other_initiatives(self) -> list[str]:
        """What a few participants typed beside the list."""
        typed = zip(self._numbers, self.table["initiatives"], strict=True)
        return ["Ondernemersclub De Proef" if chosen and number % 40 == 0 else "" for number, chosen in typed]


def yes_no(yes: str, no: str) -> Show:
    """A yes or no as a tool writes it."""
    return lambda value: yes if value else no


def dotted(value: float) -> str:
    """12500 as Dutch people write it: 12.500"""
    return f"{value:,.0f}".replace(",", ".")


def comma(value: float) -> str:
    """12.5 as Dutch people write it: 12,5"""
    return f"{value:g}".replace(".", ",")


def delimited(
    header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str, quoting: Literal[0, 1] = csv.QUOTE_MINIMAL
) -> str:
    """Delimited text with the line ends of Windows."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n", quoting=quoting)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


def records(columns: Sequence[Column]) -> list[tuple[str, ...]]:
    """The columns' cells, one record per response."""
    return list(zip(*(column.cells for column in columns), strict=True))
