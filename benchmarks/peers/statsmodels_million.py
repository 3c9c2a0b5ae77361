"""(b) by statsmodels, whose sandwich knows neither strata nor population."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from clock import Clock

table = pd.read_parquet(Path(sys.argv[1]) / "million.parquet")

with Clock() as clock:
    x = pd.get_dummies(table[["size", "sector"]].astype("category"), drop_first=True, dtype=float)
    x = x.assign(
        cooperates=table.cooperates, invests=table.invests, young=table.young, both=table.cooperates * table.invests
    )
    x = np.column_stack([np.ones(len(x)), x.to_numpy(float)])
    fit = sm.GLM(table.top, x, family=sm.families.Binomial(), freq_weights=table.weight).fit(cov_type="HC0")
clock.report(logit=fit.params.iloc[-1], logit_se=fit.bse.iloc[-1])
