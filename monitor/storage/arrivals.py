"""When a wave's answers came in.

Belongs here: reading it from the lake's record of deliveries. Does not belong here: what is decided by it (the stages).
"""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.storage.lake import Lake


def first_arrival(lake: Lake, wave: str) -> datetime | None:
    """When the first of a wave's answers arrived; None where no delivery is known."""
    if not lake.has("raw_deliveries", wave):
        return None
    table = lake.read("raw_deliveries", wave)
    answers = table.loc[table["role"] == "answers", "arrived_at"]
    return min((moment(str(text)) for text in answers), default=None)


def moment(text: str) -> datetime:
    """A written moment; in UTC where it names no zone."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
