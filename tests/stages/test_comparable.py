"""Packs of comparable indicators: real surveys give what their questionnaires allow, as R's survey does, and say of the
others what they do not ask.

Figures: `golden/comparable/comparable.R`.
"""

from __future__ import annotations

from pathlib import Path

import comparable
import numpy as np
import pandas as pd
import pytest

from monitor.contract.columns import EVERYONE
from monitor.stages import derived, estimated, imputed, raw, staged, validated, weighted
from monitor.stages.disclosed.codebook import comparable as told
from monitor.storage.lake import Lake
from monitor.survey import Survey, load_survey

pytestmark = pytest.mark.slow

GOLDEN = pd.read_csv(
    Path(__file__).parents[1] / "golden" / "comparable" / "comparable.csv", dtype={"wave": str}
).set_index(["survey", "wave", "indicator"])
DELIVERIES = {
    ("ecuador", "2014"): "ecuador_sample/ENAIsam_labelled.sav",
    ("colombia", "2009"): "colombia/Estructura_EDIT_SERVICIOS_II_2008_2009.csv",
    ("colombia", "2015"): "colombia/Estructura_EDIT_SERVICIOS_V_2014_2015.csv",
}


@pytest.fixture(scope="module")
def surveys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Survey]:
    folder = tmp_path_factory.mktemp("definitions")
    return {make.__name__: load_survey(make(folder)) for make in (comparable.ecuador, comparable.colombia)}


@pytest.fixture(scope="module")
def figures(surveys: dict[str, Survey], tmp_path_factory: pytest.TempPathFactory, shared: Path) -> pd.DataFrame:
    """What each wave estimates for all firms of the base."""
    home, found = tmp_path_factory.mktemp("home"), []
    for (name, year), file in DELIVERIES.items():
        survey = surveys[name]
        lake, wave = Lake(home, name), survey.waves[year]
        raw.run(lake, survey, wave, [shared / "data" / file])
        for stage in (staged, validated, imputed, derived, weighted, estimated):
            stage.run(lake, survey, wave)
        found.append(lake.read("estimated_indicators", year))
    lines = pd.concat(found)
    return lines[lines["domain_variable"] == EVERYONE].set_index(["survey", "wave", "indicator"])


@pytest.mark.parametrize("key", GOLDEN.index, ids="-".join)
def test_a_figure_is_r_s(figures: pd.DataFrame, key: tuple[str, str, str]) -> None:
    mine, theirs = figures.loc[key], GOLDEN.loc[key]
    assert mine["n"] == theirs["n"]
    assert mine["estimate"] == pytest.approx(theirs["estimate"], rel=1e-8)
    assert mine["se"] == pytest.approx(theirs["se"], rel=1e-6)
    assert mine["unweighted"] == pytest.approx(theirs["unweighted"], rel=1e-8)


def test_no_other_indicator_of_a_pack_has_a_figure(figures: pd.DataFrame, surveys: dict[str, Survey]) -> None:
    given = figures[figures.index.get_level_values("indicator").str.match("(cis|eis)_") & (figures["n"] > 0)]
    assert set(given.index) == set(GOLDEN.index)
    computable = {
        (survey.name, wave, each.name)
        for survey in surveys.values()
        for each in survey.comparable
        for wave, why in each.lacks.items()
        if why is None
    }
    assert computable == set(GOLDEN.index)


REASONS = {
    ("ecuador", "2014", "cis_product_innovators"): "not computable: the sample holds innovation-active firms only",
    ("ecuador", "2014", "cis_cooperation"): (
        "not computable: the survey does not ask with which partners firms cooperate on innovation"
    ),
    ("ecuador", "2014", "eis_sales_of_novelties"): "not computable: the sample holds innovation-active firms only",
    ("colombia", "2009", "cis_product_innovators"): (
        "not computable: the survey does not ask which activity the firm has (division of NACE Rev. 2)"
    ),
    ("ecuador", "2014", "cis_cooperation_universities_national"): (
        "not computable: the survey does not ask where the partners are"
    ),
    # It asks for partners in the country and abroad; whom the share is of, it cannot say either.
    ("colombia", "2015", "cis_cooperation_universities_eu_efta"): (
        "not computable: the survey does not ask where abroad partners are; the survey does not ask about the seven "
        "kinds of business process innovation, about ongoing innovation activities, about abandoned innovation "
        "activities, about research and development in house, about research and development contracted out"
    ),
    ("colombia", "2015", "eis_sales_of_novelties"): (
        "not computable: the survey divides domestic turnover only by novelty"
    ),
}


@pytest.mark.parametrize("key", REASONS, ids="-".join)
def test_an_indicator_that_cannot_be_given_says_what_is_lacking(
    surveys: dict[str, Survey], key: tuple[str, str, str]
) -> None:
    rows = pd.concat([told(survey, sorted(survey.waves)) for survey in surveys.values()])
    row = rows.set_index(["survey", "wave", "indicator"]).loc[key]
    assert not row["computable"]
    assert row["reason_en"] == REASONS[key]
    assert row["reason_nl"].startswith("niet te berekenen: ")


def test_who_developed_an_innovation_is_what_profiles_lack(surveys: dict[str, Survey]) -> None:
    profiles = [each for each in surveys["colombia"].comparable if "profile" in each.name]
    assert len(profiles) == 7
    for each in profiles:
        why = each.lacks["2015"]
        assert why is not None
        assert "does not ask who developed the product innovation" in why["en"]
        assert np.isnan(GOLDEN["estimate"].get(("colombia", "2015", each.name), np.nan))
