"""The command `monitor`, and `python -m monitor`: the way in, and the way out.

Belongs here: what holds before anything else is imported, and after everything is done. Does not belong here: commands
(`cli`).
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from monitor.running import signals


def command() -> NoReturn:
    """Run the command and end the process, without taking a million objects apart first."""
    ended: list[int] = []
    # Registered first and so called last: by then all others have put away what they had open.
    atexit.register(_leave, ended)
    code = _run()
    signals.rest()
    if beside := sys.modules.get("monitor.running.beside"):
        beside.end()
    ended.append(code)
    with suppress(OSError):
        sys.stdout.flush()
    sys.exit(code)


def _leave(ended: list[int]) -> None:
    """End at once; where the second process was cut off in the middle of its work, without its work."""
    if ended:
        if ended[0] and (private := sys.modules.get("monitor.storage.private")):
            private.abandon()
        os._exit(ended[0])


def _run() -> int:
    try:
        # Inside: a signal may come before the last of it is done.
        signals.watch()
        from monitor import cli

        cli.begin()
        return cli.main()
    except KeyboardInterrupt:
        return signals.ended()
    except Exception as error:
        # Before the command itself could begin: importing takes memory and files too.
        try:
            return _refused(error)
        except MemoryError as again:
            # So little is left that not even the first could be looked into.
            return _refused(again.with_traceback(None))


def _refused(error: Exception) -> int:
    """Say what the machine refused; an error that is no refusal is raised on."""
    if signals.received():
        return signals.ended()
    from monitor.refusals import refusal

    refused = refusal(error, Path())
    if refused is None:
        raise error
    print(str(refused), file=sys.stderr)
    return refused.exit_code


if __name__ == "__main__":
    command()
