"""What a notebook gives holds what it promises: a short version of benchmarks/notebook.py with fixed seeds."""

from __future__ import annotations

from pathlib import Path

import benchmark
import pandas as pd
import pytest

COMMITTED = Path(__file__).parents[2] / "benchmarks" / "notebook.csv"
DRAWS = 60

program = benchmark.loaded("notebook.py")


@pytest.mark.slow
def test_intervals_cover_and_tests_keep_their_size_in_sixty_draws() -> None:
    lines = program.run(DRAWS).set_index("asked")
    assert set(lines.index) == set(pd.read_csv(COMMITTED)["asked"])
    # Three and a half standard errors of a coverage of 95 % in sixty draws are ten points.
    assert (lines["coverage"] >= 0.85).all(), lines


def test_the_committed_table_says_which_intervals_fall_short() -> None:
    table = pd.read_csv(COMMITTED)
    assert (table["draws"] == 2000).all()
    assert (table["coverage"].between(program.LEAST, program.MOST) == table["within"]).all()
    outside = table[~table["within"]].set_index("asked")["coverage"]
    assert outside.index.tolist() == [
        "quantile 0.25 of turnover, information, xlogit",
        *(f"quantile 0.5 of turnover, information, {kind}" for kind in program.KINDS),
        "quantile 0.9 of turnover, information, mean",
        "small areas, modelled",
    ], "docs/methods.md tells of these"
    assert outside.between(0.915, 0.975).all()
    areas = table.set_index("asked")["rmse"].astype(float)
    assert areas["small areas, modelled"] < 0.7 * areas["small areas, direct"]
