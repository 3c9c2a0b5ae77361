"""The framework of an ecosystem: each of the fifty filled, described or a white spot, with the sources' numbers."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from monitor.contract import BY_NAME
from monitor.contract.shape import shaped
from monitor.stages.disclosed.framework import framework
from monitor.survey import Survey, load_survey
from monitor.survey.framework import SurveyFigure
from monitor.surveys import BUNDLED

WAVES = ("2018", "2019")
PRINTED = [
    # wave, indicator, estimate, ci_low, ci_high, suppressed
    ("2018", "product_innovators", 0.31, 0.27, 0.35, False),
    ("2019", "product_innovators", 0.33, 0.29, 0.37, False),
    ("2019", "participation", None, None, None, True),
    ("2018", "public_funding", 0.18, 0.15, 0.23, False),
    ("2019", "public_funding", 0.19, 0.16, 0.24, False),
]


@pytest.fixture(scope="module")
def survey() -> Survey:
    return load_survey(BUNDLED)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    place = {"domain_variable": "province", "domain": "PV21"}
    lines = [
        dict(zip(("wave", "indicator", "estimate", "ci_low", "ci_high", "suppressed"), x, strict=True)) | place
        for x in PRINTED
    ]
    everyone = [line | {"domain_variable": "all", "domain": "all", "estimate": 0.99} for line in lines]
    moved = {"indicator": "product_innovators", "wave_from": "2018", "wave_to": "2019", **place}
    changes = [moved | {"change": 0.02, "ci_low": -0.01, "ci_high": 0.05}]
    kept = [{**moved, "indicator": "public_funding", "change": None, "ci_low": None, "ci_high": None}]
    alone = everyone[0] | {"wave": "2019", "indicator": "turnover_new_to_market"}
    return {"indicators": pd.DataFrame([*lines, *everyone, alone]), "changes": pd.DataFrame(changes + kept)}


@pytest.fixture(scope="module")
def rows(survey: Survey, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return shaped("framework", framework(survey, tables, WAVES)).set_index(["ecosystem", "number"])


def test_every_ecosystem_has_all_fifty_each_filled_described_or_a_white_spot(rows: pd.DataFrame) -> None:
    for _, own in rows.groupby(level="ecosystem"):
        assert list(own.index.get_level_values("number")) == list(range(1, 51))
    assert rows["state"].notna().all()
    assert (rows["value"].notna() == (rows["state"] == "measured")).all()
    assert (rows["text_en"].notna() == (rows["state"] == "described")).all()
    assert (rows["filled_by"].isna() == (rows["state"] == "white_spot")).all()
    assert (rows["source_en"].isna() == (rows["state"] == "white_spot")).all()
    assert rows["can_come_from"].str.len().gt(0).all()


def test_what_the_survey_fills_is_the_printed_line_of_these_firms(
    rows: pd.DataFrame, tables: dict[str, pd.DataFrame], survey: Survey
) -> None:
    mine = rows[(rows["filled_by"] == "survey") & (rows["state"] == "measured")]
    assert len(mine) == 2
    key = ["wave", "indicator", "domain_variable", "domain"]
    lines = tables["indicators"].set_index(key)
    for _, row in mine.iterrows():
        line = lines.loc[tuple(row[key])]
        assert (row["value"], row["ci_low"], row["ci_high"]) == (line["estimate"], line["ci_low"], line["ci_high"])
        assert row["about_year"] == survey.waves[row["wave"]].reference_year


def test_the_trend_is_the_printed_change_and_none_where_that_is_withheld(rows: pd.DataFrame) -> None:
    row = rows.loc[("water", 13)]
    assert (row["trend"], row["trend_low"], row["trend_high"], row["since_year"]) == (0.02, -0.01, 0.05, 2017)
    assert pd.isna(rows.loc[("water", 27), "trend"])


def test_a_withheld_figure_is_withheld_here_too(rows: pd.DataFrame) -> None:
    row = rows.loc[("water", 37)]
    assert row["state"] == "withheld"
    assert pd.isna([row["value"], row["ci_low"], row["ci_high"], row["trend"]]).all()


def test_what_the_survey_does_not_print_is_a_white_spot_and_no_figure_of_all_firms(
    survey: Survey, tables: dict[str, pd.DataFrame]
) -> None:
    assert survey.framework is not None
    figures = {**survey.framework.figures, 5: SurveyFigure("turnover_new_to_market", 1)}
    asked = replace(survey, framework=replace(survey.framework, figures=figures))
    found = framework(asked, tables, WAVES).set_index(["ecosystem", "number"])
    assert found.loc[("water", 5), "state"] == "white_spot"


def test_an_outside_value_is_its_file_s_newest_with_licence_and_quality(rows: pd.DataFrame, survey: Survey) -> None:
    assert survey.framework is not None
    for source in survey.framework.sources.values():
        for number, ecosystem in {(v.number, v.ecosystem) for v in source.values}:
            mine = [v for v in source.values if (v.number, v.ecosystem) == (number, ecosystem)]
            newest = max(mine, key=lambda v: v.year)
            row = rows.loc[(ecosystem, number)]
            assert (row["value"], row["about_year"]) == (newest.value, newest.year)
            assert row["made_up"] == source.synthetic
            for told in (source.publisher, source.licence, source.quality["en"], source.date):
                assert told in row["source_en"]
    assert rows.loc[("water", 14), "trend"] == 27 - 31
    assert rows.loc[("water", 1), "trend"] == 0.9, "49.1 - 48.2 without the subtraction's last bits"


def test_initiatives_are_counted_by_kind(rows: pd.DataFrame) -> None:
    assert rows.loc[("water", 30), "value"] == 1
    assert rows.loc[("water", 46), "value"] == 1


def test_of_a_real_country_nothing_of_a_made_up_survey_is_told(rows: pd.DataFrame) -> None:
    own = rows.loc["netherlands"]
    assert own.index[own["state"] != "white_spot"].tolist() == [13]
    assert not own["made_up"].any()
    assert own.loc[13, "value"] == 0.48


def test_a_survey_without_ecosystems_has_an_empty_table(survey: Survey, tables: dict[str, pd.DataFrame]) -> None:
    found = shaped("framework", framework(replace(survey, framework=None), tables, WAVES))
    assert not len(found)
    assert list(found.columns) == list(BY_NAME["framework"].names)
