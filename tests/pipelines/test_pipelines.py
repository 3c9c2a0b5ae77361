"""The Dagster project: partitions, the sensor's patience, the schedule, the history it keeps."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from monitor.problems import DefinitionError, Problem
from monitor.refusals import Refused
from monitor.stages import validated
from monitor.stages.validated.stage import TableOutcome
from monitor.storage.lake import Lake
from monitor.survey import Survey
from pipelines.assets import ANSWER_SUITES
from pipelines.automation import (
    SETTLED_SECONDS,
    arrival,
    inbox_sensor,
    release_job,
    release_sensor,
    wave_job,
    yearly,
)
from pipelines.command import RunFailed, prepare_instance, run_waves
from pipelines.definitions import build
from pipelines.resources import SurveyHome, loaded
from pipelines.turn import close_killed_runs

ECUADOR = Path(__file__).parents[1] / "worlds" / "surveys" / "ecuador"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "ecuador" / "2014"
    folder.mkdir(parents=True)
    return folder


def aged(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def look(home: Path, cursor: str | None) -> tuple[list[dg.RunRequest], str]:
    survey = loaded(ECUADOR)
    sensor = inbox_sensor(survey, wave_job())
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(
            instance=instance,
            cursor=cursor,
            definitions=build(ECUADOR, home),
            resources={"monitor": SurveyHome(survey_folder=str(ECUADOR), home=str(home))},
        )
        data = sensor.evaluate_tick(context)
    return list(data.run_requests or []), data.cursor or ""


def test_a_wave_starts_when_its_delivery_has_come_to_rest(tmp_path: Path, inbox: Path) -> None:
    (inbox / "answers.sav").write_bytes(b"half")
    requests, cursor = look(tmp_path, None)
    assert requests == [], "the file has just been written"
    aged(inbox / "answers.sav", SETTLED_SECONDS + 1)
    requests, cursor = look(tmp_path, cursor)
    assert requests == [], "it changed since the last look"
    requests, cursor = look(tmp_path, cursor)
    assert [r.partition_key for r in requests] == ["2014"]
    again, _ = look(tmp_path, cursor)
    assert [r.run_key for r in again] == [r.run_key for r in requests], "Dagster starts one run for one run key"


def test_what_the_command_took_in_is_not_started_again(tmp_path: Path, inbox: Path) -> None:
    """Opening the interface after a run: its sensor has no memory, the lake has."""
    (inbox / "answers.sav").write_bytes(b"whole")
    monitor = SurveyHome(survey_folder=str(ECUADOR), home=str(tmp_path))
    lake = Lake(tmp_path, "ecuador")
    lake.begin("2014", "the command's", monitor.delivered("2014"))
    lake.finish("2014", "the command's")

    def started() -> int:
        aged(inbox / "answers.sav", SETTLED_SECONDS + 1)
        _, cursor = look(tmp_path, None)
        return len(look(tmp_path, cursor)[0])

    assert started() == 0
    (inbox / "answers.sav").write_bytes(b"other")
    assert started() == 1, "other answers under the same name"
    (inbox / "answers.sav").write_bytes(b"whole")
    assert started() == 0, "the same answers, put there again"
    (inbox / "corrections.csv").write_text("firm\n")
    aged(inbox / "corrections.csv", SETTLED_SECONDS + 1)
    assert started() == 1, "corrections beside them"
    (inbox / "corrections.csv").unlink()
    lake.begin("2014", "stopped on the way", monitor.delivered("2014"))
    assert started() == 0, "it would stop again"
    (lake.folder / "working" / "2014").write_text("")
    assert started() == 1, "an earlier version did not say what it took in"


def test_a_release_waits_for_the_last_of_several_waves(tmp_path: Path) -> None:
    definitions = build(ECUADOR, tmp_path)
    job = definitions.resolve_job_def("wave")
    sensor = release_sensor(wave_job(), release_job())
    with dg.DagsterInstance.ephemeral() as instance:
        done = instance.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS)

        def asked() -> dg.RunRequest | dg.SkipReason:
            context = dg.build_run_status_sensor_context(
                sensor_name="release_after_wave",
                dagster_instance=instance,
                dagster_run=done,
                dagster_event=dg.DagsterEvent(dg.DagsterEventType.PIPELINE_SUCCESS.value, "wave"),
            )
            return sensor(context)  # type: ignore[return-value]

        other = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert isinstance(asked(), dg.SkipReason)
        instance.delete_run(other.run_id)
        assert isinstance(asked(), dg.RunRequest)


def test_a_file_still_being_copied_holds_the_wave_back(inbox: Path) -> None:
    (inbox / "answers.sav.part").write_bytes(b"half")
    aged(inbox / "answers.sav.part", SETTLED_SECONDS + 1)
    found = arrival(inbox, time.time())
    assert found is not None
    assert found[1] is False


def test_an_empty_inbox_is_no_delivery(inbox: Path) -> None:
    assert arrival(inbox, time.time()) is None


def test_the_schedule_runs_the_year_s_wave_or_says_what_is_missing() -> None:
    survey = loaded(ECUADOR)
    schedule = yearly(survey, wave_job())
    declared = schedule(dg.build_schedule_context(scheduled_execution_time=datetime(2014, 6, 1, 6)))
    assert isinstance(declared, dg.RunRequest)
    assert declared.partition_key == "2014"
    other = schedule(dg.build_schedule_context(scheduled_execution_time=datetime(2031, 6, 1, 6)))
    assert isinstance(other, dg.SkipReason)
    assert "waves/2031.yaml" in (other.skip_message or "")


def test_the_definitions_hold_the_declared_waves(tmp_path: Path) -> None:
    definitions = build(ECUADOR, tmp_path)
    job = definitions.resolve_job_def("wave")
    assert job.partitions_def is not None
    assert list(job.partitions_def.get_partition_keys()) == ["2014"]
    assert definitions.resolve_job_def("release").partitions_def is None
    assert job.executor_def is dg.in_process_executor


def test_every_suite_is_a_blocking_check_of_its_table(tmp_path: Path) -> None:
    graph = build(ECUADOR, tmp_path).resolve_asset_graph()
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    suites = {path.stem for path in (Path(__file__).parents[2] / "expectations").glob("*.yaml")}
    over_all_waves = {("modelled_pooled", suite) for suite in suites if suite.startswith("modelled_")}
    assert checks == {(_asset(suite), suite) for suite in suites} | over_all_waves
    assert all(graph.get_check_spec(key).blocking for key in graph.asset_check_keys)


def _asset(suite: str) -> str:
    return "validated_rules" if suite in ANSWER_SUITES else suite


def test_two_runs_do_not_share_a_home(tmp_path: Path) -> None:
    import fcntl

    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="another run is working"):
            run_waves(ECUADOR, tmp_path, ["2014"])


@pytest.mark.slow
@pytest.mark.parametrize("broken", [False, True], ids=["a critical rule fails", "a rule cannot be run"])
def test_a_rule_about_a_later_table_stops_the_wave(
    tmp_path: Path, inbox: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    shutil.copy(shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav", inbox / "answers.sav")
    judge = validated.validate_tables
    problem = Problem("planted", rule="planted_rule", severity="critical", do="nothing")

    def planted(lake: Lake, survey: Survey, wave: str, tables: Sequence[str]) -> list[TableOutcome]:
        found = judge(lake, survey, wave, tables)
        if "derived_measures" not in tables:
            return found
        if broken:
            raise DefinitionError(problem)
        return [replace(outcome, problems=(problem,)) for outcome in found]

    monkeypatch.setattr("monitor.stages.validated.stage.validate_tables", planted)
    with pytest.raises(RunFailed) as failed:
        run_waves(ECUADOR, tmp_path, ["2014"])
    assert [p.what for p in failed.value.problems] == ["planted"]
    assert failed.value.exit_code == (2 if broken else 1)
    lake = Lake(tmp_path, "ecuador")
    assert lake.has("derived_measures", "2014")
    assert not lake.has("weighted_weights", "2014"), "what is downstream does not run"
    assert lake.unfinished_waves() == ["2014"]
    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
        events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluations = [e.dagster_event.asset_check_evaluation_data for e in events if e.dagster_event]
    told = {evaluation.check_name: evaluation for evaluation in evaluations}
    assert told["staged_codes"].passed
    if not broken:
        assert not told["derived_measures"].passed
        assert told["derived_measures"].blocking
        assert "planted" in (told["derived_measures"].description or "")


def test_dagster_reports_to_nobody_and_asks_for_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_DISABLE_TELEMETRY", raising=False)
    prepare_instance(tmp_path)
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled


def test_a_killed_run_is_closed_in_the_history(tmp_path: Path) -> None:
    prepare_instance(tmp_path)
    with dg.DagsterInstance.get() as instance:
        job = build(ECUADOR, tmp_path).resolve_job_def("wave")
        run = instance.create_run_for_job(
            job, status=dg.DagsterRunStatus.STARTED, tags={"monitor/process": "999999999"}
        )
    with dg.DagsterInstance.get() as instance:
        close_killed_runs(instance)
        closed = instance.get_run_by_id(run.run_id)
    assert closed is not None
    assert closed.status == dg.DagsterRunStatus.FAILURE
