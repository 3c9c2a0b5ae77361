"""Dagster's sensors over a home on object storage: they look at the store, and say where they cannot."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import object_store
import pytest

from monitor.storage import places
from monitor.surveys import BUNDLED
from pipelines.automation import Jobs, inbox_sensor, release_sensor
from pipelines.resources import SurveyHome, home_folder

URL = "s3://home/survey"


def test_sensors_look_at_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with object_store.known(monkeypatch, tmp_path) as store:
        monkeypatch.setenv("MONITOR_HOME", URL)
        home = home_folder()
        monitor = SurveyHome(survey_folder=str(BUNDLED), home=str(home))
        jobs = Jobs.of(monitor.survey().name)
        store.put("survey/inbox/noord_nederland/2019/innovatiemonitor_2019.sav", b"by another program", {})
        said = {}
        with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
            for name, sensor in (("inbox", inbox_sensor), ("release", release_sensor)):
                context = dg.build_sensor_context(instance=instance)
                told = sensor(monitor, jobs).evaluate_tick(context)
                assert told.skip_message
                store.fault = lambda method, key: object_store.REFUSE
                told = sensor(monitor, jobs).evaluate_tick(context)
                said[name] = told.skip_message
                store.fault = lambda method, key: None
        assert (home / "inbox/noord_nederland/2019/innovatiemonitor_2019.sav").read_bytes() == b"by another program"
        assert places.address(home) == URL
        assert all(f"{URL}: the store does not list the home's objects" in (told or "") for told in said.values())
