"""A survey as a component of Dagster, so that a deployment of several is a handful of lines for each.

Belongs here: what `defs.yaml` may say. Does not belong here: the definitions themselves (`definitions`).
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from monitor.surveys import BUNDLED
from pipelines.definitions import build
from pipelines.resources import home_folder

DEMONSTRATION = "demonstration"
"""Stands for the survey folder that comes with the product"""


class MonitoredSurvey(dg.Component, dg.Model, dg.Resolvable):
    """One survey: its tables, jobs, sensors and, where survey.yaml declares it, its schedule, all named after it.

    folder: the survey folder, seen from the file that names it, or `demonstration`. passports: whether a release holds
    a passport for every firm of its newest wave. Every survey of a deployment lives in the home of the process.
    """

    folder: str
    passports: bool = False

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """What Dagster loads of the survey."""
        folder = BUNDLED if self.folder == DEMONSTRATION else (Path(context.path) / self.folder).resolve()
        return build(folder, home_folder(), self.passports)
