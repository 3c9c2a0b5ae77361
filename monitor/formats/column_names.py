"""Names of source columns in the form in which they are compared.

Belongs here: what no eye sees in a heading, and when two headings look alike. Does not belong here: files.
"""

from __future__ import annotations

import unicodedata


def tidy(name: str) -> str:
    """A column name without what no eye sees: marks without width, padding, no-break spaces, line breaks; composed."""
    seen = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())


def alike(name: str) -> str:
    """The form in which names that a person would take for one another are the same: case and letter forms apart."""
    return unicodedata.normalize("NFKC", tidy(name)).casefold()


def visible(name: str) -> str:
    """A name with everything shown that no eye sees: `bedrag<U+200B>`."""
    composed = unicodedata.normalize("NFC", name) == name
    return "".join(
        c if c == " " or (c.isprintable() and (composed or not unicodedata.combining(c))) else f"<U+{ord(c):04X}>"
        for c in name
    )
