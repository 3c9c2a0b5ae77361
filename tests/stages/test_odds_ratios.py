"""Odds ratios with their intervals, from the printed ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from monitor.stages.disclosed.readable import with_odds_ratios


def test_the_interval_is_exp_of_the_printed_bounds_and_withheld_with_them() -> None:
    terms = pd.DataFrame({"ci_low": [-0.5, np.nan], "ci_high": [np.log(2), np.nan]})
    found = with_odds_ratios(terms)
    assert found["odds_ratio_low"].to_list() == pytest.approx([0.606531, np.nan], nan_ok=True, abs=0)
    assert found["odds_ratio_high"].to_list() == pytest.approx([2.0, np.nan], nan_ok=True, abs=0)
    none = with_odds_ratios(terms.iloc[:0])
    assert none[["odds_ratio_low", "odds_ratio_high"]].dtypes.to_list() == [np.float64, np.float64]
