"""The Dagster project: partitions, the sensor's patience, the schedule, the history it keeps."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from monitor.problems import DefinitionError
from pipelines.automation import SETTLED_SECONDS, arrival, inbox_sensor, wave_job, yearly
from pipelines.command import close_killed_runs, prepare_instance, run_waves
from pipelines.definitions import build
from pipelines.resources import SurveyHome, loaded

ECUADOR = Path(__file__).parent / "surveys" / "ecuador"


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


def test_two_runs_do_not_share_a_home(tmp_path: Path) -> None:
    import fcntl

    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DefinitionError, match="another run is working"):
            run_waves(ECUADOR, tmp_path, ["2014"])


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
