"""A Dask cluster that takes items: this process asks, the cluster's workers answer from memory.

Belongs here: reaching the scheduler that $MONITOR_CLUSTER names, refusing workers that compute with other versions,
saying who is lost. Does not belong here: who does which work (`beside`).

Workers need the installed package and no disk in common with this machine: what the items of a work have in common
travels once to each worker, and answers travel back.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from monitor.problems import DefinitionError, Problem
from monitor.refusals import Refused
from monitor.running.progress import MOVING
from monitor.versions import computes

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger("monitor")

VARIABLE = "MONITOR_CLUSTER"
"""Holds the scheduler's address"""
REACHED_WITHIN = 10.0
"""Seconds a scheduler has to answer"""
COUNTS = ("shared_units", "cluster_units", "lost_workers")
"""Units of all shared works, those of them that workers did, workers that left"""
TOLD_EVERY = 5.0
"""Seconds between two lines on how far a work is, at least"""


class Cluster:
    """The workers of a scheduler, each of which computes as this process does."""

    def __init__(self, address: str, client: Client) -> None:
        self.address = address
        self._client = client
        self._executor: Executor = client.get_executor(pure=False)
        self._alike: set[str] = set()
        self._told = monotonic()
        self.counts = Counter(dict.fromkeys(COUNTS, 0))
        self._require_alike({"the scheduler": _answer(partial(client.run_on_scheduler, computes))})
        self._look()

    @property
    def workers(self) -> int:
        """How many there were when they were last looked at."""
        return len(self._alike)

    @property
    def places(self) -> int:
        """The threads of all workers."""
        return sum(worker["nthreads"] for worker in self._workers().values())

    def bring(self, modules: Sequence[Path]) -> None:
        """Hand the workers, also those that come, files of Python that they can import from then on: each after those
        that it imports."""
        for module in modules:
            self._client.upload_file(str(module))

    def taking(self, function: Callable[..., Any], common: Any) -> Callable[[Any], Future[Any]]:
        """Send what all items have in common to the workers; what is returned hands over an item."""
        self._look()
        # As an answer of its own, which another worker gives where the one that holds it is lost.
        kept = self._client.submit(_same, common, pure=False)
        return partial(self._take, function, kept)

    def _take(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = self._executor.submit(function, *arguments)
        future.add_done_callback(self._count)
        return future

    def _count(self, future: Future[Any]) -> None:
        self.counts["cluster_units"] += not future.cancelled() and future.exception() is None

    def told(self, done: int, total: int) -> bool:
        """Every few seconds: see who is there, and say how far a work of `total` units is. Whether it was said."""
        if monotonic() - self._told < TOLD_EVERY:
            return False
        self._look()
        log.info("%d of %d units done, %d workers", done, total, self.workers, extra={MOVING: True})
        self._told = monotonic()
        return True

    def gone(self) -> None:
        """Refused: nothing of the work is kept, and it can be done again."""
        raise Refused(
            Problem(
                "the cluster's scheduler is gone",
                expected=f"an answer of {self.address}",
                do="start it again, or run without --cluster; what was not finished is done again, and no release was "
                "touched",
            )
        )

    def _workers(self) -> Mapping[str, Mapping[str, Any]]:
        if self._client.status != "running":
            self.gone()
        found: Mapping[str, Mapping[str, Any]] = self._client.scheduler_info(n_workers=-1)["workers"]
        return found

    def _look(self) -> None:
        """See who is there: those that came compute as this process does, those that left are a line."""
        there = set(self._workers())
        for address in sorted(self._alike - there):
            log.warning("the worker %s is gone: the others do its work", address)
            self.counts["lost_workers"] += 1
        self._alike &= there
        if came := sorted(there - self._alike):
            asked = {address: self._client.submit(computes, workers=[address], pure=False) for address in came}
            told = {address: _answer(partial(future.result, REACHED_WITHIN)) for address, future in asked.items()}
            # Who left meanwhile says nothing.
            told = {address: answer for address, answer in told.items() if not isinstance(answer, TimeoutError)}
            self._require_alike(told)
            self._alike |= set(told)
            log.info("cluster %s: %d workers with %d threads", self.address, self.workers, self.places)

    @staticmethod
    def _require_alike(found: Mapping[str, Any]) -> None:
        own = computes()
        other = {
            who: _difference(own, told) if isinstance(told, Mapping) else f"{type(told).__name__}: {told}"
            for who, told in found.items()
        }
        if other := {who: told for who, told in other.items() if told}:
            raise DefinitionError(
                Problem(
                    "the cluster computes with other versions than this process",
                    expected=", ".join(f"{name} {version}" for name, version in own.items()),
                    found="; ".join(f"{who}: {told}" for who, told in sorted(other.items())),
                    do="install the same wheel with the same constraints for scheduler and workers, and start them "
                    "again",
                )
            )


def _difference(own: Mapping[str, str], told: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {told.get(name)}" for name, version in own.items() if told.get(name) != version)


def _answer(asked: Callable[[], Any]) -> Any:
    """The answer, or the error in its place."""
    try:
        return asked()
    except Exception as error:
        return error


def _same(common: Any) -> Any:
    return common


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """What a cluster did meanwhile, filled in at the end: its workers and the COUNTS; empty where nothing was shared
    with one."""
    found: dict[str, int] = {}
    cluster = connected()
    before = Counter(cluster.counts) if cluster else Counter()
    yield found
    if cluster and cluster.counts["shared_units"] > before["shared_units"]:
        found["cluster_workers"] = cluster.workers
        found |= {name: cluster.counts[name] - before[name] for name in COUNTS}


def connected() -> Cluster | None:
    """The cluster that $MONITOR_CLUSTER names; None where it names none."""
    address = os.environ.get(VARIABLE)
    return _connected(address) if address else None


@cache
def _connected(address: str) -> Cluster:
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise DefinitionError(
            Problem(
                "a cluster is asked for, and the package that speaks to it is not installed",
                expected="distributed",
                do="pip install 'innovation-monitor[cluster]', or run without --cluster",
            )
        ) from None
    # What happens to the cluster is told in the words of this file.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})
    try:
        # Dask's client leaves much behind where nobody answers.
        socket.create_connection(_place(address), REACHED_WITHIN).close()
        client = Client(address, timeout=REACHED_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Refused(
            Problem(
                "the cluster's scheduler does not answer",
                expected="the address of a Dask scheduler, like tcp://127.0.0.1:8786 or tls://scheduler:8786",
                found=f"{address}: {error}",
                do="start it (`dask scheduler`), correct --cluster or $MONITOR_CLUSTER, or run without",
            )
        ) from None
    return Cluster(address, client)


def _place(address: str) -> tuple[str, int]:
    """Host and port; ValueError where the address has none."""
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
        raise ValueError("it names no protocol, host and port")
    return parts.hostname, parts.port
