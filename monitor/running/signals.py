"""A signal ends the command in one line, at any moment: 130 for Ctrl-C, 143 when told to stop, 129 when hung up on.

Belongs here: listening, and what is said. Does not belong here: what is put away on the way out (whoever made it).

A signal first raises KeyboardInterrupt, so that everything is put away and the history closed. An exception is not
enough: one raised while C code calls back into Python is swallowed or turned into another, and Dagster puts handlers of
its own in place of ours. So the interpreter itself writes each signal's number to a socket, whichever handler is
there: what came is known however the exception ended, and a thread ends the process that does not end by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SAID = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "told to stop",
    signal.SIGHUP: "the terminal was closed",
}
GRACE = 30.0
"""Seconds a process has to put away what it has open; a second signal a second later ends it at once"""

_heard: socket.socket | None = None
"""Where the numbers of signals arrive"""


def watch() -> None:
    """Listen from now on. What the caller of the process ignores (as `nohup` does) stays ignored."""
    global _heard
    _heard, written = socket.socketpair()
    written.setblocking(False)
    signal.set_wakeup_fd(written.detach(), warn_on_full_buffer=False)
    for number in SAID:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _unraisable
    threading.Thread(target=_insist, daemon=True).start()


def _unraisable(told: sys.UnraisableHookArgs) -> None:
    """What C code could not hand on. Of our own interrupt nothing is said: who insists ends the process."""
    if not (told.exc_type is KeyboardInterrupt and _arrived()):
        sys.__unraisablehook__(told)


def received() -> signal.Signals | None:
    """The first signal that came to end this process; None where none came, or nobody listens."""
    return next(iter(_arrived()), None)


def ended() -> int:
    """Say in one line what ended the process; its exit code."""
    number = received() or signal.SIGINT
    with suppress(OSError, ValueError):
        print(f"{SAID[number]}; the last good release is untouched", file=sys.stderr, flush=True)
    return 128 + number


def rest() -> None:
    """Take no further signal: the process ends with what it has come to."""
    for number in SAID:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """Processes started meanwhile never hear these signals: who started them says so, and takes them along."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SAID)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _arrived() -> list[signal.Signals]:
    if _heard is None:
        return []
    try:
        numbers = _heard.recv(4096, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return []
    return [signal.Signals(number) for number in numbers if number in SAID]


def _interrupt(number: int, frame: FrameType | None) -> None:
    if len(_arrived()) <= 1:
        raise KeyboardInterrupt


def _insist() -> None:
    """End the process that was told to and does not."""
    while not received():
        assert _heard is not None
        _heard.recv(1, socket.MSG_PEEK)
        time.sleep(0.05)
    began = time.monotonic()
    time.sleep(1)
    # Closing a terminal tells a process twice; only who asks again later has lost patience.
    told = len(_arrived())
    while len(_arrived()) <= told and time.monotonic() - began < GRACE:
        time.sleep(0.05)
    from monitor.storage import private

    private.abandon()
    os._exit(ended())
