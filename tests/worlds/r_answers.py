"""The firms of `golden/models/sample.csv` as models take them, and what R made of them in `golden/answer_models`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns, columns_of
from monitor.statistics.models.quantities import Quantities, over_copies
from monitor.statistics.models.terms import Terms, decide, matrix

GOLDEN = Path(__file__).parents[1] / "golden"
PRACTICES = ("cooperates", "invests")


def answers(script: str, block: str) -> pd.DataFrame:
    """Estimate and se that a script printed under the names of a block."""
    table = pd.read_csv(GOLDEN / "answer_models" / f"{script}.csv")
    return table[table["block"] == block].set_index("name")[["estimate", "se"]]


def firms() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "models" / "sample.csv")


def design_of(frame: pd.DataFrame) -> SurveyDesign:
    return SurveyDesign(weights=frame["weight"], strata=frame["stratum"], population=frame["population"])


def model_of(
    frame: pd.DataFrame, controls: Sequence[str] = ("size_band", "sector")
) -> tuple[Columns, Terms, np.ndarray]:
    """Columns, terms and design matrix of cooperation and investment with these controls, as `prepare` decides them."""
    columns = columns_of(frame[[*PRACTICES, *controls]])
    references = {"size_band": "micro", "sector": "industry"}
    orders = {"size_band": ("micro", "small", "medium"), "sector": ("industry", "trade", "services")}
    terms = decide([columns], Terms(practices=PRACTICES), controls, references, orders, 5)
    return columns, terms, matrix(columns, terms)


def assert_as_in_r(found: Quantities, expected: pd.DataFrame, design: SurveyDesign, to: float = 1e-6) -> None:
    """Estimates and the design's standard errors within `to` of R's, name by name, none missing."""
    assert set(found.names) == set(expected.index)
    mine = over_copies([found], [np.ones(design.n, dtype=bool)], design, 1e6)
    wanted = expected.loc[list(found.names)]
    np.testing.assert_allclose(mine.estimate, wanted["estimate"], rtol=to, atol=to / 100)
    np.testing.assert_allclose(mine.se, wanted["se"], rtol=to, atol=to / 100)


def two_practices(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """n firms with a number `z` on which both practices depend, without an outcome and with weights of one."""
    z = rng.normal(size=n)
    cooperates = (rng.random(n) < expit(-0.4 + 0.8 * z)).astype(float)
    invests = (rng.random(n) < expit(-0.2 + 0.5 * z + 0.4 * cooperates)).astype(float)
    return pd.DataFrame({"cooperates": cooperates, "invests": invests, "z": z})


def expit(eta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-eta))
