"""The two sums that a published indicator is made of.

Belongs here: which firms count, and with what. Does not belong here: weights, estimates, units of publication.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def two_sums(
    y: Floats, base: Bools, x: Floats | None = None, *, percentage: bool = False
) -> tuple[Floats, Floats, Bools]:
    """(n,) what each firm adds above and below, and which firms count: those of the base with both known; zero outside.

    `y` (n,) the measure; `x` (n,) a ratio's denominator, without which every firm counts as one. Of a `percentage` (y
    in 0..100) over x the amount y / 100 x stands above.
    """
    below = np.ones(len(y)) if x is None else x
    inside = base & np.isfinite(y) & np.isfinite(below)
    above = y / 100 * below if x is not None and percentage else y
    return np.where(inside, above, 0.0), np.where(inside, below, 0.0), inside
