"""Which of a wave's questions are staged, and the cells they read.

Belongs here: putting questions, source columns and corrections together. Does not belong here: what an expression is
(`coding`, `routing`), the SELECTs (`query`), or writing tables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from monitor.stages.staged.coding import Coded, SourceColumn, coded
from monitor.stages.staged.sources import Source, Sources
from monitor.storage.lake import literal, quoted
from monitor.survey import Concept, Question, Survey, Wave
from monitor.survey.expressions import columns_of


@dataclass(frozen=True)
class Plan:
    """What the SELECT of a wave's answers is made of."""

    questions: Sequence[Question]
    """The questions whose answers are staged, in the questionnaire's order"""
    concepts: Mapping[str, Concept]
    """Every concept of the survey"""
    staged: Sequence[str]
    """The concepts that staged_answers has a column for"""
    usable: str
    """The wave's predicate of a response that counts"""
    cells: Mapping[str, str]
    """Short name -> a source column's text, corrected"""
    firm_cell: str
    """The cell that names the firm"""
    coded: Mapping[str, Coded]
    """Concept -> its expressions over the cells"""
    from_frame: Sequence[str]
    """Concepts that only the frame knows and a predicate names"""
    absent: Sequence[str]
    """Concepts that neither the wave nor its frame has"""


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


def answers_plan(
    survey: Survey, wave: Wave, sources: Sources, mended: Mapping[str, Mapping[int, str]], framed: Collection[str]
) -> Plan:
    """Everything that the SELECT over `raw_records` needs of a wave.

    mended: stored column -> row number -> corrected text; framed: the concepts that the wave's frame has.
    """
    questions = coded_questions(survey, wave)
    cells: dict[str, str] = {}
    expressions: dict[str, Coded] = {}
    for question in questions:
        found = [_cell(sources, name, cells, mended) for name in question.columns]
        expressions[question.concept] = coded(
            question, survey.concepts[question.concept], found, sources.layout, wave.missing
        )
    firm_cell = "CAST(NULL AS VARCHAR)"
    if "firm" in wave.questions:
        firm_cell = _cell(sources, next(iter(wave.questions["firm"].columns)), cells, mended).sql
    staged = [concept.name for concept in staged_concepts(survey)]
    from_frame, absent = _not_asked(wave, questions, staged, framed)
    return Plan(questions, survey.concepts, staged, wave.usable, cells, firm_cell, expressions, from_frame, absent)


def _not_asked(
    wave: Wave, questions: Sequence[Question], staged: Sequence[str], framed: Collection[str]
) -> tuple[list[str], list[str]]:
    """The concepts that the wave's questions leave open: those its frame knows, and those nobody knows."""
    asked = {question.concept for question in questions}
    predicates = [p for q in questions for p in (q.asked_of, q.blank_when) if p] + [wave.usable]
    needed = {name for predicate in predicates for name in columns_of(predicate)} - asked
    from_frame = sorted(needed & set(framed))
    return from_frame, sorted(({*staged} | needed) - asked - set(from_frame) - {"firm"})


def _cell(sources: Sources, name: str, cells: dict[str, str], mended: Mapping[str, Mapping[int, str]]) -> SourceColumn:
    """A column's cell under a short name of its own; its text, corrected, goes into `cells`."""
    source = sources.find(name)
    if source is None:
        return sources.cell(None)
    alias = quoted(f"cell {source.stored}")
    cells[alias] = _corrected(source, mended.get(source.stored, {}))
    return sources.cell(source, alias)


def _corrected(source: Source, changes: Mapping[int, str]) -> str:
    if not changes:
        return quoted(source.stored)
    cases = " ".join(f"WHEN {row} THEN {literal(text)}" for row, text in sorted(changes.items()))
    return f"CASE row_number {cases} ELSE {quoted(source.stored)} END"
