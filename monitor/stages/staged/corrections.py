"""Declared corrections: data with a reason, and a guard that fails when the source no longer says what it said.

Belongs here: matching the declared corrections to records. Does not belong here: reading corrections.csv (`raw`), or
applying them to cells (the staging SELECT does).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import pandas as pd

from monitor.problems import Problem, UnusableDelivery
from monitor.stages.staged.query import correction_query
from monitor.storage.lake import statement
from monitor.survey import Wave


@dataclass(frozen=True)
class Correction:
    """One declared change to one firm's answer, and the records it applies to."""

    firm: str
    """As written: the firm's identifier in the delivery, or its pseudonym"""
    column: str
    before: str
    after: str
    reason: str
    who: str
    when: str
    line: int
    stored: str = ""
    rows: tuple[int, ...] = ()
    by_pseudonym: bool = False


def declared(connection: duckdb.DuckDBPyConnection) -> list[Correction]:
    """The corrections of `raw_corrections`, in the order they were written."""
    return [Correction(*row) for row in connection.execute(statement("staged", "declared_corrections")).fetchall()]


def match(
    connection: duckdb.DuckDBPyConnection,
    wave: Wave,
    corrections: Sequence[Correction],
    stored: Mapping[str, str],
    firm_column: str,
) -> list[Correction]:
    """Find the records every correction applies to. UnusableDelivery with all that no longer match.

    `stored` is source column -> its name in `raw_records`; the connection has `raw_records`, `firm_id` and `pseudonym`.
    """
    problems: list[Problem] = []
    matched = []
    for correction in corrections:
        name = _column(wave, correction.column, stored)
        if name is None:
            problems.append(_unknown_column(correction, wave))
            continue
        query = correction_query(name, firm_column)
        rows = connection.execute(query, {"firm": correction.firm}).fetchall()
        hits = tuple(int(row) for row, cell, _ in rows if cell == correction.before)
        if hits:
            matched.append(replace(correction, stored=name, rows=hits, by_pseudonym=bool(rows[0][2])))
        else:
            problems.append(_no_match(correction, wave, [cell for _, cell, _ in rows]))
    if problems:
        raise UnusableDelivery(problems)
    return matched


def _unknown_column(correction: Correction, wave: Wave) -> Problem:
    return Problem(
        what="the correction names a column that is neither in the delivery nor one question's only column",
        file=wave.corrections,
        line=correction.line,
        firm=correction.firm,
        column=correction.column,
        severity="critical",
        do="name the source column",
    )


def _no_match(correction: Correction, wave: Wave, cells: Sequence[str]) -> Problem:
    """A correction for a firm whose `cells` (of all its records) do not hold what is to be corrected."""
    return Problem(
        what="the correction no longer matches the delivery"
        if cells
        else "the correction is for a firm that is not in the delivery",
        file=wave.corrections,
        line=correction.line,
        firm=correction.firm,
        column=correction.column,
        severity="critical",
        expected=correction.before or "(blank)",
        found=" and ".join(cell or "(blank)" for cell in cells) or None,
        do="look whether the delivery was corrected at its source; then take the correction out",
    )


def _column(wave: Wave, named: str, stored: Mapping[str, str]) -> str | None:
    if named in stored:
        return stored[named]
    question = wave.questions.get(named)
    if question is not None and len(question.columns) == 1:
        return stored.get(next(iter(question.columns)))
    return None


def by_row(corrections: Sequence[Correction]) -> dict[str, dict[int, str]]:
    """Stored column -> row number -> corrected text."""
    found: dict[str, dict[int, str]] = {}
    for correction in corrections:
        found.setdefault(correction.stored, {}).update(dict.fromkeys(correction.rows, correction.after))
    return found


def as_frame(corrections: Sequence[Correction], pseudonyms: Mapping[str, str]) -> pd.DataFrame:
    """The table staged_corrections: a row per correction, its firm by pseudonym."""
    rows = [
        {
            "firm": pseudonyms.get(c.firm, c.firm),
            "column": c.column,
            "from": c.before,
            "to": c.after,
            "reason": c.reason,
            "who": c.who,
            "when": c.when,
            "applied": len(c.rows),
        }
        for c in corrections
    ]
    types = dict.fromkeys(("firm", "column", "from", "to", "reason", "who", "when"), "str") | {"applied": "int64"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)
