"""`monitor new-survey` and `monitor new-wave`: a first definition from a file; what a person must decide is `todo`.

`reading` looks at the file and `columns` at each of its columns, `shown` says what of it may be printed, `questions`
and `definition` write it down; `previous` compares it with the wave before and `kept` writes what stays.
Does not belong here: deciding what a question means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from monitor.authoring.columns import Seen
from monitor.authoring.decisions import Decisions
from monitor.authoring.definition import CLAIMS_YAML, reference_year, survey_yaml, wave_head
from monitor.authoring.kept import kept_question
from monitor.authoring.previous import changes_of, codes_in_cells, columns_of, kept_period, kept_text, layout_changes
from monitor.authoring.questions import WEIGHT, is_tools_own, questions_of
from monitor.authoring.reading import look
from monitor.authoring.shown import ALMOST_ALL, LONGEST_CODE
from monitor.authoring.text import flow, text
from monitor.formats.detection import Layout
from monitor.problems import DefinitionError, MonitorError, Problem
from monitor.survey import Disclosure, Survey, Wave, load_survey

__all__ = ["propose_survey", "propose_wave"]

FIRM_NAMES = re.compile(r"kvk|firm|bedrijf|company|empresa|extern|nordemp|attribute_1", re.I)


def propose_survey(folder: Path, source: Path, wave: str | None = None) -> list[Path]:
    """Write survey.yaml, a first wave from a file's own header and labels, and claims.yaml; returns what was written.

    Raises DefinitionError where a definition is there already or the wave's name cannot be told.
    """
    folder, source = Path(folder), Path(source)
    survey_file = folder / "survey.yaml"
    name = wave or _year(source)
    wave_file, claims_file = folder / "waves" / f"{name}.yaml", folder / "claims.yaml"
    _refuse_to_overwrite(survey_file, wave_file, claims_file)
    layout, labels, columns = look(source, Disclosure().minimum_firms)
    questions = questions_of(columns, _firm_column(columns), layout.format)
    (folder / "waves").mkdir(parents=True, exist_ok=True)
    survey_file.write_text(survey_yaml(folder.name, source.name, questions.own, questions.weighted), encoding="utf-8")
    head = wave_head(name, source, layout, labels)
    wave_file.write_text(head + "\n".join(questions.lines) + "\n", encoding="utf-8")
    claims_file.write_text(CLAIMS_YAML, encoding="utf-8")
    return [survey_file, wave_file, claims_file]


def propose_wave(folder: Path, source: Path, wave: str | None = None) -> tuple[Path, list[str]]:
    """Write a wave from a file and the survey's last wave; returns the file and what changed, a sentence each.

    A question keeps its declaration where its columns are there; what is new, gone, or has codes that were not
    declared is marked `todo`. Raises DefinitionError where the wave is there already.
    """
    survey = load_survey(Path(folder))
    source = Path(source)
    name = wave or _year(source)
    wave_file = survey.folder / "waves" / f"{name}.yaml"
    _refuse_to_overwrite(wave_file)
    earlier = [w for w in survey.waves if w < name] or list(survey.waves)
    previous = survey.waves[earlier[-1]]
    layout, labels, columns = _look_again(source, previous, survey.disclosure.minimum_firms)
    compared = _Compared(layout_changes(previous, layout))
    _compare(compared, survey, previous, columns, (previous.reference_year, reference_year(name, previous)))
    lines = _kept_lines(compared)
    fresh = [c for c in columns if c.source not in compared.used and not c.identifier]
    lines += _fresh_lines(compared, survey, previous, [c for c in fresh if not is_tools_own(c, layout.format)])
    if compared.gone or previous.not_asked:
        lines.append("not_asked:")
        lines += [f"  {c}: 'todo: why not asked'" for c in compared.gone]
        lines += [f"  {c}: {flow(dict(why))}" for c, why in previous.not_asked.items() if c not in compared.gone]
    head = wave_head(name, source, layout, labels, previous) + "questions:\n"
    wave_file.write_text(head + "\n".join([*compared.decisions.lines(), *lines]) + "\n", encoding="utf-8")
    return wave_file, compared.changes


@dataclass
class _Compared:
    """What a file has of the questions of the wave before, as far as it has been looked through."""

    changes: list[str]
    """What changed, a sentence each"""
    decisions: Decisions = field(default_factory=Decisions)
    kept: list[tuple[str, list[str], Callable[[str], str]]] = field(default_factory=list)
    """A question that stays: its concept, what changed in it, and what writes it with a remark"""
    gone: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """The columns that questions which stay have"""


def _look_again(source: Path, previous: Wave, least: int) -> tuple[Layout, Path | None, list[Seen]]:
    """How the file looks, its label file and columns; read as the wave before was where only that finds its columns."""
    layout, labels, columns = look(source, least)
    if layout.format == previous.delivery.format and not _meets(previous, columns):
        # A title above the header, say: what the wave before declared reads it, if anything does.
        with suppress(MonitorError):
            as_before = look(source, least, previous.delivery)
            layout, labels, columns = as_before if _meets(previous, as_before[2]) else (layout, labels, columns)
    return replace(layout, decimal=layout.decimal or previous.delivery.decimal), labels, columns


def _compare(
    compared: _Compared, survey: Survey, previous: Wave, columns: Sequence[Seen], years: tuple[int, int]
) -> None:
    """Look for every question of the wave before among the columns; `years` are those the two waves are about."""
    by_name = {column.source: column for column in columns}
    for question in previous.questions.values():
        found, moved = columns_of(question, columns)
        if found is None and question.concept == "firm" and (firm := _firm_column(columns)) is not None:
            moved = {next(iter(question.columns)): firm.source}
            found = moved
        if found is None:
            where = ", ".join(question.columns)
            compared.gone.append(question.concept)
            compared.changes.append(f"{question.concept}: its columns ({where}) are not in the file")
            continue
        compared.used |= set(found.values())
        seen = [by_name[place] for place in found.values()]
        words, unchecked = kept_text(question, seen, *years)
        if unchecked:
            compared.decisions.add(
                f"periods in texts moved by {years[1] - years[0]} years, with no text in the file", question.concept
            )
        codes = {form: to for column in seen for form, to in codes_in_cells(question, column).items()}
        notes = [f"{old} is now {new}" for old, new in moved.items()]
        notes += ["its cells hold codes with their labels now"] if codes else []
        notes += changes_of(survey.concepts.get(question.concept), question, found, seen, previous, words)
        compared.changes += [f"{question.concept}: {note}" for note in notes]
        asked = replace(question, period=kept_period(question, words, *years))
        compared.kept.append((question.concept, notes, partial(kept_question, asked, found, words, codes)))


def _kept_lines(compared: _Compared) -> list[str]:
    """The lines of the questions that stay; what changed in several of them is decided once, above them all."""
    often = Counter(note for _, notes, _ in compared.kept for note in set(notes))
    for concept, notes, _ in compared.kept:
        for note in notes:
            if often[note] > 1:
                compared.decisions.add(note, concept)
    return [write("; ".join(note for note in notes if often[note] == 1)) for _, notes, write in compared.kept]


def _fresh_lines(compared: _Compared, survey: Survey, previous: Wave, fresh: list[Seen]) -> list[str]:
    """The lines of the columns that no question of the wave before has: the weight, and what a person may map."""
    lines = []
    weight = next((c for c in fresh if c.weighs and WEIGHT not in previous.questions), None)
    if weight is not None:
        lines.append(f"  {WEIGHT}: {{column: {text(weight.source)}}}  # todo: is this the design's weight?")
        if survey.design.weights != "supplied":
            compared.changes.append(
                f"{weight.source} looks like the design's weight: if it is, survey.yaml needs "
                f"`design: {{weights: supplied, weight: {WEIGHT}}}` (it has `weights: {survey.design.weights}`)"
            )
        fresh = [c for c in fresh if c is not weight]
    if fresh:
        compared.decisions.add("the columns listed below are in the file and in no question; map those you need")
        lines += [f"  # not mapped: {text(column.source)}{_about(column)}" for column in fresh]
    compared.changes += [f"new column {column.source}{_about(column)}" for column in fresh if not column.words]
    return lines


def _meets(previous: Wave, columns: Sequence[Seen]) -> bool:
    """Whether any of the previous wave's questions has its columns in the file."""
    return any(columns_of(question, columns)[0] for question in previous.questions.values())


def _about(column: Seen) -> str:
    """What tells a person which question a column is; nothing that a respondent typed."""
    if column.question:
        return f" ({column.question[:80]})"
    if column.words or column.identifier or not column.answers:
        return ""
    if column.type in ("category", "categories", "boolean"):
        return f" (codes {', '.join(column.codes[:5])})" if column.codes else ""
    return f" (a {column.type})"


def _firm_column(columns: Sequence[Seen]) -> Seen | None:
    """The first column named like an identifier whose values almost all differ, else the first whose values all do."""
    able = [c for c in columns if c.records and c.identifier is None and c.type != "date"]
    able = [c for c in able if all(len(value) <= LONGEST_CODE for value in c.values)]
    named = [c for c in able if FIRM_NAMES.search(c.source) and c.distinct >= ALMOST_ALL * c.records]
    tokens = [c for c in able if c.source.casefold() == "token"]
    return next((c for c in [*named, *tokens, *able] if c in named or c.distinct == c.records), None)


def _year(source: Path) -> str:
    found = re.findall(r"(?<!\d)(?:19|20)\d{2}(?!\d)", source.name)
    if not found:
        raise DefinitionError(
            Problem("the wave's name cannot be told from the file's", file=source.name, do="name it with --wave")
        )
    return str(found[-1])


def _refuse_to_overwrite(*files: Path) -> None:
    there = [file for file in files if file.exists()]
    if there:
        raise DefinitionError(
            [
                Problem("a definition is there already", file=file.name, do="choose another folder or wave")
                for file in there
            ]
        )
