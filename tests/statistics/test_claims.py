"""Claims: rules, verdicts and what decides them; how they read has its own tests (`stages/test_verdicts.py`)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from monitor.statistics.decisions.claim import Claim, Difference, Rule
from monitor.statistics.decisions.claims import (
    CONTRADICTED,
    INCONCLUSIVE,
    NO_ESTIMATE,
    NOT_TESTABLE,
    NOT_TOGETHER,
    SUPPORTED,
    Evidence,
    decide,
    holm,
    rule_tests,
)

ABOVE = Rule("above", 0.025)
BELOW = Rule("below", 0.025, 0.05)
WITHIN = Rule("within", 0.025, 0.36, 0.10)
SHARE = Rule("share_above", 0.025, 0.10)
NO_SUBSTITUTION = Rule("no_substitution", 0.025, margin=0.02)


def difference(estimate: float, se: float = 0.02, df: float = 400) -> Evidence:
    t = stats.t.ppf(0.975, df)
    return Evidence(estimate, se, df, estimate - t * se, estimate + t * se, n=624, minimum_detectable_effect=2.8 * se)


def share(estimate: float, n: int = 624, df: float = 600) -> Evidence:
    se = float(np.sqrt(estimate * (1 - estimate) / n))
    half = stats.t.ppf(0.975, df) * se / (estimate * (1 - estimate))
    centre = np.log(estimate / (1 - estimate))
    low, high = 1 / (1 + np.exp(half - centre)), 1 / (1 + np.exp(-centre - half))
    return Evidence(estimate, se, df, low, high, True, n, n - 4, round(estimate * n) - 3, 2.8 * se)


def claim(rule: Rule, name: str = "claim", family: str | None = None) -> Claim:
    return Claim(name, {}, "2017-02-01", Difference("y", "x", "all"), rule, family or name)


def verdict(rule: Rule, evidence: Evidence) -> str:
    return decide([claim(rule)], [evidence])[0].verdict


@pytest.mark.parametrize(
    ("rule", "evidence", "expected"),
    [
        (ABOVE, difference(0.08), SUPPORTED),
        (ABOVE, difference(0.02), INCONCLUSIVE),
        (ABOVE, difference(-0.08), CONTRADICTED),
        # The effect of cooperation without investment: inside the equivalence margin, or below zero.
        (BELOW, difference(0.00), SUPPORTED),
        (BELOW, difference(-0.20), SUPPORTED),
        (BELOW, difference(0.03), INCONCLUSIVE),
        (BELOW, difference(0.12), CONTRADICTED),
        (NO_SUBSTITUTION, difference(0.03), SUPPORTED),
        # There is substitution, and it is surely smaller than the margin.
        (NO_SUBSTITUTION, difference(-0.01, se=0.002), SUPPORTED),
        (NO_SUBSTITUTION, difference(0.00), INCONCLUSIVE),
        (NO_SUBSTITUTION, difference(-0.03), INCONCLUSIVE),
        (NO_SUBSTITUTION, difference(-0.05), CONTRADICTED),
        (WITHIN, share(0.36), SUPPORTED),
        (WITHIN, share(0.44), INCONCLUSIVE),
        (WITHIN, share(0.60), CONTRADICTED),
        (WITHIN, share(0.10), CONTRADICTED),
        (SHARE, share(0.40, n=60), SUPPORTED),
        (SHARE, share(0.15, n=60), INCONCLUSIVE),
        (SHARE, share(0.02, n=600), CONTRADICTED),
    ],
)
def test_verdicts(rule: Rule, evidence: Evidence, expected: str) -> None:
    assert verdict(rule, evidence) == expected


@pytest.mark.parametrize("estimate", np.linspace(-0.1, 0.15, 26))
@pytest.mark.parametrize("rule", [ABOVE, BELOW], ids=["above", "below"])
def test_verdict_and_interval_agree(rule: Rule, estimate: float) -> None:
    """At a one-sided alpha of 0.025 the verdict is what the 95 % interval shows."""
    evidence = difference(float(estimate))
    low, high, value = evidence.low, evidence.high, rule.value
    above, below = low > value, high < value
    supports, against = (above, below) if rule.kind == "above" else (below, above)
    expected = SUPPORTED if supports else CONTRADICTED if against else INCONCLUSIVE
    assert verdict(rule, evidence) == expected


@pytest.mark.parametrize("estimate", np.linspace(-0.1, 0.1, 21))
def test_no_substitution_is_the_interval_above_minus_the_margin(estimate: float) -> None:
    evidence = difference(float(estimate))
    expected = SUPPORTED if evidence.low > -0.02 else CONTRADICTED if evidence.high < 0 else INCONCLUSIVE
    assert verdict(NO_SUBSTITUTION, evidence) == expected


@pytest.mark.parametrize("estimate", [0.24, 0.27, 0.30, 0.33, 0.36, 0.39, 0.42, 0.45, 0.48, 0.52])
def test_equivalence_is_the_interval_inside_the_margin(estimate: float) -> None:
    evidence = share(estimate, n=400)
    inside = evidence.low > 0.26 and evidence.high < 0.46
    outside = evidence.high < 0.26 or evidence.low > 0.46
    assert (verdict(WITHIN, evidence) == SUPPORTED) == inside
    assert not (outside and verdict(WITHIN, evidence) == SUPPORTED)


def test_exact_share_is_clopper_pearson() -> None:
    """With equal weights the p-value is the exact binomial one."""
    evidence = Evidence(12 / 40, float(np.sqrt(0.3 * 0.7 / 40)), 39, share=True, n=40)
    p, _ = rule_tests(SHARE, evidence)
    assert p == pytest.approx(stats.binomtest(12, 40, 0.10, alternative="greater").pvalue, rel=1e-9)


def test_share_of_all_firms_is_testable() -> None:
    p, against = rule_tests(SHARE, Evidence(1.0, 0.0, 30, share=True, n=30))
    assert p == pytest.approx(0.1**30)
    assert against == 1.0


def test_holm_is_that_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.012, 0.30, 0.004, 0.04, 0.9])
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    with_missing = holm(np.array([0.012, np.nan, 0.04]))
    assert with_missing[[0, 2]] == pytest.approx([0.024, 0.04])
    assert np.isnan(with_missing[1])


def test_a_family_costs_each_of_its_claims() -> None:
    weak, strong = difference(0.042), difference(0.2)
    alone = decide([claim(ABOVE, "weak")], [weak])[0]
    together = decide([claim(ABOVE, "weak", "f"), claim(BELOW, "other", "f")], [weak, difference(0.04)])
    assert alone.verdict == SUPPORTED
    assert together[0].verdict == INCONCLUSIVE
    assert together[0].ground == NOT_TOGETHER
    carried = decide([claim(ABOVE, "weak", "f"), claim(ABOVE, "strong", "f")], [weak, strong])
    assert [v.verdict for v in carried] == [SUPPORTED, SUPPORTED]


def test_a_claim_without_evidence_is_not_testable_and_says_why() -> None:
    reason = {"nl": "niet gevraagd in deze meting: invests", "en": "not asked in this wave: invests"}
    decided = decide([claim(ABOVE), claim(ABOVE, "other")], [Evidence(reason=reason), difference(0.2)])
    assert decided[0].verdict == NOT_TESTABLE
    assert decided[0].ground == NO_ESTIMATE
    assert decided[0].evidence.reason == reason
    assert decided[1].verdict == SUPPORTED


@pytest.mark.parametrize(
    ("rule", "evidence", "ground"),
    [
        (ABOVE, difference(0.08), "above"),
        (ABOVE, difference(-0.08), "below"),
        (BELOW, difference(-0.20), "below"),
        (BELOW, difference(0.12), "above"),
        (SHARE, share(0.40, n=60), "above"),
        (SHARE, share(0.02, n=600), "below"),
        (WITHIN, share(0.36), "inside"),
        (WITHIN, share(0.60), "outside"),
        (WITHIN, share(0.44), "undecided"),
        (ABOVE, difference(0.02), "undecided"),
    ],
)
def test_what_decided_is_where_the_estimate_lies(rule: Rule, evidence: Evidence, ground: str) -> None:
    """Whatever the rule asks for: contradicting `below` takes an estimate above the value."""
    assert decide([claim(rule)], [evidence])[0].ground == ground
