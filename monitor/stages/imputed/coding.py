"""Answers as numbers and back, and the survey's expressions on drawn numbers.

Belongs here: one concept's coding; measures and gates evaluated by DuckDB on what a chain has drawn. Does not belong
here: which concept is drawn how (`plan`).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitor.stages.imputed.query import fact_query
from monitor.survey import Concept
from monitor.survey.expressions import DUCKDB_TYPES, columns_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CODES = pa.list_(pa.string())


@dataclass(frozen=True)
class Coding:
    """How the answers to one concept are written as numbers; NaN is no answer.

    Yes is 1 and no 0; a code is its place among `levels`; a set of codes is its place among the distinct sets.
    """

    concept: str
    type: str
    levels: pa.Array | None = None

    @property
    def sizes(self) -> Floats:
        """Number of codes in each distinct set."""
        assert self.levels is not None
        return np.asarray(pc.list_value_length(self.levels).to_numpy(zero_copy_only=False), dtype=np.float64)

    def encode(self, column: pa.Array) -> Floats:
        """Answers (n) as numbers (n,)."""
        if self.type == "categories":
            places = {tuple(value): place for place, value in enumerate(self._level_list())}
            return np.array([np.nan if v is None else places[_canonical(v)] for v in column.to_pylist()])
        if self.levels is not None:
            column = pc.index_in(column, self.levels)
        return _floats(column)

    def decode(self, numbers: Floats) -> pa.Array:
        """Numbers (n,) as answers."""
        missing = np.isnan(numbers)
        if self.levels is not None:
            places = np.where(missing, 0, numbers).astype(np.int64)
            return self.levels.take(pa.array(places, mask=missing))
        if self.type == "boolean":
            return pa.array(numbers == 1, mask=missing)
        if self.type == "integer":
            return pa.array(np.where(missing, 0, np.round(numbers)).astype(np.int64), mask=missing)
        return pa.array(numbers, mask=missing)

    def number(self, value: Any) -> float:
        """A declared value (as a survey folder writes it) as a number; NaN for none."""
        if value is None:
            return np.nan
        if self.type == "categories":
            return float(self._level_list().index(list(_canonical(value))))
        if self.levels is not None:
            return float(self.levels.to_pylist().index(str(value)))
        return float(str(value).lower() == "true") if self.type == "boolean" else float(value)

    def _level_list(self) -> list[Any]:
        return [] if self.levels is None else self.levels.to_pylist()


def coding_of(concept: Concept, column: pa.Array, declared: Any) -> Coding:
    """The coding of a concept: the codes firms gave and the one declared for firms not asked, in their order."""
    if concept.type == "categories":
        sets = {_canonical(value) for value in column.to_pylist() if value is not None} | {(), _canonical(declared)}
        return Coding(concept.name, concept.type, pa.array(sorted(map(list, sets), key=lambda s: (len(s), s)), CODES))
    if concept.type == "category":
        given = set(column.to_pylist()) - {None} | ({str(declared)} if declared is not None else set())
        order = {code: place for place, code in enumerate(concept.codes)}
        levels = sorted(given, key=lambda code: (order.get(code, len(order)), code))
        return Coding(concept.name, concept.type, pa.array(levels, pa.string()))
    return Coding(concept.name, concept.type)


class Facts:
    """Measures and gates on drawn values, by the same SQL that makes them of answers."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        observed: Mapping[str, pa.Array],
        concepts: Mapping[str, Concept],
        expressions: Mapping[str, str],
    ) -> None:
        self.connection = connection
        self.observed = observed
        self.types = {name: concept.type for name, concept in concepts.items()}
        self.expressions = {name: sql.strip() for name, sql in expressions.items()}
        self.concepts = {name: sorted(columns_of(sql)) for name, sql in expressions.items()}
        self.codings: dict[str, Coding] = {}
        self.drawn: dict[str, tuple[str, int]] = {}
        """Concept -> the variable that draws it and its place there"""

    def on(self, connection: duckdb.DuckDBPyConnection) -> Facts:
        """The same on another connection."""
        other = copy(self)
        other.connection = connection
        return other

    def __getstate__(self) -> dict[str, Any]:
        # A connection is its process's own.
        return {**self.__dict__, "connection": None}

    def draw(self, variable: str, codings: Mapping[str, Coding]) -> None:
        """From here on these concepts are what a variable draws, in its order."""
        self.drawn |= {concept: (variable, place) for place, concept in enumerate(codings)}
        self.codings |= codings

    def __call__(self, name: str, rows: Integers, values: Mapping[str, Floats]) -> Floats:
        """A measure or gate of the firms `rows` (r,) under values (m, r, k) by variable; gives (m, r), NaN: unknown."""
        copies = next((array.shape[0] for array in values.values()), 1)
        sql = self.expressions[name]
        if not len(rows):
            return np.zeros((copies, 0))
        if sql in self.drawn and self.types[sql] == "boolean":
            variable, place = self.drawn[sql]
            return values[variable][:, :, place]
        everywhere = pa.array(np.tile(rows, copies))
        columns = {"row": everywhere}
        for concept in self.concepts[name]:
            variable, place = self.drawn.get(concept, ("", 0))
            if variable in values:
                columns[concept] = self.codings[concept].decode(values[variable][:, :, place].ravel())
            else:
                columns[concept] = self.observed[concept].take(everywhere)
        return self._evaluate(sql, columns).reshape(copies, len(rows))

    def observed_fact(self, name: str, firms: int) -> Floats:
        """A measure or gate of every firm as it answered; gives (n,), NaN where unknown."""
        everyone = pa.array(np.arange(firms))
        return self._evaluate(
            self.expressions[name], {"row": everyone} | {c: self.observed[c] for c in self.concepts[name]}
        )

    def _evaluate(self, sql: str, columns: Mapping[str, pa.Array]) -> Floats:
        types = {name: DUCKDB_TYPES[self.types[name]] for name in columns if name != "row"}
        self.connection.register("drawn", pa.table(dict(columns)))
        fact = self.connection.execute(fact_query(sql, types)).fetchnumpy()["fact"]
        self.connection.unregister("drawn")
        return np.ma.filled(np.ma.asarray(fact, dtype=np.float64), np.nan)


def nothing(kind: str, firms: int) -> pa.Array:
    """A column without a single answer, for a concept the wave does not have."""
    return pa.nulls(firms, CODES if kind == "categories" else pa.string())


def _canonical(value: Any) -> tuple[str, ...]:
    """A set of codes in one order, however it was written."""
    if value is None or isinstance(value, str):
        return tuple(sorted(filter(None, (value or "").split(","))))
    return tuple(sorted(str(code) for code in value))


def _floats(column: pa.Array) -> Floats:
    """A column as floats, NULL as NaN."""
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
