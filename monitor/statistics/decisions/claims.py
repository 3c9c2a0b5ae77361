"""Claims: sentences about the world with a decision rule written before the data, and the verdict on each.

Rules, all one-sided at the declared `alpha` (0.025 makes verdict and 95 % interval agree):

    above     value         supported where the data reject "value or less"; contradicted where they reject "value or
                            more"
    below     value         the same, the other way round
    within    value, margin supported where they reject every value outside value -+ margin (two one-sided
                            tests); contradicted where they reject every value inside
    share_above value       `above` for a share, on exact (Clopper-Pearson) grounds with the effective number of firms

Within a declared `family` the p-values are adjusted by Holm's method before they are held against alpha.

Belongs here: rules, p-values of rules, verdicts and how they read. Does not belong here: computing estimands
(`modelled.evidence`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import betainc, stdtr, stdtrit

from monitor.precision import in_words
from monitor.statistics.decisions.claim import Claim, Rule

SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE = "supported", "contradicted", "inconclusive", "not testable"


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


@dataclass(frozen=True)
class Verdict:
    """The decision on one claim in one wave, with what decided it."""

    claim: Claim
    evidence: Evidence
    verdict: str
    reason: Mapping[str, str]
    """By language, for a reader who knows no statistics"""
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


def rule_text(rule: Rule, language: str, share: bool = True, together: int = 1) -> str:
    """The decision rule as a sentence; `share`: whether the estimand is a share and not a difference of shares;
    `together`: how many claims its family holds."""
    at = _figure(rule.value, language, share)
    alpha = f"{rule.alpha:g}"
    if rule.kind == "within":
        margin = _figure(rule.margin, language, share=False)
        words = {
            "nl": f"ondersteund als het hele interval hooguit {margin} van {at} af ligt",
            "en": f"supported if the whole interval lies within {margin} of {at}",
        }
    elif rule.kind == "below":
        words = {
            "nl": f"ondersteund als het hele interval onder {at} ligt",
            "en": f"supported if the whole interval lies below {at}",
        }
    else:
        words = {
            "nl": f"ondersteund als het hele interval boven {at} ligt",
            "en": f"supported if the whole interval lies above {at}",
        }
    side = {"nl": f"eenzijdig alfa {alpha.replace('.', ',')}", "en": f"one-sided alpha {alpha}"}
    if together > 1:
        side["nl"] += f", met Holms correctie voor de {together} stellingen van haar groep"
        side["en"] += f", with Holm's correction for the {together} claims of its group"
    return f"{words[language]} ({side[language]})"


def _verdict(claim: Claim, evidence: Evidence, yes: float, no: float, alone: float) -> Verdict:
    """`alone`: the smaller p-value before the family's adjustment."""
    if evidence.reason is not None:
        return Verdict(claim, evidence, NOT_TESTABLE, evidence.reason, yes, no)
    alpha = claim.rule.alpha
    verdict = SUPPORTED if yes < alpha else CONTRADICTED if no < alpha else INCONCLUSIVE
    reason = _reason(claim.rule, evidence, verdict, by_itself=verdict == INCONCLUSIVE and alone < alpha)
    return Verdict(claim, evidence, verdict, reason, yes, no)


def _reason(rule: Rule, e: Evidence, verdict: str, *, by_itself: bool) -> dict[str, str]:
    found = {language: _found(e, language) for language in ("nl", "en")}
    limit = {language: _figure(rule.value, language, e.share) for language in ("nl", "en")}
    if by_itself:
        return {
            "nl": f"{found['nl']} Alleen genomen zou dat genoeg zijn; samen met de andere stellingen van haar groep "
            "getoetst is het dat niet.",
            "en": f"{found['en']} Taken by itself that would be enough; tested together with the other claims of its "
            "group it is not.",
        }
    if verdict == INCONCLUSIVE:
        least = {language: _figure(e.minimum_detectable_effect, language, False) for language in ("nl", "en")}
        return {
            "nl": f"{found['nl']} De gegevens beslissen niet: pas een verschil van {least['nl']} zou in vier van "
            "de vijf gevallen zijn gevonden.",
            "en": f"{found['en']} The data do not decide: only a difference of {least['en']} would have been found "
            "four times out of five.",
        }
    if rule.kind == "within":
        margin = {language: _figure(rule.margin, language, False) for language in ("nl", "en")}
        place = {SUPPORTED: ("binnen", "within"), CONTRADICTED: ("buiten", "outside")}[verdict]
        return {
            "nl": f"{found['nl']} Dat ligt {place[0]} {limit['nl']} plus of min {margin['nl']}.",
            "en": f"{found['en']} That lies {place[1]} {limit['en']} plus or minus {margin['en']}.",
        }
    higher = (rule.kind == "below") != (verdict == SUPPORTED)
    return {
        "nl": f"{found['nl']} Dat ligt {'boven' if higher else 'onder'} {limit['nl']}.",
        "en": f"{found['en']} That lies {'above' if higher else 'below'} {limit['en']}.",
    }


def _found(e: Evidence, language: str) -> str:
    estimate, low, high = (_figure(v, language, e.share) for v in (e.estimate, e.low, e.high))
    if language == "nl":
        count = (
            f" Ongewogen, zonder iets aan te vullen: {_count(e.answered_with, language)} van de "
            f"{_count(e.answered, language)} antwoorden die het uitwijzen."
            if e.answered_with is not None
            else ""
        )
        return f"Geschat {estimate}; 95%-interval van {low} tot {high}.{count}"
    count = (
        f" Unweighted, with nothing filled in: {_count(e.answered_with, language)} of the "
        f"{_count(e.answered, language)} responses that settle it."
        if e.answered_with is not None
        else ""
    )
    return f"Estimated {estimate}; 95 % interval from {low} to {high}.{count}"


def _count(number: int | None, language: str) -> str:
    text = f"{number or 0:,d}"
    return text.replace(",", ".") if language == "nl" else text


def _figure(value: float, language: str, share: bool = True) -> str:
    """A share as a percentage, a difference in points; a reader's own decimal sign."""
    if np.isnan(value):
        return {"nl": "onbekend", "en": "unknown"}[language]
    number = in_words(value, 1, factor=100).removesuffix(".0").replace("-", "\N{MINUS SIGN}")
    number = number.replace(".", ",") if language == "nl" else number
    if value == 0:
        return {"nl": "nul", "en": "zero"}[language]
    unit = "%" if share else {"nl": "procentpunt", "en": "percentage points"}[language]
    return f"{number} {unit}"


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


def _effective(e: Evidence) -> float:
    """Korn and Graubard's (1998) effective number of firms, never more than there are."""
    if e.se <= 0 or not 0 < e.estimate < 1:
        return float(e.n)
    correction = (stdtrit(max(e.n - 1, 1), 0.975) / stdtrit(e.df, 0.975)) ** 2
    return float(min(e.estimate * (1 - e.estimate) / e.se**2 * correction, e.n))


def _exact_above(e: Evidence, value: float) -> float:
    n = _effective(e)
    x = n * e.estimate
    return float(betainc(x, n - x + 1, value)) if x > 0 else 1.0


def _exact_below(e: Evidence, value: float) -> float:
    n = _effective(e)
    x = n * e.estimate
    return float(1 - betainc(x + 1, n - x, value)) if x < n else 1.0
