"""A list of a survey folder, opened: comma-separated text, or the same as an Excel workbook.

Belongs here: the records of such a file with their lines, and what is wrong with it as a file. Does not belong here:
what a list says (`registers`, `register_files`, `ecosystems`), lists in an inbox (`inbox`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from monitor.problems import UnusableDelivery
from monitor.storage.lake import connect
from monitor.survey.yaml_limits import Unreadable, read_text
from monitor.survey.yaml_lines import Report

LONGEST_VALUE = 131_072
"""Most characters of a value in a list: a quote that is never closed makes the rest of a file one value"""
WORKBOOK = ".xlsx"
Records = list[tuple[int, dict[str, str]]]
"""Line, and column -> what stands there"""


def list_file(file: Path) -> Path | None:
    """Where a list lies: as it is named or, failing that, as a workbook of that name; None where it does not."""
    return next((path for path in (file, file.with_suffix(WORKBOOK)) if path.exists()), None)


def list_rows(file: Path, columns: Sequence[str], reports: list[Report], shown_as: str) -> Records:
    """The records of a list of the folder with their lines; none where there is no such list. What is wrong with the
    file or its header goes into a report, the last of `reports` where there is a list."""
    place = list_file(file)
    if place is None:
        return []
    shown_as = str(Path(shown_as).with_suffix(place.suffix))
    report = Report(shown_as)
    reports.append(report)
    if place.suffix != WORKBOOK:
        if file.with_suffix(WORKBOOK).is_file():
            report.add(
                "the list is there twice",
                None,
                expected="a text or a workbook",
                found=f"{file.name} and {file.with_suffix(WORKBOOK).name}",
                do="keep the one that is kept up to date",
            )
        return _of_text(place, columns, report, shown_as)
    try:
        return _of_workbook(place, columns, report)
    except UnusableDelivery as unusable:
        for problem in unusable.problems:
            report.add(problem.what, problem.line, expected=problem.expected, found=problem.found, do=problem.do)
        return []


def _of_workbook(file: Path, columns: Sequence[str], report: Report) -> Records:
    """The records of the one sheet that holds something, each cell as it is shown; UnusableDelivery where the file is
    no workbook."""
    # It brings pandas, which a folder without workbooks does not need.
    from monitor.formats.excel import first_rows, read_excel

    filled = [name for name, rows in first_rows(file, 1) if any(cell is not None for row in rows for cell in row)]
    if len(filled) != 1:
        report.add(
            f"{len(filled)} sheets of the workbook hold a list",
            None,
            expected="one sheet that is shown and has the columns in its first row",
            found=", ".join(filled) or "nothing",
            do="keep one sheet in the file",
        )
        return []
    found: list[tuple[object, ...]] = []
    with connect() as connection:
        reading = read_excel(connection, file, filled[0])

        def keep(select: str) -> int:
            found.extend(connection.execute(select).fetchall())
            return len(found)

        reading.write(keep)
    header = [column.source for column in reading.columns]
    for note in reading.notes:
        if note.severity == "warning":
            # As an answer such a cell is invalid and told; a list is read whole or not at all.
            report.add(note.what, note.line, expected="cells with values", found=note.column, do=note.do)
    if report.problems or _lacks(columns, header, report):
        return []
    records = sorted((int(str(line)), [str(cell or "") for cell in cells]) for _, line, *cells in found)
    return [(line, dict(zip(header, cells, strict=True))) for line, cells in records if any(cells)]


def _lacks(columns: Sequence[str], header: Sequence[str], report: Report) -> bool:
    """Whether a header lacks columns, which is reported."""
    missing = [column for column in columns if column not in header]
    if missing:
        report.add(
            "the header lacks columns",
            1,
            expected=",".join(columns),
            found=",".join(header) or "nothing",
            do=f"add {', '.join(missing)}",
        )
    return bool(missing)


@contextmanager
def _values_that_end() -> Iterator[None]:
    """The limit is the whole process's, and other packages lift it."""
    limit = csv.field_size_limit(LONGEST_VALUE)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@_values_that_end()
def _of_text(file: Path, columns: Sequence[str], report: Report, shown_as: str) -> Records:
    """The records of comma-separated text."""
    rows: Records = []
    reader = None
    try:
        reader = csv.DictReader(io.StringIO(read_text(file, shown_as), newline=""))
        header = tuple(reader.fieldnames or ())
        if _lacks(columns, header, report):
            return []
        for row in reader:
            if None in row or None in row.values():
                report.add(
                    "the record has another number of values than the header",
                    reader.line_num,
                    expected=str(len(header)),
                    do="quote values that hold a comma",
                )
            else:
                rows.append((reader.line_num, row))
    except Unreadable as error:
        report.problems.append(error.problem)
    except csv.Error as error:
        report.add(
            "the list cannot be read as comma-separated text",
            reader.line_num + 1 if reader else 1,
            expected="records of text, one on a line",
            found=str(error),
            do="save it as comma-separated UTF-8 text",
        )
    return rows
