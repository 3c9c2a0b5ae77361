"""A release's folder: its name, its place among the others, and what it says of itself.

Belongs here: what a published release is known by. Does not belong here: publishing it (`publish`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from monitor.problems import Problem
from monitor.refusals import Refused

MANIFEST = "manifest.json"
release_names = re.compile(r"^r(\d{4,})-[0-9a-f]{12}$")


def number(name: str) -> int:
    """The running number in a release's name; 0 in any other."""
    found = release_names.match(name)
    return int(found.group(1)) if found else 0


def in_order(folders: Iterable[Path]) -> list[Path]:
    """Those folders that bear a release's name, oldest first: by their numbers, for r10000 comes after r9999."""
    return sorted((p for p in folders if release_names.match(p.name)), key=lambda p: (number(p.name), p.name))


def manifest(release: Path) -> dict[str, Any]:
    """What a release says of itself. Refused where it cannot be read."""
    file = release / MANIFEST
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found = None if isinstance(content, dict) else "something else"
    except FileNotFoundError:
        found = "no such file"
    except ValueError:
        found = "a file that is cut short or damaged"
    if found is not None:
        raise Refused(
            Problem(
                "the release does not say what it is: its manifest cannot be read",
                file=str(file),
                expected="the manifest as it was published",
                found=found,
                do=f"put {release.name} back from a backup, or move it out of the releases; then run again",
            )
        )
    return dict(content)
