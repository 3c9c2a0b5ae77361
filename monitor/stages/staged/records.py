"""Which records are no firm's, and what the firms' identifiers look like.

Belongs here: rows of totals and repeated headings, which are never counted as firms; the shapes of identifiers, in
which two sources that do not meet can be compared without showing a value. Does not belong here: who a firm is.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from monitor.stages.staged.query import apart_query, shapes_query
from monitor.stages.staged.sources import load_sources
from monitor.storage.identity import register_form
from monitor.storage.lake import Lake, statement
from monitor.survey import Survey, Wave

RAW_TABLES = {"answers": "raw_records", "frame": "raw_frame"}
LEFT_OUT = {"held_in": "str", "row_number": "int64", "line": "int64", "reason": "str"}
IDENTIFIERS = {"held_in": "str", "shape": "str", "in_form": "boolean", "records": "int64", "first_line": "int64"}


def write_records(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> int:
    """Write staged_left_out, a row for each record that is no firm's, and staged_identifiers, a row for each shape.

    Both tell the answers from the frame (`held_in`). From here on the connection knows `left_out` and brings
    identifiers into the survey's declared form (`firm_id`). Returns the records left out.
    """
    register_form(connection, survey.identifier)
    left_out: list[tuple[object, ...]] = []
    shapes: list[tuple[object, ...]] = []
    for role, column in _firm_columns(wave).items():
        sources = load_sources(connection, wave, role)
        source = sources.find(column)
        if source is None:
            continue
        table = RAW_TABLES[role]
        apart = apart_query(table, source.stored, source.name, [column.stored for column in sources.columns])
        connection.execute(f"CREATE OR REPLACE TEMP TABLE apart AS {apart}")
        left_out += [(role, *row) for row in connection.execute(statement("staged", "left_out")).fetchall()]
        found = connection.execute(shapes_query(table, source.stored)).fetchall()
        shapes += [(role, *row) for row in found]
    frame = pd.DataFrame(left_out, columns=list(LEFT_OUT)).astype(LEFT_OUT)
    lake.write("staged_left_out", wave.name, frame)
    lake.write("staged_identifiers", wave.name, pd.DataFrame(shapes, columns=list(IDENTIFIERS)).astype(IDENTIFIERS))
    connection.execute(f"CREATE OR REPLACE VIEW left_out AS SELECT * FROM {lake.scan('staged_left_out', wave.name)}")
    return len(frame)


def _firm_columns(wave: Wave) -> dict[str, str]:
    """Role -> the source column that names the firm, where it has one."""
    found = {}
    if (firm := wave.questions.get("firm")) and firm.columns:
        found["answers"] = next(iter(firm.columns))
    named = [name for name, target in wave.frame.columns.items() if target == "firm"] if wave.frame else []
    return found | ({"frame": named[0]} if named else {})
