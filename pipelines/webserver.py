"""Dagster's web server and the releases' public files, behind the guard.

    python -m pipelines.webserver [--name NAME] [--read-only] [Dagster's own options]

Belongs here: putting one before the other. Does not belong here: what is refused (`guard`), which files (`published`),
Dagster's options.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from dagster_webserver import cli

from pipelines.guard import Guard
from pipelines.published import Published
from pipelines.resources import home_folder


def main() -> None:
    """Serve. Every option but the two that the guard needs is Dagster's own."""
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--name", action="append", default=[])
    options.add_argument("--read-only", action="store_true")
    guarding, theirs = options.parse_known_args()
    inner = cli.create_app_from_workspace_process_context

    def guarded(*arguments: Any, **named: Any) -> Any:
        shown = Published(inner(*arguments, **named), home_folder())
        return Guard(shown, guarding.name, guarding.read_only)

    # The one place where Dagster's command makes its application.
    cli.create_app_from_workspace_process_context = guarded
    sys.argv[1:] = [*theirs, *(["--read-only"] if guarding.read_only else [])]
    cli.main()


if __name__ == "__main__":
    main()
