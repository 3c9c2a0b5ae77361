"""Which published amounts rest on one firm more than the survey declares, said of the figure and of no cell of it.

Belongs here: the column that says so, and of which lines it may be said. Does not belong here: how much a firm carries
(`statistics.decisions.influence`), dominance as a reason to withhold (`cells`).

Said of a line about all firms only. By domain it would lead to the firm: where a total and its large firms say so and
no other size does, the cell is named. By base likewise: a figure about innovators that says so where the one about
everyone does tells that the firm innovates. `docs/decisions/disclosure.md`, rule 13.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from monitor.contract.columns import EVERYONE
from monitor.stages.disclosed.contributions import WaveFirms, contributions, largest
from monitor.statistics.decisions.influence import carried
from monitor.survey import Survey

ADDED_UP = ("total", "mean", "ratio")
"""Estimators of amounts, of which one firm can carry much; a median does not add up"""


def with_one_firm(indicators: pd.DataFrame, survey: Survey, firms: Mapping[str, WaveFirms]) -> pd.DataFrame:
    """Lines of indicators with `one_firm`: the contributions are those that dominance looks at."""
    limits = survey.disclosure
    if not len(indicators) or not limits.tells_influence:
        return indicators.assign(one_firm=None)
    above = {
        (wave, name): carried(amounts, np.ones(len(amounts)), declared=limits.influence).above
        for wave, found in firms.items()
        for name, both in contributions(found, survey).items()
        if survey.indicators[name].estimator in ADDED_UP and _of_everyone(survey, name)
        and len(amounts := largest(both))
    }  # fmt: skip
    told = [
        above.get((str(wave), str(name))) if variable == EVERYONE else None
        for wave, name, variable in zip(
            indicators["wave"], indicators["indicator"], indicators["domain_variable"], strict=True
        )
    ]
    return indicators.assign(one_firm=pd.Series(told, index=indicators.index, dtype="object"))


def _of_everyone(survey: Survey, name: str) -> bool:
    """Whether an indicator's base is every firm."""
    return survey.bases[survey.indicators[name].base].everyone
