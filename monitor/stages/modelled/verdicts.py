"""How a claim's rule and verdict read, for a reader who knows no statistics.

Belongs here: which words are said, and the figures in them as each language writes them. Does not belong here: the
words (`wording`, claims), deciding (`statistics.decisions.claims`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitor.stages.modelled.answer_words import declared, percent, points
from monitor.statistics.decisions.claim import Rule
from monitor.statistics.decisions.claims import NO_ESTIMATE, SUBSTITUTION_UNDECIDED, Evidence, Verdict
from monitor.statistics.decisions.substitution import least_margin
from monitor.wording.sentences import LANGUAGES, number_in, say


def rule_words(rule: Rule, language: str, share: bool = True, together: int = 1) -> str:
    """The decision rule as a sentence; `share`: whether the estimand is a share and not a difference of shares;
    `together`: how many claims its family holds."""
    kind = "above" if rule.kind == "share_above" else rule.kind
    at, margin = _limit(rule.value, language, share), _limit(rule.margin, language, share=False)
    floor = _limit(-rule.margin, language, share=False)
    when = say("claims", f"rule_{kind}", language, at=at, margin=margin, floor=floor)
    adjusted = "together" if together > 1 else "alone"
    alpha = number_in(language, f"{rule.alpha:g}")
    return say("claims", f"error_{adjusted}", language, rule=when, alpha=alpha, together=together)


def reason_words(verdict: Verdict) -> Mapping[str, str]:
    """Language -> what was found and what it says about the claim, or why nothing could be found."""
    if verdict.ground == NO_ESTIMATE and verdict.evidence.reason is not None:
        return verdict.evidence.reason
    return {language: _reason(verdict, language) for language in LANGUAGES}


def _reason(verdict: Verdict, language: str) -> str:
    rule, e = verdict.claim.rule, verdict.evidence
    return say(
        "claims",
        f"reason_{verdict.ground}",
        language,
        found=_found(e, language),
        value=_limit(rule.value, language, e.share),
        margin=_limit(rule.margin, language, share=False),
        least=_limit(_least(verdict), language, share=False),
    )


def _least(verdict: Verdict) -> float:
    """What the data could have decided: the smallest difference, or the smallest margin of `no_substitution`."""
    e, alpha = verdict.evidence, verdict.claim.rule.alpha
    return least_margin(e.se, e.df, alpha) if verdict.ground == SUBSTITUTION_UNDECIDED else e.minimum_detectable_effect


def _found(e: Evidence, language: str) -> str:
    written = percent if e.share else points
    estimate, low, high = (written(value, language) for value in (e.estimate, e.low, e.high))
    key = "found_share" if e.share else "found_points"
    found = say("claims", key, language, estimate=estimate, low=low, high=high)
    if e.answered_with is None:
        return found
    counted = {"events": _count(e.answered_with, language), "n": _count(e.answered, language)}
    return say("claims", "found_counted", language, found=found, **counted)


def _count(number: int | None, language: str) -> str:
    text = f"{number or 0:,d}"
    return text.replace(",", ".") if language == "nl" else text


def _limit(value: float, language: str, share: bool = True) -> str:
    """A share as a percentage, a difference in points; a reader's own decimal sign."""
    if np.isnan(value):
        return say("claims", "unknown", language)
    if value == 0:
        return say("claims", "zero", language)
    number = declared(value, language)
    return (
        say("numbers", "percent", language, value=number) if share else say("claims", "points", language, number=number)
    )
