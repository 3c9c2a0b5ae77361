"""What the register says of a wave's answers on participation, as a table that rules read.

Belongs here: initiatives that are not of the wave. Does not belong here: which names are initiatives (`staged`).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from monitor.survey import Survey, Wave

TABLES = {"not_running": "initiative VARCHAR, why VARCHAR"}
"""Table -> its columns"""


def prepare(connection: duckdb.DuckDBPyConnection, survey: Survey, wave: Wave) -> set[str]:
    """Lay out `not_running` of a survey with a register whose wave asks who takes part; returns the views there are."""
    if not survey.register.rows or "initiatives" not in wave.questions:
        return set()
    for table, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
    for row in not_running(survey, wave):
        connection.execute("INSERT INTO not_running VALUES (?, ?)", row)
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
