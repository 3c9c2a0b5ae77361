"""One question as SQL: from a cell's text to a typed value, or to the kind of its absence.

Belongs here: codes, ticks, sets, numbers, dates of one question or frame column. Does not belong here: routing, which
sees several concepts (`routing`), and running anything.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.storage.lake import literal, quoted
from monitor.survey import Concept, Delivery, Frame, Question
from monitor.survey.classification import size_band_sql
from monitor.survey.expressions import DUCKDB_TYPES
from monitor.survey.ranges import ranges_of
from monitor.survey.waves import MISSING_KINDS

TRUE_WORDS = ("true", "1", "ja", "yes", "j", "y", "waar", "t")
FALSE_WORDS = ("false", "0", "nee", "no", "n", "onwaar", "f")
UNTICKED_WORDS = ("0", "2", "no", "nee", "n", "false", "off", "not selected", "niet geselecteerd", "unchecked")
"""What export tools write for an option that was not ticked (2 is their second option, "no")"""
KIND_MARK = "missing: "
"""Stands before a missing kind among codes, which never begin with it; `kind_in` and `code_in` (parsing.sql) read it"""
TICKED, UNTICKED, UNKNOWN = "ticked", "not ticked", "unknown"
"""What a cell of an option says, where it is no missing kind"""
NO_KIND = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True)
class SourceColumn:
    """A source column as staged meets it: the SQL of its text as it stands, its marks of numbers, its own labels."""

    sql: str
    decimal: str
    thousands: str
    labels: Mapping[str, str] = field(default_factory=dict)
    user_missing: Mapping[str, str] = field(default_factory=dict)
    """Source code that the file itself marks as missing -> missing kind"""


@dataclass(frozen=True)
class Coded:
    """A question as SQL expressions over tidied cells, in two steps so that nothing is worked out twice."""

    found: Mapping[str, str]
    """Column -> what the cells give by themselves: a code, a number, a set, or KIND_MARK and a declared missing kind"""
    value: str
    """The typed value, over what was found"""
    missing: str
    """The declared missing kind, over what was found; else NULL"""
    blank: str
    """True where no cell holds anything"""
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
    if question.of_staff:
        return _band(question, concept, column, layout, kinds)
    make = {"categories": _set, "category": _code, "boolean": _code}.get(concept.type)
    if make is None:
        make = _number if concept.type in ("number", "integer", "percentage") else _plain
    return make(question, concept, column, layout, kinds)


def _found(question: Question) -> str:
    """The column that holds what a question's cells give by themselves."""
    return quoted(f"found {question.concept}")


def _word(question: Question) -> str:
    """The column that holds what a question's declared words stand for, beside the numbers or dates it finds."""
    return quoted(f"word {question.concept}")


def _result(found: Mapping[str, str], column: SourceColumn, value: str, missing: str) -> Coded:
    text = f"tidy_cell({column.sql})"
    return Coded(found, value, missing, f"{text} IS NULL", text)


def _marked(kinds: Mapping[str, str]) -> dict[str, str]:
    """Missing kinds as they stand among codes."""
    return {code: KIND_MARK + kind for code, kind in kinds.items()}


def _code(
    question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame, kinds: Mapping[str, str]
) -> Coded:
    """A category or a boolean."""
    codes = source_codes(question, concept, column, layout)
    unlisted = _ranged(column, question) if codes else _unlisted(f"tidy_cell({column.sql})", layout)
    found = _found(question)
    value = f"CASE {found} WHEN 'true' THEN true WHEN 'false' THEN false END"
    if concept.type == "category":
        value = f"code_in({found})" if kinds else found
    looked_up = _lookup(column.sql, {**_marked(kinds), **codes}, unlisted)
    return _result({found: looked_up}, column, value, f"kind_in({found})" if kinds else NO_KIND)


def _ranged(column: SourceColumn, question: Question) -> str:
    """The code of the declared range in which a number lies; NULL where it lies in none."""
    number = f"parse_number({column.sql}, {literal(column.decimal)}, {literal(column.thousands)})"
    branches = [
        f"WHEN {number} >= {r.low!r}"
        + ("" if r.high is None else f" AND {number} {'<=' if r.closed else '<'} {r.high!r}")
        + f" THEN {literal(_canonical(r.code))}"
        for r in ranges_of(question.codes)
    ]
    return f"CASE {' '.join(branches)} END" if branches else "NULL"


def _unlisted(cell: str, layout: Delivery | Frame) -> str:
    """A code of an official classification: what a register says, but of an answer only what is formed like a code.

    Words that someone typed could be a name, and would go on to every later table.
    """
    return f"code_like({cell})" if isinstance(layout, Delivery) else f"CASE WHEN NOT is_error({cell}) THEN {cell} END"


def _set(
    question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame, kinds: Mapping[str, str]
) -> Coded:
    """A set in one cell; NULL where one of its options is unknown, a kind where the cell is one missing code."""
    separator = question.separator or ","
    codes = source_codes(question, concept, column, layout)
    cell = f"tidy_cell({column.sql})"
    for code in sorted((code for code in codes if separator in code), key=len, reverse=True):
        cell = f"set_apart({cell}, {literal(code)}, {literal(separator)})"
    known = {**_marked(kinds), **codes}
    option = _lookup("p", known, otherwise="NULL" if codes else _unlisted("p", layout))
    found = _found(question)
    options = f"[{option} for p in options_in({cell}, {literal(separator)})]"
    # list_distinct leaves NULLs out: a set that gets smaller by more than its repetitions held something unknown.
    unknown = f"[c for c in {found} if code_in(c) IS NULL]"
    value = f"CASE WHEN len({unknown}) = 0 THEN list_sort(list_distinct({found})) END"
    missing = f"CASE WHEN len({found}) = 1 THEN kind_in({found}[1]) END"
    return _result({found: options}, column, value, missing)


def _number(
    question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame, kinds: Mapping[str, str]
) -> Coded:
    """A number; a missing code is the same however it is written ("999", "999,00"), a declared word stands for one."""
    kind = DUCKDB_TYPES[concept.type]
    found, word = _found(question), _word(question)
    columns = {found: f"parse_{concept.type}({column.sql}, {literal(column.decimal)}, {literal(column.thousands)})"}
    known = {code: _canonical(to) for code, to in question.codes.items()}
    words = _marked({code: kind for code, kind in kinds.items() if not _is_number(code)}) | known
    numbers = " ".join(f"WHEN {float(code)!r} THEN {literal(kinds[code])}" for code in kinds if _is_number(code))
    missing = f"CASE {found} {numbers} END" if numbers else NO_KIND
    if words:
        columns[word] = _lookup(column.sql, words)
        missing = f"coalesce(kind_in({word}), {missing})"
    plain = found if question.factor == 1 else f"{found} * {question.factor!r}"
    value = f"CASE WHEN {missing} IS NULL THEN CAST({plain} AS {kind}) END" if kinds else f"CAST({plain} AS {kind})"
    if known:
        value = f"coalesce(try_cast(code_in({word}) AS {kind}), {value})"
    return _result(columns, column, value, missing)


def _band(
    question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame, kinds: Mapping[str, str]
) -> Coded:
    """The size band of a number of persons employed; a negative number is none."""
    staff = _number(question, replace(concept, type="number"), column, layout, kinds)
    return replace(staff, value=size_band_sql(f"({staff.value})"))


def _plain(
    question: Question, concept: Concept, column: SourceColumn, layout: Delivery | Frame, kinds: Mapping[str, str]
) -> Coded:
    """A date, or an identifier as it stands (a pseudonym here too)."""
    found, word = _found(question), _word(question)
    form = layout.date_format if isinstance(layout, Delivery) else None
    if concept.type == "identifier":
        parsed = f"pseudonym(firm_id({column.sql}))"
    elif concept.type == "date":
        cell = f"tidy_cell({column.sql})"
        parsed = f"parse_date_as({cell}, {literal(form)})" if form else f"parse_date({cell})"
    else:
        parsed = f"tidy_cell({column.sql})"
    if not kinds:
        return _result({found: parsed}, column, found, NO_KIND)
    columns = {found: parsed, word: _lookup(column.sql, kinds)}
    return _result(columns, column, f"CASE WHEN {word} IS NULL THEN {found} END", word)


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
    # DuckDB works a function of one column out once for each entry of a Parquet dictionary, a CASE for each row; and
    # only what is no declared code as it stands is tidied and brought into its compared form.
    found = [
        _mapped(cell, codes),
        _mapped(f"code_key(tidy_cell({cell}))", {code_key(c): to for c, to in codes.items()}),
    ]
    if otherwise != "NULL":
        found.append(f"CASE WHEN tidy_cell({cell}) IS NOT NULL THEN {otherwise} END")
    return f"coalesce({', '.join(found)})"


def _mapped(key: str, values: Mapping[str, str]) -> str:
    listed = (f"[{', '.join(literal(text) for text in texts)}]" for texts in (values.keys(), values.values()))
    return f"map_extract_value(MAP({', '.join(listed)}), {key})"


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
    for code, words in column.labels.items():
        if code_key(code) not in keyed and code_key(words) in keyed:
            codes[code] = keyed[code_key(words)]
        elif words and code_key(words) not in keyed and code_key(code) in keyed:
            codes[words] = keyed[code_key(code)]
    return codes


def _canonical(code: object) -> str:
    return str(code).lower() if isinstance(code, bool) else str(code)


def _ticks(question: Question, columns: Sequence[SourceColumn], kinds: Mapping[str, str]) -> Coded:
    """A set over several columns: ticked is what `ticked` names, or anything that is not a way to write `no`.

    All cells blank: nothing is known, unless the question declares what blank means (`blank: []`). NULL where a cell
    holds neither a tick nor a way to write `no`.
    """
    yes = set(question.ticked)
    no = set(UNTICKED_WORDS) - {code_key(code) for code in yes}
    states_of = [_tick_states({**column.user_missing, **kinds}, yes, no) for column in columns]

    def otherwise(cell: str) -> str:
        # A spreadsheet's error is no tick.
        ticked = f"CASE WHEN NOT is_error(tidy_cell({cell})) THEN {literal(TICKED)} ELSE {literal(UNKNOWN)} END"
        return literal(UNKNOWN) if yes else ticked

    cells = ", ".join(column.sql for column in columns)
    if all(states == states_of[0] for states in states_of):
        found = f"[{_lookup('c', states_of[0], otherwise('c'))} for c in [{cells}]]"
    else:
        looked = (_lookup(c.sql, states, otherwise(c.sql)) for c, states in zip(columns, states_of, strict=True))
        found = f"[{', '.join(looked)}]"
    name = _found(question)
    answered = f"list_has_any({name}, [{literal(TICKED)}, {literal(UNTICKED)}, {literal(UNKNOWN)}])"
    options = f"[{', '.join(literal(option) for option in question.columns.values())}]"
    ticks = f"list_sort(list_distinct(list_filter({options}, lambda o, i: {name}[i] = {literal(TICKED)})))"
    value = f"CASE WHEN {answered} AND NOT list_contains({name}, {literal(UNKNOWN)}) THEN {ticks} END"
    missing = f"CASE WHEN NOT {answered} THEN [s for s in {name} if s IS NOT NULL][1] END"
    blank = f"len([s for s in {name} if s IS NOT NULL]) = 0"
    return Coded({name: found}, value, missing, blank, f"concat_ws(' | ', {cells})")


def _tick_states(kinds: Mapping[str, str], yes: set[str], no: set[str]) -> dict[str, str]:
    """What a cell of an option may hold -> ticked, not ticked, or the missing kind it stands for."""
    states = {code: kind for code, kind in kinds.items() if code not in yes}
    states |= {code: UNTICKED for code in sorted(no) if code not in states}
    return states | dict.fromkeys(sorted(yes), TICKED)
