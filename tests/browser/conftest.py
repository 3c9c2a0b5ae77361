"""What the browser tests need from outside Python: Debian's Chromium, and axe-core from the npm registry.

They fail without them, never skip; `.ci/run` installs Chromium, npm fetches axe-core into a temporary folder.
"""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import publication
import pytest

AXE = "axe-core@4.14.1"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def axe_source(folder: Path) -> str:
    """The source of axe-core, fetched into a folder."""
    done = subprocess.run(["npm", "pack", AXE, "--silent"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"npm could not fetch {AXE}: {done.stderr}"
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode("utf-8")


@contextmanager
def opened() -> Iterator[Any]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM.exists(), "Debian's chromium is not installed: apt-get install chromium"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    return axe_source(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, of all tests."""
    with opened() as found:
        yield found


@pytest.fixture(scope="session")
def release(published: publication.Published) -> Path:
    """A release of the made-up survey."""
    return published[2]
