"""Intervals of participants cover the truth: a short version of benchmarks/participation.py with fixed seeds."""

from __future__ import annotations

from pathlib import Path

import benchmark
import pandas as pd
import pytest

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
participation = benchmark.loaded("participation.py")


def test_intervals_cover_in_sixty_draws() -> None:
    lines = participation.run(60)
    asked = lines[lines.asked]
    # Three and a half standard errors of a coverage of 95% in sixty draws are ten points.
    assert (asked.coverage >= 0.85).all(), asked
    # The mean of the estimates is within three and a half of its own standard errors of the truth.
    assert ((asked.mean_estimate - asked.truth).abs() < 3.5 * asked.sd_estimate / 60**0.5).all(), asked


def test_the_committed_table_holds_kinds_and_initiatives_with_thirty_participants() -> None:
    table = pd.read_csv(BENCHMARKS / "participation.csv")
    assert set(table.code) == {
        "all",
        *participation.INITIATIVES,
        *(kind for kind, _ in participation.INITIATIVES.values()),
    }
    assert (table.draws >= 1000).all()
    assert (table.coverage.between(participation.LEAST, participation.MOST) == table.within).all()
    assert ((table.grouped_by != "initiative") | (table.participants >= participation.ENOUGH)).equals(table.asked)
    assert table[table.asked].within.all()
