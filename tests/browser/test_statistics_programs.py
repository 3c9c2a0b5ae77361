"""The secure files read by R, with its packages survey, mitools and haven: they fail without them, never skip."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_script_for_r_prints_the_figure_it_promises(release: Path) -> None:
    secure = release / "secure"
    script = secure / "figure.R"
    done = subprocess.run(["Rscript", script, secure], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"apt-get install r-base-core r-cran-survey r-cran-mitools r-cran-haven\n{done.stderr}"
    estimate, se = map(float, done.stdout.splitlines()[0].split())
    again = [sys.executable, secure / "figure.py", secure]
    macro = subprocess.run(again, capture_output=True, text=True, check=True, timeout=300).stdout
    assert (estimate, se) == pytest.approx(tuple(map(float, macro.split())), abs=1.5e-6)
    (told,) = re.findall(r"prints estimate (\S+) and", script.read_text(encoding="utf-8"))
    assert estimate == pytest.approx(float(told), abs=1e-6)
    assert 0 <= float(done.stdout.split()[-1]) <= 1, "Rao and Scott's test"
