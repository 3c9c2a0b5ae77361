"""`monitor ui` as a user starts it, and what its server is asked. Not here: what is expected of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RUNS = """{runsOrError {... on Runs {results {
    runId jobName status startTime endTime tags {key value} }}}}"""
LAUNCH = """mutation($job: String!, $tags: [ExecutionTag!]!) {launchRun(executionParams: {
    selector: {repositoryLocationName: "monitor", repositoryName: "__repository__", jobName: $job}, mode: "default",
    executionMetadata: {tags: $tags}}) {__typename ... on LaunchRunSuccess {run {runId}}}}"""
MESSAGES = """query($run: ID!) {logsForRun(runId: $run) {... on EventConnection {events {
    ... on MessageEvent {message}}}}}"""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def until(true: Callable[[], Any], seconds: float = 180) -> Any:
    """What the question answers once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.3)
    return found


def asked(port: int, query: str, **variables: object) -> dict[str, Any]:
    """What the server answers to a question of GraphQL; nothing while it does not answer yet."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer)["data"] or {})
    except OSError:
        return {}


def runs(port: int) -> list[dict[str, Any]]:
    """Every run of the history, oldest first."""
    found = list(asked(port, RUNS).get("runsOrError", {}).get("results", []))
    for run in found:
        run["tags"] = {tag["key"]: tag["value"] for tag in run["tags"]}
    return found[::-1]


def launched(port: int, job: str, wave: str) -> str:
    """Start a wave as the web interface's button does; the run's id."""
    tags = [{"key": "dagster/partition", "value": wave}]
    return str(asked(port, LAUNCH, job=job, tags=tags)["launchRun"]["run"]["runId"])


def messages(port: int, run: str) -> str:
    """What stands on a run's page."""
    events = asked(port, MESSAGES, run=run).get("logsForRun", {}).get("events", [])
    return "\n".join(event.get("message", "") for event in events)


@contextmanager
def interface(folder: Path, home: Path, options: Sequence[str], python: str | Path = sys.executable) -> Iterator[int]:
    """`monitor ui` over a home, started in a folder; its port, once it knows its jobs. Ends with all it started."""
    port = free_port()
    command = [str(python), "-m", "monitor", "ui", "--home", str(home), "--port", str(port), *options]
    unset = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    with (folder / "interface.log").open("w") as told:
        process = subprocess.Popen(command, cwd=folder, env=unset, stdout=subprocess.DEVNULL, stderr=told)
    jobs = "{repositoriesOrError {... on RepositoryConnection {nodes {jobs {name}}}}}"
    try:
        until(lambda: "_wave" in json.dumps(asked(port, jobs)), 400)
        yield port
    finally:
        process.terminate()
        process.wait(60)
