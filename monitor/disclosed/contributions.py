"""Each firm's weighted amount in every published magnitude: what the p %-rule and dominance look at.

Belongs here: from firms to contributions. Does not belong here: judging them (`primary`), publishing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitor.disclosed.cells import EVERYONE, Row
from monitor.lake import Lake
from monitor.survey import Survey


@dataclass(frozen=True)
class WaveFirms:
    """A wave's firms as disclosure control looks at them."""

    observed: pd.DataFrame
    """firm, measures and bases as answered"""
    filled: pd.DataFrame
    """the same with missing answers filled in (the first completed copy; as answered where nothing was imputed)"""
    weights: pd.DataFrame
    """firm, weight and the frame's variables"""
    domains: Mapping[str, pd.DataFrame]
    """domain variable -> firm and domain, crossed ones joined by `*`"""

    @classmethod
    def read(cls, lake: Lake, survey: Survey, wave: str) -> WaveFirms | None:
        """The firms of a wave, or None before they are weighted."""
        tables = ("derived_measures", "imputed_answers", "weighted_weights")
        if not all(lake.has(table, wave) for table in tables):
            return None
        with lake.open(wave, *tables) as connection:
            derived = connection.execute("SELECT * FROM derived_measures WHERE imputation <= 1").df()
            answers = connection.execute("SELECT * FROM imputed_answers WHERE imputation <= 1").df()
            weights = connection.execute("SELECT * FROM weighted_weights").df()
        filled = _last_copy(derived)
        places = {
            p: f for f in (_last_copy(answers), filled, weights) for d in survey.domains for p in d.split("*") if p in f
        }
        domains = {d: c for d in survey.domains if (c := domain_codes(d, places)) is not None}
        return cls(derived[derived["imputation"] == 0], filled, weights, domains)

    def only(self, firms: pd.Index) -> WaveFirms:
        """The same for these firms."""
        observed, filled, weights = (t[t["firm"].isin(firms)] for t in (self.observed, self.filled, self.weights))
        return WaveFirms(
            observed, filled, weights, {d: codes[codes["firm"].isin(firms)] for d, codes in self.domains.items()}
        )


def domains_of(survey: Survey, firms: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Domain variable -> firm and domain, where one frame holds the variables."""
    places = {p: firms for d in survey.domains for p in d.split("*") if p in firms}
    return {d: c for d in survey.domains if (c := domain_codes(d, places)) is not None}


def contributions(firms_of_wave: WaveFirms, survey: Survey, wave: str) -> dict[Row, np.ndarray]:
    """w · |x| per firm for every mean, total and ratio of a wave, by domain. Shape of each: (firms in the domain,).

    x is the measure of the first completed copy (imputed amounts take part: they are published too). For a ratio both
    numerator and denominator are looked at, and the one with the larger biggest firm counts.
    """
    names = [n for n, i in survey.indicators.items() if i.estimator in ("mean", "total", "ratio", "median")]
    firms = firms_of_wave.filled.merge(firms_of_wave.weights[["firm", "weight"]], on="firm")
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
        for variable, codes in firms_of_wave.domains.items():
            for code, part in table.merge(codes, on="firm").groupby("domain"):
                found[wave, name, variable, str(code)] = _worst(part)
    return found


def domain_codes(variable: str, places: dict[str, pd.DataFrame]) -> pd.DataFrame | None:
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


def _last_copy(frame: pd.DataFrame) -> pd.DataFrame:
    """The first completed copy, or the observed one where nothing was imputed."""
    return frame[frame["imputation"] == frame["imputation"].max()]


def _worst(table: pd.DataFrame) -> np.ndarray:
    """Of several columns of amounts, the one whose largest firm holds most of its total."""
    columns = [table[c].dropna().to_numpy(dtype=float) for c in table if str(c).startswith("amount")]
    return max(columns, key=lambda c: c.max() / c.sum() if len(c) and c.sum() > 0 else -1.0)
