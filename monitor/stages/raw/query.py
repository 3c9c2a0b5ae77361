"""The stage's SELECTs: two deliveries of a wave held against each other, and the records that stand.

Does not belong here: which deliveries are compared and what is decided (`amendments`).
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.storage.lake import quoted


def keyed_query(source: str, firm: str, columns: Sequence[str]) -> str:
    """The records of `source` with their firm, its how-manieth they are, and the trimmed cells of some columns."""
    cells = [f"coalesce(trim({quoted(c)}), '') AS {quoted(c)}" for c in columns]
    nth = f"row_number() OVER (PARTITION BY {firm} ORDER BY row_number) AS nth"
    listed = ",\n    ".join([f"{firm} AS firm", "line", nth, *cells])
    return f"-- Grain: record. Inputs: the records of one delivery.\nSELECT {listed}\nFROM {source}"


def changes_query(columns: Sequence[str]) -> str:
    """The responses that `keyed_after` adds, changes or lacks against `keyed_before`, a row per changed column.

    Parameters: column0, column1, ... the names of the columns compared.
    """
    parts = [
        """SELECT coalesce(b.firm, a.firm) AS firm, CASE WHEN b.nth IS NULL THEN 'added' ELSE 'vanished' END AS change,
    NULL AS "column", NULL AS "from", NULL AS "to", b.line AS line_before, a.line AS line_after
FROM keyed_before AS b FULL JOIN keyed_after AS a ON a.firm IS NOT DISTINCT FROM b.firm AND a.nth = b.nth
WHERE a.nth IS NULL OR b.nth IS NULL"""
    ]
    parts += [
        f"""SELECT b.firm, 'changed', $column{i}, b.{quoted(c)}, a.{quoted(c)}, b.line, a.line
FROM keyed_before AS b JOIN keyed_after AS a ON a.firm IS NOT DISTINCT FROM b.firm AND a.nth = b.nth
WHERE a.{quoted(c)} <> b.{quoted(c)}"""
        for i, c in enumerate(columns)
    ]
    union = "\nUNION ALL\n".join(parts)
    grain = "-- Grain: response x changed column. Inputs: keyed_before, keyed_after."
    return f'{grain}\n{union}\nORDER BY firm, line_after, line_before, "column"'


def standing_query(before: str, after: str, firm: str, columns: Sequence[str]) -> str:
    """The records of `after`, those of the firms in `refused_of_<before>` with these columns as they stood before."""
    named = f"{firm} IN (SELECT firm FROM refused_of_{before})"
    frozen = ",\n    ".join(
        [
            f"(SELECT max(row_number) FROM {after}) + row_number() OVER (ORDER BY row_number) AS row_number",
            "CAST(NULL AS BIGINT) AS line",
            *map(quoted, columns),
        ]
    )
    return f"""-- Grain: record. Inputs: the records of two deliveries, the firms whose change is refused.
SELECT * FROM {after} WHERE NOT coalesce({named}, false)
UNION ALL BY NAME
SELECT {frozen}
FROM {before} WHERE {named}
ORDER BY row_number"""
