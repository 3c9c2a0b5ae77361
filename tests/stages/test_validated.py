"""What follows from the rules: statuses, stops, messages, dispositions; nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import scenario

from monitor.problems import WaveStopped
from monitor.stages import raw, staged, validated
from monitor.storage.lake import Lake
from monitor.survey import Survey

WHY = {"nl": "Omdat.", "en": "Because."}
STATUSES = ("kept", "quarantined", "duplicate", "not_usable")


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return scenario.survey(tmp_path / "survey")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return scenario.lake(tmp_path / "home", upto="staged")


def own_rules(survey: Survey, *rules: str) -> None:
    text = "expectations:\n" + "".join(f"  - {rule}\n" for rule in rules)
    (survey.folder / "rules.yaml").write_text(text, encoding="utf-8")


def more_responses(lake: Lake, count: int, **changes: Any) -> None:
    """Add copies of one good response under new firms, with these answers changed."""
    answers = lake.read("staged_answers", "2017")
    good = answers[answers["firm"] == "10000001"]
    extra = [good.assign(firm=f"3{n:07d}", response=1000 + n, line=1001 + n, **changes) for n in range(count)]
    lake.write("staged_answers", "2017", pd.concat([answers, *extra]).sort_values("firm"))
    frame = lake.read("staged_frame", "2017")
    known = frame[frame["firm"] == "10000001"]
    lake.write("staged_frame", "2017", pd.concat([frame, *(known.assign(firm=f"3{n:07d}") for n in range(count))]))


@pytest.mark.parametrize("wave", ["2017", "2018"])
def test_every_firm_of_the_scenario_ends_up_as_it_says(wave: str, survey: Survey, lake: Lake) -> None:
    for each in ("2017", "2018"):
        validated.run(lake, survey, survey.waves[each])
    pd.testing.assert_frame_equal(lake.read("validated_responses", wave), scenario.validated_responses(wave))


def test_the_figures_of_a_run_add_up(survey: Survey, lake: Lake) -> None:
    figures = validated.run(lake, survey, survey.waves["2017"])
    assert [figures[status] for status in STATUSES] == [14, 1, 1, 1]
    assert figures["responses"] == 17 == len(lake.read("staged_answers", "2017"))
    rules = lake.read("validated_rules", "2017")
    assert figures["rules"] == len(rules)
    assert rules["rule"].is_unique
    assert figures["rules_left_out"] == rules["left_out"].notna().sum() == rules["passed"].isna().sum()
    failures = lake.read("validated_failures", "2017")
    assert dict(failures.groupby("rule").size()) == dict(rules.loc[rules["failed"] > 0].set_index("rule")["failed"])
    assert rules.loc[rules["passed"].fillna(True), "failed"].sum() == 0
    assert (rules["failed"] <= rules["checked"]).all()


def test_evidence_names_firm_line_columns_and_value(survey: Survey, lake: Lake) -> None:
    validated.run(lake, survey, survey.waves["2017"])
    failures = lake.read("validated_failures", "2017").set_index("rule")
    shares = failures.loc["turnover_shares_sum_to_100"]
    assert list(shares[["suite", "severity", "firm", "response", "line"]]) == [
        "staged_answers", "warning", "10000010", 10, 11,
    ]  # fmt: skip
    assert shares["columns"] == ", ".join(scenario.SHARES)
    assert shares["value"] == "; ".join(
        f"{name}={value}" for name, value in zip(scenario.SHARES, (80.0, 30.0, 20.0), strict=True)
    )
    unreadable = failures.loc["employees_readable"]
    assert list(unreadable[["firm", "columns", "severity"]]) == ["10000014", "employees", "info"]
    assert unreadable["value"] == lake.read("staged_missing", "2017").query("kind == 'invalid'")["text"].item()
    twice = failures.loc["one_response_per_firm"]
    assert list(twice[["firm", "response", "value"]]) == ["10000011", 11, "response 12 holds"]
    assert failures.loc["substantially_completed", "value"] == "not usable: progress >= 50"


def test_checked_counts_the_rows_that_could_be_judged(survey: Survey, lake: Lake) -> None:
    validated.run(lake, survey, survey.waves["2017"])
    checked = lake.read("validated_rules", "2017").set_index("rule")["checked"]
    answers = lake.read("staged_answers", "2017")
    judged = answers[~answers["response"].isin([9, 11])]
    assert checked["firm_known"] == len(judged) == 15
    assert checked["turnover_shares_sum_to_100"] == judged[list(scenario.SHARES)].notna().all(axis=1).sum()
    assert checked["employees_in_range"] == judged["employees"].notna().sum()
    assert checked["employees_readable"] == judged["employees"].notna().sum() + 1
    assert checked["substantially_completed"] == len(answers)


def test_an_info_rule_keeps_nothing_out_and_a_warning_does(survey: Survey, lake: Lake) -> None:
    validated.run(lake, survey, survey.waves["2017"])
    kept_out = lake.read("validated_rules", "2017").set_index("rule")["kept_out"]
    assert kept_out["employees_readable"] == 0
    assert kept_out["turnover_shares_sum_to_100"] == 1
    own_rules(survey, "{name: employees_readable, severity: warning, why: {nl: Streng., en: Strict.}}",
              "{name: turnover_shares_sum_to_100, severity: info, why: {nl: Bekend., en: Known.}}")  # fmt: skip
    validated.run(lake, survey, survey.waves["2017"])
    kept_out = lake.read("validated_rules", "2017").set_index("rule")["kept_out"]
    assert (kept_out["employees_readable"], kept_out["turnover_shares_sum_to_100"]) == (1, 0)
    statuses = lake.read("validated_responses", "2017").set_index("response")["status"]
    assert (statuses[10], statuses[15]) == ("kept", "quarantined")


def test_a_stop_names_each_firm_with_line_column_and_what_to_do(survey: Survey, lake: Lake) -> None:
    own_rules(survey, "{name: turnover_shares_sum_to_100, severity: critical, why: {nl: Streng., en: Strict.}}")
    lake.write(
        "raw_deliveries", "2017", pd.DataFrame({"role": ["answers"], "file": ["answers-2017.csv"], "current": [True]})
    )
    with pytest.raises(WaveStopped) as stopped:
        validated.run(lake, survey, survey.waves["2017"])
    (problem,) = stopped.value.problems
    assert (problem.file, problem.line, problem.firm) == ("answers-2017.csv", 11, "10000010")
    assert (problem.rule, problem.severity, problem.what) == ("turnover_shares_sum_to_100", "critical", "Strict.")
    assert problem.column == ", ".join(
        f"{c} ({s})" for c, s in zip(scenario.SHARES, ("v2a", "v2b", "v2c"), strict=True)
    )
    assert "80.0" in str(problem.found)
    assert "rules.yaml:2" in str(problem.do)
    assert stopped.value.exit_code == 1
    assert lake.read("validated_responses", "2017").set_index("response")["status"][10] == "quarantined"


def test_after_twenty_failing_firms_the_rest_are_counted(survey: Survey, lake: Lake) -> None:
    own_rules(survey, "{name: employees_in_range, severity: critical, why: {nl: Streng., en: Strict.}}",
              "{name: quarantined_share, table: validated_responses, severity: info,"
              " why: {nl: Uit., en: Off.}}")  # fmt: skip
    more_responses(lake, 26, employees=-1.0)
    with pytest.raises(WaveStopped) as stopped:
        validated.run(lake, survey, survey.waves["2017"])
    problems = stopped.value.problems
    assert len(problems) == 21
    assert len({problem.firm for problem in problems[:20]}) == 20
    assert problems[-1].what == "and 6 more fail this rule"
    assert len(lake.read("validated_failures", "2017").query("rule == 'employees_in_range'")) == 26


def test_a_wholesale_miscoding_stops_the_wave(survey: Survey, lake: Lake) -> None:
    more_responses(lake, 5, employees=-1.0)
    with pytest.raises(WaveStopped) as stopped:
        validated.run(lake, survey, survey.waves["2017"])
    (problem,) = stopped.value.problems
    assert (problem.rule, problem.found) == ("quarantined_share", "quarantined_percent=30.0; quarantined=6")


def test_a_run_again_and_another_row_order_change_nothing(survey: Survey, lake: Lake) -> None:
    def outcome() -> list[pd.DataFrame]:
        validated.run(lake, survey, survey.waves["2017"])
        names = ("validated_rules", "validated_failures", "validated_responses", "validated_fieldwork")
        return [lake.read(name, "2017") for name in names]

    first, again = outcome(), outcome()
    for table in ("staged_answers", "staged_missing", "staged_frame"):
        lake.write(table, "2017", lake.read(table, "2017").sample(frac=1, random_state=7))
    shuffled = outcome()
    for one, two, three in zip(first, again, shuffled, strict=True):
        pd.testing.assert_frame_equal(one, two)
        pd.testing.assert_frame_equal(one, three)


@pytest.mark.parametrize(("duplicates", "kept"), [("most_complete", 12), ("latest", 18)])
def test_of_two_responses_the_declared_one_holds(duplicates: str, kept: int, survey: Survey, lake: Lake) -> None:
    answers = lake.read("staged_answers", "2017")
    later = answers[answers["response"] == 11].assign(response=18, line=19)
    lake.write("staged_answers", "2017", pd.concat([answers, later]))
    wave = replace(survey.waves["2017"], duplicates=duplicates)
    validated.run(lake, survey, wave)
    statuses = lake.read("validated_responses", "2017").query("firm == '10000011'").set_index("response")["status"]
    assert dict(statuses) == {n: "kept" if n == kept else "duplicate" for n in (11, 12, 18)}


def test_a_break_off_does_not_make_a_later_response_a_duplicate(survey: Survey, lake: Lake) -> None:
    answers = lake.read("staged_answers", "2017")
    answers.loc[answers["response"] == 11, "progress"] = 10.0
    lake.write("staged_answers", "2017", answers)
    wave = replace(survey.waves["2017"], duplicates="fail")
    validated.run(lake, survey, wave)
    statuses = lake.read("validated_responses", "2017").set_index("response")["status"]
    assert (statuses[11], statuses[12]) == ("not_usable", "kept")


def test_growth_is_measured_against_the_kept_responses_of_the_last_wave(survey: Survey, lake: Lake) -> None:
    answers = lake.read("staged_answers", "2018")
    answers.loc[answers["firm"] == "10000012", "turnover_eur"] = 300_000.0
    lake.write("staged_answers", "2018", answers)
    validated.run(lake, survey, survey.waves["2017"])
    validated.run(lake, survey, survey.waves["2018"])
    failures = lake.read("validated_failures", "2018").query("rule == 'turnover_not_thousandfold_of_last_wave'")
    assert list(failures["value"]) == ["turnover_eur=300000.0; last_value=312500000.0"]
    responses = lake.read("validated_responses", "2017")
    responses.loc[responses["firm"] == "10000012", "status"] = "quarantined"
    lake.write("validated_responses", "2017", responses)
    validated.run(lake, survey, survey.waves["2018"])
    assert "turnover_not_thousandfold_of_last_wave" not in set(lake.read("validated_failures", "2018")["rule"])


def test_a_rule_of_unasked_questions_is_left_out_by_name(survey: Survey, lake: Lake) -> None:
    validated.run(lake, survey, survey.waves["2018"])
    rules = lake.read("validated_rules", "2018").set_index("rule")
    row = rules.loc["turnover_per_head_plausible"]
    assert (row["checked"], row["failed"], row["left_out"]) == (0, 0, "not there: employees")
    assert pd.isna(row["passed"])
    assert rules.loc["turnover_against_last_wave", "left_out"] is None, "the lake holds the answers of 2017"


def test_the_frame_says_what_the_respondent_did_not(survey: Survey, lake: Lake) -> None:
    """Size band and sector come from the register; rules see them beside the answers."""
    validated.run(lake, survey, survey.waves["2017"])
    rules = lake.read("validated_rules", "2017").set_index("rule")
    assert rules.loc["staff_agrees_with_size_band", "checked"] == 14
    assert list(lake.read("validated_failures", "2017").query("rule == 'staff_agrees_with_size_band'")["firm"]) == [
        "10000013"
    ]


def test_who_is_usable_may_depend_on_the_frame(survey: Survey, lake: Lake) -> None:
    wave = replace(survey.waves["2017"], usable="progress >= 50 AND size_band <> 'large'")
    validated.run(lake, survey, wave)
    statuses = lake.read("validated_responses", "2017").set_index("firm")["status"]
    assert (statuses["10000012"], statuses["10000013"], statuses["10000001"]) == ("not_usable", "not_usable", "kept")


def test_a_firm_twice_in_the_frame_doubles_no_response(survey: Survey, lake: Lake) -> None:
    frame = lake.read("staged_frame", "2017")
    lake.write("staged_frame", "2017", pd.concat([frame, frame[frame["firm"] == "10000001"]]))
    with pytest.raises(WaveStopped) as stopped:
        validated.run(lake, survey, survey.waves["2017"])
    assert {problem.rule for problem in stopped.value.problems} == {"frame_firm_once"}
    assert len(lake.read("validated_responses", "2017")) == 17


def fieldwork(lake: Lake) -> dict[tuple[str, str], float]:
    table = lake.read("validated_fieldwork", "2017")
    assert table[["definition_nl", "definition_en"]].notna().all(axis=None)
    return dict(zip(zip(table["indicator"], table["concept"], strict=True), table["value"], strict=True))


def test_dispositions_and_response_rates(survey: Survey, lake: Lake) -> None:
    frame = lake.read("staged_frame", "2017")
    silent = frame.index[frame["invited"] & ~frame["firm"].str.startswith("1000")]
    assert len(silent) == 18
    frame.loc[silent, "disposition"] = ["refusal"] * 3 + ["out of scope"] * 2 + ["complete"] + ["no answer"] * 12
    frame.loc[frame["firm"] == "10000011", "disposition"] = "partial"
    frame.loc[frame["firm"] == "10000001", "disposition"] = "refusal"
    lake.write("staged_frame", "2017", frame)
    validated.run(lake, survey, survey.waves["2017"])
    found = fieldwork(lake)
    assert {name: found["disposition", name] for _, name in found if (("disposition", name)) in found} == {
        "complete": 13, "partial": 1, "quarantined": 1, "break_off": 1, "refusal": 3, "out_of_scope": 2,
        "no_contact": 13,
    }  # fmt: skip
    assert found["usable_response_rate", "all"] == 14 / 34
    assert found["response_rate_1", "all"] == 13 / 32
    assert found["response_rate_2", "all"] == 14 / 32
    assert found["refusal_rate", "all"] == 3 / 32
    assert found["break_off_rate", "all"] == 1 / 15


def test_without_a_frame_the_declared_number_of_invited_firms_counts(survey: Survey, lake: Lake) -> None:
    lake.remove("staged_frame", "2017")
    wave = replace(survey.waves["2017"], invited=56)
    validated.run(lake, survey, wave)
    assert fieldwork(lake) == {("usable_response_rate", "all"): 14 / 56}
    validated.run(lake, survey, replace(wave, invited=None))
    assert fieldwork(lake) == {}


@pytest.mark.parametrize(
    ("cells", "rule", "value"),
    [
        ({"v1": "7"}, "product_innovation_readable", "7"),
        ({"v2a": "80", "v2b": "30", "v2c": "20"}, "turnover_shares_sum_to_100", "80.0"),
        ({"v2a": "140", "v2b": "", "v2c": ""}, "turnover_share_new_to_market_in_range", "140.0"),
        ({"v1": "2"}, "turnover_share_new_to_market_only_when_asked", "41.0"),
    ],
)
def test_from_the_delivery_on_a_wrong_answer_is_quarantined_and_named(
    cells: dict[str, str], rule: str, value: str, survey: Survey, tmp_path: Path
) -> None:
    """The first record of the file as it arrives, through intake."""
    home = tmp_path / "arrived"
    folder = scenario.inbox(home, "2017")
    (file,) = folder.glob("answers-*.csv")
    records = pd.read_csv(file, sep=";", dtype=str, keep_default_na=False, encoding="cp1252")
    for column, cell in cells.items():
        records.loc[0, column] = cell
    records.to_csv(file, sep=";", index=False, encoding="cp1252")
    store = Lake(home, scenario.NAME)
    for stage in (raw, staged, validated):
        stage.run(store, survey, survey.waves["2017"])
    failures = store.read("validated_failures", "2017").query("rule == @rule and line == 2")
    assert list(failures["value"].str.contains(value, regex=False)) == [True]
    responses = store.read("validated_responses", "2017").set_index("line")
    assert responses.loc[2, "status"] == "quarantined"
    assert rule in responses.loc[2, "rules"]
    assert responses.loc[2, "firm"] == failures["firm"].item()
    assert responses["status"].value_counts().to_dict() == {
        "kept": 13,
        "quarantined": 2,
        "duplicate": 1,
        "not_usable": 1,
    }


def emptied(lake: Lake, wave: str, concept: str, kind: str, count: int) -> None:
    """Take every answer to a question away, as a delivery with an empty or unreadable column has it."""
    more_responses(lake, count)
    answers = lake.read("staged_answers", wave)
    keys = answers[["firm", "response", "line"]]
    lake.write("staged_answers", wave, answers.assign(**{concept: None}).astype(answers.dtypes))
    missing = lake.read("staged_missing", wave)
    gone = keys.assign(concept=concept, kind=kind, text="#NOT-CALCULATED!" if kind == "invalid" else None)
    rest = missing[missing["concept"] != concept]
    lake.write("staged_missing", wave, pd.concat([rest, gone], ignore_index=True).astype(missing.dtypes))


def failed_rules(lake: Lake, wave: str) -> set[str]:
    rules = lake.read("validated_rules", wave)
    return set(rules.loc[rules["passed"] == False, "rule"])  # noqa: E712 (a missing outcome is not a failure)


def test_a_question_that_nobody_answered_is_a_finding(survey: Survey, lake: Lake) -> None:
    validated.run(lake, survey, survey.waves["2017"])
    before = failed_rules(lake, "2017")
    emptied(lake, "2017", "in_house_rd", "absent", 1)
    validated.run(lake, survey, survey.waves["2017"])
    assert failed_rules(lake, "2017") - before >= {"questions_answered_by_someone"}
    failures = lake.read("validated_failures", "2017")
    (found,) = failures.loc[failures["rule"] == "questions_answered_by_someone", "value"]
    assert found.startswith("concept=in_house_rd; asked=")


def test_a_question_of_which_nothing_can_be_read_stops_the_wave(survey: Survey, lake: Lake) -> None:
    emptied(lake, "2017", "turnover_eur", "invalid", 12)
    with pytest.raises(WaveStopped, match="Not one answer to a question can be read"):
        validated.run(lake, survey, survey.waves["2017"])


def test_a_question_that_was_answered_last_wave_and_is_empty_now_is_a_finding(survey: Survey, lake: Lake) -> None:
    validated.run(lake, survey, survey.waves["2017"])
    emptied(lake, "2018", "in_house_rd", "absent", 0)
    validated.run(lake, survey, survey.waves["2018"])
    failures = lake.read("validated_failures", "2018")
    (found,) = failures.loc[failures["rule"] == "questions_not_emptied", "value"]
    assert found.startswith("concept=in_house_rd; asked=")
