"""Which cells are sensitive by themselves: primary suppression.

Belongs here: the rules of statistics.md section 6 on one cell – too few firms, everyone alike, one firm too large.
Does not belong here: what else must be withheld so that these cannot be worked out (`complementary`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.statistics.disclosure.thresholds import Disclosure

Flags = npt.NDArray[np.bool_]


def too_few(count: npt.ArrayLike, least: int) -> Flags:
    """Whether a cell rests on fewer firms than `least`, or on a number nobody knows. No firm is too few as well."""
    counts = np.asarray(pd.to_numeric(pd.Series(np.asarray(count)), errors="coerce"), dtype=float)
    return np.asarray(~(counts >= least), dtype=bool)


def alike(events: npt.ArrayLike, count: npt.ArrayLike) -> Flags:
    """Whether all firms of a cell, or all but one or two, gave the same answer (group disclosure).

    `events` is the number of firms with the property, `count` the firms of the cell. A share of 0 or 1 tells what every
    firm said; with one or two exceptions, it tells that to the exceptions.
    """
    happened, asked = np.asarray(events, dtype=float), np.asarray(count, dtype=float)
    with np.errstate(invalid="ignore"):
        fewer = np.minimum(np.rint(happened), asked - np.rint(happened))
        return np.asarray(np.isfinite(happened) & (fewer < Disclosure.fewest_others), dtype=bool)


def of_few(events: npt.ArrayLike, count: npt.ArrayLike, limits: Disclosure) -> Flags:
    """Whether a cell's numbers of firms are sensitive: too few of them, or too few that answered otherwise than the
    rest. `events` is NaN where the cell counts no property."""
    few: Flags = too_few(count, limits.minimum_firms) | alike(events, count)
    return few


def one_firm_too_large(contributions: npt.ArrayLike, p_percent: float, dominance: float) -> bool:
    """The p %-rule and (1, k) dominance on weighted contributions, c_1 ≥ c_2 ≥ … ≥ 0 (Hundepool et al. 2012, ch. 4).

    p %-rule: sensitive where Σ c − c_1 − c_2 < p/100 · c_1, for then the second largest firm can work out the largest
    to within p per cent. Dominance: sensitive where c_1 > k · Σ c. A cell without any contribution is not sensitive.
    """
    sizes = np.sort(np.abs(np.asarray(contributions, dtype=float)))[::-1]
    sizes = sizes[np.isfinite(sizes)]
    total = float(sizes.sum())
    if total <= 0:
        return False
    first = float(sizes[0])
    second = float(sizes[1]) if len(sizes) > 1 else 0.0
    return bool(total - first - second < p_percent / 100.0 * first or first > dominance * total)


def protection(contributions: npt.ArrayLike, p_percent: float) -> float:
    """How far from the truth an attacker's bound on a magnitude must stay: p/100 · c_1, in the magnitude's unit."""
    sizes = np.abs(np.asarray(contributions, dtype=float))
    sizes = sizes[np.isfinite(sizes)]
    return float(p_percent / 100.0 * sizes.max()) if len(sizes) else 0.0


def model_withheld(models: pd.DataFrame, limits: Disclosure) -> Flags:
    """Models on too few events, too few firms without the event, or too few degrees of freedom.

    Rows need n, events and df; a fractional outcome has no events (NULL) and is judged by firms and degrees of freedom.
    """
    n = pd.to_numeric(models["n"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    events = pd.to_numeric(models["events"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    df = pd.to_numeric(models["df"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    few_events = np.isfinite(events) & ((events < limits.minimum_events) | (n - events < limits.minimum_events))
    return np.asarray(too_few(n, limits.minimum_firms) | ~(df >= limits.minimum_df) | few_events)
