"""Words that are put in their places later: until then a mark stands for them, which says where they are declared.

Belongs here: the marks, and putting words in their places. Does not belong here: which words are later ones (`survey`).

A mark is of characters that no text has: private ones of Unicode around the place in hexadecimal digits, which no
decimal sign, quotation mark or small first letter changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

OPENS, CLOSES = "\ue000", "\ue001"
_MARK = re.compile(f"{OPENS}((?:[a-z_]+:)*)([0-9a-f]+){CLOSES}")


def key(place: str) -> str:
    """What a mark has of a place."""
    return place.encode().hex()


def mark(place: str) -> str:
    """What stands for the words of a place."""
    return f"{OPENS}{key(place)}{CLOSES}"


def is_mark(text: str) -> bool:
    """Whether a text begins with a mark."""
    return text.startswith(OPENS)


def has_mark(text: str) -> bool:
    """Whether there is a mark in a text."""
    return OPENS in text


def to_be(how: str, text: str) -> str:
    """A mark whose words are to be written in some way, once they are put in."""
    return f"{OPENS}{how}:{text.removeprefix(OPENS)}"


def put_in(text: str, words: Mapping[str, str], written: Callable[[str, str], str]) -> str:
    """A text with words in the place of its marks; `words`: by the place's key, `written`: words as they are to be
    written in some way. What looks like a mark and is none, as in a text of a delivery, stays."""

    def put(found: re.Match[str]) -> str:
        told = words.get(found[2])
        if told is None:
            return found[0]
        for how in reversed(found[1].split(":")[:-1]):
            told = written(how, told)
        return told

    return _MARK.sub(put, text) if OPENS in text else text
