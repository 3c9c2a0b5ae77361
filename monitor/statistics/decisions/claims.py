"""Claims: sentences about the world with a decision rule written before the data, and the verdict on each.

Rules, all one-sided at the declared `alpha` (0.025 makes verdict and 95 % interval agree):

    above     value         supported where the data reject "value or less"; contradicted where they reject "value or
                            more"
    below     value         the same, the other way round
    within    value, margin supported where they reject every value outside value -+ margin (two one-sided
                            tests); contradicted where they reject every value inside
    share_above value       `above` for a share, on exact (Clopper-Pearson) grounds with the effective number of firms
    no_substitution margin  complementarity: supported where they reject "-margin or less" (non-inferiority: Blackwelder
                            1982); contradicted where they do not, and reject "zero or more" (`substitution`)

Within a declared `family` the p-values are adjusted by Holm's method before they are held against alpha.

Belongs here: rules, p-values of rules, and verdicts with what decided them. Does not belong here: computing estimands
(`modelled.evidence`), how rule and verdict read (`modelled.verdicts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import betainc, stdtr, stdtrit

from monitor.statistics.decisions.claim import Claim, Rule
from monitor.statistics.decisions.substitution import substitution

SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE = "supported", "contradicted", "inconclusive", "not testable"
ABOVE, BELOW = "above", "below"
"""The estimate lies on this side of the rule's value, beyond its error"""
INSIDE, OUTSIDE = "inside", "outside"
"""It lies within the rule's margin around the value, or not, beyond its error"""
UNDECIDED, NOT_TOGETHER = "undecided", "not_together"
"""Nothing is rejected; something would be, were the claim not adjusted within its family"""
NO_SUBSTITUTION, SUBSTITUTION, SUBSTITUTION_UNDECIDED = "no_substitution", "substitution", "substitution_undecided"
"""It lies above minus the margin of `no_substitution`, or below zero, beyond its error; neither is rejected"""
NO_ESTIMATE = "no_estimate"
"""The evidence says why"""
GROUNDS = (
    ABOVE, BELOW, INSIDE, OUTSIDE, UNDECIDED, NOT_TOGETHER,
    NO_SUBSTITUTION, SUBSTITUTION, SUBSTITUTION_UNDECIDED, NO_ESTIMATE,
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What the data say about a claim's estimand in one wave; shares and differences of shares."""

    estimate: float = float("nan")
    se: float = float("nan")
    df: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    """95 % interval"""
    share: bool = False
    n: int = 0
    """Firms that decide: where answers were filled in, with those (the mean over the completed copies)"""
    answered: int | None = None
    """Responses that settle it with nothing filled in, where firms are counted"""
    answered_with: int | None = None
    """Of them, those with the property, for shares"""
    minimum_detectable_effect: float = float("nan")
    error_at: Callable[[float], float] | None = field(default=None, compare=False)
    """The standard error with which a difference is tested against a value, where that is not `se`"""
    reason: Mapping[str, str] | None = None
    """Why there is no estimate, by language"""
    model: str | None = None
    variant: str | None = None
    contrast: str | None = None
    """Where the numbers stand, for estimands that come from a model"""
    base_rate: float = float("nan")
    """Share of the base's firms with the outcome, which a margin is held against; NaN where no rule asks for it"""

    @property
    def effective(self) -> float:
        """Korn and Graubard's (1998) effective number of firms of a share, never more than there are."""
        if self.se <= 0 or not 0 < self.estimate < 1:
            return float(self.n)
        correction = (stdtrit(max(self.n - 1, 1), 0.975) / stdtrit(self.df, 0.975)) ** 2
        return float(min(self.estimate * (1 - self.estimate) / self.se**2 * correction, self.n))


@dataclass(frozen=True)
class Verdict:
    """The decision on one claim in one wave, with what decided it."""

    claim: Claim
    evidence: Evidence
    verdict: str
    ground: str
    """What decided: one of `GROUNDS`; its facts are the rule's and the evidence's"""
    p_supported: float
    """p-value of the test that would support the claim, adjusted within its family"""
    p_contradicted: float


def decide(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> list[Verdict]:
    """The verdicts on a wave's claims, in their order; Holm's adjustment runs within each declared family."""
    tests = [rule_tests(claim.rule, found) for claim, found in zip(claims, evidence, strict=True)]
    supported = np.array([test[0] for test in tests])
    contradicted = np.array([test[1] for test in tests])
    families = [claim.family for claim in claims]
    for family in dict.fromkeys(families):
        members = np.array([name == family for name in families])
        supported[members] = holm(supported[members])
        contradicted[members] = holm(contradicted[members])
    return [
        _verdict(claim, found, float(yes), float(no), min(alone))
        for claim, found, yes, no, alone in zip(claims, evidence, supported, contradicted, tests, strict=True)
    ]


def rule_tests(rule: Rule, evidence: Evidence) -> tuple[float, float]:
    """(p-value that supports the claim, p-value that contradicts it); NaN where there is no estimate."""
    kind, value = rule.kind, rule.value
    if evidence.reason is not None:
        return float("nan"), float("nan")
    if kind == "share_above":
        return _exact_above(evidence, value), _exact_below(evidence, value)
    if kind == "no_substitution":
        tests = substitution(evidence.estimate, evidence.se, evidence.df, rule.margin, evidence.error_at)
        return tests.p_no_worse, tests.p_substitutes
    if kind == "within":
        above_low, above_high = _p_above(evidence, value - rule.margin), _p_above(evidence, value + rule.margin)
        inside = max(above_low, 1 - above_high)
        return inside, min(1.0, 2 * min(1 - above_low, above_high))
    p = _p_above(evidence, value)
    return (p, 1 - p) if kind == "above" else (1 - p, p)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's (1979) step-down p-values; missing ones stay missing and do not count."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    largest = 0.0
    for rank, at in enumerate(known[np.argsort(p[known], kind="stable")]):
        largest = max(largest, min(1.0, (len(known) - rank) * float(p[at])))
        adjusted[at] = largest
    return adjusted


def _verdict(claim: Claim, evidence: Evidence, yes: float, no: float, alone: float) -> Verdict:
    """`alone`: the smaller p-value before the family's adjustment."""
    if evidence.reason is not None:
        return Verdict(claim, evidence, NOT_TESTABLE, NO_ESTIMATE, yes, no)
    alpha = claim.rule.alpha
    verdict = SUPPORTED if yes < alpha else CONTRADICTED if no < alpha else INCONCLUSIVE
    return Verdict(claim, evidence, verdict, _ground(claim.rule, verdict, alone), yes, no)


def _ground(rule: Rule, verdict: str, alone: float) -> str:
    if verdict == INCONCLUSIVE:
        undecided = SUBSTITUTION_UNDECIDED if rule.kind == "no_substitution" else UNDECIDED
        return NOT_TOGETHER if alone < rule.alpha else undecided
    if rule.kind == "no_substitution":
        return NO_SUBSTITUTION if verdict == SUPPORTED else SUBSTITUTION
    if rule.kind == "within":
        return INSIDE if verdict == SUPPORTED else OUTSIDE
    return BELOW if (rule.kind == "below") == (verdict == SUPPORTED) else ABOVE


def _p_above(e: Evidence, value: float) -> float:
    """p-value of "the estimand is `value` or less": Student's t, for shares on the logit scale."""
    if e.share and 0 < e.estimate < 1:
        if not 0 < value < 1:
            return 0.0 if value <= 0 else 1.0
        distance = np.log(e.estimate / (1 - e.estimate)) - np.log(value / (1 - value))
        t = distance * e.estimate * (1 - e.estimate) / e.se if e.se > 0 else np.inf * np.sign(distance)
    else:
        se = e.se if e.error_at is None else e.error_at(value)
        t = (e.estimate - value) / se if se > 0 else np.inf * np.sign(e.estimate - value)
    return float(stdtr(e.df, -t))


def _exact_above(e: Evidence, value: float) -> float:
    n = e.effective
    x = n * e.estimate
    return float(betainc(x, n - x + 1, value)) if x > 0 else 1.0


def _exact_below(e: Evidence, value: float) -> float:
    n = e.effective
    x = n * e.estimate
    return float(1 - betainc(x + 1, n - x, value)) if x < n else 1.0
