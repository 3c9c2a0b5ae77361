"""The terms of many rows, of which a fit and its spread take sums: column by column, or by cell.

Where most columns hold zeros and ones, rows with the same of them are one cell, and a sum over those columns is one
over the cells; only the other columns are gone through row by row. Both ways give the same sums, to rounding.

Belongs here: what is linear or quadratic in the terms of rows. Does not belong here: a likelihood, a design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.blocks import IN_A_BLOCK, Vectors, assembled, blocks, room_for

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Places = NDArray[np.int16]

MOST_CELLS = 1_000
"""Cells up to which their own products cost little beside those of a block of rows"""
BITS = 15
"""Of the number that tells a cell apart from others"""


@dataclass(frozen=True)
class Groups:
    """G groups of n rows, within which scores spread."""

    place: Codes
    """(n,) group of each row"""
    size: Floats
    """(G,) rows of each group"""
    centred: NDArray[np.bool_]
    """(G,) whether deviations are taken from the group's mean, or from zero"""
    root: Floats
    """(G,) root of what the squared deviation of a row counts"""

    def means(self, totals: Floats) -> Floats:
        """(k, G) what deviations are taken from, of totals (k, G)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.nan_to_num(totals / self.size)
        found[:, ~self.centred] = 0.0
        return np.asarray(found)


class Block(Protocol):
    """Some rows x_i, b of them."""

    def linear(self, beta: Floats) -> Floats:
        """(b,) x_i beta"""

    def scores(self, r: Floats) -> Floats:
        """(k,) sum_i r_i x_i"""

    def crossed(self, v: Floats) -> Floats:
        """(k, k) sum_i v_i x_i x_i', which uses up the block and v."""


class ManyRows(Protocol):
    """The k terms of n rows."""

    @property
    def order(self) -> Sequence[int]:
        """(k,) which of the terms that were given stands at each place"""

    @property
    def columns(self) -> Vectors:
        """(n,) each of the k"""

    def block(self, rows: slice) -> Block:
        """Some of them, until the next block is taken."""

    def every(self, step: int) -> ManyRows:
        """The first row and each `step`-th after it."""

    def squares(self, w: Floats) -> Floats:
        """(k,) sum_i w_i x_i^2"""

    def among(self, inside: NDArray[np.bool_]) -> ManyRows:
        """The rows as those `inside` (m,) more of them, of which the others have zeros."""

    def spread(self, r: Floats, groups: Groups) -> Floats:
        """(k, k) sum over rows of root_g^2 (r_i x_i - mean_g)(r_i x_i - mean_g)', g the row's group."""


def many_rows(columns: Vectors) -> ManyRows:
    """Terms by cell where that takes less time, which needs few columns of other numbers; else column by column."""
    binary = [_zeros_and_ones(column) for column in columns]
    few = [j for j, yes in enumerate(binary) if yes]
    others = [j for j, yes in enumerate(binary) if not yes]
    found = _cells([columns[j] for j in few]) if len(few) > 2 * len(others) + 3 else None
    if found is None:
        return ByColumn(columns)
    order = [*few, *others]
    return ByCell([columns[j] for j in order], order, *found)


def as_given(values: Floats, order: Sequence[int]) -> Floats:
    """Values of each term (k,), or of each two (k, k), in the order in which the terms were given."""
    back = np.argsort(order)
    return np.asarray(values[back] if values.ndim == 1 else values[back[:, None], back])


@dataclass(frozen=True)
class ByColumn:
    """Columns put side by side a block at a time."""

    columns: Vectors

    @property
    def order(self) -> Sequence[int]:
        """As in `ManyRows`, and so what follows."""
        return range(len(self.columns))

    @cached_property
    def _room(self) -> Floats:
        return room_for(self.columns)

    def block(self, rows: slice) -> _Assembled:
        """Some of the rows."""
        return _Assembled(assembled(self.columns, rows, self._room))

    def every(self, step: int) -> ByColumn:
        """Some in equal steps."""
        return ByColumn(_every(self.columns, step))

    def squares(self, w: Floats) -> Floats:
        """Of each term."""
        found = np.zeros(len(self.columns))
        for rows in blocks(len(w)):
            terms = assembled(self.columns, rows, self._room)
            found += np.square(terms, out=terms) @ w[rows]
        return found

    def among(self, inside: NDArray[np.bool_]) -> ByColumn:
        """Beside rows of zeros."""
        return ByColumn([with_zeros(column, inside) for column in self.columns])

    def spread(self, r: Floats, groups: Groups) -> Floats:
        """About the means of their groups."""
        means = groups.means(sums_of_scores(self.columns, r, groups.place, len(groups.size)))
        found = np.zeros((len(self.columns), len(self.columns)))
        for rows in blocks(len(r)):
            spread, place = assembled(self.columns, rows, self._room), groups.place[rows]
            spread *= r[rows]
            for score, mean in zip(spread, means, strict=True):
                score -= mean[place]
            spread *= groups.root[place]
            found += spread @ spread.T
        return found


@dataclass(frozen=True)
class _Assembled:
    terms: Floats
    """(k, b)"""

    def linear(self, beta: Floats) -> Floats:
        """Of a block of columns."""
        return np.asarray(beta @ self.terms)

    def scores(self, r: Floats) -> Floats:
        """Of a block of columns."""
        return np.asarray(self.terms @ r)

    def crossed(self, v: Floats) -> Floats:
        """Of a block of columns."""
        rows = np.multiply(self.terms, np.sqrt(v, out=v), out=self.terms)
        return np.asarray(rows @ rows.T)  # of a matrix with itself only half the products are worked out


@dataclass(frozen=True)
class ByCell:
    """C cells of rows, told by the first f columns, beside the others."""

    columns: Vectors
    order: Sequence[int]
    cells: Floats
    """(C, f) the first columns in each cell"""
    place: Places
    """(n,) cell of each row"""

    @cached_property
    def _others(self) -> Vectors:
        return self.columns[self.cells.shape[1] :]

    @cached_property
    def _room(self) -> Floats:
        return np.empty((len(self._others), min(IN_A_BLOCK, len(self.place))))

    def block(self, rows: slice) -> _Celled:
        """Some of the rows, as in `ManyRows`, and so what follows."""
        return _Celled(self.cells, self.place[rows].astype(np.intp), assembled(self._others, rows, self._room))

    def every(self, step: int) -> ByCell:
        """Some in equal steps."""
        place, *columns = _every([self.place, *self.columns], step)
        return ByCell(columns, self.order, self.cells, place)

    def squares(self, w: Floats) -> Floats:
        """Of each term."""
        beside = [sum(float(np.square(column[rows]) @ w[rows]) for rows in blocks(len(w))) for column in self._others]
        return np.concatenate([np.bincount(self.place, w, len(self.cells)) @ self.cells, beside])

    def among(self, inside: NDArray[np.bool_]) -> ByCell:
        """Beside rows of zeros, which are one cell more."""
        place = np.full(len(inside), len(self.cells), dtype=np.int16)
        place[inside] = self.place
        cells = np.vstack([self.cells, np.zeros(self.cells.shape[1])])
        return ByCell([with_zeros(column, inside) for column in self.columns], self.order, cells, place)

    def spread(self, r: Floats, groups: Groups) -> Floats:
        """About the means of their groups: about those of a group's rows in one cell, and these about the group's."""
        cells, parts = len(self.cells), len(groups.size) * len(self.cells)
        if 8 * parts > len(r):
            return ByColumn(self.columns).spread(r, groups)
        n, totals = np.zeros(parts), np.zeros((1 + len(self._others), parts))
        for rows in blocks(len(r)):
            part, score = self._part(groups, rows), r[rows]
            n += np.bincount(part, minlength=parts)
            totals[0] += np.bincount(part, score, parts)
            for total, column in zip(totals[1:], self._others, strict=True):
                total += np.bincount(part, column[rows] * score, parts)
        means, found = totals / np.maximum(n, 1), np.zeros((len(self.columns), len(self.columns)))
        for rows in blocks(len(r)):
            at, root = self._part(groups, rows), groups.root[groups.place[rows]]
            scores = assembled(self._others, rows, self._room)
            scores *= r[rows]
            for score, mean in zip(scores, means[1:], strict=True):
                score -= mean[at]
            scores *= root
            score = r[rows] - means[0][at]
            score *= root
            place = self.place[rows].astype(np.intp)
            found += _crossed(self.cells, place, score * score, score * scores, scores @ scores.T)
        of_groups = groups.means(self._terms(totals).reshape(-1, len(groups.size), cells).sum(axis=2))
        between = self._terms(means) - np.repeat(of_groups, cells, axis=1)
        between *= np.sqrt(n) * np.repeat(groups.root, cells)
        return np.asarray(found + between @ between.T)

    def _part(self, groups: Groups, rows: slice) -> Codes:
        part = groups.place[rows] * len(self.cells)
        part += self.place[rows]
        return part

    def _terms(self, of: Floats) -> Floats:
        """(k, G C) of what stands before the terms of a group's cell, and for each other term: (1 + k - f, G C)."""
        first = np.tile(self.cells.T, of.shape[1] // len(self.cells))
        return np.vstack([of[0] * first, of[1:]])


@dataclass(frozen=True)
class _Celled:
    cells: Floats
    place: Codes
    """(b,)"""
    others: Floats
    """(k - f, b)"""

    def linear(self, beta: Floats) -> Floats:
        """Of a block of cells, and of what is beside them."""
        first = self.cells.shape[1]
        eta = (self.cells @ beta[:first])[self.place]
        eta += beta[first:] @ self.others
        return np.asarray(eta)

    def scores(self, r: Floats) -> Floats:
        """Of a block of cells, and of what is beside them."""
        return np.concatenate([np.bincount(self.place, r, len(self.cells)) @ self.cells, self.others @ r])

    def crossed(self, v: Floats) -> Floats:
        """Of a block of cells, and of what is beside them."""
        beside = self.others * v
        return _crossed(self.cells, self.place, v, beside, beside @ self.others.T)


def _crossed(cells: Floats, place: Codes, first: Floats, beside: Floats, others: Floats) -> Floats:
    """(k, k) cross product of rows: first (b,) what the terms of a row's cell count among themselves, beside (k - f, b)
    what they count by each other term, others (k - f, k - f) the cross product of those."""
    f = cells.shape[1]
    found = np.empty((f + len(others), f + len(others)))
    found[:f, :f] = (cells.T * np.bincount(place, first, len(cells))) @ cells
    for j, values in enumerate(beside, start=f):
        found[j, :f] = found[:f, j] = np.bincount(place, values, len(cells)) @ cells
    found[f:, f:] = others
    return found


def sums_of_scores(columns: Vectors, r: Floats, place: Codes, groups: int) -> Floats:
    """(k, groups) sums by group of r_i x_i, r (n,) and x the columns, one at a time."""
    found, score = np.empty((len(columns), groups)), np.empty(len(r))
    for sums, column in zip(found, columns, strict=True):
        sums[:] = np.bincount(place, np.multiply(column, r, out=score), groups)
    return found


def with_zeros(values: NDArray[Any], inside: NDArray[np.bool_]) -> NDArray[Any]:
    """(m,) the values where `inside`, zero elsewhere."""
    found = np.zeros(len(inside), dtype=values.dtype)
    found[inside] = values
    return found


def _every(columns: Vectors, step: int) -> list[NDArray[Any]]:
    return [np.ascontiguousarray(column[::step]) for column in columns]


def _zeros_and_ones(column: NDArray[Any]) -> bool:
    if column.dtype == bool:
        return True
    if column.strides == (0,):
        column = column[:1]
    return all(bool(((column[rows] == 0) | (column[rows] == 1)).all()) for rows in blocks(len(column)))


def _cells(columns: Vectors) -> tuple[Floats, Places] | None:
    """(C, f) the different rows of columns of zeros and ones, and (n,) which of them each row is; None if they are
    many."""
    place, cells = np.zeros(len(columns[0]), dtype=np.int16), np.empty((1, 0))
    while cells.shape[1] < len(columns):
        done, fit = cells.shape[1], BITS - (len(cells) - 1).bit_length()
        some = columns[done : done + fit]
        bits, room = 2.0 ** np.arange(len(some))[::-1], room_for(some)
        there = np.zeros(len(cells) << len(some), dtype=bool)
        for rows in blocks(len(place)):
            place[rows] = bits @ assembled(some, rows, room) + (place[rows] * 2.0 ** len(some))
            there[place[rows]] = True
        found = np.flatnonzero(there)
        if len(found) > MOST_CELLS:
            return None
        among = np.cumsum(there) - 1
        for rows in blocks(len(place)):
            place[rows] = among[place[rows]]
        cells = np.hstack([cells[found >> len(some)], found[:, None] // bits % 2])
    return cells, place
