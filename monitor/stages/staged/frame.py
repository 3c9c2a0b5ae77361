"""The wave's sampling frame, typed and coded, its firms by pseudonym.

Belongs here: staged_frame. Does not belong here: strata and weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from monitor.problems import Problem, UnusableDelivery
from monitor.stages.staged.coding import coded
from monitor.stages.staged.query import frame_query, identified_frame_query, unreadable_query
from monitor.stages.staged.sources import Sources, load_sources
from monitor.storage.lake import Lake
from monitor.survey import Concept, Frame, Question, Survey, Wave

OWN = {"invited": Concept("invited", "boolean", {}, {}), "disposition": Concept("disposition", "category", {}, {})}
"""What a frame says of a firm that is no concept of the survey"""
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


@dataclass(frozen=True)
class FramePlan:
    """What the SELECTs of a wave's frame are made of."""

    firm: str
    """The cell that names the firm"""
    found: Mapping[str, str]
    """Column -> what the cells give by themselves"""
    values: Mapping[str, str]
    """Concept, `invited`, `disposition` -> its value over what was found"""
    checks: Mapping[str, tuple[str, str, str]]
    """Concept -> source column, predicate of a cell that is no value, the cell"""


def write_frame(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> Framed | None:
    """Write staged_frame: firm, the frame's concepts, invited (true where the frame does not say), disposition.

    UnusableDelivery where a value cannot be read: weights are made from the frame, so nothing of it may go missing.
    """
    if wave.frame is None:
        lake.remove("staged_frame", wave.name)
        return None
    plan = frame_plan(survey, wave.frame, load_sources(connection, wave, "frame"))
    identified = identified_frame_query(plan.firm, plan.found)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW identified_frame AS {identified}")
    if problems := _problems(connection, wave.frame.file, plan.checks):
        raise UnusableDelivery(problems)
    firms = lake.write_query(connection, "staged_frame", wave.name, frame_query(plan.values))
    return Framed(firms, tuple(target for target in plan.values if target not in OWN))


def frame_plan(survey: Survey, frame: Frame, sources: Sources) -> FramePlan:
    """The expressions of a frame's columns, its own two last."""
    values = {"invited": "true", "disposition": "CAST(NULL AS VARCHAR)"}
    checks: dict[str, tuple[str, str, str]] = {}
    firm = "CAST(NULL AS VARCHAR)"
    found: dict[str, str] = {}
    for name, target in frame.columns.items():
        cell = sources.cell(sources.find(name))
        if target == "firm":
            firm = cell.sql
            continue
        concept = OWN.get(target) or survey.concepts[target]
        codes = frame.codes.get(target) or (DISPOSITIONS if target == "disposition" else {})
        question = Question(concept=target, columns={name: target}, line=0, codes=codes)
        expressions = coded(question, concept, [cell], frame, {})
        found |= expressions.found
        values[target] = expressions.value
        if target == "disposition":
            # What the frame says of a firm beyond the declared codes is for a rule to find.
            values[target] = f"coalesce({expressions.value}, evidence(tidy_cell({cell.sql})))"
        else:
            checks[target] = (name, f"{expressions.value} IS NULL AND NOT ({expressions.blank})", cell.sql)
    ordered = [target for target in values if target not in OWN] + list(OWN)
    return FramePlan(firm, found, {target: values[target] for target in ordered}, checks)


def _problems(
    connection: duckdb.DuckDBPyConnection, file: str, checks: Mapping[str, tuple[str, str, str]]
) -> list[Problem]:
    if not checks:
        return []
    query = unreadable_query([(cell, wrong) for _, wrong, cell in checks.values()])
    (told,) = connection.execute(query).fetchall()
    problems = []
    for i, (target, (column, _, _)) in enumerate(checks.items()):
        count, line, text = told[3 * i : 3 * i + 3]
        if count:
            problems.append(
                Problem(
                    what=f"{count} values of {target} in the frame cannot be read",
                    file=file,
                    line=line,
                    column=column,
                    severity="critical",
                    found=text,
                    do=f"declare the code under `frame: codes: {target}`, or ask for the frame again",
                )
            )
    return problems
