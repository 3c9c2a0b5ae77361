"""Columns of answers by name: their values, their levels in order, their classes as text.

Belongs here: reading one variable out of completed copies. Does not belong here: which firms are asked about
(`design`), estimating.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from monitor.problems import MonitorError, Problem


def column(copy: pd.DataFrame, name: str) -> pd.Series:
    """A column, or an expression over columns; MonitorError where it is neither."""
    if name in copy:
        return copy[name]
    try:
        return pd.Series(copy.eval(name, engine="python"), index=copy.index)
    except Exception as error:  # whatever a person's expression raises is about the expression
        raise MonitorError(
            Problem(
                f"{name!r} is no column and no expression over columns",
                found=f"{error}",
                do="look the names up in design.labels or design.copies[0].columns",
            )
        ) from None


def levels_of(columns: Sequence[pd.Series]) -> list[object]:
    """The values of a variable in any copy: a category's in its order, others sorted."""
    first = columns[0]
    seen = set().union(*(set(c.dropna().unique()) for c in columns))
    if isinstance(first.dtype, pd.CategoricalDtype):
        return [level for level in first.cat.categories if level in seen]
    return sorted(seen, key=lambda v: (isinstance(v, str), v))


def text(value: object) -> str:
    """A class as text: a whole number without its decimals."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
