"""Many rows some at a time, so that what is worked out of them stays near the processor.

Belongs here: where a block begins and ends. Does not belong here: what is worked out.
"""

from __future__ import annotations

from collections.abc import Iterator

IN_A_BLOCK = 8_192
"""Rows of a block: a dozen columns of them fit a core's own memory"""


def blocks(n: int) -> Iterator[slice]:
    """The rows of n in order, a block at a time: sums over blocks so have one order, however many threads there are."""
    return (slice(at, min(at + IN_A_BLOCK, n)) for at in range(0, n, IN_A_BLOCK))
