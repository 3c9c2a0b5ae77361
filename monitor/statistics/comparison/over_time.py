"""How much more participants changed than others, from completed copies under a survey's design, or why that is not
told.

Belongs here: limits, the design's variance and Rubin's rules on changes. Does not belong here: the estimator of a
cohort and its averages (`changes`), levels in one wave (`effect`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.comparison.beyond import Beyond
from monitor.statistics.comparison.changes import Panel, averages, by_cohort
from monitor.statistics.comparison.effect import Compared
from monitor.statistics.comparison.limits import Limits
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.quantities import Quantities, over_copies
from monitor.statistics.models.sample import Design

CHANGES = "changes"
"""The method's name beside those of a plan"""


def changes_of_participants(
    panels: Sequence[Panel], masks: Sequence[NDArray[np.bool_]], design: Design, limits: Limits
) -> Compared:
    """`changes.averages` over m completed copies: `overall`, `placebo` where there are two waves before, and by the
    time since entry.

    `masks` (n_all,) of each copy: which of the design's firms its panel's are. Refused: `few_participants` where fewer
    of them answered every wave than `limits.participants`, of those that entered after the first; `participants_alone`
    where a cohort has nobody beside it.
    """
    first = panels[0]
    entered = first.complete & np.isin(first.first, first.cohorts)
    found = Compared(CHANGES, int(entered.sum()), int((first.complete & np.isinf(first.first)).sum()), None)
    if found.participants < limits.participants:
        return replace(found, refusal=note("few_participants", least=limits.participants))
    parts: list[Quantities] = []
    for panel, mask in zip(panels, masks, strict=True):
        w = design.weights[mask]
        cohorts = by_cohort(panel, w)
        if isinstance(cohorts, Note):
            return replace(found, refusal=cohorts)
        parts.append(averages(panel, cohorts, w))
    inside = masks[0].copy()
    inside[masks[0]] = first.complete
    df = float(design.degrees_of_freedom(inside))
    return replace(found, estimates=over_copies(parts, list(masks), Beyond(design), df))
