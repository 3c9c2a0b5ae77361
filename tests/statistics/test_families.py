"""Families of tests against R's p.adjust (`golden/answer_decisions/families.R`), and what they promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from monitor.statistics.decisions.families import METHODS, adjusted

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "shuffled"])
def test_adjusted_is_p_adjust(method: str, shuffled: bool) -> None:
    told = pd.read_csv(GOLDEN / "families.csv")
    if shuffled:
        told = told.sample(frac=1, random_state=3)
    got = adjusted(told["p"], list(told["family"]), method)
    np.testing.assert_allclose(got, told[method].to_numpy(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("method", list(METHODS))
def test_equal_p_values_come_back_equal_and_none_gets_smaller(method: str) -> None:
    p = np.array([0.04, 0.01, np.nan, 0.04, 0.01, 1.0, 0.0])
    got = adjusted(p, ["one"] * 7, method)
    assert got[0] == got[3]
    assert got[1] == got[4]
    assert np.isnan(got[2])
    known = ~np.isnan(p)
    assert (got[known] >= p[known]).all()
    assert (got[known] <= 1).all()


def test_what_makes_no_family_is_refused() -> None:
    with pytest.raises(ValueError, match="one family for every p-value"):
        adjusted([0.1, 0.2], ["a"], "holm")
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        adjusted([1.2], ["a"], "holm")


def test_errors_stay_below_what_is_promised() -> None:
    """500 lists of 40 changes, 30 of them none: of the highlighted no more than 5 % are false on average; 500 families
    of 7 claims that are all none: no more than 5 % have any that is significant."""
    rng = np.random.default_rng(1995)
    shift = np.repeat([0.0, 3.5], [30, 10])
    false, any_of_none = [], []
    for _ in range(500):
        z = shift + np.sqrt(0.5) * rng.normal(size=40) + np.sqrt(0.5) * rng.normal()
        found = adjusted(ndtr(-z), ["list"] * 40, "benjamini_hochberg") < 0.05
        false.append(found[:30].sum() / max(found.sum(), 1))
        none = np.sqrt(0.5) * rng.normal(size=7) + np.sqrt(0.5) * rng.normal()
        any_of_none.append((adjusted(ndtr(-none), ["claims"] * 7, "holm") < 0.05).any())
    assert np.mean(false) <= 0.05
    assert np.mean(any_of_none) <= 0.05
