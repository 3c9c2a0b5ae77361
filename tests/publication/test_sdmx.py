"""The SDMX files as a registry reads them: pysdmx loads structure and data, and every code is in its list."""

from __future__ import annotations

import csv
import importlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import comparable
import pandas as pd
import pytest

from monitor.publication import exchange, sdmx
from monitor.survey import Survey, load_survey

INDICATORS = [
    # wave, indicator, domain variable, domain, estimate, suppressed, withheld for, reliability
    ("2014", "cis_in_house_rd", "all", "all", 0.388, False, None, "good"),
    ("2014", "cis_goods_innovators", "all", "all", 0.328, False, None, "limited"),
    ("2014", "cis_turnover_new_to_market", "all", "all", None, True, "confidentiality", None),
    ("2014", "cis_turnover_new_to_firm", "all", "all", None, True, "reliability", None),
    ("2014", "turnover_share_new_to_market", "sector", "mining", 0.05, False, None, "good"),
    ("2014", "turnover_share_new_to_market", "size_band*sector", "large*trade", 0.02, False, None, "good"),
]
COLUMNS = ["wave", "indicator", "domain_variable", "domain", "estimate", "suppressed", "withheld_for", "reliability"]


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """A survey with packs, whose own figure is a CIS variable too and whose sectors are sections of NACE Rev. 2.1."""
    survey = load_survey(comparable.ecuador(tmp_path_factory.mktemp("sdmx")))
    own = replace(survey.indicators["turnover_share_new_to_market"], cis_code="TUR_PRD_NEW_MKT")
    sector = replace(survey.concepts["sector"], eurostat_list="NACE_R2_1", eurostat={"mining": "B", "trade": "G"})
    return replace(
        survey,
        indicators={**survey.indicators, own.name: own},
        concepts={**survey.concepts, "sector": sector},
    )


@pytest.fixture(scope="module")
def folder(survey: Survey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = pd.DataFrame(INDICATORS, columns=COLUMNS)
    table["measure"] = [survey.indicators[name].measure for name in table["indicator"]]
    made = tmp_path_factory.mktemp("exchange")
    tables = {"indicators": table, "codebook": pd.DataFrame(columns=["comparability"])}
    exchange.write(made, tables, survey, ["2014"], "2026-11-27T12:00:00")
    return made / "sdmx"


def reader() -> Any:
    """pysdmx's door; imported where it is used, as a registry stands outside."""
    return importlib.import_module("pysdmx.io")


def held(folder: Path, name: str) -> tuple[pd.DataFrame, Any]:
    """Observations and the schema that pysdmx puts them under."""
    (found,) = reader().get_datasets(folder / name, folder / "structure.xml")
    return found.data, found.structure


def assert_every_code_is_in_its_list(data: pd.DataFrame, schema: Any) -> None:
    components = {component.id: component for component in schema.components}
    assert set(data.columns) == set(components)
    for name, component in components.items():
        if component.local_codes is not None:
            known = {code.id for code in component.local_codes}
            assert set(data[name].astype(str)) <= known, name
            assert all(code.name for code in component.local_codes), name
    listed = {name for name, component in components.items() if component.local_codes is not None}
    assert listed == {*sdmx.DIMENSIONS, *sdmx.ATTRIBUTES} - {"TIME_PERIOD"}


@pytest.mark.parametrize(("name", "rows"), [("cis_indicators.csv", 4), ("cis_indicators_nace21.csv", 1)])
def test_pysdmx_loads_structure_and_data(folder: Path, name: str, rows: int) -> None:
    data, schema = held(folder, name)
    assert len(data) == rows + (name == "cis_indicators.csv")
    assert_every_code_is_in_its_list(data, schema)


def test_the_structure_holds_against_the_standard_s_own_schema(folder: Path) -> None:
    message = reader().read_sdmx(folder / "structure.xml", validate=True)
    kinds = [type(part).__name__ for part in message.structures]
    assert kinds.count("Dataflow") == kinds.count("DataStructureDefinition") == 2
    assert "ConceptScheme" in kinds
    assert kinds.count("Codelist") == 12


def test_a_release_loads_as_it_stands(published: Any) -> None:
    folder = published[2] / "public" / "sdmx"
    data, schema = held(folder, "cis_indicators.csv")
    assert len(data) == len((folder / "cis_indicators.csv").read_text(encoding="utf-8").splitlines()) - 1 > 10
    assert_every_code_is_in_its_list(data, schema)


def test_of_which_enterprises_a_pack_s_figure_is_stands_in_the_dimensions(folder: Path) -> None:
    with (folder / "cis_indicators.csv").open(encoding="utf-8") as file:
        lines = {(x["CIS_INDICATOR"], x["DOMAIN"]): x for x in csv.DictReader(file)}
    mine = lines["INNA_IH_RND", "_T"]
    assert (mine["ACTIVITY"], mine["NUMBER_EMPL"], mine["TYPE_ENT"]) == ("INN", "E_GE10", "INN")
    assert (mine["UNIT_MEASURE"], mine["OBS_VALUE"], mine["TIME_PERIOD"]) == ("PC", "38.8", "2014")
    statuses = {x["CIS_INDICATOR"]: (x["OBS_VALUE"], x["OBS_STATUS"], x["CONF_STATUS"]) for x in lines.values()}
    assert statuses["INNO_PRD_GD"] == ("32.8", "U", "F")
    assert statuses["TUR_PRD_NEW_ENT"] == ("", "U", "N")
    assert lines["TUR_PRD_NEW_MKT", "_T"]["CONF_STATUS"] == "C"
    assert lines["TUR_PRD_NEW_MKT", "_T"]["OBS_STATUS"] == "Q"


def test_activities_of_two_revisions_are_never_in_one_list(folder: Path) -> None:
    (data, schema), (revised, other) = held(folder, "cis_indicators.csv"), held(folder, "cis_indicators_nace21.csv")
    lists = [
        {code.id for code in next(c for c in each.components if c.id == "ACTIVITY").local_codes}
        for each in (schema, other)
    ]
    assert lists == [{"_T", "INN"}, {"_T", "B"}]
    assert set(revised["ACTIVITY"]) == {"B"}
    text = (folder / "structure.xml").read_text(encoding="utf-8")
    assert set(re.findall(r"CL_ACTIVITY_\w+", text)) == {"CL_ACTIVITY_NACE2", "CL_ACTIVITY_NACE21"}
    assert "size_band_sector" in str(set(data["DOMAIN"])), "a crossing with a class that is not Eurostat's is our own"


def test_the_same_release_writes_the_same_bytes(survey: Survey, folder: Path, tmp_path: Path) -> None:
    table = pd.DataFrame(INDICATORS, columns=COLUMNS)
    table["measure"] = [survey.indicators[name].measure for name in table["indicator"]]
    tables = {"indicators": table, "codebook": pd.DataFrame(columns=["comparability"])}
    exchange.write(tmp_path, tables, survey, ["2014"], "2026-11-27T12:00:00")
    for file in folder.iterdir():
        assert (tmp_path / "sdmx" / file.name).read_bytes() == file.read_bytes()
