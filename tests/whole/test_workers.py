"""What workers gain and cost: sums by parts against the firms themselves, the line on paper, the table that is told."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import benchmark
import duckdb
import numpy as np
import pandas as pd
import pytest

from monitor.statistics import SurveyDesign

ROOT = Path(__file__).parents[2]
FIRMS = 20_000

parts = benchmark.loaded("parts.py")
workers = benchmark.loaded("workers.py")


def test_sums_of_parts_give_what_the_firms_do(tmp_path: Path) -> None:
    ends = [0, 7_000, 7_001, FIRMS]
    for number, (first, last) in enumerate(pairwise(ends)):
        parts.make(str(tmp_path), (number, first, last))
    total = parts.added(str(tmp_path), range(3))
    firms = duckdb.sql(f"FROM read_parquet('{tmp_path}/*.parquet')").df()
    assert total[:, :, 0].sum() == len(firms) == FIRMS
    assert total[:, :, 1].sum() == firms["turnover"].sum()
    assert total[:, :, 2].sum() == (firms["turnover"].astype(np.int64) ** 2).sum()
    size = firms.groupby("stratum")["stratum"].transform("size")
    design = SurveyDesign(
        weights=np.full(FIRMS, 1 / parts.FRACTION), strata=firms["stratum"], population=size / parts.FRACTION
    )
    expected = design.mean(firms[["cooperates", "turnover"]].astype(float))
    for place, (estimate, error) in enumerate(parts.estimates(total).values()):
        assert estimate == pytest.approx(expected.estimate[place], rel=1e-12)
        assert error == pytest.approx(expected.se[place], rel=1e-9)


def test_the_line_on_paper_by_hand() -> None:
    """Ten units take 12 seconds and four 6: a second each, and two of start. Two workers took 11 for 5 units: three
    each to start. 25 MB of 5 units are 50 of ten."""
    small = {"units": 4, "processor_seconds": 6.0}
    lines = [
        {"work": "parts", "units": 10, "processor_seconds": 12.0},
        {"workers": 2, "worker_processor_seconds": 11.0, "megabytes": 25.0, "cluster_units": 5},
    ]
    told = workers.paper(small, lines)
    assert told["workers"] == 100
    assert told["megabytes"] == 50.0
    assert told["seconds"] == round(2.0 + 3.0 + 1.0 + 50e6 / 125e6, 1)


def test_readme_tells_the_committed_table() -> None:
    table = pd.read_csv(ROOT / "benchmarks" / "workers.csv")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(table["work"]) == set(workers.WORKS)
    for _, lines in table.groupby("work"):
        assert lines["workers"].tolist() == [0, 1, 2, 3, workers.PAPER]
        cells = []
        for line in lines.itertuples():
            if line.on_paper:
                cells.append(f"{line.seconds:.1f} s, {line.megabytes:.1f} MB")
            elif line.workers:
                seconds = f"{line.processor_seconds:.1f} + {line.worker_processor_seconds:.1f} s"
                cells.append(f"{seconds}, {line.megabytes:.1f} MB")
            else:
                cells.append(f"{line.processor_seconds:.1f} s")
        assert f"| {' | '.join(cells)} |" in readme
