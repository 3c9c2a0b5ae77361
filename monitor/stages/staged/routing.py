"""Several concepts at once: what a blank means, who was asked what, and where a response broke off.

Belongs here: what replaces a coded value, in the order the questionnaire's predicates need. Does not belong here: what
one cell means (`coding`), the SELECTs (`query`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.storage.lake import literal, quoted
from monitor.survey import Concept, Question
from monitor.survey.expressions import DUCKDB_TYPES, columns_of

PARADATA = frozenset({"started_at", "finished_at", "duration_seconds", "progress", "finished", "weight"})
"""Concepts that a tool or the design fills in: they do not show how far a firm came"""
STOPPED = quoted("stopped after")
"""The column that holds the place of a response's last answer"""


def value_literal(value: Any, concept: Concept) -> str:
    """A value of a definition as SQL of the concept's type."""
    kind = DUCKDB_TYPES[concept.type]
    if value is None:
        return f"CAST(NULL AS {kind})"
    if concept.type == "categories":
        members = value if isinstance(value, list | tuple) else [value]
        return f"CAST([{', '.join(literal(str(m)) for m in members)}] AS VARCHAR[])"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"CAST({value!r} AS {kind})"
    return f"CAST({literal(str(value))} AS {kind})"


def kind_column(concept: str) -> str:
    """The column that holds a concept's missing kind; its space keeps it apart from every concept."""
    return quoted(f"kind {concept}")


def kind_literal(kind: str) -> str:
    """A missing kind as SQL, in the small type that the connection has for it."""
    return f"{literal(kind)}::missing_kind"


def blanks(questions: Sequence[Question], concepts: Mapping[str, Concept]) -> dict[str, str]:
    """Column -> what replaces it: a blank that means something takes its value, seen from the answers as given."""
    changes: dict[str, str] = {}
    for question in questions:
        if question.blank is None:
            continue
        when = f"coalesce(({question.blank_when}), false)" if question.blank_when else "true"
        name, kind = quoted(question.concept), kind_column(question.concept)
        here = f"{kind} = {kind_literal('absent')} AND {when}"
        value = value_literal(question.blank, concepts[question.concept])
        changes[name] = f"CASE WHEN {here} THEN {value} ELSE {name} END"
        changes[kind] = f"CASE WHEN NOT ({here}) OR {kind} IS NULL THEN {kind} END"
    return changes


def routed(layer: Sequence[Question], concepts: Mapping[str, Concept]) -> dict[str, str]:
    """Column -> what replaces it: who was routed past a question gets the value that follows and `not_asked`.

    Where the predicate cannot be told (its own question is missing), the firm counts as asked. An answer given all the
    same is kept as it is.
    """
    changes: dict[str, str] = {}
    for question in layer:
        name, kind = quoted(question.concept), kind_column(question.concept)
        follows = value_literal(question.otherwise, concepts[question.concept])
        # An answer given all the same stays, for a rule to find; only what follows anyway is routed.
        unread = f"coalesce({kind} = {kind_literal('invalid')}, false)"
        given = f"({name} IS NOT NULL AND {name} IS DISTINCT FROM {follows} OR {unread})"
        past = f"NOT coalesce(({question.asked_of}), true) AND NOT {given}"
        changes[name] = f"CASE WHEN {past} THEN {follows} ELSE {name} END"
        changes[kind] = f"CASE WHEN {past} THEN {kind_literal('not_asked')} ELSE {kind} END"
    return changes


def layers(questions: Iterable[Question]) -> list[list[Question]]:
    """The routed questions in an order in which every predicate sees its concepts already routed."""
    waiting = {question.concept: question for question in questions if question.asked_of}
    found: list[list[Question]] = []
    while waiting:
        ready = [q for q in waiting.values() if not (columns_of(q.asked_of or "") - {q.concept}) & waiting.keys()]
        # A circle of predicates has no order; its questions then see each other as they were answered.
        ready = ready or list(waiting.values())
        found.append(ready)
        for question in ready:
            del waiting[question.concept]
    return found


def in_order(questions: Sequence[Question], usable: str) -> list[Question]:
    """The questions by which one sees how far a firm came; none where every response is usable."""
    if usable.strip().lower() == "true":
        return []
    return [question for question in questions if question.concept not in PARADATA and question.concept != "firm"]


def stopped_after(asked: Sequence[Question], usable: str) -> str:
    """The place of the last question that a response which is not usable answers; 0 where it answers none."""
    given = ",\n        ".join(
        f"CASE WHEN {kind_column(q.concept)} IS NULL OR {kind_column(q.concept)} NOT IN "
        f"({kind_literal('absent')}, {kind_literal('not_asked')}) THEN {place} END"
        for place, q in enumerate(asked, start=1)
    )
    return f"CASE WHEN NOT coalesce(({usable}), false) THEN coalesce(greatest(\n        {given}\n    ), 0) END"


def broken_off(asked: Sequence[Question]) -> dict[str, str]:
    """Column -> what replaces it: what lies blank after the last answer is `break_off`, not `absent`."""
    return {
        kind_column(q.concept): f"CASE WHEN {kind_column(q.concept)} = {kind_literal('absent')} "
        f"AND {STOPPED} < {place} THEN {kind_literal('break_off')} ELSE {kind_column(q.concept)} END"
        for place, q in enumerate(asked, start=1)
    }
