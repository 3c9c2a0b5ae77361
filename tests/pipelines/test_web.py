"""The web interface shows the survey it was given, is the only one of its home, and ends with all it started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from interface import asked, free_port, until

from monitor import cli
from monitor.storage import turns

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ECUADOR = ROOT / "tests" / "worlds" / "surveys" / "ecuador"


def processes(home: Path) -> list[str]:
    """Every process of this machine that works in a home: all inherit it as MONITOR_HOME."""
    mark = f"MONITOR_HOME={home}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.fixture
def interface(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """`monitor ui` as a user starts it: with a survey and a home named from where the command is given."""
    shutil.copytree(ECUADOR, tmp_path / "my_survey")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "ui", "--survey", "my_survey", "--home", "home", "--port", str(port)],
        cwd=tmp_path, text=True, stdout=subprocess.DEVNULL, stderr=(tmp_path / "stderr").open("w"),
        env={name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")},
    )  # fmt: skip
    yield process, tmp_path / "home", port
    process.terminate()
    process.wait(60)


def test_it_shows_the_survey_and_refuses_another_in_its_home(
    interface: tuple[subprocess.Popen[str], Path, int], capsys: pytest.CaptureFixture[str]
) -> None:
    process, home, port = interface
    query = "{repositoriesOrError {... on RepositoryConnection {nodes {jobs {name} sensors {name}}}}}"
    until(lambda: "wave" in json.dumps(asked(port, query)))
    assert "inbox" in json.dumps(asked(port, query))
    assert cli.main(["ui", "--survey", str(ECUADOR), "--home", str(home), "--port", str(free_port())]) == 75
    shown = capsys.readouterr().err
    assert "a web interface serves this home already" in shown
    assert f"found: http://127.0.0.1:{port} (process {process.pid})" in shown
    until(lambda: len(processes(home)) >= 4)
    assert [status(port, **attack) for attack in ATTACKS] == [405, 403, 421]
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    assert processes(home) == []


ATTACKS: list[dict[str, Any]] = [
    {"query": "mutation{deletePipelineRun(runId:%22x%22){__typename}}"},
    {
        "body": b'{"query": "mutation { deletePipelineRun(runId: 1) { __typename } }"}',
        "Origin": "https://elsewhere.test",
    },
    {"Host": "elsewhere.test"},
]
"""A picture's address, a form of another page, a name that was made to point here"""


def status(port: int, query: str = "", body: bytes | None = None, **headers: str) -> int:
    address = f"http://127.0.0.1:{port}/graphql" + (f"?query={query}" if query else "")
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_one_that_only_shows_stands_beside_and_changes_nothing(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "monitor", "ui", "--read-only", "--survey", str(ECUADOR), "--port", str(port)]
    process = subprocess.Popen([*command, "--home", str(tmp_path)], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: "version" in asked(port, "{version}"))
        change = b'{"query": "mutation { setNuxSeen }"}'
        assert status(port, body=change, **{"Content-Type": "application/json"}) == 403
        commands = "\n".join(processes(tmp_path))
        assert "pipelines.webserver" in commands
        assert "daemon" not in commands, "nothing is there that could start a run"
        with (tmp_path / "dagster" / "web.lock").open("a+") as lock:
            assert turns.take(lock, "one that works") is None
    finally:
        process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    assert process.stderr is not None
    assert f"web interface that only shows on http://127.0.0.1:{port}" in process.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL, signal.SIGINT])
def test_it_ends_with_all_it_started(
    interface: tuple[subprocess.Popen[str], Path, int], number: signal.Signals
) -> None:
    process, home, _ = interface
    # The web server and the daemon, each with the process that holds the definitions.
    until(lambda: len(processes(home)) >= 4)
    process.send_signal(number)
    ended = {signal.SIGHUP: 129, signal.SIGKILL: -9, signal.SIGINT: 0}
    assert process.wait(60) == ended[number]
    # A process that was killed cannot end the others, which end by themselves.
    until(lambda: processes(home) == [], 60 if number == signal.SIGKILL else 1)
    with (home / "dagster" / "web.lock").open("a+") as lock:
        assert turns.take(lock, "the next one") is None


def test_a_port_in_use_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        for port in (other.getsockname()[1], 0, 70000):
            assert cli.main(["ui", "--home", str(tmp_path), "--port", str(port)]) == 2
            shown = capsys.readouterr().err
            assert f"port {port} cannot be used" in shown
            assert "do: name another: --port" in shown


@pytest.mark.parametrize("option", ["--survey", "--home"])
def test_paths_are_meant_from_where_the_command_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    options = cli.parser().parse_args(["ui", option, "a/folder"])
    assert getattr(options, option.removeprefix("--")) == tmp_path / "a" / "folder"
    monkeypatch.setenv(f"MONITOR_{option.removeprefix('--').upper()}", "another/folder")
    options = cli.parser().parse_args(["ui"])
    assert getattr(options, option.removeprefix("--")) == tmp_path / "another" / "folder"
