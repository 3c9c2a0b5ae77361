"""The command line in this process, and what a terminal would show of it. Not here: processes of their own, which a
test of signals, limits, streams or an installation starts itself."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

from monitor import cli
from monitor.storage import private


@dataclass(frozen=True)
class Shown:
    """What a command ended with and printed."""

    returncode: int
    stdout: str
    stderr: str


def monitor(*arguments: object) -> Shown:
    """Give a command, as `python -m monitor` does in a process of its own."""
    out, error = io.StringIO(), io.StringIO()
    with undone(), redirect_stdout(out), redirect_stderr(error):
        code = cli.main([str(argument) for argument in arguments])
    return Shown(code, out.getvalue(), error.getvalue())


@contextmanager
def undone() -> Iterator[None]:
    """The command line sends the library's log to the terminal, knows one home, sets Dagster's and makes files for
    their owner alone; afterwards the process is as it was."""
    log = logging.getLogger("monitor")
    before = log.level, log.propagate, log.handlers
    home, private._home = private._home, None
    mask, environment = os.umask(0o022), dict(os.environ)
    try:
        yield
    finally:
        os.umask(mask)
        os.environ.clear()
        os.environ.update(environment)
        private._home = home
        log.level, log.propagate, log.handlers = before
