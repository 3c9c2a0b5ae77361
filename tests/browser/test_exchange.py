"""The SDMX-CSV file read by pysdmx, in a Python of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

READER = """
import sys
from pysdmx.io import read_sdmx
(dataset,) = read_sdmx(sys.argv[1]).data
print(dataset.short_urn, len(dataset.data), *dataset.data.columns)
"""


def test_pysdmx_reads_the_indicators(release: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "client"], check=True)
    python = tmp_path / "client" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "pysdmx[data]"], check=True)
    file = release / "public" / "sdmx" / "cis_indicators.csv"
    done = subprocess.run([python, "-c", READER, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    flow, rows, *columns = done.stdout.split()
    assert flow == "Dataflow=MONITOR:CIS_INDICATORS(1.0)"
    assert int(rows) == len(file.read_text(encoding="utf-8").splitlines()) - 1
    assert {"TIME_PERIOD", "INN_CODE", "OBS_VALUE"} <= set(columns)
