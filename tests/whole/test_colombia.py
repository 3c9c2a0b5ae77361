"""A census of services through the same code: each of two waves of Colombia's survey, as far as a release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from terminal import monitor

from monitor.attack import attack

pytestmark = pytest.mark.slow

DELIVERIES = {
    "2009": "Estructura_EDIT_SERVICIOS_II_2008_2009.csv",
    "2015": "Estructura_EDIT_SERVICIOS_V_2014_2015.csv",
}
DEFINITION = Path(__file__).parents[2] / "tests" / "worlds" / "surveys" / "colombia"


@pytest.mark.parametrize("wave", DELIVERIES)
def test_nothing_its_release_withholds_can_be_worked_out(tmp_path: Path, shared: Path, wave: str) -> None:
    """In 2015 four firms are top innovators: no model, and most lines withheld."""
    delivery = shared / "data" / "colombia" / DELIVERIES[wave]
    command = ("run", "--survey", DEFINITION, "--wave", wave, "--input", delivery)
    done = monitor(*command, "--home", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    found = attack([Path(json.loads(done.stdout)["release"])])
    assert found.cells > 0
    assert found.findings == ()
    assert found.narrowest is not None
    assert found.narrowest >= 3
