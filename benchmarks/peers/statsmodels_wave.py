"""The wave as one writes it with statsmodels, which has no survey design: a loop over replicates that numpy draws."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from clock import Clock

folder = Path(sys.argv[1])
table = pd.read_csv(folder / "wave.csv")
margins = json.loads((folder / "margins.json").read_text())
warnings.simplefilter("ignore")


def raked(w: np.ndarray) -> np.ndarray:
    for _ in range(200):
        before = w
        for name, totals in margins.items():
            sums = pd.Series(w).groupby(table[name].to_numpy()).sum()
            w = w * (table[name].map(totals) / table[name].map(sums)).to_numpy()
        if np.abs(w / before - 1).max() < 1e-10:
            break
    return w


with Clock() as clock:
    rng = np.random.default_rng(1)
    x = pd.get_dummies(table[["size", "sector"]], drop_first=True, dtype=float)
    x = sm.add_constant(
        x.assign(cooperates=table.cooperates, invests=table.invests, both=table.cooperates * table.invests, y1=table.y1)
    )
    shares, coefficients = [], []
    for r in range(501):
        w = table.weight.to_numpy().copy()
        if r:
            for _, rows in table.groupby("stratum").indices.items():
                n, big = len(rows), table.population.iloc[rows[0]]
                m = n // 2
                scale = np.sqrt(m * (1 - n / big) / (n - m))
                drawn = np.isin(np.arange(n), rng.permutation(n)[:m])
                w[rows] *= 1 - scale + scale * n / m * drawn
        w = raked(w)
        weighted = table[[f"y{i + 1}" for i in range(20)]].mul(w, axis=0).groupby(table.sector).sum()
        shares.append(weighted.div(pd.Series(w).groupby(table.sector).sum(), axis=0).to_numpy().ravel())
        fit = sm.GLM(table.top, x, family=sm.families.Binomial(), freq_weights=w).fit()
        coefficients.append(fit.params.to_numpy())
    share_se, logit_se = np.std(shares[1:], axis=0, ddof=1), np.std(coefficients[1:], axis=0, ddof=1)
clock.report(share=shares[0][0], share_se=share_se[0], logit=coefficients[0][-2], logit_se=logit_se[-2])
