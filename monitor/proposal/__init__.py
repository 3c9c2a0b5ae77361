"""`monitor new-survey` and `monitor new-wave`: a first definition from a file; what a person must decide is `todo`.

`columns` looks at the file, `questions` and `definition` write it down, `previous` compares it with the wave before.
Does not belong here: deciding what a question means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monitor.problems import DefinitionError, Problem
from monitor.proposal.columns import ALMOST_ALL, LONGEST_CODE, Seen, look
from monitor.proposal.definition import survey_yaml, wave_head
from monitor.proposal.previous import changes_of, columns_of, kept_question, layout_changes
from monitor.proposal.questions import is_tools_own, questions_of
from monitor.proposal.text import flow, text
from monitor.survey import load_survey

__all__ = ["propose_survey", "propose_wave"]

FIRM_NAMES = re.compile(r"kvk|firm|bedrijf|company|empresa|extern|nordemp|attribute_1", re.I)


def propose_survey(folder: Path, source: Path, wave: str | None = None) -> list[Path]:
    """Write survey.yaml and a first wave from a file's own header and labels; returns what was written.

    Raises DefinitionError where a definition is there already or the wave's name cannot be told.
    """
    folder, source = Path(folder), Path(source)
    survey_file = folder / "survey.yaml"
    name = wave or _year(source)
    wave_file = folder / "waves" / f"{name}.yaml"
    _refuse_to_overwrite(survey_file, wave_file)
    layout, labels, columns = look(source)
    questions, own = questions_of(columns, _firm_column(columns), layout.format)
    (folder / "waves").mkdir(parents=True, exist_ok=True)
    survey_file.write_text(survey_yaml(folder.name, source.name, own), encoding="utf-8")
    wave_file.write_text(wave_head(name, source, layout, labels) + "\n".join(questions) + "\n", encoding="utf-8")
    return [survey_file, wave_file]


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
    layout, labels, columns = look(source)
    layout = replace(layout, decimal=layout.decimal or previous.delivery.decimal)
    by_name = {column.source: column for column in columns}
    changes = layout_changes(previous, layout)
    lines, gone, used = ["questions:"], [], set[str]()
    for question in previous.questions.values():
        found, moved = columns_of(question, columns)
        if found is None and question.concept == "firm" and (firm := _firm_column(columns)) is not None:
            moved = {next(iter(question.columns)): firm.source}
            found = moved
        if found is None:
            gone.append(question.concept)
            changes.append(f"{question.concept}: its columns ({', '.join(question.columns)}) are not in the file")
            continue
        used |= set(found.values())
        notes = [f"{old} is now {new}" for old, new in moved.items()]
        concept = survey.concepts.get(question.concept)
        notes += changes_of(concept, question, found, [by_name[c] for c in found.values()], previous)
        changes += [f"{question.concept}: {note}" for note in notes]
        lines.append(kept_question(question, found, notes))
    fresh = [c for c in columns if c.source not in used and not is_tools_own(c, layout.format)]
    lines += [
        f"  # todo: new column {text(column.source)}{_about(column)}" for column in fresh if not column.identifier
    ]
    changes += [
        f"new column {column.source}{_about(column)}" for column in fresh if not column.identifier and not column.words
    ]
    if gone or previous.not_asked:
        lines.append("not_asked:")
        lines += [f"  {c}: {{nl: 'todo: waarom niet gevraagd', en: 'todo: why not asked'}}" for c in gone]
        lines += [f"  {c}: {flow(dict(why))}" for c, why in previous.not_asked.items()]
    head = wave_head(name, source, layout, labels, previous)
    wave_file.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return wave_file, changes


def _about(column: Seen) -> str:
    """What tells a person which question a column is; nothing that a respondent typed."""
    if column.question:
        return f" ({column.question[:80]})"
    values = ", ".join(sorted(column.values)[:5])
    return f" (values like {values})" if values and not column.words and not column.identifier else ""


def _firm_column(columns: Sequence[Seen]) -> Seen | None:
    """The first column named like an identifier whose values almost all differ, else the first whose values all do."""
    able = [c for c in columns if c.records and c.identifier is None and c.type != "date"]
    able = [c for c in able if all(len(value) <= LONGEST_CODE for value in c.values)]
    named = [c for c in able if FIRM_NAMES.search(c.source) and len(c.values) >= ALMOST_ALL * c.records]
    tokens = [c for c in able if c.source.casefold() == "token"]
    return next((c for c in [*named, *tokens, *able] if c in named or len(c.values) == c.records), None)


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
