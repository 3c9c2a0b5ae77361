"""The source columns of a wave as raw left them: how to find one, how numbers are written in it, what it labels itself.

Belongs here: raw_columns and raw_codes as something the staging SELECTs can ask. Does not belong here: questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from monitor.formats.column_names import alike, tidy
from monitor.stages.staged.coding import SourceColumn, marks
from monitor.storage.lake import Lake, quoted, statement
from monitor.survey import Delivery, Frame, Wave


@dataclass(frozen=True)
class Source:
    """One source column: its name in the file and in the raw table, and what the file says of it."""

    name: str
    stored: str
    question: str
    numeric: bool
    labels: Mapping[str, str]
    user_missing: Mapping[str, str]


@dataclass(frozen=True)
class Sources:
    """The source columns of one role of a wave."""

    columns: tuple[Source, ...]
    layout: Delivery | Frame

    def find(self, name: str) -> Source | None:
        """The column of a name, as `Reading.column` found it when the delivery was taken in."""
        wanted = tidy(name)
        exact = next((c for c in self.columns if c.name == wanted), None)
        return exact or next((c for c in self.columns if alike(c.name) == alike(wanted)), None)

    def cell(self, source: Source | None, sql: str | None = None) -> SourceColumn:
        """A column for the coding of a question; one that the delivery does not have is blank throughout."""
        if source is None:
            return SourceColumn("CAST(NULL AS VARCHAR)", ".", "")
        decimal, thousands = marks(self.layout, source.numeric)
        return SourceColumn(sql or quoted(source.stored), decimal, thousands, source.labels, source.user_missing)


def load_sources(connection: duckdb.DuckDBPyConnection, wave: Wave, role: str) -> Sources:
    """The source columns of the answers or the frame; the connection has raw_columns, raw_codes, `missing_label`."""
    layout = wave.frame if role == "frame" and wave.frame else wave.delivery
    labels: dict[str, dict[str, str]] = {}
    missing: dict[str, dict[str, str]] = {}
    codes = connection.execute(statement("staged", "source_codes"), {"role": role}).fetchall()
    for stored, code, text, user_missing, kind in codes:
        if user_missing:
            missing.setdefault(stored, {})[code] = kind
        else:
            labels.setdefault(stored, {})[code] = text
    columns = connection.execute(statement("staged", "source_columns"), {"role": role}).fetchall()
    return Sources(
        tuple(Source(n, s, q, bool(num), labels.get(s, {}), missing.get(s, {})) for n, s, q, num in columns), layout
    )


def labelled_missing(lake: Lake, wave: Wave) -> list[dict[str, str]]:
    """The values that the delivery itself marks as missing, with the kind taken for each and what says so.

    source_column, code, label, kind, by: `declared` (the wave's or the question's `missing`), `label` (what the label
    says), `nothing` (a label that says nothing known: `absent`).
    """
    declared = {name: {**wave.missing, **q.missing} for q in wave.questions.values() for name in q.columns}
    with lake.open(wave.name, "raw_codes", "raw_columns") as connection:
        connection.execute(statement("staged", "parsing"))
        rows = connection.execute(statement("staged", "labelled_missing")).fetchall()
    found = []
    for column, code, label, kind in rows:
        said = declared.get(column, wave.missing).get(code)
        by = "declared" if said else "label" if kind else "nothing"
        found.append(
            {"source_column": column, "code": code, "label": label, "kind": said or kind or "absent", "by": by}
        )
    return found
