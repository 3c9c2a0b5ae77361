"""Where the folders lie that people edit beside the package: `sql/` and `expectations/`.

Belongs here: finding them, in a checkout and where the monitor was installed. Does not belong here: reading them.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent.parent


def _beside(name: str) -> Path:
    """A wheel holds the folder inside the package (`setup.py` puts it there), a checkout beside it."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


SQL = _beside("sql")
EXPECTATIONS = _beside("expectations")
