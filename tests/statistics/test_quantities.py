"""From what estimators give to what is told: the design, Rubin's rules and replicates as R and the engine have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from r_answers import GOLDEN, design_of, firms, model_of

from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.quantities import Quantities, over_copies, replicate_error


def of_model(d: pd.DataFrame, w: np.ndarray | None = None) -> Quantities:
    frame, terms, x = model_of(d)
    own = d["weight"].to_numpy(float) if w is None else w
    plan = of_practices(frame, terms, x)
    found = evaluate(plan, maximum_likelihood(d["top_innovator"].to_numpy(float), x, own), own)
    return Quantities(plan.names, plan.kinds, found.estimates, found.contributions, plan.contrasts)


def r_says(block: str) -> pd.DataFrame:
    table = pd.read_csv(GOLDEN / "models" / "r_output.csv")
    return table[table["block"] == block].set_index("name")[["estimate", "se"]]


def test_copies_as_in_r() -> None:
    d = firms()
    each = pd.read_csv(GOLDEN / "models" / "copies.csv")
    parts = []
    for _, copy in each.groupby("imputation"):
        filled = d.drop(columns=["share", "top_innovator"]).merge(copy, on="firm", how="left", validate="one_to_one")
        parts.append(of_model(filled))
    told = over_copies(parts, [np.ones(len(d), dtype=bool)] * len(parts), design_of(d), r_df(d))
    for name, estimate, se, df, fmi in zip(told.names, told.estimate, told.se, told.df, told.fmi, strict=True):
        pooled, freedom = r_says("pooled").loc[name], r_says("pooled df").loc[name]
        assert (estimate, se) == pytest.approx((pooled["estimate"], pooled["se"]), rel=1e-6)
        assert (df, fmi) == pytest.approx((freedom["estimate"], freedom["se"]), rel=1e-5)


def r_df(d: pd.DataFrame) -> float:
    """As `svyglm` counts: firms less strata, one more, less terms."""
    return len(d) - d["stratum"].nunique() + 1 - model_of(d)[2].shape[1]


def test_replicates_as_in_r() -> None:
    d = firms()
    replicates = pd.read_csv(GOLDEN / "models" / "replicates.csv").iloc[:, 1:].to_numpy(float)
    design = SurveyDesign(weights=d["weight"], replicates=replicates)
    found = of_model(d)
    error = replicate_error(
        [lambda w: of_model(d, w).estimates], [np.ones(len(d), dtype=bool)], design, [found.estimates]
    )
    told = r_says("replicates contrasts").loc[list(found.names)]
    np.testing.assert_allclose(error, told["se"], rtol=1e-6)


def test_a_replicate_without_an_estimate_leaves_no_error() -> None:
    d = firms()
    design = SurveyDesign(weights=d["weight"], replicates=np.ones((len(d), 4)))
    calls = iter([np.array([1.0, np.nan]), np.ones(2), np.array([3.0, 1.0]), np.ones(2)])
    error = replicate_error([lambda w: next(calls)], [np.ones(len(d), dtype=bool)], design, [np.ones(2)])
    assert error[0] == pytest.approx(1.0)
    assert np.isnan(error[1])
    with pytest.raises(ValueError, match="no replicates"):
        replicate_error([], [], design_of(d), [np.ones(2)])


def test_copies_with_other_firms_and_parts_of_them() -> None:
    """A copy's rows are the design's firms of its mask; the rest contribute nothing, as in a domain."""
    d = firms()
    inside = (d["sector"] != "trade").to_numpy()
    found = of_model(d[inside])
    told = over_copies([found.part(["complementarity"])], [inside], design_of(d), 1e6)
    influence = np.zeros((len(d), 1))
    influence[inside] = found.contributions[:, [-1]] / d["weight"].to_numpy()[inside, None]
    assert told.names == ("complementarity",)
    assert told.se[0] == pytest.approx(np.sqrt(design_of(d).covariance(influence)[0, 0]))
    assert told.contrasts[0].kind == "complementarity"
    with pytest.raises(ValueError, match="same quantities"):
        over_copies([found, found.part(["complementarity"])], [inside, inside], design_of(d), 1e6)
