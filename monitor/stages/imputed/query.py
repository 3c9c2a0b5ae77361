"""The stage's SELECTs that follow from a wave: the observed copy with the frame's facts, an expression on drawn values.

Does not belong here: what no declaration changes (`sql/imputed/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.storage.lake import quoted


def with_frame_query(replaced: Iterable[str], added: Iterable[str]) -> str:
    """The kept answers with what only the frame knows: in the place of an empty column, or as a new one."""
    instead = ", ".join(f"frame.{quoted(concept)} AS {quoted(concept)}" for concept in replaced)
    columns = [f"kept.*{f' REPLACE ({instead})' if instead else ''}", *(f"frame.{quoted(c)}" for c in added)]
    listed = ",\n    ".join(columns)
    return f"""-- Grain: kept response, the observed copy. Inputs: kept, staged_frame.
SELECT {listed}
FROM kept
LEFT JOIN staged_frame AS frame USING (firm)
ORDER BY kept.firm"""


def fact_query(expression: str, types: Mapping[str, str]) -> str:
    """An expression of the survey on the rows of `drawn`; types: the DuckDB type of each concept it names."""
    typed = ", ".join(f"{quoted(name)}::{kind} AS {quoted(name)}" for name, kind in types.items())
    return f"SELECT TRY(({expression}))::DOUBLE AS fact FROM (SELECT {typed or 'row'} FROM drawn)"
