"""How much more participants changed than others, from completed copies under a survey's design, or why that is not
told.

Belongs here: limits, weights for those that did not answer every wave, the design's variance and Rubin's rules on
changes. Does not belong here: the estimator of a cohort and its averages (`changes`), levels in one wave (`effect`).
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
from monitor.statistics.models.likelihood import maximum_likelihood
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

    Firms that answered every wave stand for those that did not (`weights_for_all`).

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
        w = weights_for_all(panel, design.weights[mask])
        cohorts = by_cohort(panel, w)
        if isinstance(cohorts, Note):
            return replace(found, refusal=cohorts)
        parts.append(averages(panel, cohorts, w))
    inside = masks[0].copy()
    inside[masks[0]] = first.complete
    df = float(design.degrees_of_freedom(inside))
    return replace(found, estimates=over_copies(parts, list(masks), Beyond(design), df))


def weights_for_all(panel: Panel, w: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) survey weights over the chance of having answered every wave, so that firms that did stand for all of the
    panel: a weighted logit of it on covariates and taking part. As they are where everybody did, or where the logit has
    no finite estimate. The error of the chance is not in the variance, which is then too large rather than too small.

    Source: Robins, Rotnitzky and Zhao (1995), JASA 90.
    """
    if panel.complete.all() or not panel.complete.any():
        return w
    x = np.column_stack([np.ones(len(w)), np.isfinite(panel.first), panel.x])
    varies = np.concatenate([[True], np.ptp(x[:, 1:], axis=0) > 0])
    fit = maximum_likelihood(panel.complete.astype(np.float64), x[:, varies], w)
    return w / fit.probabilities if fit.converged else w
