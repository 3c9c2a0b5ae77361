"""Response as a second phase: what answering adds to the variance of drawing.

Belongs here: the phase and its two parts of a covariance. Does not belong here: how response weights are made
(`weighted`), the first phase by itself (`structure`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.groups import Codes, Floats, Spread, resolve_lonely, spread, sums


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


@dataclass(frozen=True)
class TwoPhases:
    """What the covariance needs of the firms and the phases, worked out once for all estimates: R rows are the firms
    and, after them, those that did not answer by stratum and class; C classes."""

    calibrated: Floats
    """(n,) final weight over the weight before calibration"""
    before: Floats
    """(n,) weight before calibration"""
    base: Floats
    """(n,) weight before response"""
    classes: Codes
    """(n,) class of each firm"""
    pull: Floats
    """(n,) what each firm counts in its class's mean"""
    pulls: Floats
    """(C,) its sum over the class"""
    stratum: Codes
    """(R,) stratum of each row"""
    times: Floats
    """(R,) how many invited firms it stands for"""
    silent: tuple[Codes, Floats]
    """(R - n,), (R - n,) class and base weight of those that did not answer"""
    share: Floats
    """(n,) root of the part of its own deviation that answering adds"""
    answering: Spread

    def rows(self, e: Floats, drawing: Spread) -> tuple[Floats, Floats]:
        """The rows (R, k), (n, k) of the two parts, drawing and answering, whose cross products together are the
        covariance of estimates with calibration residuals e (n, k)."""
        ge = self.calibrated[:, None] * e
        c, (k, d) = self.classes, self.silent
        mean = sums(self.pull[:, None] * ge, c, len(self.pulls)) / self.pulls[:, None]
        own = mean[c]
        ge -= own
        v = np.multiply(ge, self.before[:, None], out=ge)
        own *= self.base[:, None]
        own += v
        rows = np.vstack([own, d[:, None] * mean[k]]) if len(k) else own
        v *= self.share[:, None]
        return drawing.of(rows), self.answering.of(v)


def two_phases(phase: ResponsePhase, firms: Answered, lonely: str) -> TwoPhases:
    """Drawing and answering as two parts of a covariance, in reverse order.

    With c the class of a firm and mean_c the class's weighted mean of e: drawing sees every invited firm of a class
    with mean_c, respondents with their own deviation as well; answering sees the deviations within classes, with
    f_k (1 - rate_c). With a census at the first phase the correction of a class so is 1 - respondents / population.
    Where chances differ within a class, its size ties the firms together by what they add to it, base (1 / chance - 1):
    mean_c is weighted by that, and deviations from it are not centred again.
    Source: Fay (1991); Shao and Steel (1999), JASA 94.
    """
    names, c = firms.classes
    adjustment = np.asarray(phase.adjustment, dtype=float)
    base = firms.before / adjustment
    varies = np.array([np.ptp(adjustment[c == j]) > 0 for j in range(len(names))])
    pull = base * np.where(varies[c], adjustment - 1, 1.0)
    s, k, times, d = _silent(phase, firms)
    size = np.bincount(c).astype(float)
    rate = np.minimum(1 / np.array([adjustment[c == j][0] for j in range(len(names))]), 1.0)
    grouping = resolve_lonely(names, size, rate >= 1 - 1e-12, lonely, "response class")
    merged = np.bincount(grouping.target, weights=size, minlength=len(names)).astype(float)
    share = np.where(np.isfinite(firms.population), np.minimum(1 / np.maximum(base, 1.0), 1.0), 1.0)
    silent_share = 1 - np.where(varies[c], np.minimum(1 / adjustment, 1.0), rate[c])
    grouping = replace(grouping, centred=grouping.centred & ~varies)
    return TwoPhases(
        calibrated=firms.weights / firms.before,
        before=firms.before,
        base=base,
        classes=c,
        pull=pull,
        pulls=np.bincount(c, weights=pull).astype(float),
        stratum=np.r_[firms.strata[0], s],
        times=np.r_[np.ones(len(c)), times],
        silent=(k, d),
        share=np.sqrt(share * silent_share),
        answering=spread(c, merged, np.ones(len(names)), grouping),
    )


def _silent(phase: ResponsePhase, firms: Answered) -> tuple[Codes, Codes, Floats, Floats]:
    """Of those that did not answer, one row per stratum and class that answering firms have too: stratum, class, how
    many, base weight."""
    place = {str(value): i for i, value in enumerate(firms.strata[1])}
    known = {str(value): i for i, value in enumerate(firms.classes[0])}
    cells = [
        (place[str(s)], known[str(k)], float(silent), float(d))
        for s, k, silent, d in zip(phase.strata, phase.silent_classes, phase.silent, phase.base, strict=True)
        if str(s) in place and str(k) in known
    ]
    found = np.array(cells, dtype=np.float64).reshape(-1, 4)
    return found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 2], found[:, 3]
