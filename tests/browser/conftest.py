"""What the browser tests share. They fail without Chromium and axe-core (`chromium`), never skip; `.ci/run` installs
Chromium, npm fetches axe-core into a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import publication
import pytest


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    return chromium.axe_source(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, of all tests."""
    with chromium.opened() as found:
        yield found


@pytest.fixture(scope="session")
def release(published: publication.Published) -> Path:
    """A release of the made-up survey."""
    return published[2]
