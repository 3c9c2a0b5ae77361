"""Quantiles over completed copies, with Woodruff's intervals.

Belongs here: a quantile of all copies together and its interval. Does not belong here: other estimates (`design`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.notebook.columns import column
from monitor.notebook.results import Estimates, OneCopy
from monitor.problems import MonitorError, Problem
from monitor.statistics.design.estimate import quantile_at
from monitor.statistics.design.inputs import numbers, share_of
from monitor.statistics.design.intervals import korn_graubard, logit_t, student_t, t_quantile
from monitor.statistics.imputation.rubin import combine

if TYPE_CHECKING:
    from monitor.notebook.design import Domain, SurveyDesign

Floats = NDArray[np.float64]
INTERVALS = ("mean", "xlogit", "beta")
"""On which scale the interval of the share below a quantile is made, by the names of R's `svyquantile`"""


def quantiles(
    design: SurveyDesign,
    variable: str,
    p: float,
    by: str | Sequence[str] | None,
    domain: Domain,
    interval: str,
    level: float,
) -> Estimates:
    """The p-quantile of a variable in every group.

    The quantile is that of all completed copies' firms together, each with 1/m of its weight (`qrule = "math"` of R);
    Woodruff's (1952) interval is that of the share at or below it, with the copies' combined error, read back through
    the same distribution; the standard error is its length over 2 t. `mean` makes the share's interval by Student's t,
    `xlogit` on the logit scale, `beta` after Korn & Graubard (1998). With one copy equal to `svyquantile`.
    """
    share_of(p, "a quantile", "0.5 for the median")
    if interval not in INTERVALS:
        raise ValueError(f"interval is one of {', '.join(INTERVALS)}, not {interval!r}")
    groups = design._groups(by, domain)
    values = [numbers(column(copy, variable), variable) for copy in design.copies]
    found = [_one_group(design, values, rows, p, interval, level) for _, rows in groups]
    labels = pd.DataFrame([{"variable": variable, "quantile": p} | g for g, _ in groups])
    copies = tuple(
        OneCopy(
            np.array([f[0][i].estimate[0] for f in found]),
            np.column_stack([f[0][i].influence for f in found]),
            np.column_stack([d for d in drawn if d is not None]) if drawn[0] is not None else None,
        )
        for i in range(len(values))
        for drawn in [[f[0][i].replicates for f in found]]
    )
    df, n = np.array([f[2] for f in found], dtype=float), np.array([f[3] for f in found])
    bounds, at = np.array([f[1][:2] for f in found]), np.array([f[1][2] for f in found])
    return Estimates(design, labels, copies, df, n, "quantile", bounds=bounds, level=level, values=at)


def _one_group(
    design: SurveyDesign, values: list[Floats], rows: Sequence[NDArray[np.bool_]], p: float, interval: str, level: float
) -> tuple[list[OneCopy], tuple[float, float, float], float, float]:
    """A group's quantile in each copy, its bounds and value, degrees of freedom and firms."""
    inside = [own & np.isfinite(y) for own, y in zip(rows, values, strict=True)]
    if not all(own.any() for own in inside):
        raise MonitorError(Problem("no firm of a group has a value to take a quantile of", do="choose another domain="))
    pooled = np.concatenate([y[own] for y, own in zip(values, inside, strict=True)])
    weight = np.concatenate([design.arrays.weights[own] for own in inside]) / len(values)
    order = np.argsort(pooled, kind="stable")
    ordered, cumulative = pooled[order], np.cumsum(weight[order])
    at = quantile_at(ordered, cumulative, p)
    below = [
        design._one((own & (y <= at))[:, None], own[:, None])
        for y, own in zip(values, inside, strict=True)
    ]  # fmt: skip
    df_complete = float(min(design.arrays.degrees_of_freedom(own) for own in inside))
    share = combine([b.estimate for b in below], [design.covariance(b) for b in below], df_complete)
    n, df = float(np.mean([own.sum() for own in inside])), float(share.df[0])
    if interval == "xlogit":
        ends = logit_t(share.estimate, share.se, df, level)
    elif interval == "beta":
        ends = korn_graubard(share.estimate, share.se, n, df, level)
    else:
        ends = student_t(share.estimate, share.se, df, level)
    low, high = (float(end[0]) for end in ends)
    low_q = quantile_at(ordered, cumulative, low) if low >= 0 else np.nan
    high_q = quantile_at(ordered, cumulative, high) if high <= 1 else np.nan
    se, spread = (high_q - low_q) / (2 * float(t_quantile(df, level))), float(share.se[0])
    stretch = -se / spread if spread > 0 else np.nan
    middle = float(share.estimate[0])
    moved = [
        OneCopy(at + stretch * (b.estimate - middle), stretch * b.influence,
                None if b.replicates is None else at + stretch * (b.replicates - middle))
        for b in below
    ]  # fmt: skip
    return moved, (low_q, high_q, at), df_complete, n
