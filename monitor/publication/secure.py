"""The secure database: pseudonymised firms, every completed copy, replicate weights, the frame.

Belongs here: firm-level tables of a release. Does not belong here: the macros over them (`macros`), anything
public.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from monitor.publication import secure_beside as beside
from monitor.publication.macros import MACROS, definition
from monitor.publication.public import STORAGE
from monitor.publication.secure_readme import readme
from monitor.storage.lake import Lake, columns_in, connect, literal, quoted, statement
from monitor.survey import Survey
from monitor.survey.names import OF_EVERY_FIRM, SUPPLIED_WEIGHT, declared

TABLES: Mapping[str, str] = {
    "readme": "Where to begin: every table and macro with a first query, and what is asked from Python.",
    "firms": "Firms: one row per survey, wave and firm (its key) with what it answered (not imputed), measures, bases, "
    "weights. Why an answer is not there: missing_kinds.",
    "completed": "Completed copies: one row per survey, wave, firm and imputation (its key); open answers filled in. "
    "Joined to firms, each firm comes once for every copy. Weigh by copy_weight over all copies for an estimate; the "
    "macros give its error too. Where nothing was imputed there is one copy, the answers as they are.",
    "missing": "Missing values: one row per wave, firm and concept without an answer, with the kind.",
    "replicate_weights": "Replicate weights: one row per wave, firm and replicate. Every replicate ran response "
    "adjustment and calibration again. A variance is the sum of the squared deviations of the replicates' estimates "
    "from their mean, times replicate_scale (table designs).",
    "corrections": "Corrections: one row per firm and concept with an applied correction.",
    "designs": "Designs: one row per wave with what intervals need.",
    "frame": "Frame: one row per survey, wave and firm of the frame (its key), whether or not it answered, with frame "
    "variables and what became of it. Empty where a survey has no frame.",
    "programme_firms": "Programme firms: one row per programme and firm (its key) that took part, was refused or could "
    "have applied, as the newest list of grants and the frame before have it.",
    "figures": "Figures: every published indicator before disclosure control, by subgroup, with both standard errors "
    "and why its interval is not the one a macro gives. For those who may see single firms.",
    "labels": "Labels: what each code of a category or set means, and in which order they stand.",
}


design_columns = ("stratum", "population", "invited", "responding", "response_class")


def firm_tables(lake: Lake, survey: Survey, waves: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The secure tables as frames. Direct identifiers and free text are not in the lake's later stages at all."""
    firms, completed, missing, replicates, designs = [], [], [], [], []
    corrections = [pd.DataFrame(columns=["survey", "wave", "firm", "concept"])]
    for wave in waves:
        answers, derived = lake.read("imputed_answers", wave), lake.read("derived_measures", wave)
        answers = answers.rename(columns={"weight": SUPPLIED_WEIGHT})
        derived = derived[[c for c in derived if c in ("imputation", "firm") or c not in answers]]
        weights = lake.read("weighted_weights", wave)
        flags = lake.read("imputed_flags", wave) if lake.has("imputed_flags", wave) else pd.DataFrame()
        copies = answers.merge(derived, on=["imputation", "firm"], validate="1:1")
        copies.insert(0, "survey", survey.name)
        copies.insert(1, "wave", wave)
        steps = [c for c in ("base_weight", "response_weight", "weight") if c in weights]
        framed = [c for c in weights if c not in ("firm", *design_columns, *steps) and c not in copies]
        copies = copies.merge(weights[["firm", *framed]], on="firm")
        observed = copies[copies["imputation"] == 0].drop(columns="imputation")
        filled = (
            flags.groupby("firm")["concept"].agg(lambda c: sorted(set(c))).rename("imputed").reset_index()
            if len(flags)
            else pd.DataFrame({"firm": [], "imputed": []})
        )
        own = [c for c in design_columns if c in weights]
        row = observed.merge(filled, on="firm", how="left").merge(weights[["firm", *own, *steps]], on="firm")
        row["variance_cell"] = _cells(row)
        row["imputed"] = [list(v) if isinstance(v, list) else [] for v in row["imputed"]]
        firms.append(row)
        numbers = sorted(copies["imputation"].unique())
        used = copies[copies["imputation"] > 0] if len(numbers) > 1 else copies
        final = used["firm"].map(weights.set_index("firm")["weight"])
        completed.append(used.assign(copy_weight=final / used["imputation"].nunique()))
        gaps = lake.read("staged_missing", wave) if lake.has("staged_missing", wave) else pd.DataFrame()
        if len(gaps):
            inside = gaps["firm"].isin(observed["firm"])
            missing.append(gaps.loc[inside, ["firm", "concept", "kind"]].assign(survey=survey.name, wave=wave))
        scale = None
        if lake.has("weighted_replicates", wave):
            drawn = lake.read("weighted_replicates", wave)
            matrix = np.stack([np.asarray(w, dtype=float) for w in drawn["weights"]])
            scale = float(drawn["scale"].iloc[0]) if "scale" in drawn else 1 / (matrix.shape[1] - 1)
            replicates.append(
                pd.DataFrame(
                    {
                        "survey": survey.name,
                        "wave": wave,
                        "firm": np.repeat(drawn["firm"].to_numpy(), matrix.shape[1]),
                        "replicate": np.tile(np.arange(1, matrix.shape[1] + 1), len(matrix)),
                        "weight": matrix.ravel(),
                    }
                )
            )
        if lake.has("staged_corrections", wave):
            declared = lake.read("staged_corrections", wave)
            applied = declared[declared["applied"].fillna(False).astype(bool)]
            applied = applied.rename(columns={"column": "concept"})[["firm", "concept"]].drop_duplicates()
            corrections.append(applied.assign(survey=survey.name, wave=wave)[["survey", "wave", "firm", "concept"]])
        designs.append(_design(survey.name, wave, len(weights), row["variance_cell"].nunique(), scale))
    empty = pd.DataFrame(columns=["survey", "wave", "firm", "concept", "kind"])
    tables = {
        "firms": pd.concat(firms, ignore_index=True),
        "completed": pd.concat(completed, ignore_index=True),
        "missing": pd.concat(missing, ignore_index=True)[list(empty)] if missing else empty,
        "replicate_weights": pd.concat(replicates, ignore_index=True)
        if replicates
        else pd.DataFrame(columns=["survey", "wave", "firm", "replicate", "weight"]),
        "corrections": pd.concat(corrections, ignore_index=True),
        "designs": pd.DataFrame(designs),
        **beside.tables(lake, survey, waves, firms),
    }
    known = allowed(survey)
    return {
        name: frame[[c for c in frame if c in known or (name, c) in beside.MEANING]] for name, frame in tables.items()
    }


def allowed(survey: Survey) -> set[str]:
    """The columns that may stand in a secure table: nothing gets in that is not named here.

    Concepts but direct identifiers and free text, measures, bases, and the design's own columns.
    """
    concepts = {c.name for c in survey.concepts.values() if not c.direct_identifier and c.type != "text"}
    return concepts | set(survey.measures) | {f"base_{name}" for name in survey.bases} | set(_known)


def _cells(firms: pd.DataFrame) -> pd.Series:
    """Each firm's cell of the design: its stratum and its response class, as far as it has them."""
    parts = [firms[column].astype("string").fillna("") for column in ("stratum", "response_class") if column in firms]
    cells = pd.Series("", index=firms.index, dtype="string")
    for part in parts:
        cells = cells + "|" + part
    return cells.astype("object")


def _design(survey: str, wave: str, firms: int, strata: int, scale: float | None) -> dict[str, object]:
    from scipy.special import stdtrit

    df = max(firms - strata, 1)
    # To eight decimals: the last bits of a quantile are the processor's.
    t = round(float(stdtrit(df, 0.975)), 8)
    about = {"survey": survey, "wave": wave, "firms": firms, "strata": strata, "df": df, "t": t}
    return about | {"replicate_scale": np.nan if scale is None else scale}


def write_database(path: Path, tables: Mapping[str, pd.DataFrame], survey: Survey) -> None:
    """Write the secure database, readable by its owner only, with labels and definitions as comments."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    path.unlink()
    before = os.umask(0o077)
    try:
        with connect() as connection:
            connection.execute(f"ATTACH {literal(str(path))} AS release (STORAGE_VERSION {literal(STORAGE)})")
            connection.execute("USE release")
            connection.execute("BEGIN TRANSACTION")
            for name, frame in {"readme": readme(survey, tables, TABLES), **tables}.items():
                connection.register("frame", _storable(frame, survey))
                connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM frame")
                connection.unregister("frame")
                _comment(connection, name, survey)
            connection.execute(f"CREATE OR REPLACE TABLE firms AS {statement('released', 'firms_with_missing')}")
            _comment(connection, "firms", survey)
            for name, macro in MACROS.items():
                connection.execute(definition(name, macro))
                connection.execute(f"COMMENT ON MACRO TABLE {quoted(name)} IS {literal(macro.comment)}")
            connection.execute("COMMIT")
            connection.execute("USE memory")
            connection.execute("DETACH release")
    finally:
        os.umask(before)
    path.chmod(0o600)


def _comment(connection: duckdb.DuckDBPyConnection, name: str, survey: Survey) -> None:
    """Say of a table and its columns what they are."""
    connection.execute(f"COMMENT ON TABLE {quoted(name)} IS {literal(TABLES[name])}")
    for column in columns_in(connection, name):
        comment = beside.MEANING.get((name, column)) or meaning(column, survey)
        connection.execute(f"COMMENT ON COLUMN {quoted(name)}.{quoted(column)} IS {literal(comment)}")


def _storable(frame: pd.DataFrame, survey: Survey) -> pd.DataFrame:
    """Columns that hold nothing at all get their concept's type: an unasked question is still a typed column."""
    kinds = {"number": "float64", "percentage": "float64", "integer": "Int64", "boolean": "boolean"}
    out = frame.copy()
    for column in out:
        if out[column].isna().all():
            known = declared(str(column), survey)
            kind: Any = kinds.get(known.type, "string") if known else "string"
            out[column] = out[column].astype(kind)
    return out


_known = {
    **OF_EVERY_FIRM,
    "replicate": "Number of the replicate.",
    "concept": "Concept without an answer.",
    "kind": "Missing kind: not_asked, refused, dont_know, break_off, invalid or absent.",
    "firms": "Usable responses (number).",
    "strata": "Strata with responses (number).",
    "df": "Degrees of freedom: firms minus strata.",
    "replicate_scale": "What each squared deviation of a replicate's estimate counts: 1/(R - 1), and more where "
    "perturbations were made smaller.",
    "t": "97.5% quantile of Student's t with these degrees of freedom.",
}


def meaning(column: str, survey: Survey) -> str:
    """What a column of the secure tables holds: label and definition of its concept or measure, in both languages."""
    if known := declared(column, survey):
        unit = "percent" if known.type == "percentage" else known.unit
        # A measure may bear the name of the concept that it is made of: what was asked is said as well.
        told = {id(x): x for x in (known, survey.concepts.get(column)) if x is not None}.values()
        words = [
            f"{x.label.get(language, '')}: {x.definition.get(language, '')}".strip(": ")
            for language in ("en", "nl")
            for x in told
        ]
        return " | ".join(dict.fromkeys(w for w in words if w)) + (f" [{unit}]" if unit else "")
    if column.startswith("base_") and column.removeprefix("base_") in survey.bases:
        base = survey.bases[column.removeprefix("base_")]
        return f"Whether the firm is in the base: {base.label.get('en', base.name)} | {base.label.get('nl', '')}"
    return _known.get(column, f"{column} (from the survey's frame or design).")
