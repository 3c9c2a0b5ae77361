"""Estimates of areas with few firms, direct ones beside those of a model.

Belongs here: which areas there are, the columns that liken them, one table of both. Does not belong here: the model
(`statistics.design.small_areas`), direct estimates (`design`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.notebook.columns import column
from monitor.problems import MonitorError, Problem
from monitor.statistics.design.inputs import numbers
from monitor.statistics.design.intervals import student_t
from monitor.statistics.design.small_areas import fay_herriot, steady

if TYPE_CHECKING:
    from monitor.notebook.design import Domain, SurveyDesign


def small_areas(
    design: SurveyDesign, variable: str, areas: str | Sequence[str], domain: Domain, level: float
) -> pd.DataFrame:
    """The table of `SurveyDesign.small_areas`."""
    names = [areas] if isinstance(areas, str) else list(areas)
    direct = design.mean(variable, by=names, domain=domain)
    try:
        variance = steady(direct.se**2, _effective_firms(design, variable, names, domain))
        found = fay_herriot(direct.estimate, variance, _columns(direct.rows[names]))
    except ValueError as error:
        raise MonitorError(
            Problem(
                f"{variable} by {', '.join(names)} cannot be modelled",
                found=str(error),
                do="name variables with more classes together, or take the direct estimates: mean(..., by=)",
            )
        ) from None
    rmse = np.sqrt(found.mse)
    modelled, (low, high) = found.estimate, student_t(found.estimate, rmse, np.inf, level)
    if direct.kind == "share":
        # The model is linear and knows no bounds; no share lies beyond them.
        modelled, low, high = (np.clip(values, 0.0, 1.0) for values in (modelled, low, high))
    own = {"n": direct.n, "direct": direct.estimate, "direct_se": direct.se}
    return direct.rows.assign(
        **own, modelled=modelled, rmse=rmse, low=low, high=high, own_part=found.weight
    ).reset_index(drop=True)


def _columns(rows: pd.DataFrame) -> NDArray[np.float64]:
    """(k, p) ones, and of two variables or more each one's classes but the first."""
    made = [np.ones(len(rows))]
    if rows.shape[1] > 1:
        for name in rows:
            values = rows[name].astype(str)
            made += [(values == code).to_numpy(float) for code in values.unique()[1:]]
    return np.column_stack(made)


def _effective_firms(design: SurveyDesign, variable: str, names: Sequence[str], domain: Domain) -> NDArray[np.float64]:
    """(k,) Kish's effective number of firms with a value in every area, mean over the copies."""
    known = [np.isfinite(numbers(column(copy, variable), variable)) for copy in design.copies]
    return np.array(
        [
            np.mean([design.arrays.kish_effective_n(own & k) for own, k in zip(rows, known, strict=True)])
            for _, rows in design._groups(names, domain)
        ]
    )
