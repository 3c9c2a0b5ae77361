"""How long work shows itself: one moving line on a terminal, plain lines elsewhere.

Belongs here: printing what the stages log. Does not belong here: results and problems (`cli`).
"""

from __future__ import annotations

import logging
import sys

MOVING = "moving"
"""What a record has as `extra` whose line the next one overwrites on a terminal"""


class Progress(logging.Handler):
    """Writes the stages' log to stderr; a stage that has begun is overwritten by its end on a terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line to what stderr is now; one that ends in `...` is overwritten, and so is a MOVING one."""
        line = record.getMessage()
        begun = line.endswith("...")
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{line}" + ("" if begun or hasattr(record, MOVING) else "\n"))
        elif not begun:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()


def show_progress() -> None:
    """Send what the library logs to stderr."""
    log = logging.getLogger("monitor")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [Progress()]
