"""How long work shows itself: one moving line on a terminal, plain lines elsewhere.

Belongs here: printing what the stages log. Does not belong here: results and problems (`cli`).
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO


class Progress(logging.Handler):
    """Writes the stages' log to stderr; a stage that has begun is overwritten by its end on a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()

    def emit(self, record: logging.LogRecord) -> None:
        """One line; a line ending in `...` is one to be overwritten."""
        line = record.getMessage()
        begun = line.endswith("...")
        if self.terminal:
            self.stream.write(f"\r\x1b[K{line}" + ("" if begun else "\n"))
        elif not begun:
            self.stream.write(line + "\n")
        self.stream.flush()


def show_progress() -> None:
    """Send what the library logs to stderr."""
    log = logging.getLogger("monitor")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [Progress()]
