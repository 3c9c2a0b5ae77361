"""Random numbers that belong to a firm: the same in every wave, copy or replicate, whatever its row and its processor.

Belongs here: SplitMix64 (Steele, Lea & Flood 2014) from a firm's name or key. Does not belong here: what is drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""SplitMix64's increment: 2^64 over the golden ratio, odd"""


def firm_numbers(firms: Sequence[str], replicates: int, seed: int, purpose: str) -> NDArray[np.uint64]:
    """One random number per firm and replicate that belongs to the firm, not to its row or its wave.

    A 64-bit BLAKE2b hash of (seed, purpose, firm) starts a SplitMix64 sequence (Steele, Lea & Flood 2014), one
    number per replicate: the same firm draws the same numbers in every wave, so replicate estimates of two
    waves share what their common firms contribute. Shape (n, replicates), uint64, uniform.
    """
    prefix = f"{seed}|{purpose}|".encode()
    start = np.array(
        [int.from_bytes(hashlib.blake2b(prefix + str(f).encode(), digest_size=8).digest(), "little") for f in firms],
        dtype=np.uint64,
    )
    with np.errstate(over="ignore"):
        return _mixed(start[:, None] + np.arange(1, replicates + 1, dtype=np.uint64)[None, :] * GOLDEN)


def firm_uniforms(keys: NDArray[np.uint64], first: int, copies: int, *context: int) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1) of firms (r,) in copies first .. first + copies - 1; gives (copies, r).

    SplitMix64 (Steele, Lea & Flood 2014) of the firm's key, the copy and the context: they belong to the firm, not to
    its row.
    """
    start = np.zeros((), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for number in context:
            start = _mixed(start + np.uint64(number + 1) * GOLDEN)
        by_copy = _mixed(start + np.arange(first + 1, first + copies + 1, dtype=np.uint64) * GOLDEN)
        numbers = _mixed(keys[None, :] ^ by_copy[:, None])
    return ((numbers >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def spread_uniforms(keys: NDArray[np.uint64], copies: int, *context: int) -> NDArray[np.float64]:
    """As `firm_uniforms` of all copies (copies, r), but every firm has one number in each of `copies` equal parts of
    (0, 1), in an order of its own: the copies' mean varies far less than that of independent numbers, while each copy
    by itself is as random (Latin hypercube sampling; McKay, Beckman and Conover 1979, Technometrics 21)."""
    order = np.argsort(firm_uniforms(keys, 0, copies, *context), axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    return np.asarray((rank + firm_uniforms(keys, copies, copies, *context)) / copies)


def spread_normals(generator: np.random.Generator, copies: int, *shape: int) -> NDArray[np.float64]:
    """Standard normal numbers (copies, *shape), spread over the copies in the same way; the generator moves on."""
    from scipy.special import ndtri

    order = np.argsort(generator.random((copies, *shape)), axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    return np.asarray(ndtri((rank + generator.random((copies, *shape))) / copies))


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's output function."""
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)))
