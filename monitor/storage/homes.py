"""Which shape a home has, and which surveys live in it.

Belongs here: the number of a home's shape, bringing an older one up to date, refusing one of a later version. Does not
belong here: what lies in it (`lake`, `publish`), modes (`private`).

A home says its shape in `.shape`, a number. Shape 1 is that of version 0.1.0: `inbox/<survey>/<wave>/`,
`lake/<survey>/<table>/wave=<wave>/`, `releases/<survey>/`. Homes from before the number was written have it too; their
waves may lack the record of their tables, and are then asked to be run again where a release is made.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from monitor.problems import DefinitionError, Problem

SHAPE = 1
"""The shape that this version reads and writes"""
MARK = ".shape"
ROOMS = ("inbox", "lake", "releases")


def require_known(home: Path) -> None:
    """Raise DefinitionError where a home has a shape that this version does not know; nothing in it is touched."""
    try:
        told = (home / MARK).read_text(encoding="ascii", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        told = str(SHAPE)
    if told != str(SHAPE):
        raise DefinitionError(
            Problem(
                "this home was made by a later version of the monitor; nothing in it is changed",
                file=str(home / MARK),
                expected=f"a home of shape {SHAPE}",
                found=f"shape {told}" if told else "an empty file",
                do="install the version that made it, or give another folder with --home",
            )
        )
    if old := sorted(path.parent.parent.name for path in home.glob("lake/*/wave=*/*.parquet")):
        raise DefinitionError(
            Problem(
                "this home is older than version 0.1.0: its tables lie under no survey; nothing in it is changed",
                file=str(home / "lake"),
                expected="lake/<survey>/<table>/wave=<wave>/",
                found=f"lake/{old[0]}/wave=...",
                do="move its inbox and releases into a new home, with its identity.key, and run its waves again",
            )
        )


def mark(home: Path) -> None:
    """Say in a home which shape it has, where nothing does yet."""
    place = home / MARK
    if not place.exists():
        aside = home / f"{MARK}.{secrets.token_hex(4)}"
        aside.write_text(f"{SHAPE}\n", encoding="ascii")
        os.replace(aside, place)


def surveys(home: Path) -> list[str]:
    """The names of the surveys that have anything in a home."""
    found = {folder.name for room in ROOMS for folder in (home / room).glob("[!.]*") if folder.is_dir()}
    return sorted(found)
