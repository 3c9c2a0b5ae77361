"""What lies in an inbox: no link is followed out of it, and the lists that people keep there are text.

Belongs here: whether a file of an inbox may be read. Does not belong here: deliveries (`stages.raw`), what lists say.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.problems import Problem, UnusableDelivery


def outside(path: Path, inbox: Path) -> Problem | None:
    """The problem of a file of an inbox that is a link, or that a linked folder put somewhere else.

    Followed, it could make the pipeline read and keep any file of the machine.
    """
    if not path.is_symlink() and path.resolve().is_relative_to(inbox.resolve()):
        return None
    return Problem(
        what="the delivery is a symbolic link or lies outside the inbox: it is not followed",
        file=path.name,
        severity="critical",
        expected="a file of its own in the inbox",
        do="copy the file itself into the inbox",
    )


def list_text(path: Path, inbox: Path) -> str | None:
    """The text of a list that people keep in an inbox (UTF-8); None where there is none.

    Raises UnusableDelivery where it is a link or no text.
    """
    if not path.is_file():
        return None
    if problem := outside(path, inbox):
        raise UnusableDelivery(problem)
    return utf8_text(path)


def utf8_text(path: Path) -> str:
    """The text of a list of an inbox, wherever it lies now. Raises UnusableDelivery where it is no UTF-8 text."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
        damaged = text.find("\0")
        at = len(text[:damaged].encode()) if damaged >= 0 else None
    except UnicodeDecodeError as error:
        at = error.start
    if at is not None:
        raise UnusableDelivery(
            Problem(
                what="the list is not UTF-8 text",
                file=path.name,
                line=content.count(b"\n", 0, at) + 1,
                severity="critical",
                do="save it as comma-separated UTF-8 text",
            )
        )
    return text


def list_rows(text: str, fields: Sequence[str]) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """The heading of a list and its rows that hold something: line, and field -> what it says, without padding.

    Semicolons separate where the heading has more of them than commas, as spreadsheets write it in Dutch. A field that
    the list lacks is blank.
    """
    lines = text.splitlines()
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    heading = [(name or "").strip() for name in reader.fieldnames or []]
    reader.fieldnames = heading
    read = ((reader.line_num, {name: (row.get(name) or "").strip() for name in fields}) for row in reader)
    return heading, ((line, said) for line, said in read if any(said.values()))
