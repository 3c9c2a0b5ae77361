"""The register of initiatives: what each is, who stands behind it, and what changed between waves.

Belongs here: frozen dataclasses, which initiatives there are in a wave, what changed since the wave before. Does not
belong here: reading files (`register_files`), expressions over it (`participation`), who takes part (the stages).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.survey.text import Text

if TYPE_CHECKING:
    # A survey holds its register, so at run time the model stands above this module.
    from monitor.survey.model import Wave

INITIATIVE_KINDS = ("network", "test_environment", "incubator")
ACTOR_KINDS = ("knowledge_institution", "school", "firm", "government", "network_body")
JOINED, LEFT, MERGED, RENAMED, REVISED = "joined", "left", "merged", "renamed", "revised"
CHANGES = (JOINED, LEFT, MERGED, RENAMED, REVISED)
"""What can happen to an initiative between two waves; `revised`: its kind, theme or place is another"""


@dataclass(frozen=True)
class Initiative:
    """What the register says of a cooperation body that firms can take part in, from one wave on."""

    code: str
    kind: str
    """network, test_environment or incubator"""
    label: Text
    since: str
    """The first wave of which this holds; it holds until the next row of the same code"""
    source: str
    theme: str | None = None
    place: str | None = None
    """A province (PV code)"""
    founded: date | None = None
    ended: date | None = None
    merged_into: str | None = None
    """The initiative that it went on in"""
    website: str | None = None
    budget_eur: float | None = None
    """Yearly budget"""
    offers: str | None = None
    """What it offers to firms, as its source says it"""
    source_date: date | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Actor:
    """An organisation of public record behind initiatives."""

    code: str
    kind: str
    """knowledge_institution, school, firm, government or network_body"""
    label: Text
    source: str
    place: str | None = None
    website: str | None = None
    source_date: date | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Tie:
    """An actor's part in an initiative while it lasts."""

    initiative: str
    actor: str
    source: str
    began: date | None = None
    ended: date | None = None
    source_date: date | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Change:
    """What happened to one initiative since the wave before."""

    initiative: str
    change: str
    """One of CHANGES"""
    aspect: str
    """What changed: founded, ended, merged_into, label, kind, theme or place"""
    was: str | None
    now: str | None
    source: str


@dataclass(frozen=True)
class Register:
    """The initiatives of a survey over its waves, the actors behind them and the ties between them."""

    rows: tuple[Initiative, ...] = ()
    """As the file has them"""
    actors: Mapping[str, Actor] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()
    themes: Mapping[str, Text] = field(default_factory=dict)
    """What initiatives can be about: code -> label"""

    @cached_property
    def _by_wave(self) -> tuple[Initiative, ...]:
        """The rows, the newest last: it holds."""
        return tuple(sorted(self.rows, key=lambda row: row.since))

    @cached_property
    def newest(self) -> Mapping[str, Initiative]:
        """Code -> what the newest wave's register says of it; in the order of the file."""
        return {row.code: row for row in self._by_wave}

    def known(self, wave: str) -> dict[str, Initiative]:
        """Code -> what holds in a wave of every initiative that the register knows then, ended ones among them."""
        return {row.code: row for row in self._by_wave if row.since <= wave}

    def of_wave(self, wave: Wave) -> dict[str, Initiative]:
        """The initiatives that firms can take part in in a wave: those that had not ended when the period began that
        the question on participation asks about."""
        begins = first_day(wave)
        return {code: row for code, row in self.known(wave.name).items() if row.ended is None or row.ended >= begins}

    def standing_for(self, wave: Wave) -> dict[str, Initiative]:
        """Code -> the initiative of the wave that it stands for: its own, or the one it went on in. Without those of
        initiatives that ended or that the register did not know yet."""
        known, alive, found = self.known(wave.name), self.of_wave(wave), {}
        for code in self.newest:
            last: str | None = code
            while last is not None and last not in alive:
                row = known.get(last)
                last = row.merged_into if row else None
            if last is not None:
                found[code] = alive[last]
        return found

    def ties_of(self, wave: Wave) -> list[Tie]:
        """The ties that lasted into the period that the wave's question asks about, of initiatives of the wave."""
        alive, begins = self.of_wave(wave), first_day(wave)
        return [
            tie
            for tie in self.ties
            if tie.initiative in alive
            and (tie.ended is None or tie.ended >= begins)
            and (tie.began is None or tie.began.year <= begins.year)
        ]

    def changes(self, before: Wave, now: Wave) -> Iterator[Change]:
        """What happened to each initiative between two waves."""
        then, alive, known = self.of_wave(before), self.of_wave(now), self.known(now.name)
        for code in self.newest:
            row = known.get(code)
            if row is None:
                continue
            if code in alive and code not in then:
                yield Change(code, JOINED, "founded", None, _day(row.founded), row.source)
            elif code in then and code not in alive and row.merged_into:
                yield Change(code, MERGED, "merged_into", None, row.merged_into, row.source)
            elif code in then and code not in alive:
                yield Change(code, LEFT, "ended", None, _day(row.ended), row.source)
            if code in then and code in alive:
                yield from _differences(then[code], row)


def _differences(then: Initiative, now: Initiative) -> Iterator[Change]:
    if dict(then.label) != dict(now.label):
        was, name = (next(iter(row.label.values()), "") for row in (then, now))
        yield Change(now.code, RENAMED, "label", was, name, now.source)
    for aspect in ("kind", "theme", "place"):
        was, value = getattr(then, aspect), getattr(now, aspect)
        if was != value:
            yield Change(now.code, REVISED, aspect, was, value, now.source)


def first_day(wave: Wave) -> date:
    """The first day of the period that a wave's question on participation asks about: of its first year, or where it
    asks about the present of the year after the reference year."""
    question = wave.questions.get("initiatives")
    first = (question.period or "")[:4] if question else ""
    return date(int(first) if first.isdigit() else wave.reference_year + 1, 1, 1)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
