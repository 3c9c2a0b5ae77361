"""What Dagster shows of the tables: what each is made from, what it is, whose it is, how its rules came out."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from monitor.contract import BY_NAME as PUBLIC
from monitor.contract.lake import BY_NAME
from monitor.problems import Problem
from monitor.storage.lake import ALL_WAVES, Lake
from pipelines.definitions import build
from pipelines.names import key, named
from pipelines.resources import loaded
from pipelines.shown import CARRIED, check_result, release_metadata, table_metadata
from pipelines.tables import MODELLED_POOLED, READS, RELEASE_STAGES, WAVE_TABLES

ROOT = Path(__file__).parents[2]
ECUADOR = ROOT / "tests" / "worlds" / "surveys" / "ecuador"


@pytest.mark.parametrize("stage", READS)
def test_a_stage_is_told_to_read_what_its_code_names(stage: str) -> None:
    """Every table of another stage that a stage's code or SQL names, and no other but those it names by their stage."""
    folders = (ROOT / "monitor" / "stages" / stage, ROOT / "sql" / stage)
    files = [file for folder in folders for kind in ("*.py", "*.sql") for file in folder.rglob(kind)]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named_there = {table for table in BY_NAME if not table.startswith(f"{stage}_") and re.search(rf"\b{table}\b", text)}
    by_stage = {"disclosed": "modelled_", "released": ("disclosed_", "staged_", "imputed_", "derived_", "weighted_")}
    rest = set(READS[stage]) - named_there
    assert named_there <= set(READS[stage])
    assert all(table.startswith(by_stage.get(stage, ())) for table in rest), rest


def test_the_graph_shows_what_a_change_touches(tmp_path: Path) -> None:
    graph = build(ECUADOR, tmp_path).resolve_asset_graph()

    def parents(table: str) -> set[str]:
        return {parent.path[-1] for parent in graph.get(key("ecuador", table)).parent_keys}

    assert parents("derived_flags") == {"staged_missing", "validated_responses", "imputed_answers"}
    assert "raw_amendments" not in parents("staged_answers")
    assert parents("raw_records") == set()
    assert MODELLED_POOLED in parents("disclosed_models")
    assert parents("estimated_changes") >= {"estimated_indicators"}
    spanning = {table for tables in RELEASE_STAGES.values() for table in tables}
    assert {asset.path[-1] for asset in graph.get_all_asset_keys()} == {*WAVE_TABLES, *spanning}


def test_every_table_says_what_it_is_and_whose(tmp_path: Path) -> None:
    specs = [spec for asset in build(ECUADOR, tmp_path).assets or [] for spec in asset.specs]  # type: ignore[union-attr]
    descriptions = [spec.description for spec in specs]
    assert len({*descriptions}) == len(descriptions), "a description of its own for each"
    for spec in specs:
        assert spec.owners
        assert spec.kinds
        assert spec.tags["survey"] == "ecuador"
        assert spec.group_name == spec.tags["stage"] == spec.key.path[-1].split("_")[0]
    schema = next(s for s in specs if s.key == key("ecuador", "disclosed_indicators")).metadata["dagster/column_schema"]
    assert [c.description for c in schema.columns] == [c.comment for c in PUBLIC["indicators"].columns]
    assert [spec.key.path[-1] for spec in specs if spec.freshness_policy] == ["released_release"]


def test_rows_of_a_wave_stay_that_wave_s(tmp_path: Path) -> None:
    lake, survey = Lake(tmp_path, "ecuador"), loaded(ECUADOR)
    lake.write("staged_answers", "2014", pd.DataFrame({"firm": ["a", "b"], "turnover_usd": [1.0, 2.0]}))
    told = table_metadata(lake, survey, "staged_answers", "2014")
    assert told["dagster/partition_row_count"] == 2
    assert "dagster/row_count" not in told
    columns = told["dagster/column_schema"].columns
    assert [(c.name, c.type, c.description) for c in columns] == [
        ("firm", "string", CARRIED["firm"]),
        ("turnover_usd", "double", "Turnover in the reference year."),
    ]
    assert table_metadata(lake, survey, "raw_frame", "2014") == {"dagster/partition_row_count": 0}
    assert table_metadata(lake, survey, "released_release", ALL_WAVES) == {}, "a release has no rows"
    lake.write("disclosed_models", ALL_WAVES, pd.DataFrame({"model": ["a"]}))
    assert table_metadata(lake, survey, "disclosed_models", ALL_WAVES) == {"dagster/row_count": 1}


RULES = pd.DataFrame({
    "rule": ["kept", "shares_add_up"], "severity": ["critical", "warning"], "checked": [9, 8], "failed": [0, 3],
    "why_en": ["A firm counts once.", "The shares divide all turnover."],
    "passed": pd.array([True, False], dtype="boolean"),
})  # fmt: skip


def test_a_rule_that_fails_without_stopping_is_a_warning_with_its_sentence() -> None:
    result = check_result("staged_answers", key("ecuador", "validated_rules"), "2014", RULES, [])
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.description == "- 3 of 8: The shares divide all turnover."
    (record,) = result.metadata["failed"].records  # type: ignore[union-attr]
    assert record.data == {
        "rule": "shares_add_up", "sentence": "The shares divide all turnover.", "severity": "warning",
        "checked": 8, "failed": 3,
    }  # fmt: skip


def test_a_rule_that_stops_is_an_error_and_all_that_hold_are_none() -> None:
    found = "![a picture](https://elsewhere.test)\n# a heading"
    stop = Problem("a firm twice", rule="kept", severity="critical", found=found, do="correct it")
    result = check_result("staged_answers", key("ecuador", "validated_rules"), "2014", RULES, [stop])
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    lines = str(result.description).splitlines()
    assert [line.removeprefix("    ") for line in lines] == stop.render().splitlines()
    assert all(line.startswith("    ") for line in lines), "nothing of it is read as Markdown"
    result = check_result("staged_answers", key("ecuador", "validated_rules"), "2014", RULES[:1], [])
    assert (result.passed, result.description) == (True, "1 rules hold")


def test_a_release_links_to_what_it_is(tmp_path: Path) -> None:
    release, before = tmp_path / "made_up" / "r0002-000000000002", tmp_path / "made_up" / "r0001-000000000001"
    for language in ("de", "en"):
        (release / "public" / "report" / language).mkdir(parents=True)
        (release / "public" / "report" / language / "revisions.html").touch()
    told = release_metadata(before, release)
    assert told["report"].value == f"/releases/made_up/{release.name}/report/index.html"
    assert told["database"].value == f"/releases/made_up/{release.name}/monitor.duckdb"
    assert told["difference"].value == f"/releases/made_up/{release.name}/report/en/revisions.html"
    assert told["difference_split"].value == "`monitor diff r0001-000000000001 r0002-000000000002`"
    for no_other in (release, None):
        assert not {name for name in release_metadata(no_other, release) if name.startswith("difference")}


def test_surveys_stand_side_by_side_by_their_names(tmp_path: Path) -> None:
    assert named("my-survey.2", "wave") == "my_survey_2_wave"
    demonstration = ROOT / "monitor" / "surveys" / "noord_nederland"
    both = dg.Definitions.merge(build(ECUADOR, tmp_path), build(demonstration, tmp_path))
    dg.Definitions.validate_loadable(both)
    graph = both.resolve_asset_graph()
    assert {asset.path[0] for asset in graph.get_all_asset_keys()} == {"ecuador", "noord_nederland"}
    assert len({sensor.name for sensor in both.sensors or []}) == 8


def test_no_private_module_of_dagster_is_imported() -> None:
    for file in (ROOT / "pipelines").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) dagster\w*\._", file.read_text(encoding="utf-8"), re.M), file
