"""The secure data as files for Stata and SPSS, with labels.

Belongs here: firms, completed copies and replicate weights as `.dta` and `.sav`. Does not belong here: what is in them
(`secure`), the scripts that read them (`scripts`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monitor.publication.spelling import spelled
from monitor.survey import Survey
from monitor.survey.names import OF_EVERY_FIRM, declared
from monitor.survey.waves import MISSING_KINDS

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


KINDS = tuple(sorted(MISSING_KINDS))
"""Kinds of missing, in the order of their codes: .a, .b, … in Stata"""
SPSS_MISSING = {kind: -9999991.0 - place for place, kind in enumerate(KINDS)}
"""What a kind of missing is in SPSS: below any answer, declared as missing"""


@dataclass(frozen=True)
class Coded:
    """A table as statistics programs hold it: numbers, days, texts, with their words."""

    frame: pd.DataFrame
    labels: Mapping[str, str]
    values: Mapping[str, dict[int | float, str]]
    levels: Mapping[str, str]
    """Column -> nominal or scale"""


def write(folder: Path, tables: Mapping[str, pd.DataFrame], survey: Survey) -> list[Path]:
    """Write `firms`, `completed` and `replicate_weights` as `.dta` and `.sav`: categories as 1, 2, … with value labels,
    true/false as 1/0, days as days, sets as text; why an answer is missing as a missing value of its own in `firms`.

    `completed` has the answers as given (imputation 0) before its copies, and the final weight; `replicate_weights` is
    wide: a row for each firm and wave, what its wave's squared deviations count, `repw1`, `repw2`, ….
    """
    of_files = {
        "firms": (coded(tables["firms"], survey), tables["missing"]),
        "completed": (coded(all_copies(tables), survey), None),
        "replicate_weights": (coded(wide(tables["replicate_weights"], tables["designs"]), survey), None),
    }
    paths = []
    for name, (table, missing) in of_files.items():
        for suffix, put in ((".dta", _stata), (".sav", _spss)):
            path = folder / f"{name}{suffix}"
            path.touch(mode=0o600)
            put(path, table, missing, survey)
            path.chmod(0o600)
            paths.append(path)
    return paths


def all_copies(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The answers as given (imputation 0) and the completed copies, with the final weight of each firm."""
    key = ["survey", "wave", "firm"]
    firms, copies = tables["firms"], tables["completed"].drop(columns="copy_weight", errors="ignore")
    given = firms[[column for column in copies if column in firms]].assign(imputation=0)
    filled = copies[copies["imputation"] > 0]
    both = pd.concat([given, filled], ignore_index=True)[list(copies)]
    weighted = both.merge(firms[[*key, "weight"]], on=key, how="left", validate="many_to_one")
    first = [*key, "imputation", "weight"]
    return weighted[[*first, *(column for column in weighted if column not in first)]]


def wide(replicates: pd.DataFrame, designs: pd.DataFrame) -> pd.DataFrame:
    """(firms of all waves, replicates) `replicate_scale` of the wave, and a column for each replicate."""
    key = ["survey", "wave", "firm"]
    if not len(replicates):
        return replicates[key]
    table = replicates.pivot(index=key, columns="replicate", values="weight")
    table = table.rename(columns=lambda number: f"repw{number}").rename_axis(columns=None).reset_index()
    scales = table["wave"].map(designs.set_index("wave")["replicate_scale"])
    table.insert(len(key), "replicate_scale", scales.astype("float64"))
    return table


def _stata(path: Path, table: Coded, missing: pd.DataFrame | None, survey: Survey) -> None:
    import pyreadstat

    codes = {kind: chr(ord("a") + place) for place, kind in enumerate(KINDS)}
    frame, kinds = (table.frame, {}) if missing is None else with_kinds(table, missing, codes)
    names = {str(c): stata_name(str(c)) for c in frame}
    pyreadstat.write_dta(
        numbers_first(frame, kinds).rename(columns=names),
        path,
        file_label=survey.title.get("en", survey.name)[:80],
        column_labels=[table.labels[str(c)][:80] for c in frame],
        variable_value_labels=_words_of_codes(table, kinds, codes, names),
        missing_user_values={names[column]: sorted(used) for column, used in kinds.items()},
        version=14,
    )


def _spss(path: Path, table: Coded, missing: pd.DataFrame | None, survey: Survey) -> None:
    import pyreadstat

    frame, kinds = (table.frame, {}) if missing is None else with_kinds(table, missing, SPSS_MISSING)
    names = {str(c): spss_name(str(c)) for c in frame}
    reach: Any = {"lo": min(SPSS_MISSING.values()), "hi": max(SPSS_MISSING.values())}
    pyreadstat.write_sav(
        frame.rename(columns=names),
        path,
        file_label=survey.title.get("en", survey.name)[:60],
        column_labels=[table.labels[str(c)][:250] for c in frame],
        variable_value_labels=_words_of_codes(table, kinds, SPSS_MISSING, names),
        missing_ranges={names[column]: [reach] for column in kinds},
        variable_measure={names[c]: level for c, level in table.levels.items()},
        row_compress=True,
    )


def _words_of_codes(
    table: Coded, kinds: Mapping[str, set[Any]], codes: Mapping[str, Any], names: Mapping[str, str]
) -> dict[str, dict[Any, str]]:
    """A column's name in the file -> the words of its codes, those for why an answer is missing among them."""
    values: dict[str, dict[Any, str]] = {names[c]: dict(v) for c, v in table.values.items()}
    words = {code: kind for kind, code in codes.items()}
    for column, used in kinds.items():
        values.setdefault(names[column], {}).update({code: words[code] for code in used})
    return values


def numbers_first(frame: pd.DataFrame, kinds: Collection[str]) -> pd.DataFrame:
    """The rows in such an order that each of these columns has a number among the first.

    pyreadstat takes what a column of numbers and letters is from its first hundred rows: without a number it is text.
    """
    first = {int(np.flatnonzero([isinstance(x, float) and x == x for x in frame[column]])[0]) for column in kinds}
    return frame.iloc[[*sorted(first), *(i for i in range(len(frame)) if i not in first)]]


def with_kinds(
    table: Coded, missing: pd.DataFrame, codes: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, set[Any]]]:
    """The table of firms with the code of why an answer is missing in its place, and which codes each column has.

    Of numbers alone: a text, a set or a day that is missing is empty. Of several kinds of one answer the last counts.
    """
    out = table.frame.copy()
    used: dict[str, set[Any]] = {}
    place = {key: i for i, key in enumerate(zip(out["wave"], out["firm"], strict=True))}
    for concept, gaps in missing.groupby("concept"):
        if concept not in out or not pd.api.types.is_float_dtype(out[concept].dtype) or out[concept].isna().all():
            continue
        # Its own array: a frame finds the place of a single value much more slowly.
        values = out[concept].to_numpy(dtype="object", copy=True)
        for key, kind in zip(zip(gaps["wave"], gaps["firm"], strict=True), gaps["kind"], strict=True):
            at = place.get(key)
            if at is not None and pd.isna(values[at]) and kind in codes:
                values[at] = codes[kind]
                used.setdefault(str(concept), set()).add(codes[kind])
        if concept in used:
            numbers = all(not isinstance(code, str) for code in used[str(concept)])
            out[concept] = values.astype("float64") if numbers else values
    return out, used


def coded(table: pd.DataFrame, survey: Survey) -> Coded:
    """A table of firms with numbers for categories, days for days, and the words of columns and codes."""
    out: dict[str, pd.Series] = {}
    labels: dict[str, str] = {}
    values: dict[str, dict[int | float, str]] = {}
    levels: dict[str, str] = {}
    for name in map(str, table.columns):
        column, levels[name] = table[name], "nominal"
        known = declared(name, survey)
        labels[name] = known.label.get("en", name) if known else OF_EVERY_FIRM.get(name, name.replace("_", " "))
        if known is not None and known.type == "category" and known.codes:
            codes = {code: i for i, code in enumerate(known.codes, start=1)}
            out[name] = column.map(codes).astype("float64")
            values[name] = {i: f"{known.codes[code].get('en', code)}"[:120] for code, i in codes.items()}
        elif _truths(column):
            truths = column.astype("boolean").to_numpy(dtype="float64", na_value=np.nan)
            out[name] = pd.Series(truths, index=column.index)
            values[name] = {0: "no", 1: "yes"}
        elif pd.api.types.is_numeric_dtype(column.dtype):
            out[name], levels[name] = column.astype("Float64").astype("float64"), "scale"
        elif pd.api.types.is_datetime64_any_dtype(column.dtype):
            days = column.dt.date.astype("object")
            out[name], levels[name] = days.where(column.notna(), None), "scale"
        else:
            out[name] = _texts(column)
    return Coded(pd.DataFrame(out), labels, values, levels)


def stata_name(name: str) -> str:
    """A column's name as Stata takes it."""
    return spelled(name, "a-z0-9_", STATA_NAME, STATA_WORDS)


def spss_name(name: str) -> str:
    """A column's name as SPSS takes it."""
    return spelled(name, "a-z0-9_", SPSS_NAME, SPSS_WORDS)


def _truths(column: pd.Series) -> bool:
    """Whether a column holds nothing but true and false, and at least one of them where its type does not say it."""
    if column.dtype == "object":
        return bool(pd.api.types.infer_dtype(column, skipna=True) == "boolean")
    return pd.api.types.is_bool_dtype(column.dtype)


def _texts(column: pd.Series) -> pd.Series:
    """Each value as text: nothing for what is missing, JSON for what holds several."""
    if pd.api.types.infer_dtype(column, skipna=True) in ("string", "empty"):
        return column.astype("object").where(column.notna(), "")
    return column.map(_text).astype("object")


def _text(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str):
        return value
    if hasattr(value, "__iter__"):
        return _listed(tuple(map(str, value)))
    return str(value)


# Of the sets that firms answer many are the same.
@lru_cache(4096)
def _listed(words: tuple[str, ...]) -> str:
    return json.dumps(words, ensure_ascii=False)
