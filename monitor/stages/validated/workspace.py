"""The tables and views that rules read, on one connection.

Belongs here: which responses are judged, and what stands beside them (last wave, frame, missing kinds, the wave
itself). Does not belong here: rules and verdicts.
"""

from __future__ import annotations

from dataclasses import astuple

import duckdb

from monitor.stages.validated.questionnaire import ANSWERS, INVALID, asked
from monitor.storage.lake import Lake, columns_in, literal, quoted, statement
from monitor.survey import Survey, Wave
from monitor.survey.skips import COLUMNS, skips

VIEWS = (
    "responses", "missing", "wave", "frame", "last_wave", "growth", "item_response", "failure_trend", "identifiers",
    "left_out", "skips",
)  # fmt: skip
"""What a rule may name in `requires` beside concepts"""

AMOUNTS = ("employees", "turnover_eur")
"""What is held against the last wave"""


def prepare(connection: duckdb.DuckDBPyConnection, lake: Lake, survey: Survey, wave: Wave) -> set[str]:
    """Lay out the tables of a wave for its rules; returns the concepts and views that rules may require.

    responses       every response: usable, answered, asked, yes_no_answered, yes_no_true, finished_at
    set_aside       responses no rule judges: not usable, or another response of the firm holds
    staged_answers  the answers of all others
    invalid_values  their values that could not be read, with the original text
    missing, wave, frame, last_wave, growth, item_response, identifiers, left_out: where the lake has what they need
    skips           properties of models and claims that seem to follow from a routing nobody declared
    """
    scan = lake.scan(ANSWERS, wave.name)
    columns = set(columns_in(connection, f"SELECT * FROM {scan}"))
    concepts = [name for name in asked(survey, wave) if name in columns]
    of_frame = _frame_facts(connection, lake, wave, columns)
    # A firm that is in the frame twice fails a rule there; here it must not double a response.
    facts = f"(SELECT DISTINCT ON (firm) firm, {', '.join(map(quoted, of_frame))} FROM frame)"
    joined = f" LEFT JOIN {facts} USING (firm)" if of_frame else ""
    connection.execute(f"CREATE VIEW all_answers AS SELECT * FROM {scan}{joined}")
    connection.execute(f"CREATE TABLE responses AS {_responses(survey, wave, concepts)}")
    connection.execute(
        f"CREATE TABLE set_aside AS {statement('validated', 'set_aside')}", {"duplicates": wave.duplicates}
    )
    (aside,) = connection.execute("SELECT count(*) FROM set_aside").fetchone() or (0,)
    judged = " WHERE response NOT IN (SELECT response FROM set_aside)" if aside else ""
    connection.execute(f"CREATE VIEW {ANSWERS} AS SELECT * FROM all_answers{judged}")
    connection.execute(f"CREATE VIEW missing AS SELECT * FROM {lake.scan('staged_missing', wave.name)}{judged}")
    connection.execute(f"CREATE TABLE {INVALID} AS SELECT * FROM missing WHERE kind = 'invalid'")
    connection.execute(
        f"CREATE TABLE wave AS SELECT {literal(wave.name)} AS wave, {int(wave.reference_year)} AS reference_year"
    )
    connection.execute("CREATE VIEW staged_missing AS SELECT * FROM missing")
    connection.execute(f"CREATE TABLE skips ({COLUMNS})")
    for skip in skips(connection, survey, wave):
        connection.execute("INSERT INTO skips VALUES (?, ?, ?, ?, ?, ?)", astuple(skip))
    available = {*concepts, *of_frame, "responses", "missing", "wave", "skips"}
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
    connection.execute(f"CREATE VIEW last_wave AS {_kept_answers(lake, before)}")
    connection.execute(
        f"CREATE VIEW last_missing AS SELECT * FROM {lake.scan('staged_missing', before)}"
        " WHERE response IN (SELECT response FROM last_wave)"
    )
    both = [literal(name) for name in concepts if name in survey.waves[before].questions]
    connection.execute(f"CREATE TABLE both_asked AS SELECT unnest([{', '.join(both)}]::VARCHAR[]) AS concept")
    connection.execute(f"CREATE TABLE item_response AS {statement('validated', 'item_response')}")
    there = set(columns_in(connection, "last_wave")) & {*concepts} & {*AMOUNTS}
    if not there:
        return {"last_wave", "item_response"}
    for view, source in (("amounts", ANSWERS), ("last_amounts", "last_wave")):
        known = ", ".join(f"CAST({name if name in there else 'NULL'} AS DOUBLE) AS {name}" for name in AMOUNTS)
        connection.execute(f"CREATE VIEW {view} AS SELECT firm, response, line, {known} FROM {source}")
    connection.execute(f"CREATE TABLE growth AS {statement('validated', 'growth')}")
    return {"last_wave", "item_response", "growth"}


def _frame_facts(connection: duckdb.DuckDBPyConnection, lake: Lake, wave: Wave, known: set[str]) -> list[str]:
    """The concepts that only the frame knows (size band, sector), once the frame is laid out."""
    if not lake.has("staged_frame", wave.name):
        return []
    connection.execute(f"CREATE VIEW frame AS SELECT * FROM {lake.scan('staged_frame', wave.name)}")
    columns = list(columns_in(connection, "frame"))
    return [name for name in columns if name not in known | {"firm", "invited", "disposition"}]


def _responses(survey: Survey, wave: Wave, concepts: list[str]) -> str:
    def total(conditions: list[str]) -> str:
        return " + ".join(f"({condition})::INTEGER" for condition in conditions) or "0"

    answered = [name for name in concepts if survey.concepts[name].type != "identifier"]
    yes_no = [name for name in answered if survey.concepts[name].type == "boolean" and name != "finished"]
    finished = quoted("finished_at") if "finished_at" in concepts else "NULL::DATE"
    return (
        f"SELECT firm, response, line, coalesce(({wave.usable}), false) AS usable,"
        f" {total([f'{quoted(name)} IS NOT NULL' for name in answered])} AS answered, {len(answered)} AS asked,"
        f" {total([f'{quoted(name)} IS NOT NULL' for name in yes_no])} AS yes_no_answered,"
        f" {total([f'coalesce({quoted(name)}, false)' for name in yes_no])} AS yes_no_true,"
        f" {finished} AS finished_at FROM all_answers"
    )


def _kept_answers(lake: Lake, wave: str) -> str:
    answers = f"SELECT * FROM {lake.scan(ANSWERS, wave)}"
    if not lake.has("validated_responses", wave):
        return answers
    kept = f"SELECT response FROM {lake.scan('validated_responses', wave)} WHERE status = 'kept'"
    return f"{answers} WHERE response IN ({kept})"
