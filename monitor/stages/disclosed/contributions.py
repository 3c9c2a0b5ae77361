"""Each firm's weighted amount in every published magnitude: what the p %-rule and dominance look at.

Belongs here: from firms to contributions. Does not belong here: judging them (`primary`), publishing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.storage.lake import Lake
from monitor.survey import Survey

Floats = npt.NDArray[np.float64]


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
    answers: pd.DataFrame
    """Everything a firm answered, its measures and bases, as text; firms are the index"""

    @classmethod
    def read(cls, lake: Lake, survey: Survey, wave: str) -> WaveFirms | None:
        """The firms of a wave, or None before they are weighted."""
        tables = ("derived_measures", "imputed_answers", "weighted_weights")
        if not all(lake.has(table, wave) for table in tables):
            return None
        with lake.open(wave, *tables) as connection:
            derived = connection.execute("SELECT * FROM derived_measures WHERE imputation <= 1").df()
            answers = connection.execute("SELECT * FROM imputed_answers WHERE imputation <= 1").df()
            given = connection.execute(
                "SELECT a.*, d.* FROM imputed_answers AS a JOIN derived_measures AS d USING (imputation, firm) "
                "WHERE imputation = 0"
            ).df()
            weights = connection.execute("SELECT * FROM weighted_weights").df()
        filled = _last_copy(derived)
        places = {
            p: f for f in (_last_copy(answers), filled, weights) for d in survey.domains for p in d.split("*") if p in f
        }
        domains = {d: c for d in survey.domains if (c := domain_codes(d, places)) is not None}
        return cls(derived[derived["imputation"] == 0], filled, weights, domains, texts(given))

    def only(self, firms: pd.Index) -> WaveFirms:
        """The same for these firms."""
        observed, filled, weights = (t[t["firm"].isin(firms)] for t in (self.observed, self.filled, self.weights))
        domains = {d: codes[codes["firm"].isin(firms)] for d, codes in self.domains.items()}
        return WaveFirms(observed, filled, weights, domains, self.answers[self.answers.index.isin(firms)])


def texts(firms: pd.DataFrame) -> pd.DataFrame:
    """Every column as text, by firm: equal answers are equal, whatever types a table has; "" where missing."""
    return firms.set_index("firm").map(_text).sort_index()


def _text(value: Any) -> str:
    if isinstance(value, list | np.ndarray):
        return ",".join(sorted(map(str, value)))
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return f"{float(value):.12g}" if isinstance(value, int | float | np.number) else str(value)


def domains_of(survey: Survey, firms: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Domain variable -> firm and domain, where one frame holds the variables."""
    places = {p: firms for d in survey.domains for p in d.split("*") if p in firms}
    return {d: c for d in survey.domains if (c := domain_codes(d, places)) is not None}


def contributions(firms: WaveFirms, survey: Survey) -> dict[str, Floats]:
    """w · |x| of each firm for every mean, total and ratio of a wave. Shape of each: (firms, 1 or 2), as in `observed`.

    x is the measure of the first completed copy (imputed amounts take part: they are published too), NaN outside the
    base. A ratio has two columns, numerator and denominator: `largest` says which of them counts.
    """
    filled = firms.filled.set_index("firm").reindex(firms.observed["firm"])
    weight = firms.weights.set_index("firm")["weight"].reindex(filled.index)
    found: dict[str, Floats] = {}
    for name, indicator in survey.indicators.items():
        if indicator.estimator == "share" or indicator.measure not in filled:
            continue
        inside = filled.get(f"base_{indicator.base}", pd.Series(True, index=filled.index)).astype("boolean")
        columns = [indicator.measure, *([indicator.denominator] if indicator.denominator in filled else [])]
        amounts = [weight * pd.to_numeric(filled[column], errors="coerce").abs() for column in columns]
        found[name] = np.column_stack([a.where(inside.fillna(False)).to_numpy(dtype=float) for a in amounts])
    return found


def largest(amounts: Floats) -> Floats:
    """Of the columns (firms, k) the one whose largest firm holds most of its total, without the firms outside it."""
    columns = [column[np.isfinite(column)] for column in amounts.T]
    return max(columns, key=lambda c: c.max() / c.sum() if len(c) and c.sum() > 0 else -1.0)


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
