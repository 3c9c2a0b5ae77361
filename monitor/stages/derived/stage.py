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
from monitor.storage.lake import Lake, columns_in, literal, quoted
from monitor.survey import Survey, Wave
from monitor.survey.expressions import DUCKDB_TYPES, columns_of

log = logging.getLogger("monitor")


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Write `derived_measures`, `derived_flags` and `derived_routed` of a wave. Returns rows, measures and what could
    not be computed."""
    told = ("staged_missing", "validated_responses")
    asked = told if all(lake.has(table, wave.name) for table in told) else ()
    with lake.open(wave.name, "imputed_answers", *asked) as connection:
        query = measures_query(survey, columns_in(connection, "imputed_answers"))
        connection.execute(f"CREATE TABLE derived_measures AS {query}")
        _check_grain(connection, wave)
        rows = lake.write_query(connection, "derived_measures", wave.name, "SELECT * FROM derived_measures")
        flags = lake.write_query(connection, "derived_flags", wave.name, flags_query(survey))
        lake.write_query(connection, "derived_routed", wave.name, routed_query(survey if asked else None))
        not_computable = _not_computable(connection, survey)
        unknown_base = _unknown_bases(connection, survey)
        copies = connection.execute("SELECT max(imputation) FROM derived_measures").fetchone()
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


def measures_query(survey: Survey, columns: dict[str, str]) -> str:
    """The SELECT that gives every measure and base of every firm and copy out of `imputed_answers`.

    `columns` are the columns that table has; a concept no wave asked and no frame holds is a missing value.
    Columns of the result: imputation, firm, the measures (BOOLEAN, DOUBLE or VARCHAR) and `base_<name>` (BOOLEAN).
    """
    measures = [f"{_measure(m.sql, m.type)} AS {quoted(m.name)}" for m in survey.measures.values()]
    bases = [f"coalesce(({base.sql}), false) AS {quoted(f'base_{base.name}')}" for base in survey.bases.values()]
    selected = ",\n    ".join(["answers.imputation", "answers.firm", *measures, *bases])
    return f"SELECT {selected}\nFROM ({_with_all_concepts(survey, columns)}) AS answers\nORDER BY ALL"


def flags_query(survey: Survey) -> str:
    """The SELECT that names, per firm, the measures that rest on filled-in values: missing in copy 0 only."""
    parts = [
        f"SELECT observed.firm, '{name}' AS measure FROM derived_measures AS observed WHERE observed.imputation = 0 "
        f"AND observed.{quoted(name)} IS NULL AND EXISTS (SELECT 1 FROM derived_measures AS filled "
        f"WHERE filled.firm = observed.firm AND filled.imputation > 0 AND filled.{quoted(name)} IS NOT NULL)"
        for name in survey.measures
    ]
    return " UNION ALL ".join(parts or ["SELECT '' AS firm, '' AS measure WHERE false"]) + " ORDER BY firm, measure"


def routed_query(survey: Survey | None) -> str:
    """The SELECT that names, per firm, the measures none of whose concepts it was asked: their value follows from the
    questionnaire's routing, not from an answer. Without a survey (nothing is known of who was asked) there are none."""
    parts = []
    for measure in survey.measures.values() if survey else ():
        concepts = sorted(columns_of(measure.sql))
        if concepts:
            parts.append(
                f"SELECT firm, {literal(measure.name)} AS measure FROM staged_missing "
                "SEMI JOIN (FROM validated_responses WHERE status = 'kept') USING (firm, response) "
                f"WHERE kind = 'not_asked' AND concept IN ({', '.join(map(literal, concepts))}) "
                f"GROUP BY firm HAVING count(DISTINCT concept) = {len(concepts)}"
            )
    return " UNION ALL ".join(parts or ["SELECT '' AS firm, '' AS measure WHERE false"]) + " ORDER BY firm, measure"


def _measure(sql: str, kind: str) -> str:
    """A measure as a value of its type: an error, an infinity or a not-a-number of one firm is a missing value."""
    if DUCKDB_TYPES[kind] != "DOUBLE":
        return f"TRY(({sql}))::{DUCKDB_TYPES[kind]}"
    return f"CASE WHEN isfinite(TRY(({sql}))::DOUBLE) THEN TRY(({sql}))::DOUBLE END"


def _with_all_concepts(survey: Survey, columns: dict[str, str]) -> str:
    """`imputed_answers` with a NULL column for every concept that an expression names and the table lacks."""
    expressions = [m.sql for m in survey.measures.values()] + [b.sql for b in survey.bases.values()]
    needed = sorted({name for sql in expressions for name in columns_of(sql)} - set(columns))
    absent = [f"NULL::{DUCKDB_TYPES[survey.concepts[name].type]} AS {quoted(name)}" for name in needed]
    return f"SELECT {', '.join(['*', *absent])} FROM imputed_answers"


def _check_grain(connection: duckdb.DuckDBPyConnection, wave: Wave) -> None:
    """One row per copy and firm, and as many as came in."""
    duplicate = connection.execute(
        "SELECT firm FROM derived_measures GROUP BY imputation, firm HAVING count(*) > 1 ORDER BY firm LIMIT 1"
    ).fetchone()
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
        known = " AND ".join(f"answers.{quoted(name)} IS NOT NULL" for name in sorted(names))
        row = connection.execute(
            "SELECT count(*) FROM derived_measures AS derived JOIN imputed_answers AS answers USING (imputation, firm) "
            f"WHERE imputation = 0 AND derived.{quoted(measure.name)} IS NULL AND {known}"
        ).fetchone()
        if row and row[0]:
            counts[measure.name] = int(row[0])
    return counts


def _unknown_bases(connection: duckdb.DuckDBPyConnection, survey: Survey) -> dict[str, int]:
    """Base -> firms of the observed copy of which a missing value hides whether they belong to it."""
    source = _with_all_concepts(survey, columns_in(connection, "imputed_answers"))
    counts = {}
    for base in survey.bases.values():
        row = connection.execute(
            f"SELECT count(*) FROM ({source}) AS answers WHERE imputation = 0 AND ({base.sql}) IS NULL"
        ).fetchone()
        if row and row[0]:
            counts[base.name] = int(row[0])
    return counts
