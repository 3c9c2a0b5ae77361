"""The catalogue of broken and odd deliveries: each has the outcome that expected.csv gives it, and none a traceback."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "bad_deliveries"
PROJECT = FOLDER.parent.parent
EXPECTED = list(csv.DictReader((FOLDER / "expected.csv").open(encoding="utf-8")))
TIME_LIMIT = 600
"""Seconds for all of them: none may hang"""
MEMORY_LIMIT_GB = 1.0


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    """What becomes of every delivery, in one process of its own."""
    paths = os.pathsep.join([str(PROJECT), str(PROJECT / "tests")])
    done = subprocess.run(
        [sys.executable, str(FOLDER / "take_in.py")],
        capture_output=True, text=True, timeout=TIME_LIMIT, check=True, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    return json.loads(done.stdout)


def test_the_catalogue_and_its_expectations_name_the_same_deliveries(outcomes: dict[str, Any]) -> None:
    assert [row["delivery"] for row in EXPECTED] == [name for name in outcomes if name != "peak_gb"]
    assert len(EXPECTED) >= 60


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda row: row["delivery"])
def test_outcome(outcomes: dict[str, Any], expected: dict[str, str]) -> None:
    found = outcomes[expected["delivery"]]
    assert found["outcome"] == expected["outcome"], found["says"]
    assert expected["says"] in found["says"]
    for fact in ("responses", "invalid", "line"):
        assert str(found.get(fact) or "") == expected[fact], fact


def test_no_message_shows_a_place_of_this_machine(outcomes: dict[str, Any]) -> None:
    for name, found in outcomes.items():
        if name != "peak_gb":
            assert "/tmp/" not in found["says"], name
            assert str(PROJECT) not in found["says"], name


def test_memory_stays_bounded(outcomes: dict[str, Any]) -> None:
    assert outcomes["peak_gb"] < MEMORY_LIMIT_GB
