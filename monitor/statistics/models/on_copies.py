"""Any estimator on every completed copy that a specification was prepared for.

Belongs here: handing an estimator each copy's rows, and combining what it gives. Does not belong here: choosing rows
and refusing (`prepare`), the estimators, what is told of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.notes import Note
from monitor.statistics.models.prepare import Prepared
from monitor.statistics.models.quantities import Quantities, over_copies, replicate_error
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.sample import Rows, Sample
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]

Estimator: TypeAlias = Callable[[Rows, Terms, Array, Array], Quantities | Note]
"""A copy's rows, the terms, their design matrix (n, k) and weights (n,) -> quantities, or why there are none"""


def on_copies(
    sample: Sample, prepared: Prepared, estimator: Estimator, *, replicated_copies: int = 0
) -> Estimates | Note:
    """What an estimator finds on every copy, with the design's variance and Rubin's rules (`over_copies`), and with the
    replicates' within the first `replicated_copies`; the first reason of a copy that has no estimate.

    The rows, terms and refusals are those of the model itself, so that whatever stands beside the model is about the
    same firms. Example: `lambda r, terms, x, w: doubly_robust(r.frame, terms, x, r.y, w).told`.
    """
    terms, refusal = prepared.result.layout, prepared.result.refusal
    if refusal is not None:
        return refusal
    if terms is None:
        raise ValueError("the specification has not been prepared")
    weighted = prepared.result.specification.weighted
    weights = sample.design.weights if weighted else np.ones(len(sample.firms))
    chosen = prepared.chosen
    parts: list[Quantities] = []
    for rows, x in zip(chosen, prepared.matrices, strict=True):
        found = estimator(rows, terms, x, weights[rows.mask])
        if isinstance(found, Note):
            return found
        parts.append(found)
    masks = [rows.mask for rows in chosen]
    error = None
    if replicated_copies and weighted and sample.design.replicates is not None:
        several = range(min(replicated_copies, len(chosen)))
        again = [_estimates(estimator, chosen[i], terms, prepared.matrices[i], len(parts[i].names)) for i in several]
        error = replicate_error(again, masks[: len(again)], sample.design, [part.estimates for part in parts])
    return over_copies(parts, masks, sample.design, prepared.result.df, error)


def _estimates(estimator: Estimator, rows: Rows, terms: Terms, x: Array, q: int) -> Callable[[Array], Array]:
    """Weights -> the estimates, NaN where there are none."""

    def under(w: Array) -> Array:
        found = estimator(rows, terms, x, w)
        return np.full(q, np.nan) if isinstance(found, Note) else found.estimates

    return under
