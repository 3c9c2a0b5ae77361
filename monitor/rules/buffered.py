"""A DuckDB connection whose cursors hold their result from the moment a statement ran.

Belongs here: what duckdb-engine's connection lacks for Great Expectations, which reads a result after the connection
went back to its pool. Imported late: it loads SQLAlchemy.
"""

from __future__ import annotations

from typing import Any

import duckdb
from duckdb_engine import ConnectionWrapper, CursorWrapper


class BufferedCursor(CursorWrapper):
    """Fetches its rows at `execute`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, wrapper: ConnectionWrapper) -> None:
        super().__init__(connection, wrapper)
        self._source = connection
        self.description: Any = None

    def execute(self, statement: str, parameters: Any = None, context: Any = None) -> None:
        """Run a statement and keep what it gives, before another one runs on the connection."""
        super().execute(statement, parameters, context)
        self.description = self._source.description
        self._rows = iter(self._source.fetchall() if self.description else ())

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, at most `size` of them (default: one), as PEP 249 wants it."""
        return [row for _, row in zip(range(size or 1), self._rows, strict=False)]

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        return list(self._rows)


class BufferedConnection(ConnectionWrapper):
    """A connection that another opened and closes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self._source = connection

    def cursor(self) -> BufferedCursor:
        """A cursor of its own over the same connection."""
        return BufferedCursor(self._source, self)

    def close(self) -> None:
        """Left open: whoever opened the connection closes it."""
