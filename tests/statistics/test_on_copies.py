"""An estimator beside a model: on the model's own rows of every copy, combined and refused as the model is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from r_answers import GOLDEN, firms

from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.doubly_robust import doubly_robust
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.on_copies import Case, cases, on_copies
from monitor.statistics.models.prepare import prepare
from monitor.statistics.models.quantities import Quantities
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification

MAIN = Specification(
    model="top_innovator",
    variant="main",
    outcome="top_innovator",
    base="all_firms",
    estimator="logit",
    practices=("cooperates", "invests"),
    controls=("size_band", "sector"),
    reference={"size_band": "micro", "sector": "industry"},
)


@pytest.fixture(scope="module")
def sample() -> Sample:
    d = firms()
    filled = [copy for _, copy in pd.read_csv(GOLDEN / "models" / "copies.csv").groupby("imputation")]
    plain = d.drop(columns=["share", "top_innovator"])
    copies = [plain.merge(copy, on="firm", validate="one_to_one").assign(base_all_firms=True) for copy in filled]
    replicates = pd.read_csv(GOLDEN / "models" / "replicates.csv").iloc[:, 1:].to_numpy(float)
    design = SurveyDesign(d["weight"], d["stratum"], d["population"], replicates=replicates)
    every = tuple(columns_of(copy) for copy in copies)
    return Sample("2017", d["firm"].to_numpy(object), every, every[0], design)


def of_model(c: Case) -> Quantities:
    plan = of_practices(c.frame, c.terms, c.x)
    found = evaluate(plan, maximum_likelihood(c.y, c.x, c.w), c.w)
    return Quantities(plan.names, plan.kinds, found.estimates, found.contributions, plan.contrasts)


@pytest.mark.parametrize("weighted", [True, False])
def test_the_model_itself_is_what_the_engine_says(sample: Sample, weighted: bool) -> None:
    s = replace(MAIN, weighted=weighted)
    told = on_copies(sample, prepare(sample, s, Disclosure()), of_model, replicated_copies=2)
    model = analyse(sample, s, Disclosure(), replicated_copies=2).contrasts
    assert isinstance(told, Estimates)
    assert model is not None
    assert told.names == model.names
    np.testing.assert_allclose(told.estimate, model.estimate, rtol=1e-8)
    np.testing.assert_allclose(told.covariance, model.covariance, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(told.df, model.df, rtol=1e-6)
    np.testing.assert_allclose(told.se_replicate, model.se_replicate, rtol=1e-5)
    assert np.isnan(told.se_replicate).all() != weighted


def test_beside_the_model(sample: Sample) -> None:
    """Doubly robust and model agree on these firms: one shares the other's rows, weights and copies."""
    prepared = prepare(sample, MAIN, Disclosure())
    told = on_copies(sample, prepared, lambda c: doubly_robust(c.frame, c.terms, c.x, c.y, c.w).told)
    model = analyse(sample, MAIN, Disclosure()).contrasts
    assert isinstance(told, Estimates)
    assert model is not None
    at = [model.names.index(name) for name in told.names]
    assert np.all(np.abs(told.estimate - model.estimate[at]) < 0.3 * told.se)
    assert told.fmi.max() > 0.01


def test_a_copy_without_an_estimate_tells_why(sample: Sample) -> None:
    prepared = prepare(sample, MAIN, Disclosure())
    seen: list[int] = []

    def second_fails(c: Case) -> Quantities | Note:
        seen.append(len(c.y))
        return note("no_overlap") if len(seen) == 2 else of_model(c)

    told = on_copies(sample, prepared, second_fails)
    assert isinstance(told, Note)
    assert told.kind == "no_overlap"
    unknown = on_copies(sample, prepare(sample, replace(MAIN, base="nobody"), Disclosure()), of_model)
    assert isinstance(unknown, Note)
    assert unknown.kind == "not_asked"
    with pytest.raises(ValueError, match="no firms"):
        cases(sample, prepare(sample, replace(MAIN, base="nobody"), Disclosure()))


def test_a_case_has_the_columns_that_the_model_does_not_use(sample: Sample) -> None:
    first, second = cases(sample, prepare(sample, MAIN, Disclosure()))[:2]
    assert "share" in first.frame
    np.testing.assert_array_equal(first.y, (first.frame.numbers["share"] > 40).astype(float))
    assert (first.frame.numbers["share"] != second.frame.numbers["share"]).any()
