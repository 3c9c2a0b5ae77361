"""Changes of indicators between two waves.

Belongs here: the difference of two waves' lines and its variance from the firms in both. Does not belong here: the
lines themselves (`lines`), which waves compare (`comparability`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from monitor.stages.estimated.lines import Line, WaveEstimates, scale_of
from monitor.stages.estimated.one_copy import Floats
from monitor.statistics.design.intervals import student_t
from monitor.statistics.design.panel import panel_covariance


def changes_between(
    before: WaveEstimates, after: WaveEstimates, wave_from: str, wave_to: str, indicators: Collection[str]
) -> pd.DataFrame:
    """Later minus earlier estimate of every common indicator and domain, percentages as shares.

    Var = V1 + V2 - 2 C with C from the firms in both waves (`design.panel_covariance`); the variances include what
    imputation adds. Degrees of freedom: the smaller of the two. Rows: indicator, domain_variable, domain,
    wave_from, wave_to, change, se, ci_low, ci_high, p_value, df, correlation, overlap_firms.
    """
    shared = [d for d in before.domains if d in set(after.domains)]
    tables = []
    for name in sorted(set(before.lines) & set(after.lines) & set(indicators)):
        one, two = before.lines[name], after.lines[name]
        common = shared if two.indicator.by_domain else shared[:1]
        left = [before.domains.index(d) for d in common]
        right = [after.domains.index(d) for d in common]
        covariance, overlap = panel_covariance(
            before.design,
            after.design,
            one.contributions[:, left],
            two.contributions[:, right],
            one.observed.inside[:, left],
            two.observed.inside[:, right],
        )
        change = _change(one, two, left, right, covariance, scale_of(two.indicator, after.types[name]))
        keys = {
            "indicator": name,
            "domain_variable": [d[0] for d in common],
            "domain": [d[1] for d in common],
            "wave_from": wave_from,
            "wave_to": wave_to,
        }
        known = np.isfinite(change["change"]) & np.isfinite(change["se"]) & (change["df"] >= 1)
        tables.append(pd.DataFrame({**keys, **change, "overlap_firms": overlap})[known])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _change(
    one: Line, two: Line, left: Sequence[int], right: Sequence[int], covariance: Floats, unit: float
) -> dict[str, Floats]:
    """One indicator in the domains `left` of the earlier line and `right` of the later one, in the published unit."""
    from scipy.special import stdtr

    v1, v2 = one.variance[left], two.variance[right]
    limit = np.sqrt(v1 * v2)
    covariance = np.clip(covariance, -limit, limit)
    moved = two.estimate[right] - one.estimate[left]
    se = np.sqrt(np.maximum(v1 + v2 - 2 * covariance, 0.0))
    df = np.minimum(one.df[left], two.df[right])
    low, high = student_t(moved, se, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, np.abs(moved) / se, np.where(moved == 0, 0.0, np.inf))
        p = 2 * stdtr(np.maximum(df, 1.0), -t)
        correlation = np.where(limit > 0, covariance / limit, 0.0)
    return {
        "change": moved * unit,
        "se": se * unit,
        "ci_low": low * unit,
        "ci_high": high * unit,
        "p_value": p,
        "df": df,
        "correlation": correlation,
    }
