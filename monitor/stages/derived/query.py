"""The stage's SELECTs: a survey's measures and bases on every copy, and what is to be told of them.

Does not belong here: what an expression may say (`survey.expressions`), what no declaration changes (`sql/derived/`).
"""

from __future__ import annotations

from collections.abc import Collection

from monitor.storage.lake import literal, quoted
from monitor.survey import Base, Measure, Survey
from monitor.survey.expressions import DUCKDB_TYPES, columns_of

NO_MEASURE = "SELECT '' AS firm, '' AS measure WHERE false"


def measures_query(survey: Survey, columns: Collection[str], asked: Collection[str] | None = None) -> str:
    """The SELECT that gives every measure and base of every firm and copy out of `imputed_answers`.

    `columns` are the columns that table has; a concept no wave asked and no frame holds is a missing value. `asked` are
    the concepts that the wave asks or has on its frame (None: all): without one that a measure needs, it is missing.
    Columns of the result: imputation, firm, the measures (BOOLEAN, DOUBLE or VARCHAR) and `base_<name>` (BOOLEAN).
    """
    lacking = {m.name for m in survey.measures.values() if asked is not None and not m.needs <= set(asked)}
    measures = [
        f"{_measure('NULL' if m.name in lacking else m.sql, m.type)} AS {quoted(m.name)}"
        for m in survey.measures.values()
    ]
    bases = [f"coalesce(({base.sql}), false) AS {quoted(f'base_{base.name}')}" for base in survey.bases.values()]
    selected = ",\n    ".join(["answers.imputation", "answers.firm", *measures, *bases])
    return f"""-- Grain: imputation x firm. Inputs: imputed_answers.
SELECT {selected}
FROM ({_with_all_concepts(survey, columns)}) AS answers
ORDER BY ALL"""


def flags_query(survey: Survey) -> str:
    """The SELECT that names, per firm, the measures that rest on filled-in values: missing in copy 0 only."""
    parts = [
        f"""SELECT observed.firm, {literal(name)} AS measure
FROM derived_measures AS observed
WHERE observed.imputation = 0 AND observed.{quoted(name)} IS NULL AND EXISTS (
    SELECT 1 FROM derived_measures AS filled
    WHERE filled.firm = observed.firm AND filled.imputation > 0 AND filled.{quoted(name)} IS NOT NULL
)"""
        for name in survey.measures
    ]
    return _by_firm("-- Grain: firm x measure. Inputs: derived_measures.", parts)


def routed_query(survey: Survey | None) -> str:
    """The SELECT that names, per firm, the measures none of whose concepts it was asked: their value follows from the
    questionnaire's routing, not from an answer. Without a survey (nothing is known of who was asked) there are none."""
    parts = []
    for measure in survey.measures.values() if survey else ():
        concepts = sorted(columns_of(measure.sql))
        if concepts:
            parts.append(f"""SELECT firm, {literal(measure.name)} AS measure
FROM staged_missing
SEMI JOIN (FROM validated_responses WHERE status = 'kept') USING (firm, response)
WHERE kind = 'not_asked' AND concept IN ({", ".join(map(literal, concepts))})
GROUP BY firm HAVING count(DISTINCT concept) = {len(concepts)}""")
    return _by_firm("-- Grain: firm x measure. Inputs: staged_missing, validated_responses.", parts)


def not_computable_query(measure: Measure, concepts: Collection[str]) -> str:
    """How many firms of the observed copy gave every concept of a measure and have no value of it."""
    known = " AND ".join(f"answers.{quoted(name)} IS NOT NULL" for name in sorted(concepts))
    return (
        "SELECT count(*) FROM derived_measures AS derived JOIN imputed_answers AS answers USING (imputation, firm) "
        f"WHERE imputation = 0 AND derived.{quoted(measure.name)} IS NULL AND {known}"
    )


def unknown_base_query(survey: Survey, base: Base, columns: Collection[str]) -> str:
    """How many firms of the observed copy have a missing value that hides whether they are in a base."""
    source = _with_all_concepts(survey, columns)
    return f"SELECT count(*) FROM ({source}) AS answers WHERE imputation = 0 AND ({base.sql}) IS NULL"


def _by_firm(grain: str, parts: Collection[str]) -> str:
    """What the parts name, firm by firm."""
    union = "\nUNION ALL\n".join(parts or [NO_MEASURE])
    return f"{grain}\n{union}\nORDER BY firm, measure"


def _measure(sql: str, kind: str) -> str:
    """A measure as a value of its type: an error, an infinity or a not-a-number of one firm is a missing value."""
    if DUCKDB_TYPES[kind] != "DOUBLE":
        return f"TRY(({sql}))::{DUCKDB_TYPES[kind]}"
    return f"CASE WHEN isfinite(TRY(({sql}))::DOUBLE) THEN TRY(({sql}))::DOUBLE END"


def _with_all_concepts(survey: Survey, columns: Collection[str]) -> str:
    """`imputed_answers` with a NULL column for every concept that an expression names and the table lacks."""
    expressions = [m.sql for m in survey.measures.values()] + [b.sql for b in survey.bases.values()]
    needed = sorted({name for sql in expressions for name in columns_of(sql)} - set(columns))
    absent = [f"NULL::{DUCKDB_TYPES[survey.concepts[name].type]} AS {quoted(name)}" for name in needed]
    return f"SELECT {', '.join(['*', *absent])} FROM imputed_answers"
