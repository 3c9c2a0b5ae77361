"""The register, outside sources and lists of grants as Dagster shows them: their content, their age, who reads them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
import scenario

from monitor.survey import load_survey
from monitor.surveys import BUNDLED
from pipelines.definitions import build
from pipelines.names import key, named
from pipelines.sources import FRESH, READ_BY, Source, lateness, observed, sources_of
from pipelines.tables import RELEASE_STAGES, WAVE_STAGES, WAVE_TABLES

SURVEY = "noord_nederland"
PROGRAMME = """\
label: {nl: Leren, en: Learning}
eligible: employees < 250
rounds:
  first: {opens: 2016-03-01, closes: 2016-04-15, budget_eur: 200000}
"""


def test_the_demonstration_has_a_register_and_two_outside_sources(tmp_path: Path) -> None:
    definitions = build(BUNDLED, tmp_path)
    dg.Definitions.validate_loadable(definitions)
    graph = definitions.resolve_asset_graph()

    def children(name: str) -> set[str]:
        return {child.path[-1] for child in graph.get(key(SURVEY, name)).child_keys}

    network = {"disclosed_network_figures", "disclosed_network_nodes", "disclosed_network_ties"}
    assert children("register") >= network | {"derived_measures", "disclosed_register_changes", "released_release"}
    assert "disclosed_models" not in children("register")
    for name in ("outside_made_up", "outside_cbs_innovation"):
        assert children(name) == {"disclosed_framework", "released_release"}


def test_what_reads_a_source_is_there() -> None:
    stages, tables = {*WAVE_STAGES, *RELEASE_STAGES}, {t for of in RELEASE_STAGES.values() for t in of}
    for names in READ_BY.values():
        assert {*names} <= stages | tables | {*WAVE_TABLES}


def test_every_run_looks_at_the_sources_before_it_reads_them(tmp_path: Path) -> None:
    definitions = build(BUNDLED, tmp_path)
    for job in ("wave", "release"):
        layer = definitions.resolve_job_def(named(SURVEY, job)).asset_layer
        assert {key(SURVEY, "register"), key(SURVEY, "outside_made_up")} <= layer.executable_asset_keys


def looked_at(folder: Path, home: Path) -> dict[str, tuple[str, bool, str]]:
    """Source -> version of its content, whether it is fresh, what is said of that: as Dagster has it after looking."""
    built, found = build(folder, home), sources_of(load_survey(folder), home)
    look = dg.define_asset_job("look", selection=dg.AssetSelection.assets(*[key(SURVEY, each.name) for each in found]))
    job = dg.Definitions(assets=built.assets, jobs=[look], resources=built.resources).resolve_job_def("look")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
        versions = {
            e.asset_key.path[-1]: str((e.asset_observation_data.asset_observation.tags or {})["dagster/data_version"])
            for e in result.get_asset_observation_events()
            if e.asset_key
        }
        judged = {e.asset_key.path[-1]: e for e in result.get_asset_check_evaluations()}
    return {name: (versions[name], judged[name].passed, str(judged[name].description)) for name in versions}


def test_content_and_age_are_seen_and_a_changed_row_is_another_version(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BUNDLED, tmp_path / "survey"))
    before = looked_at(folder, tmp_path / "home")
    assert set(before) == {each.name for each in sources_of(load_survey(folder), tmp_path / "home")}
    assert all(passed for _, passed, _ in before.values())
    ties = folder / "register" / "ties.csv"
    ties.write_text(ties.read_text(encoding="utf-8").rstrip("\n").rpartition("\n")[0] + "\n", encoding="utf-8")
    (folder / "outside" / "made_up.csv").write_text(
        "number,ecosystem,year,value,low,high\n1,water,2013,48.2,,\n", encoding="utf-8"
    )
    after = looked_at(Path(shutil.copytree(folder, tmp_path / "changed")), tmp_path / "home")
    assert {name for name in before if before[name][0] != after[name][0]} == {"register", "outside_made_up"}
    assert after["outside_made_up"][1:] == (
        False, "the newest it says is of 2013-12-31: look whether there is something of 2016 or later",
    )  # fmt: skip


@pytest.fixture
def grants(tmp_path: Path) -> tuple[Path, Path]:
    """A survey of two waves with a programme, and a home whose inbox has both waves."""
    folder = scenario.folder(tmp_path / "definition")
    (folder / "programmes").mkdir()
    (folder / "programmes" / "learning.yaml").write_text(PROGRAMME, encoding="utf-8")
    for wave in ("2017", "2018"):
        (tmp_path / "home" / "inbox" / load_survey(folder).name / wave).mkdir(parents=True)
    return folder, tmp_path / "home"


def test_a_list_of_grants_is_a_source_of_what_is_taken_in(grants: tuple[Path, Path]) -> None:
    folder, home = grants
    survey = load_survey(folder)
    inbox = home / "inbox" / survey.name
    (inbox / "2017" / "grants_learning.csv").write_text("firm,round,amount_eur,status\n", encoding="utf-8")
    graph = build(folder, home).resolve_asset_graph()
    assert {x.path[-1] for x in graph.get(key(survey.name, "grants_learning")).child_keys} == {"raw_grants"}
    (source,) = [each for each in sources_of(survey, home) if each.kind == "grants"]
    told = observed(survey, source)
    assert told.metadata == {"rounds": "first", "files": "2017/grants_learning.csv"}
    (judged,) = told.check_results or []
    assert (judged.passed, judged.check_name, judged.severity) == (False, FRESH, dg.AssetCheckSeverity.WARN)
    assert judged.metadata["problems"].value == [], "a run that stops for another reason tells that reason alone"
    assert judged.description == f"not there: 2018/grants_learning*.csv; put it into {survey.name}/"
    (inbox / "2018" / "grants_learning.csv").write_text("firm,round,amount_eur,status\n", encoding="utf-8")
    (judged,) = observed(survey, source).check_results or []
    assert judged.passed


def test_age_is_held_against_the_newest_wave_and_not_against_today() -> None:
    survey = load_survey(BUNDLED)
    source = Source("one", "outside", "", BUNDLED, (), (), date(2016, 1, 1), {})
    assert lateness(survey, source) is None
    assert "2015-12-31" in str(lateness(survey, replace(source, newest=date(2015, 12, 31))))
    assert lateness(survey, replace(source, newest=None)) is None
