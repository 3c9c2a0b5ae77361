"""Declared corrections: data with a reason, and a guard that fails when the source no longer says what it said.

Belongs here: reading corrections.csv and matching it to records. Does not belong here: applying them to cells
(the staging SELECT does).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd

from monitor.lake import quoted
from monitor.problems import Problem, UnusableDelivery
from monitor.survey import Wave

FIELDS = ("firm", "column", "from", "to", "reason", "who", "when")


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


def read_corrections(path: Path) -> list[Correction]:
    """The corrections of a file; every mistake in it at once."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="cp1252", errors="replace")
    lines = text.splitlines()
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    heading = [(name or "").strip() for name in reader.fieldnames or []]
    reader.fieldnames = heading
    missing = [name for name in FIELDS if name not in heading]
    if missing:
        raise UnusableDelivery(
            Problem(
                what=f"the corrections lack the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
                file=path.name,
                line=1,
                expected=", ".join(FIELDS),
                found=", ".join(heading) or "nothing",
                severity="critical",
                do="add the columns",
            )
        )
    found, problems = [], []
    for row in reader:
        said = {name: (row.get(name) or "").strip() for name in FIELDS}
        if not any(said.values()):
            continue
        lacking = [name for name in ("firm", "column", "reason", "who", "when") if not said[name]]
        problems += [
            Problem(
                what=f"a correction needs {name!r}",
                file=path.name,
                line=reader.line_num,
                column=name,
                severity="critical",
                do="fill it in: a correction without its reason, author and date cannot be defended",
            )
            for name in lacking
        ]
        found.append(
            Correction(
                said["firm"],
                said["column"],
                said["from"],
                said["to"],
                said["reason"],
                said["who"],
                said["when"],
                reader.line_num,
            )
        )
    if problems:
        raise UnusableDelivery(problems)
    return found


def match(
    connection: duckdb.DuckDBPyConnection,
    wave: Wave,
    file: str,
    corrections: Sequence[Correction],
    stored: Mapping[str, str],
    firm_column: str,
) -> list[Correction]:
    """Find the records every correction applies to. UnusableDelivery with all that no longer match.

    `stored` is source column -> its name in `raw_records`; the connection has `raw_records` and `pseudonym`.
    """
    problems: list[Problem] = []
    matched = []
    for correction in corrections:
        facts = {"file": file, "line": correction.line, "firm": correction.firm, "column": correction.column}
        name = _column(wave, correction.column, stored)
        if name is None:
            problems.append(
                Problem(
                    what="the correction names a column that is neither in the delivery nor one question's only column",
                    severity="critical",
                    do="name the source column",
                    **facts,  # type: ignore[arg-type]
                )
            )
            continue
        rows = connection.execute(
            f"SELECT row_number, coalesce(tidy_cell({quoted(name)}), ''), tidy_cell({quoted(firm_column)}) <> $firm "
            "FROM raw_records "
            f"WHERE tidy_cell({quoted(firm_column)}) = $firm OR pseudonym(tidy_cell({quoted(firm_column)})) = $firm "
            "ORDER BY row_number",
            {"firm": correction.firm},
        ).fetchall()
        hits = tuple(int(row) for row, cell, _ in rows if cell == correction.before)
        if not hits:
            problems.append(
                Problem(
                    what="the correction no longer matches the delivery"
                    if rows
                    else "the correction is for a firm that is not in the delivery",
                    severity="critical",
                    expected=correction.before or "(blank)",
                    found=" and ".join(cell or "(blank)" for _, cell, _ in rows) or None,
                    do="look whether the delivery was corrected at its source; then take the correction out",
                    **facts,  # type: ignore[arg-type]
                )
            )
            continue
        matched.append(replace(correction, stored=name, rows=hits, by_pseudonym=bool(rows[0][2])))
    if problems:
        raise UnusableDelivery(problems)
    return matched


def _column(wave: Wave, named: str, stored: Mapping[str, str]) -> str | None:
    if named in stored:
        return stored[named]
    question = wave.questions.get(named)
    if question is not None and len(question.columns) == 1:
        return stored.get(next(iter(question.columns)))
    return None


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
