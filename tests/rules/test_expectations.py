"""Every rule fails on its own planted fault and passes without it.

One firm per rule carries the fault; all faults are planted in one wave, so that a rule that also fails for another
firm's fault shows. The clean wave asks every concept there is, has a frame and a wave before it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import scenario

from monitor.problems import WaveStopped
from monitor.stages import validated
from monitor.stages.validated import questionnaire
from monitor.stages.validated.check import WAVE_TABLES, rule_problems
from monitor.stages.validated.stage import suite_of
from monitor.storage.lake import Lake, connect, quoted
from monitor.survey import Concept, Initiative, Question, Register, Survey, canonical_concepts
from monitor.survey.expressions import DUCKDB_TYPES

SHARES = ("turnover_share_new_to_market", "turnover_share_new_to_firm", "turnover_share_unchanged")
ROUTED = {name: Question(name, {name: name}, 1, asked_of="product_innovation", otherwise=0) for name in SHARES[:2]}
BEFORE, NOW = "2017", "2018"

CLEAN: Mapping[str, Any] = {
    "product_innovation": True,
    "product_innovation_good": True,
    "product_innovation_service": False,
    "process_innovation": False,
    "new_to_market": True,
    "turnover_share_new_to_market": 20.0,
    "turnover_share_new_to_firm": 30.0,
    "turnover_share_unchanged": 50.0,
    "in_house_rd": True,
    "contracted_out_rd": True,
    "in_house_rd_expenditure_eur": 100_000.0,
    "contracted_out_rd_expenditure_eur": 50_000.0,
    "other_innovation_expenditure_eur": 50_000.0,
    "innovation_expenditure_eur": 200_000.0,
    "rd_share_of_turnover": 10.0,
    "turnover_eur": 1_000_000.0,
    "employees": 12.0,
    "size_band": "small",
    "founded_year": 2001,
    "cooperation": True,
    "cooperation_partners": ["suppliers"],
    "duration_seconds": 900.0,
    "started_at": datetime.date(2018, 3, 1),
    "finished_at": datetime.date(2018, 3, 2),
    "progress": 100.0,
    "finished": True,
    "initiatives": [],
}
"""A firm whose answers break no rule; concepts that are not here are open"""

NO_INNOVATION = {"product_innovation": False, "product_innovation_good": False, "turnover_share_new_to_market": 0.0,
                 "turnover_share_new_to_firm": 0.0, "turnover_share_unchanged": 100.0}  # fmt: skip

FAULTS: Mapping[str, tuple[Mapping[str, Any], set[str]]] = {
    "firm_in_frame": ({}, set()),
    "turnover_shares_sum_to_100": ({"turnover_share_new_to_firm": 80.0, "turnover_share_unchanged": 30.0}, set()),
    "new_shares_at_most_100": (
        {"turnover_share_new_to_market": 60.0, "turnover_share_new_to_firm": 60.0, "turnover_share_unchanged": None},
        set(),
    ),
    "new_to_market_share_only_with_product_innovation": (
        NO_INNOVATION | {"turnover_share_new_to_market": 5.0, "turnover_share_unchanged": 95.0},
        {"turnover_share_new_to_market_only_when_asked"},
    ),
    "new_to_firm_share_only_with_product_innovation": (
        NO_INNOVATION | {"turnover_share_new_to_firm": 5.0, "turnover_share_unchanged": 95.0},
        {"turnover_share_new_to_firm_only_when_asked"},
    ),
    "new_to_market_share_agrees_with_answer": ({"new_to_market": False}, set()),
    "new_shares_only_with_turnover": ({"turnover_eur": 0.0}, set()),
    "product_innovation_covers_its_kinds": (NO_INNOVATION | {"product_innovation_service": True}, set()),
    "expenditure_parts_at_most_total": ({"innovation_expenditure_eur": 150_000.0}, set()),
    "in_house_rd_expenditure_only_with_in_house_rd": ({"in_house_rd": False}, set()),
    "contracted_out_rd_expenditure_only_with_contracted_out_rd": ({"contracted_out_rd": False}, set()),
    "rd_expenditure_within_tenfold_turnover": (
        {"turnover_eur": 14_000.0, "rd_share_of_turnover": None}, {"rd_expenditure_within_turnover"},
    ),
    "rd_expenditure_within_turnover": ({"turnover_eur": 140_000.0, "rd_share_of_turnover": 71.0}, set()),
    "rd_share_agrees_with_expenditure": ({"rd_share_of_turnover": 25.0}, set()),
    "turnover_per_head_plausible": ({"turnover_eur": 241_000_000.0, "rd_share_of_turnover": None}, set()),
    "staff_agrees_with_size_band": ({"size_band": "large"}, set()),
    "founded_before_the_wave": ({"founded_year": 2019}, set()),
    "staff_not_thousandfold_of_last_wave": ({"employees": 12_000.0, "size_band": None}, {"staff_against_last_wave"}),
    "turnover_not_thousandfold_of_last_wave": (
        {"turnover_eur": 1_000.0, "rd_share_of_turnover": None, "in_house_rd_expenditure_eur": 100.0,
         "contracted_out_rd_expenditure_eur": 50.0}, {"turnover_against_last_wave"},
    ),
    "staff_against_last_wave": ({"employees": 60.0, "size_band": None}, set()),
    "turnover_against_last_wave": ({"turnover_eur": 9_000_000.0, "rd_share_of_turnover": None}, set()),
    "cooperation_partners_only_with_cooperation": ({"cooperation": False}, set()),
    "completion_time_possible": ({"duration_seconds": 30.0}, {"completion_time_plausible"}),
    "completion_time_plausible": ({"duration_seconds": 200.0}, set()),
    "finished_after_started": ({"started_at": datetime.date(2018, 3, 3)}, set()),
    "straight_lining": ({n: True for n, concept in canonical_concepts().items() if concept.type == "boolean"}, set()),
    "initiatives_of_the_wave": ({"initiatives": ["old_lab"]}, set()),
}  # fmt: skip
"""Rule of expectations/staged_answers.yaml -> the answers that break it, and the rules that must fail with it"""

OF_THE_WAVE = {
    "responses_there", "shares_in_percent", "amounts_keep_their_unit", "questions_still_answered", "questions_readable",
    "questions_answered_by_someone", "questions_not_emptied", "skips_are_declared", "identifiers_in_declared_form",
    "firms_meet_their_frame", "records_are_firms",
}  # fmt: skip
"""Rules about a wave as a whole, each tested by itself: below, in test_validated, test_skips and test_staged_records"""
OF_RECORDS = ["firms_meet_their_frame", "identifiers_in_declared_form", "records_are_firms"]
"""Rules about what `staged` left out or could not bring together, of which this lake holds nothing"""


OLD_LAB = Initiative("old_lab", "test_environment", {"nl": "Oud lab", "en": "Old lab"}, BEFORE, "made up",
                     ended=datetime.date(2016, 6, 30))  # fmt: skip


def concepts() -> dict[str, Concept]:
    """Every canonical concept that has a column in staged_answers."""
    return {n: c for n, c in canonical_concepts().items() if c.type != "text" and not c.direct_identifier}


def survey(folder: Path, **changes: Any) -> Survey:
    """A survey whose two waves ask every concept."""
    made = scenario.survey(folder)
    questions = {name: ROUTED.get(name, Question(name, {name: name}, 1)) for name in concepts()}
    wave = replace(made.waves[BEFORE], questions=questions, not_asked={}, usable="true", duplicates="fail", **changes)
    return replace(
        made,
        concepts=canonical_concepts(),
        register=Register((*made.register.rows, OLD_LAB)),
        waves={n: replace(wave, name=n, reference_year=int(n) - 1) for n in (BEFORE, NOW)},
    )


def answers(firms: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """staged_answers of these firms: clean but for the changes given."""
    rows = [
        {"firm": firm, "response": n, "line": n + 1} | dict(CLEAN) | dict(changes)
        for n, (firm, changes) in enumerate(firms.items(), 1)
    ]
    return pd.DataFrame(rows)


def lake(home: Path, frame: pd.DataFrame, missing: pd.DataFrame | None = None, wave: str = NOW) -> Lake:
    """A lake with these staged answers, typed as the stage before types them, and a frame of all but one firm."""
    store = Lake(home, scenario.NAME)
    with connect() as connection:
        connection.register("answers", frame)
        columns = ["firm", "response", "line", *(f"CAST({value(frame, n)} AS {DUCKDB_TYPES[c.type]}) AS {quoted(n)}"
                                                for n, c in concepts().items() if n != "firm")]  # fmt: skip
        store.write_query(connection, "staged_answers", wave, f"SELECT {', '.join(columns)} FROM answers")
    kinds = {"firm": "str", "response": "int64", "line": "int64", "concept": "str", "kind": "str", "text": "str"}
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    store.write("staged_missing", wave, empty if missing is None else missing)
    firms = frame["firm"].dropna().drop_duplicates()
    known = firms[firms != "firm_in_frame"]
    framed = pd.DataFrame({"firm": [*known, "silent"], "invited": True, "disposition": "no_contact"})
    store.write("staged_frame", wave, framed)
    return store


def value(frame: pd.DataFrame, name: str) -> str:
    return quoted(name) if name in frame else "NULL"


def panel(count: int = 40) -> dict[str, dict[str, Any]]:
    """Clean firms that grow by a few percent up or down, so that growth has quartiles to be measured against."""
    return {f"clean_{n:02d}": {"turnover_eur": 1_000_000.0 + 10_000 * (n % 9 - 4)} for n in range(count)}


def failing(store: Lake, wave: str = NOW) -> dict[str, set[str]]:
    """Firm -> the rules it fails."""
    found = store.read("validated_failures", wave)
    return {str(firm): set(rules) for firm, rules in found.groupby("firm")["rule"]}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Firm -> rules it fails, in a wave where each rule's fault sits in the firm of that name."""
    home = tmp_path_factory.mktemp("planted")
    made = survey(home / "survey")
    firms = panel() | {rule: dict(changes) for rule, (changes, _) in FAULTS.items()}
    firms |= {f"generated: {rule}": changes for rule, changes in generated_faults(made).items()}
    frame = answers(firms)
    store = lake(home, frame, unreadable(made, frame))
    lake(home, answers(panel() | {rule: {} for rule in FAULTS if "last_wave" in rule}), wave=BEFORE)
    validated.run(store, made, made.waves[BEFORE])
    with pytest.raises(WaveStopped):  # so many faults that the share in quarantine is critical by itself
        validated.run(store, made, made.waves[NOW])
    return failing(store)


def generated_faults(made: Survey) -> dict[str, dict[str, Any]]:
    """Rule of the questionnaire -> answers that break it (what cannot be read stands in staged_missing)."""
    faults: dict[str, dict[str, Any]] = {}
    for rule in questionnaire.rules(made, made.waves[NOW]):
        name = rule.requires[0] if rule.requires else ""
        concept = made.concepts.get(name)
        if rule.name.endswith("_readable"):
            faults[rule.name] = {name: None}
        elif rule.name.endswith("_in_code_list") and concept:
            faults[rule.name] = {name: ["no such code"] if concept.type == "categories" else "no such code"}
        elif rule.name.endswith("_in_range") and concept:
            least = concept.minimum if concept.minimum is not None or concept.type != "percentage" else 0
            faults[rule.name] = {name: least - 1 if least is not None else (concept.maximum or 100) + 1}
        elif rule.name.endswith("_only_when_asked"):
            faults[rule.name] = NO_INNOVATION | {name: 7.0}
    return faults


def unreadable(made: Survey, frame: pd.DataFrame) -> pd.DataFrame:
    rows = [
        (row.firm, row.response, row.line, row.firm[len("generated: ") : -len("_readable")], "invalid", "?!")
        for row in frame.itertuples() if row.firm.startswith("generated: ") and row.firm.endswith("_readable")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["firm", "response", "line", "concept", "kind", "text"])


@cache
def _declared() -> tuple[str, ...]:
    return tuple(rule.name for rule in validated.load_suite(validated_file("staged_answers")).rules)


def validated_file(table: str) -> Path:
    return Path(__file__).parents[2] / "expectations" / f"{table}.yaml"


def test_every_declared_rule_has_a_fault() -> None:
    assert set(FAULTS) | OF_THE_WAVE == set(_declared())


def test_participation_in_an_ended_initiative_is_told_with_its_end_and_kept(tmp_path: Path) -> None:
    made = survey(tmp_path / "survey")
    frame = answers(panel() | {"late": {"initiatives": ["network_north", "old_lab"]}})
    store = lake(tmp_path, frame)
    validated.run(store, made, made.waves[NOW])
    found = store.read("validated_failures", NOW).set_index(["firm", "rule"])["value"]
    assert "old_lab ended on 2016-06-30" in str(found["late", "initiatives_of_the_wave"])
    assert store.read("validated_responses", NOW).set_index("firm")["status"]["late"] == "kept"


@pytest.mark.parametrize("rule", FAULTS)
def test_a_rule_fails_on_its_own_fault(rule: str, planted: dict[str, set[str]]) -> None:
    assert planted.get(rule) == {rule} | FAULTS[rule][1]


def test_clean_firms_fail_nothing(planted: dict[str, set[str]]) -> None:
    assert {firm: rules for firm, rules in planted.items() if firm.startswith("clean_")} == {}


def test_every_rule_of_the_questionnaire_fails_on_its_own_fault(planted: dict[str, set[str]], tmp_path: Path) -> None:
    made = survey(tmp_path)
    faults = generated_faults(made)
    assert set(faults) | {"firm_known", "one_response_per_firm"} == {
        rule.name for rule in questionnaire.rules(made, made.waves[NOW])
    }
    assert len(faults) > 60
    missed = [rule for rule in faults if rule not in planted.get(f"generated: {rule}", set())]
    assert missed == []


def test_a_rule_of_the_questionnaire_fails_only_where_its_fault_is(
    planted: dict[str, set[str]], tmp_path: Path
) -> None:
    made = survey(tmp_path)
    generated = {rule.name for rule in questionnaire.rules(made, made.waves[NOW])}
    expected = {f"generated: {rule}": {rule} for rule in generated_faults(made)}
    found = {firm: rules & generated for firm, rules in planted.items() if firm in expected}
    assert found == expected


def test_the_clean_wave_passes_every_rule(tmp_path: Path) -> None:
    made = survey(tmp_path / "survey")
    for wave in (BEFORE, NOW):
        store = lake(tmp_path, answers(panel()), wave=wave)
        figures = validated.run(store, made, made.waves[wave])
        assert (figures["kept"], figures["rules_failed"]) == (40, 0)
    rules = store.read("validated_rules", NOW)
    assert sorted(rules.loc[rules["passed"].isna(), "rule"]) == OF_RECORDS


@pytest.mark.parametrize(
    ("rule", "firms"),
    [
        ("responses_there", {}),
        ("firm_known", panel(5) | {None: {}}),
        ("quarantined_share", panel(40) | {f"bad_{n}": {"duration_seconds": 1.0} for n in range(6)}),
    ],
)
def test_critical_rules_stop_the_wave(rule: str, firms: Any, tmp_path: Path) -> None:
    made = survey(tmp_path / "survey")
    frame = answers(firms) if firms else answers(panel(1)).iloc[:0]
    store = lake(tmp_path, frame)
    with pytest.raises(WaveStopped) as stopped:
        validated.run(store, made, made.waves[NOW])
    assert {problem.rule for problem in stopped.value.problems} == {rule}
    rules = store.read("validated_rules", NOW).set_index("rule")
    assert not rules.loc[rule, "passed"]
    assert store.has("validated_failures", NOW)
    assert store.has("validated_responses", NOW)


def fractions(firm: dict[str, Any]) -> dict[str, Any]:
    return firm | {name: CLEAN[name] / 100 for name in SHARES}


@pytest.mark.parametrize(
    ("rule", "change", "found"),
    [
        ("shares_in_percent", fractions, "greatest_share=0.2; firms=40"),
        ("amounts_keep_their_unit", lambda f: f | {"turnover_eur": f["turnover_eur"] / 1000},
         "concept=turnover_eur; median_ratio=0.001; firms=40"),
        ("questions_still_answered", lambda f: f | {"process_innovation": None},
         "concept=process_innovation; percent_answered=0.0; percent_answered_last_wave=100.0"),
    ],
)  # fmt: skip
def test_a_column_that_means_something_else_than_last_wave_stops_the_wave(
    rule: str, change: Any, found: str, tmp_path: Path
) -> None:
    made = survey(tmp_path / "survey")
    lake(tmp_path, answers(panel()), wave=BEFORE)
    frame = answers({firm: change(changes) for firm, changes in panel().items()})
    gone = frame.loc[frame["process_innovation"].isna(), ["firm", "response", "line"]]
    store = lake(tmp_path, frame, gone.assign(concept="process_innovation", kind="absent", text=None))
    validated.run(store, made, made.waves[BEFORE])
    with pytest.raises(WaveStopped) as stopped:
        validated.run(store, made, made.waves[NOW])
    assert [problem.found for problem in stopped.value.problems if problem.rule == rule] == [found]


def test_a_firm_twice_stops_a_wave_that_declares_no_rule_for_it(tmp_path: Path) -> None:
    made = survey(tmp_path / "survey")
    frame = answers(panel(5))
    frame.loc[4, "firm"] = "clean_00"
    store = lake(tmp_path, frame)
    with pytest.raises(WaveStopped) as stopped:
        validated.run(store, made, made.waves[NOW])
    assert [(p.firm, p.rule, p.line) for p in stopped.value.problems] == [
        ("clean_00", "one_response_per_firm", 2), ("clean_00", "one_response_per_firm", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rule", ["frame_firm_known", "frame_firm_once", "frame_someone_invited", "frame_disposition_known"]
)
def test_rules_of_the_frame(rule: str, tmp_path: Path) -> None:
    made = survey(tmp_path / "survey")
    store = lake(tmp_path, answers(panel(5)))
    frame = store.read("staged_frame", NOW)
    extra = pd.DataFrame({"firm": ["other"], "invited": [True], "disposition": ["refusal"]})
    frame = {
        "frame_firm_known": pd.concat([frame, extra.assign(firm=None)]),
        "frame_firm_once": pd.concat([frame, extra, extra]),
        "frame_someone_invited": frame.assign(invited=False),
        "frame_disposition_known": frame.assign(disposition="lost"),
    }[rule]
    store.write("staged_frame", NOW, frame)
    with suppress(WaveStopped):
        validated.run(store, made, made.waves[NOW])
    rules = store.read("validated_rules", NOW).set_index("rule")
    assert list(rules.index[rules["passed"] == False]) == [rule]  # noqa: E712 (a missing outcome is no failure)


def test_a_rule_that_fails_far_more_often_than_last_wave_is_noted(tmp_path: Path) -> None:
    made = survey(tmp_path / "survey")
    slow = {f"slow_{n}": {"rd_share_of_turnover": 60.0} for n in range(12)}
    lake(tmp_path, answers(panel()), wave=BEFORE)
    store = lake(tmp_path, answers(panel() | slow), wave=NOW)
    for wave in (BEFORE, NOW):
        validated.run(store, made, made.waves[wave])
    found = store.read("validated_failures", NOW).query("rule == 'failures_no_more_than_last_wave'")
    assert list(found["value"]) == [
        "rule=rd_share_agrees_with_expenditure; percent_failing=23.1; percent_failing_last_wave=0.0"
    ]
    again = store.read("validated_rules", BEFORE).set_index("rule")
    assert pd.isna(again.loc["failures_no_more_than_last_wave", "passed"])


def test_rules_can_be_run_by_every_survey_before_anything_is(tmp_path: Path) -> None:
    assert rule_problems(survey(tmp_path)) == []
    assert {path.stem for path in validated_file("x").parent.glob("*.yaml")} >= set(WAVE_TABLES)


def test_every_rule_says_why_in_both_languages(tmp_path: Path) -> None:
    made = survey(tmp_path)
    for table in WAVE_TABLES:
        for rule in suite_of(made, made.waves[NOW], table).rules:
            assert rule.why["nl"].endswith("."), rule.name
            assert rule.why["en"].endswith("."), rule.name
            assert rule.why["nl"] != rule.why["en"], rule.name
