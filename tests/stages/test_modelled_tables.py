"""The stage `modelled` through the lake: its tables, their keys, waves together, claims."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import declared
import numpy as np
import pandas as pd
import pytest
from modelled_firms import firms

from monitor.contract.lake import BY_NAME
from monitor.precision import to_error
from monitor.stages import modelled
from monitor.stages.modelled.tables import COLUMNS
from monitor.statistics.design.replicates import bootstrap_perturbation
from monitor.statistics.random_numbers import firm_numbers
from monitor.storage.lake import Lake
from monitor.survey import Base, Calibration, Concept, DesignPlan, Disclosure, Measure, Survey

pytestmark = pytest.mark.slow

NONE = {"nl": "", "en": ""}


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
CLAIMS = (
    declared.claim(
        claim="complement",
        text={"nl": "Ze versterken elkaar.", "en": "They complement each other."},
        estimand={"kind": "contrast", "model": "top_innovator", "contrast": "complementarity"},
        rule={"kind": "above", "value": 0, "alpha": 0.025},
    ),
    declared.claim(
        claim="both_often",
        estimand={"kind": "contrast", "model": "top_innovator", "contrast": "p_both"},
        rule={"kind": "above", "value": 0.1, "alpha": 0.025},
    ),
    *(
        declared.claim(
            claim=name,
            estimand={"kind": "contrast", "model": "top_innovator", "contrast": "complementarity"},
            rule={"kind": "no_substitution", "margin": margin, "alpha": 0.025},
        )
        for name, margin in (("no_substitution", 0.02), ("wide_margin", 0.2))
    ),
    declared.claim(
        claim="few_firms",
        estimand={"kind": "contrast", "model": "top_innovator", "contrast": "p_both"},
        rule={"kind": "share_above", "value": 0.0001, "alpha": 0.025},
    ),
    declared.claim(
        claim="unheard_of",
        text={"nl": "Niet gevraagd.", "en": "Not asked."},
        estimand={"kind": "share", "measure": "unheard_of", "base": "all_firms"},
        rule={"kind": "above", "value": 0.5, "alpha": 0.025},
    ),
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
        models=declared.models(models),
        claims=CLAIMS,
        claims_hash="0123",
        imputation=None,
        disclosure=Disclosure(),
        waves={name: SimpleNamespace(name=name, questions={}, not_asked={}) for name in ("2017", "2018")},
        margins={},
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
        invited=len(frame), responding=len(frame), response_class=frame["stratum"], base_weight=frame["weight"] / 2,
        response_weight=frame["weight"],
    )  # fmt: skip
    lake.write("weighted_weights", wave, weights)
    silent = weights.groupby(["stratum", "response_class", "base_weight"], as_index=False).size()
    silent["silent"] = silent.pop("size")
    lake.write("weighted_nonresponding", wave, silent)
    codes = pd.factorize(frame["stratum"])[0]
    matrix_of = bootstrap_perturbation(
        codes, np.full(len(frame), 0.8), firm_numbers(list(frame["firm"]), 25, 1, "bootstrap")
    )
    lake.write(
        "weighted_replicates",
        wave,
        pd.DataFrame({"firm": frame["firm"], "weights": list(frame["weight"].to_numpy()[:, None] * (1 + matrix_of))}),
    )
    lake.write("derived_routed", wave, pd.DataFrame({"firm": routed, "measure": "cooperates"}, dtype=str))


def fill_both(lake: Lake) -> None:
    """Two waves that share 400 firms."""
    fill(lake, "2017", firms(), routed=("F0001", "F0002"))
    second = firms(seed=6)
    fill(lake, "2018", second.assign(firm=[f"F{number:04d}" for number in range(240, 880)]))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, dict[str, dict[str, object]]]:
    """Two waves that share 400 firms, run one by one and together."""
    lake = Lake(tmp_path_factory.mktemp("home"), "scenario")
    fill_both(lake)
    s = survey(MODELS)
    told = {wave: modelled.run(lake, s, SimpleNamespace(name=wave)) for wave in ("2017", "2018")}
    told["all"] = modelled.run_all(lake, s, ["2017", "2018"])
    return lake, told


def test_tables_have_their_columns_and_keys(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    for wave in ("2017", "2018", "all"):
        for table, columns in COLUMNS.items():
            frame = lake.read(table, wave)
            assert list(frame.columns) == list(columns), table
            assert not frame.duplicated(["wave", *BY_NAME[table].key]).any(), table
            if table.startswith("modelled_programme"):
                assert frame.empty, "the survey has no programmes"
                continue
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
    assert {"models", "curves", "specifications", "claims"} <= set(seconds)


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
    choices = ["weights", "answers", "controls", "left_out"]
    assert not curve.duplicated(choices).any()
    main = lake.read("modelled_contrasts", "2017")
    main = main[(main["model"] == "top_innovator") & (main["variant"] == "main")].set_index("contrast")
    same_choices = curve[
        (curve["weights"] == "weighted") & (curve["answers"] == "imputed") & (curve["controls"] == "all")
        & (curve["left_out"] == "none")
    ]  # fmt: skip
    assert same_choices["estimate"].item() == pytest.approx(main.loc["complementarity", "estimate"])
    assert same_choices["se"].item() == main.loc["complementarity", "se"]
    assert same_choices["own_choice"].item()
    assert curve["own_choice"].sum() == 1
    robustness = lake.read("modelled_robustness", "2017")
    assert set(robustness["test"]) == {
        "e_value", "power", "inverted_u", "supermodularity", "joint_test", "by_choice", "by_way", "one_firm",
        "doubly_robust", "robustness_value",
    }  # fmt: skip
    joint = robustness[robustness["test"] == "joint_test"].set_index("subject")
    assert joint.loc["median", "estimate"] == pytest.approx(curve["estimate"].median())
    assert joint.loc["positive", "estimate"] == pytest.approx((curve["estimate"] > 0).mean())
    sides = [((curve["p_value"] < 0.05) & (side * curve["estimate"] > 0)).mean() for side in (1, -1)]
    assert joint.loc["significant", "estimate"] == pytest.approx(max(sides))


def test_curve_over_cuts(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    curve = lake.read("modelled_curve", "2017").set_index(["sign", "cut"])
    assert set(curve.index) == {(sign, cut) for sign in (">", ">=") for cut in (20, 40, 60)}
    main = lake.read("modelled_contrasts", "2017")
    main = main[(main["model"] == "top_innovator") & (main["variant"] == "main")].set_index("contrast")
    assert curve.loc[(">", 40), "estimate"] == pytest.approx(main.loc["complementarity", "estimate"])
    assert curve.loc[(">=", 20), "events"] >= curve.loc[(">", 20), "events"]
    assert curve["se_replicate"].notna().all()
    assert (curve["band_low"] <= curve["ci_low"]).all()
    assert (curve["band_high"] >= curve["ci_high"]).all()


@pytest.mark.parametrize("partition", ["2017", "2018", "all"])
def test_distribution_falls_and_crosses_the_model(
    ran: tuple[Lake, dict[str, dict[str, object]]], partition: str
) -> None:
    lake, _ = ran
    rows = lake.read("modelled_distribution", partition)
    assert set(zip(rows["cut"], rows["state"], strict=True)) == {
        (cut, state) for cut in (20, 40, 60) for state in ("neither", "b_only", "a_only", "both")
    }
    for _, of in rows.dropna(subset="estimate").groupby("state"):
        assert (np.diff(of.sort_values("cut")["estimate"].astype(float)) <= 0).all()
        assert (of["band_low"] <= of["ci_low"]).all()
        assert (of["ci_low"] < of["estimate"]).all()
        assert (of["estimate"] < of["ci_high"]).all()
        assert (of["ci_high"] <= of["band_high"]).all()
    contrasts = lake.read("modelled_contrasts", partition)
    main = contrasts[(contrasts["model"] == "top_innovator") & (contrasts["variant"] == "main")].set_index("contrast")
    own = rows[rows["cut"] == 40].set_index("contrast")
    assert len(own) == 4
    for column in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_array_equal(own[column], main.loc[own.index, column])


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
    attrition = attrition[attrition["test"] == "attrition"].set_index("subject")
    assert len(attrition) == 4, "outcome, both practices, and all together"
    together = attrition.loc["2017 to 2018: together"]
    assert 0 < together["estimate"] < 1
    assert f"{100 * together['bound']:.1f}%" in together["note_en"]
    assert f"{100 * together['estimate']:.1f}%" in together["note_en"]
    odds = attrition.loc["2017 to 2018: cooperates"]
    assert 0 < odds["ci_low"] < odds["estimate"] < odds["ci_high"]
    assert (
        f"{odds['estimate']:.2f} ({odds['ci_low']:.2f} to {odds['ci_high']:.2f}; p {odds['p_value']:.3f})"
        in odds["note_en"]
    )


@pytest.mark.parametrize("partition", ["2017", "2018", "all"])
def test_one_quantity_has_one_number_wherever_it_stands(
    ran: tuple[Lake, dict[str, dict[str, object]]], partition: str
) -> None:
    """The main model, the threshold curve at the outcome's own threshold, and the specification curve's own choice."""
    lake, _ = ran
    numbers = ["estimate", "se", "ci_low", "ci_high", "p_value"]
    contrasts = lake.read("modelled_contrasts", partition).set_index(["model", "variant", "contrast"])
    curve = lake.read("modelled_curve", partition).set_index(["sign", "cut"])
    specifications = lake.read("modelled_specifications", partition).set_index(
        ["outcome", "practice_a", "practice_b", "base", "controls", "left_out", "weights", "answers"]
    )
    # Where no firm stands at 40 exactly, `>=` asks the same.
    assert (">", 40.0) in set(curve.index[curve["own_choice"]]) <= {(">", 40.0), (">=", 40.0)}
    chosen = ("top_innovator", "cooperates", "invests", "all_firms", "all", "none")
    same = {
        "main": [curve.loc[(">", 40.0)], specifications.loc[(*chosen, "weighted", "imputed")]],
        "unweighted": [specifications.loc[(*chosen, "unweighted", "imputed")]],
        "complete_cases": [specifications.loc[(*chosen, "weighted", "complete")]],
    }
    for variant, places in same.items():
        there = contrasts.loc[("top_innovator", variant, "complementarity")]
        for place in places:
            assert place[numbers].to_list() == there[numbers].to_list(), variant


def test_claims_table(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    claims = lake.read("modelled_claims", "2017").set_index("claim")
    assert claims.loc["complement", "claims_hash"] == "0123"
    assert claims.loc["complement", "declared"] == "2017-02-01"
    assert claims.loc["unheard_of", "verdict"] == "not testable"
    assert claims.loc["unheard_of", "reason"] == "not asked in this wave: unheard_of"
    contrasts = lake.read("modelled_contrasts", "2017").set_index(["model", "variant", "contrast"])
    linked = contrasts.loc[tuple(claims.loc["complement", ["model", "variant", "contrast"]])]
    # The sentence prints the digits that the published contrast has.
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert claims.loc["complement", name] == to_error(linked[name], linked["se"]), name


def test_a_rule_that_means_nothing_in_a_wave_is_not_tested(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    """A margin above half of the outcome's share in the base, and a share that one firm of these would prove."""
    lake, _ = ran
    claims = lake.read("modelled_claims", "2017").set_index("claim")
    derived, weights = lake.read("derived_measures", "2017"), lake.read("weighted_weights", "2017")
    rate = derived.merge(weights, on="firm").query("imputation > 0 and base_all_firms and top_innovator.notna()")
    share = float(np.average(rate["top_innovator"].astype(float), weights=rate["weight"]))
    assert 0.04 < share < 0.4, "the wider margin is above half of it, the other below"
    assert claims.loc["no_substitution", "verdict"] != "not testable"
    assert (
        "substitution of less than 2 percentage points does not count" in claims.loc["no_substitution", "decision_rule"]
    )
    for name, why in (("wide_margin", "not small beside the share"), ("few_firms", "a single one would prove")):
        assert claims.loc[name, "verdict"] == "not testable"
        assert why in claims.loc[name, "reason"]
        assert pd.isna(claims.loc[name, "estimate"])


def test_every_effect_says_its_unit(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    claims = lake.read("modelled_claims", "2017").set_index("claim")
    units = claims["unit"].to_dict()
    assert {name for name, unit in units.items() if unit == "share"} == {"both_often", "few_firms", "unheard_of"}
    assert set(units.values()) == {"share", "points"}
    assert "lies above 10% (" in claims.loc["both_often", "decision_rule"], "a probability is no difference"
    assert "Estimated" in claims.loc["both_often", "reason"]
    contrasts = lake.read("modelled_contrasts", "2017")
    shares = contrasts["contrast"].str.startswith(("p_", "p["))
    assert (contrasts["unit"] == "share").equals(shares)
    told = contrasts.loc[contrasts["model"] == "three", "role"]
    assert told.isna().all(), "roles are those of two practices"
    main = contrasts[(contrasts["model"] == "top_innovator") & (contrasts["variant"] == "main")]
    assert main.set_index("role").loc["a_only", "contrast"] == "p_cooperates_only"


def test_running_again_gives_the_same_tables(ran: tuple[Lake, dict[str, dict[str, object]]]) -> None:
    lake, _ = ran
    before = {table: lake.read(table, "2017") for table in COLUMNS}
    modelled.run(lake, survey(MODELS), SimpleNamespace(name="2017"))
    for table, frame in before.items():
        pd.testing.assert_frame_equal(frame, lake.read(table, "2017"))


def test_one_wave_has_nothing_to_pool(ran: tuple[Lake, dict[str, dict[str, object]]], tmp_path: Path) -> None:
    lake = Lake(tmp_path, "scenario")
    fill(lake, "2017", firms())
    told = modelled.run_all(lake, survey(MODELS), ["2017"])
    assert set(told["rows"].values()) == {0}


@pytest.mark.parametrize("name", ["dose", "activity", "three"])
def test_a_primary_model_without_two_practices_is_followed_in_the_panel_too(tmp_path: Path, name: str) -> None:
    lake = Lake(tmp_path, "scenario")
    fill_both(lake)
    model = {name: MODELS[name] | {"primary": True}}
    told = modelled.run_all(lake, replace(survey(model), claims=()), ["2017", "2018"])
    assert told["models"] >= 3
    assert (lake.read("modelled_robustness", "all")["test"] == "attrition").any()
    variants = set(lake.read("modelled_models", "all")["variant"])
    assert "firm_means" not in variants, "they are the means of two practices and their product"
    assert "main" in variants


def test_the_demonstration_survey_declares_at_least_64_specifications() -> None:
    from monitor.survey import load_survey
    from monitor.surveys import BUNDLED

    models = load_survey(BUNDLED).models.values()
    primary = [model for model in models if model.primary]
    assert len(primary) == 1
    assert len(primary[0].specifications()) >= 64
    assert len(primary[0].cuts()) == 30
