"""A million firms by the functions a run calls: design, columns, terms, fit and its covariance."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from clock import Clock

from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns, columns_of
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.terms import Terms, matrix

try:
    from monitor.statistics.models.linearised import linearised
    from monitor.statistics.models.terms import columns_of_terms
except ImportError:  # another checkout, in which a run took the two steps itself
    linearised = None

folder, model, drawn = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
controls = ["log_employees", "log_squared", "young"] if model == "mixed" else [f"z{i}" for i in range(1, 12)]
practices = ("cooperates", "invests") if model == "mixed" else ()
told = ["top", *practices, *(name for name in controls if name != "log_squared")]
answers = pd.read_parquet(folder / "million.parquet", columns=[*told, *(["sector"] if practices else [])])
weights = pd.read_parquet(folder / "million.parquet", columns=["stratum", "weight", "firms", "cluster", "clusters"])

with Clock() as clock:
    if drawn == "firms":
        design = SurveyDesign(weights.weight, weights.stratum, weights.firms)
    else:
        design = SurveyDesign(weights.weight, weights.stratum, weights.clusters, psu=weights.cluster)
    frame = columns_of(answers)
    if practices:
        squared = {"log_squared": frame.numbers["log_employees"] ** 2}
        frame = Columns({**frame.numbers, **squared}, frame.categories, frame.n)
    levels = {name: category.labels for name, category in frame.categories.items()}
    terms = Terms(practices, products=bool(practices), levels=levels, numbers=tuple(controls))
    y = frame.numbers["top"]
    if linearised is None:
        x = matrix(frame, terms)
        fit = maximum_likelihood(y, x, design.weights)
        covariance = design.covariance(fit.contributions / design.weights[:, None])
    else:
        fit = linearised(design, y, columns_of_terms(frame, terms))
        covariance = fit.covariance
found = zip(terms.names, fit.coefficients, np.sqrt(np.diag(covariance)), strict=True)
clock.report(**{f"{name} {what}": value for name, b, se in found for what, value in (("b", b), ("se", se))})
