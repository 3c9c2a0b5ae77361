"""Nothing to find: firms whose outcome has nothing to do with their practices, and the claims on them.

From drawing the firms to the verdicts everything is what a wave goes through; only replicates are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from monitor.stages.modelled.evidence import evidence_for
from monitor.statistics.decisions.claim import Claim, Difference, Estimand, ModelContrast, Rule
from monitor.statistics.decisions.claims import CONTRADICTED, SUPPORTED, Verdict, decide
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.survey import Disclosure

MAIN = Specification("y", "main", "y", "all_firms", "logit", ("a", "b"), controls=("sector",))
ESTIMANDS: tuple[Estimand, ...] = (
    ModelContrast("y", "complementarity"),
    ModelContrast("y", "effect_a_without_b"),
    ModelContrast("y", "effect_b_without_a"),
    Difference("a", "y", "all_firms"),
)
"""The claims of a family: the practices go with the outcome together, each by itself, and those with it use one more"""
CLAIMS = [Claim(str(i), {}, "2017-02-01", each, Rule("above", 0.025), "family") for i, each in enumerate(ESTIMANDS)]


def wave(rng: np.random.Generator, n: int, rate: float, together: float = 0.0) -> Sequence[Verdict]:
    """The verdicts of one wave; `together`: how much more often firms with both practices have the outcome."""
    a = rng.random(n) < 0.36
    b = rng.random(n) < np.where(a, 0.6, 0.45)
    frame = pd.DataFrame(
        {
            "a": a,
            "b": b,
            "y": rng.random(n) < rate + together * (a & b),
            "sector": rng.choice(["industry", "services", "trade"], n),
            "base_all_firms": True,
        }
    )
    columns = columns_of(frame)
    strata = rng.integers(0, 4, n)
    weights = np.array([4.0, 9.0, 15.0, 30.0])[strata] * rng.uniform(0.8, 1.25, n)
    sample = Sample("w", np.arange(n).astype(object), (columns,), columns, SurveyDesign(weights, strata=strata))
    results = [analyse(sample, MAIN, Disclosure())]
    return decide(CLAIMS, [evidence_for(claim.estimand, sample, results, Disclosure()) for claim in CLAIMS])


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.10, 0.06], ids=["as common as top innovators", "rare"])
def test_families_without_an_association_are_rarely_supported(rate: float) -> None:
    """250 waves of 500 firms: no more than 5 % of the families have any claim supported, or any contradicted."""
    rng = np.random.default_rng(20_17)
    families = [[verdict.verdict for verdict in wave(rng, 500, rate)] for _ in range(250)]
    assert np.mean([SUPPORTED in family for family in families]) <= 0.05
    assert np.mean([CONTRADICTED in family for family in families]) <= 0.05
    decided = [verdict for family in families for verdict in family if verdict != "not testable"]
    assert len(decided) > 0.9 * 250 * len(CLAIMS)


def test_an_association_is_found_by_the_same_claims() -> None:
    """With 25 points more where both practices are the same families find it: the rule above is no empty one."""
    rng = np.random.default_rng(20_18)
    families = [[verdict.verdict for verdict in wave(rng, 500, 0.10, 0.25)] for _ in range(40)]
    assert np.mean([family[0] == SUPPORTED for family in families]) > 0.7
    assert np.mean([family[3] == SUPPORTED for family in families]) > 0.7
    assert np.mean([SUPPORTED in family[1:3] for family in families]) <= 0.1
