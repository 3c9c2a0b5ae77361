"""Several surveys in one Dagster: each is a handful of lines, and its things bear its name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from monitor.problems import DefinitionError
from monitor.synthetic import deliveries
from pipelines import automation, web
from pipelines.automation import SETTLED_SECONDS
from pipelines.definitions import deployment

ROOT = Path(__file__).parents[2]
ECUADOR = ROOT / "tests" / "worlds" / "surveys" / "ecuador"
SURVEYS = ("ecuador", "noord_nederland")


@pytest.fixture
def surveys(tmp_path: Path, home: Path) -> Path:
    """The deployment that comes with the product, and a second survey in it."""
    folder = Path(shutil.copytree(ROOT / "deploy" / "surveys", tmp_path / "surveys"))
    second = folder / "deployment" / "defs" / "ecuador"
    second.mkdir()
    where = os.path.relpath(ECUADOR, second)
    (second / "defs.yaml").write_text(
        f"type: pipelines.component.MonitoredSurvey\nattributes:\n  folder: {where}\n", encoding="utf-8"
    )
    return folder


@pytest.mark.slow
def test_dagster_s_own_tools_know_the_component_and_the_surveys(surveys: Path, home: Path) -> None:
    def dg_says(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dagster_dg_cli.cli", *command], cwd=surveys, text=True, capture_output=True,
            env=os.environ | {"VIRTUAL_ENV": sys.prefix, "DAGSTER_DISABLE_TELEMETRY": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "pipelines.component.MonitoredSurvey" in dg_says("list", "components", "--json")
    assert "validated successfully" in dg_says("check", "yaml")
    listed = dg_says("list", "defs", "--json")
    told, _ = json.JSONDecoder().raw_decode(listed[listed.index("{") :])
    assert {asset["asset_key_parts"][0] for asset in told["assets"]} == {*SURVEYS}
    assert {job["name"] for job in told["jobs"]} == {f"{name}_{job}" for name in SURVEYS for job in ("wave", "release")}


def test_each_survey_s_inbox_starts_its_own_waves(surveys: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(surveys)
    # At rest for long; in a clone that was just made they are not.
    monkeypatch.setattr(automation, "definition_files", lambda folder: [])
    deliveries(home / "inbox" / "noord_nederland")
    (home / "inbox" / "ecuador" / "2014").mkdir(parents=True)
    (home / "inbox" / "ecuador" / "2014" / "answers.sav").write_bytes(b"answers")
    then = time.time() - SETTLED_SECONDS - 1
    for file in (home / "inbox").rglob("*"):
        os.utime(file, (then, then))
    definitions = deployment(surveys / "deployment")
    started = {}
    for name in SURVEYS:
        sensor = definitions.resolve_sensor_def(f"{name}_inbox")
        cursor = None
        with dg.DagsterInstance.ephemeral() as instance:
            for _ in range(2):
                context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=definitions)
                data = sensor.evaluate_tick(context)
                cursor = data.cursor
        started[name] = [request.partition_key for request in data.run_requests or []]
        assert sensor.job_name == f"{name}_wave"
    assert started == {"ecuador": ["2014"], "noord_nederland": ["2017", "2018", "2019"]}
    wave = definitions.resolve_job_def("ecuador_wave")
    assert {key.path[0] for key in wave.asset_layer.executable_asset_keys} == {"ecuador"}


def test_the_web_interface_shows_a_deployment_or_says_what_is_none(surveys: Path, tmp_path: Path) -> None:
    assert web._target(surveys) == ["-m", "deployment.definitions", "-d", str(surveys)]
    with pytest.raises(DefinitionError, match="no deployment of surveys"):
        web._target(tmp_path)
