"""Completed copies of the scenario: who is filled in, from whom, and what stays as it was answered."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scenario

from monitor.problems import DefinitionError, WaveStopped
from monitor.stages import derived, imputed
from monitor.stages.imputed.plan import prepare
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey
from monitor.survey.imputation import imputation_plan
from monitor.survey.model import Imputation

SHARES = list(scenario.SHARES)


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return scenario.survey(tmp_path / "survey")


@pytest.fixture(scope="module")
def completed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the scenario up to `imputed` as this stage makes it: to copy, not to change."""
    folder = tmp_path_factory.mktemp("completed")
    survey, lake = scenario.survey(folder / "survey"), scenario.lake(folder / "home", upto="validated")
    for wave in survey.waves.values():
        imputed.run(lake, survey, wave)
    return folder / "home"


@pytest.fixture
def lake(home: Path, completed: Path) -> Lake:
    """The scenario up to `imputed`: one test's own."""
    shutil.copytree(completed, home, dirs_exist_ok=True)
    return Lake(home, scenario.NAME)


def copies_of(lake: Lake, firm: str, wave: str = "2017") -> pd.DataFrame:
    table = lake.read("imputed_answers", wave)
    return table[(table["firm"] == firm) & (table["imputation"] > 0)]


def test_one_observed_and_twenty_completed_copies_of_the_kept_firms(lake: Lake) -> None:
    table = lake.read("imputed_answers", "2017")
    kept = scenario.validated_responses("2017").query("status == 'kept'")["firm"]
    assert sorted(table["imputation"].unique()) == list(range(21))
    for _, copy in table.groupby("imputation"):
        assert copy["firm"].tolist() == sorted(kept)


def test_the_observed_copy_is_what_was_answered(lake: Lake) -> None:
    found = lake.read("imputed_answers", "2017").query("imputation == 0").reset_index(drop=True)
    expected = scenario.imputed_answers("2017")
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)


def test_answers_given_stay_in_every_copy(lake: Lake) -> None:
    table = lake.read("imputed_answers", "2017").set_index(["imputation", "firm"])
    observed = table.loc[0]
    for imputation in range(1, 21):
        copy = table.loc[imputation]
        for concept in observed.columns.drop("initiatives"):
            given = observed[concept].notna()
            assert (copy.loc[given, concept] == observed.loc[given, concept]).all(), concept
        assert [list(v) for v in copy["initiatives"]] == [list(v) for v in observed["initiatives"]]


def test_nothing_stays_open_in_a_completed_copy(lake: Lake, survey: Survey) -> None:
    table = lake.read("imputed_answers", "2017").query("imputation > 0")
    assert table[list(survey.imputation.variables)].notna().all().all()


def test_shares_sum_to_100_and_lie_between_0_and_100(lake: Lake) -> None:
    for wave in ("2017", "2018"):
        shares = lake.read("imputed_answers", wave).query("imputation > 0")[SHARES]
        np.testing.assert_allclose(shares.sum(axis=1), 100, atol=1e-9)
        assert ((shares >= 0) & (shares <= 100)).all().all()


def test_a_share_that_was_given_stays_and_the_rest_fills_up(lake: Lake) -> None:
    copies = copies_of(lake, "10000015")
    assert (copies[SHARES[0]] == 60).all()
    np.testing.assert_allclose(copies[SHARES[1:]].sum(axis=1), 40)


def test_firms_routed_past_carry_the_declared_value(lake: Lake) -> None:
    for firm in ("10000005", "10000013"):
        assert (copies_of(lake, firm)[SHARES].to_numpy() == [0, 0, 100]).all()


def test_an_open_gate_decides_copy_by_copy(lake: Lake) -> None:
    """Where the copy says the firm does not innovate the shares follow; where it says it does they are drawn."""
    copies = copies_of(lake, "10000008")
    shut = ~copies["product_innovation"].astype(bool)
    assert 0 < shut.sum() < 20
    assert (copies.loc[shut, SHARES].to_numpy() == [0, 0, 100]).all()
    assert (copies.loc[~shut, SHARES].to_numpy() != [0, 0, 100]).any(axis=1).all()


def test_numbers_come_from_firms_that_answered(lake: Lake) -> None:
    given = lake.read("imputed_answers", "2017").query("imputation == 0")["employees"].dropna()
    assert set(copies_of(lake, "10000014")["employees"]) <= set(given)


def test_flags_name_every_value_that_was_filled_in(lake: Lake) -> None:
    flags = lake.read("imputed_flags", "2017")
    table = lake.read("imputed_answers", "2017").set_index("firm")
    open_before = table[table["imputation"] == 0].drop(columns="imputation").isna().stack()
    filled = {key for key, missing in open_before.items() if missing}
    assert {(row.firm, row.concept) for row in flags.itertuples()} == filled
    assert flags.set_index(["firm", "concept"])["method"].to_dict()[("10000007", "in_house_rd")] == "logistic"


def test_a_concept_the_wave_did_not_ask_is_left_out_with_the_reason(lake: Lake) -> None:
    told = lake.read("imputed_diagnostics", "2018").set_index("concept")
    assert told.loc["employees", "reason"] == "not asked in this wave"
    assert lake.read("imputed_answers", "2018")["employees"].isna().all()


def test_diagnostics_count(lake: Lake) -> None:
    told = lake.read("imputed_diagnostics", "2017").set_index("concept")
    assert told.loc[SHARES[0], ["asked", "missing", "method"]].tolist() == [12, 2, "shares"]
    assert told.loc[SHARES[1], ["asked", "missing"]].tolist() == [12, 3]
    assert told.loc["in_house_rd", "rate"] == pytest.approx(1 / 14)


def test_facts_of_the_frame_come_along(lake: Lake) -> None:
    table = lake.read("imputed_answers", "2017").query("imputation == 3").set_index("firm")
    assert table.loc["10000012", ["size_band", "sector"]].tolist() == ["large", "industry"]


def test_an_outcome_that_rests_on_filled_in_values_is_flagged(lake: Lake, survey: Survey) -> None:
    derived.run(lake, survey, survey.waves["2017"])
    flags = lake.read("derived_flags", "2017")
    outcome = flags[flags["measure"] == "top_innovator"]["firm"].tolist()
    assert outcome == ["10000006", "10000008"]
    measures = lake.read("derived_measures", "2017").query("imputation > 0")
    assert measures["top_innovator"].notna().all()


def test_running_twice_changes_nothing(lake: Lake, survey: Survey) -> None:
    first = lake.read("imputed_answers", "2017")
    imputed.run(lake, survey, survey.waves["2017"])
    pd.testing.assert_frame_equal(lake.read("imputed_answers", "2017"), first)


def test_the_order_of_rows_changes_nothing(home: Path, lake: Lake, survey: Survey) -> None:
    first = lake.read("imputed_answers", "2017")
    shuffled = Lake(home / "shuffled", "scenario")
    for table, make in {**scenario.TABLES["staged"], **scenario.TABLES["validated"]}.items():
        shuffled.write(table, "2017", make("2017").sample(frac=1, random_state=7))
    imputed.run(shuffled, survey, survey.waves["2017"])
    pd.testing.assert_frame_equal(shuffled.read("imputed_answers", "2017"), first)


def test_waves_and_seeds_draw_apart(lake: Lake, survey: Survey) -> None:
    first = copies_of(lake, "10000006")[SHARES].to_numpy()
    imputed.run(lake, dataclasses.replace(survey, seed=survey.seed + 1), survey.waves["2017"])
    assert not np.array_equal(copies_of(lake, "10000006")[SHARES].to_numpy(), first)


def test_without_a_declaration_only_the_observed_copy(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    told = imputed.run(lake, dataclasses.replace(survey, imputation=None), survey.waves["2017"])
    assert told["rows"] == told["firms"] == 14
    assert told["copies"] == told["filled_values"] == 0
    assert lake.read("imputed_answers", "2017")["imputation"].eq(0).all()
    assert lake.read("imputed_flags", "2017").empty


def test_a_gate_is_deduced_from_what_it_lets_in(home: Path, survey: Survey) -> None:
    """Who gives the shares of new products has said that it innovates, in every copy."""
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    answers = scenario.staged_answers("2017")
    answers.loc[answers["firm"] == "10000004", "product_innovation"] = pd.NA
    lake.write("staged_answers", "2017", answers)
    imputed.run(lake, survey, survey.waves["2017"])
    assert copies_of(lake, "10000004")["product_innovation"].astype(bool).all()
    flags = lake.read("imputed_flags", "2017").set_index(["firm", "concept"])["method"]
    assert flags["10000004", "product_innovation"] == "deduced"


def test_the_one_share_left_open_is_deduced(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    answers = scenario.staged_answers("2017")
    answers.loc[answers["firm"] == "10000004", SHARES[2]] = np.nan
    lake.write("staged_answers", "2017", answers)
    imputed.run(lake, survey, survey.waves["2017"])
    assert (copies_of(lake, "10000004")[SHARES[2]] == 20).all()
    flags = lake.read("imputed_flags", "2017").set_index(["firm", "concept"])["method"]
    assert flags["10000004", SHARES[2]] == "deduced"


def test_a_set_left_open_is_taken_whole_from_another_firm(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    answers = scenario.staged_answers("2017")
    answers["initiatives"] = [
        None if f == "10000004" else v for f, v in zip(answers["firm"], answers["initiatives"], strict=True)
    ]
    lake.write("staged_answers", "2017", answers)
    imputed.run(lake, survey, survey.waves["2017"])
    given = {tuple(sorted(v)) for v in answers["initiatives"] if v is not None}
    assert {tuple(v) for v in copies_of(lake, "10000004")["initiatives"]} <= given


def test_a_question_hardly_anyone_answered_is_left_open(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    answers = scenario.staged_answers("2017")
    answers.loc[answers["firm"] != "10000001", "turnover_eur"] = np.nan
    lake.write("staged_answers", "2017", answers)
    told = imputed.run(lake, survey, survey.waves["2017"])
    assert told["left_out"] == {"turnover_eur": "fewer than 2 firms answered"}
    assert lake.read("imputed_answers", "2017").query("firm != '10000001'")["turnover_eur"].isna().all()


def test_two_kept_responses_of_a_firm_stop_the_wave(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    responses = scenario.validated_responses("2017").replace({"status": {"duplicate": "kept"}})
    lake.write("validated_responses", "2017", responses)
    with pytest.raises(WaveStopped) as stopped:
        imputed.run(lake, survey, survey.waves["2017"])
    assert [p.firm for p in stopped.value.problems] == ["10000011"]


BAD_PLANS: list[tuple[str, str, str, str]] = [
    # (was, becomes, words of the message, what stands on its line)
    ("copies: 20", "copies: many", "copies is not usable", "copies: many"),
    ("copies: 20", "copies: 1", "copies is not usable", "copies: 1"),
    ("copies: 20", "copies: 20\n  donors: 101", "donors is not usable", "donors: 101"),
    ("copies: 20", "coppies: 20", "unknown key 'coppies'", "coppies: 20"),
    ("copies: 20", "copies: 20\n  ordered: [in_house_rd]", "ordered names 'in_house_rd'", "ordered:"),
    ("copies: 20", "copies: 20\n  predictors:\n  - sector\n  - sise_band", "concept 'sise_band'", "- sise_band"),
    ("copies: 20", "copies: 20\n  interactions: [[top, invests]]", "interactions name 'top'", "interactions:"),
    ("copies: 20", "copies: 20\n  predictors: {size_band: 1}", "predictors is not usable", "predictors:"),
    ("variables: [product", "variables: [firm, product", "'firm' cannot be filled in", "variables: [firm"),
    ("variables: [product", "variables: [contact_email, product", "cannot be filled in", "variables: [contact"),
    ("shares: [[", "shares: [[in_house_rd, ", "shares name 'in_house_rd'", "shares: [[in_house_rd"),
    ("shares: [[", "shares: [turnover_share_unchanged, [", "shares have a group of one", "shares:"),
]


@pytest.mark.parametrize(("was", "becomes", "told", "line"), BAD_PLANS)
def test_a_bad_plan_is_refused_when_the_folder_is_loaded(
    tmp_path: Path, was: str, becomes: str, told: str, line: str
) -> None:
    folder = scenario.folder(tmp_path / "survey")
    file = folder / "survey.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_survey(folder)
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [p for p in refused.value.problems if told in p.what]
    assert found, [p.what for p in refused.value.problems]
    for problem in found:
        assert problem.file == "survey.yaml"
        assert line in lines[(problem.line or 0) - 1]
        assert problem.do


def test_the_outcome_and_the_practices_predict_even_where_they_are_complete(home: Path, survey: Survey) -> None:
    """A practice with holes is drawn from the outcome and the other practice: else their association fades."""
    lake = scenario.lake(home, upto="imputed", waves=("2017",))
    plan = imputation_plan(dataclasses.replace(survey, imputation=Imputation(2, 10, 5, ("in_house_rd",))))
    assert plan is not None
    with lake.open("2017", "imputed_answers") as connection:
        answers = connection.sql("SELECT * EXCLUDE (imputation) FROM imputed_answers").to_arrow_table()
        setup = prepare(connection, answers, survey, survey.waves["2017"], plan)
        cooperates = next(p.name for p in setup.passives if p.name.endswith("cooperates"))
        known = setup.facts(cooperates, np.arange(answers.num_rows), {})
    predictors = {p.name.removeprefix("measure:") for p in setup.passives if p.predictor}
    assert predictors == {"top_innovator", "cooperates", "invests"}
    assert len(setup.products) == 3
    assert known.sum() == 4


def test_what_a_gate_lets_in_stays_open_where_the_gate_stays_open(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    declared = Imputation(2, 10, 5, tuple(SHARES))
    imputed.run(lake, dataclasses.replace(survey, imputation=declared), survey.waves["2017"])
    assert copies_of(lake, "10000008")[SHARES].isna().all().all()
    assert copies_of(lake, "10000006")[SHARES].notna().all().all()


def test_copies_that_have_not_mixed_are_named(
    home: Path, survey: Survey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    monkeypatch.setattr("monitor.stages.imputed.stage.MIXED", 0.5)
    told = imputed.run(lake, survey, survey.waves["2017"])
    assert "in_house_rd" in told["not_mixed"]
    assert "have not mixed" in caplog.text


def test_scale_reduction_sees_chains_that_stay_apart() -> None:
    rng = np.random.default_rng(1)
    together = rng.normal(size=(20, 40))
    assert imputed.scale_reduction(together) == pytest.approx(1, abs=0.1)
    assert imputed.scale_reduction(together + 5 * np.arange(20)[:, None]) > 10
    assert imputed.scale_reduction(np.ones((20, 40))) is None
    assert imputed.scale_reduction(together[:, :2]) is None


@pytest.mark.parametrize("kept", [0, 1, 2, 4])
def test_a_wave_of_hardly_any_firms_leaves_open_what_it_cannot_fill(home: Path, survey: Survey, kept: int) -> None:
    lake = scenario.lake(home, upto="validated", waves=("2017",))
    responses = scenario.validated_responses("2017")
    usable = responses.index[responses["status"] == "kept"][4 : 4 + kept]
    responses["status"] = responses.index.isin(usable)
    responses["status"] = responses["status"].map({True: "kept", False: "not_usable"})
    lake.write("validated_responses", "2017", responses)
    told = imputed.run(lake, survey, survey.waves["2017"])
    assert told["firms"] == kept
    assert told["left_out"][SHARES[0]] == "fewer than 2 firms answered"
    assert lake.read("imputed_answers", "2017")["imputation"].nunique() == (21 if kept else 0)
