"""Dagster's daemon by the name that its package gives its command: `python -m pipelines.daemon run`.

Belongs here: finding the command without its script, which not every installation has. Does not belong here: what the
daemon does.
"""

from __future__ import annotations

from importlib.metadata import entry_points


def main() -> None:
    """What the script `dagster-daemon` does."""
    (command,) = entry_points(group="console_scripts", name="dagster-daemon")
    command.load()()


if __name__ == "__main__":
    main()
