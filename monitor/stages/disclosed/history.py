"""What earlier releases of a survey have shown already: it cannot hide anything any more, and it can be subtracted.

Belongs here: reading earlier releases. Does not belong here: what follows from them (`cells`, `revisions`), publishing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from monitor import contract
from monitor.contract.columns import CONFIDENTIALITY
from monitor.contract.shape import emptied, shaped
from monitor.stages.disclosed.cells import Row, row_of
from monitor.stages.disclosed.contributions import WaveFirms, domains_of, texts
from monitor.storage.lake import columns_in, connect, quoted
from monitor.storage.release_folders import in_order, manifest
from monitor.survey import Survey

STANDS = "figures_stand"
"""The quality indicator that says a wave's figures are an earlier release's"""


@dataclass(frozen=True)
class Earlier:
    """One earlier release as disclosure control looks at it."""

    folder: Path

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What it says of itself."""
        return manifest(self.folder)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its public tables, in the contract's shape of today and with nothing in what that withholds; one it did not
        have is empty."""
        with connect(self.folder / "public" / "monitor.duckdb", read_only=True) as connection:
            there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            found = {
                table.name: connection.execute(f"SELECT * FROM {quoted(table.name)}").df()
                for table in contract.TABLES
                if table.name in there
            }
        empty = pd.DataFrame()
        return {
            table.name: _as_today(table.name, found[table.name])
            if _same_key(table, found)
            else shaped(table.name, empty)
            for table in contract.TABLES
        }

    @cached_property
    def standing_waves(self) -> frozenset[str]:
        """The waves whose figures it repeated from an earlier release."""
        table = self.tables["quality"]
        return frozenset(table.loc[(table["indicator"] == STANDS) & (table["value"] == 1), "wave"].astype(str))

    @cached_property
    def models(self) -> frozenset[tuple[str, str]]:
        """(wave, model) of every model it has."""
        return frozenset(self.tables["models"][["wave", "model"]].astype(str).itertuples(index=False, name=None))

    @cached_property
    def standing_models(self) -> frozenset[tuple[str, str]]:
        """(wave, model) of those it repeated from an earlier release."""
        table = self.tables["models"]
        table = table[table["held"].fillna(False).astype(bool)]
        return frozenset(table[["wave", "model"]].astype(str).itertuples(index=False, name=None))

    @cached_property
    def lines(self) -> dict[Row, dict[str, object]]:
        """The indicator lines it showed."""
        table = self.tables["indicators"]
        shown = table[~table["suppressed"].astype(bool)]
        return {row_of(line): {str(k): v for k, v in line.items()} for line in shown.to_dict("records")}

    @cached_property
    def programme_firms(self) -> pd.DataFrame:
        """Every programme's firms as it had them: programme, firm, standing, eligible, amount_eur."""
        columns = ["programme", "firm", "standing", "eligible", "amount_eur"]
        with connect(self.folder / "secure" / "microdata.duckdb", read_only=True) as connection:
            there = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'programme_firms'").fetchone()
            if there is None:
                return pd.DataFrame(columns=columns)
            return connection.execute(f"SELECT {', '.join(columns)} FROM programme_firms").df()

    def firms(self, survey: Survey, wave: str) -> WaveFirms | None:
        """The firms a release had in a wave, also where the wave's figures were an earlier release's; None where it did
        not have the wave."""
        if wave not in self._firms:
            self._firms[wave] = self._read(survey, wave)
        return self._firms[wave]

    @cached_property
    def _firms(self) -> dict[str, WaveFirms | None]:
        return {}

    def _read(self, survey: Survey, wave: str) -> WaveFirms | None:
        with connect(self.folder / "secure" / "microdata.duckdb", read_only=True) as connection:
            observed = connection.execute("SELECT * FROM firms WHERE wave = $wave", {"wave": wave}).df()
            # Of what was filled in, only where a firm belongs: an earlier release is compared by what firms answered.
            places = sorted(
                columns_in(connection, "completed").keys()
                & {part for domain in survey.domains for part in domain.split("*")}
            )
            filled = connection.execute(
                f"SELECT {', '.join(map(quoted, ('firm', *places)))} FROM completed WHERE wave = $wave "
                "AND imputation = (SELECT min(imputation) FROM completed WHERE wave = $wave)",
                {"wave": wave},
            ).df()
        if not len(observed):
            return None
        return WaveFirms(observed, filled, observed[["firm", "weight"]], domains_of(survey, filled), texts(observed))


def _as_today(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A release's table in the contract's shape of today: a withheld row shows nothing, and a release that did not say
    why it withheld a row did so for confidentiality."""
    table = shaped(name, frame)
    if "suppressed" in table:
        table = shaped(name, emptied(name, table))
    if "withheld_for" in table:
        untold = table["suppressed"].astype(bool) & table["withheld_for"].isna()
        table["withheld_for"] = table["withheld_for"].mask(untold, CONFIDENTIALITY)
    return table


def _same_key(table: contract.Table, found: Mapping[str, pd.DataFrame]) -> bool:
    return table.name in found and set(table.key) <= set(found[table.name])


def earlier(home: Path, survey: str) -> list[Earlier]:
    """The releases of a home, oldest first."""
    shown = (home / "releases" / survey).glob("r*/public/monitor.duckdb")
    return [Earlier(folder) for folder in in_order(path.parent.parent for path in shown)]


def shown(before: Iterable[Earlier]) -> set[Row]:
    """Indicator lines that some earlier release showed."""
    return {row for release in before for row in release.lines}


def lines_of(before: Sequence[Earlier], waves: Iterable[str]) -> dict[Row, dict[str, object]]:
    """The newest release's indicator lines of these waves, withheld ones among them."""
    if not before:
        return {}
    table = before[-1].tables["indicators"]
    table = table[table["wave"].isin(list(waves))]
    return {row_of(line): {str(k): v for k, v in line.items()} for line in table.to_dict("records")}


def withheld(before: Sequence[Earlier]) -> set[Row]:
    """Indicator lines that the newest of them withheld for confidentiality."""
    if not before:
        return set()
    table = before[-1].tables["indicators"]
    return {row_of(line) for line in table[table["withheld_for"] == CONFIDENTIALITY].to_dict("records")}
