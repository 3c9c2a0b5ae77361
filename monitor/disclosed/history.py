"""What earlier releases have shown already: a line once published cannot hide another one any more.

Belongs here: reading the public part of earlier releases. Does not belong here: publishing.
"""

from __future__ import annotations

from pathlib import Path

from monitor.disclosed.cells import Row
from monitor.lake import connect


def earlier_lines(home: Path, survey: str) -> tuple[set[Row], set[Row]]:
    """Lines of `indicators` that some earlier release published, and lines that the newest of them withheld."""
    shown: set[Row] = set()
    withheld: set[Row] = set()
    for database in sorted((home / "releases" / survey).glob("r*/public/monitor.duckdb")):
        with connect(database, read_only=True) as connection:
            lines = connection.execute(
                "SELECT wave, indicator, domain_variable, domain, suppressed FROM indicators"
            ).fetchall()
        shown |= {line[:4] for line in lines if not line[4]}
        withheld = {line[:4] for line in lines if line[4]}
    return shown, withheld
