"""Joining strata or response classes that are too small to stand alone, where the survey declares it.

Belongs here: which cell joins which. Does not belong here: weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

SEPARATOR = " × "
JOINT = " + "


def labels(frame: pd.DataFrame, variables: tuple[str, ...]) -> pd.Series:
    """One label per row: the variables' values joined; `all` where there are no variables."""
    if not variables:
        return pd.Series("all", index=frame.index, dtype=object)
    parts = [frame[v].astype(object).where(frame[v].notna(), "unknown").astype(str) for v in variables]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + SEPARATOR + part
    return joined.astype(object)


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
