"""Truth known: a small fixed-seed run of `benchmarks/models.py`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "models.py"
ALPHA = 0.025


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_of_models", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def above_chance(rate: float, surveys: int) -> float:
    """Two and a half Monte Carlo standard errors of a rate."""
    return 2.5 * float(np.sqrt(rate * (1 - rate) / surveys))


@pytest.mark.parametrize("pooled", [False, True], ids=["one wave", "three waves"])
def test_small_simulation(benchmark: ModuleType, pooled: bool) -> None:
    surveys = 40
    none = benchmark.simulate(0.0, surveys, seed=7, pooled=pooled)
    there = benchmark.simulate(0.08, surveys, seed=7, pooled=pooled)
    assert none["surveys"] == there["surveys"] == surveys
    assert none["supported"] <= ALPHA + above_chance(ALPHA, surveys)
    for line in (none, there):
        assert line["coverage_complementarity"] >= 0.95 - above_chance(0.95, surveys)
        assert line["mean_estimate"] == pytest.approx(
            line["complementarity"], abs=2.5 * line["sd_estimate"] / np.sqrt(surveys)
        )
        assert line["mean_se"] == pytest.approx(line["sd_estimate"], rel=0.35)
    assert there["supported"] == pytest.approx(
        there["printed_power"], abs=above_chance(there["printed_power"], surveys)
    )
