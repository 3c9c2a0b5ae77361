"""Models on one sample: what is refused and why, what stays the same whatever is done to the data, and the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitor import modelled
from monitor.design import SurveyDesign, bootstrap_perturbation, firm_numbers
from monitor.lake import Lake
from monitor.modelled.checks import separated_terms
from monitor.modelled.columns import columns_of
from monitor.modelled.contrasts import evaluate, of_practices, replicated
from monitor.modelled.engine import analyse
from monitor.modelled.fit import firth, fit_copies, flic, maximum_likelihood, replicate_fits
from monitor.modelled.registry import Specification, models_of
from monitor.modelled.result import Result
from monitor.modelled.sample import Sample
from monitor.modelled.tables import TABLES
from monitor.modelled.terms import Terms, decide, matrix
from monitor.survey import Base, Calibration, Concept, DesignPlan, Disclosure, Measure, Survey

NONE = {"nl": "", "en": ""}
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


def firms(n: int = 640, seed: int = 5) -> pd.DataFrame:
    """Firms of two strata; the outcome rises with both practices and a little more with both together."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "firm": [f"F{number:04d}" for number in range(n)],
            "stratum": np.where(np.arange(n) < n // 2, "one", "two"),
            "population": np.where(np.arange(n) < n // 2, 2400.0, 900.0),
            "size_band": rng.choice(["small", "medium", "large"], n, p=[0.6, 0.25, 0.15]),
            "sector": rng.choice(["trade", "industry", "services"], n),
            "cooperates": rng.random(n) < 0.36,
            "invests": rng.random(n) < 0.45,
        }
    )
    both = frame["cooperates"] & frame["invests"]
    eta = -1.8 + 0.4 * frame["cooperates"] + 0.7 * frame["invests"] + 0.5 * both + 0.3 * (frame["size_band"] == "large")
    share = 100 / (1 + np.exp(-(eta + rng.standard_normal(n))))
    frame["share"] = share.round(1)
    frame["top_innovator"] = frame["share"] > 40
    frame["initiatives"] = np.where(frame["cooperates"], rng.integers(1, 6, n), 0).astype(float)
    frame["activity"] = rng.choice(["none", "one", "several"], n)
    frame["start_up"] = rng.random(n) < 0.1
    frame["weight"] = frame["population"] / (n // 2)
    return frame.assign(base_all_firms=True, base_nobody=False)


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
        assert refusal in result.refusal.en
        assert result.terms is None
        assert result.contrasts is None
        assert np.isnan(result.minimum_detectable_effect)
    else:
        assert result.refusal is None
        assert result.estimator == estimator
        assert warning in "; ".join(note.en for note in result.warnings)
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
    assert "firms kept out of the base: never asked about a practice" in kept.warnings[0].en


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


# ---- through the lake --------------------------------------------------------------------------------------------

MODELS: dict[str, Any] = {
    "top_innovator": {
        "label": {"nl": "Top", "en": "Top"},
        "outcome": "top_innovator",
        "practices": ["cooperates", "invests"],
        "controls": ["size_band", "sector"],
        "reference": {"size_band": "small", "sector": "trade"},
        "base": "all_firms",
        "estimator": "logit",
        "primary": True,
        "curve": {"measure": "share", "from": 20, "to": 60, "step": 20, "signs": [">", ">="]},
        "specifications": {
            "weights": ["weighted", "unweighted"],
            "values": ["imputed", "complete"],
            "controls": {"all": ["size_band", "sector"], "none": []},
            "without": ["none", "start_up"],
        },
    },
    "share": {
        "outcome": "share",
        "practices": ["cooperates", "invests"],
        "controls": ["sector"],
        "base": "all_firms",
        "estimator": "fractional_logit",
    },
    "dose": {
        "outcome": "top_innovator",
        "dose": "initiatives",
        "practices": ["invests"],
        "controls": ["sector"],
        "base": "all_firms",
        "estimator": "logit",
    },
    "activity": {
        "outcome": "cooperates",
        "levels": "activity",
        "order": ["none", "one", "several"],
        "controls": ["sector"],
        "base": "all_firms",
        "estimator": "logit",
    },
    "kinds": {
        "outcome": "top_innovator",
        "practices": ["cooperates", "invests"],
        "alternatives": {
            "practice": "cooperates",
            "measures": {"any": "cooperates", "start_up": "start_up"},
            "family": "kinds",
            "contrast": "complementarity",
        },
        "controls": [],
        "base": "all_firms",
        "estimator": "logit",
    },
    "three": {
        "outcome": "top_innovator",
        "practices": ["cooperates", "invests", "start_up"],
        "controls": [],
        "base": "all_firms",
        "estimator": "logit",
    },
    "absent": {
        "outcome": "top_innovator",
        "practices": ["cooperates", "unheard_of"],
        "controls": [],
        "base": "all_firms",
        "estimator": "logit",
    },
}
CLAIMS: tuple[dict[str, Any], ...] = (
    {
        "claim": "complement",
        "declared": "2017-02-01",
        "text": {"nl": "Ze versterken elkaar.", "en": "They complement each other."},
        "estimand": {"kind": "contrast", "model": "top_innovator", "contrast": "complementarity"},
        "rule": {"kind": "above", "value": 0, "alpha": 0.025},
    },
    {
        "claim": "unheard_of",
        "declared": "2017-02-01",
        "text": {"nl": "Niet gevraagd.", "en": "Not asked."},
        "estimand": {"kind": "share", "measure": "unheard_of", "base": "all_firms"},
        "rule": {"kind": "above", "value": 0.5, "alpha": 0.025},
    },
)


def survey(models: dict[str, Any]) -> Survey:
    measures = ("cooperates", "invests", "top_innovator", "initiatives", "activity", "start_up")
    return Survey(
        name="scenario",
        title=NONE,
        languages=("nl", "en"),
        synthetic=True,
        source=NONE,
        population=NONE,
        seed=11,
        folder=Path("scenario"),
        concepts={"share": Concept("share", "percentage", NONE, NONE)},
        design=DesignPlan(weights="equal", calibration=Calibration()),
        domains=(),
        measures={
            **{name: Measure(name, name, "boolean", NONE, NONE) for name in measures},
            "share": Measure("share", "share", "percentage", NONE, NONE),
        },
        absent_measures={},
        bases={"all_firms": Base("all_firms", "true", NONE)},
        indicators={},
        models=models,
        initiatives={},
        claims=CLAIMS,
        claims_hash="0123",
        imputation={},
        disclosure=Disclosure(),
        waves={},
        margins={},
        rules=(),
        definition_hash="4567",
    )


def fill(lake: Lake, wave: str, frame: pd.DataFrame, copies: int = 2, routed: tuple[str, ...] = ()) -> None:
    """The tables that the stages before would have written: every tenth share was left open and filled in."""
    rng = np.random.default_rng(int(wave))
    open_ = np.arange(len(frame)) % 10 == 0
    derived, answers = [], []
    for number in range(copies + 1):
        copy = frame.copy()
        if number:
            copy.loc[open_, "share"] = rng.choice(frame.loc[~open_, "share"], open_.sum())
        else:
            copy.loc[open_, "share"] = np.nan
        top = (copy["share"] > 40).astype("boolean").mask(copy["share"].isna())
        columns = ["firm", "cooperates", "invests", "share", "initiatives", "activity", "start_up", "base_all_firms"]
        derived.append(copy[columns].assign(imputation=number, top_innovator=top))
        answers.append(copy[["firm", "size_band", "sector"]].assign(imputation=number))
    lake.write("derived_measures", wave, pd.concat(derived))
    lake.write("imputed_answers", wave, pd.concat(answers).drop(columns="sector"))
    weights = frame[["firm", "stratum", "population", "weight", "sector"]].assign(
        invited=len(frame), responding=len(frame), response_class=frame["stratum"], base_weight=frame["weight"],
        response_weight=frame["weight"],
    )  # fmt: skip
    lake.write("weighted_weights", wave, weights)
    codes = pd.factorize(frame["stratum"])[0]
    matrix_of = bootstrap_perturbation(
        codes, np.full(len(frame), 0.8), firm_numbers(list(frame["firm"]), 25, 1, "bootstrap")
    )
    lake.write(
        "weighted_replicates",
        wave,
        pd.DataFrame({"firm": frame["firm"], "weights": list(frame["weight"].to_numpy()[:, None] * (1 + matrix_of))}),
    )
    missing = pd.DataFrame({"firm": routed, "concept": "cooperates", "kind": "not_asked"}, dtype=str)
    lake.write("staged_missing", wave, missing)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, dict[str, dict[str, object]]]:
    """Two waves that share 400 firms, run one by one and together."""
    lake = Lake(tmp_path_factory.mktemp("home"), "scenario")
    fill(lake, "2017", firms(), routed=("F0001", "F0002"))
    second = firms(seed=6)
    fill(lake, "2018", second.assign(firm=[f"F{number:04d}" for number in range(240, 880)]))
    s = survey(MODELS)
    told = {wave: modelled.run(lake, s, SimpleNamespace(name=wave)) for wave in ("2017", "2018")}
    told["all"] = modelled.run_all(lake, s, ["2017", "2018"])
    return lake, told


def test_tables_have_their_columns_and_keys(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    for wave in ("2017", "2018", "all"):
        for table, (columns, key) in TABLES.items():
            frame = lake.read(table, wave)
            assert list(frame.columns) == list(columns), table
            assert not frame.duplicated(list(key)).any(), table
            assert set(frame["wave"]) == {"pooled" if wave == "all" else wave}, table
            assert not frame.empty, table


def test_a_run_says_what_it_did_and_how_long(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    _, told = ran
    assert told["2017"]["firms"] == 640
    assert told["2017"]["copies"] == 2
    refused = told["2017"]["refused"]
    assert isinstance(refused, dict)
    assert refused["absent main"] == "not asked in this wave: unheard_of"
    seconds = told["2017"]["seconds"]
    assert isinstance(seconds, dict)
    assert {"model top_innovator", "curve top_innovator", "specifications top_innovator", "claims"} <= set(seconds)


def test_models_table(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    models = lake.read("modelled_models", "2017").set_index(["model", "variant"])
    main = models.loc[("top_innovator", "main")]
    assert main["estimator"] == "logit"
    assert main["n"] == 638
    assert main["n_routed"] == 2
    assert main["copies"] == 2
    assert main["minimum_detectable_effect"] > 0
    assert models.loc[("top_innovator", "complete_cases"), "n_dropped"] == 64
    assert not models.loc[("top_innovator", "unweighted"), "weighted"]
    assert not models.loc[("absent", "main"), "published"]
    assert pd.isna(models.loc[("share", "main"), "events"])


def test_contrasts_table(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    contrasts = lake.read("modelled_contrasts", "2017")
    primary = contrasts[(contrasts["model"] == "top_innovator") & (contrasts["variant"] == "main")].set_index(
        "contrast"
    )
    assert {
        "p_neither", "p_invests_only", "p_cooperates_only", "p_both", "ame_cooperates", "ame_invests",
        "effect_cooperates_without_investment", "effect_cooperates_with_investment", "complementarity",
    } <= set(primary.index)  # fmt: skip
    assert pd.isna(primary.loc["p_both", "p_value"])
    one = primary.loc["complementarity"]
    assert one["p_value"] == pytest.approx(2 * min(one["p_greater"], one["p_less"]))
    assert one["se"] == max(one["se_linearised"], one["se_replicate"])
    assert one["fmi"] > 0
    assert contrasts.loc[contrasts["model"] == "kinds", "p_holm"].notna().sum() == 2
    assert "trend" in set(contrasts.loc[contrasts["model"] == "activity", "contrast"])


def test_specification_curve_and_joint_test(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    curve = lake.read("modelled_specifications", "2017")
    assert len(curve) == 16
    choices = ["weights", "values", "controls", "without"]
    assert not curve.duplicated(choices).any()
    main = lake.read("modelled_contrasts", "2017")
    main = main[(main["model"] == "top_innovator") & (main["variant"] == "main")].set_index("contrast")
    same_choices = curve[
        (curve["weights"] == "weighted") & (curve["values"] == "imputed") & (curve["controls"] == "all")
        & (curve["without"] == "none")
    ]  # fmt: skip
    assert same_choices["estimate"].item() == pytest.approx(main.loc["complementarity", "estimate"])
    assert same_choices["se"].item() == pytest.approx(main.loc["complementarity", "se_linearised"])
    robustness = lake.read("modelled_robustness", "2017")
    assert set(robustness["check"]) == {"e_value", "power", "inverted_u", "supermodularity", "joint_test"}
    joint = robustness[robustness["check"] == "joint_test"].set_index("subject")
    assert joint.loc["median", "estimate"] == pytest.approx(curve["estimate"].median())
    assert joint.loc["positive", "estimate"] == pytest.approx((curve["estimate"] > 0).mean())


def test_curve_over_cuts(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    curve = lake.read("modelled_curve", "2017").set_index(["sign", "cut"])
    assert set(curve.index) == {(sign, cut) for sign in (">", ">=") for cut in (20, 40, 60)}
    main = lake.read("modelled_contrasts", "2017")
    main = main[(main["model"] == "top_innovator") & (main["variant"] == "main")].set_index("contrast")
    assert curve.loc[(">", 40), "estimate"] == pytest.approx(main.loc["complementarity", "estimate"])
    assert curve.loc[(">=", 20), "events"] >= curve.loc[(">", 20), "events"]
    assert curve["se_replicate"].notna().all()


def test_waves_together(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    models = lake.read("modelled_models", "all").set_index(["model", "variant"])
    assert models.loc[("top_innovator", "main"), "n"] == 1278
    assert {"main", "firm_means", "conditional_logit"} <= set(models.loc["top_innovator"].index)
    terms = lake.read("modelled_terms", "all").set_index(["model", "variant", "term"])
    assert ("top_innovator", "main", "wave[2018]") in terms.index
    assert ("top_innovator", "firm_means", "mean(cooperates)") in terms.index
    assert ("top_innovator", "conditional_logit", "cooperates:invests") in terms.index
    single = lake.read("modelled_terms", "2017").set_index(["model", "variant", "term"])
    place = ("top_innovator", "main", "cooperates")
    assert terms.loc[place, "se"] < single.loc[place, "se"]
    attrition = lake.read("modelled_robustness", "all")
    assert (attrition["check"] == "attrition").sum() == 3


def test_claims_table(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    claims = lake.read("modelled_claims", "2017").set_index("claim")
    assert claims.loc["complement", "claims_hash"] == "0123"
    assert claims.loc["complement", "declared"] == "2017-02-01"
    assert claims.loc["unheard_of", "verdict"] == "not testable"
    assert claims.loc["unheard_of", "reason"] == "not asked in this wave: unheard_of"
    contrasts = lake.read("modelled_contrasts", "2017").set_index(["model", "variant", "contrast"])
    linked = contrasts.loc[tuple(claims.loc["complement", ["model", "variant", "contrast"]])]
    assert claims.loc["complement", "estimate"] == linked["estimate"]


def test_running_again_gives_the_same_tables(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    before = {table: lake.read(table, "2017") for table in TABLES}
    modelled.run(lake, survey(MODELS), SimpleNamespace(name="2017"))
    for table, frame in before.items():
        pd.testing.assert_frame_equal(frame, lake.read(table, "2017"))


def test_one_wave_has_nothing_to_pool(ran: tuple[Lake, dict[str, dict[str, object]]], tmp_path: Path) -> None:
    lake = Lake(tmp_path, "scenario")
    fill(lake, "2017", firms())
    told = modelled.run_all(lake, survey(MODELS), ["2017"])
    assert set(told["rows"].values()) == {0}


def test_the_demonstration_survey_declares_at_least_64_specifications() -> None:
    from monitor.survey import load_survey

    folder = Path(modelled.__file__).parent.parent / "surveys" / "noord_nederland"
    declared = models_of(load_survey(folder))
    primary = [model for model in declared if model.primary]
    assert len(primary) == 1
    assert len(primary[0].specifications()) >= 64
    assert len(primary[0].cuts()) == 30
