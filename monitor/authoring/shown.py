"""What of a delivery's values a proposal may print: codes of a list, and never what one firm wrote.

A definition goes into version control and its messages onto a terminal. Shown are a bare code (up to two digits, or a
letter with up to two), the words for yes, no and no answer, what the file itself declares as a code list, and a short
word that at least the minimum number of firms gave. Nothing is shown of a column whose other values are more than a
tenth, nor anything in the shape of a name, an address, a number of a phone or a firm. Belongs here: that decision.
Does not belong here: what a column holds (`columns`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from monitor.stages.staged.privacy import LETTERS, VALUES

ALMOST_ALL = 0.9
MOST_WORDS = 12
"""Different words up to which a column may be a list of answers"""
LONGEST_CODE = 40
YES, NO = {"1", "ja", "yes", "true", "y", "j", "sí", "si"}, {"0", "2", "nee", "no", "false", "n"}
CUSTOMARY_MISSING = {"88": "refused", "888": "refused", "99": "dont_know", "999": "dont_know", "9999": "dont_know"}
"""What questionnaires often have for no answer, far above their codes: proposed, marked for a person to decide"""
BARE = re.compile(r"-?\d{1,2}|[A-Za-z]\d{0,2}|-oth-")
COMPANY = re.compile(
    r"\b(b\.?v\.?|n\.?v\.?|v\.?o\.?f\.?|ltd|gmbh|inc|llc|holding|stichting|s\.?a\.?s?|s\.?l\.?)(?=\W|$)", re.I
)
TITLE = re.compile(r"\b(dhr|mevr|mw|hr|mr|mrs|ms|dr|drs|ir|ing|prof)\b\.?", re.I)
PERSON = re.compile(
    r"([A-Z]\.\s?)+([a-z]+\s)*[A-Z][\w'-]+|"
    r"[A-Z][\w'-]+(\s(van|de|der|den|ten|ter|te|von|la|del|y|e))*(\s[A-Z][\w'-]+){1,2}"
)
"""Initials and a surname, or two or three words that each begin with a capital"""


def looks_like_a_name(value: str) -> bool:
    """Whether a text has the shape of a person's or firm's name, or of a way to reach one."""
    return bool(
        PERSON.fullmatch(value)
        or TITLE.search(value)
        or COMPANY.search(value)
        or re.search(r"@|www\.|https?:|\d{5}|\b\d{4} ?[A-Z]{2}", value)
        or any(pattern.fullmatch(value) for pattern in VALUES.values())
    )


def is_bare(value: str) -> bool:
    """Whether a value is so short, or so common a word, that it can be no firm's own."""
    return bool(BARE.fullmatch(value)) or value.casefold() in YES | NO | {*CUSTOMARY_MISSING}


def shown(values: Mapping[str, int], least: int, own: Mapping[str, str] | None = None) -> frozenset[str]:
    """The values that may be printed; none of the others where those are not almost all.

    `values`: value -> records. `least`: the minimum number of firms. `own`: the file's own code list, which may be
    printed unless it is a list of everything that was typed (more labels than a question has, each as rare as a text).
    """
    own = own or {}
    if is_list_of_texts(values, least, own):
        own = {}
    bare = {value for value in values if value in own or is_bare(value)}
    others = Counter({value: n for value, n in values.items() if value not in bare})
    common = {
        value
        for value, n in others.items()
        if n >= least and len(value) <= LONGEST_CODE and not looks_like_a_name(value)
    }
    few = len(common) <= MOST_WORDS or not any(LETTERS.search(value) for value in common)
    if others and (not few or sum(others[value] for value in common) < ALMOST_ALL * others.total()):
        common = set()
    return frozenset(bare | common)


def is_list_of_texts(values: Mapping[str, int], least: int, own: Mapping[str, str]) -> bool:
    """Whether a code list was made of the texts that respondents typed: long, all in use, most of them rare."""
    used = [values.get(code, 0) for code in own]
    rare = sum(0 < n < least for n in used)
    return len(own) > MOST_WORDS and all(used) and 2 * rare > len(own)
