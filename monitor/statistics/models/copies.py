"""One model on every completed copy, all steps taken together.

Belongs here: fitting copies of different length at once. Does not belong here: combining them (`imputation.rubin`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.firth import firth, flic, penalised_likelihoods
from monitor.statistics.models.likelihood import Fit, likelihoods, maximum_likelihood, start

Array = NDArray[np.float64]


def fit_copies(ys: Sequence[Array], xs: Sequence[Array], ws: Sequence[Array], *, penalised: bool = False) -> list[Fit]:
    """The same model on every completed copy, all Newton steps taken together: `maximum_likelihood`, or `firth` with
    `flic`, of each. Copies may differ in their rows; shapes of each as there."""
    single: Callable[[Array, Array, Array], Fit] = firth if penalised else maximum_likelihood
    fits = [single(ys[0], xs[0], ws[0])]
    if len(ys) > 1:
        # Copies differ in few firms: the others start from where the first one ended. Rows of weight zero make them
        # equally long.
        longest = max(len(y) for y in ys)
        begin = fits[0].coefficients if fits[0].converged else start(ys[0], xs[0], ws[0])
        stacked = [np.stack([_lengthened(each, longest) for each in part[1:]]) for part in (ys, xs, ws)]
        together: Callable[..., list[Fit]] = penalised_likelihoods if penalised else likelihoods
        others = together(*stacked, np.repeat(begin[None], len(ys) - 1, axis=0))
        fits += [_shortened(fit, len(y)) for fit, y in zip(others, ys[1:], strict=True)]
    if penalised:
        fits = [flic(fit, y, x, w) for fit, y, x, w in zip(fits, ys, xs, ws, strict=True)]
    return fits


def _lengthened(values: Array, length: int) -> Array:
    """The rows with rows of zeros after them."""
    return np.concatenate([values, np.zeros((length - len(values), *values.shape[1:]))])


def _shortened(fit: Fit, n: int) -> Fit:
    """The fit without the rows of zeros."""
    stretch = None if fit.stretch is None else fit.stretch[:n]
    return replace(fit, contributions=fit.contributions[:n], probabilities=fit.probabilities[:n], stretch=stretch)
