"""A file as the writer of a definition sees it: its layout, and each column judged by all its records.

Belongs here: reading a file with the readings of `raw` and `staged`, counting its values, and what one column says
about another (who was led past it). Does not belong here: judging one column (`columns`), writing YAML.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import duckdb
import numpy as np

from monitor.authoring.columns import MOST_CODES, Read, Seen, labelled_cells
from monitor.authoring.shown import CUSTOMARY_MISSING, is_bare, is_list_of_texts, looks_like_a_name
from monitor.formats.detection import Layout, detect_layout
from monitor.formats.opening import open_delivery
from monitor.formats.reading import Reading
from monitor.problems import DefinitionError, Problem
from monitor.stages.staged.coding import marks
from monitor.stages.staged.privacy import LETTERS, VALUES, is_free_text, recognise
from monitor.stages.staged.sources import Source
from monitor.storage import private
from monitor.storage.lake import connect, literal, quoted, statement
from monitor.survey import Delivery
from monitor.survey.skips import EXPECTED

MOST_DISTINCT = 20_000
"""Different values of a column that are looked at, the most frequent first; a longer list is nobody's codes"""
JUDGED_RECORDS = 2000
"""Records, spread over the file, by which the shape of a column's texts is judged"""
FEWEST_SKIPPED = 3
"""Firms with one code of no answer, all of them led past the question, for it to say so"""
PART = 100_000
"""Records compared at a time"""


def look(source: Path, least: int, declared: Delivery | None = None) -> tuple[Layout, Path | None, list[Seen]]:
    """How a file looks, the label file beside it, and its columns by all its records.

    least: the minimum number of firms, below which no word of theirs may be printed. declared: a layout to
    read it by instead of the detected one. Raises UnusableDelivery where the
    file cannot be read, DefinitionError where its first line holds answers: they would be printed as names.
    """
    layout = detect_layout(source)
    if declared is not None:
        facts = {f.name: getattr(declared, f.name) for f in fields(Layout) if f.name not in ("format", "encoding")}
        layout = replace(layout, **facts)
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
        _refuse_answers_as_names(reading, source)
        connection.execute(statement("staged", "parsing"))
        records = reading.write(lambda query: _keep(connection, reading, query))
        seen = _columns(connection, reading, delivery, records, least)
        return layout, labels, _skips(connection, reading, seen)


def _label_file(source: Path, layout: Layout) -> Path | None:
    """The one R syntax file beside a LimeSurvey export."""
    found = [path for path in sorted(source.parent.glob("*.[rR]")) if layout.format == "limesurvey"]
    return found[0] if len(found) == 1 else None


def _refuse_answers_as_names(reading: Reading, source: Path) -> None:
    names = [column.source for column in reading.columns]
    numbers = sum(name.replace(".", "").replace(",", "").isdigit() for name in names)
    reachable = any(pattern.fullmatch(name) for name in names for pattern in VALUES.values())
    if 2 * numbers >= len(names) > 0 or reachable:
        raise DefinitionError(
            Problem(
                "the first line looks like a firm's answers, not like the names of columns",
                file=source.name,
                expected="a header",
                found="numbers or addresses where names belong",
                do="add a line with the columns' names",
            )
        )


def _keep(connection: duckdb.DuckDBPyConnection, reading: Reading, query: str) -> int:
    """Keep every record, without padding and with blanks as NULL; returns how many there are."""
    cells = ", ".join(f"tidy_cell({quoted(c.stored)}) AS {quoted(c.stored)}" for c in reading.columns)
    connection.execute(f"CREATE TEMP TABLE seen AS SELECT {cells} FROM ({query})")
    return int(connection.execute("SELECT count(*) FROM seen").fetchall()[0][0])


def _columns(
    connection: duckdb.DuckDBPyConnection, reading: Reading, delivery: Delivery, records: int, least: int
) -> list[Seen]:
    step = max(1, records // JUDGED_RECORDS)
    spread = f"SELECT * FROM (SELECT *, row_number() OVER () AS {quoted('row number')} FROM seen)"
    sample = connection.execute(f"{spread} WHERE {quoted('row number')} % {step} = 0").fetchall()
    counts = [_counted(connection, column.stored) for column in reading.columns]
    counted = [values for values, _ in counts]
    texts: dict[bool, set[str]] = {True: set(), False: set()}
    for column, values in zip(reading.columns, counted, strict=True):
        cells = labelled_cells(values)
        texts[column.numeric] |= {*values, *(label.text for label in column.labels)}
        texts[column.numeric] |= {*cells[0], *cells[0].values()} if cells else set()
    read = {numeric: _read(connection, found, marks(delivery, numeric)) for numeric, found in texts.items()}
    seen = []
    for place, (column, values) in enumerate(zip(reading.columns, counted, strict=True)):
        reads = read[column.numeric]
        labels = {label.code: label.text for label in column.labels}
        if is_list_of_texts(values, least, labels):
            labels = {}
        values, in_cells, forms = _without_labels(values, least) if not labels else (values, {}, {})
        named = labels or in_cells
        judged = [str(row[place]) for row in sample if row[place] is not None]
        as_source = Source(column.source, column.stored, column.question, column.numeric, named, {})
        text = is_free_text(as_source, judged) or (not named and _are_names(values, reads))
        seen.append(
            Seen(
                source=column.source,
                question=column.question,
                labels=named,
                label_kinds={code: kind for code, text in named.items() if (kind := reads[text].label_kind)},
                values=values,
                read={value: reads[value] for value in values},
                records=records,
                identifier=recognise(as_source, judged),
                text=text,
                least=least,
                distinct=counts[place][1],
                own_list=bool(labels),
                forms=forms,
            )
        )
    lists = [c for c in seen if 2 < len(c.values) <= MOST_CODES and all(v.isdigit() for v in c.values)]
    labelled = 2 * sum(c.own_list for c in lists) > len(lists)
    return [replace(c, labelled_file=labelled) for c in seen]


def _counted(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[Counter[str], int]:
    """The commonest values of a column with their records, and how many different values it has."""
    name = quoted(column)
    found = connection.execute(
        f"SELECT {name}, count(*) FROM seen WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 "
        f"LIMIT {MOST_DISTINCT}"
    ).fetchall()
    distinct = len(found)
    if distinct == MOST_DISTINCT:
        distinct = int(connection.execute(f"SELECT count(DISTINCT {name}) FROM seen").fetchall()[0][0])
    return Counter({str(value): int(n) for value, n in found}), distinct


def _without_labels(
    values: Counter[str], least: int
) -> tuple[Counter[str], dict[str, str], dict[str, tuple[str, ...]]]:
    """(code -> records, code -> label, code -> forms) where cells hold both; what may not be printed stays as it is."""
    cells = labelled_cells(values)
    if cells is None:
        return values, {}, {}
    labels, forms = cells
    count = {code: sum(values[form] for form in written) for code, written in forms.items()}
    kept = [code for code in labels if is_bare(labels[code]) or count[code] >= least]
    kept = [code for code in kept if not looks_like_a_name(labels[code])]
    merged = Counter({value: n for value, n in values.items() if not any(value in forms[code] for code in kept)})
    for code in kept:
        merged[code] += count[code]
    return merged, {code: labels[code] for code in kept}, {code: forms[code] for code in kept}


def _read(
    connection: duckdb.DuckDBPyConnection, values: Iterable[str], number_marks: tuple[str, str]
) -> dict[str, Read]:
    """Each text as `staged` reads it with a decimal and a grouping mark."""
    rows = connection.execute(
        "SELECT v, parse_percentage(v, $decimal, $thousands) IS NOT NULL, parse_date(tidy_cell(v)) IS NOT NULL, "
        "missing_word(tidy_cell(v)), missing_label(v) FROM (SELECT unnest($v::VARCHAR[]) AS v)",
        {"v": sorted(values), "decimal": number_marks[0], "thousands": number_marks[1]},
    ).fetchall()
    return {value: Read(bool(number), bool(date), *kinds) for value, number, date, *kinds in rows}


def _are_names(values: Counter[str], read: Mapping[str, Read]) -> bool:
    """Many values, most of them different, in letters: who or what they name is nobody's code."""
    different = {value for value in values if LETTERS.search(value) and not read[value].number}
    return len(different) > MOST_CODES and 2 * len(different) > values.total()


def _skips(connection: duckdb.DuckDBPyConnection, reading: Reading, seen: Sequence[Seen]) -> list[Seen]:
    """The columns with the earlier yes/no question whose "no" leads past them, and the codes that say so."""
    gates = [i for i, c in enumerate(seen) if c.type == "boolean" and not c.identifier and not c.words]
    judged = [i for i, c in enumerate(seen) if not c.identifier and c.values]
    coded = [
        (i, code) for i in judged for code in CUSTOMARY_MISSING if code in seen[i].values and code not in seen[i].labels
    ]
    if not gates or not judged:
        return list(seen)
    facts = [_stands_for(reading, seen, i, answer) for i in gates for answer in (False, True)]
    facts += [_is_answer(reading, seen, i) for i in judged]
    facts += [f"{_cell(reading, i)} = {literal(code)}" for i, code in coded]
    columns = ", ".join(f"coalesce({fact}, false) AS {quoted(str(n))}" for n, fact in enumerate(facts))
    table = connection.execute(f"SELECT {columns} FROM seen").fetchnumpy()
    gate = np.zeros((len(facts) - 2 * len(gates), 2 * len(gates)))
    totals = np.zeros(len(facts))
    for start in range(0, seen[0].records, PART):
        part = np.column_stack([np.asarray(table[str(n)][start : start + PART]) for n in range(len(facts))])
        part = part.astype(np.float32)
        gate += part[:, 2 * len(gates) :].T @ part[:, : 2 * len(gates)]
        totals += part.sum(axis=0)
    no, yes = totals[0 : 2 * len(gates) : 2], totals[1 : 2 * len(gates) : 2]
    found = list(seen)
    for row, i in enumerate(judged):
        given_no, given_yes = gate[row, 0::2], gate[row, 1::2]
        codes = {code: len(judged) + n for n, (place, code) in enumerate(coded) if place == i}
        led_past: dict[int, frozenset[str]] = {}
        for g, place in enumerate(gates):
            if place >= i or given_no[g] or not given_yes[g]:
                continue
            skip = [
                code for code, at in codes.items()
                if gate[at, 2 * g] >= FEWEST_SKIPPED and gate[at, 2 * g] == totals[2 * len(gates) + at]
            ]  # fmt: skip
            if skip or no[g] * given_yes[g] >= EXPECTED * yes[g] > 0:
                led_past[g] = frozenset(skip)
        if led_past:
            # Of several, the question that leads most firms past; the first of these.
            g = max(led_past, key=lambda n: (no[n], -n))
            found[i] = replace(seen[i], skipped_by=seen[gates[g]].source, skip_codes=led_past[g])
    return found


def _cell(reading: Reading, place: int) -> str:
    return quoted(reading.columns[place].stored)


def _stands_for(reading: Reading, seen: Sequence[Seen], place: int, answer: bool) -> str:
    """Whether a cell of a yes/no column says this."""
    column = seen[place]
    forms = [f for code in column.answers if column.truth(code) is answer for f in (code, *column.forms.get(code, ()))]
    return f"{_cell(reading, place)} IN ({', '.join(map(literal, forms))})" if forms else "false"


def _is_answer(reading: Reading, seen: Sequence[Seen], place: int) -> str:
    """Whether a cell says something: not blank, no word and no code for no answer."""
    column = seen[place]
    none = {v for v in column.values if column.read[v].kind} | {*column.missing}
    none |= {v for v in column.values if v in CUSTOMARY_MISSING and v not in column.labels}
    forms = sorted({form for code in none for form in (code, *column.forms.get(code, ()))})
    cell = _cell(reading, place)
    return (
        f"{cell} IS NOT NULL AND {cell} NOT IN ({', '.join(map(literal, forms))})" if forms else f"{cell} IS NOT NULL"
    )
