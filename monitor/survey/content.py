"""What a definition comes to: a hash of what it declares, with the words that readers meet or without.

Belongs here: which parts of a survey count, and a survey as one wave sees it. Does not belong here: the hash over a
folder's files (`load`), what is made again where it changes (the jobs).

Places in files never count: a sentence more moves every line below it and declares nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

from monitor.survey.model import Survey
from monitor.survey.text import Text

BESIDE = frozenset({"line", "lines", "definition_hash", "remarks", "todos", "schedule", "notices", "citation"})
"""Fields that say where something stands, what is thought of it, when it runs and how it is told"""


def seen_by(survey: Survey, wave: str) -> Survey:
    """A survey as a wave sees it: no wave after it is declared yet."""
    waves = {name: declared for name, declared in survey.waves.items() if name <= wave}
    return replace(survey, waves=waves, margins={name: m for name, m in survey.margins.items() if name in waves})


def content_hash(survey: Survey, *, words: bool) -> str:
    """SHA-256 of what a survey declares that figures are computed with; without `words`, of all but its texts by
    language."""
    digest = hashlib.sha256()
    for part in _written(survey, Survey, words):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _written(value: Any, hint: Any, words: bool) -> Iterator[str]:
    """A value in parts, one after the other; `hint`: the type it is declared with, which tells texts from names."""
    if hint == Text or Text in get_args(hint):
        if words:
            yield repr(sorted(value.items()) if value is not None else None)
    elif isinstance(value, Path):
        return
    elif is_dataclass(value):
        kind: Any = type(value)
        yield kind.__name__
        for name, declared in _fields(kind):
            yield name
            yield from _written(getattr(value, name), declared, words)
    elif isinstance(value, Mapping):
        yield f"{len(value)} names"
        for key, item in value.items():
            yield repr(key)
            yield from _written(item, _inner(hint), words)
    elif isinstance(value, Set):
        yield repr(sorted(value, key=repr))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f"{len(value)} items"
        for item in value:
            yield from _written(item, _inner(hint), words)
    else:
        yield repr(value)


def _inner(hint: Any) -> Any:
    """What the items of a mapping or a sequence are declared with: its last parameter, also where it may be None."""
    of = [each for each in get_args(hint) if each not in (Ellipsis, type(None))]
    if type(None) in get_args(hint):
        return _inner(of[0])
    return of[-1] if of else Any


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((each.name, hints[each.name]) for each in fields(kind) if each.name not in BESIDE)
