"""The wave by svy. Its bootstrap is Rao and Wu's, without the finite population correction."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import polars as pl
import svy
from clock import Clock

folder = Path(sys.argv[1])
table = pl.read_csv(folder / "wave.csv").with_columns((pl.col("cooperates") * pl.col("invests")).alias("both"))
margins = json.loads((folder / "margins.json").read_text())
warnings.simplefilter("ignore")

with Clock() as clock:
    sample = svy.Sample(table, svy.Design(stratum="stratum", psu="firm", wgt="weight", pop_size="population"))
    sample = sample.weighting.create_bs_wgts(500, rstate=1)
    sample = sample.weighting.rake(controls=margins, tol=1e-8, max_iter=200)
    shares = sample.estimation.mean([f"y{i + 1}" for i in range(20)], by="sector", method="replication")
    model = sample.glm.fit(
        "top",
        x=[svy.Cat("size", ref="medium"), svy.Cat("sector", ref="agriculture"), "cooperates", "invests", "both", "y1"],
        family="binomial",
        method="replication",
    )
first = next(
    e
    for e in shares[0].estimates
    if str(e.by_level[0] if isinstance(e.by_level, (list, tuple)) else e.by_level) == "agriculture"
)
both = next(c for c in model.coefs if c.term == "both")
clock.report(share=first.est, share_se=first.se, logit=both.est, logit_se=both.se)
