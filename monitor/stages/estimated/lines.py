"""One indicator in all its domains at once, in every completed copy, and the copies combined.

Belongs here: arrays from measures to estimates with standard errors and intervals. Does not belong here: tables of
the lake, reliability bounds, comparability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.contract.columns import EVERYONE
from monitor.contract.reliability import reliability
from monitor.running import kept
from monitor.stages.estimated.one_copy import Bools, Floats, OneCopy, each_copy, values_of
from monitor.statistics.design.intervals import (
    FEW_FIRMS_EITHER_WAY,
    effective_df,
    korn_graubard,
    log_t,
    logit_t,
    student_t,
)
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.content import digest
from monitor.survey import Indicator, Survey

NONE: Floats = np.empty((0, 0))
HEAVY_TAILED = ("total", "ratio")
"""Estimators of amounts, which a few large firms carry together with their errors (`benchmarks/tails.csv`)"""


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
        everywhere, whole = range(len(self.domains)), range(1)
        return pd.DataFrame(
            [
                self._row(name, line, j)
                for name, line in self.lines.items()
                for j in (everywhere if line.indicator.by_domain else whole)
            ]
        )

    def _row(self, name: str, line: Line, j: int) -> dict[str, object]:
        """One indicator in one domain."""
        unit = scale_of(line.indicator, self.types[name])
        share = line.indicator.estimator == "share"
        variable, code = self.domains[j]
        se, estimate = float(np.sqrt(line.variance[j])), float(line.estimate[j])
        low, high = float(line.low[j]) * unit, float(line.high[j]) * unit
        cv = se / abs(estimate) if estimate else np.nan
        n, effective, df = int(line.observed.n[j]), float(line.n_effective[j]), float(line.df[j])
        bounded = share or self.types[name] == "percentage"
        return {
            "indicator": name,
            "measure": line.indicator.measure,
            "domain_variable": variable,
            "domain": code,
            "estimate": estimate * unit,
            "se": se * unit,
            "ci_low": low,
            "ci_high": high,
            "unweighted": float(line.observed.unweighted[j]) * unit,
            "n": n,
            "n_routed": int(line.n_routed[j]),
            "n_completed": float(line.n_completed[j]),
            "events": int(line.observed.events[j]) if share else None,
            "n_effective": effective,
            "deff": float(line.deff[j]),
            "cv": cv,
            "reliability": reliability(bounded, estimate * unit, low, high, cv, n, effective, self.minimum_firms, df),
            "df": df,
            "se_replicate": float(np.sqrt(line.replicate_variance[j])) * unit,
            "population": float(line.population[j]),
            "copies": self.copies,
            "fmi": float(line.fmi[j]),
            "complete_case_estimate": float(line.observed.estimate[j]) * unit,
            "complete_case_se": float(np.sqrt(line.observed.variance[j])) * unit,
            "reason": line.reason[j],
        }


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
    lines = dict(zip(measured, kept.share(_line, (data, members), asked, _content(data, members)), strict=True))
    return WaveEstimates(data.wave, data.design, len(completed), domains, lines, survey.disclosure.minimum_firms, types)


def _line(wave: tuple[WaveData, Mapping[int, Bools]], asked: tuple[Indicator, str]) -> Line:
    """An indicator, with its measure's type, through every copy; each copy's firms in each domain with the data. Of the
    observed copy no more goes along than a line tells."""
    (data, members), (indicator, kind) = wave, asked
    found = each_copy(data.design, data.copies, members, indicator, kind)
    used = [found[copy] for copy in sorted(found) if copy > 0] or [found[0]]
    past = data.copies[0]["firm"].isin(data.routed.get(indicator.measure, ())).to_numpy(bool)
    line = combined(found[0], used, indicator, kind, past)
    return replace(line, observed=replace(found[0], contributions=NONE, influence=NONE))


def _content(data: WaveData, members: Mapping[int, Bools]) -> Callable[[tuple[Indicator, str]], bytes]:
    """What the line of an indicator follows from, hashed: its own columns in every copy, who is in which domain, the
    design."""
    common = digest([data.design, data.copies[0]["firm"].to_numpy(object), list(members), *members.values()])

    def of(asked: tuple[Indicator, str]) -> bytes:
        indicator, kind = asked
        values = [values_of(frame, indicator, kind) for frame in data.copies.values()]
        return digest([common, indicator, kind, values, data.routed.get(indicator.measure, set())])

    return of


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
    low, high = _interval(estimate, se, df, n, kish, observed, copies, indicator)
    if indicator.estimator in HEAVY_TAILED and not any(c.negative for c in copies):
        low, high = _of_amounts(estimate, se, df, copies, indicator, kind)
    if _bounded_by_its_values(copies):
        variance = np.where(_without_bounds(copies), np.nan, variance)
    low, high = _within_reach(low, high, copies, indicator, kind)
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


def _interval(
    estimate: Floats,
    se: Floats,
    df: Floats,
    n: Floats,
    kish: Floats,
    observed: OneCopy,
    copies: list[OneCopy],
    indicator: Indicator,
) -> tuple[Floats, Floats]:
    """(D,) bounds at 95 %: by logit or, where there are few events, Korn and Graubard for a share; by the estimator's
    own order statistics for a median of one copy; by Student's t otherwise."""
    if indicator.estimator == "share":
        low, high = logit_t(estimate, se, df)
        few = np.minimum(observed.events, observed.n - observed.events) < FEW_FIRMS_EITHER_WAY
        exact = few & (se > 0) | (estimate == 0) | (estimate == 1)
        low_few, high_few = korn_graubard(estimate, se, n, df, limit=kish)
        return np.where(exact, low_few, low), np.where(exact, high_few, high)
    low, high = student_t(estimate, se, df)
    if _bounded_by_its_values(copies):
        if len(copies) == 1 and copies[0].low is not None and copies[0].high is not None:
            low, high = copies[0].low, copies[0].high
        unknown = _without_bounds(copies)
        low, high = np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
    return low, high


def _of_amounts(
    estimate: Floats, se: Floats, df: Floats, copies: list[OneCopy], indicator: Indicator, kind: str
) -> tuple[Floats, Floats]:
    """(D,) bounds at 95 % of totals and ratios of amounts that are never negative: on the log scale, of a ratio that is
    a part of a whole on the logit scale, with the degrees of freedom of the firms that carry the variance."""
    carrying = np.mean([effective_df(c.contributions, c.df) for c in copies], axis=0)
    on_scale = logit_t if indicator.estimator == "ratio" and kind == "percentage" else log_t
    return on_scale(estimate, se, np.minimum(carrying, df))


def _bounded_by_its_values(copies: list[OneCopy]) -> bool:
    """Whether bounds come with the estimator, as a median's do."""
    return copies[0].low is not None and copies[0].high is not None


def _without_bounds(copies: list[OneCopy]) -> Bools:
    """(D,) whether the estimator gave no bounds in some copy."""
    return np.asarray(np.isnan(np.array([c.low for c in copies], dtype=float)).any(axis=0))


def _within_reach(
    low: Floats, high: Floats, copies: list[OneCopy], indicator: Indicator, kind: str
) -> tuple[Floats, Floats]:
    """Bounds cut off at what a figure can be: nothing below 0 of what is never negative, no share above all."""
    if indicator.estimator != "share" and not any(c.negative for c in copies):
        low = np.maximum(low, 0.0)
    if kind == "percentage" and indicator.estimator in ("mean", "median"):
        high = np.minimum(high, 100.0)
    if kind == "percentage" and indicator.estimator == "ratio":
        high = np.minimum(high, 1.0)
    return low, high


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
