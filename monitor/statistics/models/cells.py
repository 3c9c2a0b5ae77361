"""Firms that a model cannot tell apart as one cell, and data sets as what they weigh in each.

A firm's terms decide its fitted probability, so that likelihoods, penalties and their derivatives are sums over cells.
Completed copies and replicates of one model differ in what cells weigh, and share everything else.

Belongs here: cells, weights in them, and their products of terms. Does not belong here: what is maximised
(`likelihood`, `firth`, `replicates`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.int64]

MANY = 8
"""Data sets from which on the products of terms are worth making"""
IN_A_ROW = 125
"""Replicates that are worked out together: what they need for a while stays near the processor"""
BITS = 50
"""Columns of zeros and ones that one number can tell exactly"""


@dataclass(frozen=True)
class Cells:
    """C cells of n rows with the same terms."""

    x: Array
    """(C, k) terms"""
    place: Places
    """(n,) cell of each row"""
    order: Places
    """(n,) the rows, cell by cell"""
    first: Places
    """(C,) where a cell begins in that order"""

    @cached_property
    def _products(self) -> tuple[Array, Places]:
        """(P, C) the different products of two terms, and (k, k) which of them each product is."""
        k = self.x.shape[1]
        rows, columns = np.triu_indices(k)
        every = np.ascontiguousarray((self.x[:, rows] * self.x[:, columns]).T)
        seen: dict[bytes, int] = {}
        which = np.array([seen.setdefault(product.tobytes(), len(seen)) for product in every])
        whole = np.empty((k, k), dtype=np.int64)
        whole[rows, columns] = whole[columns, rows] = which
        return every[np.unique(which, return_index=True)[1]], whole

    def totals(self, values: Array) -> Array:
        """(C, R) sums of values (n, R) over the rows of each cell, in the order of the rows."""
        size = np.diff(self.first, append=len(self.order))
        found = values[self.order[self.first]]
        for further in range(1, int(size.max())):
            cells = np.flatnonzero(size > further)
            found[cells] += values[self.order[self.first[cells] + further]]
        return found

    def information(self, v: Array) -> Array:
        """(R, k, k) X' diag(v) X of each column of v (C, R)."""
        if v.shape[1] < MANY:
            return np.stack([(self.x * column[:, None]).T @ self.x for column in v.T])
        products, whole = self._products
        packed = np.ascontiguousarray((products @ v).T)
        return np.take(packed, whole.ravel(), axis=1).reshape(v.shape[1], *whole.shape)

    def quadratic(self, matrices: Array) -> Array:
        """(C, R) x_c' A x_c of each symmetric matrix (R, k, k)."""
        if len(matrices) < MANY:
            return np.stack([np.einsum("ck,ck->c", self.x @ matrix, self.x) for matrix in matrices], axis=1)
        products, whole = self._products
        packed = matrices.reshape(len(matrices), -1) @ (whole.reshape(-1, 1) == np.arange(len(products)))
        return np.asarray(products.T @ packed.T)


def cells_of(x: Array) -> Cells:
    """The cells of rows x (n, k)."""
    keys = _keys(x)
    order = np.lexsort(keys)
    new = np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0)
    first = np.concatenate([[0], 1 + np.flatnonzero(new)])
    place = np.empty(len(x), dtype=np.int64)
    place[order] = np.repeat(np.arange(len(first)), np.diff(first, append=len(x)))
    return Cells(x[order[first]], place, order, first)


def _keys(x: Array) -> list[Array]:
    """Columns that tell rows apart as those of x do: zeros and ones are packed into one number."""
    binary = np.flatnonzero(((x == 0) | (x == 1)).all(axis=0))
    packs = [binary[at : at + BITS] for at in range(0, len(binary), BITS)]
    others = np.delete(np.arange(x.shape[1]), binary)
    return [*(x[:, pack] @ 2.0 ** np.arange(len(pack)) for pack in packs), *(x[:, j] for j in others)]


@dataclass(frozen=True)
class DataSets:
    """m data sets of one model on the same cells."""

    cells: Cells
    places: tuple[Places, ...]
    """(n,) of each the cell of its rows"""
    y: tuple[Array, ...]
    w: tuple[Array, ...]
    weights: Array
    """(C, m) weights in each cell"""
    outcomes: Array
    """(C, m) sums of w y"""

    def part(self, which: slice) -> DataSets:
        """Some of them."""
        return DataSets(
            self.cells,
            self.places[which],
            self.y[which],
            self.w[which],
            self.weights[:, which],
            self.outcomes[:, which],
        )


def data_sets(ys: Sequence[Array], xs: Sequence[Array], ws: Sequence[Array]) -> DataSets:
    """Data sets (n, …), outcome, terms and weights of each, which may differ in their rows."""
    cells = cells_of(np.concatenate(xs))
    ends = np.cumsum([len(y) for y in ys])[:-1]
    places, size = tuple(np.split(cells.place, ends)), len(cells.x)
    return DataSets(
        cells,
        places,
        tuple(ys),
        tuple(ws),
        np.column_stack([np.bincount(at, w, size) for at, w in zip(places, ws, strict=True)]),
        np.column_stack([np.bincount(at, w * y, size) for at, y, w in zip(places, ys, ws, strict=True)]),
    )
