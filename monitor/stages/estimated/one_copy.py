"""One indicator in all its domains at once, in one completed copy and in each.

Belongs here: arrays from measures to estimates, their linearised and replicate variances, plain counts. Does not belong
here: combining copies and intervals (`lines`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.design.sums import two_sums
from monitor.survey import Indicator

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class OneCopy:
    """An indicator in D domains, in one copy."""

    estimate: Floats
    """(D,); NaN where the domain is empty"""
    variance: Floats
    """(D,) linearised"""
    replicate_variance: Floats
    """(D,) from replicates; NaN without replicates"""
    contributions: Floats
    """(n, D) what the covariance with another wave is made of"""
    simple_variance: Floats
    """(D,) of a simple random sample of as many firms"""
    n: NDArray[np.int64]
    """(D,) firms with a value in base and domain"""
    events: NDArray[np.int64]
    """(D,) of them with the property (shares)"""
    unweighted: Floats
    """(D,) plain share, mean, ratio, sum or median"""
    df: NDArray[np.int64]
    """(D,) firms less strata"""
    kish: Floats
    """(D,) effective n of the weights alone"""
    population: Floats
    """(D,) sum of weights"""
    inside: Bools
    """(n, D) whether the firm counts"""
    influence: Floats
    """(n, D) influence function, 0 where there is no estimate"""
    negative: bool
    """Whether any value is below zero"""
    low: Floats | None = None
    """(D,) bounds that come with the estimator (medians)"""
    high: Floats | None = None


def each_copy(
    design: SurveyDesign,
    frames: Mapping[int, pd.DataFrame],
    members: Mapping[int, Bools],
    indicator: Indicator,
    kind: str,
) -> dict[int, OneCopy]:
    """The indicator in all domains of each copy, members (n, D) of each. Firms without a value leave the base: they
    count zero, not missing.

    Copies in which nothing of the indicator was filled in are the same, and are estimated once.
    """
    found: dict[int, OneCopy] = {}
    known: dict[bytes, OneCopy] = {}
    for copy, frame in frames.items():
        y, x, base = values_of(frame, indicator, kind)
        inside = members[copy] & base[:, None]
        told = b"".join(sha256(part.tobytes()).digest() for part in (y, x, inside))
        if told not in known:
            known[told] = of_values(design, y, x, inside, indicator.estimator)
        found[copy] = known[told]
    return found


def of_values(design: SurveyDesign, y: Floats, x: Floats, inside: Bools, estimator: str) -> OneCopy:
    """The same from values: numerator y, (n,) or of each domain its own, (n, D); denominator x (n,), 1 but for a ratio;
    whether each firm counts in each domain (n, D)."""
    w = design.weights
    own = y if y.ndim == 2 else y[:, None]
    population = column_sums(w, inside)
    n = inside.sum(axis=0)
    low = high = None
    if estimator == "median":
        estimate, influence, low, high = _medians(design, y, inside)
        replicated = _replicated_medians(design, y, inside)
        unweighted = np.array([np.median(y[inside[:, j]]) if n[j] else np.nan for j in range(len(n))])
    else:
        top = inside * own
        below = None if estimator == "total" else inside * x[:, None]
        estimate, influence = _linear(w, top, below)
        replicated = _replicated(design, top, below)
        with np.errstate(divide="ignore", invalid="ignore"):
            unweighted = top.sum(axis=0) / (1.0 if below is None else below.sum(axis=0))
    estimate = np.where(n > 0, estimate, np.nan)
    known = np.isfinite(estimate)
    z = np.where(known, influence, 0.0)
    variance = np.where(known, np.maximum(np.diag(design.covariance(z)), 0.0), np.nan)
    kish = np.where(n > 0, population**2 / np.maximum(column_sums(w**2, inside), 1e-300), 0.0)
    return OneCopy(
        estimate,
        variance,
        np.where(known, replicated, np.nan),
        design.contributions(z),
        _simple_variance(w, z, inside, population, n),
        n,
        (inside & (own > 0)).sum(axis=0),
        np.where(n > 0, unweighted, np.nan),
        np.array([design.degrees_of_freedom(inside[:, j]) for j in range(len(n))]),
        kish,
        population,
        inside,
        z,
        bool((y < 0).any() or (x < 0).any()),
        low,
        high,
    )


def apart(design: SurveyDesign, one: OneCopy, other: OneCopy) -> OneCopy:
    """One figure less another of the same firms, domain by domain, with the error of the difference: their influence
    functions subtract. It counts the firms of both. No replicate variance: it is not the published one."""
    z, inside = one.influence - other.influence, one.inside | other.inside
    estimate = one.estimate - other.estimate
    known = np.isfinite(estimate)
    return OneCopy(
        estimate,
        np.where(known, np.maximum(np.diag(design.covariance(z)), 0.0), np.nan),
        np.full(len(estimate), np.nan),
        one.contributions - other.contributions,
        np.full(len(estimate), np.nan),
        one.n + other.n,
        one.events + other.events,
        one.unweighted - other.unweighted,
        np.minimum(one.df, other.df),
        one.kish + other.kish,
        one.population + other.population,
        inside,
        np.where(known, z, 0.0),
        negative=True,
    )


def values_of(frame: pd.DataFrame, indicator: Indicator, kind: str) -> tuple[Floats, Floats, Bools]:
    """`two_sums` of an indicator: (n,) numerator, denominator (1 but for a ratio), whether a firm counts."""
    y = frame[indicator.measure].to_numpy(float, na_value=np.nan)
    base = frame[f"base_{indicator.base}"].astype("boolean").fillna(False).to_numpy(bool)
    x = frame[str(indicator.denominator)].to_numpy(float, na_value=np.nan) if indicator.denominator else None
    return two_sums(y, base, x, percentage=kind == "percentage")


def column_sums(w: Floats, columns: Floats | Bools) -> Floats:
    """(D,) weighted sums of columns (n, D) in the order of the firms: the same to the last bit on every processor, so
    that ten firms alike are an effective number of ten and not a trifle less."""
    return np.asarray((w[:, None] * columns).sum(axis=0))


def _linear(w: Floats, top: Floats, below: Floats | None) -> tuple[Floats, Floats]:
    """Totals, or ratios of totals (a mean is one: its denominator is 1 inside), and their influence functions."""
    if below is None:
        return column_sums(w, top), top
    size = column_sums(w, below)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(size != 0, column_sums(w, top) / size, np.nan)
        influence = (top - np.nan_to_num(estimate) * below) / np.where(size != 0, size, 1.0)
    return estimate, influence


def _replicated(design: SurveyDesign, top: Floats, below: Floats | None) -> Floats:
    """(D,) variance of the estimates over the replicates."""
    if design.replicates is None:
        return np.full(top.shape[1], np.nan)
    theta = design.replicate_totals(top)
    if below is not None:
        size = design.replicate_totals(below)
        with np.errstate(divide="ignore", invalid="ignore"):
            theta = np.where(size != 0, theta / size, np.nan)
    return _replicate_variance(design, theta)


def _replicate_variance(design: SurveyDesign, theta: Floats) -> Floats:
    """(D,) NaN where an estimate does not exist in some replicate: its variance is not what the others show."""
    usable = np.isfinite(theta).all(axis=0)
    result = np.full(theta.shape[1], np.nan)
    if usable.any():
        result[usable] = np.diag(design.replicate_covariance(theta[:, usable]))
    return result


def _medians(design: SurveyDesign, y: Floats, inside: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    columns = inside.shape[1]
    estimate, low, high = (np.full(columns, np.nan) for _ in range(3))
    influence = np.zeros(inside.shape)
    for j in range(columns):
        found = design.quantile(y, 0.5, inside[:, j])
        if found.bounds is None:
            continue
        estimate[j], influence[:, j] = found.estimate[0], found.influence[:, 0]
        low[j], high[j] = found.bounds[0]
        if found.reason is not None:
            low[j] = high[j] = np.nan
    return estimate, influence, low, high


def _replicated_medians(design: SurveyDesign, y: Floats, inside: Bools) -> Floats:
    """(D,) variance of weighted medians over the replicates, all replicates sorted once."""
    if design.replicates is None:
        return np.full(inside.shape[1], np.nan)
    result = np.full(inside.shape[1], np.nan)
    for j in range(inside.shape[1]):
        rows = np.flatnonzero(inside[:, j])
        if not len(rows):
            continue
        rows = rows[np.argsort(y[rows], kind="stable")]
        cumulative = np.cumsum(design.replicates[rows], axis=0)
        place = (cumulative < cumulative[-1] / 2).sum(axis=0)
        result[j] = _replicate_variance(design, y[rows][np.minimum(place, len(rows) - 1)][:, None])[0]
    return result


def _simple_variance(w: Floats, z: Floats, inside: Bools, population: Floats, n: NDArray[np.int64]) -> Floats:
    """(D,) variance of the estimate in a simple random sample of n firms with the same spread."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = column_sums(w, z) / population
        spread = column_sums(w, np.where(inside, (z - mean) ** 2, 0.0)) / population * n / np.maximum(n - 1, 1)
        return np.asarray(population**2 * spread / n)
