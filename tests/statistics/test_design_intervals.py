"""Intervals of extreme and unknown inputs: wide or unknown, never a warning, never beside the share."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.statistics.design.intervals import clopper_pearson, korn_graubard, logit_t

SHARES = (np.nan, 0.0, 5e-324, 1e-9, 0.3, 1 - 1e-12, 1.0)
ERRORS = (np.nan, 0.0, 5e-324, 1e-6, 0.1, 5.0, np.inf)
DEGREES = (np.nan, -1.0, 0.5, 1.0, 12.0, np.inf)
FIRMS = (np.nan, 0.0, 1.0, 30.0, np.inf)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("se", ERRORS)
def test_intervals_of_unknown_and_extreme_inputs_are_unknown_or_hold_the_share(share: float, se: float) -> None:
    n, df = (values.ravel() for values in np.meshgrid(FIRMS, DEGREES))
    shares, errors = np.full(len(n), share), np.full(len(n), se)
    for low, high in (
        logit_t(shares, errors, df),
        clopper_pearson(shares, n),
        korn_graubard(shares, errors, n, df),
        korn_graubard(shares, errors, n, df, limit=20.0),
    ):
        assert (np.isnan(low) == np.isnan(high)).all()
        assert np.isnan(low).all() or not np.isnan(share)
        known = ~np.isnan(low)
        rounding = 1e-12
        assert ((low >= 0) & (low <= share + rounding) & (share - rounding <= high) & (high <= 1))[known].all()


def test_an_interval_without_degrees_of_freedom_or_firms_says_nothing() -> None:
    assert np.array(korn_graubard(0.3, 0.1, 20, 0)).tolist() == [0, 1]
    assert np.array(clopper_pearson(0.3, 0)).tolist() == [0, 1]
    assert np.array(clopper_pearson(0.3, np.inf)).tolist() == [0.3, 0.3]
    assert np.array(logit_t(0.3, 0.1, 0)).tolist() == [0, 1]
