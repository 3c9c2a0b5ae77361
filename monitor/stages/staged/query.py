"""The stage's SELECTs, whole: what a wave's declaration makes of its records, its frame and its codes.

Belongs here: the steps of a SELECT and their order. Does not belong here: what one question's cells mean (`coding`),
what several mean together (`routing`); what no declaration changes stands under `sql/staged/`. The finished SELECTs of
a small survey stand in `tests/golden/sql/staged.sql`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.stages.staged import routing
from monitor.stages.staged.answers import Plan
from monitor.storage.lake import literal, quoted
from monitor.survey import Question
from monitor.survey.expressions import DUCKDB_TYPES

Step = tuple[str, str, str]
"""Name of a step, what it does, its SELECT"""
UNREAD = quoted("unread texts")
"""The column that holds the texts that are no value; its space keeps it apart from every concept"""


def coded_query(plan: Plan) -> str:
    """A response's firm, number, line, unread texts, and per concept its value and kind, out of `raw_records`.

    The connection has the parsing macros, `pseudonym`, `firm_of`, `left_out` and, with a frame, `staged_frame`.
    """
    steps = [_cells(plan), _given(plan)]
    steps.append(("found", "What the cells give by themselves: codes, numbers, declared words.", _looked_up(plan)))
    steps += [_typed(plan), _kinds(plan), _unread(plan)]
    kept = [quoted(name) for name in plan.staged]
    kept += [routing.kind_column(question.concept) for question in plan.questions]
    steps += _together(plan, steps[-1][0])
    return (
        "-- Grain: response. Inputs: raw_records, left_out, staged_frame where a predicate needs the frame.\n"
        + _with(steps)
        + f"\nSELECT {_listed(['firm', 'response', 'line', UNREAD, *kept])}\nFROM {steps[-1][0]}"
    )


def _cells(plan: Plan) -> Step:
    cells = [f"{sql} AS {alias}" for alias, sql in plan.cells.items()]
    return (
        "cells",
        "The columns that questions read, as the delivery holds them and corrections mend them; firms' records only.",
        f"SELECT {_listed(['row_number AS response', 'line', *cells])}\nFROM raw_records\n"
        "WHERE row_number NOT IN (SELECT row_number FROM left_out WHERE held_in = 'answers')",
    )


def _given(plan: Plan) -> Step:
    held = ", ".join(f"tidy_cell({cell})" for cell in plan.cells)
    where = f"\nWHERE coalesce({held}) IS NOT NULL" if held else ""
    return (
        "given",
        "Whose record it is; one that holds nothing in any question's column is left out.",
        f"SELECT firm_of({plan.firm_cell}) AS firm, cells.*\nFROM cells{where}",
    )


def _looked_up(plan: Plan) -> str:
    found = [f"{sql} AS {name}" for coded in plan.coded.values() for name, sql in coded.found.items()]
    return f"SELECT {_listed(['*', *found])}\nFROM given"


def _typed(plan: Plan) -> Step:
    values = [f"{plan.coded[q.concept].value} AS {quoted(q.concept)}" for q in plan.questions]
    values += [f"frame.{quoted(name)}" for name in plan.from_frame]
    values += [f"CAST(NULL AS {DUCKDB_TYPES[plan.concepts[name].type]}) AS {quoted(name)}" for name in plan.absent]
    join = "\nLEFT JOIN staged_frame AS frame ON frame.firm = found.firm" if plan.from_frame else ""
    return (
        "typed",
        "Every concept of the survey as a typed column: asked here, known from the frame, or NULL.",
        f"SELECT {_listed(['found.*', *values])}\nFROM found{join}",
    )


def _kinds(plan: Plan) -> Step:
    kinds = []
    for question in plan.questions:
        coded, name = plan.coded[question.concept], quoted(question.concept)
        kinds.append(
            f"CASE WHEN {name} IS NOT NULL THEN NULL WHEN {coded.blank} THEN {routing.kind_literal('absent')} "
            f"ELSE CAST(coalesce({coded.missing}, missing_word({coded.text}), 'invalid') AS missing_kind) END "
            f"AS {routing.kind_column(question.concept)}"
        )
    return (
        "kinds",
        "Beside every value the kind of its absence: blank, a declared code, a word for it, or invalid.",
        f"SELECT {_listed(['*', *kinds])}\nFROM typed",
    )


def _unread(plan: Plan) -> Step:
    """The texts that are invalid in one map a response: a column of them for every concept would cost more to write
    than all answers."""
    unread = "CAST(NULL AS MAP(VARCHAR, VARCHAR))"
    if plan.questions:
        invalid = {
            q.concept: f"{routing.kind_column(q.concept)} = {routing.kind_literal('invalid')}" for q in plan.questions
        }
        texts = ", ".join(f"CASE WHEN {when} THEN {plan.coded[name].text} END" for name, when in invalid.items())
        unread = (
            f"CASE WHEN {' OR '.join(invalid.values())}\n        "
            f"THEN MAP([{', '.join(map(literal, invalid))}], [{texts}]) END"
        )
    return (
        "unread",
        "Concept -> the text that is no value.",
        f"SELECT {_listed(['*', f'{unread} AS {UNREAD}'])}\nFROM kinds",
    )


def _together(plan: Plan, before: str) -> list[Step]:
    """What several concepts say together: blanks that mean something, routing, where a response broke off."""
    steps: list[Step] = []

    def replace(name: str, about: str, changes: Mapping[str, str], without: str = "") -> None:
        source = steps[-1][0] if steps else before
        changed = ",\n    ".join(f"{sql} AS {column}" for column, sql in changes.items())
        steps.append((name, about, f"SELECT *{without} REPLACE (\n    {changed}\n)\nFROM {source}"))

    if blank := routing.blanks(plan.questions, plan.concepts):
        replace("blanks", "A blank that means something takes its value.", blank)
    for place, layer in enumerate(routing.layers(plan.questions), start=1):
        about = "Who was routed past takes the value that follows, and the kind not_asked."
        replace(f"routed_{place}", about, routing.routed(layer, plan.concepts))
    if asked := routing.in_order(plan.questions, plan.usable):
        source = steps[-1][0] if steps else before
        stopped = f"{routing.stopped_after(asked, plan.usable)} AS {routing.STOPPED}"
        about = "The place of the last answer of a response that is not usable."
        steps.append(("stopped", about, f"SELECT {_listed(['*', stopped])}\nFROM {source}"))
        about = "What lies blank after that answer is a break-off."
        replace("broken_off", about, routing.broken_off(asked), f" EXCLUDE ({routing.STOPPED})")
    return steps


def answers_query(staged: Iterable[str]) -> str:
    """staged_answers over `coded`."""
    columns = _listed(["firm", "response", "line", *map(quoted, staged)])
    return f"-- Grain: response. Inputs: coded.\nSELECT {columns}\nFROM coded\nORDER BY firm, response"


def missing_query(questions: Sequence[Question]) -> str:
    """staged_missing over `coded`: a row per value that is absent, or that follows from the routing.

    The connection has the parsing macros: of a text that is no value it keeps what `evidence` lets through.
    """
    # Whose it is and its text are looked up for what is missing: read beside each concept, they would cost the most.
    parts = [
        f"SELECT response, {literal(q.concept)} AS concept, {routing.kind_column(q.concept)} AS kind\n"
        f"FROM coded WHERE {routing.kind_column(q.concept)} IS NOT NULL"
        for q in questions
    ]
    union = "\nUNION ALL\n".join(parts or ["SELECT response, '' AS concept, '' AS kind FROM coded WHERE false"])
    columns = [
        "firm", "response", "line", "missing.concept", "missing.kind",
        f"CASE WHEN missing.kind = 'invalid' THEN evidence(map_extract_value({UNREAD}, missing.concept)) END AS text",
    ]  # fmt: skip
    return (
        "-- Grain: response x concept. Inputs: coded.\n"
        + _with([("missing", "Concept by concept the responses that lack it, and the kind.", union)])
        + f"\nSELECT {_listed(columns)}\nFROM missing JOIN coded USING (response)\n"
        "ORDER BY firm, response, missing.concept"
    )


def identified_frame_query(firm: str, found: Mapping[str, str]) -> str:
    """The frame's records with their firm and what their cells give by themselves; rows of no firm left out."""
    columns = _listed([f"firm_of({firm}) AS firm", "raw_frame.*", *(f"{sql} AS {name}" for name, sql in found.items())])
    return (
        f"-- Grain: firm of the frame. Inputs: raw_frame, left_out.\nSELECT {columns}\nFROM raw_frame\n"
        "WHERE row_number NOT IN (SELECT row_number FROM left_out WHERE held_in = 'frame')"
    )


def frame_query(values: Mapping[str, str]) -> str:
    """staged_frame over `identified_frame`: firm and the values by concept, in this order."""
    columns = _listed(["firm", *(f"{sql} AS {quoted(target)}" for target, sql in values.items())])
    grain = "-- Grain: firm of the frame. Inputs: identified_frame."
    return f"{grain}\nSELECT {columns}\nFROM identified_frame\nORDER BY firm"


def grants_query(framed: bool) -> str:
    """staged_grants over `typed_grants`: firms and consortia by pseudonym, and whether a firm is in the frame.

    `framed`: whether the wave has one; NULL where not, and of a grant without a firm.
    """
    known = "firm_of(firm) IN (SELECT firm FROM staged_frame)" if framed else "CAST(NULL AS BOOLEAN)"
    columns = [
        "programme", "file", "line", "firm_of(firm) AS firm", "round_name", "round_budget_eur", "ceiling_eur",
        "amount_eur",
        "pseudonym(consortium) AS consortium", "began::DATE AS began", "ended::DATE AS ended", "status",
        f"{known} AS in_frame",
    ]  # fmt: skip
    grain = "-- Grain: grant. Inputs: typed_grants, staged_frame."
    return f"{grain}\nSELECT {_listed(columns)}\nFROM typed_grants\nORDER BY programme, line"


def unreadable_query(checks: Sequence[tuple[str, str]]) -> str:
    """For each of a frame's columns how many cells hold what is no value, the first line and a text among them, in one
    pass. `checks`: cell, and the predicate of one that is no value."""
    judged = [f"{cell} AS cell_{i}, {wrong} AS wrong_{i}" for i, (cell, wrong) in enumerate(checks)]
    told = [
        told_of_it
        for i in range(len(checks))
        for told_of_it in (
            f"count(*) FILTER (wrong_{i})",
            f"min(line) FILTER (wrong_{i})",
            f"min(CASE WHEN wrong_{i} THEN evidence(cell_{i}) END)",
        )
    ]
    return f"SELECT {_listed(told)}\nFROM (SELECT {_listed(['line', *judged])}\nFROM identified_frame)"


def apart_query(table: str, firm_column: str, heading: str, columns: Sequence[str]) -> str:
    """The records of a raw table that are no firm's, with why: row_number, line, reason.

    firm_column, columns: stored names; heading: the firm's column as the file heads it.
    """
    firm = quoted(firm_column)
    cells = ", ".join(quoted(column) for column in columns)
    others = ", ".join(f"tidy_cell({quoted(column)})" for column in columns if column != firm_column) or "NULL"
    # Where identifiers have digits, words in their place head a column, or stand below a table as its source.
    wordy = f"regexp_full_match(tidy_cell({firm}), '\\D+') AND (SELECT numbered FROM digits)"
    reasons = [
        # A row of totals may have its word in another column and nothing where firms are named.
        (f"is_total({firm})", "a row of totals"),
        (
            f"tidy_cell({firm}) IS NULL AND list_bool_or([coalesce(is_total(cell), false) for cell in [{cells}]])",
            "a row of totals",
        ),
        (f"tidy_cell({firm}) = {literal(heading)}", "the column names again"),
        (f"{wordy} AND row_number = 1", "a second line of headings"),
        (f"{wordy} AND coalesce(NULL, {others}) IS NULL", "a note"),
    ]
    cases = "\n        ".join(f"WHEN {when} THEN {literal(why)}" for when, why in reasons)
    steps = [
        (
            "digits",
            "Whether most of the firms' cells hold a digit.",
            f"SELECT count(*) FILTER (WHERE regexp_matches({firm}, '\\d')) >= 0.5 * count({firm}) AS numbered\n"
            f"FROM {table}",
        ),
        (
            "judged",
            "Why a record is no firm's.",
            f"SELECT row_number, line,\n    CASE\n        {cases}\n    END AS reason\nFROM {table}",
        ),
    ]
    return (
        f"-- Grain: record that is no firm's. Inputs: {table}.\n{_with(steps)}\n"
        "SELECT row_number, line, reason FROM judged WHERE reason IS NOT NULL"
    )


def shapes_query(table: str, firm_column: str) -> str:
    """What a raw table's identifiers look like, records in `apart` left out: shape, in_form, records, first line."""
    return (
        f"-- Grain: shape of identifier. Inputs: {table}, apart.\n"
        "SELECT identifier_shape(firm), in_form(firm) AS declared, count(*), min(line)\n"
        f"FROM (SELECT firm_id({quoted(firm_column)}) AS firm, line FROM {table} ANTI JOIN apart USING (row_number))\n"
        "WHERE firm IS NOT NULL\nGROUP BY ALL\nORDER BY count(*) DESC, 1"
    )


def correction_query(column: str, firm_column: str) -> str:
    """The records of $firm (as written, or its pseudonym): row, the column's text, whether a pseudonym was written."""
    firm = f"firm_id({quoted(firm_column)})"
    return (
        f"SELECT row_number, coalesce(tidy_cell({quoted(column)}), ''), {firm} <> firm_id($firm)\nFROM raw_records\n"
        f"WHERE {firm} = firm_id($firm) OR pseudonym({firm}) = $firm\nORDER BY row_number"
    )


def first_cells_query(columns: Iterable[str], rows: int) -> str:
    """Some columns of the first records."""
    return f"SELECT {', '.join(map(quoted, columns))} FROM raw_records LIMIT {rows}"


def codes_query(relation: str, column: str) -> str:
    """The codes of a column, each once."""
    return f"SELECT DISTINCT {quoted(column)} FROM {relation} WHERE {quoted(column)} IS NOT NULL ORDER BY 1"


def firms_of_codes_query(relation: str, column: str) -> str:
    """The firms with one of $codes in a column, and the code."""
    return f"SELECT firm, {quoted(column)} FROM {relation} WHERE list_contains($codes::VARCHAR[], {quoted(column)})"


def places_query(relation: str) -> str:
    """The firms whose municipality and province are both known, with the two."""
    return (
        f"SELECT firm, municipality_code, province FROM {relation} "
        "WHERE municipality_code IS NOT NULL AND province IS NOT NULL"
    )


def _with(steps: Sequence[Step]) -> str:
    """Named steps, each under the sentence that says what it does."""
    told = []
    for name, about, select in steps:
        body = "\n".join(f"    {line}" for line in select.splitlines())
        told.append(f"-- {about}\n{name} AS (\n{body}\n)")
    return "WITH\n" + ",\n".join(told)


def _listed(columns: Iterable[str]) -> str:
    """The columns of a SELECT, one a line."""
    return ",\n    ".join(columns)
