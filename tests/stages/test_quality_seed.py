"""How far another seed of filling in would move what is published, from the columns that the lake keeps."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from monitor.statistics.imputation.rubin import combine
from monitor.storage.lake import statement

COPIES = 20


def drawn() -> tuple[pd.DataFrame, np.ndarray]:
    """Three figures combined from twenty copies, and sqrt(B / m) over the error of each."""
    rng = np.random.default_rng(8)
    estimates, variances = rng.normal(0.3, [0.01, 0.02, 0.005], (COPIES, 3)), np.full((COPIES, 3), 0.0009)
    both = combine(estimates, variances, [30, 400, 12], measured=[False, False, True])
    table = pd.DataFrame({"fmi": both.fmi, "df": both.df, "copies": COPIES})
    return table, np.sqrt(estimates.var(axis=0, ddof=1) / COPIES) / both.se


def test_of_headlines_the_largest() -> None:
    table, told = drawn()
    estimated_indicators = table.assign(indicator=["a", "b", "c"], domain_variable="all")
    connection = duckdb.connect()
    connection.register("estimated_indicators", estimated_indicators)
    found = connection.execute(statement("disclosed", "quality_seed"), {"headlines": ["a", "c"]}).df()
    assert found["value"].item() == pytest.approx(max(told[0], told[2]), rel=1e-9)


def test_of_claims_those_of_their_contrasts() -> None:
    table, told = drawn()
    keys = {"model": "m", "variant": "main", "contrast": ["a", "b", "c"]}
    connection = duckdb.connect()
    connection.register("modelled_contrasts", table[["fmi", "df"]].assign(**keys))
    connection.register("modelled_models", pd.DataFrame({"model": ["m"], "variant": ["main"], "copies": [COPIES]}))
    connection.register("modelled_claims", pd.DataFrame({"model": ["m"], "variant": ["main"], "contrast": ["b"]}))
    found = connection.execute(statement("disclosed", "quality_seed_claims")).df()
    assert found["value"].item() == pytest.approx(told[1], rel=1e-9)


def test_of_replicates_the_error_of_a_standard_error() -> None:
    """The spread over 400 seeds of the standard deviation of 200 normal numbers, as part of it."""
    connection = duckdb.connect()
    weights = [np.ones(200).tolist()] * 3
    connection.register("weighted_replicates", pd.DataFrame({"firm": ["a", "b", "c"], "weights": weights}))
    found = connection.execute(statement("disclosed", "quality_replicates")).df()
    told = np.random.default_rng(5).normal(size=(400, 200)).std(axis=1, ddof=1)
    assert found["value"].item() == pytest.approx(told.std(ddof=1) / told.mean(), rel=0.1)
