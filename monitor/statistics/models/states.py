"""The firms behind each of the four states of two practices.

Belongs here: counting them, weighted and not. Does not belong here: what their probability is (`contrasts`), which
interval it has (`decisions.state_intervals`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.models.contrast import of_two_practices
from monitor.statistics.models.sample import Rows, Sample

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Firms:
    """The firms of a state; means over the completed copies."""

    n: float
    """Not weighted"""
    kish: float
    """Their effective number, (sum w)^2 / sum w^2"""
    df: float
    """Degrees of freedom of the design among them: firms less strata"""
    events: float
    """Those of them with the outcome, not weighted; of a share its sum"""


def firms_of_states(
    sample: Sample,
    chosen: Sequence[Rows],
    practices: Sequence[str],
    weights: Array,
    inside: Sequence[NDArray[np.bool_]] | None = None,
) -> Mapping[str, Firms]:
    """Name of a state's contrast -> its firms. `weights` (n_all,); `inside`: of each copy's rows the firms that count
    (all of them without it)."""
    a, b = practices
    found = {}
    for contrast in of_two_practices(a, b).values():
        if not contrast.share:
            continue
        counts = []
        for i, r in enumerate(chosen):
            here = np.all([r.frame.numbers[name] == float(has) for name, has in contrast.given], axis=0)
            here &= inside[i] if inside is not None else True
            w = weights[r.mask][here]
            domain = np.zeros(len(r.mask), dtype=bool)
            domain[np.flatnonzero(r.mask)[here]] = True
            kish = float(w.sum() ** 2 / (w**2).sum()) if here.any() else 0.0
            df = float(sample.design.degrees_of_freedom(domain)) if here.any() else 0.0
            counts.append((float(here.sum()), kish, df, float(r.y[here].sum())))
        n, kish, df, events = np.mean(counts, axis=0)
        found[contrast.name] = Firms(float(n), float(kish), float(df), float(events))
    return found
