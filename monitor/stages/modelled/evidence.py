"""What the data say about a claim's estimand: a share, a difference of shares, or a contrast of a fitted model.

    estimand: {kind: share, measure: m, equals: true, among: g, base: b}      share with m = equals, among firms with g
    estimand: {kind: difference, measure: m, by: g, base: b}                  p(m | g) - p(m | not g)
    estimand: {kind: contrast, model: name, variant: main, contrast: name}

What is found is rounded as it is published: a sentence prints its table's digits, and a rule is held against them.

Belongs here: these three, through every completed copy, and whether in a wave the rule can mean what its sentence says.
Does not belong here: deciding (`statistics.decisions.claims`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monitor.precision import mean_count, to_error
from monitor.statistics.decisions.claim import Difference, Estimand, ModelContrast, Rule, Share
from monitor.statistics.decisions.claims import Evidence
from monitor.statistics.decisions.declared_rules import margin_problem, one_firm_problem
from monitor.statistics.design.intervals import FEW_FIRMS_EITHER_WAY, korn_graubard, logit_t, student_t
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.power import Precision, State
from monitor.statistics.models.result import LEVEL, Result
from monitor.statistics.models.sample import Array, Sample
from monitor.survey import Disclosure
from monitor.wording.notes import sentence
from monitor.wording.sentences import LANGUAGES, in_each, say


def evidence_for(estimand: Estimand, sample: Sample, results: Sequence[Result], thresholds: Disclosure) -> Evidence:
    """The evidence for a claim's estimand; with a reason in its place where the wave cannot give any."""
    if isinstance(estimand, ModelContrast):
        return _of_contrast(estimand, results, sample)
    absent = [name for name in estimand.measures if not sample.has(name)]
    if absent or f"base_{estimand.base}" not in sample.observed:
        names = ", ".join(absent or [estimand.base])
        return Evidence(reason=in_each("claims", "no_answers", names=names))
    for name in estimand.measures:
        if why := sample.skipped.get((name, estimand.base)):
            return Evidence(reason=why)
    return _of_shares(estimand, sample, thresholds)


def held_against(rule: Rule, evidence: Evidence) -> Evidence:
    """The evidence; a reason in its place where in this wave the rule cannot mean what the claim says: its margin is
    not small beside the base rate, or a single firm would prove it. No figure is told: it may be withheld."""
    if evidence.reason is not None:
        return evidence
    if rule.kind == "no_substitution" and margin_problem(rule.margin, evidence.base_rate):
        return Evidence(reason=in_each("claims", "margin_not_small"))
    if evidence.share and rule.kind != "within":
        value = 1 - rule.value if rule.kind == "below" else rule.value
        if one_firm_problem(value, evidence.effective, rule.alpha):
            return Evidence(reason=in_each("claims", "one_firm_proves"))
    return evidence


def _of_contrast(estimand: ModelContrast, results: Sequence[Result], sample: Sample) -> Evidence:
    model, variant = estimand.model, estimand.variant
    for result in results:
        if (result.specification.model, result.specification.variant) != (model, variant):
            continue
        if result.refusal is not None:
            why = {x: sentence(result.refusal, x) for x in LANGUAGES}
            return Evidence(reason={x: say("claims", "model_withheld", x, why=why[x]) for x in LANGUAGES})
        c = result.contrasts
        place, precision = (c.at(estimand.contrast), c.precision(estimand.contrast)) if c else (None, None)
        if c is None or place is None or precision is None:
            break
        low, high = c.interval()
        se, df = float(c.error[place]), float(c.df[place])
        return Evidence(
            to_error(float(c.estimate[place]), se),
            to_error(se, se),
            df,
            to_error(float(low[place]), se),
            to_error(float(high[place]), se),
            share=c.kinds[place] == "share",
            n=result.n,
            minimum_detectable_effect=to_error(precision.detectable(), None),
            error_at=precision.error_at,
            model=model,
            variant=variant,
            contrast=estimand.contrast,
            base_rate=_base_rate(sample, result.specification.outcome, result.specification.base),
        )
    return Evidence(reason=in_each("claims", "no_model", model=model))


def _of_shares(estimand: Share | Difference, sample: Sample, thresholds: Disclosure) -> Evidence:
    difference = isinstance(estimand, Difference)
    found = [_shares_of_copy(estimand, copy, sample) for copy in sample.copies]
    firms = [min(group.sum() for group in groups) for _, _, groups, _ in found]
    if min(firms) < thresholds.minimum_firms:
        return Evidence(reason=in_each("claims", "few_firms", least=thresholds.minimum_firms))
    domain = np.any([np.any(groups, axis=0) for _, _, groups, _ in found], axis=0)
    df = max(float(sample.design.degrees_of_freedom(domain)), 1.0)
    covariances = sample.design.covariances(np.stack([influence for _, influence, _, _ in found]))
    combined = combine(np.stack([estimates for estimates, _, _, _ in found]), covariances, df)
    estimate, se, df = float(combined.estimate[0]), float(combined.se[0]), float(combined.df[0])
    state = State(float(combined.estimate[1]), float(combined.se[1])) if difference else None
    n = mean_count([np.any(groups, axis=0).sum() for _, _, groups, _ in found])
    _, _, told, with_it = _shares_of_copy(estimand, sample.observed, sample)
    events = mean_count([count for _, _, _, count in found])
    if difference:
        low, high = (float(bound) for bound in student_t(estimate, se, df, LEVEL))
    else:
        low, high = share_interval(estimate, se, df, n, events)
    least_found = to_error(Precision(se, df, estimate, state).detectable(), None)
    estimate, low, high, se = (to_error(value, se) for value in (estimate, low, high, se))
    return Evidence(
        estimate,
        se,
        df,
        low,
        high,
        share=not difference,
        n=n,
        answered=int(np.any(told, axis=0).sum()),
        answered_with=None if difference else with_it,
        minimum_detectable_effect=least_found,
    )


def share_interval(estimate: float, se: float, df: float, n: float, events: float) -> tuple[float, float]:
    """The 95 % interval of a share of n firms, `events` of them with the property: on the logit scale, or where there
    are few with or without it exact, with the effective number of firms."""
    few = min(events, n - events) < FEW_FIRMS_EITHER_WAY
    low, high = korn_graubard(estimate, se, n, df, LEVEL, n) if few else logit_t(estimate, se, df, LEVEL)
    return float(low), float(high)


def _base_rate(sample: Sample, measure: str, base: str) -> float:
    """The weighted mean, in 0..1, of a base's firms with a measure (or of a percentage) over the completed copies."""
    found = []
    for copy in sample.copies:
        y = copy.numbers[measure]
        inside = (copy.numbers[f"base_{base}"] == 1) & ~np.isnan(y)
        found.append(np.average(y[inside], weights=sample.design.weights[inside]))
    return float(np.mean(found)) / (100 if measure in sample.percentages else 1)


def _shares_of_copy(
    estimand: Share | Difference, copy: Columns, sample: Sample
) -> tuple[Array, Array, list[np.ndarray], int]:
    """(estimates (2,), influences (n, 2), groups, events) of one copy: of the estimand and of the first group's share;
    influences are of w_i z_i kind."""
    y = copy.numbers[estimand.measure]
    base = (copy.numbers[f"base_{estimand.base}"] == 1) & ~np.isnan(y)
    if isinstance(estimand, Difference):
        wanted, by = 1.0, copy.numbers[estimand.by]
        groups = [base & (by == 1), base & (by == 0)]
    else:
        wanted = float(estimand.equals)
        groups = [base & (copy.numbers[estimand.among] == 1) if estimand.among else base]
    equal = (y == wanted).astype(np.float64)
    w = sample.design.weights
    estimates, influences = np.zeros(2), np.zeros((len(w), 2))
    for signs, group in zip(((1.0, 1.0), (-1.0, 0.0)), groups, strict=False):
        size = float(w[group].sum())
        if size == 0:
            continue
        share = float((w * equal)[group].sum()) / size
        estimates += np.multiply(signs, share)
        influences += np.outer(np.where(group, equal - share, 0.0) / size, signs)
    return estimates, influences, groups, int(equal[groups[0]].sum())
