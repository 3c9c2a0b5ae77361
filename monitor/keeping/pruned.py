"""What was taken out of a release to save room: the release itself says so, in `pruned.json`.

Belongs here: which files may go, the note about those that went. Does not belong here: which releases (`prune`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

PRUNED = "pruned.json"
KEPT = ("public/monitor.duckdb", "public/tables/", "secure/microdata.duckdb")
"""What later releases rest on: disclosure control holds against everything that was ever published, and compares with
the firms behind it; without these files a new release could tell what an old one withheld"""


def removable(files: Iterable[str]) -> list[str]:
    """Of a release's files, those that no later release reads: its report, papers, exports and passports."""
    return sorted(name for name in files if not name.startswith(KEPT))


def removed(release: Path) -> frozenset[str]:
    """The files that were taken out of a release."""
    try:
        return frozenset(json.loads((release / PRUNED).read_text(encoding="utf-8"))["removed"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def note(release: Path, names: Iterable[str]) -> None:
    """Say in a release what is taken out of it, before it is."""
    aside = release / f".{PRUNED}"
    text = json.dumps({"removed": sorted(removed(release).union(names))}, indent=1)
    aside.write_text(text + "\n", encoding="utf-8")
    aside.chmod(0o644)
    os.replace(aside, release / PRUNED)
