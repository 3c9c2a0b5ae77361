"""Response as a second phase: what answering adds to the variance of drawing.

Belongs here: the phase and its two parts of a covariance. Does not belong here: how response weights are made
(`weighted`), the first phase by itself (`structure`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.groups import Codes, Floats, resolve_lonely, spread, sums

Drawing = Callable[[Floats, Codes, Floats], Floats]
"""(weighted influences (m, k), strata (m,), firms per row (m,)) -> rows whose cross product is the first part"""


@dataclass(frozen=True)
class ResponsePhase:
    """Response as a second phase of sampling: within a class every invited firm answers with the same chance.

    classes       (n,) response class of every responding firm
    adjustment    (n,) response weight over base weight: the inverse of the class's response rate; of the firm's own
                  chance of answering where firms of a class are taken to answer with different odds
                  (`nonresponse.tipping`)
    strata, silent_classes, silent, base
                  (m,) one row per stratum x class with invited firms that did not answer: how many, and the base
                  weight of each. A class outside `classes` (out of scope, say) carries zero.
    """

    classes: NDArray[Any]
    adjustment: Floats
    strata: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))
    silent_classes: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))
    silent: Floats = field(default_factory=lambda: np.empty(0))
    base: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Answered:
    """The n responding firms as the two phases see them."""

    weights: Floats
    """(n,) final"""
    before: Floats
    """(n,) before calibration: base weight times response weight"""
    population: Floats
    """(n,) N_h of the firm's stratum"""
    strata: tuple[Codes, NDArray[Any]]
    """code of each firm and the strata in order"""
    classes: tuple[NDArray[Any], Codes]
    """the response classes in order and the code of each firm"""


def two_phase(phase: ResponsePhase, firms: Answered, e: Floats, drawing: Drawing, lonely: str) -> Floats:
    """Covariance (k, k) of estimates with calibration residuals e (n, k): drawing and answering, in reverse order.

    With c the class of a firm and mean_c the class's weighted mean of e: drawing sees every invited firm of a class
    with mean_c, respondents with their own deviation as well; answering sees the deviations within classes, with
    f_k (1 - rate_c). With a census at the first phase the correction of a class so is 1 - respondents / population.
    Where chances differ within a class, its size ties the firms together by what they add to it, base (1 / chance - 1):
    mean_c is weighted by that, and deviations from it are not centred again.
    Source: Fay (1991); Shao and Steel (1999), JASA 94.
    """
    h, labels = firms.strata
    names, c = firms.classes
    adjustment = np.asarray(phase.adjustment, dtype=float)
    base = firms.before / adjustment
    ge = (firms.weights / firms.before)[:, None] * e
    varies = np.array([np.ptp(adjustment[c == j]) > 0 for j in range(len(names))])
    pull = base * np.where(varies[c], adjustment - 1, 1.0)
    mean = sums(pull[:, None] * ge, c, len(names)) / np.bincount(c, weights=pull)[:, None]
    v = firms.before[:, None] * (ge - mean[c])
    rows, stratum, times = base[:, None] * mean[c] + v, h, np.ones(len(e))
    place = {str(value): i for i, value in enumerate(labels)}
    known = {str(value): i for i, value in enumerate(names)}
    cells = [
        (place[str(s)], known[str(k)], float(silent), float(d))
        for s, k, silent, d in zip(phase.strata, phase.silent_classes, phase.silent, phase.base, strict=True)
        if str(s) in place and str(k) in known
    ]
    if cells:
        s, k, silent, d = (np.array(column) for column in zip(*cells, strict=True))
        rows, stratum = np.vstack([rows, d[:, None] * mean[k]]), np.r_[stratum, s]
        times = np.r_[times, silent]
    drawn = drawing(rows, stratum, times)
    size = np.bincount(c).astype(float)
    rate = np.minimum(1 / np.array([adjustment[c == j][0] for j in range(len(names))]), 1.0)
    grouping = resolve_lonely(names, size, rate >= 1 - 1e-12, lonely, "response class")
    merged = np.bincount(grouping.target, weights=size, minlength=len(names)).astype(float)
    share = np.where(np.isfinite(firms.population), np.minimum(1 / np.maximum(base, 1.0), 1.0), 1.0)
    silent_share = 1 - np.where(varies[c], np.minimum(1 / adjustment, 1.0), rate[c])
    grouping = replace(grouping, centred=grouping.centred & ~varies)
    answered = spread(v * np.sqrt(share * silent_share)[:, None], c, merged, np.ones(len(names)), grouping)
    return np.asarray(drawn.T @ drawn + answered.T @ answered)
