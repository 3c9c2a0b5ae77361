"""The notebook of docs/economist, cell by cell as a notebook runs it: outputs are shown, none is kept in the file."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import economist
import pandas as pd
import pytest

NOTEBOOK = economist.TASKS / "notebook.ipynb"


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def shown(cells: list[dict[str, Any]]) -> Iterator[tuple[str, object]]:
    """Each cell of code with what a notebook shows under it: the value of its last line, where that is one."""
    names: dict[str, Any] = {}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        lines = ast.parse(source).body
        last = lines.pop() if isinstance(lines[-1], ast.Expr) else None
        exec(compile(ast.Module(lines, []), cell["id"], "exec"), names)
        yield source, None if last is None else eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)


def test_it_is_a_notebook_without_outputs(cells: list[dict[str, Any]]) -> None:
    whole = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in cells:
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | code
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
def test_every_cell_runs_and_shows_something(
    cells: list[dict[str, Any]], demonstration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "monitor-home").symlink_to(demonstration)
    monkeypatch.chdir(tmp_path)
    told = list(shown(cells))
    assert len(told) == sum(cell["cell_type"] == "code" for cell in cells)
    for source, value in told:
        assert value is not None, source
        assert str(value).strip(), source
    frames = [value for _, value in told if isinstance(value, pd.DataFrame)]
    assert frames
    assert all(len(frame) for frame in frames)
    of_size = next(value for source, value in told if source == 'wave.mean("top_innovator", by="size_band")')
    assert "micro" in of_size._repr_html_()
