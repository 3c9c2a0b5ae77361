"""Measures and bases: the survey's SQL expressions evaluated on every imputation.

Belongs here: what a firm's concepts make of it (every measure, and which bases it is in). Does not belong here:
missing values (`imputed`), sums over firms (`estimated`).

A measure follows SQL's three-valued logic: it is missing (NULL) where a concept it needs is missing, unless the rest
of the expression decides it anyway (`true OR NULL` is true). A number that cannot be computed (infinite, not a
number, an error for this firm only) is missing too and is counted. A firm is in a base only where the predicate is
true; where it is unknown the firm is left out and counted.
Firms a question was not asked carry the value its wave declares for them (`otherwise`): that is an answer here.
"""

from __future__ import annotations

import logging

import duckdb

from monitor.problems import Problem, WaveStopped
from monitor.stages.derived.query import (
    flags_query,
    measures_query,
    not_computable_query,
    routed_query,
    unknown_base_query,
)
from monitor.storage.lake import Lake, columns_in, statement
from monitor.survey import Survey, Wave
from monitor.survey.expressions import columns_of
from monitor.survey.packs import known_in
from monitor.survey.participation import in_wave

log = logging.getLogger("monitor")


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Write `derived_measures`, `derived_flags` and `derived_routed` of a wave. Returns rows, measures and what could
    not be computed."""
    survey = in_wave(survey, wave)
    told = ("staged_missing", "validated_responses")
    asked = told if all(lake.has(table, wave.name) for table in told) else ()
    with lake.open(wave.name, "imputed_answers", *asked) as connection:
        query = measures_query(survey, columns_in(connection, "imputed_answers"), known_in(wave))
        connection.execute(f"CREATE TABLE derived_measures AS {query}")
        _check_grain(connection, wave)
        rows = lake.write_query(connection, "derived_measures", wave.name, "SELECT * FROM derived_measures")
        flags = lake.write_query(connection, "derived_flags", wave.name, flags_query(survey))
        lake.write_query(connection, "derived_routed", wave.name, routed_query(survey if asked else None))
        not_computable = _not_computable(connection, survey)
        unknown_base = _unknown_bases(connection, survey)
        copies = connection.execute(statement("derived", "copies")).fetchone()
    for measure, firms in not_computable.items():
        log.warning(
            "%s %s: measure %s cannot be computed for %d firms that answered",
            survey.name,
            wave.name,
            measure,
            firms,
        )
    return {
        "rows": rows,
        "firms": rows // (int(copies[0] or 0) + 1) if copies else 0,
        "copies": int(copies[0] or 0) if copies else 0,
        "measures": len(survey.measures),
        "flagged": flags,
        "not_computable": not_computable,
        "unknown_base": unknown_base,
    }


def _check_grain(connection: duckdb.DuckDBPyConnection, wave: Wave) -> None:
    """One row per copy and firm, and as many as came in."""
    duplicate = connection.execute(statement("derived", "doubled_firm")).fetchone()
    if duplicate:
        raise WaveStopped(
            Problem(
                f"wave {wave.name} holds a firm twice",
                firm=duplicate[0],
                expected="one kept response per firm",
                found="several",
                do="declare `duplicates: most_complete` or `latest`, or correct the delivery",
            )
        )


def _not_computable(connection: duckdb.DuckDBPyConnection, survey: Survey) -> dict[str, int]:
    """Measure -> firms of the observed copy that gave every concept it needs and still have no value."""
    columns = columns_in(connection, "imputed_answers")
    counts = {}
    for measure in survey.measures.values():
        names = columns_of(measure.sql)
        if not names or not names <= set(columns):
            continue
        row = connection.execute(not_computable_query(measure, names)).fetchone()
        if row and row[0]:
            counts[measure.name] = int(row[0])
    return counts


def _unknown_bases(connection: duckdb.DuckDBPyConnection, survey: Survey) -> dict[str, int]:
    """Base -> firms of the observed copy of which a missing value hides whether they belong to it."""
    columns = columns_in(connection, "imputed_answers")
    counts = {}
    for base in survey.bases.values():
        row = connection.execute(unknown_base_query(survey, base, columns)).fetchone()
        if row and row[0]:
            counts[base.name] = int(row[0])
    return counts
