"""Completed copies: what kept responses left out, filled in m times so that the uncertainty of it shows.

Belongs here: reading kept answers, deciding which cells may be filled in and how, writing copies, flags and
diagnostics. Does not belong here: the draws themselves (`chained`, `draws`), measures (`derived`), combining
results (`monitor.rubin`).
"""

from __future__ import annotations

import pandas as pd

from monitor.lake import Lake, statement
from monitor.survey import Survey, Wave

FLAGS = ["firm", "concept", "method"]
DIAGNOSTICS = ["concept", "asked", "missing", "rate", "method", "reason"]


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Write `imputed_answers`, `imputed_flags` and `imputed_diagnostics` of a wave."""
    with lake.open(wave.name, "staged_answers", "validated_responses") as connection:
        rows = lake.write_query(
            connection, "imputed_answers", wave.name, statement("imputed", "imputed_answers")
        )
    lake.write("imputed_flags", wave.name, pd.DataFrame({name: pd.Series(dtype=str) for name in FLAGS}))
    lake.write(
        "imputed_diagnostics", wave.name, pd.DataFrame({name: pd.Series(dtype=str) for name in DIAGNOSTICS})
    )
    return {"rows": rows, "firms": rows, "copies": 0}
