"""A second process beside this one: it imports what is slow to import meanwhile, and does half of a long work.

Belongs here: starting it, handing work to it, ending with it. Does not belong here: which work.

Only the command line starts it. Wherever it was not started (in a notebook, in Dagster's own processes, in tests) the
work is done in the process that asks, with the same result.
"""

from __future__ import annotations

import atexit
import gc
import logging
import multiprocessing
import os
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from monitor.running import signals
from monitor.running.progress import show_progress

Common = TypeVar("Common")
Item = TypeVar("Item")
Answer = TypeVar("Answer")

log = logging.getLogger("monitor")

GARBAGE = (50_000, 20, 50)
"""When garbage is looked for: Dagster and Great Expectations make a million objects that live as long as the process,
and looking through them at Python's usual pace would take seconds of a run"""


class _Gone(Exception):
    """The second process is no longer there."""


@contextmanager
def _told_when_gone() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        raise _Gone from None


class _Second:
    """The second process as the first sees it: it does one work at a time."""

    def __init__(self, modules: Sequence[str]) -> None:
        spawning = multiprocessing.get_context("spawn")
        self.connection, its_end = spawning.Pipe()
        process = spawning.Process(target=_serve, args=(its_end, tuple(modules)), daemon=True)
        # A terminal's signals reach the whole family; the first says so and takes the others along.
        with signals.held_back():
            # Python's own tracker of resources, started first: starting it lets signals through again.
            resource_tracker.ensure_running()
        with signals.held_back():
            process.start()
        atexit.register(self._end, process)
        its_end.close()
        self.works = 0
        self.unasked = False

    @staticmethod
    def _end(process: BaseProcess) -> None:
        process.kill()
        process.join(5)

    def begin(self, function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        """Hand it a work; what is returned waits for the answer."""
        if self.unasked:
            # An error kept the first process from asking for this answer: it must not pass for the next one's.
            self._receive()
        with _told_when_gone():
            self.connection.send((function, arguments))
        self.works += 1
        self.unasked = True
        return partial(self._answer, self.works)

    def _answer(self, work: int) -> Any:
        if work != self.works or not self.unasked:
            raise RuntimeError("this answer was asked for before, or after another work began")
        answer, error = self._receive()
        if error is not None:
            raise error
        return answer

    def _receive(self) -> tuple[Any, Exception | None]:
        with _told_when_gone():
            answer, error = self.connection.recv()
        self.unasked = False
        return answer, error


_second: _Second | None = None
_kept: Any = None
"""What the items of `share` have in common, in either process"""


def start(modules: Sequence[str]) -> None:
    """Start the second process, which imports the modules while it waits. It ends with this one, however that ends."""
    global _second
    try:
        _second = _Second(modules)
    except OSError:
        log.warning("no second process could be started: the first goes on alone")


def begin(function: Callable[..., Answer], *arguments: Any) -> Callable[[], Answer]:
    """Begin `function(*arguments)` in the second process. What is returned waits for its answer, or raises its error.

    The function must be one of a module, arguments and answer such as pickle takes. Without a second process, or where
    it was killed, the work is done when its answer is asked for.
    """
    here = partial(function, *arguments)
    if _second is None:
        return here
    try:
        answer = _second.begin(function, *arguments)
    except _Gone:
        return _alone(here)

    def asked() -> Answer:
        try:
            return answer()
        except _Gone:
            return _alone(here)()

    return asked


def _alone(work: Callable[[], Answer]) -> Callable[[], Answer]:
    _forget()
    log.warning("the second process is gone (killed, perhaps for want of memory): the first goes on alone")
    return work


def share(function: Callable[[Common, Item], Answer], common: Common, items: Sequence[Item]) -> list[Answer]:
    """`function(common, item)` of each item, in their order: the second process begins at the front, this one at the
    back, until they meet."""
    if _second is None:
        return [function(common, item) for item in items]
    left = deque(enumerate(items))
    answers: dict[int, Answer] = {}

    def work(take: Callable[[], tuple[int, Item]], call: Callable[[Item], Answer]) -> None:
        while True:
            try:
                place, item = take()
            except IndexError:
                return
            try:
                answers[place] = call(item)
            except BaseException:
                left.clear()
                raise

    _keep(common)
    begin(_keep, common)()
    with ThreadPoolExecutor(1) as waiting:
        theirs = waiting.submit(work, left.popleft, lambda item: begin(_with_kept, function, item)())
        work(left.pop, lambda item: _with_kept(function, item))
        theirs.result()
    return [answers[place] for place in range(len(items))]


def _forget() -> None:
    global _second
    _second = None


# A forked process must not listen at its parent's pipe.
os.register_at_fork(after_in_child=_forget)


def _keep(common: Any) -> None:
    global _kept
    _kept = common


def _with_kept(function: Callable[[Any, Any], Any], item: Any) -> Any:
    return function(_kept, item)


def _serve(connection: Connection, modules: Sequence[str]) -> None:
    """The second process: import while there is no work, and work until the first is gone."""
    threading.Thread(target=_follow, daemon=True).start()
    gc.set_threshold(*GARBAGE)
    show_progress()
    left = deque(modules)
    # An end of the pipe is an end of the first process, which has nobody to tell.
    with suppress(EOFError, OSError):
        while True:
            while left and not connection.poll():
                # What cannot be imported says so to the work that needs it.
                with suppress(Exception):
                    import_module(left.popleft())
            function, arguments = connection.recv()
            connection.send(_tried(function, arguments))


def _tried(function: Callable[..., Any], arguments: Sequence[Any]) -> tuple[Any, Exception | None]:
    """The answer, or the error with its trace as a note."""
    try:
        return function(*arguments), None
    except Exception as error:
        error.add_note(f"in the second process:\n{traceback.format_exc()}")
        return None, error


def _follow() -> None:
    """End at once with the first process, even in the middle of a work: nobody waits for its answer."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
    os._exit(1)
