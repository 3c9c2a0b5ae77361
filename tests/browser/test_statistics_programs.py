"""The secure files read by R, with its packages survey, mitools and haven: they fail without them, never skip."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import economist
import numpy as np
import pytest

IN_R = ["trend", "logit", "odds", "complementarity", "small", "labelled", "table", "rao_scott", "fraction", "median",
        "decile", "none", "sectors", "change", "own"]  # fmt: skip
"""The results of tasks.R, by their names in tasks.py; rao_scott is the statistic of `table.test()`"""


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


def test_the_ten_tasks_in_r_give_the_figures_of_python(demonstration: Path, tmp_path: Path) -> None:
    release = demonstration / "releases" / "noord_nederland" / "latest"
    tasks, told = economist.in_python(release), economist.in_r(release, tmp_path)
    assert told["name"].unique().tolist() == IN_R
    for name, of in told.groupby("name", sort=False):
        if name == "rao_scott":
            assert of["estimate"].tolist() == pytest.approx([tasks["table"].test().statistic], rel=1e-6)
            continue
        estimate, se = economist.figures(tasks, str(name))
        np.testing.assert_allclose(of["estimate"], estimate, rtol=1e-8, err_msg=str(name))
        if se is not None:
            np.testing.assert_allclose(of["se"], se, rtol=1e-6, err_msg=str(name))
