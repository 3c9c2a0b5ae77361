"""A curve that cannot rise, put in order.

Belongs here: the order of the values of several curves. Does not belong here: fitting them, or what goes with a value
(`stages.modelled.curves`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIGITS = 10
"""Decimals to which the values of a curve are told apart"""


def in_order(curve: NDArray[np.float64]) -> NDArray[np.int64]:
    """(K, S) which value of each state's curve (K, S) stands at each of K rising cuts, so that no curve rises; values
    that are equal but for last bits stay where they are.

    A share beyond a cut cannot rise with the cut; where separate fits say so, the sorted values are never farther from
    the true curve than before. Source: Chernozhukov, Fernandez-Val and Galichon (2010), Econometrica 78.
    """
    return np.argsort(-np.round(curve, DIGITS), axis=0, kind="stable")
