"""Joining strata or response classes that are too small to stand alone, where the survey declares it.

Belongs here: which cell joins which. Does not belong here: weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import pandas as pd

SEPARATOR = " × "
JOINT = " + "
UNKNOWN = "unknown"
OUT_OF_SCOPE = "out of scope"
_marks = re.compile(r"(?:^|\s)[×+](?:\s|$)")


def is_out_of_scope(disposition: object) -> bool:
    """Whether a disposition, however it is spelled, says that a firm is none of the survey's."""
    text = str(disposition).strip().lower().replace("_", " ").replace("-", " ")
    return text == OUT_OF_SCOPE


def label(values: Sequence[str | None]) -> str:
    """The label of a cell: its values joined, `unknown` for a missing one. Two cells never get one label.

    A value that is one of the words above, or holds what stands between values, is put in quotes as JSON writes it.
    """
    return SEPARATOR.join(UNKNOWN if value is None else _told(value) for value in values)


def _told(value: str) -> str:
    plain = value not in (UNKNOWN, OUT_OF_SCOPE) and not value.startswith('"') and not _marks.search(value)
    return value if plain else json.dumps(value)


def labels(frame: pd.DataFrame, variables: tuple[str, ...]) -> pd.Series:
    """One label per row: of the variables' values; `all` where there are no variables."""
    if not variables:
        return pd.Series("all", index=frame.index, dtype=object)
    parts = [frame[v].astype(object).where(frame[v].notna(), None) for v in variables]
    rows = zip(*parts, strict=True)
    made = [label([None if value is None else str(value) for value in row]) for row in rows]
    return pd.Series(made, index=frame.index, dtype=object)


def neighbours(sizes: Mapping[str, int], enough: Mapping[str, bool]) -> dict[str, str]:
    """Label -> label after collapsing: every cell that is not `enough` joins its nearest neighbour.

    Nearest: shares the most leading variables, then lies closest in the order of labels. A joint cell counts
    as enough when it holds one that is, or two or more firms.
    """
    groups = [[label] for label in sorted(sizes)]
    good = [bool(enough[group[0]]) for group in groups]
    while len(groups) > 1 and not all(good):
        weak = next(i for i, ok in enumerate(good) if not ok)
        others = [i for i in range(len(groups)) if i != weak]
        best = min(others, key=lambda i: (-_shared(groups[weak][0], groups[i][0]), abs(i - weak), i))
        first, second = sorted((weak, best))
        groups[first] = sorted(groups[first] + groups[second])
        good[first] = good[weak] or good[best] or sum(sizes[label] for label in groups[first]) >= 2
        del groups[second], good[second]
    return {label: JOINT.join(group) for group in groups for label in group}


def _shared(one: str, two: str) -> int:
    count = 0
    for a, b in zip(one.split(SEPARATOR), two.split(SEPARATOR), strict=False):
        if a != b:
            break
        count += 1
    return count
