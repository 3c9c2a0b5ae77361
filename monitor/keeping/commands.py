"""The commands about a home as a whole, as the command line takes them.

Belongs here: their options, and which function answers each. Does not belong here: what they do, printing (`cli`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from monitor.keeping.backup import backup, restore
from monitor.keeping.prune import prune
from monitor.keeping.report import open_report
from monitor.keeping.status import status
from monitor.keeping.verify import verify
from monitor.problems import DefinitionError, Problem


class Told(Protocol):
    """What a command found, for a person and for a machine."""

    @property
    def exit_code(self) -> int:
        """What the command ends with."""

    def as_dict(self) -> dict[str, Any]:
        """The result for a machine."""

    def render(self) -> str:
        """The result as a person reads it."""


Command = Callable[[argparse.Namespace], Told]
Add = Callable[[str, Command, str], argparse.ArgumentParser]


def add_to(add: Add, path: Callable[[str], Path], recompute: Command) -> None:
    """Add the commands; `path` reads a path as the user means it, `recompute` makes everything again and compares."""
    of = {"metavar": "SURVEY", "help": "one survey (default: every survey of the home folder)"}
    add("status", lambda options: status(options.home), "how the home stands: waves, releases, inbox, disk")
    add("open", lambda options: open_report(options.home, options.of), "the latest report, in a browser").add_argument(
        "--of", metavar="SURVEY", help="the survey, where the home folder holds several"
    )

    def verified(options: argparse.Namespace) -> Told:
        return recompute(options) if options.recompute else verify(options.home)

    verifying = add("verify", verified, "compare every release and the lake with what was recorded")
    verifying.add_argument(
        "--recompute",
        type=path,
        metavar="FOLDER",
        help="make every whole wave of this survey folder afresh in a copy, and compare each table (as long as a run)",
    )
    pruning = add("prune", _prune, "take out of old releases what nothing rests on; says first what goes")
    pruning.add_argument("--keep", type=int, default=3, metavar="N", help="whole releases to keep (default: 3)")
    pruning.add_argument("--of", **of)  # type: ignore[arg-type]
    pruning.add_argument("--yes", action="store_true", help="remove it (without: only say what would go)")
    saving = add("backup", lambda options: backup(options.home, options.file), "write the home into one file")
    saving.add_argument("file", type=path, metavar="FILE", help="the archive; the key goes into FILE.key beside it")
    bringing = add("restore", _restore, "make a home from a backup, and compare all of it")
    bringing.add_argument("file", type=path, metavar="FILE", help="an archive of `monitor backup`")
    bringing.add_argument(
        "--key", type=path, metavar="FILE", help="the home's key (default: the archive's name and .key)"
    )


def _prune(options: argparse.Namespace) -> Told:
    if options.keep < 1:
        raise DefinitionError(
            Problem("--keep keeps at least one", expected="1 or more", found=str(options.keep), do="keep the last one")
        )
    return prune(options.home, options.keep, options.of, options.yes)


def _restore(options: argparse.Namespace) -> Told:
    return restore(options.home, options.file, options.key)
