"""A release opened and queried by DuckDB 1.2, the oldest client it promises to work with, from the package registry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

OLDEST = "1.2.0"
QUESTIONS = """
import duckdb, json, sys
assert duckdb.__version__ == sys.argv[2]
told = {}
with duckdb.connect(sys.argv[1] + "/public/monitor.duckdb", read_only=True) as connection:
    for view in ("headline", "trend", "claims_now", "indicators", "codebook"):
        told[view] = len(connection.execute(f"FROM {view}").fetchall())
    comment = "SELECT comment FROM duckdb_tables() WHERE table_name = 'indicators'"
    told["comment"] = connection.execute(comment).fetchone()[0]
with duckdb.connect(sys.argv[1] + "/secure/microdata.duckdb", read_only=True) as connection:
    told["share"] = connection.execute("FROM estimate_share(cooperates, domains := size_band)").fetchall()
print(json.dumps(told))
"""


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with that DuckDB and nothing else."""
    folder = tmp_path_factory.mktemp("client")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"duckdb=={OLDEST}"], check=True)
    return python


def test_duckdb_1_2_reads_tables_views_comments_and_macros(client: Path, release: Path) -> None:
    done = subprocess.run([client, "-c", QUESTIONS, str(release), OLDEST], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["headline"] == 8
    assert told["comment"].startswith("Indicators")
    assert len(told["share"]) == 8
    assert all(0 < row[5] < 1 and row[6] > 0 for row in told["share"])
