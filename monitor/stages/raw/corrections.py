"""The corrections a data engineer declares for a wave, as they were written.

Belongs here: reading corrections.csv; every mistake in it at once. Does not belong here: whether they still match
(`staged`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from monitor.problems import Problem, UnusableDelivery
from monitor.survey.inbox import list_rows, utf8_text

FIELDS = ("firm", "column", "from", "to", "reason", "who", "when")


def read_corrections(path: Path) -> pd.DataFrame:
    """The corrections of a file as text, with their lines; UnusableDelivery with every mistake in it."""
    heading, rows = list_rows(utf8_text(path), FIELDS)
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
    for line, said in rows:
        lacking = [name for name in ("firm", "column", "reason", "who", "when") if not said[name]]
        problems += [
            Problem(
                what=f"a correction needs {name!r}",
                file=path.name,
                line=line,
                column=name,
                severity="critical",
                do="fill it in: a correction without its reason, author and date cannot be defended",
            )
            for name in lacking
        ]
        found.append({**said, "line": line})
    if problems:
        raise UnusableDelivery(problems)
    return corrections_frame(found)


def corrections_frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """raw_corrections: line, and the declared fields as text."""
    types = {"line": "int64"} | dict.fromkeys(FIELDS, "str")
    return pd.DataFrame(rows, columns=list(types)).astype(types)
