"""The demonstration on a cluster of machines that have no disk in common: one release, whoever takes part and is lost.

    sudo python benchmarks/cluster.py [--workers 0 1 2 3] [--write]

Machines are network namespaces of this one: a scheduler with the command, and workers, joined by a bridge (root, and
`ip` of iproute2). Every number of workers runs the three waves in an empty home; then again while, in the first wave's
models, one worker is killed and another one's cable is pulled. The release of each must have the same content hash.
Seconds are this machine's, on whose cores all workers share; bytes are what crossed the cables. `--write` keeps the
table in benchmarks/cluster.csv.

Belongs here: machines, faults, what they cost. Does not belong here: the cluster itself (`monitor.running.cluster`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

BRIDGE = "monitor-bridge"
SCHEDULER = "10.77.0.1"
ADDRESS = f"tcp://{SCHEDULER}:8786"
FAULTY = 3
"""Workers of the run in which two are lost"""


def ip(*command: str) -> str:
    return subprocess.run(["ip", *command], check=True, capture_output=True, text=True).stdout


def inside(number: int, *command: str) -> list[str]:
    """A command as it is given on a machine; 0 is the scheduler's."""
    return ["ip", "netns", "exec", f"monitor-{number}", *command]


@contextmanager
def machines(number: int) -> Iterator[None]:
    """The scheduler's machine and `number` of others, each with a cable to the bridge."""
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("link", "set", BRIDGE, "up")
    try:
        for i in range(number + 1):
            ip("netns", "add", f"monitor-{i}")
            ip("link", "add", f"cable-{i}", "type", "veth", "peer", "name", "eth0", "netns", f"monitor-{i}")
            ip("link", "set", f"cable-{i}", "master", BRIDGE, "up")
            ip("-n", f"monitor-{i}", "addr", "add", f"10.77.0.{i + 1}/24", "dev", "eth0")
            for device in ("eth0", "lo"):
                ip("-n", f"monitor-{i}", "link", "set", device, "up")
        yield
    finally:
        # A machine's cable would stay until the last of its processes is gone.
        for gone in (*(f"cable-{i}" for i in range(number + 1)), BRIDGE):
            subprocess.run(["ip", "link", "delete", gone], check=False, capture_output=True)
        for i in range(number + 1):
            subprocess.run(["ip", "netns", "delete", f"monitor-{i}"], check=False, capture_output=True)


def crossed() -> int:
    """Bytes that crossed the scheduler's cable so far."""
    (told,) = json.loads(ip("-n", "monitor-0", "-s", "-j", "link", "show", "eth0"))
    return int(told["stats64"]["rx"]["bytes"] + told["stats64"]["tx"]["bytes"])


@contextmanager
def dask(
    workers: int, folder: Path, of_workers: Mapping[str, str] | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A scheduler and a worker on each other machine, the workers with some environment of their own."""
    # A pulled cable says nothing: for how long others wait for who does not answer.
    waiting = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s", "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "20s"}
    every = [sys.executable, "-m", "dask"]
    running = []
    try:
        for i, command in enumerate(
            [["scheduler", "--host", SCHEDULER]]
            + [["worker", ADDRESS, "--host", f"10.77.0.{i + 1}", "--nthreads", "1"] for i in range(1, workers + 1)]
        ):
            with (folder / f"{i}.log").open("wb") as told:
                running.append(
                    subprocess.Popen(
                        inside(i, *every, *command, "--no-dashboard"), cwd=folder, stdout=told, stderr=told,
                        env=os.environ | waiting | ({**of_workers} if of_workers and i else {}), start_new_session=True,
                    )
                )  # fmt: skip
            time.sleep(3)
        yield running
    finally:
        for process in running:
            subprocess.run(["pkill", "--signal", "KILL", "--session", str(process.pid)], check=False)
            process.wait()


def run(workers: int, *, faults: bool, folder: Path) -> dict[str, Any]:
    """One run of the demonstration: seconds, bytes, and the content hash of its release."""
    home = folder / "home"
    command = [sys.executable, "-m", "monitor", "demo", "--home", str(home), "--json"]
    with machines(workers), dask(workers, folder) as running:
        before, began = crossed(), time.perf_counter()
        asked = ["--cluster", ADDRESS] if workers else []
        process = subprocess.Popen(
            inside(0, *command, *asked), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        for line in process.stderr:
            print(f"    {line}", end="", file=sys.stderr)
            if faults and line.startswith("2017 estimated"):
                time.sleep(2)
                subprocess.run(["pkill", "--signal", "KILL", "--session", str(running[1].pid)], check=True)
                ip("link", "set", "cable-2", "down")
                print("    one worker killed, another one's cable pulled", file=sys.stderr)
        if process.wait():
            sys.exit(f"the run ended with {process.returncode}")
        seconds, moved = time.perf_counter() - began, crossed() - before
    manifest = json.loads(next(home.glob("releases/*/latest/manifest.json")).read_text(encoding="utf-8"))
    return {
        "workers": workers,
        "lost": 2 if faults else 0,
        "seconds": round(seconds, 1),
        "megabytes": round(moved / 1e6, 1),
        "content_hash": manifest["content_hash"],
    }


def main() -> None:
    """Run every number of workers, and the run with faults; exit 1 where a release differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--write", action="store_true", help="keep the table in benchmarks/cluster.csv")
    asked = parser.parse_args()
    rows = []
    for workers, faults in [*((number, False) for number in asked.workers), (FAULTY, True)]:
        print(f"{workers} workers{', two of which are lost' if faults else ''}", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            rows.append(run(workers, faults=faults, folder=Path(folder)))
    table = pd.DataFrame(rows)
    table["same_release"] = table["content_hash"] == table["content_hash"].iloc[0]
    print(table.to_string(index=False))
    if asked.write:
        table.drop(columns="content_hash").to_csv(Path(__file__).with_suffix(".csv"), index=False)
    if not table["same_release"].all():
        sys.exit("the releases differ")


if __name__ == "__main__":
    main()
