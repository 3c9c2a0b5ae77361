"""What becomes of every source column, and how a column is recognised that says who someone is.

Belongs here: recognising names, e-mail and IP addresses, phone numbers, coordinates and free text by a column's name
and its values; the table staged_columns. Does not belong here: evidence for one value (the macro `evidence`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb
import pandas as pd

from monitor.lake import quoted
from monitor.staged.sources import Source, Sources
from monitor.survey import Survey, Wave

SEEN_VALUES = 200
"""Values of a column that are looked at"""
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
VALUES: Mapping[str, str] = {
    "e-mail address": r"[^\s@]+@[^\s@]+\.[A-Za-z]{2,}",
    "IP address": r"\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){4,7}",
    "phone number": r"(\+\d{2}|00\d{2}|0)[\s().-]*[1-9]([\s().-]*\d){7,8}",
    "coordinates": r"-?\d{1,3}\.\d{4,}(\s*[,;]\s*-?\d{1,3}\.\d{4,})?",
}
OTHER = re.compile(r"(_TEXT|\[other\]|_other|-oth-|other|anders|namelijk|specify|toelichting|opmerking|comment)", re.I)


def recognise(connection: duckdb.DuckDBPyConnection, source: Source, records: str) -> str | None:
    """What kind of direct identifier a column holds, by its name, its question or its values; None if none is seen."""
    for kind, pattern in NAMES.items():
        if pattern.search(source.name) or (
            source.question and pattern.search(source.question) and len(source.question) < 60
        ):
            return kind
    cell = quoted(source.stored)
    values = ", ".join(f"avg(CAST(regexp_full_match(v, '{pattern}') AS INTEGER))" for pattern in VALUES.values())
    shares = connection.execute(
        f"SELECT {values} FROM (SELECT trim({cell}) AS v FROM {records} WHERE trim({cell}) <> '' LIMIT {SEEN_VALUES})"
    ).fetchall()[0]
    alike = zip(VALUES, shares, strict=True)
    return next((kind for kind, share in alike if share is not None and share > LIKE_SHARE), None)


def is_free_text(connection: duckdb.DuckDBPyConnection, source: Source, records: str) -> bool:
    """Whether an unmapped column looks like answers in words: "other, namely" by name, or long and mostly different."""
    if source.numeric:
        return False
    if OTHER.search(source.name):
        return True
    cell = quoted(source.stored)
    row = connection.execute(
        f"SELECT avg(strlen(v)), count(DISTINCT v) / count(v), avg(CAST(contains(v, ' ') AS INTEGER)) FROM "
        f"(SELECT trim({cell}) AS v FROM {records} WHERE trim({cell}) <> '' LIMIT {SEEN_VALUES})"
    ).fetchall()[0]
    if row[0] is None:
        return False
    return bool(row[0] > 20 and row[1] > 0.5 and row[2] > 0.5)


def treatments(connection: duckdb.DuckDBPyConnection, survey: Survey, wave: Wave, sources: Sources) -> pd.DataFrame:
    """staged_columns: a row per source column (and concept): mapped, dropped_identifier, dropped_text or unmapped."""
    by_column: dict[str, list[str]] = {}
    for concept, question in wave.questions.items():
        for name in question.columns:
            source = sources.find(name)
            if source is not None:
                by_column.setdefault(source.stored, []).append(concept)
    rows = []
    for source in sources.columns:
        for concept in by_column.get(source.stored, [""]):
            declared = survey.concepts.get(concept)
            if declared is not None and declared.direct_identifier:
                treatment, what = "dropped_identifier", concept
            elif declared is not None and declared.type == "text":
                treatment, what = "dropped_text", concept
            elif concept:
                treatment, what = "mapped", concept
            elif recognise(connection, source, "raw_records"):
                treatment, what = "dropped_identifier", ""
            elif is_free_text(connection, source, "raw_records"):
                treatment, what = "dropped_text", ""
            else:
                treatment, what = "unmapped", ""
            question = wave.questions.get(concept)
            text = dict(question.text) if question else {}
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
