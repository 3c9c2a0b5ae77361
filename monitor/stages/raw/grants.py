"""The grants of a programme as its administration lists them, as text.

Belongs here: reading a list of grants; whether it has the columns. Does not belong here: what a cell means (`staged`),
whether the grants can be true (`validated`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from monitor.problems import Problem, UnusableDelivery
from monitor.survey.inbox import list_rows, utf8_text
from monitor.survey.programmes import GRANT_FIELDS

NEEDED = ("firm", "round", "amount_eur", "status")


def read_grants(path: Path, programme: str) -> list[dict[str, object]]:
    """The rows of a list that hold something, as text, with programme, file and line; UnusableDelivery where it lacks a
    column that every grant must have."""
    heading, rows = list_rows(utf8_text(path), GRANT_FIELDS)
    missing = [name for name in NEEDED if name not in heading]
    if missing:
        raise UnusableDelivery(
            Problem(
                what=f"the grants of {programme} lack the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
                file=path.name,
                line=1,
                expected=", ".join(GRANT_FIELDS),
                found=", ".join(heading) or "nothing",
                severity="critical",
                do="add the columns",
            )
        )
    return [{"programme": programme, "file": path.name, "line": line, **said} for line, said in rows]


def grants_frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """raw_grants: programme, file, line, and the fields as text."""
    types = {"programme": "str", "file": "str", "line": "int64"} | dict.fromkeys(GRANT_FIELDS, "str")
    return pd.DataFrame(rows, columns=list(types)).astype(types)
