"""What reading a delivery gives, whatever its format.

Belongs here: the shape of a reading, and column names that a table can hold. Does not belong here: any one format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from monitor.formats.column_names import alike, tidy, visible
from monitor.problems import Problem, UnusableDelivery

Writer = Callable[[str], int]
"""Takes a SELECT of records, puts its rows where they belong and says how many there were"""

KEYS = ("row_number", "line")
"""The key columns of raw_records: no source column can have their names"""


@dataclass(frozen=True)
class Label:
    """What one source code means, as the file itself says."""

    code: str
    text: str
    user_missing: bool = False


@dataclass(frozen=True)
class Column:
    """One column of a delivery."""

    source: str
    """Its name in the file, without padding"""
    stored: str
    """Its name in raw_records: the same, made unique without regard to case"""
    place: int = 0
    """Its place in the file, from 0"""
    question: str = ""
    """The question's text, where the file holds it"""
    numeric: bool = False
    """Whether the file stores numbers (then raw_records writes them with a point and no thousands mark)"""
    labels: tuple[Label, ...] = ()
    written: str = ""
    """Its name as it stands in the file"""


@dataclass(frozen=True)
class Reading:
    """A delivery opened: its columns, how it is laid out, and the way to its records."""

    format: str
    columns: tuple[Column, ...]
    write: Callable[[Writer], int]
    """Hands the records (row_number, line, every column as text) to a writer; UnusableDelivery where they break"""
    encoding: str | None = None
    delimiter: str | None = None
    notes: tuple[Problem, ...] = field(default=())
    """What was found odd but does not make the delivery unusable"""

    def column(self, source: str) -> Column | None:
        """The column of a name, what no eye sees apart and, failing an exact match, case and letter forms too."""
        wanted = tidy(source)
        exact = next((c for c in self.columns if c.source == wanted), None)
        return exact or next((c for c in self.columns if alike(c.source) == alike(wanted)), None)


def name_columns(
    header: Sequence[str],
    questions: Sequence[str] = (),
    numeric: Iterable[int] = (),
    labels: dict[int, tuple[Label, ...]] | None = None,
) -> tuple[Column, ...]:
    """Columns with names that a table can hold: blank names get their position, doubles a number."""
    taken = {name.casefold() for name in KEYS}
    are_numbers, columns = set(numeric), []
    for position, raw_name in enumerate(header):
        source = tidy(raw_name) or f"column {position + 1}"
        stored, count = source, 1
        while stored.casefold() in taken:
            count += 1
            stored = f"{source} ({count})"
        taken.add(stored.casefold())
        question = tidy(questions[position]) if position < len(questions) else ""
        found = (labels or {}).get(position, ())
        columns.append(Column(source, stored, position, question, position in are_numbers, found, raw_name))
    return tuple(columns)


def look_alikes(file: str, columns: Sequence[Column], line: int | None, required: Sequence[str]) -> list[Problem]:
    """Columns whose names a person would take for one another, each group with how its names differ.

    A group that a question reads from stops (UnusableDelivery) where it cannot be told which of them is meant: where
    none, or several, have the declared name once what no eye sees is left out. Else it is a note.
    """
    groups: dict[str, list[Column]] = {}
    for column in columns:
        groups.setdefault(alike(column.source), []).append(column)
    wanted: dict[str, set[str]] = {}
    for name in required:
        wanted.setdefault(alike(name), set()).add(tidy(name))
    stops, notes = [], []
    for key, group in groups.items():
        if len(group) == 1:
            continue
        names = [visible(column.written) for column in group]
        unclear = [n for n in sorted(wanted.get(key, ())) if sum(column.source == n for column in group) != 1]
        found = " and ".join(names) if len(set(names)) > 1 else None
        if unclear:
            what = f"{len(group)} columns have the name {unclear[0]!r}: which of them answers the question is unknown"
            stops.append(
                Problem(
                    what=what, file=file, line=line, column=unclear[0], severity="critical", found=found,
                    expected="a name of its own for every column", do="ask for an export with unique column names",
                )
            )  # fmt: skip
        else:
            differ = (
                "columns differ in nothing but case or letter forms" if found else "a column name occurs more than once"
            )
            used = wanted.get(key)
            notes.append(
                Problem(
                    what=differ, file=file, line=line, column=group[0].source, found=found,
                    severity="warning" if used else "info",
                    do="look whether the declared one is meant" if used else "nothing, unless a question needs it",
                )
            )  # fmt: skip
    if stops:
        raise UnusableDelivery(stops)
    return notes


def unusable(file: str, what: str, *, line: int | None = None, **facts: str | None) -> UnusableDelivery:
    """The stop that says why a file cannot be read."""
    return UnusableDelivery(Problem(what=what, file=file, line=line, severity="critical", **facts))
