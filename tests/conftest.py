"""Fixtures every test may use. Does not belong here: what a survey is (`scenario`)."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import publication
import pytest
from hypothesis import settings

from monitor.stages import released
from monitor.storage import private

PROJECT = Path(__file__).resolve().parent.parent

# The same examples in every run, and no stopwatch: a busy machine is not a failure.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever looks at the demonstration waits for its run."""
    for item in items:
        if "demonstration" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public data beside the project. A test that needs it fails without it; it is never skipped."""
    folder = PROJECT.parent / "shared"
    missing = [name for name in ("data", "reference", "cases/turn2") if not (folder / name).is_dir()]
    if missing:
        pytest.fail(
            f"the public data are not there: {os.path.relpath(folder, PROJECT)} lacks {' and '.join(missing)}. "
            "Put the folder `shared` beside the project.",
            pytrace=False,
        )
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> publication.Published:
    """The made-up survey's lake, its definition and its first release: to look at, not to change."""
    lake, survey = publication.disclosed_lake(tmp_path_factory.mktemp("published"))
    result = released.run_all(lake, survey, list(publication.WAVES))
    assert result["new"]
    return lake, survey, Path(str(result["path"]))


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder after `monitor demo`, as a user runs it, made once for all workers: to look at, not to change. What
    the command said on its way lies beside it, in `demonstration.log`."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "demo" / "demonstration"
    folder.parent.mkdir(exist_ok=True)
    told = folder.with_suffix(".log")
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            command = [sys.executable, "-m", "monitor", "demo", "--home", str(folder), "--json"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
            assert done.returncode == 0, done.stderr
            assert Path(json.loads(done.stdout)["release"]).is_dir()
            told.write_text(done.stderr, encoding="utf-8")
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> publication.Fresh:
    """The made-up survey's lake and its definition, disclosed and not released: one test's own."""
    return publication.disclosed_lake(tmp_path)


@pytest.fixture(autouse=True)
def process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line sends the library's log to the terminal, knows one home and makes files for their owner alone;
    the next test gets the process as it was."""
    log = logging.getLogger("monitor")
    before = log.level, log.propagate, log.handlers
    monkeypatch.setattr(private, "_home", None)
    mask = os.umask(0o022)
    yield
    os.umask(mask)
    log.level, log.propagate, log.handlers = before


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder of this test alone; MONITOR_HOME points at it."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("MONITOR_HOME", str(folder))
    return folder
