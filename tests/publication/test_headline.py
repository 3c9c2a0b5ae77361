"""docs/headline.py: the answer of the demonstration's start page, once more from the secure database alone."""

from __future__ import annotations

import ast
import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.storage.lake import connect

SCRIPT = Path(__file__).parents[2] / "docs" / "headline.py"
LONGEST = 60


def test_the_script_is_short_and_knows_nothing_of_the_product() -> None:
    source = SCRIPT.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONGEST
    names = {alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert names == {"sys", "duckdb", "numpy", "pandas", "scipy.special"}


@pytest.mark.slow
def test_the_script_gives_the_headline_of_the_start_page(demonstration: Path) -> None:
    release = demonstration / "releases" / "noord_nederland" / "latest"
    command = [sys.executable, str(SCRIPT), str(release / "secure" / "microdata.duckdb")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    estimate, se, low, high, _ = map(float, done.stdout.split())
    with connect(release / "public" / "monitor.duckdb", read_only=True) as connection:
        told = connection.execute(
            "SELECT estimate, se, ci_low, ci_high FROM contrasts WHERE wave = 'pooled' AND model = 'top_innovator' "
            "AND variant = 'main' AND contrast = 'complementarity'"
        ).fetchone()
    assert told is not None
    # Fits stop where no coefficient moves by a ten-thousandth; bounds lack the linearised error's part in their
    # degrees of freedom. Both are less than a thousandth of the error.
    assert (estimate, se, low, high) == pytest.approx(told, abs=1e-3 * told[1])
    page = (release / "public" / "report" / "en" / "index.html").read_text(encoding="utf-8")
    words = html.unescape(re.sub(r"<[^>]+>", " ", page))
    printed = [re.escape(f"{100 * value:.1f}") for value in (estimate, low, high)]
    assert re.search(r"\D.{0,80}?".join(printed), words), "the start page prints these numbers, to a tenth of a point"
