"""The raw stage: a wave's deliveries, kept byte for byte, and their records as text with row and line number.

`deliveries` says which files they are, `formats` reads them, `amendments` compares a delivery with the one before it.
Does not belong here: what a column means, what a value is.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import pandas as pd

from monitor.formats.opening import READERS, open_delivery
from monitor.formats.reading import Reading
from monitor.problems import MonitorError, Problem, UnusableDelivery
from monitor.stages.raw.amendments import Amendments, amendments, no_amendments
from monitor.stages.raw.corrections import corrections_frame, read_corrections
from monitor.stages.raw.decisions import NOTHING_DECIDED, Decisions, read_decisions
from monitor.stages.raw.deliveries import Kept, arrive, choose, file_of, find, grants_of, history, inbox, readable_name
from monitor.stages.raw.grants import grants_frame, read_grants
from monitor.storage import private
from monitor.storage.lake import Lake, connect
from monitor.survey import Delivery, Survey, Wave

__all__ = ["FORMATS", "Reading", "open_delivery", "run"]

FORMATS = tuple(READERS)
"""The formats a delivery may have"""

log = logging.getLogger("monitor")

MEMORY_LIMIT = "1GB"
"""What DuckDB may hold before it spills into the home"""


def run(lake: Lake, survey: Survey, wave: Wave, deliveries: Sequence[Path] | None = None) -> dict[str, object]:
    """Take in a wave's deliveries: raw_deliveries, raw_records, raw_frame, raw_columns, raw_codes,
    raw_corrections, raw_amendments, raw_grants.

    `deliveries` are files handed in; without them, the wave's inbox is looked at, and where nothing lies there the
    lake's own current deliveries are read again. Raises UnusableDelivery with every problem; nothing in the lake is
    replaced then.
    """
    known = history(lake, wave)
    kept, decided = _arrive_all(lake, survey, wave, known, find(lake, survey, wave, deliveries))
    current = {k.role: k for k in kept if k.current}
    with private.workspace(lake.home) as folder, connect(spill=folder / "spill") as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        readings, corrections, grants = _opened(connection, lake, survey, wave, current, folder)
        records = _write_records(connection, lake, wave, readings, current)
        _write_columns(lake, wave, readings)
        amended = _amendments(connection, lake, survey, wave, kept, decided, folder)
        changes = amended.changes
        if amended.standing:
            lake.write_query(connection, "raw_records", wave.name, amended.standing)
    lake.write("raw_corrections", wave.name, corrections)
    lake.write("raw_amendments", wave.name, changes)
    lake.write("raw_grants", wave.name, grants)
    rows = [_described(k, readings.get(k.role), records.get(k.role)) if k.current else k for k in kept]
    lake.write("raw_deliveries", wave.name, pd.DataFrame([asdict(k) for k in rows]))
    notes = [note for reading in readings.values() for note in reading.notes]
    for note in notes:
        log.log(logging.WARNING if note.severity == "warning" else logging.INFO, "%s %s", wave.name, note.render())
    answers = next(k for k in rows if k.current and k.role == "answers")
    arrived = {k.delivery for k in known}
    return {
        "delivery": answers.delivery,
        "file": answers.file,
        "format": answers.format,
        "encoding": answers.encoding,
        "delimiter": answers.delimiter,
        "records": answers.records,
        "columns": len(readings["answers"].columns),
        "frame_records": records.get("frame", 0),
        "new_answers": answers.delivery not in arrived,
        "new_deliveries": len({k.delivery for k in rows} - arrived),
        **_amended(changes),
        "notes": [note.as_dict() for note in notes],
    }


def _amended(changes: pd.DataFrame) -> dict[str, object]:
    """How many responses are amended, in all and by what was decided about them."""
    responses = ["firm", "line_before", "line_after"]
    by_decision = {
        f"amendments_{decision}": len(changes[changes["decision"] == decision].drop_duplicates(responses))
        for decision in ("accepted", "refused", "undecided")
    }
    return {"amended_responses": len(changes.drop_duplicates(responses)), **by_decision}


def _opened(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    survey: Survey,
    wave: Wave,
    current: dict[str, Kept],
    folder: Path,
) -> tuple[dict[str, Reading], pd.DataFrame, pd.DataFrame]:
    """The readings of the current deliveries with every column the wave needs, declared corrections, and grants."""
    readings = _open_all(connection, lake, survey, wave, current, folder)
    problems = [
        p for role in readings for p in _missing_columns(survey, wave, role, readings[role], current[role].file)
    ]
    corrections = corrections_frame([])
    if "corrections" in current:
        with _collecting(problems):
            corrections = read_corrections(file_of(lake, wave, current["corrections"].delivery))
    grants: list[dict[str, object]] = []
    for programme in wave.grants:
        if (role := grants_of(programme)) in current:
            with _collecting(problems):
                grants += read_grants(file_of(lake, wave, current[role].delivery), programme)
    if problems:
        raise UnusableDelivery(problems)
    return readings, corrections, grants_frame(grants)


def _write_records(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    wave: Wave,
    readings: dict[str, Reading],
    current: dict[str, Kept],
) -> dict[str, int]:
    """Write raw_records and raw_frame; the records of each role."""
    records: dict[str, int] = {}
    for role, table in (("answers", "raw_records"), ("frame", "raw_frame")):
        if role in readings:
            log.info("%s %s: reading %s", wave.name, table, current[role].file)
            records[role] = readings[role].write(
                lambda query, table=table: lake.write_query(connection, table, wave.name, query)  # type: ignore[misc]
            )
        else:
            lake.remove(table, wave.name)
    return records


def _arrive_all(
    lake: Lake, survey: Survey, wave: Wave, known: Sequence[Kept], found: dict[str, list[Path]]
) -> tuple[list[Kept], dict[str, Decisions]]:
    """The wave's deliveries of every role after this arrival, and what is decided of them; every problem at once."""
    problems: list[Problem] = []
    arrived: list[Kept] = []
    for role, paths in found.items():
        for path in paths:
            with _collecting(problems):
                arrived.append(arrive(lake, wave, role, path))
    folder = inbox(lake.home, survey.name, wave.name)
    decided: dict[str, Decisions] = {}
    with _collecting(problems):
        decided = read_decisions(folder, [kept.delivery for kept in (*known, *arrived)])
    refused = {delivery for delivery, decisions in decided.items() if decisions.refuses_all}
    kept = []
    for role in ("answers", "labels", "frame", "corrections", *map(grants_of, wave.grants)):
        kept += choose([k for k in known if k.role == role], [k for k in arrived if k.role == role], refused)
    # Corrections that were taken away no longer hold; a frame or an answer that was used stays.
    kept = [replace(k, current=False) if k.role == "corrections" and k.role not in found else k for k in kept]
    for role, pattern in (("answers", wave.delivery.file), ("labels", wave.delivery.label_file)):
        missing = pattern and not any(k.role == role and k.current for k in kept)
        if missing and not problems:
            problems.append(_absent(folder, role, pattern or "", wave))
    if wave.frame and not any(k.role == "frame" and k.current for k in kept) and not problems:
        problems.append(_absent(folder, "frame", wave.frame.file, wave))
    if problems:
        raise UnusableDelivery(problems)
    return kept, decided


def _absent(folder: Path, role: str, pattern: str, wave: Wave) -> Problem:
    there = sorted(readable_name(p) for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
    return Problem(
        what=f"no {role} file of wave {wave.name} was delivered",
        file=pattern,
        severity="critical",
        expected=f"a file named like {pattern} in inbox/{folder.parent.name}/{folder.name}",
        found=", ".join(there) or "nothing",
        do="put the delivery into the inbox, or name it with --input",
    )


def _open_all(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    survey: Survey,
    wave: Wave,
    current: dict[str, Kept],
    folder: Path,
) -> dict[str, Reading]:
    """The answers and the frame opened; every problem of both at once."""
    problems: list[Problem] = []
    readings: dict[str, Reading] = {}
    layouts: dict[str, Delivery] = {"answers": wave.delivery}
    if wave.frame:
        layouts["frame"] = wave.frame.delivery
    for role, layout in layouts.items():
        with _collecting(problems):
            aside = folder / role
            aside.mkdir()
            readings[role] = open_delivery(
                connection,
                file_of(lake, wave, current[role].delivery),
                layout,
                aside,
                required=_required(survey, wave, role),
                labels=file_of(lake, wave, current["labels"].delivery)
                if role == "answers" and "labels" in current
                else None,
            )
    if problems:
        raise UnusableDelivery(problems)
    return readings


def _required(survey: Survey, wave: Wave, role: str) -> list[str]:
    """The source columns a wave needs of a delivery; those that are dropped anyway it can do without."""
    if role == "frame":
        return list(wave.frame.columns) if wave.frame else []
    kept = [q for name, q in wave.questions.items() if q.required and not _dropped(survey, name)]
    return [column for question in kept for column in question.columns]


def _dropped(survey: Survey, concept: str) -> bool:
    declared = survey.concepts.get(concept)
    return declared is not None and (declared.direct_identifier or declared.type == "text")


def _missing_columns(survey: Survey, wave: Wave, role: str, reading: Reading, file: str) -> Iterator[Problem]:
    """Every column that the wave needs and the delivery does not have, with the nearest name it has."""
    questions = {} if role == "frame" else {c: q for q in wave.questions.values() for c in q.columns}
    names = [column.source for column in reading.columns]
    for wanted in _required(survey, wave, role):
        if reading.column(wanted) is None:
            near = difflib.get_close_matches(wanted, names, n=1)
            question = questions.get(wanted)
            concept = question.concept if question else (wave.frame.columns[wanted] if wave.frame else "")
            yield Problem(
                what=f"the delivery has no column {wanted!r}, which {concept} is read from",
                file=file,
                column=wanted,
                severity="critical",
                expected=f"{wanted} (declared in {wave.file.name}{f':{question.line}' if question else ''})",
                found=f"the nearest name is {near[0]}" if near else f"{len(names)} other columns",
                do="ask for the export with this column, or mend the question's column in the wave's file",
            )


def _described(kept: Kept, reading: Reading | None, records: int | None) -> Kept:
    if reading is None:
        return kept
    return replace(kept, format=reading.format, encoding=reading.encoding, delimiter=reading.delimiter, records=records)


def _write_columns(lake: Lake, wave: Wave, readings: dict[str, Reading]) -> None:
    """raw_columns (a row per source column) and raw_codes (a row per code that the file itself labels)."""
    columns = [
        {
            "role": role,
            "position": position,
            "source_column": column.source,
            "stored": column.stored,
            "question": column.question,
            "numeric": column.numeric,
        }
        for role, reading in readings.items()
        for position, column in enumerate(reading.columns, start=1)
    ]
    codes = [
        {"role": role, "stored": column.stored, **asdict(label)}
        for role, reading in readings.items()
        for column in reading.columns
        for label in column.labels
    ]
    lake.write("raw_columns", wave.name, pd.DataFrame(columns))
    text, flag = pd.Series([], dtype="str"), pd.Series([], dtype="bool")
    empty = pd.DataFrame({"role": text, "stored": text, "code": text, "text": text, "user_missing": flag})
    lake.write("raw_codes", wave.name, pd.DataFrame(codes) if codes else empty)


def _amendments(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    survey: Survey,
    wave: Wave,
    kept: Sequence[Kept],
    decided: dict[str, Decisions],
    folder: Path,
) -> Amendments:
    """What the current answers change against those that stood before them."""
    answers = [k for k in kept if k.role == "answers"]
    place = next(i for i, k in enumerate(answers) if k.current)
    accepted = [k for k in answers[: place + 1] if not k.decision]

    def open_earlier(delivery: Kept) -> Reading:
        aside = folder / delivery.delivery
        aside.mkdir()
        required = _required(survey, wave, "answers")
        return open_delivery(
            connection, file_of(lake, wave, delivery.delivery), wave.delivery, aside, required=required
        )

    try:
        return amendments(connection, lake, survey, wave, accepted, decided, open_earlier)
    except UnusableDelivery as unreadable:
        if decided.get(answers[place].delivery, NOTHING_DECIDED).by_firm:
            raise
        log.warning("%s: the delivery before this one cannot be read any more: %s", wave.name, unreadable)
        return Amendments(no_amendments(), None)


@contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    """Add the problems of a step to a list instead of stopping at the first."""
    try:
        yield
    except MonitorError as error:
        problems.extend(error.problems)
