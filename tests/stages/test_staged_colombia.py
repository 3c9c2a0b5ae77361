"""Two waves of a real survey whose columns drifted: counts known from its own publications' microdata."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.stages import derived, raw, staged, validated
from monitor.storage.lake import Lake
from monitor.survey import load_survey

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "worlds" / "surveys" / "colombia"
FILES = {
    "2009": "Estructura_EDIT_SERVICIOS_II_2008_2009.csv",
    "2015": "Estructura_EDIT_SERVICIOS_V_2014_2015.csv",
}
COUNTS = {
    "2009": {"firms": 3662, "top_innovator": 95, "cooperates": 897, "invests": 525},
    "2015": {"firms": 8056, "top_innovator": 4, "cooperates": 796, "invests": 600},
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Lake:
    survey = load_survey(FOLDER)
    lake = Lake(tmp_path_factory.mktemp("colombia"), survey.name)
    for name, wave in survey.waves.items():
        raw.run(lake, survey, wave, [shared / "data" / "colombia" / FILES[name]])
        staged.run(lake, survey, wave)
        validated.run(lake, survey, wave)
        kept = lake.read("validated_responses", name).query("status == 'kept'")["response"]
        answers = lake.read("staged_answers", name)
        observed = answers[answers["response"].isin(kept)].drop(columns=["response", "line"])
        observed.insert(0, "imputation", 0)
        lake.write("imputed_answers", name, observed)
        derived.run(lake, survey, wave)
    return lake


@pytest.mark.parametrize("wave", COUNTS)
def test_firms_and_measures_among_those_asked_are_as_published(lake: Lake, wave: str) -> None:
    measures = lake.read("derived_measures", wave)
    found = {"firms": measures["firm"].nunique()}
    found |= {
        name: int(measures[name].fillna(False).astype(bool).sum())
        for name in ("top_innovator", "cooperates", "invests")
    }
    assert found == COUNTS[wave]


def test_the_record_without_a_firm_is_left_out_and_counted(lake: Lake) -> None:
    deliveries = lake.read("raw_deliveries", "2015")
    assert deliveries["records"].tolist() == [8057]
    assert len(lake.read("staged_answers", "2015")) == 8056


def test_the_column_that_kept_its_name_and_changed_its_meaning_is_not_read_as_a_share(lake: Lake) -> None:
    share_2009 = lake.read("staged_answers", "2009")["turnover_share_new_to_firm"]
    share_2015 = lake.read("staged_answers", "2015")["turnover_share_new_to_firm"]
    assert share_2009.max() <= 100
    assert share_2015.max() <= 100
    columns = lake.read("staged_columns", "2015").set_index("source_column")
    assert columns.loc["I3R1C1", "treatment"] == "unmapped"
    assert columns.loc["I4R1C1", "concept"] == "turnover_share_new_to_firm"


def test_shares_that_sum_above_100_are_noted_in_2009_and_nobody_is_kept_out(lake: Lake) -> None:
    rules = lake.read("validated_rules", "2009").set_index("rule")
    assert rules.loc["turnover_shares_at_most_100", "failed"] == 47
    assert set(lake.read("validated_responses", "2009")["status"]) == {"kept"}


def test_firms_not_asked_are_not_taken_for_firms_that_said_no(lake: Lake) -> None:
    answers = lake.read("staged_answers", "2009")
    missing = lake.read("staged_missing", "2009")
    cooperation = missing[missing["concept"] == "cooperation_for_innovation"]
    assert (cooperation["kind"] == "not_asked").all()
    assert len(cooperation) == 1677
    assert answers["cooperation_for_innovation"].isna().sum() == 1677
