"""The secure data as files for Stata and SPSS, with labels.

Belongs here: the `firms` table as `.dta` and `.sav`. Does not belong here: what is in it (`secure`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from monitor.publication.spelling import spelled
from monitor.survey import Concept, Survey
from monitor.survey.names import OF_EVERY_FIRM, declared

STATA_NAME = 31
"""Longest name of a variable with value labels in a Stata file (32 without)"""
STATA_WORDS = frozenset(
    (
        "byte", "double", "float", "if", "in", "int", "long", "strl", "using", "with", "_all", "_b", "_coef", "_cons",
        "_n", "_pi", "_pred", "_rc", "_skip", *(f"str{length}" for length in range(2046)),
    )
)  # fmt: skip
SPSS_NAME = 64
SPSS_WORDS = frozenset(("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"))


def write(folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey) -> list[Path]:
    """Write `firms.dta` and `firms.sav`: categories as 1, 2, … with value labels, true/false as 1/0, sets as text."""
    import pyreadstat

    frame, labels, values = coded(tables["firms"], survey)
    paths = [folder / "firms.dta", folder / "firms.sav"]
    for path in paths:
        path.touch(mode=0o600)
    names = [str(c) for c in frame]
    stata, spss = ({name: spell(name) for name in names} for spell in (stata_name, spss_name))
    pyreadstat.write_dta(
        frame.rename(columns=stata),
        paths[0],
        file_label=survey.title.get("en", survey.name)[:80],
        column_labels=[labels[c][:80] for c in names],
        variable_value_labels={stata[c]: v for c, v in values.items()},
        version=14,
    )
    pyreadstat.write_sav(
        frame.rename(columns=spss),
        paths[1],
        file_label=survey.title.get("en", survey.name)[:60],
        column_labels=[labels[c][:250] for c in names],
        variable_value_labels={spss[c]: v for c, v in values.items()},
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
        known = declared(name, survey)
        labels[name] = known.label.get("en", name) if known else OF_EVERY_FIRM.get(name, name.replace("_", " "))
        if isinstance(known, Concept) and known.type == "category" and known.codes:
            codes = {code: i for i, code in enumerate(known.codes, start=1)}
            out[name] = column.map(codes).astype("float64")
            values[name] = {i: f"{known.codes[code].get('en', code)}"[:120] for code, i in codes.items()}
        elif pd.api.types.is_bool_dtype(column.dtype) or _truths(column):
            out[name] = column.map({True: 1.0, False: 0.0}).astype("float64")
            values[name] = {0: "no", 1: "yes"}
        elif pd.api.types.is_numeric_dtype(column.dtype):
            out[name] = column.astype("Float64").astype("float64")
        else:
            out[name] = column.map(_text).astype("object")
    return pd.DataFrame(out), labels, values


def stata_name(name: str) -> str:
    """A column's name as Stata takes it."""
    return spelled(name, "a-z0-9_", STATA_NAME, STATA_WORDS)


def spss_name(name: str) -> str:
    """A column's name as SPSS takes it."""
    return spelled(name, "a-z0-9_", SPSS_NAME, SPSS_WORDS)


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
