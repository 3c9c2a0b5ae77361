"""Dagster's web interface and daemon over a home folder, on this machine only.

Belongs here: starting both, and ending them however this process ends. Does not belong here: what they show.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import IO

import dagster as dg

from monitor.problems import DefinitionError, Problem
from monitor.refusals import Refused
from monitor.storage.turns import take
from pipelines.history import prepare_instance
from pipelines.turn import close_killed_runs

HOST = "127.0.0.1"
WORKSPACE = Path(__file__).with_name("workspace.yaml")
SECONDS_TO_END = 15
"""What a program gets to end of itself before it is killed, with all that it started"""
PR_SET_PDEATHSIG = 1
"""prctl(2): the signal a process gets when its parent is gone"""

_libc = ctypes.CDLL(None)


class _Told(Exception):
    """A signal asked this process to end."""

    def __init__(self, number: int, frame: FrameType | None) -> None:
        super().__init__(number)
        self.number = number


def serve(
    folder: Path,
    home: Path,
    port: int,
    names: Sequence[str] = (),
    read_only: bool = False,
    deployment: Path | None = None,
) -> int:
    """Serve until interrupted. The daemon runs the schedule, the sensors and runs launched from the page.

    deployment: a folder that names several surveys, which are shown in the place of the one.
    names: what else the server is called, by a reverse proxy before it. read_only: it only shows; nothing is started,
    and it may stand beside the one that works.

    Returns 0 after Ctrl-C, 128 and the signal's number after another signal, 1 where a program ended by itself. Raises
    DefinitionError where the port is not free, Refused where another interface serves this home: its sensors would stop
    this one's.
    """
    prepare_instance(home)
    _require_port(port)
    environment = os.environ | {"MONITOR_SURVEY": str(folder.resolve()), "MONITOR_HOME": str(home.resolve())}
    called = [word for name in names for word in ("--name", name)]
    shows = ["pipelines.webserver", "-h", HOST, "-p", str(port), *called, *(["--read-only"] if read_only else [])]
    programs = {"dagster-webserver": shows}
    if not read_only:
        programs["dagster-daemon"] = ["pipelines.daemon", "run"]
    target = ["-w", str(WORKSPACE)] if deployment is None else _target(deployment)
    with _only_one(home, port, "shows.lock" if read_only else "web.lock") as lock:
        if not read_only:
            with dg.DagsterInstance.get() as instance:
                close_killed_runs(instance, untold=True)
        shown = "web interface that only shows" if read_only else "web interface"
        print(f"{shown} on http://{HOST}:{port} (stop with Ctrl-C)", file=sys.stderr)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _told)
        running: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name, arguments in programs.items():
                running[name] = _start([sys.executable, "-m", *arguments, *target], environment, lock)
            return _until_one_ends(running)
        except KeyboardInterrupt:
            return 0
        except _Told as told:
            return 128 + told.number
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            _end(running)


def _target(deployment: Path) -> list[str]:
    """What Dagster loads of a deployment; DefinitionError where its folder is none."""
    file = deployment / "pyproject.toml"
    try:
        module = tomllib.loads(file.read_text(encoding="utf-8"))["tool"]["dg"]["project"]["root_module"]
    except (OSError, KeyError, TypeError, ValueError):
        raise DefinitionError(
            Problem(
                "this is no deployment of surveys",
                file=str(file),
                expected="a project of Dagster: [tool.dg.project] with root_module",
                do="begin with a copy of deploy/surveys",
            )
        ) from None
    return ["-m", f"{module}.definitions", "-d", str(deployment.resolve())]


def _told(number: int, frame: FrameType | None) -> None:
    raise _Told(number, frame)


def _start(command: list[str], environment: Mapping[str, str], lock: IO[str]) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own, so that the terminal's Ctrl-C reaches only this process, which ends it. It
    has the home's lock too: another interface waits until it is gone, not only until this process is."""
    parent = os.getpid()

    def follow() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        command,
        env=environment,
        # Where the packages are, installed or not: Python looks for a module in its working directory first.
        cwd=WORKSPACE.parent.parent,
        start_new_session=True,
        preexec_fn=follow,
        pass_fds=[lock.fileno()],
    )


def _until_one_ends(running: Mapping[str, subprocess.Popen[bytes]]) -> int:
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                print(f"{name} ended by itself (exit code {process.returncode}), so all does", file=sys.stderr)
                return 1
        time.sleep(0.5)


def _end(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for process in running.values():
        process.terminate()
    deadline = time.monotonic() + SECONDS_TO_END
    for process in running.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(deadline - time.monotonic(), 0.0))
        # What it started is in its group: code servers, and runs under way.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _only_one(home: Path, port: int, kind: str) -> Iterator[IO[str]]:
    with (home / "dagster" / kind).open("a+", encoding="utf-8") as lock:
        if holder := take(lock, f"http://{HOST}:{port}"):
            raise Refused(
                Problem(
                    "a web interface serves this home already",
                    file=str(home),
                    found=holder,
                    do="open that one, or end it first",
                )
            )
        yield lock


def _require_port(port: int) -> None:
    problem = Problem(f"port {port} cannot be used", expected="a free port of this machine", do="name another: --port")
    if not 0 < port < 65536:
        raise DefinitionError(problem)
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as refused:
            raise DefinitionError(replace(problem, found=refused.strerror)) from None
