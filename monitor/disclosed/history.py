"""What earlier releases of a survey have shown already: it cannot hide anything any more, and it can be subtracted.

Belongs here: reading earlier releases. Does not belong here: what follows from them (`cells`, `revisions`), publishing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from monitor.contract.shape import shaped
from monitor.disclosed.cells import Row, row_of
from monitor.disclosed.contributions import WaveFirms, domains_of
from monitor.lake import connect, quoted
from monitor.survey import Survey

COUNTING = ("indicators", "models", "claims", "initiatives", "quality")
"""Public tables that hold numbers of firms with an answer"""


@dataclass(frozen=True)
class Earlier:
    """One earlier release as disclosure control looks at it."""

    folder: Path

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What it says of itself."""
        content: Mapping[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The public tables with counts, in the contract's shape of today."""
        with connect(self.folder / "public" / "monitor.duckdb", read_only=True) as connection:
            found = {name: connection.execute(f"SELECT * FROM {quoted(name)}").df() for name in COUNTING}
        return {name: shaped(name, frame) for name, frame in found.items()}

    @cached_property
    def lines(self) -> dict[Row, dict[str, object]]:
        """The indicator lines it showed."""
        table = self.tables["indicators"]
        shown = table[~table["suppressed"].astype(bool)]
        return {row_of(line): {str(k): v for k, v in line.items()} for line in shown.to_dict("records")}

    def firms(self, survey: Survey, wave: str) -> WaveFirms | None:
        """The firms behind a wave's figures; None where the release did not have the wave."""
        with connect(self.folder / "secure" / "microdata.duckdb", read_only=True) as connection:
            observed = connection.execute("SELECT * FROM firms WHERE wave = $wave", {"wave": wave}).df()
            filled = connection.execute(
                "SELECT * FROM completed WHERE wave = $wave AND imputation = (SELECT min(imputation) FROM completed "
                "WHERE wave = $wave)",
                {"wave": wave},
            ).df()
        if not len(observed):
            return None
        return WaveFirms(observed, filled, observed[["firm", "weight"]], domains_of(survey, filled))


def earlier(home: Path, survey: str) -> list[Earlier]:
    """The releases of a home, oldest first."""
    return [
        Earlier(path.parent.parent) for path in sorted((home / "releases" / survey).glob("r*/public/monitor.duckdb"))
    ]


def shown(before: Iterable[Earlier]) -> set[Row]:
    """Indicator lines that some earlier release showed."""
    return {row for release in before for row in release.lines}


def withheld(before: Sequence[Earlier]) -> set[Row]:
    """Indicator lines that the newest of them withheld."""
    if not before:
        return set()
    table = before[-1].tables["indicators"]
    return {row_of(line) for line in table[table["suppressed"].astype(bool)].to_dict("records")}
