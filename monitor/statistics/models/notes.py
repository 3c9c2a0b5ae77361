"""What a fit has to say: a kind with facts, for which `wording.notes` has the words.

Belongs here: the type. Does not belong here: words, and who may read which fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Fact = str | int | float


@dataclass(frozen=True)
class Note:
    """One thing to say of a model."""

    kind: str
    """A kind that `wording.notes` declares"""
    facts: Mapping[str, Fact]


def note(kind: str, **facts: Fact) -> Note:
    """A note of a kind, with its facts by name."""
    return Note(kind, facts)
