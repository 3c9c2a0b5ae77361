"""Work that others take part in: one function over many items, or one call beside what goes on here.

Belongs here: who does which item, answers in the order of the items, what happens when a helper is gone. Does not
belong here: the helpers (`second`, `cluster`), which work.

Only the command line starts a second process, and only an address names a cluster. Wherever there is neither (in a
notebook, in tests) the work is done in the process that asks, with the same result.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from monitor.running import cluster
from monitor.running.second import Second

Common = TypeVar("Common")
Item = TypeVar("Item")
Answer = TypeVar("Answer")

log = logging.getLogger("monitor")

PATIENCE = 30.0
"""Seconds without any answer after which what helpers have in hand is done here too: a cut cable says nothing"""

_second: Second | None = None


class Helper(Protocol):
    """Others that take items."""

    @property
    def places(self) -> int:
        """How many items they take at a time."""

    def taking(self, function: Callable[..., Any], common: Any) -> Callable[[Any], Future[Any]]:
        """Hand over what all items have in common, once; what is returned hands over an item."""

    def gone(self) -> None:
        """Say that they are no longer there; an error where the work must not go on without them."""


def start(modules: Sequence[str]) -> None:
    """Start the second process, which imports the modules while it waits. It ends with this one, however that ends."""
    global _second
    try:
        _second = Second(modules)
    except OSError:
        log.warning("no second process could be started: the first goes on alone")


def expect(modules: Sequence[str]) -> None:
    """Have the second process import these too: it is known by now that they are needed."""
    if _second is not None:
        _second.expect(modules)


def end() -> None:
    """End the second process, whatever it does."""
    if _second is not None:
        _second.end()


def begin(function: Callable[..., Answer], *arguments: Any) -> Callable[[], Answer]:
    """Begin `function(*arguments)` in the second process. What is returned waits for its answer, or raises its error.

    The function must be one of a module, arguments and answer such as pickle takes. Without a second process, or where
    it was killed, the work is done when its answer is asked for.
    """
    here = partial(function, *arguments)
    second = _second
    if second is None:
        return here
    try:
        future = second.submit(function, *arguments)
    except BrokenExecutor:
        _without(second)
        return here

    def asked() -> Answer:
        try:
            return future.result()
        except BrokenExecutor:
            _without(second)
            return here()

    return asked


def share(function: Callable[[Common, Item], Answer], common: Common, items: Sequence[Item]) -> list[Answer]:
    """`function(common, item)` of each item, in their order: helpers begin at the front, this process at the back,
    until they meet."""
    if len(items) < 2:
        return [function(common, item) for item in items]
    shared = _Shared(function, common, items)
    if _second is not None:
        shared.employ(_second)
    if workers := cluster.connected():
        shared.employ(workers)
        workers.counts["shared_units"] += len(items)
    return shared.answered(workers)


class _Shared(Generic[Common, Item, Answer]):
    """One work while it is shared. Answers arrive in the helpers' own threads."""

    def __init__(self, function: Callable[[Common, Item], Answer], common: Common, items: Sequence[Item]) -> None:
        self.function, self.common, self.items = function, common, items
        self.left = deque(range(len(items)))
        self.takes: dict[int, Callable[[Item], Future[Answer]]] = {}
        self.in_hand: dict[int, Helper] = {}
        self.answers: dict[int, Answer] = {}
        self.error: BaseException | None = None
        self.lost: list[Helper] = []
        self.news = threading.Event()

    def employ(self, helper: Helper) -> None:
        """Give a helper as many items as it takes at a time; each that it returns is followed by another."""
        try:
            self.takes[id(helper)] = helper.taking(self.function, self.common)
        except BrokenExecutor:
            _without(helper)
            return
        self._fill(helper)

    def _fill(self, helper: Helper) -> None:
        """Give a helper what it could take beside what it has in hand."""
        busy = sum(each is helper for each in list(self.in_hand.values()))
        for _ in range(helper.places - busy):
            self._hand(helper)

    def _hand(self, helper: Helper) -> None:
        try:
            place = self.left.popleft()
        except IndexError:
            return
        self.in_hand[place] = helper
        try:
            future = self.takes[id(helper)](self.items[place])
        except BrokenExecutor:
            self._give_back(helper, place)
            return
        future.add_done_callback(partial(self._returned, helper, place))

    def _returned(self, helper: Helper, place: int, future: Future[Answer]) -> None:
        error = BrokenExecutor() if future.cancelled() else future.exception()
        if isinstance(error, BrokenExecutor):
            self._give_back(helper, place)
        elif error is not None:
            self._fail(error)
        else:
            self.answers.setdefault(place, future.result())
            self.in_hand.pop(place, None)
            self._hand(helper)
        self.news.set()

    def _give_back(self, helper: Helper, place: int) -> None:
        self.in_hand.pop(place, None)
        self.left.append(place)
        self.lost.append(helper)

    def _fail(self, error: BaseException) -> None:
        self.left.clear()
        self.error = self.error or error

    def answered(self, workers: cluster.Cluster | None) -> list[Answer]:
        """Work from the back until every item has its answer; a cluster's workers that come meanwhile get theirs."""
        try:
            while self.error is None and len(self.answers) < len(self.items):
                if workers is not None and workers.told(len(self.answers), len(self.items)):
                    self._fill(workers)
                for helper in {id(each): each for each in self.lost}.values():
                    _without(helper)
                self.lost.clear()
                if (place := self._next()) is not None:
                    self.answers.setdefault(place, self.function(self.common, self.items[place]))
        except BaseException:
            self.left.clear()
            raise
        if self.error is not None:
            raise self.error
        return [self.answers[place] for place in range(len(self.items))]

    def _next(self) -> int | None:
        """The item to do here; None where something changed while there was none."""
        try:
            return self.left.pop()
        except IndexError:
            pass
        if self.news.wait(PATIENCE):
            self.news.clear()
            return None
        return next((place for place in list(self.in_hand) if place not in self.answers), None)


def _without(helper: Helper) -> None:
    """Go on without a helper, or not."""
    global _second
    if helper is _second:
        _second = None
    helper.gone()


def _forget() -> None:
    global _second
    _second = None


# A forked process must not hand its work to its parent's helpers.
os.register_at_fork(after_in_child=_forget)
