"""The secure data as files for Stata and SPSS, with labels.

Belongs here: the `firms` table as `.dta` and `.sav`. Does not belong here: what is in it (`secure`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from monitor.survey import Survey

STATA_NAME = 31
"""Longest name of a variable with value labels in a Stata file (32 without)"""


def write(folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey) -> list[Path]:
    """Write `firms.dta` and `firms.sav`: categories as 1, 2, … with value labels, true/false as 1/0, sets as text."""
    import pyreadstat

    frame, labels, values = coded(tables["firms"], survey)
    paths = [folder / "firms.dta", folder / "firms.sav"]
    for path in paths:
        path.touch(mode=0o600)
    names = [str(c) for c in frame]
    short = {name: short_name(name) for name in names}
    pyreadstat.write_dta(
        frame.rename(columns=short),
        paths[0],
        file_label=survey.title.get("en", survey.name)[:80],
        column_labels=[labels[c][:80] for c in names],
        variable_value_labels={short[c]: v for c, v in values.items()},
        version=14,
    )
    pyreadstat.write_sav(
        frame,
        paths[1],
        file_label=survey.title.get("en", survey.name)[:60],
        column_labels=[labels[c][:250] for c in names],
        variable_value_labels=values,
    )
    for path in paths:
        path.chmod(0o600)
    return paths


def coded(
    firms: pd.DataFrame, survey: Survey
) -> tuple[pd.DataFrame, dict[str, str], dict[str, dict[int | float, str]]]:
    """The frame with numbers for categories, each column's label, and each coded column's value labels."""
    out: dict[str, pd.Series] = {}
    labels: dict[str, str] = {}
    values: dict[str, dict[int | float, str]] = {}
    for name in map(str, firms.columns):
        column = firms[name]
        concept = survey.concepts.get(name)
        known = survey.measures.get(name) or concept
        labels[name] = known.label.get("en", name) if known else name.replace("_", " ")
        if concept is not None and concept.type == "category" and concept.codes and name not in survey.measures:
            codes = {code: i for i, code in enumerate(concept.codes, start=1)}
            out[name] = column.map(codes).astype("float64")
            values[name] = {i: f"{concept.codes[code].get('en', code)}"[:120] for code, i in codes.items()}
        elif pd.api.types.is_bool_dtype(column.dtype) or _truths(column):
            out[name] = column.map({True: 1.0, False: 0.0}).astype("float64")
            values[name] = {0: "no", 1: "yes"}
        elif pd.api.types.is_numeric_dtype(column.dtype):
            out[name] = column.astype("Float64").astype("float64")
        else:
            out[name] = column.map(_text).astype("object")
    return pd.DataFrame(out), labels, values


def short_name(name: str) -> str:
    """The name in at most 31 characters; long ones keep their beginning and end."""
    return name if len(name) <= STATA_NAME else f"{name[:20]}_{name[-(STATA_NAME - 21) :]}"


def _truths(column: pd.Series) -> bool:
    seen = column.dropna()
    return len(seen) > 0 and bool(seen.map(lambda v: isinstance(v, bool)).all())


def _text(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str):
        return value
    if hasattr(value, "__iter__"):
        return json.dumps([str(v) for v in value], ensure_ascii=False)
    return str(value)
