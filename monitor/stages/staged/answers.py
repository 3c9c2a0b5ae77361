"""The one SELECT that makes a wave's answers: layer upon layer, from cells to routed values.

Belongs here: putting the questions' expressions together. Does not belong here: what an expression is (`coding`,
`routing`), or writing tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.stages.staged import routing
from monitor.stages.staged.coding import Coded, SourceColumn, coded
from monitor.stages.staged.corrections import Correction
from monitor.stages.staged.frame import Framed
from monitor.stages.staged.sources import Source, Sources
from monitor.storage.lake import literal, quoted
from monitor.survey import Concept, Question, Survey, Wave
from monitor.survey.expressions import DUCKDB_TYPES, columns_of


def staged_concepts(survey: Survey) -> list[Concept]:
    """The concepts staged_answers has a column for: what any wave asks, in the survey's order; who-is-who left out."""
    asked = {concept for wave in survey.waves.values() for concept in (*wave.questions, *wave.not_asked)}
    return [
        concept
        for name, concept in survey.concepts.items()
        if name in asked and name != "firm" and not concept.direct_identifier and concept.type != "text"
    ]


def coded_questions(survey: Survey, wave: Wave) -> list[Question]:
    """The questions of a wave whose answers are staged, in the questionnaire's order."""
    wanted = {concept.name for concept in staged_concepts(survey)}
    return [question for question in wave.questions.values() if question.concept in wanted]


def coded_query(
    survey: Survey, wave: Wave, sources: Sources, corrections: Sequence[Correction], framed: Framed | None
) -> str:
    """A SELECT over `raw_records`: firm, response, line, evidence, and per concept its value and its kind.

    The connection has the parsing macros, `pseudonym` and `firm_of`.
    """
    questions = coded_questions(survey, wave)
    by_row = _by_row(corrections)
    cells: dict[str, str] = {}
    expressions: dict[str, Coded] = {}
    for question in questions:
        found = [_cell(sources, name, cells, by_row) for name in question.columns]
        expressions[question.concept] = coded(
            question, survey.concepts[question.concept], found, sources.layout, wave.missing
        )
    firm_cell = "CAST(NULL AS VARCHAR)"
    if "firm" in wave.questions:
        firm_cell = _cell(sources, next(iter(wave.questions["firm"].columns)), cells, by_row).sql
    query = _cells(cells, firm_cell)
    looked_up = [f", {sql} AS {name}" for e in expressions.values() for name, sql in e.found.items()]
    query = f"SELECT *{''.join(looked_up)} FROM ({query})"
    query = _values(query, survey, wave, questions, expressions, framed)
    query = _kinds(query, questions, expressions)
    query = routing.blanks(query, questions, survey.concepts)
    query = routing.routed(query, questions, survey.concepts)
    query = routing.broken_off(query, questions, wave.usable)
    kept = [quoted(concept.name) for concept in staged_concepts(survey)]
    kept += [routing.kind_column(question.concept) for question in questions]
    return f"SELECT firm, response, line, evidence{''.join(', ' + column for column in kept)} FROM ({query})"


def answers_select(survey: Survey) -> str:
    """staged_answers over `coded`."""
    columns = "".join(f", {quoted(concept.name)}" for concept in staged_concepts(survey))
    return f"SELECT firm, response, line{columns} FROM coded ORDER BY firm, response"


def missing_select(questions: Sequence[Question]) -> str:
    """staged_missing over `coded`: a row per value that is absent, or that follows from the routing."""
    parts = [
        f"SELECT firm, response, line, {literal(q.concept)} AS concept, {routing.kind_column(q.concept)} AS kind, "
        f"CASE WHEN {routing.kind_column(q.concept)} = 'invalid' THEN map_extract_value(evidence, {literal(q.concept)})"
        f" END AS text FROM coded WHERE {routing.kind_column(q.concept)} IS NOT NULL"
        for q in questions
    ]
    empty = "SELECT firm, response, line, '' AS concept, '' AS kind, '' AS text FROM coded WHERE false"
    return " UNION ALL ".join(parts or [empty]) + " ORDER BY firm, response, concept"


def _by_row(corrections: Sequence[Correction]) -> dict[str, dict[int, str]]:
    """Stored column -> row number -> corrected text."""
    found: dict[str, dict[int, str]] = {}
    for correction in corrections:
        found.setdefault(correction.stored, {}).update(dict.fromkeys(correction.rows, correction.after))
    return found


def _cell(sources: Sources, name: str, cells: dict[str, str], by_row: Mapping[str, Mapping[int, str]]) -> SourceColumn:
    """A column's cell under a short name of its own; its text, corrected, goes into `cells`."""
    source = sources.find(name)
    if source is None:
        return sources.cell(None)
    alias = quoted(f"cell {source.stored}")
    cells[alias] = _corrected(source, by_row.get(source.stored, {}))
    return sources.cell(source, alias)


def _corrected(source: Source, changes: Mapping[int, str]) -> str:
    if not changes:
        return quoted(source.stored)
    cases = " ".join(f"WHEN {row} THEN {literal(text)}" for row, text in sorted(changes.items()))
    return f"CASE row_number {cases} ELSE {quoted(source.stored)} END"


def _cells(cells: Mapping[str, str], firm_cell: str) -> str:
    """Cells and the firm's pseudonym; records that are no firm's or hold nothing in any question's column left out."""
    picked = "".join(f", {sql} AS {alias}" for alias, sql in cells.items())
    left_out = "SELECT row_number FROM left_out WHERE held_in = 'answers'"
    inner = f"SELECT row_number AS response, line{picked} FROM raw_records WHERE row_number NOT IN ({left_out})"
    if cells:
        holds = f"coalesce({', '.join(f'tidy_cell({cell})' for cell in cells)})"
        inner = f"SELECT * FROM ({inner}) WHERE {holds} IS NOT NULL"
    return f"SELECT firm_of({firm_cell}) AS firm, c.* FROM ({inner}) AS c"


def _values(
    inner: str,
    survey: Survey,
    wave: Wave,
    questions: Sequence[Question],
    expressions: Mapping[str, Coded],
    framed: Framed | None,
) -> str:
    """Every concept of the survey as a typed column: asked here, known from the frame, or NULL."""
    asked = {question.concept for question in questions}
    predicates = [p for q in questions for p in (q.asked_of, q.blank_when) if p] + [wave.usable]
    needed = {name for predicate in predicates for name in columns_of(predicate)} - asked
    staged = {concept.name for concept in staged_concepts(survey)}
    from_frame = sorted(needed & set(framed.concepts)) if framed else []
    absent = sorted(((staged | needed) - asked) - set(from_frame) - {"firm"})
    columns = [f"{expressions[q.concept].value} AS {quoted(q.concept)}" for q in questions]
    columns += [f"f.{quoted(name)} AS {quoted(name)}" for name in from_frame]
    columns += [f"CAST(NULL AS {DUCKDB_TYPES[survey.concepts[name].type]}) AS {quoted(name)}" for name in absent]
    join = " LEFT JOIN staged_frame AS f ON f.firm = c.firm" if from_frame else ""
    values = "".join(f", {column}" for column in columns)
    return f"SELECT c.*{values} FROM ({inner}) AS c{join}"


def _kinds(inner: str, questions: Sequence[Question], expressions: Mapping[str, Coded]) -> str:
    """Beside every value the kind of its absence: a declared code, a word for it, blank, or invalid.

    The texts that are invalid stand in one map a response, concept -> evidence: a column of them for every concept
    would cost more to write than all answers.
    """
    if not questions:
        return f"SELECT *, CAST(NULL AS MAP(VARCHAR, VARCHAR)) AS evidence FROM ({inner})"
    kinds, unread, evidence = [], [], []
    for question in questions:
        found, name = expressions[question.concept], quoted(question.concept)
        kind = routing.kind_column(question.concept)
        kinds.append(
            f"CASE WHEN {name} IS NOT NULL THEN NULL WHEN {found.blank} THEN {routing.kind_literal('absent')} "
            f"ELSE CAST(coalesce({found.missing}, missing_word({found.text}), 'invalid') AS missing_kind) END AS {kind}"
        )
        unread.append(f"{kind} = {routing.kind_literal('invalid')}")
        evidence.append(f"CASE WHEN {unread[-1]} THEN {found.text} END")
    concepts = ", ".join(literal(question.concept) for question in questions)
    return (
        f"SELECT *, CASE WHEN {' OR '.join(unread)} "
        f"THEN MAP([{concepts}], [evidence(text) for text in [{', '.join(evidence)}]]) END AS evidence "
        f"FROM (SELECT *, {', '.join(kinds)} FROM ({inner}))"
    )
