"""A million firms by svy, linearised."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import polars as pl
import svy
from clock import Clock

folder, model, drawn = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
mixed = ["log_employees", "sector", "cooperates", "invests", "young"]
controls = mixed if model == "mixed" else [f"z{i}" for i in range(1, 12)]
needed = ["top", "stratum", "weight", "firms", "cluster", "clusters", *controls]
table = pl.read_parquet(folder / "million.parquet", columns=needed)
warnings.simplefilter("ignore")

with Clock() as clock:
    terms: list[object] = [*controls]
    if model == "mixed":
        product, square = pl.col("cooperates") * pl.col("invests"), pl.col("log_employees") ** 2
        table = table.with_columns(product.alias("cooperates:invests"), square.alias("log_squared"))
        numbers = [name for name in mixed if name != "sector"]
        terms = [*numbers, "log_squared", "cooperates:invests", svy.Cat("sector", ref="agriculture")]
    if drawn == "firms":
        design = svy.Design(stratum="stratum", wgt="weight", pop_size="firms")
    else:
        design = svy.Design(stratum="stratum", psu="cluster", wgt="weight", pop_size="clusters")
    fit = svy.Sample(table, design).glm.fit("top", x=terms, family="binomial", method="taylor")
clock.report(**{f"{c.term} {what}": value for c in fit.coefs for what, value in (("b", c.est), ("se", c.se))})
