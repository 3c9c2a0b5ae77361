"""The tasks of docs/economist, as an economist would run them on the demonstration's release."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TASKS = Path(__file__).parents[2] / "docs" / "economist"


@pytest.mark.slow
def test_the_ten_tasks_in_python(demonstration: Path) -> None:
    release = demonstration / "releases" / "noord_nederland" / "latest"
    command = [sys.executable, str(TASKS / "tasks.py"), str(release)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    for told in ("micro", "size_band", "pooled", "number_of_initiatives", "Rao-Scott, second order", "manufacturing"):
        assert told in done.stdout
    own = re.search(r"from the firms\n([\d.]+) and ([\d.]+)", done.stdout)
    assert own is not None
    assert own[1] == own[2]


def test_the_tasks_know_only_the_public_names() -> None:
    source = (TASKS / "tasks.py").read_text(encoding="utf-8")
    assert re.findall(r"^(?:from|import) .*$", source, re.MULTILINE) == [
        "import sys",
        "from monitor import SurveyDesign, read_release",
    ]
    assert len(re.findall(r"^# %% (\d+)\.", source, re.MULTILINE)) == 10
