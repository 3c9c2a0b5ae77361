"""Each firm's weighted amount in every published magnitude: what the p %-rule and dominance look at.

Belongs here: from firms to contributions. Does not belong here: judging them (`primary`), publishing anything.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitor.disclosed.cells import EVERYONE, Row
from monitor.lake import Lake
from monitor.survey import Survey


def contributions(lake: Lake, survey: Survey, wave: str) -> dict[Row, np.ndarray]:
    """w · |x| per firm for every mean, total and ratio of a wave, by domain. Shape of each: (firms in the domain,).

    x is the measure of the first completed copy (imputed amounts take part: they are published too). For a ratio both
    numerator and denominator are looked at, and the one with the larger biggest firm counts.
    """
    names = [n for n, i in survey.indicators.items() if i.estimator in ("mean", "total", "ratio", "median")]
    needed = ("derived_measures", "weighted_weights", "imputed_answers")
    if not names or not all(lake.has(table, wave) for table in needed):
        return {}
    derived = _one_copy(lake.read("derived_measures", wave))
    weights = lake.read("weighted_weights", wave)
    answers = _one_copy(lake.read("imputed_answers", wave))
    firms = derived.merge(weights[["firm", "weight"]], on="firm")
    places = {p: f for f in (answers, derived, weights) for d in survey.domains for p in d.split("*") if p in f}
    found: dict[Row, np.ndarray] = {}
    for name in names:
        indicator = survey.indicators[name]
        if indicator.measure not in firms:
            continue
        inside = firms.get(f"base_{indicator.base}", pd.Series(True, index=firms.index)).fillna(False).astype(bool)
        amounts = [firms["weight"] * pd.to_numeric(firms[indicator.measure], errors="coerce").abs()]
        if indicator.denominator and indicator.denominator in firms:
            amounts.append(firms["weight"] * pd.to_numeric(firms[indicator.denominator], errors="coerce").abs())
        table = pd.DataFrame({f"amount{i}": values for i, values in enumerate(amounts)})
        table = table.assign(firm=firms["firm"])[inside.to_numpy()]
        found[wave, name, EVERYONE, EVERYONE] = _worst(table)
        for variable in survey.domains:
            codes = _codes(variable, places)
            if codes is None:
                continue
            for code, part in table.merge(codes, on="firm").groupby("domain"):
                found[wave, name, variable, str(code)] = _worst(part)
    return found


def _codes(variable: str, places: dict[str, pd.DataFrame]) -> pd.DataFrame | None:
    """Each firm's domain of a variable, crossed ones joined by `*`; None where the wave does not have it."""
    parts = variable.split("*")
    if any(part not in places for part in parts):
        return None
    codes = places[parts[0]][["firm", parts[0]]].rename(columns={parts[0]: "domain"}).dropna()
    codes["domain"] = codes["domain"].astype(str)
    for part in parts[1:]:
        codes = codes.merge(places[part][["firm", part]].dropna(), on="firm")
        codes["domain"] = codes["domain"] + "*" + codes.pop(part).astype(str)
    return codes


def _one_copy(frame: pd.DataFrame) -> pd.DataFrame:
    """The first completed copy, or the observed one where nothing was imputed."""
    copies = sorted(frame["imputation"].unique())
    return frame[frame["imputation"] == (copies[1] if len(copies) > 1 else copies[0])]


def _worst(table: pd.DataFrame) -> np.ndarray:
    """Of several columns of amounts, the one whose largest firm holds most of its total."""
    columns = [table[c].dropna().to_numpy(dtype=float) for c in table if str(c).startswith("amount")]
    return max(columns, key=lambda c: c.max() / c.sum() if len(c) and c.sum() > 0 else -1.0)
