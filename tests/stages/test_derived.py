"""Measures and bases: the sheets in cases/, the scenario, and what must hold of any answers."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import scenario
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.problems import DefinitionError, WaveStopped
from monitor.stages import derived
from monitor.storage.lake import Lake
from monitor.survey import Base, Concept, Measure, Survey, load_survey

CASES = Path(__file__).parents[1] / "cases"
INITIATIVES = {"north": "network_north", "lab": "living_lab", "east": "incubator_east"}
WORDS = {"yes": True, "no": False, "missing": None}


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return scenario.survey(tmp_path / "survey")


def sheet(name: str) -> list[dict[str, Any]]:
    """The rows of a sheet of cases: yes, no and missing as values, numbers as numbers."""
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return [
            {key: value_of(text) if key != "why" else text for key, text in row.items()} for row in csv.DictReader(file)
        ]


def value_of(text: str) -> object:
    if text in WORDS:
        return WORDS[text]
    try:
        return float(text)
    except ValueError:
        return text


def answers_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows).drop(columns="why")
    table["initiatives"] = [
        None if held is None else [] if held == "none" else [INITIATIVES[word] for word in held.split()]
        for held in table["initiatives"]
    ]
    table = table.astype(dict.fromkeys(["in_house_rd", "product_innovation"], "boolean"))
    table = table.astype(dict.fromkeys(["turnover_share_new_to_market", "turnover_eur", "employees"], "float64"))
    table.insert(0, "firm", [f"f{place:02d}" for place in range(len(table))])
    table.insert(0, "imputation", 0)
    return table


def same(found: object, expected: object) -> bool:
    missing = found is pd.NA or found is None or found != found
    return missing if expected is None else not missing and found == expected


def test_measures_by_the_sheet(home: Path, survey: Survey) -> None:
    rows = sheet("measures.csv")
    columns = list(rows[0])
    expected = columns[columns.index("top_innovator") :]
    lake = Lake(home, "scenario")
    lake.write("imputed_answers", "2017", answers_of(rows).drop(columns=expected))
    derived.run(lake, survey, survey.waves["2017"])
    found = lake.read("derived_measures", "2017").sort_values("firm").to_dict("records")
    wrong = [
        f"{row['why']}: {name} is {made[name]}, expected {row[name]}"
        for row, made in zip(rows, found, strict=True)
        for name in expected
        if not same(made[name], row[name])
    ]
    assert not wrong, "\n".join(wrong)


def test_three_valued_logic_by_the_sheet(home: Path, survey: Survey) -> None:
    facts = {name: Concept(name, "boolean", {}, {}) for name in ("invests_rd", "cooperates_rd")}
    lake = Lake(home, "scenario")
    for row in sheet("three_valued_logic.csv"):
        measure = Measure("fact", row["expression"], "boolean", {}, {})
        tiny = dataclasses.replace(survey, concepts=facts, measures={"fact": measure}, bases={})
        table = pd.DataFrame({"imputation": [0], "firm": ["f"], **{name: [row[name]] for name in facts}})
        lake.write("imputed_answers", "2017", table.astype(dict.fromkeys(facts, "boolean")))
        derived.run(lake, tiny, survey.waves["2017"])
        assert same(lake.read("derived_measures", "2017")["fact"][0], row["expected"]), row["why"]


@pytest.mark.parametrize("wave", ["2017", "2018"])
def test_the_scenario_by_hand(home: Path, survey: Survey, wave: str) -> None:
    lake = scenario.lake(home, upto="imputed")
    derived.run(lake, survey, survey.waves[wave])
    pd.testing.assert_frame_equal(
        lake.read("derived_measures", wave), scenario.derived_measures(wave), check_dtype=False
    )


def test_what_cannot_be_computed_is_missing_and_counted(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="imputed", waves=("2017",))
    told = derived.run(lake, survey, survey.waves["2017"])
    assert told["not_computable"] == {"turnover_per_employee": 1}
    assert told["unknown_base"] == {"product_innovators": 1}


@pytest.mark.parametrize(
    "sql", ["turnover_eur / employees", "ln(employees - 13)", "sqrt(-1 - employees)", "10 ^ turnover_eur"]
)
def test_infinities_and_errors_of_one_firm_are_missing_values(home: Path, survey: Survey, sql: str) -> None:
    """The loader refuses a bare division; should one come through, no infinity does."""
    lake = scenario.lake(home, upto="imputed", waves=("2017",))
    measures = {"number": Measure("number", sql, "number", {}, {})}
    told = derived.run(lake, dataclasses.replace(survey, measures=measures), survey.waves["2017"])
    numbers = lake.read("derived_measures", "2017")["number"]
    assert told["not_computable"]["number"] > 0
    assert not numbers.isin([float("inf"), float("-inf")]).any()


def test_a_concept_no_wave_asked_is_missing(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="imputed", waves=("2017",))
    never = {"never_asked": Concept("never_asked", "boolean", {}, {})}
    changed = dataclasses.replace(
        survey,
        concepts={**survey.concepts, **never},
        measures={"unknown": Measure("unknown", "never_asked", "boolean", {}, {})},
        bases={"nobody": Base("nobody", "never_asked", {})},
    )
    derived.run(lake, changed, survey.waves["2017"])
    table = lake.read("derived_measures", "2017")
    assert table["unknown"].isna().all()
    assert not table["base_nobody"].any()


def test_measures_that_rest_on_filled_in_values_are_flagged(home: Path, survey: Survey) -> None:
    lake = Lake(home, "scenario")
    shares = [None, 60.0, 10.0, 10.0]
    table = pd.DataFrame(
        {"imputation": [0, 1, 0, 1], "firm": ["a", "a", "b", "b"], "turnover_share_new_to_market": shares}
    )
    lake.write("imputed_answers", "2017", table)
    derived.run(lake, survey, survey.waves["2017"])
    flagged = lake.read("derived_flags", "2017")
    assert list(flagged.itertuples(index=False, name=None)) == [("a", "new_to_market_share"), ("a", "top_innovator")]


def test_a_value_that_follows_from_the_routing_is_told_from_an_answer(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="imputed", waves=("2017",))
    derived.run(lake, survey, survey.waves["2017"])
    routed = lake.read("derived_routed", "2017")
    kept = set(scenario.imputed_answers("2017")["firm"])
    past = scenario.staged_missing("2017").query("kind == 'not_asked'")
    past = past[past["firm"].isin(kept)]
    expected = set(past.loc[past["concept"] == scenario.SHARES[0], "firm"])
    assert expected
    for measure in ("top_innovator", "new_to_market_share"):
        assert set(routed.loc[routed["measure"] == measure, "firm"]) == expected
    # Asked about staff, or routed past nothing: an answer.
    assert not set(routed["measure"]) & {"turnover_per_employee", "cooperates", "invests"}


def test_a_firm_that_is_there_twice_stops_the_wave(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="imputed", waves=("2017",))
    once = scenario.imputed_answers("2017")
    lake.write("imputed_answers", "2017", pd.concat([once, once.tail(1)]))
    with pytest.raises(WaveStopped) as stopped:
        derived.run(lake, survey, survey.waves["2017"])
    assert stopped.value.problems[0].firm == once["firm"].iloc[-1]


def test_running_twice_changes_nothing(home: Path, survey: Survey) -> None:
    lake = scenario.lake(home, upto="imputed", waves=("2017",))
    derived.run(lake, survey, survey.waves["2017"])
    first = lake.path("derived_measures", "2017").read_bytes()
    derived.run(lake, survey, survey.waves["2017"])
    assert lake.path("derived_measures", "2017").read_bytes() == first


BAD_MEASURES = [
    ("turnover_share_new_to_market > 40", "turnover_share_new_to_markt > 40", "nearest: turnover_share_new_to_market"),
    ("turnover_share_new_to_market > 40", "turnover_share_new_to_market > 'veel'", "compares number with text"),
    ("turnover_eur / nullif(employees, 0)", "turnover_eur / 0", "divides by zero"),
    ("turnover_eur / nullif(employees, 0)", "turnover_eur / employees", "nullif(employees, 0)"),
    ("len(initiatives) > 0", "list_contains(initiatives, 'north_network')", "no code 'north_network'"),
    ("len(initiatives) > 0", "comments IS NOT NULL", "comments"),
]


@pytest.mark.parametrize(("was", "becomes", "told"), BAD_MEASURES)
def test_a_bad_definition_names_file_line_and_reason(tmp_path: Path, was: str, becomes: str, told: str) -> None:
    folder = scenario.folder(tmp_path / "survey")
    file = folder / "survey.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(f"sql: {was}", f"sql: {becomes}"), encoding="utf-8")
    line = text[: text.index(f"sql: {was}")].count("\n") + 1
    with pytest.raises(DefinitionError) as refused:
        load_survey(folder)
    assert any(p.file == "survey.yaml" and p.line == line and told in (p.found or "") for p in refused.value.problems)


share = st.one_of(st.none(), st.floats(0, 100))
fact = st.one_of(st.none(), st.booleans())
firms = st.lists(st.tuples(share, fact, fact), min_size=1, max_size=8)


@pytest.mark.slow
@given(firms=firms)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_measure_is_missing_exactly_where_its_concept_is(home: Path, survey: Survey, firms: list[tuple]) -> None:
    table = pd.DataFrame(firms, columns=["turnover_share_new_to_market", "in_house_rd", "product_innovation"])
    table = table.astype(
        {"turnover_share_new_to_market": "float64", "in_house_rd": "boolean", "product_innovation": "boolean"}
    )
    table.insert(0, "firm", [f"f{place}" for place in range(len(table))])
    table.insert(0, "imputation", 0)
    lake = Lake(home, "scenario")
    lake.write("imputed_answers", "2017", table.sample(frac=1, random_state=1))
    derived.run(lake, survey, survey.waves["2017"])
    made = lake.read("derived_measures", "2017")
    known = table["turnover_share_new_to_market"]
    assert (made["top_innovator"].isna() == known.isna()).all()
    assert (made["top_innovator"].fillna(False).astype(bool) == (known > 40)).all()
    assert (made["invests"].isna() == table["in_house_rd"].isna()).all()
    assert (made["base_product_innovators"] == table["product_innovation"].fillna(False).astype(bool)).all()
    assert made["firm"].tolist() == table["firm"].tolist()
