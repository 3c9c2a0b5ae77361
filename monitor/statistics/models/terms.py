"""From columns to a design matrix whose terms a reader can name.

Term names: `intercept`; a measure by its own name (`a`); a category as `size_band[medium]`, against its
reference level; a product as `a:b`; a square as `number_of_initiatives^2`.

Belongs here: levels, references, products, and leaving out what cannot be told apart. Does not belong here: fitting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.blocks import blocks
from monitor.statistics.models.columns import Columns

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Terms:
    """The columns of a design matrix, decided once for all completed copies."""

    practices: tuple[str, ...]
    """Columns used as they are (booleans as 0 and 1), with all their products when `products`"""
    products: bool = True
    squares: tuple[str, ...] = ()
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Category -> its levels, the reference first"""
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Category -> levels counted with the reference because too few firms have them"""
    numbers: tuple[str, ...] = ()
    """Controls that are numbers"""
    dropped: tuple[str, ...] = ()
    """Terms left out because they are a combination of the others"""

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of the practices' own columns: single ones, products, squares."""
        names = list(self.practices) + [f"{name}^2" for name in self.squares]
        if self.products:
            for size in range(2, len(self.practices) + 1):
                names += [":".join(group) for group in combinations(self.practices, size)]
        return tuple(names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All terms in the order of the matrix: intercept, practices, controls, products and squares last."""
        products = [name for name in self.states if name not in self.practices]
        categories = [f"{name}[{level}]" for name, levels in self.levels.items() for level in levels[1:]]
        every = ["intercept", *self.practices, *self.numbers, *categories, *products]
        return tuple(name for name in every if name not in self.dropped)


def decide(
    frames: Sequence[Columns],
    terms: Terms,
    controls: Sequence[str],
    references: Mapping[str, str],
    orders: Mapping[str, Sequence[str]],
    fewest: int,
) -> Terms:
    """Fix levels, references, rare levels and collinear terms for all completed copies alike.

    `frames`: the base's rows of each copy. `orders`: category -> its declared codes. A control's level that fewer than
    `fewest` firms have (in the copy that has least) is counted with the reference level; the reference is the declared
    one, else the first declared level enough firms have. A term that is a linear combination of earlier ones is
    dropped, practices first in line to stay.
    """
    levels: dict[str, tuple[str, ...]] = {}
    merged: dict[str, tuple[str, ...]] = {}
    numbers: list[str] = []
    for control in controls:
        if all(control in frame.numbers for frame in frames):
            numbers.append(control)
            continue
        counts = [frame.categories[control].counts() for frame in frames]
        seen = {code for count in counts for code in count}
        order = [code for code in orders.get(control, ()) if code in seen]
        order += sorted(seen - set(order))
        rare = [code for code in order if min(count.get(code, 0) for count in counts) < fewest]
        usual = [code for code in order if code not in rare]
        reference = references.get(control)
        if reference not in usual:
            reference = usual[0] if usual else order[0]
        levels[control] = (reference, *(code for code in usual if code != reference))
        if set(rare) - {reference}:
            merged[control] = tuple(code for code in rare if code != reference)
    decided = replace(terms, levels=levels, merged=merged, numbers=tuple(numbers), dropped=())
    dropped: set[str] = set()
    for frame in frames:
        x = matrix(frame, decided)
        if not _full_rank(x):
            dropped |= set(_collinear(x, decided.names))
    return replace(decided, dropped=tuple(name for name in decided.names if name in dropped))


def matrix(frame: Columns, terms: Terms) -> Array:
    """(n, k) design matrix in the order of `terms.names`."""
    columns = columns_of_terms(frame, terms)
    x = np.empty((frame.n, len(columns)))
    for rows in blocks(frame.n):
        for j, column in enumerate(columns):
            x[rows, j] = column[rows]
    return x


def columns_of_terms(frame: Columns, terms: Terms) -> list[NDArray[Any]]:
    """The columns of `matrix`, (n,) each: numbers as they lie in the frame, levels as truths."""
    own = {name: frame.numbers[name] for name in terms.practices}
    columns: dict[str, NDArray[Any]] = {"intercept": np.broadcast_to(1.0, frame.n)}
    columns |= {name: frame.numbers[name] for name in terms.numbers} | own
    columns |= {f"{name}^2": own[name] ** 2 for name in terms.squares}
    if terms.products:
        for size in range(2, len(terms.practices) + 1):
            for group in combinations(terms.practices, size):
                columns[":".join(group)] = reduce(np.multiply, [own[name] for name in group])
    for name, levels in terms.levels.items():
        columns |= {f"{name}[{level}]": frame.categories[name].has(level) for level in levels[1:]}
    return [columns[name] for name in terms.names]


def _full_rank(x: Array) -> bool:
    """Whether the columns are plainly independent: no small eigenvalue of their scaled cross products."""
    length = np.sqrt((x**2).sum(axis=0))
    if np.any(length == 0):
        return False
    scaled = x / length
    return bool(np.linalg.eigvalsh(scaled.T @ scaled)[0] > 1e-9)


def _collinear(x: Array, names: Sequence[str]) -> list[str]:
    """Names of columns that earlier ones already span, by Gram–Schmidt with practices first (as R's pivoting)."""
    first = sorted(range(len(names)), key=lambda j: (names[j] != "intercept", "[" in names[j]))
    basis = np.empty((len(x), 0))
    lost = []
    for j in first:
        column = x[:, j]
        length = float(np.linalg.norm(column))
        left = column - basis @ (basis.T @ column)
        left = left - basis @ (basis.T @ left)
        rest = float(np.linalg.norm(left))
        if length == 0 or rest < 1e-8 * length:
            lost.append(names[j])
        else:
            basis = np.column_stack([basis, left / rest])
    return lost
