"""The design out of the tables that `weighted` writes.

Belongs here: reading columns into a `SurveyDesign`. Does not belong here: opening the lake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from monitor.statistics.design.groups import Floats, group_codes
from monitor.statistics.design.phases import ResponsePhase
from monitor.statistics.design.plan import DesignPlan

if TYPE_CHECKING:
    import pandas as pd


def columns_of(
    weights: pd.DataFrame,
    replicates: pd.DataFrame | None,
    plan: DesignPlan | None,
    nonresponding: pd.DataFrame | None,
) -> dict[str, Any]:
    """What `SurveyDesign` is made of, by its parameters' names; see `SurveyDesign.from_tables`."""
    final = weights["weight"].to_numpy(float)
    response_weight = weights["response_weight"].to_numpy(float)
    strata = weights["stratum"].to_numpy(object)
    population = weights["population"].to_numpy(float)
    known = population if np.isfinite(population).all() else None
    adjustment = response_weight / weights["base_weight"].to_numpy(float)
    response = None
    if np.any(adjustment != 1.0):
        classes = weights["response_class"].to_numpy(object)
        if nonresponding is not None:
            response = ResponsePhase(
                classes,
                adjustment,
                nonresponding["stratum"].to_numpy(object),
                nonresponding["response_class"].to_numpy(object),
                nonresponding["silent"].to_numpy(float),
                nonresponding["base_weight"].to_numpy(float),
            )
        else:
            strata = classes
            if known is not None:
                values, codes = group_codes(classes)
                known = np.bincount(codes, weights=response_weight, minlength=len(values))[codes]
    auxiliary = None
    if plan is not None and plan.calibration.method != "none":
        auxiliary = margin_matrix(weights, plan.calibration.margins)
    matrix, scale = None, None
    if replicates is not None:
        scale = float(replicates["scale"].iloc[0]) if "scale" in replicates else None
        listed: Mapping[str, Any] = dict(zip(replicates["firm"], replicates["weights"], strict=True))
        matrix = np.array([np.asarray(listed[firm], dtype=float) for firm in weights["firm"]])
    return {
        "weights": final,
        "strata": strata,
        "population": known,
        "response": response,
        "auxiliary": auxiliary,
        "before": response_weight if auxiliary is not None else None,
        "replicates": matrix,
        "replicate_scale": scale,
        "lonely": plan.lonely_stratum if plan is not None else "fail",
        "firms": weights["firm"].to_numpy(object),
    }


def margin_matrix(frame: pd.DataFrame, margins: tuple[tuple[str, ...], ...]) -> Floats:
    """One 0/1 column per category of every margin (crossed where it names several variables), (n, p)."""
    columns = []
    for margin in margins:
        key = np.zeros(len(frame), dtype=np.int64)
        for name in margin:
            values, codes = group_codes(frame[name].to_numpy(object))
            key = key * len(values) + codes
        present, place = np.unique(key, return_inverse=True)
        columns.append(np.eye(len(present))[place.ravel()])
    return np.hstack(columns)
