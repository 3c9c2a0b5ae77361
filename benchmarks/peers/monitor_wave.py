"""(a) by monitor.design: every replicate at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from clock import Clock

from monitor.design import (
    SurveyDesign,
    bootstrap_perturbation,
    calibrate,
    dummy_columns,
    firm_numbers,
    fit_logit,
    fit_logit_replicates,
    raking_groups,
    replicate_covariance,
)

folder = Path(sys.argv[1])
table = pd.read_csv(folder / "wave.csv")
margins = json.loads((folder / "margins.json").read_text())

with Clock() as clock:
    weight, population = table.weight.to_numpy(), table.population.to_numpy(float)
    codes, labels = raking_groups([table.stratum, table["size"], table.sector, table.province])
    stratum = codes[0]
    remaining = 1 - np.bincount(stratum)[stratum] / population
    numbers = firm_numbers(table.firm.tolist(), 500, 2182, "draw")
    replicates = weight[:, None] * (1 + bootstrap_perturbation(stratum, remaining, numbers))
    totals = [
        np.array([margins[n][k] for k in keys])
        for n, keys in zip(("size", "sector", "province"), labels[1:], strict=True)
    ]
    raked = calibrate(np.column_stack([weight, replicates]), codes[1:], totals, "raking").weights
    design = SurveyDesign(raked[:, 0], stratum, population, replicates=raked[:, 1:])
    domain = np.eye(6)[codes[2]]
    y = table[[f"y{i + 1}" for i in range(20)]].to_numpy(float)
    cells = np.hstack([domain, (y[:, :, None] * domain[:, None, :]).reshape(len(y), -1)])
    sums = raked.T @ cells
    shares = (sums[:, 6:].reshape(-1, 20, 6) / sums[:, None, :6]).reshape(-1, 120)
    se = np.sqrt(np.diag(replicate_covariance(shares[1:])))
    pair = table[["cooperates", "invests"]].to_numpy(float)
    x = np.column_stack([dummy_columns([table["size"], table.sector])[0], pair, pair.prod(axis=1), table.y1])
    top = table.top.to_numpy(float)
    start = fit_logit(x, top, design.weights)
    fits = fit_logit_replicates(x, top, raked[:, 1:], start.coefficients)
    logit_se = np.sqrt(np.diag(replicate_covariance(fits.coefficients)))
clock.report(share=shares[0, 0], share_se=se[0], logit=start.coefficients[-2], logit_se=logit_se[-2])
