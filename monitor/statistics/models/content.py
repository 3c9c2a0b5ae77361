"""What the results of a work follow from, as one hash: whoever kept them knows whether they still stand.

Belongs here: which parts of a sample a work rests on, and writing arrays and options down. Does not belong here:
keeping results.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from monitor.statistics.models.engine import Work
from monitor.statistics.models.sample import Sample


class Contents:
    """The contents of one sample; each column is read once, however many works rest on it."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self._columns: dict[str, bytes] = {}
        self._rest = _digest([sample.wave, sample.firms, sample.design])

    def of(self, work: Work) -> bytes:
        """SHA-256 of a work and of all that it may read of the sample."""
        names = sorted(work.columns)
        small = self.sample.only(names)
        told = [small.percentages, small.orders, small.routed, sorted(small.skipped.items())]
        return _digest([self._rest, *(self._column(name) for name in names), *told, work])

    def _column(self, name: str) -> bytes:
        if name not in self._columns:
            copies = (*self.sample.copies, self.sample.observed)
            parts = [each.numbers.get(name, each.categories.get(name)) for each in copies]
            self._columns[name] = _digest([name, *parts])
        return self._columns[name]


def _digest(value: Any) -> bytes:
    digest = hashlib.sha256()
    _write(digest, value)
    return digest.digest()


def _write(digest: hashlib._Hash, value: Any) -> None:
    """Put a value into a hash, each part with its kind and size, so that no two values are written alike."""
    if isinstance(value, np.ndarray):
        value = value.astype(str) if value.dtype == object else value
        digest.update(f"array {value.dtype} {value.shape} ".encode() + np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        digest.update(f"{type(value).__name__} ".encode())
        for each in fields(value):
            _write(digest, getattr(value, each.name))
    elif isinstance(value, Mapping):
        digest.update(f"{len(value)} names ".encode())
        for name, item in value.items():
            _write(digest, name)
            _write(digest, item)
    elif isinstance(value, Set):
        _write(digest, sorted(value))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        digest.update(f"{len(value)} items ".encode())
        for item in value:
            _write(digest, item)
    elif value is None or isinstance(value, (str, bytes, bool, int, float)):
        written = repr(value).encode()
        digest.update(f"{len(written)} bytes ".encode() + written)
    else:
        raise TypeError(f"{type(value).__name__} cannot be written down")
