"""Many tests at once: p-values adjusted within the family that was declared for them.

Belongs here: adjusting p-values. Does not belong here: which tests make a family, what is done with the result.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor.statistics.decisions.claims import holm

Array = NDArray[np.float64]
Method = Literal["holm", "benjamini_hochberg", "benjamini_yekutieli", "none"]


def adjusted(p: ArrayLike, families: Sequence[Hashable], method: Method) -> Array:
    """p-values (k,), each adjusted among those of its own family (k,), in their order; R's `p.adjust` within families.

    `holm` for claims: the chance of any false "supported" in a family stays below alpha, whatever their dependence.
    `benjamini_hochberg` for lists: of the rows that are highlighted no more than alpha are false on average, where the
    tests are independent or positively dependent; `benjamini_yekutieli` under any dependence. A missing p-value stays
    missing and does not count. Equal p-values come back equal. Families of one stay as they are.
    """
    values = np.asarray(p, dtype=np.float64)
    if len(families) != len(values):
        raise ValueError(f"there are {len(values)} p-values and {len(families)} families: one family for every p-value")
    if np.any((values < 0) | (values > 1)):
        raise ValueError("a p-value lies outside 0..1")
    result = np.full(len(values), np.nan)
    places: dict[Hashable, list[int]] = {}
    for place, family in enumerate(families):
        places.setdefault(family, []).append(place)
    for members in places.values():
        result[members] = METHODS[method](values[members])
    return result


def benjamini_hochberg(p: Array) -> Array:
    """Step-up p-values of Benjamini and Hochberg (1995): min over larger p_(j) of k p_(j) / j, at most 1."""
    return _step_up(p, lambda k: 1.0)


def benjamini_yekutieli(p: Array) -> Array:
    """Step-up p-values of Benjamini and Yekutieli (2001): those of `benjamini_hochberg` times 1 + 1/2 + … + 1/k."""
    return _step_up(p, lambda k: float((1 / np.arange(1, k + 1)).sum()))


def _step_up(p: Array, factor: Callable[[int], float]) -> Array:
    result = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    k = len(known)
    downwards = known[np.argsort(-p[known], kind="stable")]
    times = factor(k) * k / np.arange(k, 0, -1)
    result[downwards] = np.minimum(1.0, np.minimum.accumulate(times * p[downwards]))
    return result


METHODS: Mapping[str, Callable[[Array], Array]] = {
    "holm": holm,
    "benjamini_hochberg": benjamini_hochberg,
    "benjamini_yekutieli": benjamini_yekutieli,
    "none": np.copy,
}
