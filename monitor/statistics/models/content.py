"""What the results of a work follow from, as one hash: whoever kept them knows whether they still stand.

Belongs here: which parts of a sample a work rests on, and writing arrays and options down. Does not belong here:
keeping results.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence, Set
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
        self._rest = digest([sample.wave, sample.firms, sample.design])

    def of(self, work: Work) -> bytes:
        """SHA-256 of a work and of all that it may read of the sample."""
        return digest([self.of_columns(work.columns), work])

    def of_columns(self, names: Collection[str]) -> bytes:
        """SHA-256 of the sample with no other columns than these."""
        small = self.sample.only(names)
        told = [small.percentages, small.orders, small.routed, sorted(small.skipped.items())]
        return digest([self._rest, *(self._column(name) for name in sorted(names)), *told])

    def _column(self, name: str) -> bytes:
        if name not in self._columns:
            copies = (*self.sample.copies, self.sample.observed)
            parts = [each.numbers.get(name, each.categories.get(name)) for each in copies]
            self._columns[name] = digest([name, *parts])
        return self._columns[name]


def digest(value: Any) -> bytes:
    """SHA-256 of a value, written down so that no two are written alike."""
    found = hashlib.sha256()
    _write(found, value)
    return found.digest()


def _write(found: hashlib._Hash, value: Any) -> None:
    """Put a value into a hash, each part with its kind and size, so that no two values are written alike."""
    if isinstance(value, np.ndarray):
        value = value.astype(str) if value.dtype == object else value
        found.update(f"array {value.dtype} {value.shape} ".encode() + np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        found.update(f"{type(value).__name__} ".encode())
        for each in fields(value):
            _write(found, getattr(value, each.name))
    elif isinstance(value, Mapping):
        found.update(f"{len(value)} names ".encode())
        for name, item in value.items():
            _write(found, name)
            _write(found, item)
    elif isinstance(value, Set):
        _write(found, sorted(value))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        found.update(f"{len(value)} items ".encode())
        for item in value:
            _write(found, item)
    elif value is None or isinstance(value, (str, bytes, bool, int, float)):
        written = repr(value).encode()
        found.update(f"{len(written)} bytes ".encode() + written)
    else:
        raise TypeError(f"{type(value).__name__} cannot be written down")
