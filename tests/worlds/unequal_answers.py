"""The firms of `golden/nonresponse` with their design, as R reweighted them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from monitor.statistics.design import ResponsePhase, SurveyDesign
from monitor.statistics.models.columns import columns_of
from monitor.statistics.models.sample import Sample

GOLDEN = Path(__file__).parents[1] / "golden" / "nonresponse"


def answered() -> pd.DataFrame:
    """The firms that answered."""
    return pd.read_csv(GOLDEN / "answered.csv")


def design_of(d: pd.DataFrame) -> SurveyDesign:
    """Strata, response classes with those that did not answer, and weights calibrated to regions."""
    silent = pd.read_csv(GOLDEN / "silent.csv")
    phase = ResponsePhase(
        d["class"].to_numpy(object),
        d["adjustment"].to_numpy(float),
        silent["stratum"].to_numpy(object),
        silent["class"].to_numpy(object),
        silent["silent"].to_numpy(float),
        silent["base"].to_numpy(float),
    )
    regions = np.column_stack([d["region"] == "n", d["region"] == "s"]).astype(float)
    own = {name: d[name].to_numpy() for name in ("weight", "stratum", "population", "before")}
    return SurveyDesign(
        own["weight"], own["stratum"], own["population"], response=phase, auxiliary=regions, before=own["before"]
    )


def sample_of(d: pd.DataFrame, wave: str = "one") -> Sample:
    """Outcome `top` and practices `a` and `b` of these firms, nothing filled in."""
    columns = columns_of(d[["a", "b", "top"]].assign(base_all=1.0).astype(float))
    return Sample(wave, np.arange(len(d)).astype(str).astype(object), (columns,), columns, design_of(d))
