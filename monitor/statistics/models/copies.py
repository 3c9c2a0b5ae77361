"""One model on every completed copy, all steps taken together.

Belongs here: fitting copies of different rows at once. Does not belong here: combining them (`imputation.rubin`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.cells import DataSets, data_sets
from monitor.statistics.models.firth import flic, penalised_likelihoods
from monitor.statistics.models.likelihood import MANY_ROWS, Fit, by_rows, likelihoods, start

Array = NDArray[np.float64]


def fit_copies(ys: Sequence[Array], xs: Sequence[Array], ws: Sequence[Array], *, penalised: bool = False) -> list[Fit]:
    """The same model on every completed copy, all Newton steps taken together: `maximum_likelihood`, or `firth` with
    `flic`, of each. Copies may differ in their rows; shapes of each as there."""
    if not penalised and min(len(y) for y in ys) >= MANY_ROWS:
        first = by_rows(ys[0], xs[0], ws[0])
        near = first.coefficients if first.converged else None
        return [first, *(by_rows(y, x, w, near) for y, x, w in zip(ys[1:], xs[1:], ws[1:], strict=True))]
    together: Callable[[DataSets, Array], list[Fit]] = penalised_likelihoods if penalised else likelihoods
    sets, begin = data_sets(ys, xs, ws), start(ys[0], ws[0], xs[0].shape[1])
    fits = together(sets.part(slice(1)), begin[None])
    if len(ys) > 1:
        # Copies differ in few firms: the others start from where the first one ended.
        begin = fits[0].coefficients if fits[0].converged else begin
        fits += together(sets.part(slice(1, None)), np.repeat(begin[None], len(ys) - 1, axis=0))
    if penalised:
        fits = [flic(fit, y, x, w) for fit, y, x, w in zip(fits, ys, xs, ws, strict=True)]
    return fits
