"""Which tests are judged together: the families within which p-values are adjusted for each other.

Belongs here: the families of the public tables, as data. Does not belong here: adjusting (`statistics`), claims, whose
families the survey declares (Holm), and readings of the primary question (Westfall and Young), which have their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

ALPHA = 0.05
"""A line is told as found where its adjusted p-value is below this"""

HEADLINES, LISTS = "headlines", "lists"
"""The two families of changes between two waves: what the pages tell in sentences, and all that can be looked up"""


@dataclass(frozen=True)
class Families:
    """The families of one table: its lines that are equal in these columns."""

    table: str
    within: Sequence[str]
    method: Literal["benjamini_hochberg"]
    """False discovery rate: these are lists of findings, of which some may be wrong. A claim may not: Holm"""


FAMILIES: Sequence[Families] = (
    Families("changes", ("wave_from", "wave_to", "family"), "benjamini_hochberg"),
    Families("contrasts", ("wave", "model", "variant"), "benjamini_hochberg"),
)

OF_TABLE: Mapping[str, Families] = {found.table: found for found in FAMILIES}
