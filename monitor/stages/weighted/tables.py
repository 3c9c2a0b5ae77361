"""What the cascade gives: weights, firms that did not answer, replicates, and figures about each step.

Belongs here: the shape of the results. Does not belong here: how they come about (`cascade`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.problems import MonitorError, Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What the cascade gives."""

    weights: pd.DataFrame
    """Grain firm: stratum, population, invited, responding, response_class, base_weight, response_weight, weight and
    the design's variables"""
    nonresponding: pd.DataFrame
    """Grain stratum x response class x base weight: `silent`, invited firms without a usable response"""
    replicates: Floats
    """(n, R) final weights of every replicate, in the order of `weights`"""
    replicate_scale: float
    """What each squared deviation of a replicate counts"""
    diagnostics: pd.DataFrame
    """step, statistic, margin, category, value"""


@dataclass
class Diagnostics:
    """Rows of the diagnostics table as they come."""

    rows: list[tuple[str, str, str | None, str | None, float]] = field(default_factory=list)

    def add(
        self, step: str, statistic: str, value: float, margin: str | None = None, category: str | None = None
    ) -> None:
        """One statistic of one step."""
        self.rows.append((step, statistic, margin, category, float(value)))

    def weights(self, step: str, w: Floats) -> None:
        """Sum, minimum, maximum, Kish's design effect and effective n of the weights after a step."""
        self.add(step, "firms", len(w))
        self.add(step, "sum", w.sum())
        self.add(step, "minimum", w.min())
        self.add(step, "maximum", w.max())
        self.add(step, "kish_deff", len(w) * (w**2).sum() / w.sum() ** 2)
        self.add(step, "effective_n", w.sum() ** 2 / (w**2).sum())

    def frame(self) -> pd.DataFrame:
        """The table, in the order of the steps."""
        return pd.DataFrame(self.rows, columns=["step", "statistic", "margin", "category", "value"])


def weight_rows(
    respondents: pd.DataFrame,
    sample: pd.DataFrame,
    responding: NDArray[np.bool_],
    classes: pd.Series,
    response: Floats,
    final: Floats,
) -> pd.DataFrame:
    """Grain firm, respondents in their order: what the design and every figure need of a firm's weight. `sample`: all
    invited firms, `responding` which of them are the respondents, `classes` their response class; MonitorError where a
    weight is not finite."""
    if not np.all(np.isfinite(final)):
        raise MonitorError(Problem("a final weight is not finite"))
    counts = sample["stratum"].value_counts()
    answered = respondents["stratum"].value_counts()
    table = pd.DataFrame(
        {
            "firm": respondents["firm"].astype(str),
            "stratum": respondents["stratum"].astype(str),
            "population": respondents["population"].astype(float),
            "invited": respondents["stratum"].map(counts).astype("int64"),
            "responding": respondents["stratum"].map(answered).astype("int64"),
            "response_class": classes[responding].astype(str).to_numpy(),
            "base_weight": respondents["base_weight"].astype(float),
            "response_weight": response,
            "weight": final,
        }
    )
    skip = {"responding", "disposition", "invited", *table.columns}
    for column in respondents.columns:
        if column not in skip:
            table[column] = respondents[column].to_numpy()
    return table


def nonresponding_rows(sample: pd.DataFrame, classes: pd.Series, responding: NDArray[np.bool_]) -> pd.DataFrame:
    """Grain stratum x response class x base weight: how many invited firms gave no usable response (`silent`)."""
    silent = sample.loc[~responding, ["stratum", "base_weight"]].assign(response_class=classes[~responding])
    grouped = silent.groupby(["stratum", "response_class", "base_weight"], as_index=False, sort=True).size()
    result = grouped.rename(columns={"size": "silent"})[["stratum", "response_class", "silent", "base_weight"]]
    return result.astype({"stratum": str, "response_class": str, "silent": "int64", "base_weight": float})
