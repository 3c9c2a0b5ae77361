"""Nearest neighbours: each participant beside the comparison firms whose propensity is nearest.

Belongs here: matching with replacement within a caliper. Does not belong here: propensities (`propensity`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.groups import Groups, quantities
from monitor.statistics.comparison.propensity import propensities
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities

Array = NDArray[np.float64]

CALIPER = 0.2
"""Farthest that a match may be, in standard deviations of the propensity's log-odds (Austin 2011)"""
TIED = 1e-9
"""Log-odds by which two firms are equally near: which of them is nearer may not hang on a last bit"""


@dataclass(frozen=True)
class Matched:
    """Who stands beside whom."""

    weights: Array
    """(n,) of comparison firms the survey weight of the participants they stand for; 0 of participants"""
    unmatched: NDArray[np.bool_]
    """(n,) participants without a comparison firm within the caliper"""


def match(groups: Groups, w: Array, neighbours: int = 1, caliper: float = CALIPER) -> Matched | Note:
    """Each participant's `neighbours` nearest comparison firms by log-odds of the propensity, with replacement.

    Firms as near as the last one taken (`TIED`) are taken with it, all with the same part of the participant's weight,
    as Abadie and Imbens (2006) take ties. `caliper`: in pooled standard deviations of the log-odds. A participant
    without a firm within it is unmatched and left out: whom the answer is about changes, so their number is told.
    """
    fit = propensities(groups, w)
    if isinstance(fit, Note):
        return fit
    t = groups.participates
    eta = groups.with_intercept @ fit.coefficients
    farthest = caliper * np.sqrt((eta[t].var(ddof=1) + eta[~t].var(ddof=1)) / 2)
    weights, unmatched = np.zeros(len(eta)), np.zeros(len(eta), dtype=np.bool_)
    others = np.flatnonzero(~t)
    others = others[w[others] > 0]
    for i in np.flatnonzero(t):
        away = np.abs(eta[others] - eta[i])
        last = np.partition(away, min(neighbours, len(away)) - 1)[min(neighbours, len(away)) - 1]
        near = others[away <= min(last, farthest) + TIED]
        unmatched[i] = len(near) == 0
        weights[near] += w[i] / max(len(near), 1)
    return Matched(weights, unmatched)


def by_matching(groups: Groups, y: Array, w: Array, neighbours: int = 1, caliper: float = CALIPER) -> Quantities | Note:
    """The difference on the participants that have a match.

    The matches are taken as given, as after any design that made groups alike before outcomes were looked at (Ho, Imai,
    King and Stuart 2007): contributions are those of two weighted means. The bootstrap does not hold for matching with
    replacement (Abadie and Imbens 2008), so replicates are no second opinion here.
    """
    found = match(groups, w, neighbours, caliper)
    if isinstance(found, Note):
        return found
    if found.unmatched[groups.participates].all():
        return note("participants_alone")
    share = found.weights / found.weights.sum()
    comparison = float(share @ y)
    own = np.where(found.unmatched, 0.0, w)
    return quantities(groups, y, own, comparison, share * (y - comparison))
