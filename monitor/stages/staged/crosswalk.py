"""Mergers and moves: identifiers that from some wave on stand for another firm.

Belongs here: the declared crosswalk. Does not belong here: pseudonyms.

`inbox/<survey>/crosswalk.csv` (it holds register numbers, so it is no part of the survey folder): from, to, wave,
reason. From that wave on an answer or frame record of `from` is one of `to`; earlier waves keep it apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from monitor.problems import Problem, UnusableDelivery
from monitor.storage.identity import formed
from monitor.storage.lake import Lake
from monitor.survey import Survey, Wave
from monitor.survey.inbox import list_rows, list_text

CROSSWALK_FILE = "crosswalk.csv"
FIELDS = ("from", "to", "wave", "reason")


def register_firm_of(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> int:
    """Give the connection the macro `firm_of(cell)`: the pseudonym of the firm that a cell stands for in this wave.

    The connection has `firm_id` and `pseudonym`. Returns the crosswalk's rows in force.
    """
    path = lake.home / "inbox" / survey.name / CROSSWALK_FILE
    text = list_text(path, lake.home / "inbox")
    read = read_crosswalk(text, path.name, wave.name, tuple(survey.waves)) if text is not None else {}
    pairs = {formed(old, survey.identifier): formed(new, survey.identifier) for old, new in read.items()}
    firm = "firm_id(cell)"
    if pairs:
        connection.execute(
            "SET VARIABLE successors = MAP($1::VARCHAR[], $2::VARCHAR[])", [list(pairs), list(pairs.values())]
        )
        firm = f"coalesce(map_extract_value(getvariable('successors'), {firm}), {firm})"
    connection.execute(f"CREATE OR REPLACE TEMP MACRO firm_of(cell) AS pseudonym({firm})")
    return len(pairs)


def read_crosswalk(text: str, file: str, wave: str, waves: tuple[str, ...]) -> dict[str, str]:
    """Predecessor -> last successor as of a wave; chains followed, circles and contradictions refused."""
    heading, rows = list_rows(text, FIELDS)
    if missing := [name for name in FIELDS if name not in heading]:
        raise UnusableDelivery(
            Problem(
                what=f"the crosswalk lacks {', '.join(missing)}",
                file=file,
                line=1,
                expected=", ".join(FIELDS),
                found=", ".join(heading),
                severity="critical",
            )
        )
    problems: list[Problem] = []
    direct: dict[str, str] = {}
    for line, said in rows:
        what = _wrong(said, waves)
        if what is None and waves.index(said["wave"]) <= waves.index(wave):
            if direct.get(said["from"], said["to"]) != said["to"]:
                what = "the crosswalk gives one firm two successors", None
            direct[said["from"]] = said["to"]
        if what is not None:
            problems.append(Problem(what=what[0], file=file, line=line, severity="critical", found=what[1]))
    last = _followed(direct)
    if last is None:
        problems.append(Problem(what="the crosswalk goes round in a circle", file=file, severity="critical"))
    if last is None or problems:
        raise UnusableDelivery(problems)
    return last


def _wrong(said: Mapping[str, str], waves: tuple[str, ...]) -> tuple[str, str | None] | None:
    """What makes a row unusable, and what it says instead; None where it can be used."""
    if lacking := [name for name in FIELDS if not said[name]]:
        return f"a crosswalk row needs {' and '.join(lacking)}", None
    if said["wave"] not in waves:
        return "the crosswalk names a wave the survey does not have", said["wave"]
    return None


def _followed(direct: Mapping[str, str]) -> dict[str, str] | None:
    """Predecessor -> the last of its successors; None where they go round in a circle."""
    last: dict[str, str] = {}
    for start in direct:
        seen, at = {start}, direct[start]
        while at in direct and at not in seen:
            seen.add(at)
            at = direct[at]
        if at in seen:
            return None
        last[start] = at
    return last
