"""A run that is killed leaves nothing of firms outside its home, and the next command removes what it left inside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor import cli
from monitor.storage import private
from monitor.storage.lake import Lake

ROOT = Path(__file__).parents[2]
ECUADOR = str(ROOT / "tests" / "worlds" / "surveys" / "ecuador")


@pytest.mark.slow
@pytest.mark.parametrize("point", ["2014 raw ", "2014 validated "])
def test_a_kill_leaves_nothing_outside_and_the_next_command_nothing_inside(
    point: str, tmp_path: Path, home: Path, shared: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    delivery = shared / "data" / "ecuador_sample" / "ENAIsam_labelled.sav"
    command = ["run", "--survey", ECUADOR, "--wave", "2014", "--input", str(delivery), "--home", str(home)]
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", *command], cwd=outside, start_new_session=True, text=True,
        env=os.environ | {"TMPDIR": str(outside), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    assert any(line.startswith(point) for line in process.stderr), "the point was reached"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    assert list(outside.iterdir()) == []
    assert Lake(home, "ecuador").unfinished_waves() == ["2014"]
    assert cli.main(["status", "--home", str(home)]) == 0
    left = [path for path in home.rglob("*") if private.WORK in path.parts or path.name.startswith(".building-")]
    assert left == []
