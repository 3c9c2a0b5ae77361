"""Words that are put in their places later: until then a mark stands for them, which says where they are declared.

Belongs here: the marks, and putting words in their places. Does not belong here: which words are later ones (`survey`).

A mark is of characters that no text has: private ones of Unicode around the place in hexadecimal digits, which no
decimal sign, quotation mark or small first letter changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

OPENS, CLOSES = "\ue000", "\ue001"
_MARK = re.compile(f"{OPENS}((?:[a-z_]+:)*)([0-9a-f]+){CLOSES}")


def mark(place: str) -> str:
    """What stands for the words of a place."""
    return f"{OPENS}{place.encode().hex()}{CLOSES}"


def is_mark(text: str) -> bool:
    """Whether a text begins with a mark."""
    return text.startswith(OPENS)


def has_mark(text: str) -> bool:
    """Whether there is a mark in a text."""
    return OPENS in text


def to_be(how: str, text: str) -> str:
    """A mark whose words are to be written in some way, once they are put in."""
    return f"{OPENS}{how}:{text.removeprefix(OPENS)}"


def put_in(text: str, words: Callable[[str], str], written: Callable[[str, str], str]) -> str:
    """A text with words in the place of its marks; `words`: those of a place, `written`: words as they are to be
    written in some way."""

    def put(found: re.Match[str]) -> str:
        told = words(bytes.fromhex(found[2]).decode())
        for how in reversed(found[1].split(":")[:-1]):
            told = written(how, told)
        return told

    return _MARK.sub(put, text) if OPENS in text else text
