"""How strong something unseen would have to be, on the scale of risk ratios.

Belongs here: the E-value of a ratio and of its interval. Does not belong here: shares of variance
(`robustness_value`), which ratios are told.
"""

from __future__ import annotations

import numpy as np


def e_value(ratio: float, low: float, high: float) -> tuple[float, float]:
    """How strongly something unseen would have to go with both practice and outcome to explain an association away.

    E = RR + sqrt(RR (RR - 1)) for a risk ratio above one (its inverse below), for the estimate and for the bound of its
    interval nearest to one (1 where the interval holds one). Source: VanderWeele and Ding (2017), Annals of Internal
    Medicine 167.
    """
    if ratio < 1:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low if low > 0 else np.inf
    at_bound = 1.0 if low <= 1 else low + np.sqrt(low * (low - 1))
    return float(ratio + np.sqrt(ratio * (ratio - 1))), float(at_bound)
