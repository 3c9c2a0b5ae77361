"""The contract of the public tables: which columns, of what type, in what order, meaning what.

Belongs here: the shape and the words of every table a release publishes, as data. Columns may be added, none
renamed. Does not belong here: filling the tables (`disclosed`) or writing them (`released`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from monitor.contract.columns import Column, Table, not_negative, share
from monitor.contract.documentation import DOCUMENTATION
from monitor.contract.figures import FIGURES
from monitor.contract.models import MODELS

__all__ = ["BY_NAME", "TABLES", "Column", "Table", "not_negative", "shaped", "share"]

TABLES: tuple[Table, ...] = (*FIGURES, *MODELS, *DOCUMENTATION)

BY_NAME: Mapping[str, Table] = {table.name: table for table in TABLES}

stated = ("suppressed", "held", "counts_held")
_dtypes = {"VARCHAR": "object", "DOUBLE": "float64", "BIGINT": "Int64", "BOOLEAN": "boolean", "TIMESTAMP": "object"}


def shaped(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as the contract has the table: its columns in order and typed, sorted by key, the key unique.

    A column the frame lacks is NULL; `suppressed` and `held` are false where not said. Columns beyond the contract
    are left out: nothing reaches the public by accident. Raises ValueError where the key repeats.
    """
    table = BY_NAME[name]
    out = pd.DataFrame(index=frame.index)
    for column in table.columns:
        if column.name not in frame.columns:
            values = pd.Series(False if column.name in stated else None, index=frame.index, dtype="object")
        else:
            values = frame[column.name]
        out[column.name] = _typed(values, column.type)
    key = list(table.key)
    out = out.sort_values(key, kind="stable").reset_index(drop=True)
    repeated = out.duplicated(key)
    if bool(repeated.any()):
        raise ValueError(
            f"{name}: {int(repeated.sum())} repeated keys, first {out.loc[repeated, key].iloc[0].to_dict()}"
        )
    return out


def _typed(values: pd.Series, kind: str) -> pd.Series:
    if kind == "VARCHAR":
        return values.astype("object").where(values.notna(), None).map(lambda v: v if v is None else str(v))
    if kind == "DOUBLE":
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if kind == "BIGINT":
        return pd.to_numeric(values, errors="coerce").astype("Float64").round().astype("Int64")
    return values.astype("object").where(values.notna(), None).astype(_dtypes[kind])  # type: ignore[call-overload]
