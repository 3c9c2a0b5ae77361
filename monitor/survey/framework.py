"""What an ecosystem is, and what fills the framework's indicators of it.

Belongs here: frozen dataclasses. Does not belong here: reading them (`ecosystems`), their words (`framework_words`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.survey.text import Text


@dataclass(frozen=True)
class OutsideValue:
    """A figure of an outside source."""

    number: int
    """The framework's indicator"""
    ecosystem: str
    """The ecosystem it is about; empty: what the source as a whole is about"""
    year: int
    value: float
    low: float | None
    high: float | None
    line: int


@dataclass(frozen=True)
class OutsideSource:
    """A file that somebody else made, with what a reader must know of it."""

    name: str
    label: Text
    file: str
    """Within the survey's folder"""
    publisher: str
    address: str | None
    licence: str
    date: str
    about: Text
    """Whom or what its figures are about"""
    quality: Text
    synthetic: bool
    values: tuple[OutsideValue, ...]


@dataclass(frozen=True)
class SurveyFigure:
    """An indicator of the survey that fills one of the framework's."""

    indicator: str
    line: int


@dataclass(frozen=True)
class FrameCount:
    """The firms of the frame that have all of these."""

    having: Mapping[str, str]
    """Concept of the frame -> code, or `true` and `false`"""
    line: int


@dataclass(frozen=True)
class ProgrammeFigure:
    """The programmes whose number, or whose granted firms or amounts, fill an indicator; its unit says which."""

    programmes: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Described:
    """What a person says of an indicator in words."""

    text: Text
    by: Text
    """The person's role, no name"""
    date: str
    line: int


@dataclass(frozen=True)
class Ecosystem:
    """A declared set of themes, sectors, places and initiatives that is looked at together."""

    name: str
    label: Text
    themes: tuple[str, ...]
    sectors: tuple[str, ...]
    places: tuple[str, ...]
    initiatives: tuple[str, ...]
    domain: tuple[str, str] | None
    """Domain variable and code of the firms that the survey's figures are of (`all`, `all`: all firms); None: the
    survey has none of it"""
    described: Mapping[int, Described]
    lines: Mapping[str, int]


@dataclass(frozen=True)
class Framework:
    """The ecosystems of a survey, and what fills the framework's indicators of each."""

    themes: Mapping[str, Text]
    sources: Mapping[str, OutsideSource]
    figures: Mapping[int, SurveyFigure]
    counts: Mapping[int, str]
    """Number -> the kind of initiative that is counted"""
    frame: Mapping[int, FrameCount]
    programmes: Mapping[int, ProgrammeFigure]
    ecosystems: Mapping[str, Ecosystem]
