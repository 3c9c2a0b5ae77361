"""The same logit by statsmodels: a second pair of eyes on every fit that statsmodels has too.

Belongs here: how far its coefficients lie from ours. Does not belong here: its standard errors, which know no design.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

JUDGED = ("logit", "fractional_logit")
"""The estimators it has; Firth's it has not"""


def gap_to_statsmodels(y: Array, x: Array, w: Array, coefficients: Array) -> float:
    """Greatest distance of a coefficient from statsmodels', in log-odds or, above one, in parts of itself.

    `y` (n,) in 0..1, `x` (n, k) with its intercept, `w` (n,) weights, `coefficients` (k,).
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    theirs = GLM(y, x, family=Binomial(), freq_weights=w).fit(tol=1e-12)
    return float((np.abs(theirs.params - coefficients) / np.maximum(1.0, np.abs(coefficients))).max())
