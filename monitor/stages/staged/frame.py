"""The wave's sampling frame, typed and coded, its firms by pseudonym.

Belongs here: staged_frame. Does not belong here: strata and weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from monitor.problems import Problem, UnusableDelivery
from monitor.stages.staged.coding import coded
from monitor.stages.staged.sources import load_sources
from monitor.storage.lake import Lake, quoted
from monitor.survey import Concept, Question, Survey, Wave

INVITED = Concept("invited", "boolean", {}, {})
DISPOSITION = Concept("disposition", "category", {}, {})
DISPOSITIONS = {
    written: code
    for code in ("complete", "partial", "break_off", "refusal", "no_contact", "out_of_scope")
    for written in (code, code.replace("_", " "), code.replace("_", "-"))
}
"""What a frame may say of a firm where it declares no codes of its own -> disposition"""


@dataclass(frozen=True)
class Framed:
    """What the frame holds."""

    firms: int
    concepts: tuple[str, ...]


def write_frame(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> Framed | None:
    """Write staged_frame: firm, the frame's concepts, invited (true where the frame does not say), disposition.

    UnusableDelivery where a value cannot be read: weights are made from the frame, so nothing of it may go missing.
    """
    frame = wave.frame
    if frame is None:
        lake.remove("staged_frame", wave.name)
        return None
    sources = load_sources(connection, lake, wave, "frame")
    connection.execute(f"CREATE OR REPLACE VIEW raw_frame AS SELECT * FROM {lake.scan('raw_frame', wave.name)}")
    own = {"invited": INVITED, "disposition": DISPOSITION}
    values, checks = {"invited": "true", "disposition": "CAST(NULL AS VARCHAR)"}, {}
    firm = "CAST(NULL AS VARCHAR)"
    found: dict[str, str] = {}
    for name, target in frame.columns.items():
        cell = sources.cell(sources.find(name))
        if target == "firm":
            firm = cell.sql
            continue
        concept = own.get(target) or survey.concepts[target]
        codes = frame.codes.get(target) or (DISPOSITIONS if target == "disposition" else {})
        question = Question(concept=target, columns={name: target}, line=0, codes=codes)
        expressions = coded(question, concept, [cell], frame, {})
        found |= expressions.found
        values[target] = expressions.value
        if target == "disposition":
            # What the frame says of a firm beyond the declared codes is for a rule to find.
            values[target] = f"coalesce({expressions.value}, evidence(tidy_cell({cell.sql})))"
            continue
        checks[target] = (name, f"{expressions.value} IS NULL AND NOT ({expressions.blank})", cell.sql)
    columns = [target for target in values if target not in own] + list(own)
    extra = "".join(f", {sql} AS {name}" for name, sql in found.items())
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW identified_frame AS SELECT firm_of({firm}) AS firm, f.*{extra} "
        "FROM raw_frame AS f WHERE row_number NOT IN (SELECT row_number FROM left_out WHERE held_in = 'frame')"
    )
    problems = _problems(connection, frame.file, checks)
    if problems:
        raise UnusableDelivery(problems)
    select = ", ".join(f"{values[target]} AS {quoted(target)}" for target in columns)
    firms = lake.write_query(
        connection, "staged_frame", wave.name, f"SELECT firm, {select} FROM identified_frame ORDER BY firm"
    )
    return Framed(firms, tuple(target for target in columns if target not in own))


def _problems(
    connection: duckdb.DuckDBPyConnection, file: str, checks: dict[str, tuple[str, str, str]]
) -> list[Problem]:
    problems = []
    for target, (column, wrong, cell) in checks.items():
        row = connection.execute(
            f"SELECT count(*), min(line), min(evidence({cell})) FROM identified_frame WHERE {wrong}"
        ).fetchall()[0]
        if row[0]:
            problems.append(
                Problem(
                    what=f"{row[0]} values of {target} in the frame cannot be read",
                    file=file,
                    line=row[1],
                    column=column,
                    severity="critical",
                    found=row[2],
                    do=f"declare the code under `frame: codes: {target}`, or ask for the frame again",
                )
            )
    return problems
