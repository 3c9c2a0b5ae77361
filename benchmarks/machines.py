"""Machines without a disk in common: network namespaces of this one, joined by a bridge (root, and `ip` of iproute2).

Belongs here: machines, their cables, a scheduler with workers on them. Does not belong here: what is run there and what
fails (`store`), the cluster itself (`monitor.running.cluster`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BRIDGE = "monitor-bridge"
SCHEDULER = "10.77.0.1"
ADDRESS = f"tcp://{SCHEDULER}:8786"
STARTED = re.compile("Registered to|Scheduler at")
"""What a scheduler or a worker says once it is there"""


def ip(*command: str) -> str:
    return subprocess.run(["ip", *command], check=True, capture_output=True, text=True).stdout


def inside(number: int, *command: str) -> list[str]:
    """A command as it is given on a machine; 0 is the scheduler's."""
    return ["ip", "netns", "exec", f"monitor-{number}", *command]


def kill(process: subprocess.Popen[Any]) -> None:
    """Kill a process that leads a session, and all that it started."""
    subprocess.run(["pkill", "--signal", "KILL", "--session", str(process.pid)], check=False)
    process.wait()


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


@contextmanager
def dask(
    workers: int, folder: Path, of_workers: Mapping[str, str] | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A scheduler and a worker on each other machine, the workers with some environment of their own."""
    # A pulled cable says nothing: for how long others wait for who does not answer.
    waiting = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s", "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "20s"}
    environment = os.environ | waiting
    running: list[subprocess.Popen[bytes]] = []

    def start(*command: str, also: Mapping[str, str]) -> None:
        """On the next machine."""
        i = len(running)
        arguments = inside(i, sys.executable, "-m", "dask", *command, "--no-dashboard")
        with (folder / f"{i}.log").open("wb") as told:
            running.append(
                subprocess.Popen(
                    arguments, cwd=folder, stdout=told, stderr=told, env=environment | also, start_new_session=True
                )
            )

    try:
        start("scheduler", "--host", SCHEDULER, also={})
        _await(running[0], folder / "0.log")
        for i in range(1, workers + 1):
            start("worker", ADDRESS, "--host", f"10.77.0.{i + 1}", "--nthreads", "1", also=of_workers or {})
        for i, worker in enumerate(running):
            _await(worker, folder / f"{i}.log")
        yield running
    finally:
        for process in running:
            kill(process)


def _await(process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a scheduler or worker is there."""
    while not STARTED.search(log.read_text(encoding="utf-8", errors="replace")):
        if process.poll() is not None:
            sys.exit(log.read_text(encoding="utf-8", errors="replace"))
        time.sleep(0.1)
