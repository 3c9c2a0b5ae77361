"""A frame brought into the shape of the contract.

Belongs here: order, types, key, digits and empty cells of a table's frame. Does not belong here: which tables and
columns there are.
"""

from __future__ import annotations

import pandas as pd

from monitor.contract import BY_NAME
from monitor.contract.columns import AS_IT_IS, OF_ERROR, POOLED
from monitor.precision import to_error

STATED = ("suppressed", "held", "counts_held")
DTYPES = {"VARCHAR": "object", "DOUBLE": "float64", "BIGINT": "Int64", "BOOLEAN": "boolean", "TIMESTAMP": "object"}


def shaped(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as the contract has the table: its columns in order and typed, sorted by key, the key unique.

    A column the frame lacks is NULL; `suppressed` and `held` are false where not said, `pooled` follows from the wave.
    Columns beyond the contract are left out: nothing reaches the public by accident. Raises ValueError where the key
    repeats.
    """
    table = BY_NAME[name]
    columns = {}
    for column in table.columns:
        if column.name == "pooled" and "wave" in frame.columns:
            values = frame["wave"] == POOLED
        elif column.name not in frame.columns:
            values = pd.Series(False if column.name in STATED else None, index=frame.index, dtype="object")
        else:
            values = frame[column.name]
        columns[column.name] = _typed(values, column.type)
    key = list(table.key)
    out = pd.DataFrame(columns, index=frame.index).sort_values(key, kind="stable").reset_index(drop=True)
    repeated = out.duplicated(key)
    if bool(repeated.any()):
        raise ValueError(
            f"{name}: {int(repeated.sum())} repeated keys, first {out.loc[repeated, key].iloc[0].to_dict()}"
        )
    return out


def emptied(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with NULL for the values the contract lists as withheld, where `suppressed` is true."""
    out = frame.copy()
    for column in BY_NAME[name].withheld:
        if column in out:
            out[column] = out[column].astype("object").where(~out["suppressed"].astype(bool), None)
    return out


def rounded(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the numbers of a public table rounded as the contract declares its columns.

    A column `of_error` is rounded to the place of the last digit of the row's `se`; one `of_itself`, and every one in a
    row without a standard error above zero, to its own significant digits; one `as_it_is` not at all.
    """
    out = frame.copy()
    errors = list(frame["se"]) if "se" in frame else [None] * len(frame)
    for column in BY_NAME[name].columns:
        if column.type == "DOUBLE" and column.precision != AS_IT_IS and column.name in frame:
            beside = errors if column.precision == OF_ERROR else [None] * len(frame)
            values = [to_error(value, se) for value, se in zip(frame[column.name], beside, strict=True)]
            out[column.name] = pd.Series(values, index=frame.index, dtype=frame[column.name].dtype)
    return out


def _typed(values: pd.Series, kind: str) -> pd.Series:
    if kind == "VARCHAR":
        texts = values.astype("object").where(values.notna(), None)
        if pd.api.types.infer_dtype(texts, skipna=True) in ("string", "empty"):
            return texts
        return texts.map(lambda v: v if v is None else str(v))
    if kind == "DOUBLE":
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if kind == "BIGINT":
        return pd.to_numeric(values, errors="coerce").astype("Float64").round().astype("Int64")
    return values.astype("object").where(values.notna(), None).astype(DTYPES[kind])  # type: ignore[call-overload]
