"""A file as the writer of a definition sees it: its layout, and each column with what its values could be.

Belongs here: reading a file's first records with the readings of `raw` and `staged`, and judging each column by them.
Does not belong here: writing YAML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from monitor import private
from monitor.lake import connect, quoted, statement
from monitor.raw import Reading, open_delivery
from monitor.raw.detection import CHOICES, Layout, detect_layout
from monitor.staged.coding import marks
from monitor.staged.privacy import LETTERS, is_free_text, recognise
from monitor.staged.sources import Source
from monitor.survey import Delivery

SEEN_RECORDS = 2000
MOST_CODES = 12
"""Different values up to which a column looks like a list of codes"""
GREATEST_CODE = 99
"""Whole numbers up to which a column may hold codes"""
LONGEST_CODE = 40
ALMOST_ALL = 0.9
YES, NO = {"1", "ja", "yes", "true", "y", "j", "sí", "si"}, {"0", "2", "nee", "no", "false", "n"}
SHARE_NAMES = re.compile(r"procent|percent|%|aandeel(?!h)|share(?!h)|welk deel|what part|porcentaje", re.I)
SHARE_VALUES = re.compile(r"(%|procent|percent|pct\.?)$", re.I)
CUSTOMARY_MISSING = {"88": "refused", "888": "refused", "99": "dont_know", "999": "dont_know", "9999": "dont_know"}
"""What questionnaires often have for no answer, far above their codes: proposed, marked for a person to decide"""


@dataclass(frozen=True)
class Read:
    """What `staged` would read in one text."""

    number: bool
    date: bool
    kind: str | None
    """The missing kind it is a word for"""


@dataclass(frozen=True)
class Seen:
    """One column as it looks."""

    source: str
    question: str
    labels: Mapping[str, str]
    label_kinds: Mapping[str, str]
    """Code -> the missing kind that its label is a word for"""
    values: Counter[str]
    read: Mapping[str, Read]
    """What each value reads as"""
    records: int
    identifier: str | None
    """The kind of direct identifier it looks like"""
    words: bool
    """Whether it looks like answers in words"""

    @property
    def answers(self) -> Counter[str]:
        """The values that say something: no words or codes for a missing answer."""
        missing = self.missing
        return Counter({v: n for v, n in self.values.items() if not self.read[v].kind and v not in missing})

    @property
    def missing(self) -> dict[str, str]:
        """Codes that look like a missing answer: by their label, or far above the codes of a short list."""
        found = {code: kind for code, kind in self.label_kinds.items() if kind in ("refused", "dont_know")}
        plain = {v for v in self.values if not self.read[v].kind and v not in self.labels}
        others = plain - set(CUSTOMARY_MISSING)
        if others and all(v.isdigit() and int(v) <= MOST_CODES for v in others):
            found |= {v: CUSTOMARY_MISSING[v] for v in sorted(plain & set(CUSTOMARY_MISSING))}
        return found

    @property
    def separator(self) -> str | None:
        """What stands between the choices in a cell, where cells hold several."""
        return next((mark for mark in (",", ";", "|") if _is_choices(self.answers, mark)), None)

    @property
    def codes(self) -> list[str]:
        """The codes of a list: those that are labelled or occur, without those for a missing answer."""
        separator, missing = self.separator, self.missing
        parts = sorted({part for v in self.answers for part in (parts_of(v, separator) if separator else [v])})
        return [code for code in dict.fromkeys([*self.labels, *parts]) if code not in missing][: 5 * MOST_CODES]

    @property
    def numeric(self) -> bool:
        """Whether almost all answers are numbers."""
        given = self.answers
        return sum(n for v, n in given.items() if self.read[v].number) >= ALMOST_ALL * given.total() > 0

    @property
    def type(self) -> str:
        """The concept type it looks like."""
        given = self.answers
        if given and all(self.read[v].date for v in given):
            return "date"
        if self.separator:
            return "categories"
        listed = 2 * sum(n for v, n in given.items() if v in self.labels) > given.total() or (self.labels and not given)
        amounts = not listed and self.numeric and len(given) > 1
        if amounts and any(not v.isdigit() or int(v) > GREATEST_CODE for v in given):
            shares = SHARE_NAMES.search(f"{self.source} {self.question}") or any(map(SHARE_VALUES.search, given))
            return "percentage" if shares else "number"
        if listed or (0 < len(given) <= MOST_CODES and all(len(v) <= LONGEST_CODE for v in given)):
            codes = self.codes
            truths = [self.truth(code) for code in codes]
            return "boolean" if len(codes) <= 2 and True in truths and None not in truths else "category"
        return "number" if amounts else "category"

    def truth(self, code: str) -> bool | None:
        """Whether a code says yes or no, by its label where it has one; None where it says neither."""
        word = self.labels.get(code, code).casefold()
        return True if word in YES else False if word in NO else None


def look(source: Path) -> tuple[Layout, Path | None, list[Seen]]:
    """How a file looks, the label file beside it, and its columns. Raises UnusableDelivery where it cannot be read."""
    layout = detect_layout(source)
    delivery = Delivery(
        layout.format,
        source.name,
        layout.delimiter,
        None if layout.encoding == "ascii" else layout.encoding,
        layout.decimal or ".",
        layout.thousands,
        header_line=layout.header_line,
        sheet=layout.sheet,
    )
    labels = _label_file(source, layout)
    with private.workspace() as folder, connect() as connection:
        reading = open_delivery(connection, source, delivery, folder, labels=labels)
        values, records = _first_values(connection, reading)
        connection.execute(statement("staged", "parsing"))
        texts: dict[bool, set[str]] = {True: set(), False: set()}
        for column, found in zip(reading.columns, values, strict=True):
            texts[column.numeric] |= {*found, *(label.text for label in column.labels)}
        read = {numeric: _read(connection, found, marks(delivery, numeric)) for numeric, found in texts.items()}
    seen = []
    for column, found in zip(reading.columns, values, strict=True):
        named = {label.code: label.text for label in column.labels}
        as_source = Source(column.source, column.stored, column.question, column.numeric, named, {})
        reads = read[column.numeric]
        kinds = {code: kind for code, text in named.items() if (kind := reads[text].kind)}
        words = is_free_text(as_source, found) or (not named and _are_names(found, reads))
        identifier = recognise(as_source, found)
        kept = {value: reads[value] for value in set(found)}
        seen.append(
            Seen(column.source, column.question, named, kinds, Counter(found), kept, records, identifier, words)
        )
    return layout, labels, seen


def _label_file(source: Path, layout: Layout) -> Path | None:
    """The one R syntax file beside a LimeSurvey export."""
    found = [path for path in sorted(source.parent.glob("*.[rR]")) if layout.format == "limesurvey"]
    return found[0] if len(found) == 1 else None


def _first_values(connection: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[list[list[str]], int]:
    """What the first records hold, column by column, blanks left out; and how many records there are."""
    rows: list[tuple[object, ...]] = []
    cells = ", ".join(quoted(column.stored) for column in reading.columns)

    def first_records(query: str) -> int:
        rows[:] = connection.execute(f"SELECT {cells} FROM ({query}) LIMIT {SEEN_RECORDS}").fetchall()
        return len(rows)

    reading.write(first_records)
    columns = [
        [str(row[place]).strip() for row in rows if row[place] is not None and str(row[place]).strip()]
        for place in range(len(reading.columns))
    ]
    return columns, len(rows)


def _read(
    connection: duckdb.DuckDBPyConnection, values: Iterable[str], number_marks: tuple[str, str]
) -> dict[str, Read]:
    """Each text as `staged` reads it with a decimal and a grouping mark."""
    rows = connection.execute(
        "SELECT v, parse_percentage(v, $decimal, $thousands) IS NOT NULL, parse_date(tidy_cell(v)) IS NOT NULL, "
        "missing_word(tidy_cell(v)) FROM (SELECT unnest($v::VARCHAR[]) AS v)",
        {"v": sorted(values), "decimal": number_marks[0], "thousands": number_marks[1]},
    ).fetchall()
    return {value: Read(bool(number), bool(date), kind) for value, number, date, kind in rows}


def parts_of(value: str, separator: str) -> list[str]:
    """The choices in a cell; a separator before a blank is part of a choice's own text."""
    return [part for part in re.split(rf"{re.escape(separator)}(?! )", value) if part]


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


def _are_names(values: Sequence[str], read: Mapping[str, Read]) -> bool:
    """Many values, most of them different, in letters: who or what they name is nobody's code."""
    different = {value for value in values if LETTERS.search(value) and not read[value].number}
    return len(different) > MOST_CODES and 2 * len(different) > len(values)
