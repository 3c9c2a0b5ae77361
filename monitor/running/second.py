"""A second process on this machine: it imports what is slow to import, and takes work.

Belongs here: starting it, ending with it. Does not belong here: who does which work (`beside`).
"""

from __future__ import annotations

import atexit
import gc
import logging
import multiprocessing
import os
import pickle
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from multiprocessing import resource_tracker
from typing import Any

from monitor.running import signals
from monitor.running.progress import show_progress

log = logging.getLogger("monitor")

GARBAGE = (50_000, 20, 50)
"""When garbage is looked for: Dagster and Great Expectations make a million objects that live as long as the process,
and looking through them at Python's usual pace would take seconds of a run"""

TRACKED = "ignore:resource_tracker:UserWarning"

_kept: Any = None
"""What the items of a work have in common, in the second process"""


class Second:
    """The second process as the first sees it: it does one work at a time."""

    places = 1

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = deque(modules)
        # A terminal's signals reach the whole family; the first says so and takes the others along.
        with signals.held_back():
            # Python's own tracker of resources, started first: starting it lets signals through again. It tidies up
            # after a killed process, and need not say so.
            sys.warnoptions.append(TRACKED)
            resource_tracker.ensure_running()
            sys.warnoptions.remove(TRACKED)
        before = set(multiprocessing.active_children())
        with signals.held_back():
            self._executor = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _settle)
            self._import_next()
        self._processes = set(multiprocessing.active_children()) - before

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand it a work. BrokenExecutor where it is gone, now or from the answer.

        What it is given is written down now: the executor would do so later, in a thread of its own, while this one
        goes on with the same objects.
        """
        return self._executor.submit(_done, pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL))

    def expect(self, modules: Sequence[str]) -> None:
        """Have these imported too, before the works that come from now on."""
        for module in modules:
            with suppress(BrokenExecutor):
                self.submit(_import, module)

    def taking(self, function: Callable[..., Any], common: Any) -> Callable[[Any], Future[Any]]:
        """Hand over what all items have in common; what is returned hands over an item."""
        self.submit(_keep, common).result()
        return partial(self.submit, _with_kept, function)

    def gone(self) -> None:
        """Say that it is."""
        log.warning("the second process is gone (killed, perhaps for want of memory): the first goes on alone")

    def end(self) -> None:
        """Kill it: taking its objects apart would take longer than its work."""
        for process in self._processes:
            process.kill()

    def _import_next(self, imported: Future[None] | None = None) -> None:
        """Have the next module imported, behind the work that came meanwhile."""
        if self._modules and (imported is None or (not imported.cancelled() and imported.exception() is None)):
            self.submit(_import, self._modules.popleft()).add_done_callback(self._import_next)


def _settle() -> None:
    """What the second process does first."""
    threading.Thread(target=_follow, daemon=True).start()
    gc.set_threshold(*GARBAGE)
    show_progress()


def _follow() -> None:
    """End at once with the first process, even in the middle of a work: nobody waits for its answer."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
    os._exit(1)


def _done(work: bytes) -> Any:
    function, arguments = pickle.loads(work)
    return function(*arguments)


@contextmanager
def importing() -> Iterator[None]:
    """What is imported meanwhile lives as long as the process: no garbage is looked for among it, now or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


# A process that ends in Python's own way takes apart what it imported too.
atexit.register(gc.unfreeze)


def _import(module: str) -> None:
    # What cannot be imported says so to the work that needs it.
    with importing(), suppress(Exception):
        import_module(module)


def _keep(common: Any) -> None:
    global _kept
    _kept = common


def _with_kept(function: Callable[[Any, Any], Any], item: Any) -> Any:
    return function(_kept, item)
