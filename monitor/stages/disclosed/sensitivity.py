"""What those who did not answer could change, as far as it may be shown.

Belongs here: which rows go, to how many digits the others are given, which repeat an earlier release. Does not belong
here: computing them (`modelled`), what is withheld of the figures themselves (`cells`, `fitted`).

A row goes with the figure it is about: where that is withheld, what it would be under other odds would give it back.
A curve tells how many firms have its property, in weights, and of an amount what they add up to: so it goes too where
those with the property, or those without, are too few or rest on one firm. Of two groups of firms both go with either.
Thousandths leave nothing of a single response class to be solved for (docs/decisions/nonresponse.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from monitor import contract
from monitor.contract.columns import EVERYONE
from monitor.contract.shape import emptied
from monitor.precision import to_digits
from monitor.stages.disclosed.history import Earlier
from monitor.stages.disclosed.revisions import kept_as_shown
from monitor.statistics.disclosure import primary
from monitor.survey import Disclosure

NAME = "sensitivity"
ABOUT = ["wave", "kind", "figure"]
KEY = (*ABOUT, "approach", "axis")
NUMBERS = ("estimate", "se", "ci_low", "ci_high", "bias")
SHARES = ("share", "points", "index")
PLACES, DIGITS = 3, 3


def sensitivity(
    rows: pd.DataFrame,
    indicators: pd.DataFrame,
    claims: pd.DataFrame,
    before: Sequence[Earlier],
    limits: Disclosure,
) -> pd.DataFrame:
    """The rows of `modelled_sensitivity`; `indicators` and `claims` as they are printed. What is about a held figure is
    as it was last shown."""
    if not len(rows):
        return rows
    out = rows.reset_index(drop=True)
    withheld, held = _flagged(indicators, claims, "suppressed"), _flagged(indicators, claims, "held")
    about = list(out[ABOUT].astype(str).itertuples(index=False, name=None))
    few = pd.Series(_few(out, limits), index=out.index)
    of_a_group = few.groupby([out[name] for name in (*ABOUT, "approach")]).transform("any")
    out["suppressed"] = [place in withheld for place in about] | of_a_group.to_numpy(dtype=bool)
    out = emptied(NAME, coarse(out))
    last = before[-1].tables[NAME] if before else None
    columns = (*contract.BY_NAME[NAME].withheld, "suppressed")
    out = kept_as_shown(out, np.array([place in held for place in about]), last, KEY, columns, "held")
    out["suppressed"] = out["suppressed"].map(lambda value: True if pd.isna(value) else value)
    return out


def _flagged(indicators: pd.DataFrame, claims: pd.DataFrame, flag: str) -> set[tuple[str, str, str]]:
    """(wave, kind, figure) of the headlines and claims that are flagged."""
    found: set[tuple[str, str, str]] = set()
    for kind, name, table in (("indicator", "indicator", indicators), ("claim", "claim", claims)):
        if len(table) and flag in table:
            whole = table[table["domain_variable"] == EVERYONE] if kind == "indicator" else table
            lines = whole[[pd.notna(value) and bool(value) for value in whole[flag]]]
            found |= {(str(wave), kind, str(figure)) for wave, figure in zip(lines["wave"], lines[name], strict=True)}
    return found


def _few(rows: pd.DataFrame, limits: Disclosure) -> primary.Flags:
    """Rows that count firms, of which too few have a property or lack it, or one is too large."""
    n, events = (pd.to_numeric(rows[name]).astype("float64").to_numpy() for name in ("n", "events"))
    told = np.isfinite(n)
    both = np.isfinite(events) & ((events < limits.minimum_firms) | (n - events < limits.minimum_firms))
    large = np.array([pd.notna(value) and bool(value) for value in rows["one_firm"]], dtype=bool)
    return np.asarray(told & (primary.too_few(n, limits.minimum_firms) | both) | large, dtype=bool)


def coarse(rows: pd.DataFrame) -> pd.DataFrame:
    """Numbers in thousandths, those of amounts in three digits."""
    out = rows.copy()
    shares = rows["unit"].isin(SHARES)
    for name in NUMBERS:
        out[name] = pd.Series(
            [_coarse(value, share) for value, share in zip(rows[name], shares, strict=True)],
            index=rows.index,
            dtype="Float64",
        )
    return out


def _coarse(value: Any, share: bool) -> float | None:
    if pd.isna(value):
        return None
    return round(float(value), PLACES) + 0.0 if share or value == 0 else to_digits(float(value), DIGITS)
