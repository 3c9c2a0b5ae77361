"""A programme's grants: taken in, typed, by pseudonym; what cannot be read stops, what cannot be true is found."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import scenario

from monitor.problems import UnusableDelivery, WaveStopped
from monitor.stages import raw, staged, validated
from monitor.storage.identity import pseudonym
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

PROGRAMME = """\
label: {nl: Leren, en: Learning}
eligible: employees < 250
rounds:
  first: {opens: 2016-03-01, closes: 2016-04-15, budget_eur: 200000}
ceilings: {firm_eur: 125000, consortium_eur: 150000}
"""
HEADING = "firm,round,amount_eur,consortium,began,ended,status"
GOOD = ("10000001,first,60000,,2016-06-01,2017-06-01,granted", "10000002,first,50000.50,C1,2016-06-01,,granted")


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    folder = scenario.folder(tmp_path / "definition")
    (folder / "programmes").mkdir()
    (folder / "programmes" / "learning.yaml").write_text(PROGRAMME, encoding="utf-8")
    return load_survey(folder)


def staged_grants(home: Path, survey: Survey, *rows: str, heading: str = HEADING) -> pd.DataFrame:
    """The wave of 2017 with a list of grants, taken in and staged."""
    place = scenario.inbox(home, "2017") / "grants_learning_2017.csv"
    place.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2017"])
    staged.run(lake, survey, survey.waves["2017"])
    return lake.read("staged_grants", "2017")


def findings(home: Path, survey: Survey) -> dict[str, list[str]]:
    """Rule on grants that failed -> the lines of its rows."""
    lake = Lake(home, survey.name)
    validated.run(lake, survey, survey.waves["2017"])
    failures = lake.read("validated_failures", "2017").query("suite == 'staged_grants'")
    return {str(rule): sorted(map(str, rows["line"])) for rule, rows in failures.groupby("rule")}


def test_grants_are_typed_and_their_firms_are_pseudonyms(home: Path, survey: Survey) -> None:
    found = staged_grants(home, survey, *GOOD, "10000003,first,,,,,refused")
    key = survey.key(home)
    assert list(found["firm"]) == [pseudonym(key, survey.name, f"1000000{n}") for n in (1, 2, 3)]
    assert list(found["amount_eur"].fillna(-1)) == [60000, 50000.5, -1]
    assert list(found["in_frame"]) == [True, True, True]
    assert list(found["ceiling_eur"]) == [125000, 150000, 125000]
    assert str(found["began"].iloc[0])[:10] == "2016-06-01"
    consortium = found["consortium"].iloc[1]
    assert len(consortium) == len(found["firm"].iloc[0])
    assert not {"10000001", "C1"} & set(found.astype(str).to_numpy().ravel())
    assert findings(home, survey) == {}


def test_a_wave_without_a_list_has_no_grants(home: Path, survey: Survey) -> None:
    scenario.inbox(home, "2017")
    lake = Lake(home, survey.name)
    raw.run(lake, survey, survey.waves["2017"])
    staged.run(lake, survey, survey.waves["2017"])
    assert lake.read("staged_grants", "2017").empty
    assert findings(home, survey) == {}


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("99999999,first,100,,,,granted", "grant_firm_in_frame"),
        (",first,100,,,,granted", "grant_firm_given"),
        ("10000003,first,-100,,,,granted", "grant_amount_positive"),
        ("10000003,first,0,,,,granted", "grant_amount_positive"),
        ("10000003,first,10,,2016-06-01,2016-05-01,granted", "grant_ends_after_it_began"),
    ],
)
def test_what_cannot_be_true_is_found_with_its_row(home: Path, survey: Survey, row: str, rule: str) -> None:
    staged_grants(home, survey, *GOOD, row)
    assert findings(home, survey) == {rule: ["4"]}


def test_more_than_the_budget_or_a_ceiling_is_found_with_every_row_of_it(home: Path, survey: Survey) -> None:
    staged_grants(home, survey, *GOOD, "10000003,first,100000,C1,,,granted", "10000004,first,1,,,,refused")
    assert findings(home, survey) == {"grants_within_budget": ["2", "3", "4"], "grant_within_ceiling": ["3", "4"]}


def test_a_firm_twice_stops_the_wave(home: Path, survey: Survey) -> None:
    staged_grants(home, survey, *GOOD, GOOD[0])
    lake = Lake(home, survey.name)
    with pytest.raises(WaveStopped) as stopped:
        validated.run(lake, survey, survey.waves["2017"])
    assert {problem.rule for problem in stopped.value.problems} == {"grant_firm_once"}
    assert sorted(problem.line or 0 for problem in stopped.value.problems) == [2, 4]
    for problem in stopped.value.problems:
        assert problem.file is None
        assert "grants_learning_2017.csv" in (problem.found or "")
        assert "deliver it again" in (problem.do or "")


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        ("10000003,second,1,,,,granted", "round", "second"),
        ("10000003,first,1,,,,awarded", "status", "awarded"),
        ("10000003,first,1.000,,,,granted", "amount_eur", "1.000"),
        ("10000003,first,,,,,granted", "amount_eur", "nothing"),
        ("10000003,first,1,,2016-02-30,,granted", "began", "2016-02-30"),
        ("10000003,first,1,,,20160230,granted", "ended", "20160230"),
    ],
)
def test_a_cell_that_cannot_be_read_stops_on_its_line(
    home: Path, survey: Survey, row: str, column: str, found: str
) -> None:
    with pytest.raises(UnusableDelivery) as stopped:
        staged_grants(home, survey, *GOOD, row)
    (problem,) = stopped.value.problems
    assert (problem.file, problem.line, problem.column, problem.found) == ("grants_learning_2017.csv", 4, column, found)
    assert problem.expected
    assert problem.do


def test_a_list_without_a_needed_column_stops(home: Path, survey: Survey) -> None:
    with pytest.raises(UnusableDelivery) as stopped:
        staged_grants(home, survey, "10000001,first,1", heading="firm,round,amount")
    (problem,) = stopped.value.problems
    assert "lack the columns amount_eur, status" in problem.what
    assert problem.line == 1


def test_a_corrected_list_takes_the_place_of_the_one_before(home: Path, survey: Survey) -> None:
    staged_grants(home, survey, *GOOD)
    found = staged_grants(home, survey, GOOD[0])
    assert len(found) == 1
