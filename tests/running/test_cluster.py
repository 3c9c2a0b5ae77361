"""A Dask cluster takes part: same answers with workers that come and go, and one message where it cannot be."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import ecuador
import pytest

from monitor.running import beside, cluster
from pipelines.history import command_history

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SLOW = "import math, time\n\n\ndef slow(common, item):\n    time.sleep(0.1)\n    return math.ldexp(common, item)\n"


class Dask:
    """A scheduler and its workers as processes of their own, which know the module `slowly`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "slowly.py").write_text(SLOW, encoding="utf-8")
        patience = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
        self.environment = {**os.environ, **patience, "PYTHONPATH": f"{ROOT}:{folder}"}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        place = folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--scheduler-file", str(place))
        self.address = until(lambda: place.exists() and _address(place))

    def _start(self, name: str, *options: str, **environment: str) -> None:
        command = [sys.executable, "-m", "dask", name.split("-")[0], "--host", "127.0.0.1", "--no-dashboard", *options]
        with (self.folder / f"{name}.log").open("wb") as told:
            self.running[name] = subprocess.Popen(
                command, cwd=self.folder, env=self.environment | environment, stdout=told, stderr=told
            )

    def worker(self, name: str, **environment: str) -> None:
        """One more worker, once it is there."""
        self._start(f"worker-{name}", self.address, "--nthreads", "1", "--no-nanny", "--name", name, **environment)
        log = self.folder / f"worker-{name}.log"
        until(lambda: "Registered to" in log.read_text(encoding="utf-8"))

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].wait()

    def end(self) -> None:
        for name in reversed(self.running):
            self.kill(name)

    def run(self, body: str) -> subprocess.Popen[str]:
        """A program that shares its work with the cluster."""
        opening = "import logging, math, slowly\nfrom monitor.running import beside, cluster\n"
        opening += "from monitor.running.progress import show_progress\nshow_progress()\n"
        return subprocess.Popen(
            [sys.executable, "-c", opening + textwrap.dedent(body)], text=True, cwd=self.folder,
            env=self.environment | {cluster.VARIABLE: self.address}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


def _address(place: Path) -> str | bool:
    text = place.read_text(encoding="utf-8")
    return text.split('"address": "')[1].split('"')[0] if '"address"' in text else False


def until(found: object) -> str:
    """What a question gives once it gives anything."""
    assert callable(found)
    ends = time.monotonic() + 60
    while not (answer := found()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return str(answer)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    started = Dask(tmp_path)
    try:
        yield started
    finally:
        started.end()


def refused(home: Path, address: str, opening: str = "") -> str:
    """Exit code and message of a command that asks for a cluster, in a process of its own."""
    program = f"{opening}; from monitor.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {program}", "demo", "--home", str(home), "--cluster", address],
        text=True, capture_output=True, check=False, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert not home.exists()
    return f"{done.returncode} {done.stderr}"


def test_a_worker_is_killed_and_another_comes_in_the_middle_of_a_work(dask: Dask) -> None:
    dask.worker("one")
    dask.worker("two")
    program = dask.run(
        """
        cluster.TOLD_EVERY = 0.5
        print(beside.share(math.ldexp, 3.0, list(range(50))) == [math.ldexp(3.0, i) for i in range(50)], flush=True)
        with cluster.counted() as shared:
            print(beside.share(slowly.slow, 1.0, list(range(60))) == [2.0**i for i in range(60)], flush=True)
            print(beside.share(slowly.slow, 1.0, list(range(9))) == [2.0**i for i in range(9)])
        print(*(shared[name] for name in ("cluster_workers", "shared_units", "lost_workers")))
        print(30 < shared["cluster_units"] < 69)
        """
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "True\n"
    dask.kill("worker-one")
    dask.worker("three")
    out, told = program.communicate(timeout=60)
    assert out.splitlines() == ["True", "True", "2 69 1", "True"], told
    assert "2 workers with 2 threads" in told
    done = [
        tuple(map(int, found)) for found in re.findall(r"^(\d+) of 60 units done, (\d) workers$", told, re.MULTILINE)
    ]
    assert len(done) >= 2, told
    assert done == sorted(done, key=lambda line: line[0])
    assert {workers for _, workers in done} <= {1, 2, 3}
    assert "is gone: the others do its work" in told
    assert "Traceback" not in told


def test_workers_that_come_in_the_middle_of_a_work_take_part(dask: Dask) -> None:
    program = dask.run(
        """
        cluster.TOLD_EVERY = 0.1
        with cluster.counted() as shared:
            print("begun", flush=True)
            print(beside.share(slowly.slow, 1.0, list(range(200))) == [2.0**i for i in range(200)])
        print(shared["cluster_units"] > 20)
        """
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"
    dask.worker("late")
    out, told = program.communicate(timeout=60)
    assert out.splitlines() == ["True", "True"], told


def test_a_killed_scheduler_is_one_message(dask: Dask) -> None:
    dask.worker("one")
    program = dask.run(
        """
        from monitor.refusals import Refused
        print(beside.share(math.ldexp, 3.0, [1, 2]), flush=True)
        try:
            beside.share(slowly.slow, 1.0, list(range(60)))
        except Refused as refused:
            print(len(refused.problems), refused.exit_code, refused)
        """
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "[6.0, 12.0]\n"
    dask.kill("scheduler")
    out, told = program.communicate(timeout=60)
    assert out.startswith("1 75 the cluster's scheduler is gone"), told
    assert "Traceback" not in told


def test_a_run_says_in_its_metadata_who_took_part(dask: Dask, shared: Path) -> None:
    """The metadata of tables whose stages shared work, and of no others."""
    dask.worker("one")
    home = dask.folder / "home"
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    survey = ecuador.short(dask.folder)
    command = ["run", "--survey", str(survey), "--wave", "2014", "--input", str(delivery), "--home", str(home)]
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *command, "--cluster", dask.address], env=dask.environment, text=True,
        capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with command_history(home) as instance:
        told = {}
        for table in ("staged_answers", "modelled_models"):
            event = instance.get_latest_materialization_event(dg.AssetKey(["ecuador", table]))
            assert event is not None
            assert event.asset_materialization is not None
            told[table] = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert not {"cluster_workers", *cluster.COUNTS} & set(told["staged_answers"])
    modelled = told["modelled_models"]
    assert (modelled["cluster_workers"], modelled["lost_workers"]) == (1, 0)
    assert 0 < modelled["cluster_units"] <= modelled["shared_units"]


@pytest.mark.parametrize(
    "command",
    [
        ["coverage.py", "--draws", "12", "--designs", "stratified"],
        ["models.py", "--surveys", "12", "--estimators", "firth"],
    ],
    ids=lambda command: command[0],
)
def test_a_benchmark_gives_the_same_on_a_cluster(dask: Dask, command: list[str]) -> None:
    """Its workers have no folder of benchmarks: they get the files from who asks."""
    dask.worker("one")
    program, *asked = command
    alone, shared = (
        subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / program), *asked, *cluster_options],
            env=dask.environment, cwd=dask.folder, text=True, capture_output=True, check=False, timeout=300,
        )
        for cluster_options in ([], ["--cluster", dask.address])
    )  # fmt: skip
    assert alone.returncode == shared.returncode == 0, shared.stderr
    assert shared.stdout == alone.stdout
    assert alone.stdout.count("\n") >= 4
    (units,) = re.findall(
        r"^cluster workers 1, shared units \d+, cluster units (\d+), lost workers 0$", shared.stderr, re.M
    )
    assert int(units) >= 1
    assert "cluster" not in alone.stderr


def test_workers_of_another_version_are_refused(dask: Dask, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "monitor").mkdir(parents=True)
    for name in ("__init__.py", "versions.py"):
        (other / "monitor" / name).write_text("def computes():\n    return {'innovation-monitor': '0.0.9'}\n")
    dask.worker("old", PYTHONPATH=str(other))
    told = refused(tmp_path / "home", dask.address, "import dask")
    assert told.startswith("2 the cluster computes with other versions than this process\n")
    assert "innovation-monitor 0.0.9, python None" in told
    assert "the scheduler:" not in told


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "http://127.0.0.1:1"])
def test_a_scheduler_that_is_not_there_is_one_message(address: str, tmp_path: Path) -> None:
    told = refused(tmp_path / "home", address, "from monitor.running import cluster; cluster.REACHED_WITHIN = 0.5")
    assert told.startswith("75 the cluster's scheduler does not answer\n")
    assert f"found: {address}: " in told


def test_without_the_package_the_message_names_it(tmp_path: Path) -> None:
    told = refused(tmp_path / "home", "tcp://127.0.0.1:1", "sys.modules['distributed'] = None")
    assert told.startswith("2 a cluster is asked for, and the package that speaks to it is not installed\n")
    assert "innovation-monitor[cluster]" in told


def test_no_address_is_no_cluster_of_which_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cluster.VARIABLE, raising=False)
    assert cluster.connected() is None
    with cluster.counted() as shared:
        assert beside.share(math.ldexp, 3.0, [1, 2]) == [6.0, 12.0]
    assert shared == {}
