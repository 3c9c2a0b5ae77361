"""What happened to the demonstration's register between waves, as the public table tells it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from monitor.contract.shape import shaped
from monitor.stages.disclosed.register import register_changes
from monitor.survey import Register, Survey, load_survey
from monitor.synthetic.exports import FOLDER

COLUMNS = ["wave_before", "wave", "initiative", "event", "aspect", "value_before", "value_after"]
ALL_WAVES = [
    ("2017", "2018", "I24", "renamed", "label", "Fieldlab De Sensorsloot", "Fieldlab De Sensorvaart"),
    ("2017", "2018", "I56", "joined", "founded", None, "2017-05-01"),
    ("2018", "2019", "I41", "merged", "merged_into", None, "I19"),
    ("2018", "2019", "I47", "left", "ended", None, "2018-11-30"),
    ("2018", "2019", "I57", "joined", "founded", None, "2018-03-01"),
]
"""As register/initiatives.csv has them"""


@pytest.fixture(scope="module")
def survey() -> Survey:
    """The demonstration survey."""
    return load_survey(FOLDER)


def told(survey: Survey, *waves: str) -> list[tuple[object, ...]]:
    table = shaped("register_changes", register_changes(survey, waves))
    return [tuple(None if pd.isna(x) else x for x in row) for row in table[COLUMNS].itertuples(index=False)]


def test_each_change_stands_between_the_waves_in_which_it_happened(survey: Survey) -> None:
    assert told(survey, "2019", "2017", "2018") == ALL_WAVES


def test_a_wave_that_is_not_of_the_release_leaves_out_nothing(survey: Survey) -> None:
    found = [row[2:] for row in told(survey, "2017", "2019")]
    assert sorted(found, key=str) == sorted([row[2:] for row in ALL_WAVES], key=str)


def test_one_wave_and_a_survey_without_register_have_no_changes(survey: Survey) -> None:
    assert told(survey, "2018") == []
    assert told(replace(survey, register=Register()), "2017", "2018") == []


def test_names_are_those_of_the_later_wave(survey: Survey) -> None:
    table = register_changes(survey, ["2017", "2018"]).set_index("initiative")
    assert table.loc["I24", "label_en"] == "De Sensorvaart field lab"
    assert set(table["source"]) == {"synthetic register 2018"}
