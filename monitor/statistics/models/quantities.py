"""Quantities that were estimated from one completed copy, and what all copies say together.

Belongs here: names, estimates and contributions of whatever an estimator gives; the four states of two practices as
quantities; the design's variance, replicates and Rubin's rules on them. Does not belong here: the estimators.

Every estimator beside the models themselves (`doubly_robust`, `two_parts`, `two_measures`,
`robustness_value`, `lagged`) gives `Quantities`, so that one way leads from each of them to errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.intervals import effective_df
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.contrast import Contrast, of_two_practices
from monitor.statistics.models.contrasts import DIFFERENCES, SHARES, Plan
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.sample import Design

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

OF_STATES = {
    "neither": (1, 0, 0, 0),
    "b_only": (0, 1, 0, 0),
    "a_only": (0, 0, 1, 0),
    "both": (0, 0, 0, 1),
    "a_without_b": (-1, 0, 1, 0),
    "a_with_b": (0, -1, 0, 1),
    "b_without_a": (-1, 1, 0, 0),
    "b_with_a": (0, 0, -1, 1),
    "complementarity": (1, -1, -1, 1),
}
"""Role of a contrast -> what it makes of the four states' probabilities, in the order neither, b only, a only, both"""
MATRIX: Array = np.array(list(OF_STATES.values()), dtype=np.float64)
"""(9, 4) the same as a matrix"""


@dataclass(frozen=True)
class Quantities:
    """Q quantities of one copy, with what each firm contributes to them (already weighted, as in `likelihood.Fit`)."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    """(Q,) `share` or `difference`, as `contrasts.Plan.kinds`"""
    estimates: Array
    """(Q,)"""
    contributions: Array
    """(n, Q) firm i's term in estimate - truth; divided by its weight it is the influence that a design takes"""
    contrasts: tuple[Contrast, ...] = ()
    """(Q,) what they are, where they are contrasts of a model"""

    def part(self, names: Sequence[str]) -> Quantities:
        """The named ones, in that order."""
        at = [self.names.index(name) for name in names]
        told = tuple(self.contrasts[j] for j in at) if self.contrasts else ()
        kinds = tuple(self.kinds[j] for j in at)
        return Quantities(tuple(names), kinds, self.estimates[at], self.contributions[:, at], told)


def four_states(practices: Sequence[str]) -> tuple[Contrast, ...]:
    """(9,) the contrasts of two practices that are the same sum of the four states for every firm: the states, the
    effects of each practice with and without the other, complementarity. Average marginal effects are not."""
    told = of_two_practices(*practices)
    return tuple(told[role] for role in OF_STATES)


def of_states(practices: Sequence[str], estimates: Array, contributions: Array) -> Quantities:
    """The nine contrasts out of the four states' probabilities (4,) and contributions (n, 4)."""
    told = four_states(practices)
    names = tuple(contrast.name for contrast in told)
    kinds = tuple(SHARES if contrast.share else DIFFERENCES for contrast in told)
    return Quantities(names, kinds, MATRIX @ estimates, contributions @ MATRIX.T, told)


def state_gradients(plan: Plan, slopes: Array) -> Array:
    """(S, k) sum over firms of slopes (S, n) times each firm's row of the design matrix in each state: the gradient of
    a weighted sum of p(x_i in state s) in the coefficients, where slopes are weight times p (1 - p)."""
    gradient = np.zeros((len(slopes), plan.x.shape[1]))
    gradient[:, plan.rest] = slopes @ plan.x[:, plan.rest]
    gradient[:, plan.places] = slopes.sum(axis=1)[:, None] * plan.values[:, 0, :]
    return gradient


def over_copies(
    parts: Sequence[Quantities],
    masks: Sequence[Mask],
    design: Design,
    df: float,
    se_replicate: Array | None = None,
) -> Estimates:
    """What m completed copies say together: the design's covariance within each, Rubin's rules between them.

    `parts`: the quantities of each copy; `masks`: (n_all,) the design's firms that each copy's rows are; `df`: the
    complete-data degrees of freedom, of which each contrast has as many as its contributions bear
    (`intervals.effective_df`); `se_replicate` (Q,): as `replicate_error` gives it.
    """
    first = parts[0]
    if any(part.names != first.names for part in parts):
        raise ValueError("the copies do not have the same quantities")
    q = len(first.names)
    influences, freedoms = [], []
    for part, mask in zip(parts, masks, strict=True):
        influence = np.zeros((len(design.weights), q))
        influence[mask] = part.contributions
        influences.append(influence / design.weights[:, None])
        freedoms.append(effective_df(part.contributions, df))
    estimates, carrying = np.stack([part.estimates for part in parts]), np.mean(freedoms, axis=0)
    combined = combine(estimates, design.covariances(np.stack(influences)), carrying, measured=True)
    variance = np.atleast_2d(combined.variance)
    error = np.full(q, np.nan) if se_replicate is None else se_replicate
    return Estimates(
        first.names, first.kinds, combined.estimate, variance, combined.df, combined.fmi, error, first.contrasts
    )


def replicate_error(
    estimators: Sequence[Callable[[Array], Array]], masks: Sequence[Mask], design: Design, estimates: Sequence[Array]
) -> Array:
    """(Q,) total standard errors with the replicates' variance within copies: sqrt(mean V_rep + (1 + 1/m) B).

    `estimators`: of each of the copies that are replicated, weights of its rows (n,) -> its quantities (Q,), fitted
    anew; `masks` as in `over_copies`; `estimates`: (Q,) of all m copies. NaN where a replicate has no estimate: those
    are the tail of the spread, and leaving them out would hide it.
    """
    if design.replicates is None:
        raise ValueError("the design has no replicates")
    within = []
    for estimator, mask in zip(estimators, masks, strict=False):
        weights = design.replicates[mask]
        theta = np.stack([estimator(weights[:, r]) for r in range(weights.shape[1])])
        known = np.isfinite(theta).all(axis=0)
        variance = np.full(theta.shape[1], np.nan)
        if known.any():
            variance[known] = np.diag(np.atleast_2d(design.replicate_covariance(theta[:, known])))
        within.append(variance)
    m = len(estimates)
    between = np.var(np.stack(estimates), axis=0, ddof=1) if m > 1 else np.zeros(len(estimates[0]))
    return np.asarray(np.sqrt(np.mean(within, axis=0) + (1 + 1 / m) * between))
