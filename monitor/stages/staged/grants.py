"""A wave's grants, typed, their firms by pseudonym: whose register numbers end here.

Belongs here: staged_grants. Does not belong here: reading the lists (`raw`), whether grants can be true (`validated`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping
from datetime import date

import duckdb
import pandas as pd

from monitor.problems import Problem, UnusableDelivery
from monitor.stages.staged.query import grants_query
from monitor.storage.lake import Lake, statement
from monitor.survey import Survey, Wave
from monitor.survey.programmes import GRANT_STATUSES, GRANTED, Programme

AMOUNT = r"-?\d{1,12}(\.\d{1,2})?"


def write_grants(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> int:
    """Write staged_grants and return its rows: every grant of the wave's lists, typed, with what its round may spend
    and whether its firm is in the frame.

    `firm` and `consortium` are pseudonyms. The connection has raw_grants, staged_frame where there is one, and the
    macros `firm_of` and `pseudonym`. UnusableDelivery with every cell that cannot be read.
    """
    rows = connection.execute(statement("staged", "raw_grants")).df() if wave.grants else pd.DataFrame()
    problems: list[Problem] = []
    typed = [_typed(row, survey.programmes[row["programme"]], problems) for row in rows.to_dict("records")]
    if problems:
        raise UnusableDelivery(problems)
    connection.register("typed_grants", _frame(typed))
    return lake.write_query(connection, "staged_grants", wave.name, grants_query(wave.frame is not None))


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    types = {
        "programme": "str", "file": "str", "line": "int64", "firm": "str", "round_name": "str",
        "round_budget_eur": "float64", "ceiling_eur": "float64", "amount_eur": "float64",
        "consortium": "str", "began": "str", "ended": "str",
        "status": "str",
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(types))
    return frame.astype({name: kind for name, kind in types.items() if kind != "str"}).astype(
        {name: "string" for name, kind in types.items() if kind == "str"}
    )


def _typed(row: Mapping[Hashable, object], programme: Programme, problems: list[Problem]) -> dict[str, object]:
    """One grant; cells that cannot be read go into `problems`."""

    def wrong(column: str, expected: str, do: str) -> None:
        problems.append(
            Problem(
                what=f"{column} of a grant cannot be read",
                file=str(row["file"]),
                line=int(str(row["line"])),
                column=column,
                severity="critical",
                expected=expected,
                found=str(row[column]) or "nothing",
                do=do,
            )
        )

    said = {str(name): str(value) for name, value in row.items()}
    amount = float(said["amount_eur"]) if re.fullmatch(AMOUNT, said["amount_eur"]) else math.nan
    if said["status"] not in GRANT_STATUSES:
        wrong("status", "one of " + ", ".join(GRANT_STATUSES), "correct the row")
    if said["round"] not in programme.rounds:
        expected = f"one of {', '.join(programme.rounds)}"
        wrong("round", expected, f"correct the row, or declare the round in {programme.file}")
    if math.isnan(amount) and (said["amount_eur"] or said["status"] == GRANTED):
        wrong("amount_eur", "euros, with a decimal point and no thousands mark", "correct the row")
    for column in ("began", "ended"):
        if said[column] and not _is_day(said[column]):
            wrong(column, "a day that exists, as YYYY-MM-DD", "correct the row")
    call = programme.rounds.get(said["round"])
    ceiling = programme.ceiling_consortium_eur if said["consortium"] else programme.ceiling_firm_eur
    return {
        "programme": programme.name,
        "file": said["file"],
        "line": row["line"],
        "firm": said["firm"] or None,
        "round_name": said["round"],
        "round_budget_eur": call.budget_eur if call else math.nan,
        "ceiling_eur": math.nan if ceiling is None else ceiling,
        "amount_eur": amount,
        "consortium": f"consortium {programme.name} {said['consortium']}" if said["consortium"] else None,
        "began": said["began"] or None,
        "ended": said["ended"] or None,
        "status": said["status"],
    }


def _is_day(written: str) -> bool:
    try:
        date.fromisoformat(written)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", written))
