"""What the register says of a wave's answers on participation, as tables that rules read.

Belongs here: initiatives that are not of the wave, names that resemble one. Does not belong here: which of an answer's
names are initiatives (`staged`): what only resembles a name is never taken for it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import duckdb

from monitor.stages.validated.questionnaire import INVALID
from monitor.survey import Survey, Wave
from monitor.survey.register_files import name_key

TABLES = {
    "not_running": "initiative VARCHAR, why VARCHAR",
    "resembling": "response BIGINT, proposals VARCHAR",
}
"""Table -> its columns"""
RESEMBLES = 0.8
"""Similarity of two names from which on one is proposed for the other: twice the letters they share in order over the
letters of both (Ratcliff & Metzener 1988)"""


def prepare(connection: duckdb.DuckDBPyConnection, survey: Survey, wave: Wave) -> set[str]:
    """Lay out `not_running` and `resembling` of a survey with a register whose
    wave asks who takes part; returns the views there are."""
    if not survey.register.rows or "initiatives" not in wave.questions:
        return set()
    for table, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
    for row in not_running(survey, wave):
        connection.execute("INSERT INTO not_running VALUES (?, ?)", row)
    texts = connection.execute(f"SELECT response, text FROM {INVALID} WHERE concept = 'initiatives'").fetchall()
    for response, text in sorted((row for row in texts if row[1]), key=lambda row: int(row[0])):
        if proposed := "; ".join(proposals(survey, wave, text)):
            connection.execute("INSERT INTO resembling VALUES (?, ?)", (response, proposed))
    return set(TABLES)


def not_running(survey: Survey, wave: Wave) -> Iterator[tuple[str, str]]:
    """Every initiative of the register that firms cannot take part in in a wave, and why."""
    known, alive = survey.register.known(wave.name), survey.register.of_wave(wave)
    for code, newest in survey.register.newest.items():
        row = known.get(code)
        if row is None:
            yield code, f"in the register from wave {newest.since} on"
        elif code not in alive and row.merged_into:
            yield code, f"went on in {row.merged_into} on {row.ended}"
        elif code not in alive:
            yield code, f"ended on {row.ended}"


def proposals(survey: Survey, wave: Wave, text: str) -> Iterator[str]:
    """For each name in a cell that is no initiative's: the initiative whose name resembles it most, if any does."""
    names = {name_key(name): row for row in survey.register.rows for name in (row.code, *row.label.values())}
    for part in text.split(wave.questions["initiatives"].separator or ","):
        key = name_key(part)
        if key and key not in names:
            for nearest in difflib.get_close_matches(key, names, n=1, cutoff=RESEMBLES):
                row = names[nearest]
                yield f"{part.strip()} = {row.label['nl']} ({row.code})?"
