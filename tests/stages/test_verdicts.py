"""A claim's rule and verdict as a reader without statistics meets them, in both languages."""

from __future__ import annotations

import pytest

from monitor.stages.modelled.verdicts import reason_words, rule_words
from monitor.statistics.decisions.claim import Claim, Difference, Rule
from monitor.statistics.decisions.claims import GROUNDS, NO_ESTIMATE, Evidence, Verdict, decide
from monitor.wording.sentences import sentences

ABOVE = Rule("above", 0.025)
BELOW = Rule("below", 0.025, 0.05)
WITHIN = Rule("within", 0.025, 0.36, 0.10)
SHARE = Rule("share_above", 0.025, 0.10)
NO_SUBSTITUTION = Rule("no_substitution", 0.025, margin=0.02)


def difference(estimate: float) -> Evidence:
    return Evidence(estimate, 0.02, 400, estimate - 0.04, estimate + 0.04, n=624, minimum_detectable_effect=0.056)


def counted(estimate: float, low: float, high: float) -> Evidence:
    return Evidence(estimate, 0.02, 600, low, high, True, 60, 1056, 21, 0.177)


def verdict(rule: Rule, evidence: Evidence) -> Verdict:
    return decide([Claim("claim", {}, "2017-02-01", Difference("y", "x", "all"), rule, "claim")], [evidence])[0]


def test_what_is_said_of_every_ground_has_words() -> None:
    assert {f"reason_{ground}" for ground in GROUNDS if ground != NO_ESTIMATE} <= sentences("claims").keys()


def test_an_undecided_claim_tells_what_would_have_been_found() -> None:
    told = reason_words(verdict(ABOVE, difference(0.02)))
    assert "only a difference of 5.6 percentage points would have been found" in told["en"]
    assert "pas een verschil van 5,6 procentpunt" in told["nl"]


def test_figures_are_read_without_statistics() -> None:
    told = reason_words(verdict(SHARE, counted(0.4, 0.284, 0.528)))
    assert told["en"] == (
        "Estimated 40.0% (95% interval 28.4 to 52.8). "
        "Unweighted, with nothing filled in: 21 of the 1,056 responses that settle it. That lies above 10%."
    )
    assert told["nl"] == (
        "Geschat 40,0% (95%-interval 28,4 tot 52,8). "
        "Ongewogen, zonder iets aan te vullen: 21 van de 1.056 antwoorden die het uitwijzen. Dat ligt boven 10%."
    )
    below = reason_words(verdict(ABOVE, difference(-0.08)))
    assert below["en"].startswith("Estimated −8.0 percentage points (95% interval −12.0 to −4.0).")
    above = reason_words(verdict(ABOVE, difference(0.08)))
    assert above["nl"].startswith("Geschat +8,0 procentpunt (95%-interval +4,0 tot +12,0).")
    assert below["en"].endswith("That lies below zero.")


@pytest.mark.parametrize(
    ("rule", "evidence", "nl", "en"),
    [
        (BELOW, difference(0.2), "Dat ligt boven 5 procentpunt.", "That lies above 5 percentage points."),
        (
            WITHIN, counted(0.36, 0.3, 0.4),
            "Dat ligt binnen 36% plus of min 10 procentpunt.",
            "That lies within 36% plus or minus 10 percentage points.",
        ),
        (
            WITHIN, counted(0.72, 0.7, 0.8),
            "Dat ligt buiten 36% plus of min 10 procentpunt.",
            "That lies outside 36% plus or minus 10 percentage points.",
        ),
    ],
)  # fmt: skip
def test_a_decided_claim_tells_where_the_estimate_lies(rule: Rule, evidence: Evidence, nl: str, en: str) -> None:
    told = reason_words(verdict(rule, evidence))
    assert told["nl"].endswith(nl)
    assert told["en"].endswith(en)


@pytest.mark.parametrize(
    ("estimate", "nl", "en"),
    [
        (
            0.03,
            "Daarmee is vervanging van 2 procentpunt of meer verworpen.",
            "That rejects substitution of 2 percentage points or more.",
        ),
        (
            -0.08,
            "Dat ligt onder nul, en vervanging van 2 procentpunt of meer is niet verworpen.",
            "That lies below zero, and substitution of 2 percentage points or more is not rejected.",
        ),
        # (1.97 + 0.84) standard errors, of 2 points each.
        (
            0.0,
            "zonder enige vervanging zou pas een marge van 5,6 procentpunt in vier van de vijf gevallen genoeg zijn "
            "geweest.",
            "without any substitution only a margin of 5.6 percentage points would have sufficed four times out of "
            "five.",
        ),
    ],
)
def test_a_claim_on_substitution_tells_its_margin(estimate: float, nl: str, en: str) -> None:
    told = reason_words(verdict(NO_SUBSTITUTION, difference(estimate)))
    assert told["nl"].endswith(nl)
    assert told["en"].endswith(en)
    assert rule_words(NO_SUBSTITUTION, "en", False) == (
        "supported if the whole interval lies above −2 percentage points: substitution of less than 2 percentage "
        "points does not count; otherwise contradicted if the whole interval lies below zero (one-sided alpha 0.025; "
        "alone in its family, so without correction)"
    )


def test_what_its_family_cost_is_told() -> None:
    claims = [Claim(name, {}, "2017-02-01", Difference("y", "x", "all"), ABOVE, "f") for name in ("weak", "other")]
    told = reason_words(decide(claims, [difference(0.042), difference(-0.04)])[0])
    assert told["en"].endswith(
        "Taken by itself that would be enough; tested together with the other claims of its family it is not."
    )
    assert told["nl"].endswith("samen met de andere stellingen van haar familie getoetst is het dat niet.")


def test_why_nothing_was_found_is_told_as_the_evidence_has_it() -> None:
    reason = {"nl": "niet gevraagd in deze meting: invests", "en": "not asked in this wave: invests"}
    assert reason_words(verdict(ABOVE, Evidence(reason=reason))) == reason


def test_rules_as_sentences() -> None:
    assert rule_words(ABOVE, "en", False) == (
        "supported if the whole interval lies above zero (one-sided alpha 0.025; alone in its family, so without "
        "correction)"
    )
    assert rule_words(SHARE, "nl").startswith("ondersteund als het hele interval boven 10% ligt (eenzijdig, α = 0,025")
    assert rule_words(BELOW, "en", False).startswith("supported if the whole interval lies below 5 percentage points")
    assert rule_words(ABOVE, "en", False, together=2).endswith(
        "(one-sided alpha 0.025, with Holm's correction for the 2 claims of its family)"
    )
    assert rule_words(WITHIN, "nl") == (
        "ondersteund als het hele interval binnen 36% plus of min 10 procentpunt ligt (eenzijdig, α = 0,025; alleen "
        "in haar familie, dus zonder correctie)"
    )
