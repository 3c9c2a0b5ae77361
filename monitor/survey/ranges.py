"""Ranges of numbers among a category's declared codes: `"0-19": small`, and open at the top `"250+": large`.

A cell that is one of the codes as it is written is that code; only a cell that is none, and a number, is looked up in
the ranges. Both ends are in a range; between whole ends it reaches up to the next whole number, so that 19.5 persons
are in "0-19". Belongs here: what is a range, and ranges that contradict each other. Does not belong here: reading a
cell (`stages.staged`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

NUMBER = r"\d+(?:\.\d+)?"
RANGE = re.compile(rf"({NUMBER}) ?[-\N{{EN DASH}}] ?({NUMBER})|({NUMBER}) ?\+")


@dataclass(frozen=True)
class Range:
    """The numbers from `low` on and below `high` (None: without end), or up to and with it where it is `closed`."""

    written: str
    code: str
    low: float
    high: float | None
    closed: bool = False

    def holds(self, number: float) -> bool:
        """Whether a number lies in it."""
        return self.low <= number and (self.high is None or number < self.high or (self.closed and number == self.high))


def ranges_of(codes: Mapping[str, str]) -> list[Range]:
    """The ranges among source code -> code, from the lowest on."""
    found = []
    for written, code in codes.items():
        match = RANGE.fullmatch(written.strip())
        if match is None:
            continue
        if match[3]:
            found.append(Range(written, str(code), float(match[3]), None))
            continue
        low, high, whole = float(match[1]), float(match[2]), "." not in match[1] + match[2]
        if low <= high:
            found.append(Range(written, str(code), low, high + 1 if whole else high, closed=not whole))
    return sorted(found, key=lambda r: (r.low, float("inf") if r.high is None else r.high))


def overlaps(codes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each two neighbouring ranges that hold a number in common, as they are written."""
    for one, other in pairwise(ranges_of(codes)):
        if one.holds(other.low):
            yield one.written, other.written
