"""What firms that answered more or less readily than others could change in each headline and each claim.

    odds     the figure if firms with its property had other odds of answering, and where it or its verdict turns

Belongs here: which figures, their rows of `modelled_sensitivity`, verdicts under other odds. Does not belong here:
reweighting (`departures`), what the data themselves say of those who did not answer (`silent`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.precision import mean_count, to_error
from monitor.stages.modelled.analysed import Asking, part_of
from monitor.stages.modelled.departures import COPIES, Departure, having, knows_silence
from monitor.stages.modelled.evidence import share_interval
from monitor.stages.modelled.modelling import Findings, unit_of_claim
from monitor.statistics.decisions.claim import Claim, Difference, ModelContrast, Share
from monitor.statistics.decisions.claims import Evidence, decide
from monitor.statistics.design.sums import two_sums
from monitor.statistics.disclosure.primary import one_firm_too_large
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.power import Precision, State
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Array, Mask, Sample
from monitor.statistics.nonresponse.tipping import Figure, Ratio, of_contrast, of_ratios, turning_point
from monitor.survey import Indicator, Nonresponse, Survey
from monitor.survey.answering import Property, of_estimand, of_indicator
from monitor.survey.model import unit_of

INDICATOR, CLAIM, ODDS = "indicator", "claim", "odds"
OF_A_LINE = ("estimate", "se", "ci_low", "ci_high", "df", "n", "events")
"""What of a published line a departure is told with"""


@dataclass(frozen=True)
class Point:
    """A figure as it is published, or as it would be."""

    estimate: float
    se: float
    low: float
    high: float


@dataclass
class Subject:
    """A figure that a departure is told of."""

    kind: str
    name: str
    unit: str
    found: Property
    departure: Departure
    at: Callable[[float], Point]
    verdict: Callable[[float], str | None]
    counted: tuple[int, int]
    """Responding firms, and of them those with the property; means over the first copies"""
    model: str | None = None
    one_firm: bool = False
    """Of an amount: whether one firm is too large among those with the property, or those without"""

    def same(self, gamma: float) -> bool:
        """Whether under these odds the verdict stands; of a figure without one, whether the published interval still
        holds it. What cannot be told has not turned."""
        if self.kind == CLAIM:
            return self.verdict(gamma) in (None, self.verdict(1.0))
        published, under = self.at(1.0), self.at(gamma)
        return not (under.estimate < published.low or under.estimate > published.high)


def headline_rows(findings: Findings, published: pd.DataFrame | None) -> Asking[list[dict[str, Any]]]:
    """The rows of every headline along the declared odds. `published`: the wave's `estimated_indicators`; None of all
    waves together."""
    survey, sample = findings.survey, findings.sample
    if not knows_silence(sample.design):
        return []
    lines = _of_all(published)
    told = yield [
        part_of(
            _indicator_rows, survey, {findings.label: sample}, {"indicators": {name: indicator}},
            (lines[name],), sorted(lines[name].items()),
        )
        for name, indicator in survey.indicators.items()
        if indicator.headline and name in lines
    ]  # fmt: skip
    return [row for rows in told for row in rows]


def claim_rows(findings: Findings) -> Asking[list[dict[str, Any]]]:
    """The rows of every claim that was decided, along the same odds: of each family for itself, for its claims are
    decided together."""
    survey, sample = findings.survey, findings.sample
    if not knows_silence(sample.design):
        return []
    fitted = [result.specification for result in findings.results]
    decided = list(zip(survey.claims, findings.evidence, strict=True))
    parts = []
    for family in dict.fromkeys(claim.family for claim in survey.claims):
        claims = tuple(claim for claim in survey.claims if claim.family == family)
        evidence = [evidence for claim, evidence in decided if claim.family == family]
        own = replace(findings, sample=sample.only(()), evidence=evidence, rows={})
        declared = {"models": survey.models, "claims": claims}
        parts.append(part_of(_claim_rows, survey, {findings.label: sample}, declared, (own,), fitted=fitted))
    told = yield parts
    place = {claim.name: number for number, claim in enumerate(survey.claims)}
    return sorted((row for rows in told for row in rows), key=lambda row: place[row["figure"]])


def _of_all(published: pd.DataFrame | None) -> dict[str, dict[str, float]]:
    """Indicator -> the figures of its line of all firms."""
    if published is None:
        return {}
    whole = published[published["domain_variable"] == EVERYONE].set_index("indicator")
    figures = whole[list(OF_A_LINE)].astype("float64")
    return {str(name): {of: float(line[of]) for of in OF_A_LINE} for name, line in figures.iterrows()}


def _indicator_rows(survey: Survey, samples: Mapping[str, Sample], line: Mapping[str, float]) -> list[dict[str, Any]]:
    ((label, sample),) = samples.items()
    subject = _indicator(survey, sample, next(iter(survey.indicators)), line)
    return [] if subject is None else list(_rows(Findings(survey, sample, label), subject, survey.nonresponse))


def _claim_rows(survey: Survey, samples: Mapping[str, Sample], findings: Findings) -> list[dict[str, Any]]:
    """Evidence and results follow from the same survey and columns."""
    seen = replace(findings, survey=survey, sample=samples[findings.label])
    return [row for subject in _claims(seen) for row in _rows(seen, subject, survey.nonresponse)]


def _rows(findings: Findings, subject: Subject, declared: Nonresponse) -> Iterator[dict[str, Any]]:
    grid, (least, most) = declared.grid, declared.plausible
    subject.departure.along(grid)
    above = turning_point(subject.same, [gamma for gamma in grid if gamma > 1])
    below = turning_point(subject.same, [gamma for gamma in reversed(grid) if gamma < 1])
    known = all(np.isfinite(subject.at(gamma).estimate) for gamma in grid if least <= gamma <= most)
    survives = (above is None or above > most) and (below is None or below < least)
    for gamma in grid:
        point = subject.at(gamma)
        yield {
            "survey": findings.survey.name,
            "wave": findings.label,
            "kind": subject.kind,
            "figure": subject.name,
            "approach": ODDS,
            "axis": f"{gamma:g}",
            "setting": gamma,
            "plausible": least <= gamma <= most,
            "property": subject.found.formula,
            "unit": subject.unit,
            "estimate": point.estimate,
            "se": point.se,
            "ci_low": point.low,
            "ci_high": point.high,
            "verdict": subject.verdict(gamma),
            "turns_below": below,
            "turns_above": above,
            "survives": survives if known else None,
            "model": subject.model,
            "n": subject.counted[0],
            "events": subject.counted[1],
            "one_firm": subject.one_firm,
        }


# ---- headlines


def _indicator(survey: Survey, sample: Sample, name: str, line: Mapping[str, float]) -> Subject | None:
    """A headline; None of one without a figure, or that no property moves."""
    indicator, found = survey.indicators[name], of_indicator(survey, name)
    if found is None or pd.isna(line["estimate"]) or pd.isna(line["ci_low"]) or not sample.has(indicator.measure):
        return None
    ratios = [ratio_of(survey, indicator, copy) for copy in sample.copies[:COPIES]]
    departure = Departure(
        sample.design,
        survey.design.calibration,
        of_ratios([(ratio,) for ratio in ratios]),
        having(found, sample, ratios),
    )
    return Subject(
        INDICATOR,
        name,
        unit_of(survey, indicator) or "",
        found,
        departure,
        _of_indicator(survey, indicator, ratios, line, departure),
        lambda gamma: None,
        _with_property(departure),
        one_firm=not bounded(survey, indicator) and _one_firm(survey, sample, ratios[0], departure.having[0]),
    )


def bounded(survey: Survey, indicator: Indicator) -> bool:
    """Whether a firm's own value cannot be large: of shares of firms and means of percentages."""
    percentage = survey.measures[indicator.measure].type == "percentage"
    return indicator.estimator == "share" or (percentage and indicator.denominator is None)


def _with_property(departure: Departure) -> tuple[int, int]:
    masks = departure.having
    return len(masks[0]), mean_count([has.sum() for has in masks])


def _one_firm(survey: Survey, sample: Sample, ratio: Ratio, has: Mask) -> bool:
    """Whether a curve would give one firm's amount away: it tells what firms with the property add up to, and those
    without."""
    w, limits = sample.design.weights, survey.disclosure
    parts = [part for part in (ratio.top, ratio.below) if part is not None]
    return any(
        one_firm_too_large((w * part)[side], limits.p_percent, limits.dominance)
        for part in parts
        for side in (has, ~has)
    )


def ratio_of(survey: Survey, indicator: Indicator, copy: Columns) -> Ratio:
    """An indicator of all firms of its base in one copy, in the unit it is published in."""
    percentage = survey.measures[indicator.measure].type == "percentage"
    over = copy.numbers[indicator.denominator] if indicator.denominator is not None else None
    base = copy.numbers[f"base_{indicator.base}"] == 1
    top, below, _ = two_sums(copy.numbers[indicator.measure], base, over, percentage=percentage)
    if percentage and over is None:
        top = top / 100
    return Ratio(top) if indicator.estimator == "total" else Ratio(top, below)


def _of_indicator(
    survey: Survey, indicator: Indicator, ratios: Sequence[Ratio], line: Mapping[str, float], departure: Departure
) -> Callable[[float], Point]:
    """The indicator under other odds: at 1 as it is published, elsewhere the move added to it."""
    percentage = survey.measures[indicator.measure].type == "percentage"
    scale = _scale(indicator, percentage)
    least = 0.0 if all((ratio.top >= 0).all() for ratio in ratios) else -np.inf
    most = 1.0 if percentage else np.inf
    published = Point(*(float(line[name]) for name in ("estimate", "se", "ci_low", "ci_high")))

    def at(gamma: float) -> Point:
        if gamma == 1:
            return published
        moved = departure.at(gamma)
        estimate, se = published.estimate + float(moved.shift[0]), published.se * float(moved.growth[0])
        if indicator.estimator == "share":
            low, high = share_interval(estimate, se, float(line["df"]), float(line["n"]), float(line["events"]))
        else:
            low, high = (carried(published, estimate, se, bound, scale) for bound in (published.low, published.high))
        return _rounded(estimate, se, max(low, least), min(high, most))

    return at


def _scale(indicator: Indicator, percentage: bool) -> str:
    """On which scale an amount's interval is made: totals and ratios on that of logarithms, part of a whole on that of
    logits, means as they are."""
    if indicator.estimator == "ratio" and percentage:
        return "logit"
    return "log" if indicator.estimator in ("ratio", "total") else "plain"


def carried(published: Point, estimate: float, se: float, bound: float, scale: str) -> float:
    """The bound that another estimate and error have where the published ones have `bound`: as many errors away, on the
    same scale. An estimate or bound that has no logarithm stays on the plain one."""
    ends = (published.estimate, bound, estimate)
    if scale == "plain" or min(ends) <= 0 or (scale == "logit" and max(ends) >= 1) or not published.se > 0:
        grown = se / published.se if published.se > 0 else 1.0
        return estimate + (bound - published.estimate) * grown

    def on(value: float) -> float:
        return float(np.log(value if scale == "log" else value / (1 - value)))

    def slope(value: float) -> float:
        return 1 / value if scale == "log" else 1 / (value * (1 - value))

    away = (on(bound) - on(published.estimate)) / (published.se * slope(published.estimate))
    there = on(estimate) + away * se * slope(estimate)
    return float(np.exp(there) if scale == "log" else 1 / (1 + np.exp(-there)))


def _rounded(estimate: float, se: float, low: float, high: float) -> Point:
    """To the digits that are published, which decide what has turned."""
    return Point(*(to_error(value, se) for value in (estimate, se, low, high)))


# ---- claims


@dataclass
class _Claim:
    """A claim with what was found for it, and how that departs."""

    claim: Claim
    evidence: Evidence
    found: Property | None = None
    departure: Departure | None = None
    few: tuple[float, float] = (np.inf, np.inf)
    """Firms counted, and of them with the property, of a share"""
    state: State | None = None
    """The share that moves with a contrast of practices"""

    def under(self, gamma: float) -> Evidence | None:
        """The evidence under other odds; None where there is none under these."""
        e = self.evidence
        if self.departure is None or gamma == 1:
            return e
        moved = self.departure.at(gamma)
        estimate, se = e.estimate + float(moved.shift[0]), e.se * float(moved.growth[0])
        if not np.isfinite(estimate):
            return None
        precision = Precision(se, e.df, estimate, _state(self.state, moved.shift, moved.growth))
        if e.share:
            low, high = share_interval(estimate, se, e.df, *self.few)
        else:
            low, high = precision.interval()
        told = _rounded(estimate, se, low, high)
        error_at = precision.error_at if e.error_at is not None else None
        return replace(e, estimate=told.estimate, se=told.se, low=told.low, high=told.high, error_at=error_at)


def _state(state: State | None, shift: Array, growth: Array) -> State | None:
    return None if state is None else State(state.share + float(shift[-1]), state.se * float(growth[-1]))


def _claims(findings: Findings) -> Iterator[Subject]:
    """The claims that a departure can be told of. Each verdict under other odds is that of its whole family under
    them."""
    known: dict[object, _Claim] = {}
    every = []
    for claim, evidence in zip(findings.survey.claims, findings.evidence, strict=True):
        made = known.get(claim.estimand) or _claim(findings, claim, evidence)
        known[claim.estimand] = made
        every.append(replace(made, claim=claim, evidence=evidence))
    verdicts = _Verdicts(every)
    for place, one in enumerate(every):
        if one.departure is not None and one.found is not None:
            yield Subject(
                CLAIM,
                one.claim.name,
                unit_of_claim(findings.survey, one.claim.estimand),
                one.found,
                one.departure,
                lambda gamma, one=one: _point(one.under(gamma)),  # type: ignore[misc]
                lambda gamma, place=place: verdicts.of(place, gamma),  # type: ignore[misc]
                _with_property(one.departure),
                one.evidence.model,
            )


def _point(e: Evidence | None) -> Point:
    return Point(*(float("nan"),) * 4) if e is None else Point(e.estimate, e.se, e.low, e.high)


class _Verdicts:
    """Verdicts of claims under other odds, families together."""

    def __init__(self, every: Sequence[_Claim]) -> None:
        self.every = every
        self.found: dict[tuple[str, float], dict[int, str | None]] = {}

    def of(self, place: int, gamma: float) -> str | None:
        """The verdict on a claim; None where some claim of its family has no evidence under these odds."""
        family = self.every[place].claim.family
        if (family, gamma) not in self.found:
            members = [i for i, one in enumerate(self.every) if one.claim.family == family]
            under = [self.every[i].under(gamma) for i in members]
            told: dict[int, str | None] = dict.fromkeys(members)
            if all(e is not None for e in under):
                decided = decide([self.every[i].claim for i in members], [e for e in under if e is not None])
                told = {i: one.verdict for i, one in zip(members, decided, strict=True)}
            self.found[family, gamma] = told
        return self.found[family, gamma][place]


def _claim(findings: Findings, claim: Claim, evidence: Evidence) -> _Claim:
    survey, sample, estimand = findings.survey, findings.sample, claim.estimand
    found, plain = of_estimand(survey, estimand), _Claim(claim, evidence)
    if evidence.reason is not None or found is None:
        return plain
    if isinstance(estimand, ModelContrast):
        return _of_contrast(findings, plain, estimand, found)
    ratios = [shares_of(estimand, copy) for copy in sample.copies[:COPIES]]
    departure = _departure(survey, sample, of_ratios(ratios), found, [parts[0] for parts in ratios])
    counted = [(parts[0].below, parts[0].top) for parts in ratios]
    n, events = (
        float(np.mean([0.0 if x is None else x.sum() for x in column])) for column in zip(*counted, strict=True)
    )
    return replace(plain, found=found, departure=departure, few=(n, events) if evidence.share else (np.inf, np.inf))


def _departure(survey: Survey, sample: Sample, figure: Figure, found: Property, above: Sequence[Ratio]) -> Departure:
    return Departure(sample.design, survey.design.calibration, figure, having(found, sample, above))


def shares_of(estimand: Share | Difference, copy: Columns) -> tuple[Ratio, ...]:
    """A share, or the two shares of a difference, in one copy."""
    y = copy.numbers[estimand.measure]
    base = (copy.numbers[f"base_{estimand.base}"] == 1) & np.isfinite(y)
    if isinstance(estimand, Difference):
        by, wanted = copy.numbers[estimand.by], 1.0
        groups = [base & (by == 1), base & (by == 0)]
    else:
        wanted = float(estimand.equals)
        groups = [base & (copy.numbers[estimand.among] == 1) if estimand.among else base]
    return tuple(Ratio((group & (y == wanted)).astype(float), group.astype(float)) for group in groups)


def _of_contrast(findings: Findings, plain: _Claim, estimand: ModelContrast, found: Property) -> _Claim:
    """A claim that a model decides, where the model is weighted as the survey is."""
    survey, sample = findings.survey, findings.sample
    result = next(r for r in findings.results if _fitted(r, estimand))
    specification = result.specification
    precision = result.contrasts.precision(estimand.contrast) if result.contrasts else None
    prepared = prepare(sample, specification, survey.disclosure)
    if prepared.result.refusal is not None or not specification.weighted or specification.complete_cases:
        return plain
    state = precision.state if precision else None
    moving = survey.models[estimand.model].contrast(estimand.contrast, estimand.variant)
    names = [estimand.contrast, *([moving.moving.name] if moving and moving.moving else [])]
    figure = of_contrast(sample, prepared, names, COPIES)
    outcomes = [_outcome(found, copy) for copy in sample.copies[:COPIES]]
    departure = _departure(survey, sample, figure, found, outcomes)
    return replace(plain, found=found, departure=departure, state=state)


def _fitted(result: Result, estimand: ModelContrast) -> bool:
    s = result.specification
    return (s.model, s.variant) == (estimand.model, estimand.variant)


def _outcome(found: Property, copy: Columns) -> Ratio:
    """The outcome's mean over the base, which firms' own values are held against where it is no yes or no."""
    if found.above is None:
        return Ratio(np.zeros(copy.n))
    y = copy.numbers[found.above]
    inside = (copy.numbers[f"base_{found.base}"] == 1) & np.isfinite(y)
    return Ratio(np.where(inside, y, 0.0), inside.astype(float))
