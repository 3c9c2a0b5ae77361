"""What a person must decide about a proposal: each decision once, with everything it is about.

Belongs here: collecting decisions and writing them as marks. Does not belong here: finding them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

WIDTH = 118


class Decisions:
    """Sentences of what is to be decided, in the order they came up -> what each is about."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def add(self, sentence: str, *about: str) -> None:
        """One decision, or more for one that is there already to be about."""
        self.found.setdefault(sentence, []).extend(about)

    def lines(self, indent: str = "  ") -> list[str]:
        """A mark `todo` for each, with what it is about; long lists go on in comments without a mark."""
        return [line for sentence, about in self.found.items() for line in _mark(sentence, about, indent)]


def _mark(sentence: str, about: Iterable[str], indent: str) -> list[str]:
    text = ": ".join(filter(None, [sentence, ", ".join(dict.fromkeys(about))]))
    wrapped = textwrap.wrap(f"todo: {text}", WIDTH - len(indent) - 2, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in wrapped]
