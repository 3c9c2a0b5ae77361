"""What a survey's things are called in Dagster, where several surveys stand side by side.

Belongs here: names and keys. Does not belong here: the things themselves.
"""

import re
from urllib.parse import quote

import dagster as dg

RELEASES, PUBLIC = "releases", "public"
"""The room of a home that is shown, and the part of each release that is"""

POOL = "home"
"""Dagster's concurrency pool of everything that works in a home, of whichever survey"""


def named(survey: str, what: str) -> str:
    """The name of a survey's job, sensor, schedule or stage: Dagster takes letters, digits and underscores alone."""
    return f"{re.sub(r'[^A-Za-z0-9]', '_', survey)}_{what}"


def key(survey: str, table: str) -> dg.AssetKey:
    """The key of a survey's table."""
    return dg.AssetKey([survey, table])


def address(survey: str, release: str, file: str) -> str:
    """Where a release's public file is found on the server that shows its home."""
    return "/" + "/".join(quote(part, safe="") for part in (RELEASES, survey, release, *file.split("/")))
