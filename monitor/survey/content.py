"""What a definition comes to: a hash of what it declares.

Belongs here: which parts of a survey count. Does not belong here: who sees which of them (`seen`), the hash over a
folder's files (`load`), what is made again where it changes (the jobs).

Places in files never count: a sentence more moves every line below it and declares nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from monitor.survey.model import Survey
from monitor.survey.text import inner, is_text

BESIDE = frozenset({"line", "lines", "definition_hash", "remarks", "todos", "schedule", "notices", "citation"})
"""Fields that say where something stands, what is thought of it, when it runs and how it is told"""


def content_hash(survey: Survey) -> str:
    """SHA-256 of what a survey declares that tables are made with."""
    digest = hashlib.sha256()
    for part in _written(survey, Survey):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _written(value: Any, hint: Any) -> Iterator[str]:
    """A value in parts, one after the other; `hint`: the type it is declared with, which tells texts from names."""
    if is_text(hint):
        yield repr(sorted(value.items()) if value is not None else None)
    elif isinstance(value, Path):
        return
    elif is_dataclass(value):
        kind: Any = type(value)
        yield kind.__name__
        for name, declared in declared_fields(kind):
            yield name
            yield from _written(getattr(value, name), declared)
    elif isinstance(value, Mapping):
        yield f"{len(value)} names"
        for key, item in value.items():
            yield repr(key)
            yield from _written(item, inner(hint))
    elif isinstance(value, Set):
        yield repr(sorted(value, key=repr))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f"{len(value)} items"
        for item in value:
            yield from _written(item, inner(hint))
    else:
        yield repr(value)


@cache
def declared_fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    """The fields of a dataclass that count, with what they are declared as."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple((each.name, hints[each.name]) for each in fields(kind) if each.name not in BESIDE)
