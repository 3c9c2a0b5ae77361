"""What becomes of every source column, and how a column is recognised that says who someone is.

Belongs here: recognising names, e-mail and IP addresses, phone numbers, coordinates and free text by a column's name
and its values; the table staged_columns. Does not belong here: evidence for one value (the macro `evidence`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence

import duckdb
import pandas as pd

from monitor.stages.staged.query import first_cells_query
from monitor.stages.staged.sources import Source, Sources
from monitor.survey import Survey, Wave

SEEN_CELLS = 200_000
"""Cells that are looked at in all, spread evenly over the columns"""
LIKE_SHARE = 0.5
"""Share of the seen values that must look alike"""

NAMES: Mapping[str, re.Pattern[str]] = {
    "e-mail address": re.compile(r"e-?mail", re.I),
    "IP address": re.compile(r"^ip(_?addr(ess)?|_?adres)?$|ip ?address|ip-?adres", re.I),
    "coordinates": re.compile(r"latitude|longitude|^lat$|^lon(g)?$|breedtegraad|lengtegraad|geoloc", re.I),
    "phone number": re.compile(r"phone|telefoon|^tel$|mobiel|^gsm$", re.I),
    "name": re.compile(
        r"(first|last|full|family|contact|company|organi[sz]ation|recipient)[ _-]?(first|last)?[ _-]?name|^naam$|"
        r"voornaam|achternaam|contactpersoon|bedrijfsnaam|organisatienaam|naam_(bedrijf|contact)|contact[ _-]?name",
        re.I,
    ),
    "address": re.compile(r"^(post)?(code|adres)$|straat|huisnummer|street|postal|zip ?code|postcode", re.I),
}
VALUES: Mapping[str, re.Pattern[str]] = {
    "e-mail address": re.compile(r"[^\s@]+@[^\s@]+\.[A-Za-z]{2,}"),
    "IP address": re.compile(r"\d{1,3}(\.\d{1,3}){3}|(?=.*:)[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){4,7}"),
    "phone number": re.compile(r"(\+\d{2}|00\d{2}|0)[\s().-]*[1-9]([\s().-]*\d){7,8}"),
    "coordinates": re.compile(r"-?\d{1,2}\.\d{4,}\s*[,;]\s*-?\d{1,3}\.\d{4,}"),
}
LETTERS = re.compile(r"[^\W\d_]{3}")
OTHER = re.compile(
    r"(_TEXT|\[other\]|[_\[-]other|-oth-|^other|anders|namelijk|specify|toelichting|opmerking|remark|comment)", re.I
)


def recognise(source: Source, values: Sequence[str] = ()) -> str | None:
    """What kind of direct identifier a column holds, by its name, its question or its values; None if none is seen.

    A column that the file stores as numbers is judged by its name alone: numbers look like many things.
    """
    for kind, pattern in NAMES.items():
        if pattern.search(source.name) or (len(source.question) < 60 and pattern.search(source.question)):
            return kind
    if source.numeric or not values:
        return None
    for kind, pattern in VALUES.items():
        if sum(pattern.fullmatch(value) is not None for value in values) > LIKE_SHARE * len(values):
            return kind
    return None


def is_free_text(source: Source, values: Sequence[str] = ()) -> bool:
    """Whether a column looks like answers in words: "other, namely" by its name, or long and mostly different."""
    if source.numeric:
        return False
    if OTHER.search(source.name):
        return True
    worded = [value for value in values if " " in value and len(value) > 15 and LETTERS.search(value)]
    return len(worded) > LIKE_SHARE * len(values) > 0 and len(set(values)) > LIKE_SHARE * len(values)


def seen_values(connection: duckdb.DuckDBPyConnection, sources: Sources, skip: Container[str]) -> dict[str, list[str]]:
    """Stored column -> values of its first records, of the columns that are not skipped."""
    looked = [source.stored for source in sources.columns if source.stored not in skip]
    if not looked:
        return {}
    rows = max(50, min(2000, SEEN_CELLS // len(looked)))
    records = connection.execute(first_cells_query(looked, rows)).fetchall()
    return {
        stored: [value.strip() for value in column if value is not None and value.strip()]
        for stored, column in zip(looked, zip(*records, strict=True), strict=True)
    }


def treatments(connection: duckdb.DuckDBPyConnection, survey: Survey, wave: Wave, sources: Sources) -> pd.DataFrame:
    """staged_columns: a row per source column (and concept): mapped, dropped_identifier, dropped_text or unmapped."""
    by_column: dict[str, list[str]] = {}
    for concept, question in wave.questions.items():
        for name in question.columns:
            source = sources.find(name)
            if source is not None:
                by_column.setdefault(source.stored, []).append(concept)
    rows = []
    values = seen_values(connection, sources, by_column)
    for source in sources.columns:
        seen = values.get(source.stored, [])
        for concept in by_column.get(source.stored, [""]):
            declared = survey.concepts.get(concept)
            if declared is not None and declared.direct_identifier:
                treatment, what = "dropped_identifier", concept
            elif declared is not None and declared.type == "text":
                treatment, what = "dropped_text", concept
            elif concept:
                treatment, what = "mapped", concept
            elif recognise(source, seen):
                treatment, what = "dropped_identifier", ""
            elif is_free_text(source, seen):
                treatment, what = "dropped_text", ""
            else:
                treatment, what = "unmapped", ""
            asked = wave.questions.get(concept)
            text = dict(asked.text) if asked else {}
            rows.append(
                {
                    "source_column": source.name,
                    "concept": what or None,
                    "treatment": treatment,
                    "question_nl": text.get("nl") or source.question or None,
                    "question_en": text.get("en") or source.question or None,
                }
            )
    return pd.DataFrame(rows).astype(dict.fromkeys(("source_column", "treatment"), "str"))
