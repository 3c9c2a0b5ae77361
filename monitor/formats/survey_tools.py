"""Exports of Qualtrics and LimeSurvey: delimited text with each tool's own headings and label files.

Belongs here: what these tools add to delimited text. Does not belong here: delimited text itself.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from monitor.formats import delimited
from monitor.formats.column_names import tidy
from monitor.formats.delivery import Delivery
from monitor.formats.reading import Column, Label, Reading, unusable
from monitor.formats.text import open_text
from monitor.storage import private

QUALTRICS_HEADINGS = 3
OWN_NUMBERS = re.compile(
    r"location(lat|long)itude|duration \(in seconds\)|progress|.*_(first click|last click|page submit|click count)|"
    r"interviewtime|(group|question)time\w*|seed|lastpage|id",
    re.IGNORECASE,
)
"""Columns of numbers that a tool measures itself: written with a point, whatever respondents type"""
COLUMN_WORDS = {"column", "question", "variable", "name", "kolom", "vraag", "variabele", "vraagcode"}
CODE_WORDS = {"code", "value", "answer code", "answer_code", "antwoordcode", "waarde"}
LABEL_WORDS = {"label", "text", "answer", "antwoord", "tekst", "antwoordtekst", "omschrijving"}


def read_qualtrics(
    connection: duckdb.DuckDBPyConnection, path: Path, aside: Path, delivery: Delivery, required: Sequence[str]
) -> Reading:
    """A Qualtrics export: the names, the questions' texts and the import ids stand above the records."""
    reading, headings = delimited.read(
        connection,
        path,
        aside,
        delimiter=delivery.delimiter,
        encoding=delivery.encoding,
        header_line=delivery.header_line,
        header_records=QUALTRICS_HEADINGS,
        format_name="qualtrics",
        required=required,
    )
    _, questions, ids = headings
    if not all("ImportId" in cell for cell in ids if cell.strip()) or not any("ImportId" in cell for cell in ids):
        raise unusable(
            path.name,
            "the third heading row is not Qualtrics' row of import ids",
            line=delivery.header_line + 2,
            expected='{"ImportId":"QID1"} in every cell',
            found=ids[0] if ids else "nothing",
            do="export with all three heading rows, or declare `format: delimited`",
        )
    texts = dict(enumerate(questions))
    columns = (replace(column, question=tidy(texts.get(column.place, ""))) for column in reading.columns)
    return replace(reading, columns=tuple(map(_own_numbers, columns)))


def read_limesurvey(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    aside: Path,
    delivery: Delivery,
    required: Sequence[str],
    label_path: Path | None,
) -> Reading:
    """A LimeSurvey export of answer codes or answers, with the labels of its separate label file."""
    reading, _ = delimited.read(
        connection,
        path,
        aside,
        delimiter=delivery.delimiter,
        encoding=delivery.encoding,
        header_line=delivery.header_line,
        format_name="limesurvey",
        required=required,
    )
    reading = replace(reading, columns=tuple(map(_own_numbers, reading.columns)))
    if label_path is None:
        return reading
    labels, questions = read_labels(label_path)
    return replace(reading, columns=tuple(_labelled(column, labels, questions) for column in reading.columns))


def _own_numbers(column: Column) -> Column:
    return replace(column, numeric=OWN_NUMBERS.fullmatch(column.source) is not None)


def read_labels(path: Path) -> tuple[dict[str, tuple[Label, ...]], dict[str, str]]:
    """Labels and question texts by column: of LimeSurvey's R syntax file, or of a table of column, code and label."""
    with private.workspace() as folder:
        text = open_text(path, None, folder)
        content = text.plain.read_text(encoding="utf-8")
        if path.suffix.lower() == ".r" or "names(data)[" in content:
            return _r_syntax(content)
        own = delimited.own_delimiter(text.plain)
        delimiter = own or delimited.detect_delimiter(text.plain)
        content = content.split("\n", 1)[1] if own else content
    return _label_table(path, content, delimiter)


def _r_syntax(content: str) -> tuple[dict[str, tuple[Label, ...]], dict[str, str]]:
    """Lines like `data[, 7] <- factor(data[, 7], levels=c("A1"),labels=c("Yes"))` and `names(data)[7] <- "q1"`."""
    string = r'"((?:[^"\\]|\\.)*)"'
    names = dict(re.findall(rf"names\(data\)\[(\d+)\]\s*<-\s*{string}", content))
    texts = dict(re.findall(rf"variable\.labels\[(\d+)\]\s*<-\s*{string}", content))
    labels: dict[str, tuple[Label, ...]] = {}
    levels_of = r"data\[,\s*(\d+)\]\s*<-\s*factor\(.*?levels\s*=\s*c\((.*?)\)\s*,"
    factor = rf"{levels_of}\s*labels\s*=\s*c\(((?:\s*,?\s*{string})*)\s*\)\s*\)"
    for number, levels, shown, _ in re.findall(factor, content, flags=re.DOTALL):
        codes = [a or b for a, b in re.findall(rf"{string}|(-?[\d.]+)", levels)]
        words = re.findall(string, shown)
        labels[names.get(number, "")] = tuple(
            Label(_unescaped(code), _unescaped(word)) for code, word in zip(codes, words, strict=False)
        )
    labels.pop("", None)
    return labels, {names[n]: _unescaped(t) for n, t in texts.items() if n in names}


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _label_table(path: Path, content: str, delimiter: str) -> tuple[dict[str, tuple[Label, ...]], dict[str, str]]:
    rows = [row for row in csv.reader(content.splitlines(), delimiter=delimiter) if any(cell.strip() for cell in row)]
    heading = [tidy(cell).casefold() for cell in rows[0]] if rows else []
    places = [
        next((i for i, h in enumerate(heading) if h in words), None)
        for words in (COLUMN_WORDS, CODE_WORDS, LABEL_WORDS)
    ]
    column_at, code_at, label_at = places
    if column_at is None or code_at is None or label_at is None:
        raise unusable(
            path.name,
            "the label file is neither LimeSurvey's R syntax nor a table of labels",
            line=1,
            expected="columns named column, code and label",
            found=", ".join(heading),
            do="export the R syntax file, or write a table with these three columns",
        )
    labels: dict[str, list[Label]] = {}
    questions: dict[str, str] = {}
    for row in rows[1:]:
        cells = [*row, *[""] * len(heading)]
        column, code, label = (tidy(cells[i]) for i in (column_at, code_at, label_at))
        if code:
            labels.setdefault(column, []).append(Label(code, label))
        elif column:
            questions[column] = label
    return {column: tuple(found) for column, found in labels.items()}, questions


def _labelled(column: Column, labels: Mapping[str, tuple[Label, ...]], questions: Mapping[str, str]) -> Column:
    """A subquestion takes the labels of its question where it has none of its own.

    It is `q2[SQ001]` in the answers and `q2_SQ001` in the R syntax file.
    """
    flat = re.sub(r"[\[_]+", "_", column.source.replace("]", "_")).strip("_")
    names = [column.source, flat, re.split(r"[\[_]", column.source, maxsplit=1)[0]]
    found: tuple[Label, ...] = next((labels[name] for name in names if name in labels), ())
    question = next((questions[name] for name in names if name in questions), column.question)
    return replace(column, labels=found, question=question)
