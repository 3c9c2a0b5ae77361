"""A release holds every table of every wave it promises, as the wave's run made it, or it is not made."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import publication
import pytest

from monitor.problems import Problem, WaveStopped
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey
from pipelines.assets import WAVE_TABLES
from pipelines.command import RunFailed, run_waves
from pipelines.promise import promised_waves

pytestmark = pytest.mark.slow

EMPTY = pd.DataFrame({"firm": ["a"]})


def run_wave(lake: Lake, wave: str, run: str = "one") -> None:
    """As a run does it: begin, write, finish. This survey has no frame."""
    lake.begin(wave, run)
    for table in set(WAVE_TABLES) - {"raw_frame", "staged_frame"}:
        lake.write(table, wave, EMPTY)
    lake.finish(wave, run, WAVE_TABLES)


def span(lake: Lake) -> None:
    lake.begin(ALL_WAVES, "release")
    lake.write("disclosed_indicators", ALL_WAVES, EMPTY)
    lake.finish(ALL_WAVES, "release", made_from={wave: lake.made(wave) for wave in publication.WAVES})


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return publication.survey(tmp_path / "survey")


@pytest.fixture
def lake(tmp_path: Path, survey: Survey) -> Lake:
    """Two whole waves, and a release of both."""
    lake = Lake(tmp_path / "home", survey.name)
    for wave in publication.WAVES:
        run_wave(lake, wave)
    span(lake)
    release = lake.home / "releases" / survey.name / "r0001-aaaaaaaaaaaa"
    release.mkdir(parents=True)
    about = {"release_id": release.name, "waves": list(publication.WAVES), "files": {}}
    (release / "manifest.json").write_text(json.dumps(about))
    (release.parent / "latest").symlink_to(release.name)
    return lake


def problems(lake: Lake, survey: Survey, stage: str = "estimated") -> list[Problem]:
    with pytest.raises(WaveStopped) as stopped:
        promised_waves(lake, survey, stage, WAVE_TABLES)
    return list(stopped.value.problems)


def test_whole_waves_are_promised(lake: Lake, survey: Survey) -> None:
    for stage in ("estimated", "released"):
        assert promised_waves(lake, survey, stage, WAVE_TABLES) == ["2017", "2018"]


@pytest.mark.parametrize("table", ["modelled_terms", "raw_records", "weighted_replicates"])
def test_a_table_that_is_gone_stops_the_release(lake: Lake, survey: Survey, table: str) -> None:
    lake.remove(table, "2018")
    (problem,) = problems(lake, survey)
    assert table in problem.what
    assert "wave 2018" in problem.what
    assert (problem.file, problem.found) == (str(lake.path(table, "2018")), "no file")
    assert "run wave 2018 of made_up again" in (problem.do or "")


@pytest.mark.parametrize("table", ["modelled_terms", "staged_frame"], ids=["other rows", "a table it did not have"])
def test_a_table_of_another_run_stops_the_release(lake: Lake, survey: Survey, table: str) -> None:
    lake.write(table, "2017", pd.DataFrame({"firm": ["b"]}))
    (problem,) = problems(lake, survey)
    assert f"wave 2017 has not {table}" in problem.what
    assert problem.found == "another table than the wave's run made"


def test_the_release_job_says_so_and_leaves_the_last_release(lake: Lake, survey: Survey) -> None:
    lake.remove("modelled_terms", "2018")
    with pytest.raises(RunFailed) as failed:
        run_waves(survey.folder, lake.home, [])
    assert failed.value.exit_code == 1
    assert ["modelled_terms" in problem.what for problem in failed.value.problems] == [True]
    assert {p.name for p in (lake.home / "releases" / survey.name).iterdir()} == {"r0001-aaaaaaaaaaaa", "latest"}


@pytest.mark.parametrize("text", ["", "{half", "[]", '{"run": "x", "unknown": 1}'])
def test_a_record_of_an_earlier_version_asks_for_the_wave_to_be_run_again(
    lake: Lake, survey: Survey, text: str
) -> None:
    (lake.folder / "whole" / "2018").write_text(text)
    (problem,) = problems(lake, survey)
    assert "no release is made from wave 2018: an earlier version of the monitor ran it" in problem.what
    assert "run wave 2018 of made_up again" in (problem.do or "")
    run_wave(lake, "2018")
    assert promised_waves(lake, survey, "estimated", WAVE_TABLES) == ["2017", "2018"]


def test_a_table_that_an_earlier_version_did_not_make_is_named(lake: Lake, survey: Survey) -> None:
    with pytest.raises(WaveStopped, match="did not record modelled_unheard_of"):
        promised_waves(lake, survey, "estimated", (*WAVE_TABLES, "modelled_unheard_of"))


def test_a_wave_of_the_last_release_does_not_leave_without_a_word(lake: Lake, survey: Survey) -> None:
    (lake.folder / "whole" / "2018").unlink()
    (problem,) = problems(lake, survey)
    assert "no release is made without wave 2018, which r0001-aaaaaaaaaaaa holds" in problem.what
    (survey.folder / "waves" / "2018.yaml").unlink()
    (survey.folder / "claims.yaml").unlink(missing_ok=True)
    shorter = publication.load_survey(survey.folder)
    assert promised_waves(lake, shorter, "estimated", WAVE_TABLES) == ["2017"], "taken out of the survey on purpose"


def test_a_wave_that_stopped_on_the_way_stops_the_release(lake: Lake, survey: Survey) -> None:
    lake.begin("2018", "two")
    assert lake.unfinished_waves() == ["2018"]
    (problem,) = problems(lake, survey)
    assert "its last run stopped on the way" in problem.what


def test_only_the_run_that_began_a_wave_makes_it_whole(lake: Lake, survey: Survey) -> None:
    """A stage that is run alone in the web interface leaves the wave as unfinished as it was."""
    lake.begin("2018", "two")
    lake.finish("2018", "three", WAVE_TABLES)
    assert lake.unfinished_waves() == ["2018"]
    lake.finish("2018", "two", WAVE_TABLES)
    assert lake.whole_waves() == ["2017", "2018"]


def test_what_spans_the_waves_is_of_these_waves(lake: Lake, survey: Survey) -> None:
    lake.remove("disclosed_indicators", ALL_WAVES)
    (problem,) = problems(lake, survey, "released")
    assert "what spans the waves has not disclosed_indicators" in problem.what
    span(lake)
    run_wave(lake, "2018", "two")
    (problem,) = problems(lake, survey, "released")
    assert "was made before a wave was run again" in problem.what
    span(lake)
    assert promised_waves(lake, survey, "released", WAVE_TABLES) == ["2017", "2018"]
    lake.begin(ALL_WAVES, "release stopped on the way")
    assert len(problems(lake, survey, "released")) == 1


def test_without_a_whole_wave_there_is_nothing_to_release(tmp_path: Path, survey: Survey) -> None:
    (problem,) = problems(Lake(tmp_path / "elsewhere", survey.name), survey)
    assert "no wave was run to its end yet" in problem.what
