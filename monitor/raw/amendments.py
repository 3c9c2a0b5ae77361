"""What a later delivery of the same wave changes: added, changed and vanished responses.

Belongs here: comparing two deliveries answer by answer. Does not belong here: deciding (the data engineer does, in
amendments.csv) or acting on the decision (`deliveries`).
"""

from __future__ import annotations

import duckdb
import pandas as pd

from monitor.identity import register_pseudonym, survey_key
from monitor.lake import Lake, quoted
from monitor.raw.reading import Reading
from monitor.survey import Survey, Wave

AMENDMENT_TYPES = {
    "firm": "object",
    "change": "object",
    "column": "object",
    "from": "object",
    "to": "object",
    "line_before": "Int64",
    "line_after": "Int64",
}
"""Columns of raw_amendments: change is added, changed or vanished; the firm is its pseudonym"""


def compare(
    connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave, earlier: Reading, after: str
) -> pd.DataFrame:
    """The responses that `after` (a table or scan of records) adds, changes or lacks against an earlier delivery.

    A firm's responses are matched by their order in the file. Compared are the columns that questions use, direct
    identifiers and free text left out; only these can reach an answer.
    """
    firm_columns = list(wave.questions["firm"].columns) if "firm" in wave.questions else []
    key = earlier.column(firm_columns[0]) if firm_columns else None
    if key is None:
        return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in AMENDMENT_TYPES.items()})
    register_pseudonym(connection, survey_key(lake.home, survey), survey.name)

    def before_writer(query: str) -> int:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE records_before AS {query}")
        return int(connection.execute("SELECT count(*) FROM records_before").fetchall()[0][0])

    earlier.write(before_writer)
    now = {str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {after}").fetchall()}
    compared = [
        column.stored
        for concept, question in wave.questions.items()
        if not _private(survey, concept)
        for name in question.columns
        if (column := earlier.column(name)) is not None and column.stored in now and column.stored != key.stored
    ]
    compared = list(dict.fromkeys(compared))
    for view, source in (("keyed_before", "records_before"), ("keyed_after", after)):
        cells = ", ".join(f"coalesce(trim({quoted(c)}), '') AS {quoted(c)}" for c in compared)
        firm = f"pseudonym(nullif(trim({quoted(key.stored)}), ''))"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {view} AS SELECT {firm} AS firm, line, "
            f"row_number() OVER (PARTITION BY {firm} ORDER BY row_number) AS nth{', ' + cells if cells else ''} "
            f"FROM {source}"
        )
    parts = [
        "SELECT coalesce(b.firm, a.firm) AS firm, CASE WHEN b.nth IS NULL THEN 'added' ELSE 'vanished' END AS change, "
        'NULL AS "column", NULL AS "from", NULL AS "to", b.line AS line_before, a.line AS line_after '
        "FROM keyed_before AS b FULL JOIN keyed_after AS a ON a.firm IS NOT DISTINCT FROM b.firm AND a.nth = b.nth "
        "WHERE a.nth IS NULL OR b.nth IS NULL"
    ]
    parts += [
        f"SELECT b.firm, 'changed', $column{i}, b.{quoted(c)}, a.{quoted(c)}, b.line, a.line FROM keyed_before AS b "
        f"JOIN keyed_after AS a ON a.firm IS NOT DISTINCT FROM b.firm AND a.nth = b.nth "
        f"WHERE a.{quoted(c)} <> b.{quoted(c)}"
        for i, c in enumerate(compared)
    ]
    query = " UNION ALL ".join(parts) + ' ORDER BY firm, line_after, line_before, "column"'
    found = connection.execute(query, {f"column{i}": c for i, c in enumerate(compared)}).df()
    return found.astype(AMENDMENT_TYPES)


def _private(survey: Survey, concept: str) -> bool:
    declared = survey.concepts.get(concept)
    return declared is not None and (declared.direct_identifier or declared.type == "text")
