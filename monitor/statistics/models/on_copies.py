"""Any estimator on every completed copy that a specification was prepared for.

Belongs here: handing an estimator each copy's rows, and combining what it gives. Does not belong here: choosing rows
and refusing (`prepare`), the estimators, what is told of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.columns import Columns
from monitor.statistics.models.notes import Note
from monitor.statistics.models.prepare import Prepared
from monitor.statistics.models.quantities import Quantities, over_copies, replicate_error
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """The model's firms in one completed copy, as an estimator takes them."""

    frame: Columns
    """Every column of the copy, also those the model does not use"""
    terms: Terms
    x: Array
    """(n, k) the matrix of `terms`"""
    y: Array
    """(n,) the model's outcome, 0..1"""
    w: Array
    """(n,) weights; ones where the specification is unweighted"""


Estimator: TypeAlias = Callable[[Case], Quantities | Note]
"""The quantities of a copy, or why there are none"""


def on_copies(
    sample: Sample, prepared: Prepared, estimator: Estimator, *, replicated_copies: int = 0
) -> Estimates | Note:
    """What an estimator finds on every copy, with the design's variance and Rubin's rules (`over_copies`), and with the
    replicates' within the first `replicated_copies`; the first reason of a copy that has no estimate.

    The rows, terms and refusals are those of the model itself, so that whatever stands beside the model is about the
    same firms. Example: `on_copies(sample, prepared, lambda c: doubly_robust(c.frame, c.terms, c.x, c.y, c.w).told)`.
    """
    refusal = prepared.result.refusal
    if refusal is not None:
        return refusal
    every = cases(sample, prepared)
    parts: list[Quantities] = []
    for case in every:
        found = estimator(case)
        if isinstance(found, Note):
            return found
        parts.append(found)
    masks = [rows.mask for rows in prepared.chosen]
    error = None
    if replicated_copies and prepared.result.specification.weighted and sample.design.replicates is not None:
        again = [_estimates(estimator, case, len(parts[0].names)) for case in every[:replicated_copies]]
        error = replicate_error(again, masks[: len(again)], sample.design, [part.estimates for part in parts])
    return over_copies(parts, masks, sample.design, prepared.result.df, error)


def cases(sample: Sample, prepared: Prepared) -> list[Case]:
    """The model's firms in each of its copies."""
    s, terms = prepared.result.specification, prepared.result.layout
    if terms is None:
        raise ValueError("a refused specification has no firms")
    copies = [sample.observed] if s.complete_cases else list(sample.copies)
    weights = sample.design.weights if s.weighted else np.ones(len(sample.firms))
    return [
        Case(copy.take(rows.mask, [*copy.numbers, *copy.categories]), terms, x, rows.y, weights[rows.mask])
        for copy, rows, x in zip(copies, prepared.chosen, prepared.matrices, strict=True)
    ]


def _estimates(estimator: Estimator, case: Case, q: int) -> Callable[[Array], Array]:
    """Weights -> the q estimates, NaN where there are none."""

    def under(w: Array) -> Array:
        found = estimator(replace(case, w=w))
        return np.full(q, np.nan) if isinstance(found, Note) else found.estimates

    return under
