"""The outcome cut elsewhere, as far as it may be told: the threshold curve, and the distribution over the states.

Belongs here: which cuts stand in the tables `curve` and `distribution`, and to which digit. Does not belong here: other
tables of models (`fitted`), fitting (`modelled`).

Two cuts differ by the firms that lie between them. One or two of them are what is left of the firms beyond the lower
cut without those beyond the higher, and their number, and what they add to a curve printed to its last digit, would
tell of each in which state it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from monitor.statistics.disclosure import primary

OF = ["wave", "model"]
LAST_BITS = 1e-9
"""What a rounded percentage may differ by"""


def few_between(table: pd.DataFrame, told: pd.DataFrame, fewest: int) -> primary.Flags:
    """Lines of cuts between which and the next that is shown lie fewer than `fewest` firms, but not none. `told`: the
    lines of both tables that nothing else withholds; the cut of the model's own outcome always stays.

    Rows need wave, model and `events`, the firms beyond the cut.
    """
    kept: dict[tuple[str, str], set[float]] = {}
    for key, lines in told.groupby(OF):
        counts = _counts(lines)
        own = counts[lines["own_choice"].eq(True).to_numpy(dtype=bool)]
        kept[str(key[0]), str(key[1])] = apart(counts.tolist(), own[0] if len(own) else max(counts), fewest)
    keys = zip(table["wave"].astype(str), table["model"].astype(str), _counts(table), strict=True)
    return np.array([count not in kept.get((wave, model), ()) for wave, model, count in keys], dtype=bool)


def _counts(lines: pd.DataFrame) -> npt.NDArray[np.float64]:
    return np.rint(_numbers(lines["events"]))


def apart(counts: Iterable[float], own: float, fewest: int) -> set[float]:
    """Of these numbers of firms beyond cuts those that differ by `fewest` at the least, from `own` outwards."""
    kept = {own}
    others = sorted({*counts} - kept)
    for side in ([c for c in others if c > own], [c for c in reversed(others) if c < own]):
        last = own
        for count in side:
            if abs(count - last) >= fewest:
                kept.add(count)
                last = count
    return kept


def alike_in_a_state(distribution: pd.DataFrame, least: int) -> primary.Flags:
    """Cuts beyond which all firms of some state lie, or none, or all but one or two of either, and those of a state
    with too few firms: the whole cut goes, so that nothing tells which state it was."""
    n, events = (pd.to_numeric(distribution[c]).astype("float64") for c in ("state_n", "state_events"))
    told = n.notna().to_numpy()
    flags = pd.Series(told & (primary.too_few(n, least) | primary.alike(events, n)), index=distribution.index)
    return flags.groupby([distribution[c] for c in ("wave", "model", "cut")]).transform("any").to_numpy(dtype=bool)


def in_whole_points(table: pd.DataFrame) -> pd.DataFrame:
    """A curve in whole percentages or points of them, intervals and bands rounded outwards, errors up to a tenth of
    one, without the p-value that would give the rest of the digits back: between two cuts few firms lie in a state, and
    more digits would tell where each of them does. The cut that is the model's own outcome is left as it is: it is the
    model's number."""
    out = table.copy()
    own = out["own_choice"].eq(True).to_numpy(dtype=bool) if "own_choice" in out else np.zeros(len(out), dtype=bool)
    for columns, whole in ((("estimate",), np.rint), (("ci_low", "band_low"), _down), (("ci_high", "band_high"), _up)):
        for column in columns:
            if column in out:
                shares = _numbers(out[column])
                out[column] = pd.array(np.where(own, shares, whole(100 * shares) / 100 + 0.0), dtype="Float64")
    if "se" in out:
        errors = _numbers(out["se"])
        out["se"] = pd.array(np.where(own, errors, _up(1000 * errors) / 1000), dtype="Float64")
    if "p_value" in out:
        out["p_value"] = pd.array(np.where(own, _numbers(out["p_value"]), np.nan), dtype="Float64")
    return out


def _numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    return pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)


def _down(percentages: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.floor(percentages + LAST_BITS))


def _up(percentages: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.ceil(percentages - LAST_BITS))
