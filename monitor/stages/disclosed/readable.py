"""How a reader gets each printed interval from the estimate and standard error beside it: the columns for that.

Belongs here: degrees of freedom and the interval's kind, line by line; intervals of odds ratios. Does not belong here:
intervals themselves (`estimated`, `modelled`), withholding them (`primary`, `complementary`).

The degrees of freedom of a line tell what its standard error and interval tell already, and are withheld with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from monitor.precision import to_error
from monitor.statistics.decisions.effective_df import Printed, given_df
from monitor.survey import Survey

Ends = tuple[float, float]

ANYTHING: Ends = (-np.inf, np.inf)
AMOUNTS: Ends = (0.0, np.inf)
SHARES: Ends = (0.0, 1.0)

OF_MODELS = ("terms", "contrasts", "claims", "answer")
"""The tables of models in which every line has an interval with its degrees of freedom"""
OF_FEW = {"share": "exact", "points": "score"}
"""How an interval is made where events are few, by the unit of the estimate (`models.result.Estimates.interval`)"""
OF_ESTIMATOR = {"share": "exact", "median": "quantile"}
"""How an indicator's interval is made where it is not of Student's t"""


def indicators_readable(lines: pd.DataFrame, survey: Survey) -> pd.DataFrame:
    """Lines of indicators with `df` and `interval_kind`. Amounts end at zero, shares and percentages at one too."""

    def found(line: Mapping[Any, Any]) -> tuple[Printed, str]:
        indicator = survey.indicators[str(line["indicator"])]
        kind = survey.measures[indicator.measure].type
        ends = SHARES if indicator.estimator == "share" or kind == "percentage" else AMOUNTS
        # An amount that can be negative has no end: its bounds lie where t puts them.
        own = _given(line, "estimate", ANYTHING)
        told = own if own.scale != "other" else _given(line, "estimate", ends)
        return told, OF_ESTIMATOR.get(indicator.estimator, "other")

    return _with(lines, found)


def changes_readable(changes: pd.DataFrame) -> pd.DataFrame:
    """Changes with `df` and `interval_kind`."""
    return _with(changes, lambda line: (_given(line, "change", ANYTHING), "other"))


def of_model_readable(name: str, lines: pd.DataFrame) -> pd.DataFrame:
    """The lines of a table of models – `terms`, `contrasts`, `claims`, `answer` – with `df` and `interval_kind`."""

    def found(line: Mapping[Any, Any]) -> tuple[Printed, str]:
        unit = "points" if name == "answer" else str(line.get("unit"))
        return _given(line, "estimate", ANYTHING), OF_FEW.get(unit, "other")

    return _with(lines, found) if name in OF_MODELS else lines


def with_odds_ratios(terms: pd.DataFrame) -> pd.DataFrame:
    """`terms` with each interval as one of the odds ratio: exp of its bounds, which has the same coverage.

    Of the printed bounds, rounded and withheld as they are, so that it tells nothing more than they do.
    """
    bounds = {"odds_ratio_low": "ci_low", "odds_ratio_high": "ci_high"}
    values = {
        name: pd.Series([to_error(x, None) for x in np.exp(terms[bound].to_numpy(float))], terms.index, dtype="float64")
        for name, bound in bounds.items()
    }
    return terms.assign(**values)


def _given(line: Mapping[Any, Any], estimate: str, ends: Ends) -> Printed:
    at, se, low, high, df = (_number(line.get(name)) for name in (estimate, "se", "ci_low", "ci_high", "df"))
    return given_df(at, se, low, high, df, ends)


def _number(value: object) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)  # type: ignore[call-overload, arg-type]


def _with(lines: pd.DataFrame, found: Callable[[Mapping[Any, Any]], tuple[Printed, str]]) -> pd.DataFrame:
    if not len(lines):
        return lines
    told = []
    for line in lines.to_dict("records"):
        printed, else_kind = found(line)
        there = pd.notna(line["ci_low"]) and pd.notna(line["ci_high"])
        kind = None if not there else else_kind if printed.scale == "other" else printed.scale
        told.append((printed.df if printed.scale != "other" else None, kind))
    df, kinds = zip(*told, strict=True)
    numbers = pd.Series(df, index=lines.index, dtype="float64")
    return lines.assign(df=numbers, interval_kind=pd.Series(kinds, index=lines.index, dtype="object"))
