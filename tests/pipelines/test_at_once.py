"""One wave started by everybody at the same moment, in the real web interface with its daemon, and a run killed between
two tables: one works at a time, the others wait or are refused, and no release holds tables of two runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import ecuador
import pytest
from interface import interface, launched, messages, runs, until

from monitor.storage.lake import ALL_WAVES, Lake
from monitor.storage.turns import turn
from pipelines.automation import SETTLED_SECONDS
from pipelines.turn import PROCESS_TAG

pytestmark = pytest.mark.slow

LONG = 1200
"""Seconds after which a busy machine has run a wave"""


@pytest.fixture
def place(tmp_path: Path, shared: Path) -> Path:
    """A folder with a survey and a home in whose inbox a delivery came to rest."""
    survey = ecuador.short(tmp_path)
    inbox = tmp_path / "home" / "inbox" / "ecuador" / "2014"
    inbox.mkdir(parents=True)
    shutil.copy(shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav", inbox / "answers.sav")
    then = time.time() - SETTLED_SECONDS - 1
    for file in (*inbox.iterdir(), *survey.rglob("*")):
        os.utime(file, (then, then))
    return tmp_path


def command(place: Path) -> subprocess.CompletedProcess[str]:
    told = [sys.executable, "-m", "monitor", "run", "--survey", "ecuador", "--wave", "2014", "--home", "home"]
    return subprocess.run(told, cwd=place, text=True, capture_output=True, check=False)


def kill_between_tables(lake: Lake, process: str) -> None:
    """Kill a run once it has written one table of a stage, before it has written the stage's last."""
    until(lambda: lake.has("staged_answers", "2014"), LONG)
    os.kill(int(process.partition("-")[0]), signal.SIGKILL)
    assert not lake.has("modelled_claims", "2014")


def test_three_starts_of_a_wave_and_a_kill_give_one_whole_release(place: Path) -> None:
    home = place / "home"
    lake, releases = Lake(home, "ecuador"), home / "releases" / "ecuador"
    with interface(place, home, ["--survey", "ecuador"]) as port:
        with turn(home, "somebody's run"):
            first = launched(port, "ecuador_wave", "2014")
            until(lambda: "waiting for somebody's run" in messages(port, first), LONG)
            refused = command(place)
            assert refused.returncode == 75
            assert refused.stderr.count("another run is working in this home folder") == 1
            assert "Traceback" not in refused.stderr
            second = until(lambda: [run for run in runs(port) if run["runId"] != first], LONG)[0]
            assert second["tags"]["dagster/sensor_name"] == "ecuador_inbox"
            time.sleep(5)  # what the queue lets go, it has let go by now
            assert {run["runId"]: run["status"] for run in runs(port)} == {
                first: "STARTED", second["runId"]: "QUEUED"
            }  # fmt: skip
            process = runs(port)[0]["tags"][PROCESS_TAG]
        kill_between_tables(lake, process)
        ended = until(lambda: [run for run in runs(port) if run["endTime"]], LONG)
        assert [(run["runId"], run["status"]) for run in ended] == [(first, "FAILURE")]
        assert not (releases / "latest").exists(), "half of a wave is in no release"
        until(lambda: (releases / "latest").exists(), LONG)
        until(lambda: all(run["endTime"] for run in runs(port)), LONG)
        after = runs(port)
    told = [(run["jobName"], run["status"]) for run in after]
    assert told == [("ecuador_wave", "FAILURE"), ("ecuador_wave", "SUCCESS"), ("ecuador_release", "SUCCESS")]
    for one, next_one in pairwise(after):
        assert one["endTime"] <= next_one["startTime"]
    assert lake.record("2014").run == second["runId"], "every table is that run's"
    assert lake.record(ALL_WAVES).made_from == {"2014": lake.made("2014")}
    assert lake.holes("2014") == lake.holes(ALL_WAVES) == {}
    assert lake.unfinished_waves() == []
    assert json.loads((releases / "latest" / "manifest.json").read_text())["waves"] == ["2014"]
