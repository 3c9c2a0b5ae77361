"""A withheld number that public files tell. Does not belong here: finding it."""

from __future__ import annotations

from dataclasses import dataclass

FEW = 10.0
"""A number of firms that a figure is about may be known where it is as large as this: most lines print it"""
FEWEST = 3.0
"""An interval narrower than this many firms tells a withheld number too well"""


@dataclass(frozen=True)
class Finding:
    """A withheld number that the public files tell."""

    release: str
    """the first release that withholds it"""
    figures: str
    """which of the wave's sets of figures: the wave, and the release that showed them first"""
    what: str
    """the line: wave, kind of number, indicator, domain"""
    how: str
    low: float
    high: float
    lines: tuple[tuple[str, str, str, str], ...]
    """the withheld lines it is about: wave, indicator, domain variable, domain"""

    @property
    def width(self) -> str:
        """How narrow the interval is, without its ends."""
        return f"{max(self.high - self.low, 0.0):.4g}"

    def render(self) -> str:
        """One line for a terminal."""
        return f"{self.release}  {self.what}: between {self.low:g} and {self.high:g} ({self.how})"
