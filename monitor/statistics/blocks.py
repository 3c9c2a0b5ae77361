"""Many rows some at a time, so that what is worked out of them stays near the processor.

Belongs here: where a block begins and ends, and columns put side by side for one. Does not belong here: what is worked
out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vectors = Sequence[NDArray[Any]]
"""(n,) numbers or truths, each as it lies in memory; the columns of an array x are `tuple(x.T)`"""

IN_A_BLOCK = 8_000
"""Rows of a block: a dozen columns of them fit a core's own memory (no power of two, for which they would contend)"""


def blocks(n: int) -> Iterator[slice]:
    """The rows of n in order, a block at a time: sums over blocks so have one order, however many threads there are."""
    return (slice(at, min(at + IN_A_BLOCK, n)) for at in range(0, n, IN_A_BLOCK))


def room_for(columns: Vectors) -> Floats:
    """(k, b) room in which `assembled` puts a block of k columns."""
    return np.empty((len(columns), min(IN_A_BLOCK, len(columns[0]))))


def assembled(columns: Vectors, rows: slice, room: Floats) -> Floats:
    """(k, b) some rows of the columns as numbers, in `room`."""
    block = room[:, : rows.stop - rows.start]
    for values, column in zip(block, columns, strict=True):
        values[:] = column[rows]
    return block
