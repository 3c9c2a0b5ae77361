"""How many rules held: the one count of it, wherever it is told.

Belongs here: counting outcomes of rules. Does not belong here: running rules.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd


def counted(passed: Iterable[object]) -> dict[str, int]:
    """How many rules there are (`count`), held (`passed`), found something (`failed`), could not be checked
    (`unchecked`), from each one's `passed`: true, false or missing."""
    outcomes = [None if value is None or pd.isna(value) else bool(value) for value in passed]  # type: ignore[call-overload]
    return {
        "count": len(outcomes),
        "passed": sum(value is True for value in outcomes),
        "failed": sum(value is False for value in outcomes),
        "unchecked": sum(value is None for value in outcomes),
    }
