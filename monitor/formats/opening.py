"""From a declared format to its reader.

Belongs here: the registry of formats. Does not belong here: reading any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from monitor.formats import delimited, excel, survey_tools, typed
from monitor.formats.delivery import Delivery
from monitor.formats.reading import Reading, look_alikes, unusable


@dataclass(frozen=True)
class Request:
    """What a reader may need to open a delivery."""

    connection: duckdb.DuckDBPyConnection
    path: Path
    aside: Path
    delivery: Delivery
    required: Sequence[str]
    labels: Path | None


def _delimited(request: Request) -> Reading:
    reading, _ = delimited.read(
        request.connection,
        request.path,
        request.aside,
        delimiter=request.delivery.delimiter,
        encoding=request.delivery.encoding,
        header_line=request.delivery.header_line,
        required=request.required,
    )
    return reading


READERS: Mapping[str, Callable[[Request], Reading]] = {
    "delimited": _delimited,
    "qualtrics": lambda r: survey_tools.read_qualtrics(r.connection, r.path, r.aside, r.delivery, r.required),
    "limesurvey": lambda r: survey_tools.read_limesurvey(
        r.connection, r.path, r.aside, r.delivery, r.required, r.labels
    ),
    "excel": lambda r: excel.read_excel(
        r.connection, r.path, r.delivery.sheet, r.delivery.header_line, r.delivery.decimal
    ),
    "spss": lambda r: typed.read_spss(r.connection, r.path),
    "stata": lambda r: typed.read_stata(r.connection, r.path),
    "parquet": lambda r: typed.read_parquet(r.connection, r.path),
}
TEXT_FORMATS = frozenset({"delimited", "qualtrics", "limesurvey"})


def open_delivery(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    delivery: Delivery,
    aside: Path,
    *,
    required: Sequence[str] = (),
    labels: Path | None = None,
) -> Reading:
    """Open a delivery in its declared format. Raises UnusableDelivery where it is not that."""
    reader = READERS.get(delivery.format)
    if reader is None:
        raise unusable(path.name, f"no format is called {delivery.format!r}", expected=", ".join(READERS))
    reading = reader(Request(connection, path, aside, delivery, required, labels))
    line = delivery.header_line if delivery.format == "excel" else None
    if delivery.format in TEXT_FORMATS:
        return reading  # of a far wider file than its columns, these are read from the header itself
    return replace(reading, notes=(*reading.notes, *look_alikes(path.name, reading.columns, line, required)))
