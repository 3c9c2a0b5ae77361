"""The columns of a completed copy as arrays, converted once: numbers with NaN, categories as codes.

Belongs here: the conversion from a frame, and choosing rows. Does not belong here: what a column means.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.statistics.blocks import IN_A_BLOCK, blocks

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Category:
    """A category: per firm the place of its code among `labels`, -1 where missing."""

    codes: Codes
    labels: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Firms per code that occurs."""
        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels))
        return {label: int(count) for label, count in zip(self.labels, found, strict=True) if count}

    def has(self, label: str) -> NDArray[np.bool_]:
        """(n,) where the firm has this code."""
        return np.asarray(self.codes == (self.labels.index(label) if label in self.labels else -2))

    def equals(self, label: str) -> Array:
        """(n,) 1 where the firm has this code, else 0."""
        return self.has(label).astype(np.float64)


@dataclass(frozen=True)
class Columns:
    """The columns of n firms by name: (n,) numbers (booleans as 0 and 1), or categories."""

    numbers: Mapping[str, Array]
    categories: Mapping[str, Category]
    n: int

    def __contains__(self, name: str) -> bool:
        return name in self.numbers or name in self.categories

    def known(self, name: str) -> NDArray[np.bool_]:
        """(n,) where the value is not missing."""
        if name in self.numbers:
            return ~np.isnan(self.numbers[name])
        return self.categories[name].codes >= 0

    def distinct(self, name: str) -> int:
        """Number of different values."""
        if name in self.numbers:
            return len(np.unique(self.numbers[name]))
        return len(self.categories[name].counts())

    def only(self, names: Collection[str]) -> Columns:
        """The named columns, of all firms."""
        return Columns(
            {name: values for name, values in self.numbers.items() if name in names},
            {name: category for name, category in self.categories.items() if name in names},
            self.n,
        )

    def take(self, mask: NDArray[np.bool_], names: Iterable[str]) -> Columns:
        """The named columns of the firms in the mask."""
        wanted = set(names)
        return Columns(
            {name: values[mask] for name, values in self.numbers.items() if name in wanted},
            {name: Category(c.codes[mask], c.labels) for name, c in self.categories.items() if name in wanted},
            int(mask.sum()),
        )


def columns_of(frame: pd.DataFrame) -> Columns:
    """A frame's booleans and numbers as numbers, its texts as categories; other columns (sets, dates) are left out."""
    numbers: dict[str, Array] = {}
    categories: dict[str, Category] = {}
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
            numbers[str(name)] = values.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        try:
            codes, labels = _factorised(values)
        except TypeError:  # sets and lists cannot be told apart by value; no model uses them
            continue
        kinds = {type(label) for label in labels}
        if kinds <= {bool, np.bool_, int, float}:
            known = values.map(float, na_action="ignore").to_numpy(dtype=np.float64, na_value=np.nan)
            numbers[str(name)] = np.asarray(known, dtype=np.float64)
        elif kinds == {str}:
            categories[str(name)] = Category(codes, tuple(str(label) for label in labels))
    return Columns(numbers, categories, len(frame))


def _factorised(values: pd.Series[Any]) -> tuple[Codes, Any]:
    """`pd.factorize` in order; of many values some at a time, since it makes room for as many labels."""
    if values.dtype != object or len(values) <= IN_A_BLOCK:
        codes, labels = pd.factorize(values, sort=True)
        return np.asarray(codes, dtype=np.int64), labels
    array, found, seen = values.to_numpy(), np.empty(len(values), dtype=np.int64), dict[Any, int]()
    for rows in blocks(len(values)):
        codes, some = pd.factorize(array[rows])
        found[rows] = np.array([*(seen.setdefault(label, len(seen)) for label in some), -1])[codes]
    place, labels = pd.factorize(pd.Series([*seen], dtype=object), sort=True)
    for rows in blocks(len(values)):
        found[rows] = np.append(place, -1)[found[rows]]
    return found, labels
