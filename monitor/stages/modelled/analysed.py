"""Specifications analysed, or taken as an earlier run analysed them where all that they follow from is the same.

Belongs here: the one way by which the stage's parts have specifications fitted. Does not belong here: fitting
(`statistics.models.engine`), keeping (`running.kept`).
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.running import kept
from monitor.statistics.models.content import Contents
from monitor.statistics.models.engine import Work, analyse_all
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Sample


def analysed(sample: Sample, works: Sequence[Work]) -> list[list[Result]]:
    """The results of each work's specifications, in their order."""
    return kept.share(analyse_all, sample, works, Contents(sample).of)
