"""Each column of a file with what its values could be.

Belongs here: judging a column by its name, its labels and all its values. Does not belong here: reading the file
(`reading`), what of it may be printed (`shown`), writing YAML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from monitor.authoring.shown import ALMOST_ALL, CUSTOMARY_MISSING, LONGEST_CODE, NO, YES, shown
from monitor.formats.detection import CHOICES

MOST_CODES = 12
"""Different values up to which a column looks like a list of codes"""
GREATEST_CODE = 99
"""Whole numbers up to which a column may hold codes"""
GREATEST_OF_COUNTS = 5
"""Whole numbers without labels that begin at 0 and reach this far are counted, not coded"""
SHARE_NAMES = re.compile(r"procent|percent|%|aandeel(?!h)|share(?!h)|welk deel|what part|porcentaje", re.I)
SHARE_VALUES = re.compile(r"(%|procent|percent|pct\.?)$", re.I)
COUNT_NAMES = re.compile(
    r"(?<![a-z])(number of|how many|aantal|hoeveel|count|fte|employees|werknemers|medewerkers|personen|personeel|staff|"
    r"headcount|cu[aá]nt[oa]s|n[uú]mero de|num|n(?=_))(?![a-z])",
    re.I,
)
WEIGHT_NAMES = re.compile(
    r"(?<![a-z])(weights?|wgt|weegfactor\w*|gewicht\w*|weging\w*|fexp|factor|expansi[oó]n|ponderaci[oó]n|peso|poids)"
    r"(?![a-z])",
    re.I,
)
LABELLED_CELL = re.compile(r"\(?\s*(\d{1,3}|[A-Z]\d{1,2})\s*(?:[):.=]|\s[-\N{EN DASH}]|-)\s*([^\W\d_].*)", re.S)
"""A code with its label in one cell, as several survey tools export: "1:yes", "1 - yes", "(1) yes\""""
MISSING_LABELS = ("refused", "dont_know", "not_asked")


@dataclass(frozen=True)
class Read:
    """What `staged` would read in one text."""

    number: bool
    date: bool
    kind: str | None
    """The missing kind it is a word for"""
    label_kind: str | None
    """The missing kind it names as the questionnaire's own label of a code"""


@dataclass(frozen=True)
class Seen:
    """One column as it looks."""

    source: str
    question: str
    labels: Mapping[str, str]
    label_kinds: Mapping[str, str]
    """Code -> the missing kind that its label names"""
    values: Counter[str]
    """Value -> records; a code where cells hold a code and its label"""
    read: Mapping[str, Read]
    """What each value reads as"""
    records: int
    identifier: str | None
    """The kind of direct identifier it looks like"""
    text: bool
    """Whether it looks like answers in words"""
    least: int
    """The minimum number of firms: rarer words are not printed"""
    distinct: int
    """Different values, of which `values` holds the most frequent"""
    own_list: bool = False
    """Whether the labels are the file's own code list, not read from its cells"""
    labelled_file: bool = False
    """Whether most lists of the file have labels, so that numbers without are no codes"""
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Code -> the ways it is written in cells, where they are not the code alone"""
    skipped_by: str | None = None
    """The earlier yes/no column whose "no" leads past this one"""
    skip_codes: frozenset[str] = frozenset()
    """Codes that stand only where that column says no"""

    @cached_property
    def answers(self) -> Counter[str]:
        """The values that say something: no words or codes for a missing answer."""
        missing = self.missing
        return Counter({v: n for v, n in self.values.items() if not self.read[v].kind and v not in missing})

    @cached_property
    def missing(self) -> dict[str, str]:
        """Codes that look like a missing answer: by their label, by where they stand, or far above a short list's."""
        found = {code: kind for code, kind in self.label_kinds.items() if kind in MISSING_LABELS}
        plain = {v for v in self.values if not self.read[v].kind and v not in self.labels}
        others = plain - set(CUSTOMARY_MISSING)
        if others and all(v.isdigit() and int(v) <= MOST_CODES for v in others):
            found |= {v: CUSTOMARY_MISSING[v] for v in sorted(plain & set(CUSTOMARY_MISSING))}
        return found | dict.fromkeys(sorted(self.skip_codes), "not_asked")

    @cached_property
    def separator(self) -> str | None:
        """What stands between the choices in a cell, where cells hold several."""
        return next((mark for mark in (",", ";", "|") if _is_choices(self.answers, mark)), None)

    @cached_property
    def parts(self) -> Counter[str]:
        """The single choices in the answers -> records."""
        separator, found = self.separator, Counter[str]()
        for value, n in self.answers.items():
            for part in set(parts_of(value, separator)) if separator else (value,):
                found[part] += n
        return found

    @cached_property
    def shown(self) -> frozenset[str]:
        """The choices that may be printed."""
        own = dict(self.labels) if self.own_list else {}
        # An option's own text stands in its question too.
        own |= {part: part for part in self.parts if part in self.question}
        return shown(self.parts, self.least, own)

    @cached_property
    def codes(self) -> list[str]:
        """The codes of a list that may be printed: labelled ones and those that occur, without those for a missing
        answer."""
        separate = sorted(part for part in self.parts if part in self.shown)
        found = dict.fromkeys([*(self.labels if self.own_list else ()), *separate])
        return [code for code in found if code not in self.missing][: 5 * MOST_CODES]

    @cached_property
    def hides(self) -> bool:
        """Whether a list holds values that may not be printed."""
        return any(part not in self.shown for part in self.parts)

    @cached_property
    def words(self) -> bool:
        """Whether nothing of the column may be proposed: answers in words, or a list of which too much is hidden."""
        if self.text:
            return True
        if self.type not in ("category", "categories", "boolean"):
            return False
        hidden = sum(n for part, n in self.parts.items() if part not in self.shown)
        return hidden > (1 - ALMOST_ALL) * self.parts.total()

    @cached_property
    def numeric(self) -> bool:
        """Whether almost all answers are numbers."""
        given = self.answers
        return sum(n for v, n in given.items() if self.read[v].number) >= ALMOST_ALL * given.total() > 0

    @cached_property
    def type(self) -> str:
        """The concept type it looks like."""
        given = self.answers
        if given and all(self.read[v].date for v in given):
            return "date"
        if self.separator:
            return "categories"
        listed = 2 * sum(n for v, n in given.items() if v in self.labels) > given.total() or (self.labels and not given)
        amounts = not listed and self.numeric and len(given) > 1
        about = f"{self.source} {self.question}"
        if amounts and (any(not v.isdigit() or int(v) > GREATEST_CODE for v in given) or self.counts):
            shares = SHARE_NAMES.search(about) or any(map(SHARE_VALUES.search, given))
            return "percentage" if shares else "number"
        if listed or (0 < len(given) <= MOST_CODES and all(len(v) <= LONGEST_CODE for v in given)):
            truths = [self.truth(code) for code in dict.fromkeys([*self.labels, *given]) if code not in self.missing]
            return "boolean" if len(truths) <= 2 and True in truths and None not in truths else "category"
        return "number" if amounts else "category"

    @property
    def counts(self) -> bool:
        """Whether whole numbers without labels are counts: so called, or further apart or up than codes are, or in a
        file whose lists have labels."""
        numbers = sorted({int(v) for v in self.answers if v.isdigit()})
        if len(numbers) < 3:
            return False
        named = COUNT_NAMES.search(f"{self.source} {self.question}") is not None
        far = numbers[-1] > MOST_CODES or (numbers[0] == 0 and numbers[-1] >= GREATEST_OF_COUNTS)
        return named or far or (self.labelled_file and not self.labels)

    @property
    def ambiguous(self) -> bool:
        """Whether codes may as well be counts, or counts codes: a few small numbers without labels."""
        few = 2 < len(self.answers) <= MOST_CODES and not self.labels
        return few and self.type in ("category", "number") and all(v.isdigit() and len(v) < 3 for v in self.answers)

    @property
    def weighs(self) -> bool:
        """Whether it looks like the design's weight: so called, positive numbers, decimals among them or many."""
        given = self.answers
        if not (self.numeric and WEIGHT_NAMES.search(f"{self.source} {self.question}")) or self.labels:
            return False
        positive = not any(v.startswith("-") or not v.strip("0.,") for v in given if self.read[v].number)
        return positive and (len(given) > MOST_CODES or any(not v.isdigit() for v in given))

    def truth(self, code: str) -> bool | None:
        """Whether a code says yes or no, by its label where it has one; None where it says neither."""
        word = self.labels.get(code, code).casefold()
        return True if word in YES else False if word in NO else None

    def written(self, codes: Mapping[str, object]) -> dict[str, object]:
        """A mapping of codes as a mapping of everything that stands for them in cells."""
        return {form: to for code, to in codes.items() for form in (code, *self.forms.get(code, ()))}


def parts_of(value: str, separator: str) -> list[str]:
    """The choices in a cell; a separator before a blank is part of a choice's own text."""
    return [part for part in re.split(rf"{re.escape(separator)}(?! )", value) if part]


def labelled_cells(values: Mapping[str, int]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]] | None:
    """(code -> label, code -> its forms) of a column whose cells hold code and label together, or None.

    Almost all cells but bare codes do, and a code has one label.
    """
    found = {value: match for value in values if (match := LABELLED_CELL.fullmatch(value))}
    labels = {match[1]: match[2].strip() for match in found.values()}
    bare = {value for value in values if value in labels}
    others = sum(n for value, n in values.items() if value not in bare)
    if not found or sum(values[value] for value in found) < ALMOST_ALL * others:
        return None
    same = all(match[2].strip().casefold() == labels[match[1]].casefold() for match in found.values())
    if not same or len(labels) > 5 * MOST_CODES:
        return None
    return labels, {code: tuple(v for v, match in sorted(found.items()) if match[1] == code) for code in sorted(labels)}


def _is_choices(values: Counter[str], separator: str) -> bool:
    """Whether cells hold several choices of one short list: some hold three, and choices come back in other cells."""
    split = {value: parts_of(value, separator) for value in values}
    if not any(len(parts) > 2 for parts in split.values()):
        return False
    choices = {part for parts in split.values() for part in parts}
    if all(choice.isdigit() for choice in choices):
        return all(CHOICES.fullmatch(value.replace(separator, ",")) for value in values)
    short = len(choices) <= MOST_CODES and all(len(choice) <= LONGEST_CODE for choice in choices)
    return short and 3 * len(choices) <= 2 * sum(n * len(split[value]) for value, n in values.items())
