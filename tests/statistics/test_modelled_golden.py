"""The models against R: `golden/models/models.R` made the data and the answers; R does not run here."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.stages.modelled.panel import PooledDesign
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.conditional_logit import conditional_logit
from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.firth import firth
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.result import Estimates, Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.terms import Terms, decide, matrix
from monitor.survey import Disclosure
from monitor.wording.notes import sentence

GOLDEN = Path(__file__).parents[1] / "golden" / "models"
ESTIMATE, ERROR = 1e-8, 1e-6
"""Relative tolerances of estimates and standard errors"""

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
def answers() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "r_output.csv")


@pytest.fixture(scope="module")
def firms() -> pd.DataFrame:
    frame = pd.read_csv(GOLDEN / "sample.csv")
    return frame.assign(base_all_firms=True, base_no_trade=frame["sector"] != "trade")


def sample(firms: pd.DataFrame, copies: list[pd.DataFrame] | None = None, replicates: bool = False) -> Sample:
    design = SurveyDesign(
        weights=firms["weight"],
        strata=firms["stratum"],
        population=firms["population"],
        replicates=pd.read_csv(GOLDEN / "replicates.csv").iloc[:, 1:].to_numpy() if replicates else None,
    )
    observed = columns_of(firms)
    return Sample(
        wave="2017",
        firms=firms["firm"].to_numpy(object),
        copies=tuple(columns_of(copy) for copy in copies) if copies else (observed,),
        observed=observed,
        design=design,
        percentages=frozenset({"share"}),
    )


def ours(name: str) -> str:
    """R's term name in ours: `size_bandsmall` is `size_band[small]`."""
    name = name.replace("(Intercept)", "intercept").replace("factor(wave)", "wave")
    return re.sub(r"^(size_band|sector|wave)(.+)$", r"\1[\2]", name)


def check(block: str, answers: pd.DataFrame, got: Estimates, errors: np.ndarray | None = None) -> None:
    """Every quantity of an R block has our estimate and standard error."""
    expected = answers[answers["block"] == block]
    assert len(expected) > 0
    errors = got.se if errors is None else errors
    for _, line in expected.iterrows():
        place = got.at(ours(line["name"]))
        assert place is not None, line["name"]
        assert got.estimate[place] == pytest.approx(line["estimate"], rel=ESTIMATE), line["name"]
        assert errors[place] == pytest.approx(line["se"], rel=ERROR), line["name"]


def fitted(sample: Sample, specification: Specification = MAIN, copies: int = 0) -> Result:
    result = analyse(sample, specification, Disclosure(), replicated_copies=copies)
    assert result.refusal is None
    assert result.terms is not None
    assert result.contrasts is not None
    return result


def test_design_weighted_logit_is_svyglm(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    result = fitted(sample(firms))
    check("svyglm", answers, result.terms)
    check("svyglm contrasts", answers, result.contrasts)
    assert result.estimator == "logit"


def test_contrasts_with_a_fixed_base_are_the_delta_method(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    s = sample(firms)
    frame, w = s.observed, s.design.weights
    layout = decide([frame], Terms(MAIN.practices), MAIN.controls, MAIN.reference, {}, 5)
    x = matrix(frame, layout)
    fit = maximum_likelihood(frame.numbers["top_innovator"], x, w)
    plan = of_practices(frame, layout, x)
    contrasts = evaluate(plan, fit, w)
    covariance = s.design.covariance(contrasts.fixed / w[:, None])
    nothing = np.zeros(len(plan.names))
    check(
        "svyglm delta",
        answers,
        Estimates(plan.names, plan.kinds, contrasts.estimates, covariance, nothing, nothing, nothing, plan.contrasts),
    )


def test_a_base_keeps_every_firm_in_the_design(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    check("svyglm domain", answers, fitted(sample(firms), replace(MAIN, base="no_trade")).terms)


def test_fractional_logit_of_a_share(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    result = fitted(sample(firms), replace(MAIN, outcome="share", estimator="fractional_logit"))
    check("fractional", answers, result.terms)
    assert result.events is None


def test_replicate_errors(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    result = fitted(sample(firms, replicates=True), copies=1)
    check("replicates", answers, result.terms, result.terms.se_replicate)
    check("replicates contrasts", answers, result.contrasts, result.contrasts.se_replicate)


def test_completed_copies_combine_as_mice_pools(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    filled = pd.read_csv(GOLDEN / "copies.csv")
    copies = [
        firms.drop(columns=["share", "top_innovator"]).merge(copy, on="firm")
        for _, copy in filled.groupby("imputation")
    ]
    result = fitted(sample(firms, copies))
    details = answers[answers["block"] == "pooled df"].set_index("name")
    for part in (result.terms, result.contrasts):
        names = {ours(name): name for name in details.index}
        kept = answers["name"].map(ours).isin(part.names)
        check("pooled", answers[kept], part)
        for place, name in enumerate(part.names):
            assert part.df[place] == pytest.approx(details.loc[names[name], "estimate"], rel=ERROR)
            assert part.fmi[place] == pytest.approx(details.loc[names[name], "se"], rel=ERROR)


def test_firth_unweighted(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    frame = columns_of(firms.assign(top_innovator=pd.read_csv(GOLDEN / "separated.csv")["top_innovator"]))
    layout = decide([frame], Terms(MAIN.practices), MAIN.controls, MAIN.reference, {}, 5)
    x = matrix(frame, layout)
    fit = firth(frame.numbers["top_innovator"], x, np.ones(len(x)))
    expected = answers[answers["block"] == "firth"].set_index("name")
    for name, row in expected.iterrows():
        place = layout.names.index(ours(str(name)))
        assert fit.coefficients[place] == pytest.approx(row["estimate"], rel=1e-7, abs=1e-8)
        assert np.sqrt(fit.bread[place, place]) == pytest.approx(row["se"], rel=ERROR)


def test_separated_sample_gets_firth_with_design_errors_and_flic(answers: pd.DataFrame, firms: pd.DataFrame) -> None:
    separated = firms.assign(top_innovator=pd.read_csv(GOLDEN / "separated.csv")["top_innovator"])
    result = fitted(sample(separated))
    assert result.estimator == "firth"
    assert "separation (cooperates, cooperates:invests)" in sentence(result.warnings[0], "en")
    slopes = answers[(answers["block"] == "firth weighted") & (answers["name"] != "(Intercept)")]
    check("firth weighted", slopes, result.terms)
    check("flic", answers, result.terms)
    check("flic contrasts", answers, result.contrasts)


def test_conditional_logit_is_clogit(answers: pd.DataFrame) -> None:
    panel = pd.read_csv(GOLDEN / "panel.csv", dtype={"wave": str})
    both = panel["cooperates"] * panel["invests"]
    x = np.column_stack(
        [panel["cooperates"], panel["invests"], panel["wave"] == "2018", panel["wave"] == "2019", both]
    ).astype(float)
    fit = conditional_logit(panel["top_innovator"].to_numpy(float), x, pd.factorize(panel["firm"])[0])
    expected = answers[answers["block"] == "clogit"].reset_index(drop=True)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(expected["estimate"][5], rel=ESTIMATE)
    assert fit.coefficients == pytest.approx(expected["estimate"][:5].to_numpy(), rel=1e-7)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(expected["se"][:5].to_numpy(), rel=ERROR)


def test_pooled_waves_are_clustered_by_firm(answers: pd.DataFrame) -> None:
    """R's one-cluster-per-firm variance multiplies by G / (G - 1); ours is each wave's own n / (n - 1) and the
    overlap's cross products, so the two agree to the order of 1 / n and not beyond."""
    panel = pd.read_csv(GOLDEN / "panel.csv", dtype={"wave": str})
    waves = [group for _, group in panel.groupby("wave")]
    frame = columns_of(panel.assign(base_all_firms=True))
    design = PooledDesign(
        tuple(SurveyDesign(weights=np.ones(len(group))) for group in waves),
        tuple(group["firm"].to_numpy(object) for group in waves),
    )
    pooled = Sample("pooled", panel["firm"].to_numpy(object), (frame,), frame, design)
    result = fitted(pooled, replace(MAIN, controls=("wave",), reference={}))
    for _, row in answers[answers["block"] == "clustered"].iterrows():
        place = result.terms.at(ours(row["name"]))
        assert result.terms.estimate[place] == pytest.approx(row["estimate"], rel=ESTIMATE)
        assert result.terms.se[place] == pytest.approx(row["se"], rel=0.02)


def test_ecuador_three_blocks(shared: Path) -> None:
    """Maximum likelihood, Firth and the weighted fit on real data: estimates to 1e-6, errors to 1e-4 relative."""
    firms = pd.read_csv(shared / "reference" / "ecuador_sample500_canonical.csv")
    expected = pd.read_csv(shared / "reference" / "ecuador_sample500_coefficients.csv")
    frame = columns_of(
        pd.DataFrame(
            {
                "top_innovator": firms["top40"],
                "cooperates": firms["coop_rdeng"],
                "invests": firms["rd_int"],
                "size": firms["size"],
                "sector": firms["sector"],
                "base_all_firms": True,
            }
        )
    )
    specification = replace(MAIN, controls=("size", "sector"), reference={"size": "small", "sector": "manufacturing"})
    layout = decide([frame], Terms(MAIN.practices), specification.controls, specification.reference, {}, 5)
    x, y, one = matrix(frame, layout), frame.numbers["top_innovator"], np.ones(len(firms))
    plain, penalised = maximum_likelihood(y, x, one), firth(y, x, one)
    weighted = fitted(
        Sample("2014", firms["firm_id"].to_numpy(object), (frame,), frame, SurveyDesign(weights=firms["weight"])),
        specification,
    )
    blocks = {
        "unweighted ML": (plain.coefficients, np.sqrt(np.diag(plain.bread))),
        "unweighted Firth": (penalised.coefficients, np.sqrt(np.diag(penalised.bread))),
        "svyglm weights only": (weighted.terms.estimate, weighted.terms.se),
    }
    assert set(expected["model"]) == set(blocks)
    for model, (estimates, errors) in blocks.items():
        rows = expected[expected["model"] == model]
        assert len(rows) == len(layout.names)
        for _, row in rows.iterrows():
            name = re.sub(r"^(size|sector)(.+)$", r"\1[\2]", row["term"].replace("(Intercept)", "intercept"))
            place = layout.names.index(name.replace("coop_rdeng", "cooperates").replace("rd_int", "invests"))
            assert estimates[place] == pytest.approx(row["est"], abs=1e-6)
            assert errors[place] == pytest.approx(row["se"], rel=1e-4)
