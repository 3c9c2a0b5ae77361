"""The Dagster project: partitions, the sensor's patience, the schedule, the history it keeps."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from monitor.problems import DefinitionError, Problem
from monitor.refusals import Refused
from monitor.stages import validated
from monitor.stages.validated.stage import TableOutcome
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.storage.turns import turn
from monitor.survey import Survey
from monitor.survey.automation import Schedule
from monitor.survey.load import definition_hash
from pipelines import automation
from pipelines.assets import ANSWER_SUITES
from pipelines.automation import (
    SETTLED_SECONDS,
    Jobs,
    arrival,
    inbox_files,
    inbox_sensor,
    release_sensor,
    yearly,
)
from pipelines.command import RunFailed, run_waves
from pipelines.definitions import build
from pipelines.history import prepare_instance
from pipelines.resources import SurveyHome, loaded
from pipelines.turn import close_killed_runs

pytestmark = pytest.mark.slow

ECUADOR = Path(__file__).parents[1] / "worlds" / "surveys" / "ecuador"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "ecuador" / "2014"
    folder.mkdir(parents=True)
    return folder


def aged(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


@pytest.fixture
def old_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A definition that has been at rest for long. In a clone that was just made it has not."""
    monkeypatch.setattr(automation, "definition_files", lambda folder: [])


def look(home: Path, cursor: str | None, folder: Path = ECUADOR) -> tuple[list[dg.RunRequest], str]:
    monitor = SurveyHome(survey_folder=str(folder), home=str(home))
    sensor = inbox_sensor(monitor, Jobs.of("ecuador"))
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=build(folder, home))
        data = sensor.evaluate_tick(context)
    return list(data.run_requests or []), data.cursor or ""


@pytest.mark.usefixtures("old_definition")
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


@pytest.mark.usefixtures("old_definition")
def test_what_the_command_took_in_is_not_started_again(tmp_path: Path, inbox: Path) -> None:
    """Opening the interface after a run: its sensor has no memory, the lake has."""
    (inbox / "answers.sav").write_bytes(b"whole")
    lake = Lake(tmp_path, "ecuador")
    lake.begin("2014", "the command's", lake.delivered("2014"), loaded(ECUADOR).definition_hash)
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
    lake.begin("2014", "stopped on the way", lake.delivered("2014"), loaded(ECUADOR).definition_hash)
    assert started() == 0, "it would stop again"
    (lake.folder / "working" / "2014").write_text("")
    assert started() == 1, "an earlier version did not say what it took in"


def test_a_changed_definition_is_run_again_once_it_rests(tmp_path: Path, inbox: Path) -> None:
    folder = Path(shutil.copytree(ECUADOR, tmp_path / "ecuador"))
    for file in (*folder.rglob("*.yaml"), *folder.rglob("*.csv")):
        aged(file, SETTLED_SECONDS + 1)
    (inbox / "answers.sav").write_bytes(b"whole")
    aged(inbox / "answers.sav", SETTLED_SECONDS + 1)
    lake = Lake(tmp_path, "ecuador")

    def started() -> int:
        _, cursor = look(tmp_path, None, folder)
        return len(look(tmp_path, cursor, folder)[0])

    lake.begin("2014", "one", lake.delivered("2014"), definition_hash(folder))
    assert started() == 0
    (folder / "survey.yaml").write_text((folder / "survey.yaml").read_text() + "# more\n")
    assert started() == 0, "somebody is still writing"
    aged(folder / "survey.yaml", SETTLED_SECONDS + 1)
    assert started() == 1
    lake.begin("2014", "two", lake.delivered("2014"), definition_hash(folder))
    assert started() == 0
    lake.begin("2014", "of an earlier version", lake.delivered("2014"))
    assert started() == 0, "that it did not say its definition starts nothing"


def test_one_release_is_made_of_any_number_of_waves(tmp_path: Path) -> None:
    definitions, lake = build(ECUADOR, tmp_path), Lake(tmp_path, "ecuador")
    monitor = SurveyHome(survey_folder=str(ECUADOR), home=str(tmp_path))
    sensor = release_sensor(monitor, Jobs.of("ecuador"))
    with dg.DagsterInstance.ephemeral() as instance:

        def asked() -> dg.RunRequest | dg.SkipReason:
            return sensor(dg.build_sensor_context(instance=instance))  # type: ignore[return-value]

        assert isinstance(asked(), dg.SkipReason), "no wave was run"
        lake.begin("2014", "one")
        assert isinstance(asked(), dg.SkipReason), "a wave is under way, or stopped"
        lake.finish("2014", "one")
        other = instance.create_run_for_job(
            definitions.resolve_job_def("ecuador_wave"), status=dg.DagsterRunStatus.STARTED
        )
        assert "waiting or under way" in str(asked().skip_message)  # type: ignore[union-attr]
        instance.delete_run(other.run_id)
        with turn(tmp_path, "monitor run"):
            assert "monitor run" in str(asked().skip_message)  # type: ignore[union-attr]
        first, again = asked(), asked()
        assert isinstance(first, dg.RunRequest)
        assert isinstance(again, dg.RunRequest)
        assert first.run_key == again.run_key, "Dagster starts one run for one run key"
        lake.begin(ALL_WAVES, "release")
        lake.finish(ALL_WAVES, "release", made_from={"2014": lake.made("2014")})
        assert isinstance(asked(), dg.SkipReason), "the command, or an earlier run, made it"
        lake.begin("2014", "two")
        lake.finish("2014", "two")
        later = asked()
        assert isinstance(later, dg.RunRequest)
        assert later.run_key != first.run_key


def test_a_release_waits_for_the_last_run_of_a_backfill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path, "ecuador")
    lake.begin("2014", "one")
    lake.finish("2014", "one")
    sensor = release_sensor(SurveyHome(survey_folder=str(ECUADOR), home=str(tmp_path)), Jobs.of("ecuador"))
    for status, waits in (("REQUESTED", True), ("COMPLETED_SUCCESS", False)):
        backfill = SimpleNamespace(status=SimpleNamespace(value=status))
        with dg.DagsterInstance.ephemeral() as instance:
            monkeypatch.setattr(type(instance), "get_backfills", lambda *_, one=backfill, **__: [one])
            found = sensor(dg.build_sensor_context(instance=instance))
        assert isinstance(found, dg.SkipReason) == waits


def test_a_file_still_being_copied_holds_the_wave_back(tmp_path: Path, inbox: Path) -> None:
    (inbox / "answers.sav.part").write_bytes(b"half")
    aged(inbox / "answers.sav.part", SETTLED_SECONDS + 1)
    assert arrival(inbox_files(tmp_path, "ecuador", "2014"), time.time())[1] is False


def test_an_empty_inbox_is_no_delivery(tmp_path: Path, inbox: Path) -> None:
    assert inbox_files(tmp_path, "ecuador", "2014") == []
    assert look(tmp_path, None) == ([], "{}")


def test_the_schedule_runs_the_year_s_wave_or_says_what_is_missing() -> None:
    survey = replace(loaded(ECUADOR), schedule=Schedule("30 5 2 7 *", "America/Guayaquil"))
    schedule = yearly(survey, Jobs.of("ecuador"))
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 5 2 7 *", "America/Guayaquil")
    declared = schedule(dg.build_schedule_context(scheduled_execution_time=datetime(2014, 6, 1, 6)))
    assert isinstance(declared, dg.RunRequest)
    assert declared.partition_key == "2014"
    other = schedule(dg.build_schedule_context(scheduled_execution_time=datetime(2031, 6, 1, 6)))
    assert isinstance(other, dg.SkipReason)
    assert "waves/2031.yaml" in (other.skip_message or "")


def test_no_schedule_is_declared_and_there_is_none(tmp_path: Path) -> None:
    assert loaded(ECUADOR).schedule is None
    assert list(build(ECUADOR, tmp_path).schedules or []) == []


def test_the_definitions_hold_the_declared_waves(tmp_path: Path) -> None:
    definitions = build(ECUADOR, tmp_path)
    job = definitions.resolve_job_def("ecuador_wave")
    assert job.partitions_def is not None
    assert list(job.partitions_def.get_partition_keys()) == ["2014"]
    assert definitions.resolve_job_def("ecuador_release").partitions_def is None
    assert job.executor_def is dg.in_process_executor


def test_every_suite_is_a_blocking_check_of_its_table(tmp_path: Path) -> None:
    graph = build(ECUADOR, tmp_path).resolve_asset_graph()
    checks = {(key.asset_key.path[-1], key.name) for key in graph.asset_check_keys}
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
    assert not lake.has("estimated_indicators", "2014"), "what is made from it does not run"
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
        job = build(ECUADOR, tmp_path).resolve_job_def("ecuador_wave")
        run = instance.create_run_for_job(
            job, status=dg.DagsterRunStatus.STARTED, tags={"monitor/process": "999999999"}
        )
    with dg.DagsterInstance.get() as instance:
        close_killed_runs(instance)
        closed = instance.get_run_by_id(run.run_id)
    assert closed is not None
    assert closed.status == dg.DagsterRunStatus.FAILURE
