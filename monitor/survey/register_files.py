"""The register's files: `register/initiatives.csv`, `register/actors.csv` and `register/ties.csv`, or as workbooks.

Belongs here: reading them, and every mistake in them by file and line. Does not belong here: what holds in a wave
(`register`), expressions over it (`participation`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from monitor.survey.lists import list_rows
from monitor.survey.model import Text, Wave
from monitor.survey.register import ACTOR_KINDS, INITIATIVE_KINDS, Actor, Initiative, Register, Tie
from monitor.survey.yaml_lines import Report, closest

INITIATIVES, ACTORS, TIES = "register/initiatives.csv", "register/actors.csv", "register/ties.csv"
OUTSIDE = "initiatives.csv"
NAMED = ("name_nl", "name_en")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    INITIATIVES: ("wave", "code", "kind", *NAMED, "source"),
    ACTORS: ("code", "kind", *NAMED, "source"),
    TIES: ("initiative", "actor", "source"),
}
"""File -> the columns it must have"""
MORE: Mapping[str, tuple[str, ...]] = {
    INITIATIVES: (
        "theme", "place", "founded", "ended", "merged_into", "website", "budget_eur", "offers", "source_date",
    ),
    ACTORS: ("place", "website", "source_date"),
    TIES: ("began", "ended", "source_date"),
}  # fmt: skip
"""File -> the columns it may have besides"""


@dataclass(frozen=True)
class Known:
    """What a register's rows refer to outside its files."""

    waves: Mapping[str, Wave]
    themes: Mapping[str, Text]
    places: Mapping[str, Text]


class _Row:
    """One record: every getter checks a value and reports what is wrong with its line."""

    def __init__(self, report: Report, line: int, cells: Mapping[str, str]) -> None:
        self.report, self.line, self.cells = report, line, cells

    def text(self, column: str) -> str | None:
        """What stands in a column; None where nothing does."""
        return (self.cells.get(column) or "").strip() or None

    def needed(self, column: str) -> str:
        """What stands in a column that must not be empty."""
        found = self.text(column)
        if found is None:
            self.wrong(f"{column} is empty", f"every row of {self.report.file} has its {column}", "nothing")
        return found or ""

    def wrong(self, what: str, expected: str, found: str | None, do: str | None = None) -> None:
        """A mistake on this line."""
        self.report.add(what, self.line, expected=expected, found=found, do=do or "correct the row")

    def one_of(self, column: str, known: Iterable[str], what: str, *, must: bool = False) -> str | None:
        """A declared word."""
        found, known = self.text(column), list(known)
        expected = "one of " + ", ".join(known) if known else f"no {column}: the survey declares none"
        if found is None and must:
            self.wrong(f"{column} is empty", expected, "nothing", f"write the row's {column}")
        elif found is not None and found not in known:
            self.wrong(f"unknown {what} {found!r}", expected, found, closest(found, known))
        return found

    def day(self, column: str) -> date | None:
        """A date as YYYY-MM-DD."""
        found = self.text(column)
        try:
            return date.fromisoformat(found) if found else None
        except ValueError:
            self.wrong(f"{column} is no date", "a day that exists, as YYYY-MM-DD", found)
            return None

    def website(self) -> str | None:
        """An address that begins with http:// or https://."""
        found = self.text("website")
        if found and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", found):
            self.wrong("website is no address", "https://…", found)
        return found

    def amount(self, column: str) -> float | None:
        """An amount from 0 up."""
        found = self.text(column)
        if found is not None and not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", found):
            self.wrong(f"{column} is no amount", "euros from 0 up, with a decimal point and no thousands mark", found)
            return None
        return float(found) if found else None

    def in_order(self, began: tuple[str, date | None], ended: tuple[str, date | None]) -> None:
        """That something did not end before it began."""
        if began[1] and ended[1] and ended[1] < began[1]:
            self.wrong(f"it {ended[0]} before it {began[0]}", f"ended on or after {began[1]}", str(ended[1]))


def read_register(folder: Path, known: Known, reports: list[Report]) -> Register:
    """The register of a survey folder; empty where there is none. Mistakes go into `reports`."""
    if (folder / OUTSIDE).exists():
        report = Report(OUTSIDE)
        report.add(
            "the list of initiatives stands outside the register",
            None,
            expected=INITIATIVES,
            found=OUTSIDE,
            do="move it there, and give each row its `wave` and `source`",
        )
        reports.append(report)
    rows = tuple(_initiative(row, known) for row in _records(folder, INITIATIVES, reports))
    if rows:
        _check_codes(rows, reports[-1])
        _check_names(rows, reports[-1])
        _check_mergers(Register(rows).newest, reports[-1])
    actors = tuple(_actor(row, known) for row in _records(folder, ACTORS, reports))
    if actors:
        _check_actors(actors, reports[-1])
        _check_names(actors, reports[-1])
    # Of a list that could not be read every tie would be told to name what is not there.
    unread = any(report.problems for report in reports) and not (rows and actors)
    ties = () if unread else _ties(_records(folder, TIES, reports), rows, actors)
    return Register(rows, {actor.code: actor for actor in actors}, ties, known.themes)


def _records(folder: Path, file: str, reports: list[Report]) -> list[_Row]:
    """The records of a file; a column that nobody reads is a mistake."""
    found = [_Row(reports[-1], line, cells) for line, cells in list_rows(folder / file, COLUMNS[file], reports, file)]
    if found and (unknown := sorted(set(found[0].cells) - {*COLUMNS[file], *MORE[file]})):
        found[0].report.add(
            "the header has unknown columns",
            1,
            expected=",".join((*COLUMNS[file], *MORE[file])),
            found=",".join(unknown),
            do=closest(unknown[0], MORE[file]) or "take them out",
        )
    return found


def _initiative(row: _Row, known: Known) -> Initiative:
    founded, ended = row.day("founded"), row.day("ended")
    row.in_order(("was founded", founded), ("ended", ended))
    since = row.one_of("wave", known.waves, "wave", must=True) or ""
    wave = known.waves.get(since)
    if wave and founded and founded.year > wave.reference_year + 1:
        row.wrong("it is in the register before it was founded", f"founded by {wave.reference_year + 1}", str(founded))
    if (merged := row.text("merged_into")) and ended is None:
        row.wrong("it went on in another initiative and has no end", "`ended`: when it did", merged)
    return Initiative(
        code=row.needed("code"),
        kind=row.one_of("kind", INITIATIVE_KINDS, "kind", must=True) or "",
        label={"nl": row.needed("name_nl"), "en": row.needed("name_en")},
        since=since,
        source=row.needed("source"),
        theme=row.one_of("theme", known.themes, "theme"),
        place=row.one_of("place", known.places, "place"),
        founded=founded,
        ended=ended,
        merged_into=merged,
        website=row.website(),
        budget_eur=row.amount("budget_eur"),
        offers=row.text("offers"),
        source_date=row.day("source_date"),
        line=row.line,
    )


def _actor(row: _Row, known: Known) -> Actor:
    return Actor(
        code=row.needed("code"),
        kind=row.one_of("kind", ACTOR_KINDS, "kind", must=True) or "",
        label={"nl": row.needed("name_nl"), "en": row.needed("name_en")},
        source=row.needed("source"),
        place=row.one_of("place", known.places, "place"),
        website=row.website(),
        source_date=row.day("source_date"),
        line=row.line,
    )


def _ties(rows: list[_Row], initiatives: tuple[Initiative, ...], actors: tuple[Actor, ...]) -> tuple[Tie, ...]:
    codes = list(dict.fromkeys(each.code for each in initiatives))
    found: dict[tuple[str, str, date | None], Tie] = {}
    for row in rows:
        began, ended = row.day("began"), row.day("ended")
        row.in_order(("began", began), ("ended", ended))
        tie = Tie(
            initiative=row.one_of("initiative", codes, "initiative", must=True) or "",
            actor=row.one_of("actor", [actor.code for actor in actors], "actor", must=True) or "",
            source=row.needed("source"),
            began=began,
            ended=ended,
            source_date=row.day("source_date"),
            line=row.line,
        )
        key = (tie.initiative, tie.actor, tie.began)
        if key in found:
            row.wrong("the tie is there twice", f"once: it stands on line {found[key].line} too", " – ".join(key[:2]))
        found.setdefault(key, tie)
    return tuple(found.values())


def _check_codes(rows: tuple[Initiative, ...], report: Report) -> None:
    """A code once in a wave."""
    places: dict[tuple[str, str], int] = {}
    for row in rows:
        if (row.since, row.code) in places:
            report.add(
                f"the code {row.code!r} is there twice in wave {row.since}",
                row.line,
                expected=f"once: it stands on line {places[row.since, row.code]} too",
                found=row.code,
                do="give each initiative its own code, and what changed since a wave a later wave",
            )
        places.setdefault((row.since, row.code), row.line)


def _check_actors(actors: tuple[Actor, ...], report: Report) -> None:
    """A code once."""
    codes: dict[str, int] = {}
    for actor in actors:
        if actor.code in codes:
            report.add(
                f"the code {actor.code!r} is there twice",
                actor.line,
                expected=f"once: it stands on line {codes[actor.code]} too",
                found=actor.code,
                do="give each actor its own code",
            )
        codes.setdefault(actor.code, actor.line)


def _check_names(rows: Sequence[Initiative | Actor], report: Report) -> None:
    """A name for one initiative, or one actor, only."""
    names: dict[str, Initiative | Actor] = {}
    for row in rows:
        for name in dict.fromkeys(map(name_key, row.label.values())):
            other = names.setdefault(name, row)
            if other.code != row.code:
                report.add(
                    f"{row.code!r} has the name of {other.code!r}",
                    row.line,
                    expected=f"another name than on line {other.line}: answers refer to it by name",
                    found=next(iter(row.label.values())),
                    do="correct the name, or take out the row if both are one",
                )


def _check_mergers(newest: Mapping[str, Initiative], report: Report) -> None:
    """A merger leads to another initiative of the register, and not back to where it began."""
    into = {code: row.merged_into for code, row in newest.items()}
    told: set[str] = set()
    for code, row in newest.items():
        if row.merged_into is not None and row.merged_into not in newest:
            report.add(
                f"{code!r} went on in the unknown initiative {row.merged_into!r}",
                row.line,
                expected="a code of the register",
                found=row.merged_into,
                do=closest(row.merged_into, newest) or "correct it, or add the initiative",
            )
        path = [code]
        while (following := into.get(path[-1])) is not None and following not in path:
            path.append(following)
        if following == code and code not in told:
            told |= set(path)
            report.add(
                "mergers lead back to where they began",
                row.line,
                expected="an initiative that goes on",
                found=" → ".join([*path, code]),
                do="take out the wrong `merged_into`",
            )


def with_names(wave: Wave, register: Register) -> Wave:
    """The wave with its question on participation taking every initiative's codes and names, of all waves and
    languages, where it declares no codes of its own and its answers stand in one column."""
    question = wave.questions.get("initiatives")
    if question is None or question.codes or set(question.columns.values()) != {"initiatives"}:
        return wave
    names = {name: row.code for row in register.rows for name in (row.code, *row.label.values())}
    return replace(wave, questions={**wave.questions, "initiatives": replace(question, codes=names)})


def name_key(name: str) -> str:
    """The form in which names are compared: one space between words, small letters."""
    return " ".join(name.replace("\xa0", " ").casefold().split())
