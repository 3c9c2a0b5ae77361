"""p-values of the lines that are published, adjusted for each other within their families.

Belongs here: the adjusted p-values of public tables. Does not belong here: which lines are a family (`contract`), how
p-values are adjusted (`statistics`), p-values that decide a claim (`modelled`).

Adjusted last, after everything is withheld, held and rounded: anyone can work `p_adjusted` out of the p-values beside
it, so it tells nothing of a line that is not shown – neither its p-value nor whether that is small.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.contract.families import FAMILIES, HEADLINES, LISTS
from monitor.precision import to_error
from monitor.statistics.decisions.families import adjusted
from monitor.survey import Survey


def with_adjusted(tables: Mapping[str, pd.DataFrame], survey: Survey) -> dict[str, pd.DataFrame]:
    """The tables of the contract, those with families with their adjusted p-values."""
    out = {**tables, "changes": with_family(tables["changes"], survey)}
    for families in FAMILIES:
        table = out[families.table]
        # A withheld line has no p-value, and counts in no family.
        shown = table["p_value"].where(~table["suppressed"].fillna(True).astype(bool)).astype("float64")
        keys = list(table[list(families.within)].astype(str).itertuples(index=False, name=None))
        values = [to_error(p, None) for p in adjusted(shown.to_numpy(), keys, families.method)]
        out[families.table] = table.assign(p_adjusted=pd.Series(values, index=table.index, dtype="float64"))
    return out


def with_family(changes: pd.DataFrame, survey: Survey) -> pd.DataFrame:
    """`changes` with the family of each line: the headline figures for all firms, and the rest."""
    opening = {name for name, indicator in survey.indicators.items() if indicator.headline}
    told = changes["indicator"].isin(opening) & (changes["domain_variable"] == EVERYONE)
    return changes.assign(family=told.map({True: HEADLINES, False: LISTS}).astype("object"))
