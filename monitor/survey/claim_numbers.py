"""Whether a claim's text promises more than its rule tests: every share or difference it names must be the rule's.

Belongs here: reading numbers out of a text in both languages, and holding them against the rule. Does not belong here:
deciding a claim (`statistics.decisions.claims`).

A share in a text is a number with a per cent sign or the word for points, a fraction in words (a third, driekwart), or
`one in three`. What it promises depends on the words before it: *more than a third* is tested by a rule `above` of a
third, *fewer than a third* by one `below`; a bare number, or *about* and *between*, names a place, which only a rule
`within` tests, and then both its bounds, or its value and margin, must be in the text. Of `no_substitution` it is
*less than* the margin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.problems import Problem, line_at
from monitor.statistics.decisions.claim import Claim

COUNTS: Mapping[str, int] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "een": 1, "één": 1, "twee": 2, "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7, "acht": 8,
    "negen": 9, "tien": 10,
}  # fmt: skip
PARTS: Mapping[str, int] = {
    "half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10,
    "tenths": 10, "derde": 3, "kwart": 4, "vierde": 4, "vijfde": 5, "tiende": 10,
}  # fmt: skip
FRACTION = rf"(?P<times>{'|'.join(COUNTS)})\s*(?P<part>{'|'.join(PARTS)})\b"
HALF = r"(?P<half>half|helft|majority|meerderheid|most firms|de meeste bedrijven)\b"
AMONG = rf"(?P<some>\d+|{'|'.join(COUNTS)})\s+(?:in|out of|op de|van de)\s+(?P<all>\d+|{'|'.join(COUNTS)})\b"
UNIT = r"(?:%|per ?cent|procentpunt(?:en)?|procent|percentage points?|points?|punten)"
PERCENT = rf"(?P<number>\d+(?:[.,]\d+)?)\s*{UNIT}"
BARE = rf"(?P<bound>\d+(?:[.,]\d+)?)(?=\s*(?:%\s*)?(?:and|to|en|tot|-|–)\s*\d+(?:[.,]\d+)?\s*{UNIT})"
SHARES = re.compile(rf"\b(?:{FRACTION}|{HALF}|{AMONG}|{PERCENT}|{BARE})", re.IGNORECASE)
MORE = re.compile(r"(more than|over|above|at least|exceeds|meer dan|ruim|boven|minstens|ten minste)\s*$", re.IGNORECASE)
LESS = re.compile(r"(less than|fewer than|under|below|at most|minder dan|onder|hooguit|ten hoogste)\s*$", re.IGNORECASE)
JUST = re.compile(r"(just|slightly|a little|iets|net)\s+\w+(\s+\w+)?\s*$|\bruim\s*$", re.IGNORECASE)
NEAR = 0.005
"""A third is 33 %, 33.3 % or 0.3333: rounding, not another number"""


@dataclass(frozen=True)
class Share:
    """A share or difference a text names, in 0..1, and what it says of it."""

    words: str
    value: float
    way: str
    """more, less, just (a little more or less, and no further) or at"""


def shares_in(text: str) -> list[Share]:
    """The shares and differences of shares a text names, in their order."""
    found = []
    for match in SHARES.finditer(text):
        before = text[: match.start()].rstrip()
        majority = match["half"] and match["half"].lower() not in ("half", "helft")
        before = re.sub(r"\s+(the|de)$", "", before)
        way = (
            "just" if JUST.search(before)
            else "more" if MORE.search(before) or majority
            else "less" if LESS.search(before)
            else "at"
        )  # fmt: skip
        found.append(Share(match.group(0), _value(match), way))
    return found


def _value(match: re.Match[str]) -> float:
    if match["part"]:
        return COUNTS[match["times"].lower()] / PARTS[match["part"].lower()]
    if match["half"]:
        return 0.5
    if match["some"]:
        some, every = (int(w) if w.isdigit() else COUNTS[w.lower()] for w in (match["some"], match["all"]))
        return some / every if every else 0.0
    return float((match["number"] or match["bound"]).replace(",", ".")) / 100


def number_problems(claim: Claim) -> Iterator[Problem]:
    """Where a claim's text names a share that its rule does not test, one problem for each language."""
    kind, value, margin = claim.rule.kind, claim.rule.value, claim.rule.margin
    tested = {"within": [value, margin, value - margin, value + margin], "no_substitution": [margin]}.get(kind, [value])
    # A text that stands for several languages is read once.
    texts = {claim.text[language]: language for language in ("en", "nl")}
    for language in sorted(texts.values(), reverse=True):
        found = shares_in(claim.text[language])
        if not found:
            continue
        told = {i for i, number in enumerate(tested) for share in found if abs(share.value - number) < NEAR}
        strange = [s for s in found if all(abs(s.value - number) >= NEAR for number in tested)]
        way = {"below": "less", "within": "at", "no_substitution": "less"}.get(kind, "more")
        other = [s for s in found if s.way != way]
        whole = kind != "within" or {0, 1} <= told or {2, 3} <= told
        if strange or other or not whole:
            yield Problem(
                f"the text of claim {claim.name!r} promises more than its rule tests",
                file="claims.yaml",
                line=line_at(claim.lines, ()),
                expected=_expected(kind, value, margin),
                found=f"{language}: {', '.join(s.words for s in found)} in {claim.text[language]!r}",
                do="write in the text what the rule tests, let the rule test what the text says, or leave the number "
                "out of the text",
            )


def _expected(kind: str, value: float, margin: float) -> str:
    if kind == "within":
        low, high = value - margin, value + margin
        return f"between {100 * low:g} and {100 * high:g} %, or {100 * value:g} % and {100 * margin:g} points around it"
    if kind == "no_substitution":
        return f"less than {100 * margin:.3g} percentage points, and no other share"
    return f"{'fewer' if kind == 'below' else 'more'} than {100 * value:.3g} %, and no other share"
