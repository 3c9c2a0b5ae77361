"""The tables and views that rules read, on one connection.

Belongs here: which responses are judged, and what stands beside them (last wave, frame, missing kinds, the wave
itself). Does not belong here: rules and verdicts.
"""

from __future__ import annotations

from dataclasses import astuple

import duckdb

from monitor.stages.validated import register
from monitor.stages.validated.query import (
    AMOUNTS,
    all_answers_query,
    amounts_query,
    both_asked_query,
    judged_query,
    last_wave_query,
    responses_query,
    wave_query,
)
from monitor.stages.validated.questionnaire import ANSWERS, INVALID, asked
from monitor.storage.lake import Lake, columns_in, statement
from monitor.survey import Survey, Wave
from monitor.survey.skips import COLUMNS, skips

VIEWS = (
    "responses", "missing", "wave", "frame", "last_wave", "growth", "item_response", "failure_trend", "identifiers",
    "left_out", "skips", "not_running",
)  # fmt: skip
"""What a rule may name in `requires` beside concepts"""


def prepare(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> set[str]:
    """Lay out the tables of a wave for its rules; returns the concepts and views that rules may require.

    responses       every response: usable, answered, asked, yes_no_answered, yes_no_true, finished_at
    set_aside       responses no rule judges: not usable, or another response of the firm holds
    staged_answers  the answers of all others
    invalid_values  their values that could not be read, with the original text
    missing, wave, frame, last_wave, growth, item_response, identifiers, left_out: where the lake has what they need
    skips           properties of models and claims that seem to follow from a routing nobody declared
    not_running     initiatives that are not of this wave's register, and why
    """
    connection.execute(f"CREATE VIEW delivered_answers AS SELECT * FROM {lake.scan(ANSWERS, wave.name)}")
    columns = set(columns_in(connection, "delivered_answers"))
    concepts = [name for name in asked(survey, wave) if name in columns]
    of_frame = _frame_facts(connection, lake, wave, columns)
    connection.execute(f"CREATE VIEW all_answers AS {all_answers_query(of_frame)}")
    connection.execute(f"CREATE TABLE responses AS {responses_query(survey, wave, concepts)}")
    connection.execute(
        f"CREATE TABLE set_aside AS {statement('validated', 'set_aside')}", {"duplicates": wave.duplicates}
    )
    (aside,) = connection.execute("SELECT count(*) FROM set_aside").fetchone() or (0,)
    connection.execute(f"CREATE VIEW {ANSWERS} AS {judged_query('all_answers', bool(aside))}")
    connection.execute(f"CREATE VIEW all_missing AS SELECT * FROM {lake.scan('staged_missing', wave.name)}")
    connection.execute(f"CREATE VIEW missing AS {judged_query('all_missing', bool(aside))}")
    connection.execute(f"CREATE TABLE {INVALID} AS {statement('validated', 'invalid_values')}")
    connection.execute(f"CREATE TABLE wave AS {wave_query(wave)}")
    connection.execute("CREATE VIEW staged_missing AS SELECT * FROM missing")
    connection.execute(f"CREATE TABLE skips ({COLUMNS})")
    for skip in skips(connection, survey, wave):
        connection.execute("INSERT INTO skips VALUES (?, ?, ?, ?, ?, ?)", astuple(skip))
    available = {*concepts, *of_frame, "responses", "missing", "wave", "skips"}
    available |= register.prepare(connection, survey, wave)
    if lake.has("staged_frame", wave.name):
        available.add("frame")
    for view in ("identifiers", "left_out"):
        if lake.has(f"staged_{view}", wave.name):
            connection.execute(f"CREATE VIEW {view} AS SELECT * FROM {lake.scan(f'staged_{view}', wave.name)}")
            available.add(view)
    return available | _beside_last_wave(connection, lake, survey, wave, concepts)


def last_wave(lake: Lake, survey: Survey, wave: Wave) -> str | None:
    """The nearest earlier wave of the survey whose answers are in the lake."""
    earlier = [name for name in sorted(survey.waves) if name < wave.name and lake.has(ANSWERS, name)]
    return earlier[-1] if earlier else None


def _beside_last_wave(
    connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave, concepts: list[str]
) -> set[str]:
    """Lay out what holds this wave against the last; returns the views there are."""
    before = last_wave(lake, survey, wave)
    if before is None:
        return set()
    connection.execute(f"CREATE VIEW last_answers AS SELECT * FROM {lake.scan(ANSWERS, before)}")
    if validated := lake.has("validated_responses", before):
        scan = lake.scan("validated_responses", before)
        connection.execute(f"CREATE VIEW last_responses AS SELECT * FROM {scan}")
    connection.execute(f"CREATE VIEW last_wave AS {last_wave_query(validated)}")
    scan = lake.scan("staged_missing", before)
    connection.execute(f"CREATE VIEW last_missing_values AS SELECT * FROM {scan}")
    connection.execute(f"CREATE VIEW last_missing AS {statement('validated', 'last_missing')}")
    both = [name for name in concepts if name in survey.waves[before].questions]
    connection.execute(f"CREATE TABLE both_asked AS {both_asked_query(both)}")
    connection.execute(f"CREATE TABLE item_response AS {statement('validated', 'item_response')}")
    there = set(columns_in(connection, "last_wave")) & {*concepts} & {*AMOUNTS}
    if not there:
        return {"last_wave", "item_response"}
    for view, source in (("amounts", ANSWERS), ("last_amounts", "last_wave")):
        connection.execute(f"CREATE VIEW {view} AS {amounts_query(source, there)}")
    connection.execute(f"CREATE TABLE growth AS {statement('validated', 'growth')}")
    return {"last_wave", "item_response", "growth"}


def _frame_facts(connection: duckdb.DuckDBPyConnection, lake: Lake, wave: Wave, known: set[str]) -> list[str]:
    """The concepts that only the frame knows (size band, sector), once the frame is laid out."""
    if not lake.has("staged_frame", wave.name):
        return []
    connection.execute(f"CREATE VIEW frame AS SELECT * FROM {lake.scan('staged_frame', wave.name)}")
    columns = list(columns_in(connection, "frame"))
    return [name for name in columns if name not in known | {"firm", "invited", "disposition"}]
