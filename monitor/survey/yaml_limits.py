"""What a YAML file may hold before anything is made of it: text, and no more than a person writes.

Belongs here: reading the bytes, and one pass over the parser's events that finds what would not end, or would be lost,
once nodes are made of them. Does not belong here: what the keys mean (`yaml_lines` and what reads them).

A definition is written by people, or by `monitor new-survey` from one delivery; the largest in use has some thousands
of values. A file far beyond the limits is not one, and reading on could take all memory (aliases that name aliases) or
end in Python's own recursion (nesting without end, an anchor inside itself).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from monitor.problems import Problem

MOST_BYTES = 8_000_000
MOST_VALUES = 250_000
"""Keys and values of a file, those that its aliases repeat counted each time"""
MOST_DEPTH = 40
LONGEST = 20_000
"""Characters of one value"""


class Unreadable(Exception):
    """A file of which nothing can be made, with the problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


@dataclass
class _Open:
    """A mapping or list whose end has not come yet."""

    mapping: bool
    anchor: str | None
    values: int = 1
    children: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    """Key -> the line it stands on"""


def read_text(path: Path, shown_as: str) -> str:
    """A definition's text. Raises Unreadable where it is too large, not UTF-8, or holds what no text holds."""
    if not path.exists():
        raise Unreadable(
            Problem("the file is not there", file=shown_as, expected="a YAML file", found="nothing", do="create it")
        )
    if not path.is_file():
        raise Unreadable(
            Problem("this is no file", file=shown_as, expected="a YAML file", found="a folder", do="rename it")
        )
    if (size := path.stat().st_size) > MOST_BYTES:
        raise _too_much(shown_as, None, f"at most {MOST_BYTES:,} bytes", f"{size:,} bytes")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            Problem(
                "the file is not UTF-8",
                file=shown_as,
                line=line,
                expected="UTF-8 text",
                found=str(error.reason),
                do="save it as UTF-8",
            )
        ) from None
    if at := yaml.reader.Reader.NON_PRINTABLE.search(text):
        raise Unreadable(
            Problem(
                "the file holds a character that no text holds",
                file=shown_as,
                line=text.count("\n", 0, at.start()) + 1,
                expected="letters, digits, marks, spaces and line ends",
                found=f"U+{ord(at.group()):04X}",
                do="remove it; save the file as plain UTF-8 text",
            )
        )
    return text


def mistakes(text: str, shown_as: str) -> Iterator[Problem]:
    """Every key that stands twice in a mapping, is no text, or is lost otherwise.

    Raises Unreadable where the file nests, repeats or holds too much; yaml.YAMLError where it is no YAML.
    """
    open_ones: list[_Open] = []
    sizes: dict[str, int] = {}
    total = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            ended = open_ones.pop()
            if ended.anchor:
                sizes[ended.anchor] = ended.values
            if open_ones:
                open_ones[-1].values += ended.values
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        line = event.start_mark.line + 1 if event.start_mark else 1
        parent = open_ones[-1] if open_ones else None
        if parent:
            parent.children += 1
            if parent.mapping and parent.children % 2:
                yield from _key(event, parent, line, shown_as)
        values = 1
        if isinstance(event, yaml.AliasEvent):
            anchor = str(event.anchor)
            if any(one.anchor == anchor for one in open_ones):
                raise _endless(anchor, line, shown_as)
            values = sizes.get(anchor, 1)
        elif isinstance(event, yaml.ScalarEvent):
            yield from _scalar(event, line, shown_as)
        else:
            open_ones.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor))
            if len(open_ones) > MOST_DEPTH:
                raise _too_much(shown_as, line, f"at most {MOST_DEPTH} levels of nesting", "more")
        if parent and parent is open_ones[-1]:
            parent.values += values
        total += values
        if total > MOST_VALUES:
            raise _too_much(shown_as, line, f"at most {MOST_VALUES:,} values, repeated ones counted", "more")


def _key(event: yaml.NodeEvent, parent: _Open, line: int, shown_as: str) -> Iterator[Problem]:
    if not isinstance(event, yaml.ScalarEvent):
        yield Problem(
            "a key is no text", file=shown_as, line=line, expected="a name, then a colon",
            found="an alias" if isinstance(event, yaml.AliasEvent) else "a list or a mapping", do="write the name out",
        )  # fmt: skip
    elif event.value in parent.keys:
        yield Problem(
            f"the key {event.value[:100]!r} twice in one mapping",
            file=shown_as,
            line=line,
            found=f"first on line {parent.keys[event.value]}",
            do="keep one of the two",
        )
    else:
        parent.keys[event.value] = line


def _scalar(event: yaml.ScalarEvent, line: int, shown_as: str) -> Iterator[Problem]:
    if len(event.value) > LONGEST:
        raise _too_much(shown_as, line, f"values of at most {LONGEST:,} characters", f"{len(event.value):,} characters")
    # Written as an escape, a character comes through that the text itself could not hold.
    if at := yaml.reader.Reader.NON_PRINTABLE.search(event.value):
        yield Problem(
            "a value holds a character that no text holds",
            file=shown_as,
            line=line,
            found=f"U+{ord(at.group()):04X}",
            do="remove its escape",
        )


def _endless(anchor: str, line: int, shown_as: str) -> Unreadable:
    return Unreadable(
        Problem(
            f"the alias *{anchor} stands inside what it names, which so would never end",
            file=shown_as,
            line=line,
            do="write the value out",
        )
    )


def _too_much(shown_as: str, line: int | None, expected: str, found: str) -> Unreadable:
    return Unreadable(
        Problem(
            "the file is larger or nested deeper than any definition",
            file=shown_as,
            line=line,
            expected=expected,
            found=found,
            do="look whether this is the file that was meant; write a definition out in several waves or lists",
        )
    )
