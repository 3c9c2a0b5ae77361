"""Excel's number formats: what a cell shows of the number it stores.

Belongs here: the grammar of number formats (ECMA-376 part 1, 18.8.30 and 18.8.31) and reading a value through one.
Does not belong here: workbooks, cells, dates as such.

A format has up to four sections (positive, negative, zero, text), or conditions in brackets. Only what stands outside
quotation marks and escapes acts: `0%` shows a hundredfold, `0"%"` and `0\\%` do not; `0,` shows thousands. A number is
read in the unit, with the sign and the leading zeros that are shown, and with all its stored digits: a format rounds
for the eye alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

COLOURS = {"black", "blue", "cyan", "green", "magenta", "red", "white", "yellow"}
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)" | \\(?P<escaped>.) | (?P<space>[_*].) | \[(?P<bracket>[^\]]*)\] |
    (?P<general>general) | (?P<half>am/pm|a/p) | (?P<exponent>e[+-]0+) | (?P<digit>[0#?]) | (?P<date>[dmyhsbeg]+) |
    (?P<mark>[.,%/@]) | (?P<plain>[^a-z0-9"\\])  | (?P<denominator>[1-9]\d*)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""One element of a section; a letter that is none of these is no format"""
DASHES = "-\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"


class NotShown(Exception):
    """What a cell stores cannot be told from what it shows; the reason in words."""


@dataclass(frozen=True)
class Shown:
    """A number as its cell shows it: what stands before it, its digits with a point, what stands after it."""

    before: str
    digits: str
    after: str

    def text(self, decimal: str = ".") -> str:
        """The whole, its digits with a decimal mark."""
        return self.before + self.digits.replace(".", decimal) + self.after


@dataclass(frozen=True)
class Section:
    """One section of a format, in pieces: (kind, text) with the kinds of TOKEN's groups, and what its brackets say."""

    pieces: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None
    coloured: bool
    elapsed: bool

    @property
    def is_date(self) -> bool:
        """Whether the section shows a date, a time or a duration."""
        return self.elapsed or any(kind == "date" for kind, _ in self.pieces)

    @property
    def shows_number(self) -> bool:
        """Whether the section shows digits of the number at all."""
        return any(kind in ("digit", "general") or (kind, text) == ("mark", "@") for kind, text in self.pieces)


@dataclass(frozen=True)
class NumberFormat:
    """A format: the sections for numbers, and the one for text where it has its own."""

    numbers: tuple[Section, ...]
    text: Section | None


@lru_cache(maxsize=1024)
def parsed(code: str) -> NumberFormat:
    """A format code in its sections. NotShown where it is none."""
    sections = [_section(part) for part in _split(code or "General")]
    if len(sections) > 4:
        raise NotShown(f"the number format {code!r} has more than four sections")
    texts = len(sections) == 4 or ("mark", "@") in sections[-1].pieces
    numbers = sections[:-1] if texts else sections
    return NumberFormat(tuple(numbers or [_section("General")]), sections[-1] if texts else None)


def _split(code: str) -> list[str]:
    """The sections of a code: a semicolon in quotation marks, brackets or after a backslash parts nothing."""
    parts = [""]
    for piece in re.findall(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].|.', code, re.DOTALL):
        if piece == ";":
            parts.append("")
        else:
            parts[-1] += piece
    return parts


@lru_cache(maxsize=1024)
def _section(text: str) -> Section:
    pieces: list[tuple[str, str]] = []
    condition, coloured, elapsed, at = None, False, False, 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise NotShown(f"the number format {text!r} has a letter that means nothing")
        at, kind, word = found.end(), found.lastgroup, found[found.lastgroup]
        if kind != "bracket":
            pieces.append(("literal" if kind in ("quoted", "escaped", "plain") else kind, word))
        elif word.startswith("$"):
            pieces.append(("literal", word[1:].split("-", 1)[0]))
        elif match := CONDITION.fullmatch(word):
            condition = (match[1], float(match[2]))
        elif word.lower() in COLOURS or re.fullmatch(r"color\s*\d+", word, re.IGNORECASE):
            coloured = True
        elif re.fullmatch(r"h+|m+|s+", word, re.IGNORECASE):
            elapsed = True
        elif not re.fullmatch(r"dbnum\d", word, re.IGNORECASE):
            raise NotShown(f"the number format {text!r} has brackets that mean nothing")
    if any(kind == "denominator" for kind, _ in pieces) and ("mark", "/") not in pieces:
        raise NotShown(f"the number format {text!r} has digits that mean nothing")
    return Section(tuple(pieces), condition, coloured, elapsed)


def section_of(value: float, code: str) -> Section:
    """The section of a format that shows a number."""
    numbers = parsed(code).numbers
    conditions = [section.condition for section in numbers[:2]]
    if any(conditions):
        for section in numbers[:2]:
            if section.condition and _holds(value, *section.condition):
                return section
        other = [section for section in numbers if section.condition is None]
        if not other:
            raise NotShown("no section of the number format is for this number")
        return other[-1]
    if len(numbers) == 1 or value > 0 or (value == 0 and len(numbers) < 3):
        return numbers[0]
    return numbers[1] if value < 0 else numbers[2]


def _for_negatives(section: Section, numbers: tuple[Section, ...]) -> bool:
    """Whether negative numbers alone are shown by a section: it then writes their sign itself, or none."""
    if section.condition is None:
        return not any(s.condition for s in numbers) and len(numbers) > 1 and section is numbers[1]
    sign, limit = section.condition
    return (sign == "<" and limit <= 0) or (sign in ("<=", "=") and limit < 0)


def _holds(value: float, sign: str, limit: float) -> bool:
    return {
        "<": value < limit, ">": value > limit, "=": value == limit,
        "<=": value <= limit, ">=": value >= limit, "<>": value != limit,
    }[sign]  # fmt: skip


def shown_number(value: float, code: str) -> Shown | str:
    """A number as a format shows it: in the shown unit with its stored digits, or the words shown in its place.

    A zero that is shown as nothing or as dashes is a zero. Raises NotShown where the cell does not show its number, or
    shows it with another sign than it has. The section is none of dates (`Section.is_date`).
    """
    numbers = parsed(code).numbers
    section = section_of(value, code)
    if not section.shows_number:
        words = _words(section.pieces).strip()
        if value == 0 and not words.strip(DASHES):
            return Shown("", "0", "")
        if not words:
            raise NotShown("its number format hides it")
        return words
    own_negative = value < 0 and _for_negatives(section, numbers)
    first, last = _extent(section.pieces)
    before, after = _words(section.pieces[:first]), _words(section.pieces[last + 1 :])
    before, after, written = _signless(before.lstrip(), after.rstrip())
    if (written and value > 0) or (own_negative and not written and not section.coloured):
        raise NotShown("its number format shows another sign than the number has")
    inside = section.pieces[first : last + 1]
    sign = "-" if value < 0 else ""
    if any(kind == "general" or (kind, text) == ("mark", "@") for kind, text in inside):
        return Shown(sign + before, _plain(abs(_exact(value))), after)
    marks = [text for kind, text in inside if kind == "mark"]
    fraction = "/" in marks
    if not fraction and any(kind in ("literal", "space") for kind, _ in inside):
        return sign + before + _interleaved(abs(_exact(value)), inside) + after
    percent = sum(text == "%" for kind, text in section.pieces if kind == "mark")
    number = abs(_exact(value)).scaleb(2 * percent - 3 * (0 if fraction else _scaling(inside)))
    whole, point, rest = _plain(number).partition(".")
    return Shown(sign + before, whole.zfill(0 if fraction else _least_digits(inside)) + point + rest, after)


def shown_text(value: str, code: str) -> str:
    """A text as a format shows it. Raises NotShown where the format hides it."""
    section = parsed(code).text
    if section is None:
        return value
    shown = "".join(value if (kind, text) == ("mark", "@") else _words([(kind, text)]) for kind, text in section.pieces)
    if value.strip() and not shown.strip():
        raise NotShown("its number format hides it")
    return value if shown.strip() == value.strip() else shown


def shows_year_alone(section: Section) -> bool:
    """Whether of a date nothing but its year is shown."""
    return {text.lower()[0] for kind, text in section.pieces if kind == "date"} == {"y"} and not section.elapsed


def _words(pieces: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> str:
    """What a section shows beside digits; padding as spaces."""
    words = []
    for kind, text in pieces:
        if kind == "literal" or (kind == "mark" and text != ","):
            words.append(text)
        elif kind == "space":
            words.append(" ")
    return "".join(words)


def _signless(before: str, after: str) -> tuple[str, str, bool]:
    """The words around a number without its sign, and whether they hold a minus: dashes next to it, or parentheses."""
    enclosed = "(" in before and ")" in after
    if enclosed:
        before, after = before.replace("(", "", 1), after.replace(")", "", 1)
    signs = DASHES + "+"
    outer, inner, behind = before[:1], before.rstrip()[-1:], after.strip()
    written = enclosed or any(sign and sign in DASHES for sign in (outer, inner, behind))
    if inner and inner in signs:
        before = before.rstrip()[:-1]
    if outer and outer in signs:
        before = before[1:]
    return before.lstrip(), "" if behind and behind in signs else after, written


def _extent(pieces: tuple[tuple[str, str], ...]) -> tuple[int, int]:
    """First and last piece of the number itself."""
    of_number = [
        i for i, (kind, text) in enumerate(pieces)
        if kind in ("digit", "general", "exponent", "denominator") or (kind == "mark" and text in "./@")
    ]  # fmt: skip
    last = of_number[-1]
    while last + 1 < len(pieces) and pieces[last + 1] == ("mark", ","):
        last += 1
    return of_number[0], last


def _whole_part(inside: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """The pieces before the decimal point."""
    point = next((i for i, piece in enumerate(inside) if piece == ("mark", ".") or piece[0] == "exponent"), len(inside))
    return list(inside[:point])


def _scaling(inside: tuple[tuple[str, str], ...]) -> int:
    """Thousands by which the number is shown smaller: the commas after its last digit."""
    whole = _whole_part(inside)
    if len(whole) < len(inside) and whole and whole[-1] == ("mark", ","):
        raise NotShown("its number format has a comma right before the point, which programs read differently")
    return len(inside) - len(_without_commas(inside))


def _without_commas(inside: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return _without_commas(inside[:-1]) if inside and inside[-1] == ("mark", ",") else inside


def _least_digits(inside: tuple[tuple[str, str], ...]) -> int:
    """Digits before the point that are shown at least: from the first `0` on."""
    places = "".join(text for kind, text in _whole_part(inside) if kind == "digit")
    return len(places) - places.index("0") if "0" in places else 0


def _interleaved(number: Decimal, inside: tuple[tuple[str, str], ...]) -> str:
    """A whole number with words among its digits, as identifiers have them: `0000-00` shows 12345 as 0123-45."""
    if any(kind in ("exponent", "denominator") or (kind == "mark" and text != ",") for kind, text in inside):
        raise NotShown("its number format sets words among the digits of a fraction")
    if number != number.to_integral_value():
        raise NotShown("its number format shows a whole number, which it is not")
    digits, out = list(_plain(number)), []
    places = sum(kind == "digit" for kind, _ in inside)
    for kind, text in reversed(inside):
        if kind == "digit":
            places -= 1
            if not places:
                out.append("".join(digits) or ("0" if text == "0" else ""))
            elif digits:
                out.append(digits.pop())
            elif text == "0":
                out.append("0")
        elif kind != "mark":
            out.append(_words([(kind, text)]))
    return "".join(reversed(out))


def _exact(value: float) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _plain(number: Decimal) -> str:
    """A number without an exponent and without zeros at the end of its fraction."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
