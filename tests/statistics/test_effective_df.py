"""Degrees of freedom read back from intervals that R made (`golden/answer_decisions/effective_df.R`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.precision import to_error
from monitor.statistics.decisions.effective_df import Printed, given_df, printed_df
from monitor.statistics.design.intervals import clopper_pearson, log_t, logit_t, student_t
from monitor.statistics.imputation.rubin import combine

GOLDEN = Path(__file__).parents[1] / "golden" / "answer_decisions"


def test_degrees_of_freedom_and_scale_are_those_the_interval_was_made_with() -> None:
    for _, told in pd.read_csv(GOLDEN / "effective_df.csv").iterrows():
        got = printed_df(told["estimate"], told["se"], told["low"], told["high"])
        assert got.scale == told["scale"]
        assert got.df == pytest.approx(told["df"], rel=1e-6)


def test_a_reader_gets_the_interval_back() -> None:
    """From digits as they are published: six of each number are enough for the bounds to three."""
    rng = np.random.default_rng(1946)
    for scale, interval in (("difference", student_t), ("logit", logit_t), ("log", log_t)):
        for _ in range(200):
            estimate, se, df = rng.uniform(0.1, 0.6), rng.uniform(0.01, 0.05), float(rng.uniform(2, 80))
            low, high = (float(x) for x in interval(estimate, se, df))
            got = printed_df(estimate, se, low, high)
            assert got.scale == scale
            again = interval(round(estimate, 6), round(se, 6), got.df)
            assert [float(x) for x in again] == pytest.approx([low, high], rel=1e-3)


def test_of_completed_copies_they_are_barnard_and_rubins() -> None:
    got = combine([0.412, 0.388, 0.451, 0.402, 0.437], [0.0121, 0.0117, 0.0130, 0.0119, 0.0124], 2601)
    low, high = (float(x) for x in student_t(got.estimate, got.se, got.df))
    assert printed_df(float(got.estimate), float(got.se), low, high).df == pytest.approx(float(got.df), rel=1e-6)


def test_what_no_t_gives_says_so() -> None:
    exact = [float(x) for x in clopper_pearson(0.024, 97)]
    assert printed_df(0.024, np.sqrt(0.024 * 0.976 / 97), *exact).scale == "other"
    for values in ((0.1, 0.0, 0.1, 0.1), (0.1, 0.01, 0.09, 0.11), (0.1, 0.01, -0.1, 0.3), (np.nan, 0.1, 0.0, 1.0)):
        got = printed_df(*values)
        assert (got.scale, np.isnan(got.df)) == ("other", True)


FREE = (-np.inf, np.inf)


@pytest.mark.parametrize(("scale", "interval"), [("difference", student_t), ("logit", logit_t), ("log", log_t)])
def test_degrees_of_freedom_that_give_the_printed_digits_are_kept(scale: str, interval: object) -> None:
    rng = np.random.default_rng(1908)
    for _ in range(200):
        estimate, se, df = rng.uniform(0.1, 0.6), rng.uniform(0.01, 0.05), float(rng.uniform(1.2, 400))
        printed = [to_error(float(x), se) for x in (estimate, se, *interval(estimate, se, df))]  # type: ignore[operator]
        assert given_df(*printed, df, FREE) == Printed(df, scale)


def test_a_bound_at_the_end_of_the_measure_is_still_of_t() -> None:
    low, high = (float(x) for x in student_t(0.03, 0.02, 12.0))
    assert low < 0
    assert given_df(0.03, 0.02, 0.0, high, 12.0, (0.0, 1.0)) == Printed(12.0, "difference")
    assert given_df(0.03, 0.02, 0.0, high, 12.0, FREE).scale == "other", "without an end at zero it is no interval of t"
    assert given_df(0.03, 0.02, low, high, 12.0, (0.0, 1.0)).scale == "difference", "found from its own two halves"


def test_degrees_of_freedom_that_do_not_give_the_interval_are_not_told() -> None:
    low, high = (float(x) for x in student_t(0.3, 0.04, 9.0))
    got = given_df(0.3, 0.04, low, high, 25.0, FREE)
    assert (got.scale, round(got.df, 4)) == ("difference", 9.0)
    exact = [float(x) for x in clopper_pearson(0.024, 97)]
    assert given_df(0.024, np.sqrt(0.024 * 0.976 / 97), *exact, 90.0, (0.0, 1.0)).scale == "other"
