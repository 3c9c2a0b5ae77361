"""A census of services through the same code: the first of two waves of Colombia's survey, as far as a release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from terminal import monitor

from monitor.attack import attack

pytestmark = pytest.mark.slow

DEFINITION = Path(__file__).parents[2] / "tests" / "worlds" / "surveys" / "colombia"


def test_nothing_its_release_withholds_can_be_worked_out(tmp_path: Path, shared: Path) -> None:
    delivery = shared / "data" / "colombia" / "Estructura_EDIT_SERVICIOS_II_2008_2009.csv"
    command = ("run", "--survey", DEFINITION, "--wave", "2009", "--input", delivery)
    done = monitor(*command, "--home", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    found = attack([Path(json.loads(done.stdout)["release"])])
    assert found.cells > 0
    assert found.findings == ()
    assert found.narrowest is not None
    assert found.narrowest >= 3
