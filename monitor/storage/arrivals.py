"""When a wave's answers came in.

Belongs here: reading it from the lake's record of deliveries. Does not belong here: reading that record, and what is
decided by it (the stages).
"""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd


def first_arrival(deliveries: pd.DataFrame) -> datetime | None:
    """When the first of a wave's answers arrived; None where none is recorded. `deliveries`: role and arrived_at of
    each."""
    answers = deliveries.loc[deliveries["role"] == "answers", "arrived_at"]
    return min((moment(str(text)) for text in answers), default=None)


def moment(text: str) -> datetime:
    """A written moment; in UTC where it names no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
