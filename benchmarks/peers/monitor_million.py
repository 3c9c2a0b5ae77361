"""(b) by monitor.design: `cells` from one GROUP BY over the Parquet file (reading it is timed too), `rows` one by one,
`continuous` with a term that has no cells."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import numpy as np
from clock import Clock

from monitor.design import SurveyDesign, cells_select, dummy_columns, fit_cells, logit

folder, route = Path(sys.argv[1]), sys.argv[2]
TERMS = ["size", "sector", "cooperates", "invests", "young"]
connection = duckdb.connect()
source = f"read_parquet('{folder / 'million.parquet'}')"


def design_matrix(columns: list[np.ndarray]) -> np.ndarray:
    """Intercept, size, sector, cooperates, invests, young, cooperates x invests: 12 columns."""
    return np.column_stack([dummy_columns(columns)[0], columns[2] * columns[3]])


if route == "cells":
    with Clock() as clock:
        select = cells_select(source, "stratum", TERMS, "top", "weight", "population")
        cells = connection.execute(select).fetchnumpy()
        fit = fit_cells(design_matrix([cells[f"term_{i}"] for i in range(5)]), cells)
    clock.report(logit=fit.estimate[-1], logit_se=fit.se[-1], cells=len(cells["y"]))
else:
    firms = connection.execute(f"SELECT * FROM {source}").fetchnumpy()
    connection.close()
    with Clock() as clock:
        x = design_matrix([firms[name] for name in TERMS])
        if route == "continuous":
            x[:, 1:3] = np.column_stack([firms["log_employees"], firms["log_employees"] ** 2])
        result = logit(SurveyDesign(firms["weight"], firms["stratum"], firms["population"]), x, firms["top"])
    clock.report(logit=result.coefficients[-1], logit_se=result.se[-1])
