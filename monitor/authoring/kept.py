"""What a new wave keeps of the one before, as YAML: every key that was declared, whatever keys there are.

Belongs here: writing down declared dataclasses. Does not belong here: what changed (`previous`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from monitor.authoring.text import flow, text
from monitor.survey import Question


def declared(thing: Any, leave: Collection[str] = ()) -> dict[str, object]:
    """Key -> value of everything a dataclass of the definition does not leave at its default, but those to leave."""
    found = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name not in leave and value is not None and value != _default(field):
            found[field.name] = plain(value)
    return found


def _default(field: Field[Any]) -> object:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else None


def plain(value: object) -> object:
    """A value of a definition as YAML has it."""
    if is_dataclass(value):
        return declared(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    return value


def kept_question(
    question: Question, found: Mapping[str, str], words: Mapping[str, str], codes: Mapping[str, str], notes: str
) -> str:
    """The previous wave's declaration over the file's columns, with its text for this wave and codes added."""
    if list(question.columns.values()) == [question.concept]:
        parts = [f"column: {text(next(iter(found.values())))}"]
    else:
        parts = [f"columns: {flow({found[old]: code for old, code in question.columns.items() if old in found})}"]
    kept = declared(question, ("concept", "columns", "line"))
    if words:
        kept["text"] = dict(words)
    if codes:
        kept["codes"] = {**question.codes, **codes}
    parts += [f"{key}: {flow(value)}" for key, value in kept.items()]
    todo = f"  # todo: {notes}" if notes else ""
    return f"  {question.concept}: {{{', '.join(parts)}}}{todo}"
