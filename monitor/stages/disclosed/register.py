"""What happened to the register of initiatives between waves, told from the survey's definition.

Belongs here: the table `register_changes`. Does not belong here: any answer, what a change is (`survey.register`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from monitor.survey import Survey


def register_changes(survey: Survey, waves: Sequence[str]) -> pd.DataFrame:
    """One row for each thing that happened to an initiative between a wave of the release and the one before it."""
    rows = []
    for before, now in pairwise(survey.waves[name] for name in sorted(waves)):
        known = survey.register.known(now.name)
        rows += [
            {
                "survey": survey.name,
                "wave": now.name,
                "wave_before": before.name,
                "initiative": change.initiative,
                "label_nl": known[change.initiative].label["nl"],
                "label_en": known[change.initiative].label["en"],
                "event": change.change,
                "aspect": change.aspect,
                "value_before": change.was,
                "value_after": change.now,
                "source": change.source,
            }
            for change in survey.register.changes(before, now)
        ]
    return pd.DataFrame(rows, columns=["survey", "wave", "initiative"] if not rows else None)
