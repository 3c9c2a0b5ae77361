"""Whether a web interface answers: `python -m pipelines.health HOST:PORT`, which ends with 0 or 1.

Belongs here: asking once. Does not belong here: what it would take to answer.
"""

from __future__ import annotations

import sys
import urllib.request

SECONDS = 8


def answers(place: str) -> bool:
    """Whether Dagster's server is behind the guard at a place of this machine."""
    try:
        with urllib.request.urlopen(f"http://{place}/server_info", timeout=SECONDS) as answer:
            return b"dagster_version" in answer.read()
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(not answers(sys.argv[1]))
