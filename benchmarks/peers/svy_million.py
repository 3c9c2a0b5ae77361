"""(b) by svy."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import polars as pl
import svy
from clock import Clock

folder, route = Path(sys.argv[1]), sys.argv[2]
table = pl.read_parquet(folder / "million.parquet").with_columns(
    (pl.col("cooperates") * pl.col("invests")).alias("both"), (pl.col("log_employees") ** 2).alias("log_squared")
)
warnings.simplefilter("ignore")

with Clock() as clock:
    sample = svy.Sample(table, svy.Design(stratum="stratum", wgt="weight", pop_size="population"))
    size = [svy.Cat("size", ref=0)] if route == "categorical" else ["log_employees", "log_squared"]
    terms = [*size, svy.Cat("sector", ref=0), "cooperates", "invests", "young", "both"]
    model = sample.glm.fit("top", x=terms, family="binomial", method="taylor")
both = next(c for c in model.coefs if c.term == "both")
clock.report(logit=both.est, logit_se=both.se)
