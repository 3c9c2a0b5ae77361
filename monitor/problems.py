"""What can go wrong, said once and for all users alike.

Belongs here: the shape of a problem, its line, and how it is printed. Does not belong here: finding problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

Place = tuple[str | int, ...]
"""Where something stands in a declaration: the keys and places in lists that lead to it"""
Lines = Mapping[Place, int]
"""Place in a declaration -> its line; `()` is the declaration itself"""


def line_at(lines: Lines, place: Place) -> int | None:
    """The line of a place in a declaration, or of what stands around it where it has none of its own."""
    return next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), None)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, where, what was expected, what was found and what to do next."""

    what: str
    file: str | None = None
    line: int | None = None
    firm: str | None = None
    column: str | None = None
    rule: str | None = None
    severity: str | None = None
    expected: str | None = None
    found: str | None = None
    do: str | None = None

    def render(self) -> str:
        """The problem as a person reads it: place, sentence, then one indented line per known fact."""
        place = self.file or ""
        if self.line is not None:
            place = f"{place}:{self.line}" if place else f"line {self.line}"
        head = _visible(f"{place}: {self.what}" if place else self.what)
        facts = (
            ("rule", f"{self.rule} ({self.severity})" if self.rule and self.severity else self.rule),
            ("firm", self.firm),
            ("column", self.column),
            ("expected", self.expected),
            ("found", self.found),
            ("do", self.do),
        )
        return "\n".join([head, *(f"    {name}: {_printable(fact)}" for name, fact in facts if fact)])

    def as_dict(self) -> dict[str, object]:
        """The problem for a machine: only the facts that are known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class MonitorError(Exception):
    """Something a user must act on. Carries every problem found, never only the first."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(problem.render() for problem in self.problems))

    def __reduce__(self) -> tuple[type[MonitorError], tuple[tuple[Problem, ...]]]:
        """Between processes an error goes as its problems, from which its text is made again."""
        return type(self), (self.problems,)


class DefinitionError(MonitorError):
    """A mistake in a survey folder or in a command: nothing was run (exit code 2)."""


class UnusableDelivery(MonitorError):
    """A delivery that cannot be read as what its wave declares (exit code 1 in a run, 2 in a check)."""

    exit_code = 1


class WaveStopped(MonitorError):
    """A critical rule failed: the wave goes no further, the last good release stays (exit code 1)."""

    exit_code = 1


def _visible(text: str) -> str:
    """Answers and files' names are data: control characters in them must not reach a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _printable(text: str) -> str:
    shown = _visible(text)
    return shown if len(shown) <= 300 else shown[:297] + "..."
