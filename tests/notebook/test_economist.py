"""The tasks of docs/economist, as an economist would run them on the demonstration's release."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import economist
import numpy as np
import pytest

from monitor import SurveyDesign

IN_SQL = {
    1: ["trend"], 2: ["odds"], 3: ["complementarity"], 4: ["small"], 5: ["labelled"], 6: ["table"], 7: [],
    8: ["median", "decile", "none"], 9: ["sectors", "change"], 10: ["own"],
}  # fmt: skip
"""Task -> which result of tasks.py each of its queries gives"""


@pytest.fixture(scope="module")
def release(demonstration: Path) -> Path:
    return demonstration / "releases" / "noord_nederland" / "latest"


@pytest.fixture(scope="module")
def tasks(release: Path) -> Mapping[str, Any]:
    return economist.in_python(release)


@pytest.mark.slow
def test_the_ten_tasks_in_python(release: Path) -> None:
    command = [sys.executable, str(economist.TASKS / "tasks.py"), str(release)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    for told in ("micro", "size_band", "pooled", "number_of_initiatives", "Rao-Scott, second order", "manufacturing"):
        assert told in done.stdout
    own = re.search(r"from the firms\n([\d.]+) and ([\d.]+)", done.stdout)
    assert own is not None
    assert own[1] == own[2]


def test_the_tasks_know_only_the_public_names() -> None:
    source = (economist.TASKS / "tasks.py").read_text(encoding="utf-8")
    assert re.findall(r"^(?:from|import) .*$", source, re.MULTILINE) == [
        "import sys",
        "from monitor import SurveyDesign, read_release",
    ]
    assert len(re.findall(r"^# %% (\d+)\.", source, re.MULTILINE)) == 10


@pytest.mark.slow
def test_the_tasks_in_sql_give_the_figures_of_python(
    release: Path, tasks: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(release)
    asked = economist.queries()
    assert {task: len(told) for task, told in asked.items() if task} == {t: len(names) for t, names in IN_SQL.items()}
    with duckdb.connect() as client:
        for opening in asked[0]:
            client.execute(opening)
        for task, names in IN_SQL.items():
            for query, name in zip(asked[task], names, strict=True):
                told = client.execute(query).df()
                estimate, se = economist.figures(tasks, name)
                column = "odds_ratio" if name == "odds" else "estimate"
                np.testing.assert_allclose(told[column], estimate, rtol=1e-8, err_msg=name)
                if se is not None:
                    np.testing.assert_allclose(told["se"], se, rtol=1e-6, err_msg=name)
                if name == "own":
                    np.testing.assert_allclose(told["published"], tasks["told"]["estimate"])


@pytest.mark.slow
def test_what_sql_cannot_do_is_named_in_python_and_runs(
    release: Path, tasks: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(release)
    calls = economist.python_calls((economist.TASKS / "tasks.sql").read_text(encoding="utf-8"))
    logit, test, fraction = (eval(call, {"SurveyDesign": SurveyDesign}) for call in calls)
    np.testing.assert_allclose(logit.estimate, tasks["logit"].estimate, rtol=1e-10)
    assert test.statistic == pytest.approx(tasks["table"].test().statistic, rel=1e-10)
    np.testing.assert_allclose(fraction.se, tasks["fraction"].se, rtol=1e-10)
