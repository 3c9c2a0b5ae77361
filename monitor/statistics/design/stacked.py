"""Products of many sets of estimates at once.

Belongs here: arrays in which m sets of k columns stand side by side. Does not belong here: what the columns are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


COLUMNS = 128
"""Estimates that are worked out together: what they need for a while stays near the processor"""


def in_parts(covariances: Callable[[Floats], Floats], sets: Floats) -> Floats:
    """(m, k, k) `covariances` of m sets (m, n, k), some of them at a time."""
    some = max(1, COLUMNS // max(1, sets.shape[2]))
    return np.concatenate([covariances(sets[at : at + some]) for at in range(0, len(sets), some)])


def side_by_side(sets: Floats) -> Floats:
    """(n, m k) the columns of each of m sets (m, n, k), set by set."""
    m, n, k = sets.shape
    return sets.swapaxes(0, 1).reshape(n, m * k)


def cross_products(left: Floats, right: Floats, m: int) -> Floats:
    """(m, k, k) X' Y of each of the m sets that stand side by side in the rows of left and right (n, m k)."""
    one, other = (rows.reshape(len(rows), m, rows.shape[1] // m).swapaxes(0, 1) for rows in (left, right))
    return np.asarray(one.swapaxes(1, 2) @ other)
