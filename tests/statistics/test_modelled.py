"""Models on one sample: what is refused and why, and what stays the same whatever is done to the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modelled_firms import firms

from monitor.statistics.design.replicates import bootstrap_perturbation
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.contrasts import evaluate, of_practices, replicated
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.firth import firth, flic
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.replicates import replicate_fits
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.separation import separated_terms
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.terms import Terms, decide, matrix
from monitor.statistics.random_numbers import firm_numbers
from monitor.survey import Disclosure
from monitor.wording.notes import sentence

MAIN = Specification(
    model="top_innovator",
    variant="main",
    outcome="top_innovator",
    base="all_firms",
    estimator="logit",
    practices=("cooperates", "invests"),
    controls=("size_band", "sector"),
    reference={"size_band": "small", "sector": "trade"},
)


def sample(frame: pd.DataFrame, **changes: Any) -> Sample:
    observed = columns_of(frame)
    design = SurveyDesign(frame["weight"], frame["stratum"], frame["population"])
    made = Sample("2017", frame["firm"].to_numpy(object), (observed,), observed, design, frozenset({"share"}))
    return replace(made, **changes)


def fitted(frame: pd.DataFrame, specification: Specification = MAIN, **changes: Any) -> Result:
    return analyse(sample(frame, **changes), specification, Disclosure())


# ---- degenerate data: each gives its declared outcome with its reason ---------------------------------------------


def separated(f: pd.DataFrame) -> pd.DataFrame:
    return f.assign(top_innovator=f["top_innovator"] & ~(f["cooperates"] & ~f["invests"]))


def seven_events(f: pd.DataFrame) -> pd.DataFrame:
    return f.assign(top_innovator=np.arange(len(f)) % 90 == 0).head(630)


def level_once(f: pd.DataFrame) -> pd.DataFrame:
    return f.assign(sector=np.where(np.arange(len(f)) == 3, "mining", f["sector"]))


def collinear_control(f: pd.DataFrame) -> pd.DataFrame:
    return f.assign(sector=f["size_band"].map({"small": "trade", "medium": "industry", "large": "services"}))


def collinear_practice(f: pd.DataFrame) -> pd.DataFrame:
    return f.assign(size_band=np.where(f["cooperates"], "large", "small"))


def few_events(f: pd.DataFrame) -> pd.DataFrame:
    kept = f.index[f["top_innovator"]][:24]
    return f.assign(top_innovator=f.index.isin(kept))


def same(f: pd.DataFrame) -> pd.DataFrame:
    return f


CASES: list[tuple[str, Callable[[pd.DataFrame], pd.DataFrame], dict[str, Any], str | None, str | None, str]] = [
    # case, what is done to the firms, changes to the specification, estimator, refusal, warning
    ("nothing", same, {}, "logit", None, ""),
    ("separated", separated, {}, "firth", None, "separation (cooperates, cooperates:invests)"),
    ("few events", few_events, {}, "firth", None, "3.0 events per term"),
    ("seven events", seven_events, {}, None, "fewer than 10 firms with the rarer outcome", ""),
    ("no variation", lambda f: f.assign(invests=True), {}, None, "no variation in invests", ""),
    ("outcome constant", lambda f: f.assign(top_innovator=False), {}, None, "no variation in top_innovator", ""),
    ("empty base", same, {"base": "nobody"}, None, "no firm in the base in this wave", ""),
    ("base not declared", same, {"base": "elsewhere"}, None, "not asked in this wave: elsewhere", ""),
    ("not asked", lambda f: f.assign(invests=None), {}, None, "not asked in this wave: invests", ""),
    ("choice not asked", same, {"without": "unheard_of"}, None, "not asked in this wave: unheard_of", ""),
    ("level seen once", level_once, {}, "logit", None, "sector: mining counted with trade (fewer than 5 firms)"),
    ("collinear control", collinear_control, {}, "logit", None, "left out as collinear: sector["),
    ("practice in a control", collinear_practice, {}, "logit", None, "left out as collinear: size_band[large]"),
    (
        "practice twice",
        lambda f: f.assign(invests=f["cooperates"]),
        {},
        None,
        "no firm with: cooperates, invests",
        "",
    ),
    ("nine firms", lambda f: f.head(9), {}, None, "fewer than 10 firms in the base", ""),
]


@pytest.mark.parametrize(
    ("change", "specification", "estimator", "refusal", "warning"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_degenerate_data(
    change: Callable[[pd.DataFrame], pd.DataFrame],
    specification: dict[str, Any],
    estimator: str | None,
    refusal: str | None,
    warning: str,
) -> None:
    result = fitted(change(firms()), replace(MAIN, **specification))
    if refusal is not None:
        assert result.refusal is not None
        assert refusal in sentence(result.refusal, "en")
        assert result.terms is None
        assert result.contrasts is None
        assert np.isnan(result.minimum_detectable_effect)
    else:
        assert result.refusal is None
        assert result.estimator == estimator
        assert warning in "; ".join(sentence(note, "en") for note in result.warnings)
        assert result.contrasts is not None
        assert np.isfinite(result.contrasts.se).all()


def test_a_separated_fit_keeps_the_mean_probability() -> None:
    """FLIC: Firth pulls probabilities towards one half, the intercept takes that back."""
    frame = separated(firms())
    observed = columns_of(frame)
    layout = decide([observed], Terms(MAIN.practices), MAIN.controls, MAIN.reference, {}, 5)
    x, y, w = matrix(observed, layout), observed.numbers["top_innovator"], frame["weight"].to_numpy()
    penalised = firth(y, x, w)
    assert np.average(penalised.probabilities, weights=w) > np.average(y, weights=w) + 1e-3
    assert np.average(flic(penalised, y, x, w).probabilities, weights=w) == pytest.approx(np.average(y, weights=w))
    assert separated_terms(y, x, layout.names) == ("cooperates", "cooperates:invests")


def test_routing_artefact_is_kept_out_of_the_base() -> None:
    """Firms never asked about either practice, and so "no" to both, are mostly no innovators: with them in the base an
    interaction appears that is none; kept out, it is gone, and the model says how many were left out."""
    rng = np.random.default_rng(8)
    asked = firms(900).assign(top_innovator=rng.random(900) < 0.5)
    never = firms(900, seed=9).assign(cooperates=False, invests=False, top_innovator=rng.random(900) < 0.02)
    frame = pd.concat([asked, never], ignore_index=True)
    frame = frame.assign(firm=[f"F{i:04d}" for i in range(1800)], weight=1.0, stratum="all", population=9000.0)
    past = np.arange(1800) >= 900
    naive = fitted(frame)
    kept = fitted(frame, routed={"cooperates": past, "invests": past})
    assert naive.contrasts is not None
    assert kept.contrasts is not None
    place = naive.contrasts.names.index("complementarity")
    assert naive.contrasts.estimate[place] < -0.25
    assert naive.contrasts.interval()[1][place] < 0
    low, high = (bound[place] for bound in kept.contrasts.interval())
    assert low < 0 < high
    assert kept.n == 900
    assert kept.routed == 900
    assert "firms kept out of the base: never asked about a practice" in sentence(kept.warnings[0], "en")


# ---- what must not change ----------------------------------------------------------------------------------------


def results_agree(one: Result, other: Result, tolerance: float = 1e-8) -> None:
    for a, b in ((one.terms, other.terms), (one.contrasts, other.contrasts)):
        assert a is not None
        assert b is not None
        assert a.names == b.names
        assert a.estimate == pytest.approx(b.estimate, rel=tolerance, abs=1e-10)
        assert a.se == pytest.approx(b.se, rel=tolerance, abs=1e-10)


@pytest.mark.parametrize("change", [same, separated], ids=["logit", "firth"])
def test_weights_times_a_constant_change_nothing(change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    frame = change(firms())
    plain = sample(frame, design=SurveyDesign(frame["weight"], frame["stratum"]))
    scaled = sample(frame, design=SurveyDesign(frame["weight"] * 37.0, frame["stratum"]))
    results_agree(analyse(plain, MAIN, Disclosure()), analyse(scaled, MAIN, Disclosure()))


def test_row_order_changes_nothing() -> None:
    frame = firms()
    results_agree(fitted(frame), fitted(frame.sample(frac=1, random_state=3).reset_index(drop=True)))


def test_every_firm_twice_with_half_the_weight_changes_nothing() -> None:
    frame = firms()
    twice = pd.concat([frame, frame], ignore_index=True).assign(weight=lambda f: f["weight"] / 2)
    clustered = SurveyDesign(twice["weight"], twice["stratum"], psu=twice["firm"])
    plain = SurveyDesign(frame["weight"], frame["stratum"])
    one, two = fitted(frame, design=plain), fitted(twice, design=clustered)
    results_agree(one, two)


def test_state_probabilities_average_to_the_weighted_mean() -> None:
    """Each firm's own state, averaged: the likelihood's first equation."""
    frame = firms()
    observed, w = columns_of(frame), frame["weight"].to_numpy()
    layout = decide([observed], Terms(MAIN.practices), MAIN.controls, MAIN.reference, {}, 5)
    y = observed.numbers["top_innovator"]
    x = matrix(observed, layout)
    fit = maximum_likelihood(y, x, w)
    plan = of_practices(observed, layout, x)
    own = (2 * frame["cooperates"] + frame["invests"]).to_numpy(int)
    chances = plan.probabilities(fit.coefficients)
    assert np.average(chances[own, np.arange(len(own))], weights=w) == pytest.approx(np.average(y, weights=w))
    assert plan.coefficients[:4].sum(axis=0) == pytest.approx(1.0)


def test_contrasts_are_sums_of_states() -> None:
    result = fitted(firms())
    c = result.contrasts
    assert c is not None
    value = dict(zip(c.names, c.estimate, strict=True))
    with_, without = "effect_cooperates_with_investment", "effect_cooperates_without_investment"
    assert value[without] == pytest.approx(value["p_cooperates_only"] - value["p_neither"])
    assert value[with_] == pytest.approx(value["p_both"] - value["p_invests_only"])
    assert value["complementarity"] == pytest.approx(value[with_] - value[without])


def test_fits_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    frame = firms()
    observed, w = columns_of(frame), frame["weight"].to_numpy()
    layout = decide([observed], Terms(MAIN.practices), MAIN.controls, MAIN.reference, {}, 5)
    x = matrix(observed, layout)
    for y in (observed.numbers["top_innovator"], observed.numbers["share"] / 100):
        theirs = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-14)
        assert maximum_likelihood(y, x, w).coefficients == pytest.approx(theirs.params, rel=1e-9)


def test_a_fit_that_statsmodels_does_not_find_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.statistics.models import engine

    right = fitted(firms())
    assert right.estimator == "logit"
    assert right.statsmodels_gap is not None
    assert right.statsmodels_gap < 1e-9
    ours = engine.fit_copies

    def wrong(*arguments: Any, **options: Any) -> list[Any]:
        return [replace(fit, coefficients=fit.coefficients + 1e-4) for fit in ours(*arguments, **options)]

    monkeypatch.setattr(engine, "fit_copies", wrong)
    told = fitted(firms())
    assert told.statsmodels_gap is not None
    assert told.statsmodels_gap > 1e-5
    assert analyse(sample(firms()), MAIN, Disclosure(), headline_only=True).statsmodels_gap is None
    assert fitted(firms(), replace(MAIN, estimator="firth")).statsmodels_gap is None


@pytest.mark.parametrize("penalised", [False, True], ids=["logit", "firth"])
def test_replicates_together_are_the_fits_one_by_one(penalised: bool) -> None:
    frame = firms()
    observed, w = columns_of(frame), frame["weight"].to_numpy()
    layout = decide([observed], Terms(MAIN.practices), MAIN.controls, MAIN.reference, {}, 5)
    x, y = matrix(observed, layout), observed.numbers["top_innovator"]

    def one(weights: np.ndarray) -> Any:
        return flic(firth(y, x, weights), y, x, weights) if penalised else maximum_likelihood(y, x, weights)

    codes = pd.factorize(frame["stratum"])[0]
    numbers = firm_numbers(list(frame["firm"]), 12, 1, "test")
    weights = w[:, None] * (1 + bootstrap_perturbation(codes, np.full(len(w), 0.8), numbers))
    together = replicate_fits(y, x, weights, w, one(w), penalised=penalised)
    assert together.converged.all()
    plan = of_practices(observed, layout, x)
    shares = replicated(plan, together.coefficients, weights)
    for r in range(12):
        single = one(weights[:, r])
        assert together.coefficients[:, r] == pytest.approx(single.coefficients, abs=2e-4 if penalised else 1e-7)
        expected = evaluate(plan, single, weights[:, r]).estimates
        assert shares[:, r] == pytest.approx(expected, abs=2e-5 if penalised else 1e-8)


@pytest.mark.parametrize("penalised", [False, True], ids=["logit", "firth"])
def test_copies_together_are_the_fits_one_by_one(penalised: bool) -> None:
    frame = firms()
    observed, w = columns_of(frame), frame["weight"].to_numpy()
    layout = decide([observed], Terms(MAIN.practices), MAIN.controls, MAIN.reference, {}, 5)
    x, y = matrix(observed, layout), observed.numbers["top_innovator"]
    rng = np.random.default_rng(5)
    rows = [np.ones(len(y), dtype=bool), *(rng.random(len(y)) < 0.9 for _ in range(3))]
    separated = rows[2] & ((x[:, 1] == 0) | (y == 1))
    every = [*rows, separated]
    together = fit_copies([y[r] for r in every], [x[r] for r in every], [w[r] for r in every], penalised=penalised)
    assert [fit.converged for fit in together] == [True, True, True, True, penalised]
    for fit, r in zip(together, every, strict=True):
        if not fit.converged:
            continue
        one = flic(firth(y[r], x[r], w[r]), y[r], x[r], w[r]) if penalised else maximum_likelihood(y[r], x[r], w[r])
        assert fit.coefficients == pytest.approx(one.coefficients, abs=1e-7)
        assert fit.contributions == pytest.approx(one.contributions, abs=1e-7)
        assert fit.probabilities == pytest.approx(one.probabilities, abs=1e-8)


def test_linearised_and_replicate_errors_agree() -> None:
    frame = firms(1200)
    w = frame["weight"].to_numpy()
    codes = pd.factorize(frame["stratum"])[0]
    population = np.where(codes == 0, 2400.0, 900.0)
    numbers = firm_numbers(list(frame["firm"]), 1000, 1, "test")
    weights = w[:, None] * (1 + bootstrap_perturbation(codes, 1 - 600 / population, numbers))
    design = SurveyDesign(w, frame["stratum"], population, replicates=weights)
    result = analyse(sample(frame, design=design), MAIN, Disclosure(), replicated_copies=1)
    assert result.contrasts is not None
    assert result.contrasts.se_replicate / result.contrasts.se == pytest.approx(1.0, abs=0.1)
