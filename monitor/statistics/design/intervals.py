"""Intervals from an estimate, its standard error and its degrees of freedom.

Belongs here: closed formulas of scalars or arrays. Does not belong here: where the standard error comes from.
scipy's special functions are used instead of its distributions: the same numbers, sooner imported; and only where they
are called, for a survey's definition brings this file along when a command starts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FEW_FIRMS_EITHER_WAY = 10
"""Firms, unweighted: fewer with the property of a share, or without it, and its interval is Korn and Graubard's"""
FEW_EFFECTIVE_EVENTS_OF_A_STATE = 10.0
"""Events times effective over counted firms: fewer, or fewer of the others, and a state of a model has the exact
interval"""
FEW_EFFECTIVE_EVENTS_OF_A_CONTRAST = 5.0
"""The same of the state that a contrast moves: fewer, and its estimated variance is itself no guide to how far off the
contrast is, so that its interval is the inverted test's"""


def t_quantile(df: ArrayLike, level: float = 0.95) -> Floats:
    """Two-sided critical value of Student's t: P(|T| > t) = 1 - level. Degrees of freedom below 1 give infinity."""
    from scipy.special import stdtrit

    df = np.asarray(df, dtype=float)
    with np.errstate(invalid="ignore"):
        value = stdtrit(np.maximum(df, 1.0), 0.5 + level / 2)
    return np.where(df >= 1, value, np.inf)


def effective_df(contributions: Floats, most: ArrayLike) -> Floats:
    """(k,) degrees of freedom of variances that few firms may carry: 2 V^2 / Var(V), V = sum of the squares of the
    contributions (n, k).

    A rare outcome's variance is carried by its few events, a heavy tail's by its few large firms, and is as uncertain
    as they are few; a t with the firms' number of degrees of freedom would not know (Satterthwaite 1946). Var(V) =
    sum e^4 - (sum e^2)^2 / n, so that normal contributions give about n. At most the design's `most`, at least 2.
    """
    e = contributions - contributions.mean(axis=0)
    squares = e * e
    second, fourth = squares.sum(axis=0), (squares * squares).sum(axis=0)
    spread = fourth - second**2 / max(len(e), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(spread > 0, 2 * second**2 / spread, most)
    return np.asarray(np.clip(found, 2.0, np.maximum(most, 2.0)), dtype=np.float64)


def student_t(estimate: ArrayLike, se: ArrayLike, df: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """estimate -+ t(df) * se; a zero standard error gives a point, whatever the degrees of freedom."""
    estimate, se = np.asarray(estimate, dtype=float), np.asarray(se, dtype=float)
    with np.errstate(invalid="ignore"):
        half = np.where(se > 0, t_quantile(df, level) * se, se)
    return estimate - half, estimate + half


def logit_t(share: ArrayLike, se: ArrayLike, df: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Interval of a share on the logit scale: expit(logit p -+ t(df) * se / (p (1 - p))).

    Equal to `svyciprop(method = "xlogit")` of R's survey. Shares of exactly 0 or 1 come back as they are:
    use `korn_graubard` there.
    """
    from scipy.special import expit, logit

    share, se = np.asarray(share, dtype=float), np.asarray(se, dtype=float)
    edge = (share <= 0) | (share >= 1)
    inside = np.where(edge, 0.5, share)
    # On the logit scale a share next to 0 or 1 with an error far beyond it lies anywhere: an infinite half width.
    with np.errstate(over="ignore"):
        spread = t_quantile(df, level) * (np.where(se > 0, se, 1.0) / (inside * (1 - inside)))
    half = np.where(se > 0, spread, np.where(np.isnan(se), np.nan, 0.0))
    centre = logit(inside)
    return np.where(edge, share, expit(centre - half)), np.where(edge, share, expit(centre + half))


def log_t(estimate: ArrayLike, se: ArrayLike, df: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """exp(log estimate -+ t(df) se / estimate), of a positive total or ratio of positive totals.

    The delta method where the error grows with the estimate, as it does where a few large firms carry both: the plain
    interval then misses the truth below far more often than above. R's `confint(svycontrast(., quote(log(y))))` carried
    back. An estimate of zero or less has no logarithm and keeps the plain interval, as one without an error does.
    """
    estimate, se = np.asarray(estimate, dtype=float), np.asarray(se, dtype=float)
    low, high = student_t(estimate, se, df, level)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        own = (estimate > 0) & (se > 0)
        times = np.exp(t_quantile(df, level) * np.where(own, se / estimate, 0.0))
        return np.where(own, estimate / times, low), np.where(own, estimate * times, high)


def clopper_pearson(share: ArrayLike, n: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Exact binomial interval of a share of n firms; n need not be whole (an effective n).

    No firms (n = 0) leave 0 to 1; infinitely many the share itself; an unknown share or n gives an unknown interval.
    """
    from scipy.special import betaincinv

    share, n = np.broadcast_arrays(np.clip(np.asarray(share, dtype=float), 0, 1), np.asarray(n, dtype=float))
    alpha = (1 - level) / 2
    finite = np.where(np.isfinite(n), n, 0.0)
    events, others = finite * share, finite * (1 - share)
    low = np.where(events > 0, betaincinv(np.maximum(events, 1e-300), others + 1, alpha), 0.0)
    high = np.where(others > 0, betaincinv(events + 1, np.maximum(others, 1e-300), 1 - alpha), 1.0)
    low, high = np.where(np.isinf(n), share, low), np.where(np.isinf(n), share, high)
    unknown = np.isnan(share) | np.isnan(n)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def korn_graubard(
    share: ArrayLike,
    se: ArrayLike,
    n: ArrayLike,
    df: ArrayLike,
    level: float = 0.95,
    limit: ArrayLike = np.inf,
) -> tuple[Floats, Floats]:
    """Clopper-Pearson with an effective n (Korn & Graubard 1998), for shares with few events or few others.

    n_eff = p (1 - p) / se^2 * (t(n - 1) / t(df))^2, as `svyciprop(method = "beta")`. `limit` bounds n_eff from
    above: a share of 0 or 1 has no variance of its own, and there n_eff is `limit` (Kish's effective n, say) or,
    where that is infinite, n.
    """
    share, se, n, df = (np.asarray(a, dtype=float) for a in (share, se, n, df))
    limit = np.asarray(limit, dtype=float)
    bounded = np.isfinite(limit)
    varies = np.square(se) > 0
    with np.errstate(over="ignore"):
        own = share * (1 - share) / np.where(varies, se, 1.0) ** 2
    effective = np.where(varies, own, np.where(bounded, limit, n))
    # Where either t is infinite (fewer than one degree of freedom) nothing is known: an effective n of zero.
    upper, lower = t_quantile(np.subtract(n, 1), level), t_quantile(df, level)
    usable = np.isfinite(upper) & np.isfinite(lower)
    correction = np.where(usable, np.where(usable, upper, 0.0) / np.where(usable, lower, 1.0), 0.0) ** 2
    effective = np.where(correction > 0, effective, 0.0) * correction
    return clopper_pearson(share, np.where(bounded, np.minimum(effective, limit), effective), level)
