"""Which records are no firm's, and what the firms' identifiers look like.

Belongs here: rows of totals and repeated headings, which are never counted as firms; the shapes of identifiers, in
which two sources that do not meet can be compared without showing a value. Does not belong here: who a firm is.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from monitor.stages.staged.sources import load_sources
from monitor.storage.identity import register_form
from monitor.storage.lake import Lake, literal, quoted
from monitor.survey import Survey, Wave

LEFT_OUT = {"held_in": "str", "row_number": "int64", "line": "int64", "reason": "str"}
IDENTIFIERS = {"held_in": "str", "shape": "str", "in_form": "boolean", "records": "int64", "first_line": "int64"}


def write_records(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> int:
    """Write staged_left_out, a row for each record that is no firm's, and staged_identifiers, a row for each shape.

    Both tell the answers from the frame (`held_in`). From here on the connection knows `left_out` and brings
    identifiers into the survey's declared form (`firm_id`). Returns the records left out.
    """
    register_form(connection, survey.identifier)
    firm = wave.questions.get("firm")
    named = {"answers": next(iter(firm.columns), None) if firm else None, "frame": None}
    if wave.frame:
        named["frame"] = next((name for name, target in wave.frame.columns.items() if target == "firm"), None)
    left_out: list[tuple[object, ...]] = []
    shapes: list[tuple[object, ...]] = []
    for role, table in (("answers", "raw_records"), ("frame", "raw_frame")):
        column = named[role]
        sources = load_sources(connection, lake, wave, role)
        source = sources.find(column) if column else None
        if source is None:
            continue
        scan, cell = lake.scan(table, wave.name), quoted(source.stored)
        # A row of totals may have its word in another column and nothing where firms are named.
        every = ", ".join(quoted(other.stored) for other in sources.columns)
        elsewhere = f"[coalesce(is_total(c), false) for c in [{every}]]"
        # Where identifiers have digits, words in their place head a column, or stand below a table as its source.
        wordy = f"(regexp_full_match(tidy_cell({cell}), '\\D+') AND (SELECT numbered FROM digits))"
        others = ", ".join(f"tidy_cell({quoted(other.stored)})" for other in sources.columns if other is not source)
        reason = (
            f"CASE WHEN is_total({cell}) OR (tidy_cell({cell}) IS NULL AND list_bool_or({elsewhere})) "
            f"THEN 'a row of totals' WHEN tidy_cell({cell}) = {literal(source.name)} THEN 'the column names again' "
            f"WHEN {wordy} AND row_number = 1 THEN 'a second line of headings' "
            f"WHEN {wordy} AND coalesce(NULL, {others or 'NULL'}) IS NULL THEN 'a note' END"
        )
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE apart AS WITH digits AS (SELECT "
            f"count(*) FILTER (WHERE regexp_matches({cell}, '\\d')) >= 0.5 * count({cell}) AS numbered FROM {scan}) "
            f"FROM (SELECT row_number, line, {reason} AS reason FROM {scan}) WHERE reason IS NOT NULL"
        )
        left_out += connection.execute(
            f"SELECT {literal(role)}, row_number, line, reason FROM apart ORDER BY row_number"
        ).fetchall()
        shapes += connection.execute(
            f"SELECT {literal(role)}, identifier_shape(firm), in_form(firm) AS declared, count(*), min(line) "
            f"FROM (SELECT firm_id({cell}) AS firm, line FROM {scan} ANTI JOIN apart USING (row_number)) "
            "WHERE firm IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, 2"
        ).fetchall()
    frame = pd.DataFrame(left_out, columns=list(LEFT_OUT)).astype(LEFT_OUT)
    lake.write("staged_left_out", wave.name, frame)
    lake.write("staged_identifiers", wave.name, pd.DataFrame(shapes, columns=list(IDENTIFIERS)).astype(IDENTIFIERS))
    connection.execute(f"CREATE OR REPLACE VIEW left_out AS SELECT * FROM {lake.scan('staged_left_out', wave.name)}")
    return len(frame)
