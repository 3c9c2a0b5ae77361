"""The whole distribution of a share over the four states of two practices, not only how many pass one cut.

Belongs here: a logit at each of a grid of cuts, made one falling curve per state, and complementarity along it with a
simultaneous band. Does not belong here: variance (`quantities.over_copies`), the band's formula
(`design.simultaneous`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.simultaneous import sup_t
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.contrasts import evaluate, of_practices
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.quantities import Quantities, four_states, of_states
from monitor.statistics.models.result import Estimates
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]

DIGITS = 10
"""Decimals to which the values of a curve are told apart"""
LEAST_EVENTS = 10
"""Fewer firms beyond a cut, or not beyond it, than this: the cut is left out"""


@dataclass(frozen=True)
class Distribution:
    """P(share > cut) in each state, and what follows from it, at K cuts."""

    cuts: tuple[float, ...]
    """(K,) rising; of those that were asked, the ones with enough firms on both sides and an estimate"""
    contrasts: tuple[Quantities, ...]
    """(K,) the nine contrasts at each cut"""
    left_out: tuple[float, ...]
    """Cuts without an estimate"""
    rearranged: bool
    """Whether a state's curve rose somewhere and was put in order"""

    def along(self, name: str) -> Quantities:
        """One contrast (`complementarity`) at all cuts, called `name > cut`: the K quantities of one curve, whose
        joint covariance the band takes."""
        at = [each.names.index(name) for each in self.contrasts]
        return Quantities(
            tuple(f"{name} > {cut:g}" for cut in self.cuts),
            tuple(each.kinds[j] for each, j in zip(self.contrasts, at, strict=True)),
            np.array([each.estimates[j] for each, j in zip(self.contrasts, at, strict=True)]),
            np.column_stack([each.contributions[:, j] for each, j in zip(self.contrasts, at, strict=True)]),
            tuple(each.contrasts[j] for each, j in zip(self.contrasts, at, strict=True)),
        )


@dataclass(frozen=True)
class Band:
    """A curve with bounds that hold all of it at once."""

    estimate: Array
    low: Array
    high: Array
    critical: Array
    """(K,) c in estimate -+ c se"""


def usable_cuts(share: Sequence[Array], cuts: Sequence[float], least: int = LEAST_EVENTS) -> tuple[float, ...]:
    """The cuts that in every copy at least `least` firms pass and as many do not: all copies have the same curve.
    `share`: (n,) of each copy."""

    def enough(values: Array, cut: float) -> bool:
        beyond = int((values > cut).sum())
        return min(beyond, len(values) - beyond) >= least

    return tuple(cut for cut in sorted(cuts) if all(enough(values, cut) for values in share))


def distribution_regression(
    frame: Columns,
    terms: Terms,
    x: Array,
    share: Array,
    w: Array,
    cuts: Sequence[float],
    *,
    penalised: bool = False,
    least: int = LEAST_EVENTS,
) -> Distribution:
    """P(share > cut) over the four states at each cut: a logit each, standardised over the base, put in order.

        S_s(c) = sum w_i / W p_c(x_i in state s),  p_c the logit of 1{share > c} on x

    A share of firms beyond a cut cannot rise with the cut; where separate fits say so, each state's values are sorted
    (monotone rearrangement: never farther from the true curve than before), and what firms contribute goes with them.
    The effects and complementarity at a cut are those of the sorted curves. `share` (n,) in 0..100 or any unit of the
    cuts; `penalised`: Firth's with FLIC at every cut. Cuts with fewer than `least` firms on a side, and those without a
    finite estimate, are left out. Sources: Foresi and Peracchi (1995); Chernozhukov, Fernandez-Val and Melly (2013),
    Econometrica 81; Chernozhukov, Fernandez-Val and Galichon (2010) for the rearrangement.
    """
    plan = of_practices(frame, terms, x)
    first = [plan.names.index(contrast.name) for contrast in four_states(terms.practices)[:4]]
    kept, levels, contributions = [], [], []
    for cut in usable_cuts([share], cuts, least):
        (fit,) = fit_copies([(share > cut).astype(np.float64)], [x], [w], penalised=penalised)
        if fit.converged:
            found = evaluate(plan, fit, w)
            kept.append(cut)
            levels.append(found.estimates[first])
            contributions.append(found.contributions[:, first])
    left_out = tuple(cut for cut in sorted(cuts) if cut not in kept)
    if not kept:
        return Distribution((), (), left_out, rearranged=False)
    curve, moved = np.stack(levels), np.stack(contributions)
    order = in_order(curve)
    curve = np.take_along_axis(curve, order, axis=0)
    moved = np.take_along_axis(moved, order[:, None, :], axis=0)
    told = tuple(of_states(terms.practices, s, e) for s, e in zip(curve, moved, strict=True))
    disordered = bool((order != np.arange(len(kept))[:, None]).any())
    return Distribution(tuple(kept), told, left_out, disordered)


def in_order(curve: Array) -> NDArray[np.int64]:
    """(K, S) which value of each state's curve (K, S) stands at each of K rising cuts, so that no curve rises; values
    that are equal but for last bits stay where they are."""
    return np.argsort(-np.round(curve, DIGITS), axis=0, kind="stable")


def band(curve: Estimates, level: float = 0.95) -> Band:
    """The simultaneous band of a curve that all copies were combined to: estimate -+ c se, c by `sup_t` from the joint
    covariance and each value's degrees of freedom."""
    critical = sup_t(curve.covariance, curve.df, level)
    half = critical * curve.error
    return Band(curve.estimate, curve.estimate - half, curve.estimate + half, critical)
