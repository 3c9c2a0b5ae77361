"""The ten tasks of docs/economist in Python: the figures that the same tasks in other languages are held against."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import numpy as np
import pandas as pd

TASKS = Path(__file__).parents[2] / "docs" / "economist"


def in_python(release: Path) -> Mapping[str, Any]:
    """The names of tasks.py with what they hold after a run."""
    with (
        mock.patch.object(sys, "argv", ["tasks.py", str(release)]),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        return runpy.run_path(str(TASKS / "tasks.py"))


def in_r(release: Path, folder: Path) -> pd.DataFrame:
    """What tasks.R gives, with 15 digits: name of the result, estimate, se (NaN: it has none)."""
    command = ["Rscript", "--vanilla", str(Path(__file__).with_name("tasks.R")), str(release), str(TASKS), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return pd.read_csv(folder / "results.csv")


def figures(tasks: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    """Estimates and standard errors (None: it has none) of one result."""
    found = tasks[name]
    if name == "table":
        found = found.cells
    if isinstance(found, pd.DataFrame):
        return found["odds_ratio" if name == "odds" else "estimate"].to_numpy(float), None
    return np.asarray(found.estimate), np.asarray(found.se)


def queries() -> dict[int, list[str]]:
    """Task -> its queries in tasks.sql; 0: what opens the databases."""
    parts = re.split(r"^-- (\d+)\.", (TASKS / "tasks.sql").read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = {0: parts[0]} | {int(n): "-- " + text for n, text in zip(parts[1::2], parts[2::2], strict=True)}
    return {task: [s.query for s in duckdb.extract_statements(text)] for task, text in texts.items()}


def python_calls(text: str) -> list[str]:
    """The calls of the library that a text names."""
    return re.findall(r"SurveyDesign\.from_release\(.*$", text, re.MULTILINE)
