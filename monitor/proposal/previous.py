"""A file held against the previous wave: which question is where now, and what changed about it.

Belongs here: comparing declared questions with a file's columns. Does not belong here: reading the file (`columns`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from monitor.proposal.columns import MOST_CODES, Seen, parts_of
from monitor.proposal.text import flow, text
from monitor.raw.detection import Layout
from monitor.staged.coding import code_key
from monitor.survey import Concept, Question, Wave

NUMBERS = ("number", "integer", "percentage")
ALIKE = 0.8
"""How alike two labels must be to say the same"""


def columns_of(question: Question, columns: Sequence[Seen]) -> tuple[dict[str, str] | None, dict[str, str]]:
    """The question's columns -> where they are in the file (None: nowhere), and those that go by another name now."""
    names = {column.source.casefold(): column.source for column in columns}
    found = {old: names[old.casefold()] for old in question.columns if old.casefold() in names}
    moved: dict[str, str] = {}
    if len(found) < len(question.columns) == 1 and question.text:
        wordings = {column.question: column.source for column in columns if column.question}
        close = difflib.get_close_matches(question.text.get("nl", ""), list(wordings), n=1, cutoff=0.8)
        if close:
            (old,) = question.columns
            moved = {old: wordings[close[0]]}
            found |= moved
    return (found or None), moved


def changes_of(
    concept: Concept | None, question: Question, found: Mapping[str, str], columns: Sequence[Seen], previous: Wave
) -> list[str]:
    """What is not as the question's declaration has it, a sentence each."""
    gone = [old for old in question.columns if old not in found]
    notes = [f"option column {', '.join(gone)} is not in the file"] if gone else []
    if concept is not None:
        notes += _code_changes(concept, question, columns, previous)
        given = [column for column in columns if column.answers]
        if concept.type in NUMBERS and not question.codes and any(not column.numeric for column in given):
            notes.append("holds other things than numbers now")
    return notes + _wording_changes(question, columns)


def _code_changes(concept: Concept, question: Question, columns: Sequence[Seen], previous: Wave) -> list[str]:
    """Values that the question's declaration does not know, codes that left the list, and labels that changed."""
    if concept.type not in ("category", "categories", "boolean") or not question.codes:
        return []
    codes = {code_key(code): str(to) for code, to in question.codes.items()}
    known = {*codes, *(code_key(code) for code in (*question.missing, *previous.missing))}
    values = {value for column in columns for value in (*column.answers, *column.labels)}
    if question.separator:
        values = {part for value in values for part in parts_of(value, question.separator)}
    labels = {code_key(code): label for column in columns for code, label in column.labels.items()}
    new = sorted(v for v in values if code_key(v) not in known and code_key(labels.get(code_key(v), v)) not in known)
    notes = [f"code {', '.join(new[:MOST_CODES])} is not declared"] if new else []
    if labels:
        listed = {*labels, *map(code_key, labels.values())}
        gone = [code for code in question.codes if code_key(code) not in listed]
        notes += [f"code {', '.join(gone[:MOST_CODES])} is gone from the code list"] if gone else []
    for code, label in sorted({code: label for column in columns for code, label in column.labels.items()}.items()):
        declared = concept.codes.get(codes.get(code_key(code), ""), {})
        if declared and label and not any(_alike(label, word) >= ALIKE for word in declared.values()):
            notes.append(f"code {code} now says {label!r} (declared: {next(iter(declared.values()))!r})")
    return notes


def _wording_changes(question: Question, columns: Sequence[Seen]) -> list[str]:
    """The question's text, where the file's is not almost the same."""
    before, now = question.text.get("nl", ""), next((c.question for c in columns if c.question), "")
    if not before or not now or len(columns) > 1:
        return []
    return [f"worded otherwise: {now!r} (was {before!r})"] if _alike(before, now) < 0.95 else []


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def layout_changes(previous: Wave, layout: Layout) -> list[str]:
    """How the delivery is laid out otherwise than the previous wave's."""
    changes = []
    for name in ("format", "delimiter", "decimal"):
        before, now = getattr(previous.delivery, name), getattr(layout, name)
        if before and now and before != now:
            changes.append(f"the delivery's {name} is {now!r} (was {before!r})")
    return changes


def kept_question(question: Question, found: Mapping[str, str], notes: Sequence[str]) -> str:
    """The previous wave's declaration over the file's columns."""
    if list(question.columns.values()) == [question.concept]:
        parts = [f"column: {text(next(iter(found.values())))}"]
    else:
        parts = [f"columns: {flow({found[old]: code for old, code in question.columns.items() if old in found})}"]
    if question.text:
        parts.append(f"text: {flow(dict(question.text))}")
    if question.codes:
        parts.append(f"codes: {flow(dict(question.codes))}")
    for name in ("ticked", "separator", "missing", "asked_of", "otherwise", "blank", "blank_when"):
        value = getattr(question, name)
        if value is not None and value not in ((), {}):
            parts.append(f"{name}: {flow(list(value) if isinstance(value, tuple) else value)}")
    if question.factor != 1:
        parts.append(f"factor: {question.factor:g}")
    if not question.required:
        parts.append("required: false")
    if question.comparable_since:
        parts.append(f"comparable_since: {text(question.comparable_since)}")
    todo = f"  # todo: {'; '.join(notes)}" if notes else ""
    return f"  {question.concept}: {{{', '.join(parts)}}}{todo}"
