"""Fixtures every test may use. Does not belong here: what a survey is (`scenario`)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import once
import publication
import pytest
import solved
import terminal
from hypothesis import settings
from scipy import optimize

from monitor.attack import bounds
from monitor.stages import released

PROJECT = Path(__file__).resolve().parent.parent

# The same examples in every run, and no stopwatch: a busy machine is not a failure.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory"""
ROOM = 4_000_000_000
"""Bytes that all folders of a run of the tests together may need"""


def pytest_configure() -> None:
    """Folders of tests lie in memory, where there is room: a run of a wave asks the disk a thousand times to have
    written what Dagster's history holds."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


LONGEST = (
    "whole/test_demonstration.py", "attack/test_attack_sequence.py", "publication/test_released_designs.py",
    "whole/test_colombia.py", "whole/test_ecuador.py", "stages/test_disclosed_sequence.py",
    "attack/test_disclosed_attack.py", "pipelines/test_web.py", "running/test_refusals.py",
    "statistics/test_coverage.py", "statistics/test_modelled_truth.py", "whole/test_installed.py",
    "stages/test_validated.py", "running/test_signals.py", "publication/test_report.py", "whole/test_cli.py",
    "stages/test_released.py", "storage/test_released_publish.py", "rules/test_expectations.py",
    "stages/test_staged_records.py", "attack/test_attack.py",
)  # fmt: skip
"""Files that take a worker longest, in the order of it: they begin first, so that all workers end together"""
MADE = {"demonstration", "made_up", "published", "fresh", "fresh_release"}
"""Fixtures that run a survey's stages"""
DELIVERED = {"small_survey", "scenario", "take_in"}
"""What a module has that runs them over a delivery of its own"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs a survey's stages is slow. Longest files first; the others in their own order."""
    for item in items:
        module = getattr(item, "module", None)
        if MADE & {*getattr(item, "fixturenames", ())} or DELIVERED & {*vars(module)}:
            item.add_marker(pytest.mark.slow)
    places = {PROJECT / "tests" / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """What a test starts hears the signals it is sent, also where the run of the tests ignores them, as a shell lets
    what it runs in the background; such a test would wait without end."""
    ignored = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


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
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the made-up survey's definition and home, disclosed and not released: to copy, not to change."""
    return once.filled(tmp_path_factory, "made_up", publication.disclosed_lake)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, made_up: Path) -> publication.Published:
    """The made-up survey's lake, its definition and its first release: to look at, not to change."""

    def release(folder: Path) -> None:
        assert released.run_all(*publication.copied(made_up, folder), list(publication.WAVES))["new"]

    folder = once.filled(tmp_path_factory, "published", release)
    lake, survey = publication.opened(folder)
    return lake, survey, (lake.home / "releases" / survey.name / "latest").resolve()


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder after `monitor demo`, as a user runs it: to look at, not to change. What the command said on its
    way lies beside it, in `home.log`."""

    def run(folder: Path) -> None:
        command = [sys.executable, "-m", "monitor", "demo", "--home", str(folder / "home"), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, done.stderr
        assert Path(json.loads(done.stdout)["release"]).is_dir()
        (folder / "home.log").write_text(done.stderr, encoding="utf-8")

    return once.filled(tmp_path_factory, "demonstration", run) / "home"


@pytest.fixture
def fresh(tmp_path: Path, made_up: Path) -> publication.Fresh:
    """The made-up survey's lake and its definition, disclosed and not released: one test's own."""
    return publication.copied(made_up, tmp_path)


@pytest.fixture
def fresh_release(tmp_path: Path, published: publication.Published) -> publication.Published:
    """The made-up survey's lake, its definition and its first release: one test's own."""
    lake, _, release = published
    return (*publication.copied(lake.home.parent, tmp_path), tmp_path / release.relative_to(lake.home.parent))


@pytest.fixture(scope="session", autouse=True)
def programmes_solved_once() -> Iterator[None]:
    """The product's linear programmes go through a solver that remembers; a test's own do not."""
    solve = solved.once(optimize.milp)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimize, "milp", solve)
        patch.setattr(bounds, "milp", solve)
        yield


@pytest.fixture(autouse=True)
def process_as_it_was() -> Iterator[None]:
    """The next test gets the process as this one did."""
    with terminal.undone():
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder of this test alone; MONITOR_HOME points at it."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("MONITOR_HOME", str(folder))
    return folder
