"""One question as SQL: from a cell's text to a typed value, or to the kind of its absence.

Belongs here: codes, ticks, sets, numbers, dates of one question or frame column. Does not belong here: routing, which
sees several concepts (`routing`), and running anything.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.expressions import DUCKDB_TYPES
from monitor.lake import literal
from monitor.survey import Concept, Delivery, Frame, Question

MISSING_KINDS = ("not_asked", "refused", "dont_know", "break_off", "invalid", "absent")
TRUE_WORDS = ("true", "1", "ja", "yes", "j", "y", "waar", "t")
FALSE_WORDS = ("false", "0", "nee", "no", "n", "onwaar", "f")
UNTICKED_WORDS = ("0", "2", "no", "nee", "n", "false", "off", "not selected", "niet geselecteerd", "unchecked")
"""What export tools write for an option that was not ticked (2 is their second option, "no")"""
MARK = "\x1f"
"""Stands for a separator that is part of an option's own text while a cell is split"""


@dataclass(frozen=True)
class SourceColumn:
    """A source column as staged meets it: the SQL of its text, how numbers are written in it, the file's own labels."""

    sql: str
    decimal: str
    thousands: str
    labels: Mapping[str, str] = field(default_factory=dict)
    user_missing: Mapping[str, str] = field(default_factory=dict)
    """Source code that the file itself marks as missing -> missing kind"""


@dataclass(frozen=True)
class Coded:
    """A question as SQL expressions over tidied cells."""

    value: str
    blank: str
    """True where no cell holds anything"""
    missing: str
    """The declared missing kind of what the cells hold, else NULL"""
    text: str
    """What the cells hold, as evidence"""


def marks(layout: Delivery | Frame, numeric: bool) -> tuple[str, str]:
    """Decimal mark and grouping mark of a column; a column that the file stores as numbers has a point and no groups.

    Where the decimal mark is a comma and no thousands mark is declared, points can only group.
    """
    if numeric:
        return ".", ""
    if layout.thousands is None:
        return layout.decimal, "." if layout.decimal == "," else ""
    return layout.decimal, layout.thousands


def code_key(text: str) -> str:
    """The form in which codes are compared; the macro of that name in sql/staged/parsing.sql."""
    key = " ".join(unicodedata.normalize("NFC", text.replace("\xa0", " ")).lower().split())
    head, _, tail = key.replace(",", ".").partition(".")
    return head if tail and set(tail) == {"0"} and head.lstrip("-").isdigit() else key


def coded(
    question: Question,
    concept: Concept,
    columns: Sequence[SourceColumn],
    layout: Delivery | Frame,
    missing: Mapping[str, str],
) -> Coded:
    """The expressions of one question; `columns` in the order of the question's own columns, `missing` the wave's."""
    kinds = {code: kind for code, kind in {**missing, **question.missing}.items() if kind in MISSING_KINDS}
    if concept.type == "categories" and question.separator is None and (len(columns) > 1 or question.ticked):
        return _ticks(question, columns, kinds)
    column = columns[0]
    kinds = {**column.user_missing, **kinds}
    kinds = {code: kind for code, kind in kinds.items() if code not in question.codes}
    declared = _lookup(column.sql, kinds)
    if concept.type == "categories":
        value = _split(question, concept, column, layout)
    elif concept.type in ("category", "boolean"):
        value = _category(question, concept, column, layout)
    else:
        value = _scalar(question, concept, column, layout)
    numbers = [code for code in kinds if _is_number(code)]
    if concept.type in ("number", "integer", "percentage") and numbers:
        # "999.0", "999,00" and 999 are the same declared code.
        plain = _scalar(replace(question, factor=1.0), concept, column, layout)
        declared = (
            f"coalesce({declared}, CASE {plain} "
            + " ".join(f"WHEN {code} THEN {literal(kinds[code])}" for code in numbers)
            + " END)"
        )
    if kinds:
        value = f"CASE WHEN {declared} IS NULL THEN {value} END"
    return Coded(value, f"{column.sql} IS NULL", declared if kinds else "CAST(NULL AS VARCHAR)", column.sql)


def _is_number(code: str) -> bool:
    try:
        float(code)
    except ValueError:
        return False
    return code.strip().lower() not in ("nan", "inf", "-inf", "infinity")


def _lookup(cell: str, codes: Mapping[str, str], otherwise: str = "NULL") -> str:
    """A cell's code looked up: as it stands first, in its compared form where that finds nothing."""
    if not codes:
        return f"CAST({otherwise} AS VARCHAR)"
    exact = " ".join(f"WHEN {literal(code)} THEN {literal(to)}" for code, to in codes.items())
    keyed = {code_key(code): to for code, to in codes.items()}
    alike = " ".join(f"WHEN {literal(code)} THEN {literal(to)}" for code, to in keyed.items())
    return f"CASE WHEN {cell} IS NULL THEN NULL ELSE CASE {cell} {exact} ELSE CASE code_key({cell}) {alike} ELSE {otherwise} END END END"


def source_codes(
    question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame
) -> dict[str, str]:
    """Everything a cell may hold -> canonical code.

    The question's own codes; without any, the concept's codes themselves (and their labels, where the delivery holds
    labels). What the file says of its codes carries over: a declared label also counts for its code, and a declared
    code for its label.
    """
    codes = {code: _canonical(to) for code, to in question.codes.items()}
    if not codes and concept.type == "boolean":
        codes = dict.fromkeys(TRUE_WORDS, "true") | dict.fromkeys(FALSE_WORDS, "false")
    if not codes and concept.codes:
        codes = {code: code for code in concept.codes}
        if isinstance(layout, Delivery) and layout.values == "labels":
            for code, label in concept.codes.items():
                codes |= {text: code for text in label.values() if text not in codes}
    keyed = {code_key(code): to for code, to in codes.items()}
    for code, label in column.labels.items():
        if code_key(code) not in keyed and code_key(label) in keyed:
            codes[code] = keyed[code_key(label)]
        elif label and code_key(label) not in keyed and code_key(code) in keyed:
            codes[label] = keyed[code_key(code)]
    return codes


def _canonical(code: object) -> str:
    return str(code).lower() if isinstance(code, bool) else str(code)


def _category(question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame) -> str:
    codes = source_codes(question, concept, column, layout)
    if not codes:
        return column.sql
    found = _lookup(column.sql, codes)
    return f"CAST({found} AS BOOLEAN)" if concept.type == "boolean" else found


def _scalar(question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame) -> str:
    decimal, thousands = literal(column.decimal), literal(column.thousands)
    if concept.type == "date":
        form = layout.date_format if isinstance(layout, Delivery) else None
        return f"parse_date_as({column.sql}, {literal(form)})" if form else f"parse_date({column.sql})"
    if concept.type in ("number", "integer", "percentage"):
        number = f"parse_{concept.type}({column.sql}, {decimal}, {thousands})"
        if question.codes:
            # A band or a word that stands for a number.
            known = f"CAST({_lookup(column.sql, {c: _canonical(t) for c, t in question.codes.items()})} AS DOUBLE)"
            number = f"coalesce({known}, {number})"
        scaled = number if question.factor == 1 else f"{number} * {question.factor!r}"
        return f"CAST({scaled} AS {DUCKDB_TYPES[concept.type]})"
    return column.sql


def _split(question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame) -> str:
    """A set in one cell; NULL where one of its options is unknown."""
    separator = question.separator or ","
    codes = source_codes(question, concept, column, layout)
    cell = column.sql
    # An option whose own text holds the separator is set apart before the cell is split.
    inside = sorted((code for code in codes if separator in code), key=len, reverse=True)
    for code in inside:
        cell = f"replace({cell}, {literal(code)}, {literal(code.replace(separator, MARK))})"
    parts = f"list_filter(list_transform(string_split({cell}, {literal(separator)}), lambda p: tidy_cell(p)), lambda p: p IS NOT NULL)"
    if codes:
        hidden = {code.replace(separator, MARK): to for code, to in codes.items()}
        found = f"list_transform({parts}, lambda p: {_lookup('p', hidden)})"
    else:
        found = parts
    known = f"list_filter({found}, lambda p: p IS NOT NULL)"
    return f"CASE WHEN len({known}) = len({parts}) THEN list_sort(list_distinct({known})) END"


def _ticks(question: Question, columns: Sequence[SourceColumn], kinds: Mapping[str, str]) -> Coded:
    """A set over several columns: ticked is what `ticked` names, or anything that is not a way to write `no`.

    All cells blank: nothing is known, unless the question declares what blank means (`blank: []`). NULL where a cell
    holds neither a tick nor a way to write `no`.
    """
    ticked = [code_key(code) for code in question.ticked]
    unticked = [code for code in UNTICKED_WORDS if code not in ticked]
    declared = {code_key(code): _canonical(to) for code, to in question.codes.items()}
    yes = ticked + [code for code, to in declared.items() if to == "true"]
    no = unticked + [code for code, to in declared.items() if to == "false"]
    options, known, absent = [], [], []
    for column, option in zip(columns, question.columns.values(), strict=True):
        here = {**column.user_missing, **kinds}
        gone = f"coalesce({_lookup(column.sql, here)} IS NOT NULL, false)" if here else "false"
        is_no = f"code_key({column.sql}) IN ({', '.join(map(literal, no))})"
        is_yes = f"code_key({column.sql}) IN ({', '.join(map(literal, yes))})" if yes else f"NOT {is_no}"
        tick = f"coalesce({is_yes} AND NOT {gone}, false)"
        options.append(f"CASE WHEN {tick} THEN {literal(option)} END")
        known.append(f"({column.sql} IS NULL OR {tick} OR {is_no} OR {gone})")
        absent.append(_lookup(column.sql, here) if here else "NULL")
    cells = ", ".join(column.sql for column in columns)
    blank = f"coalesce({cells}) IS NULL"
    found = f"list_sort(list_distinct(list_filter([{', '.join(options)}], lambda o: o IS NOT NULL)))"
    # A missing code in every cell that holds anything is the whole question's.
    kind = f"coalesce({', '.join(absent)}, CAST(NULL AS VARCHAR))"
    answered = " OR ".join(
        f"({column.sql} IS NOT NULL AND {gone} IS NULL)" for column, gone in zip(columns, absent, strict=True)
    )
    missing = (
        f"CASE WHEN NOT ({answered}) THEN {kind} END"
        if kinds or any(c.user_missing for c in columns)
        else "CAST(NULL AS VARCHAR)"
    )
    value = f"CASE WHEN NOT ({blank}) AND {missing} IS NULL AND {' AND '.join(known)} THEN {found} END"
    return Coded(value, blank, missing, f"concat_ws(' | ', {cells})")
