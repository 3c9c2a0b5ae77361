"""Two waves of one survey: what the firms in both mean for a change.

Belongs here: the covariance of estimates of two designs. Does not belong here: which waves compare.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.estimate import Estimate
from monitor.statistics.design.intervals import student_t
from monitor.statistics.design.structure import SurveyDesign

Floats = NDArray[np.float64]


def change(before: Estimate[SurveyDesign], after: Estimate[SurveyDesign], level: float = 0.95) -> dict[str, Floats]:
    """Change of k estimates between two waves, with the covariance that the firms in both bring.

    Var(change) = V1 + V2 - 2 C, C from `panel_covariance`; both designs must know their `firms`.
    Returns change, se, covariance, low, high and overlap, (k,) each.
    """
    one, two = before.design, after.design
    inside = [np.ones(e.design.n, dtype=bool) if e.domain is None else e.domain for e in (before, after)]
    k = len(before.estimate)
    covariance, overlap = panel_covariance(
        one,
        two,
        one.contributions(before.influence),
        two.contributions(after.influence),
        np.repeat(inside[0][:, None], k, axis=1),
        np.repeat(inside[1][:, None], k, axis=1),
    )
    v1, v2 = np.diag(before.covariance), np.diag(after.covariance)
    limit = np.sqrt(v1 * v2)
    covariance = np.clip(covariance, -limit, limit)
    moved = after.estimate - before.estimate
    se = np.sqrt(np.maximum(v1 + v2 - 2 * covariance, 0))
    low, high = student_t(moved, se, min(before.df, after.df), level)
    return {
        "change": moved,
        "se": se,
        "covariance": covariance,
        "low": low,
        "high": high,
        "overlap": overlap.astype(float),
    }


def panel_covariance(
    one: SurveyDesign,
    two: SurveyDesign,
    first: Floats,
    second: Floats,
    inside_one: NDArray[np.bool_],
    inside_two: NDArray[np.bool_],
) -> tuple[Floats, NDArray[np.int64]]:
    """Covariance of k estimates of two waves, and the firms that count in both, (k,) each.

    C = sum_h phi_h sum over common firms of stratum h of their contributions (`SurveyDesign.contributions`) to both
    estimates, phi_h = 1 - r1 r2 / (N_h r12) (Tam 1984; Qualite & Tille 2008): samples drawn independently of each
    other overlap by chance, r12 = r1 r2 / N_h, and have no covariance; neither have take-all strata. With response
    as a phase the classes take the strata's place. Firms that changed stratum get phi of the whole sample. Without
    population sizes phi = 1.

    first, second            (n1, k), (n2, k) contributions
    inside_one, inside_two   (n1, k), (n2, k) whether the firm counts in the estimate
    """
    if one.firms is None or two.firms is None:
        raise ValueError("a covariance between waves needs the firms of both designs: hand them in as firms=")
    _, left, right = np.intersect1d(one.firms.astype(str), two.firms.astype(str), return_indices=True)
    phi = _beyond_chance(one, two, left, right)
    covariance = (phi[:, None] * first[left] * second[right]).sum(axis=0)
    return covariance, (inside_one[left] & inside_two[right]).sum(axis=0).astype(np.int64)


def _beyond_chance(one: SurveyDesign, two: SurveyDesign, left: NDArray[np.intp], right: NDArray[np.intp]) -> Floats:
    """phi of every common firm: 1 less the chance overlap of its stratum over the overlap there is."""
    if one.population is None or two.population is None or not len(left):
        return np.ones(len(left))
    first, second = one.variance_cells(), two.variance_cells()
    a, b = first[0][left], second[0][right]
    size_one, size_two = ({name: (count, big) for name, count, big in cells[1]} for cells in (first, second))
    stayed = a == b
    shared = dict(zip(*np.unique(a[stayed], return_counts=True), strict=True))
    phi = np.zeros(len(left))
    expected = 0.0
    for label, (r1, big) in size_one.items():
        if label not in size_two:
            continue
        r2, other = size_two[label]
        chance = r1 * r2 / max(big, other)
        expected += chance
        if label in shared:
            phi[stayed & (a == label)] = 1 - chance / shared[label]
    phi[~stayed] = np.clip(1 - expected / len(left), 0.0, 1.0)
    return phi
