"""Runs of one home do not overlap, whoever starts them, and a killed one does not keep others waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import dagster as dg
import pytest

from monitor.storage.turns import turn
from pipelines.definitions import build
from pipelines.history import prepare_instance
from pipelines.names import POOL
from pipelines.turn import PROCESS_TAG, close_killed_runs, this_process

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ECUADOR = ROOT / "tests" / "worlds" / "surveys" / "ecuador"

RUN = """
import sys, time
from pathlib import Path
import dagster as dg
from monitor.stages import estimated, raw
from monitor.problems import Problem, WaveStopped
from pipelines.history import prepare_instance
from pipelines.definitions import build

home, job, name = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def told(text):
    with (home / "told").open("a") as file:
        file.write(f"{name} {text}\\n")

def stage(*arguments):
    told("begins")
    time.sleep(1)
    told("ends")
    raise WaveStopped(Problem("as planned"))

raw.run = estimated.run_all = stage
import pipelines.assets
pipelines.assets.promised_waves = lambda *arguments: ["2014"]
prepare_instance(home)
definitions = build(Path(sys.argv[4]), home)
with dg.DagsterInstance.get() as instance:
    # As Dagster's own run process does it: not through the command.
    options = {"partition_key": "2014"} if job == "wave" else {}
    definitions.resolve_job_def(f"ecuador_{job}").execute_in_process(instance=instance, raise_on_error=False, **options)
"""


def start(home: Path, job: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(home), job, name, str(ECUADOR)],
        cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_runs_started_at_once_go_one_after_the_other(tmp_path: Path) -> None:
    prepare_instance(tmp_path)
    with dg.DagsterInstance.get():
        pass
    jobs = {"one": "wave", "two": "wave", "three": "release"}
    runs = [start(tmp_path, job, name) for name, job in jobs.items()]
    shown = [run.communicate(timeout=240)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], shown
    told = [line.split() for line in (tmp_path / "told").read_text().splitlines()]
    assert sorted(name for name, _ in told) == sorted([*jobs, *jobs])
    for (name, first), (same, second) in zip(told[::2], told[1::2], strict=True):
        assert (name, first, second) == (same, "begins", "ends"), told
    assert any("waiting for " in text and "run" in text for text in shown)


def test_no_asset_runs_without_its_turn(tmp_path: Path) -> None:
    assets = build(ECUADOR, tmp_path).resolve_asset_graph().assets_defs
    assert assets
    assert all("turn" in asset.required_resource_keys for asset in assets)
    assert {asset.op.pool for asset in assets} == {POOL}, "and Dagster's queue knows them as one"


def test_a_turn_is_taken_once_for_all_runs_of_a_process_and_refused_to_others(tmp_path: Path) -> None:
    program = f"""
        from pathlib import Path
        from monitor.refusals import Refused
        from monitor.storage.turns import turn
        try:
            with turn(Path({str(tmp_path)!r}), "second"):
                print("free")
        except Refused as refused:
            print(refused.problems[0].found)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]

    def other() -> str:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    with turn(tmp_path, "monitor run"):
        with turn(tmp_path, "wave 2014"):
            assert other() == f"monitor run (process {os.getpid()})"
        assert other() != "free", "the command's turn ends with the command, not with its first run"
    assert other() == "free"


def test_a_killed_run_leaves_its_turn(tmp_path: Path) -> None:
    held = f"""
        import time
        from pathlib import Path
        from monitor.storage.turns import turn
        with turn(Path({str(tmp_path)!r}), "killed"):
            print("taken", flush=True)
            time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(held)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    with turn(tmp_path, "next"):
        pass


@pytest.mark.parametrize(
    ("process", "untold", "closed"),
    [
        (f"{os.getpid()}-1", False, True),
        (str(os.getpid()), False, True),
        (this_process(), True, False),
        (None, False, False),
        (None, True, True),
    ],
    ids=["a later process of that number", "number alone", "alive", "untold", "untold and no web interface"],
)
def test_a_run_is_under_way_while_its_process_lives(
    tmp_path: Path, process: str | None, untold: bool, closed: bool
) -> None:
    prepare_instance(tmp_path)
    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(
            build(ECUADOR, tmp_path).resolve_job_def("ecuador_wave"),
            status=dg.DagsterRunStatus.STARTED,
            tags={PROCESS_TAG: process} if process else {},
        )
        close_killed_runs(instance, untold)
        now = instance.get_run_by_id(run.run_id)
    assert now is not None
    assert now.status == (dg.DagsterRunStatus.FAILURE if closed else dg.DagsterRunStatus.STARTED)
