"""One indicator in all its domains at once, in every completed copy, and the copies combined.

Belongs here: arrays from measures to estimates with standard errors and intervals. Does not belong here: tables of
the lake, reliability bounds, comparability.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.contract.reliability import reliability
from monitor.running.beside import share
from monitor.statistics.design.estimate import FEW_EVENTS
from monitor.statistics.design.intervals import korn_graubard, logit_t, student_t
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.survey import Indicator, Survey

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
EVERYONE = "all"


@dataclass(frozen=True)
class WaveData:
    """A wave's design and measures, firms in the design's order."""

    wave: str
    design: SurveyDesign
    copies: Mapping[int, pd.DataFrame]
    """Imputation -> measures, bases and domain variables by firm; 0 is the observed copy, 1..m the completed ones"""
    routed: Mapping[str, Set[str]] = field(default_factory=dict)
    """Measure -> firms whose value follows from the questionnaire's routing, not from an answer"""


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
    negative: bool
    """Whether any value is below zero"""
    low: Floats | None = None
    """(D,) bounds that come with the estimator (medians)"""
    high: Floats | None = None


@dataclass(frozen=True)
class Line:
    """An indicator in all its domains, copies combined."""

    indicator: Indicator
    observed: OneCopy
    estimate: Floats
    variance: Floats
    replicate_variance: Floats
    df: Floats
    fmi: Floats
    low: Floats
    high: Floats
    deff: Floats
    n_effective: Floats
    n_completed: Floats
    """(D,) firms with a value once missing answers are filled in, mean over the copies: what the estimate rests on"""
    n_routed: NDArray[np.int64]
    """(D,) of the firms with a value, those whose value follows from the routing"""
    contributions: Floats
    population: Floats
    reason: list[str | None]


@dataclass(frozen=True)
class WaveEstimates:
    """All lines of a wave."""

    wave: str
    design: SurveyDesign
    copies: int
    """m completed copies; 0 where only the observed one is there"""
    domains: list[tuple[str, str]]
    """(variable, code), `all` first"""
    lines: Mapping[str, Line]
    minimum_firms: int
    types: Mapping[str, str]
    """Indicator -> type of its measure"""

    def table(self) -> pd.DataFrame:
        """One row per indicator and domain; percentages as shares in 0..1."""
        rows = []
        for name, line in self.lines.items():
            unit = scale_of(line.indicator, self.types[name])
            share = line.indicator.estimator == "share"
            for j, (variable, code) in enumerate(self.domains):
                se = float(np.sqrt(line.variance[j]))
                estimate = float(line.estimate[j])
                cv = se / abs(estimate) if estimate else np.nan
                n = int(line.observed.n[j])
                rows.append(
                    {
                        "indicator": name,
                        "measure": line.indicator.measure,
                        "domain_variable": variable,
                        "domain": code,
                        "estimate": estimate * unit,
                        "se": se * unit,
                        "ci_low": float(line.low[j]) * unit,
                        "ci_high": float(line.high[j]) * unit,
                        "unweighted": float(line.observed.unweighted[j]) * unit,
                        "n": n,
                        "n_routed": int(line.n_routed[j]),
                        "n_completed": float(line.n_completed[j]),
                        "events": int(line.observed.events[j]) if share else None,
                        "n_effective": float(line.n_effective[j]),
                        "deff": float(line.deff[j]),
                        "cv": cv,
                        "reliability": reliability(
                            share or self.types[name] == "percentage",
                            estimate * unit,
                            float(line.low[j]) * unit,
                            float(line.high[j]) * unit,
                            cv,
                            n,
                            float(line.n_effective[j]),
                            self.minimum_firms,
                            float(line.df[j]),
                        ),
                        "df": float(line.df[j]),
                        "se_replicate": float(np.sqrt(line.replicate_variance[j])) * unit,
                        "population": float(line.population[j]),
                        "copies": self.copies,
                        "fmi": float(line.fmi[j]),
                        "complete_case_estimate": float(line.observed.estimate[j]) * unit,
                        "complete_case_se": float(np.sqrt(line.observed.variance[j])) * unit,
                        "reason": line.reason[j],
                    }
                )
        return pd.DataFrame(rows)


def scale_of(indicator: Indicator, kind: str) -> float:
    """Percentages are kept as 0..100 up to here and published as shares; a ratio of a percentage is one already."""
    return 0.01 if kind == "percentage" and indicator.estimator != "ratio" else 1.0


def estimate_wave(data: WaveData, survey: Survey) -> WaveEstimates:
    """Every indicator of the survey in every domain of the wave.

    The observed copy gives unweighted figures, counts and the complete-case estimate. With completed copies 1..m the
    estimate is theirs, combined by Rubin's rules; without them it is the observed copy's.
    """
    domains = domain_list(data, survey)
    members = {copy: memberships(frame, domains) for copy, frame in data.copies.items()}
    completed = [copy for copy in sorted(data.copies) if copy > 0]
    types = {name: survey.measures[indicator.measure].type for name, indicator in survey.indicators.items()}
    measured = [name for name, indicator in survey.indicators.items() if indicator.measure in data.copies[0]]
    asked = [(survey.indicators[name], types[name]) for name in measured]
    lines = dict(zip(measured, share(_line, (data, members), asked), strict=True))
    return WaveEstimates(data.wave, data.design, len(completed), domains, lines, survey.disclosure.minimum_firms, types)


def _line(wave: tuple[WaveData, Mapping[int, Bools]], asked: tuple[Indicator, str]) -> Line:
    """An indicator, with its measure's type, through every copy; each copy's firms in each domain with the data."""
    (data, members), (indicator, kind) = wave, asked
    found = {copy: one_copy(data.design, frame, members[copy], indicator, kind) for copy, frame in data.copies.items()}
    used = [found[copy] for copy in sorted(found) if copy > 0] or [found[0]]
    past = data.copies[0]["firm"].isin(data.routed.get(indicator.measure, ())).to_numpy(bool)
    return combined(found[0], used, indicator, kind, past)


def domain_list(data: WaveData, survey: Survey) -> list[tuple[str, str]]:
    """`all` and every code of every domain variable that some firm has, in the order of the concept's codes."""
    domains = [(EVERYONE, EVERYONE)]
    for variable in survey.domains:
        values: set[str] = set()
        for frame in data.copies.values():
            if variable in frame:
                values |= {_code(v) for v in frame[variable].dropna().unique()}
        declared = survey.concepts.get(variable) or survey.measures.get(variable)
        order = list(declared.codes) if declared is not None else []
        place = {code: i for i, code in enumerate(order)}
        domains += [(variable, code) for code in sorted(values, key=lambda v: (place.get(v, len(order)), v))]
    return domains


def memberships(frame: pd.DataFrame, domains: list[tuple[str, str]]) -> Bools:
    """(n, D) whether each firm lies in each domain; a firm without a value lies in none of that variable's."""
    texts: dict[str, NDArray[np.object_]] = {}
    inside = np.zeros((len(frame), len(domains)), dtype=bool)
    for j, (variable, code) in enumerate(domains):
        if variable == EVERYONE:
            inside[:, j] = True
            continue
        if variable not in texts:
            texts[variable] = frame[variable].map(_code, na_action="ignore").to_numpy(object)
        inside[:, j] = texts[variable] == code
    return inside


def _code(value: object) -> str:
    """A domain's code as text: booleans as `true` and `false`, as in the codebook."""
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def one_copy(design: SurveyDesign, frame: pd.DataFrame, members: Bools, indicator: Indicator, kind: str) -> OneCopy:
    """The indicator in all domains of one copy. Firms without a value leave the base: they count zero, not missing."""
    y = frame[indicator.measure].to_numpy(float, na_value=np.nan)
    base = frame[f"base_{indicator.base}"].astype("boolean").fillna(False).to_numpy(bool) & np.isfinite(y)
    x = np.ones(len(y))
    if indicator.estimator == "ratio":
        x = frame[str(indicator.denominator)].to_numpy(float, na_value=np.nan)
        base &= np.isfinite(x)
        if kind == "percentage":
            y = y / 100 * x
    inside = members & base[:, None]
    y, x = np.where(base, y, 0.0), np.where(base, x, 0.0)
    w = design.weights
    population = column_sums(w, inside)
    n = inside.sum(axis=0)
    low = high = None
    if indicator.estimator == "median":
        estimate, influence, low, high = _medians(design, y, inside)
        replicated = _replicated_medians(design, y, inside)
        unweighted = np.array([np.median(y[inside[:, j]]) if n[j] else np.nan for j in range(len(n))])
    else:
        top = inside * y[:, None]
        below = None if indicator.estimator == "total" else inside * x[:, None]
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
        (inside & (y[:, None] > 0)).sum(axis=0),
        np.where(n > 0, unweighted, np.nan),
        np.array([design.degrees_of_freedom(inside[:, j]) for j in range(len(n))]),
        kish,
        population,
        inside,
        bool((y < 0).any() or (x < 0).any()),
        low,
        high,
    )


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


def combined(observed: OneCopy, copies: list[OneCopy], indicator: Indicator, kind: str, routed: Bools) -> Line:
    """Rubin's rules over the copies, then intervals, design effects and the reason of everything that is missing.

    `routed`: (n,) firms whose value of the measure follows from the routing.
    """
    df = np.min([c.df for c in copies], axis=0).astype(float)
    parts = combine([c.estimate for c in copies], [_zero(c.variance) for c in copies], df)
    replicated = combine([c.estimate for c in copies], [_zero(c.replicate_variance) for c in copies], df)
    estimate, variance, df = parts.estimate, np.where(np.isnan(parts.estimate), np.nan, parts.variance), parts.df
    n = np.mean([c.n for c in copies], axis=0)
    kish = np.mean([c.kish for c in copies], axis=0)
    simple = np.mean([_zero(c.simple_variance) for c in copies], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = np.where(simple > 0, variance / simple, np.where(kish > 0, n / kish, np.nan))
        effective = np.where(simple > 0, np.where(variance > 0, n / deff, np.nan), kish)
    se = np.sqrt(variance)
    if indicator.estimator == "share":
        low, high = logit_t(estimate, se, df)
        few = np.minimum(observed.events, observed.n - observed.events) < FEW_EVENTS
        exact = few & (se > 0) | (estimate == 0) | (estimate == 1)
        low_few, high_few = korn_graubard(estimate, se, n, df, limit=kish)
        low, high = np.where(exact, low_few, low), np.where(exact, high_few, high)
    elif copies[0].low is not None and copies[0].high is not None:
        low, high = student_t(estimate, se, df)
        if len(copies) == 1:
            low, high = copies[0].low, copies[0].high
        unknown = np.isnan(np.array([c.low for c in copies], dtype=float)).any(axis=0)
        low, high = np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
        variance = np.where(unknown, np.nan, variance)
    else:
        low, high = student_t(estimate, se, df)
    if indicator.estimator != "share" and not any(c.negative for c in copies):
        low = np.maximum(low, 0.0)
    unit = kind == "percentage" and indicator.estimator in ("mean", "median")
    if unit:
        high = np.minimum(high, 100.0)
    if kind == "percentage" and indicator.estimator == "ratio":
        high = np.minimum(high, 1.0)
    one_firm = (df < 1) & (se > 0)
    low, high = np.where(one_firm, np.nan, low), np.where(one_firm, np.nan, high)
    reason = [_reason(i, observed, estimate, variance, simple, low) for i in range(len(estimate))]
    return Line(
        indicator,
        observed,
        estimate,
        variance,
        np.where(np.isnan(estimate), np.nan, _unzero(replicated.variance, copies)),
        df,
        parts.fmi,
        low,
        high,
        deff,
        effective,
        n,
        observed.inside[routed].sum(axis=0),
        np.mean([c.contributions for c in copies], axis=0),
        np.mean([c.population for c in copies], axis=0),
        reason,
    )


def _zero(values: Floats) -> Floats:
    return np.nan_to_num(values, nan=0.0, posinf=0.0)


def _unzero(values: Floats, copies: list[OneCopy]) -> Floats:
    """Combined replicate variances, missing again where some copy's was."""
    return np.where(np.isnan([c.replicate_variance for c in copies]).any(axis=0), np.nan, values)


def _reason(j: int, observed: OneCopy, estimate: Floats, variance: Floats, simple: Floats, low: Floats) -> str | None:
    """Why a figure of this line is missing or has no variance."""
    if observed.n[j] == 0 and np.isnan(estimate[j]):
        return "no firm of the base answered in this domain"
    if np.isnan(estimate[j]):
        return "the denominator is zero, or no completed copy has a firm in this domain"
    if np.isnan(low[j]):
        return "too few firms for an interval"
    if simple[j] == 0:
        return "all firms answered alike"
    if variance[j] == 0:
        return "no sampling variance: every firm was counted, or calibration fixes the figure"
    if estimate[j] == 0:
        return "the estimate is zero: no coefficient of variation"
    return None
