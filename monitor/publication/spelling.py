"""Names as another format can hold them: fewer characters, fewer kinds of them, some words taken.

Belongs here: the one way a name is shortened or cleaned. Does not belong here: which format allows what.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

DIGITS = 8
_marked = re.compile(rf"_[0-9a-f]{{{DIGITS}}}$")


def spelled(name: str, kept: str, longest: int, taken: Collection[str] = ()) -> str:
    """A name in the characters `kept` (as between the brackets of a regular expression), at most `longest` of them.

    Two names never get one spelling, and a name's spelling does not depend on what other names there are. A name that
    fits stays as it is. Any other keeps what it can of its beginning, with `_` for other characters, and ends in `_`
    and the first eight digits of its SHA-256. So does one of the words `taken`, and a name that ends like that by
    itself: no name as it is meets one that was changed.
    """
    if re.fullmatch(f"[{kept}]{{1,{longest}}}", name) and name not in taken and not _marked.search(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{re.sub(f'[^{kept}]+', '_', name)[: longest - DIGITS - 1]}_{digest}"


def printable(text: str) -> str:
    """The text without characters that XML does not know."""
    return "".join(
        c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
