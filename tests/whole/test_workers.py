"""What workers gain and cost: sums by parts against the firms themselves, the line on paper, the table that is told."""

from __future__ import annotations

import pickle
import signal
import socket
import subprocess
import sys
from contextlib import suppress
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
wave = benchmark.loaded("wave.py")


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
    told = workers.paper([workers.slope(small, lines)], lines)
    assert told["workers"] == 100
    assert told["units"] == 10
    assert told["megabytes"] == 50.0
    assert told["seconds"] == round(2.0 + 3.0 + 1.0 + 50e6 / 125e6, 1)


def test_the_line_of_a_wave_on_paper_by_hand(tmp_path: Path) -> None:
    """150 units of 30 seconds, of which each worker takes two at most, then two of 4: 20 of 54 seconds are serial.
    Two workers took 12.5 for 40 units of 34 / 152 each. What 150 have in common goes to a hundred, of two to two."""
    (tmp_path / "units").write_text(
        '[{"units": 150, "seconds": 30.0, "common": 1000000, "own": 500000},'
        ' {"units": 2, "seconds": 4.0, "common": 3000000, "own": 0}]',
        encoding="utf-8",
    )
    lines = [
        {"work": "wave", "processor_seconds": 54.0},
        {"workers": 2, "worker_processor_seconds": 12.5, "megabytes": 25.0, "cluster_units": 40},
    ]
    told = workers.paper(workers.noted(tmp_path / "units"), lines)
    assert told["units"] == 152
    assert told["megabytes"] == 106.5
    start = (12.5 - 40 * 34 / 152) / 2
    assert told["seconds"] == round(20 + start + 2 * 30 / 150 + 4 / 2 + 106.5e6 / 125e6, 1)


def test_a_shared_work_is_noted_with_what_would_travel() -> None:
    works: list[dict[str, float]] = []
    noting = wave.noting(lambda function, common, items: [function(common, item) for item in items], works)
    common, items = b"c" * 1000, [b"i" * 100] * 3
    assert noting(lambda common, item: common + item, common, items) == [common + items[0]] * 3
    assert noting(lambda common, item: item, common, items[:1]) == items[:1]
    (found,) = works
    assert found["units"] == 3
    assert found["common"] == len(pickle.dumps(common, pickle.HIGHEST_PROTOCOL))
    assert found["own"] == 3 * sum(len(pickle.dumps(b"x" * n, pickle.HIGHEST_PROTOCOL)) for n in (100, 1100))


IN_THE_MIDDLE = """
import signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import workers
folder, workers.ADDRESS = Path(sys.argv[2]), f"tcp://127.0.0.1:{sys.argv[3]}"

def measured(name, numbers):
    with workers.dask(1, folder), workers.begun(["-c", "import time; time.sleep(600)"], folder / "printed"):
        print("there", flush=True)
        signal.pause()

workers.measured = measured
sys.argv[1:] = ["--works", "parts"]
workers.main()
"""


@pytest.mark.slow
def test_ended_from_outside_it_leaves_no_process(tmp_path: Path) -> None:
    """In the middle of a run, with a scheduler and a worker: their working folder tells them from all others."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", IN_THE_MIDDLE, str(ROOT / "benchmarks"), str(tmp_path), str(port)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    assert len(working_in(tmp_path)) == 3
    process.terminate()
    assert process.wait() == 128 + signal.SIGTERM
    assert working_in(tmp_path) == []


def working_in(folder: Path) -> list[str]:
    """The processes whose working folder this is."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if place.readlink() == folder:
                found.append(place.parent.name)
    return found


NAMED = {
    "wave": "a wave, from its delivery to a release",
    "coverage": "200 draws of `coverage.py` (stratified)",
    "parts": "100 million firms by cells, 64 parts",
}
"""Work -> what README calls it"""


def test_readme_tells_the_committed_table() -> None:
    table = pd.read_csv(ROOT / "benchmarks" / "workers.csv")
    assert table["work"].unique().tolist() == list(workers.WORKS) == list(NAMED)
    rows, clock = [], []
    for work, lines in table.groupby("work", sort=False):
        assert lines["workers"].tolist() == [0, 1, 2, 3, workers.PAPER]
        cells, seconds = [NAMED[work]], [NAMED[work]]
        for line in lines.itertuples():
            assert line.on_paper == (line.workers == workers.PAPER)
            if line.on_paper:
                cells.append(f"{line.seconds:.1f} s, {line.megabytes:.1f} MB")
                seconds.append(f"{line.units}")
            elif line.workers:
                used = f"{line.processor_seconds:.1f} + {line.worker_processor_seconds:.1f} s"
                cells.append(f"{used}, {line.megabytes:.1f} MB")
                seconds.append(f"{line.seconds:.0f} s, {line.cluster_units:.0f} units")
            else:
                assert line.megabytes == line.cluster_units == 0
                cells.append(f"{line.processor_seconds:.1f} s")
                seconds.append(f"{line.seconds:.0f} s")
        rows.append(f"| {' | '.join(cells)} |")
        clock.append(f"| {' | '.join(seconds)} |")
    assert told_after(ROOT / "README.md", "| workers | 0 | 1 | 2 | 3 | 100, on paper |") == rows
    assert told_after(ROOT / "docs" / "speed.md", "| workers | 0 | 1 | 2 | 3 | units there are |") == clock
    paper = table[table["on_paper"]].set_index("work")["seconds"]
    told = (
        f"{paper['wave']:.1f} seconds for the wave, {paper['coverage']:.1f} for the draws and {paper['parts']:.1f} for"
    )
    assert f"A hundred workers, on paper, take {told} the parts." in (ROOT / "docs" / "speed.md").read_text("utf-8")


def told_after(file: Path, head: str) -> list[str]:
    """The rows of the table under this head."""
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = lines[lines.index(head) + 2 :]
    return rows[: next(place for place, line in enumerate(rows) if not line.startswith("|"))]
