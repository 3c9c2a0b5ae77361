"""A file held against the previous wave: which question is where now, and what changed about it.

Belongs here: comparing declared questions with a file's columns. Does not belong here: reading the file (`reading`),
writing a kept question down (`kept`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from monitor.authoring.columns import MOST_CODES, Seen, parts_of
from monitor.authoring.questions import wording_of
from monitor.formats.detection import Layout
from monitor.stages.staged.coding import code_key
from monitor.survey import Concept, Question, Wave
from monitor.survey.ranges import ranges_of

NUMBERS = ("number", "integer", "percentage")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
YEARS_BACK, YEARS_ON = 6, 1
"""Years before and after a wave's reference year that its questions speak of"""
HIDDEN = "a value that too few firms gave to be shown is not declared"


def columns_of(question: Question, columns: Sequence[Seen]) -> tuple[dict[str, str] | None, dict[str, str]]:
    """The question's columns -> where they are in the file (None: nowhere), and those that go by another name now."""
    names = {column.source.casefold(): column.source for column in columns}
    found = {old: names[old.casefold()] for old in question.columns if old.casefold() in names}
    moved: dict[str, str] = {}
    if len(found) < len(question.columns) == 1 and question.text:
        wordings = {column.question: column.source for column in columns if column.question}
        close = difflib.get_close_matches(question.text.get("nl", ""), list(wordings), n=1, cutoff=0.8)
        if close:
            (old,) = question.columns
            moved = {old: wordings[close[0]]}
            found |= moved
    return (found or None), moved


def changes_of(
    concept: Concept | None,
    question: Question,
    found: Mapping[str, str],
    columns: Sequence[Seen],
    previous: Wave,
    wording: Mapping[str, str],
) -> list[str]:
    """What is not as the question's declaration has it, a sentence each; `wording` is what is proposed as its text."""
    gone = [old for old in question.columns if old not in found]
    notes = [f"option column {', '.join(gone)} is not in the file"] if gone else []
    if concept is not None:
        notes += _code_changes(concept, question, columns, previous)
        given = [column for column in columns if column.answers]
        if concept.type in NUMBERS and not question.codes and any(not column.numeric for column in given):
            notes.append("holds other things than numbers now")
    return notes + _wording_changes(question, columns, wording)


def _code_changes(concept: Concept, question: Question, columns: Sequence[Seen], previous: Wave) -> list[str]:
    """Values that the question's declaration does not know, codes that left the list, and labels that changed."""
    missing = {**previous.missing, **question.missing}
    notes = [
        f"code {code} stands where {column.skipped_by} says no: `not_asked`? (declared: {missing.get(code, 'nothing')})"
        for column in columns
        for code in sorted(column.skip_codes)
        if missing.get(code) != "not_asked" and not question.asked_of
    ]
    if concept.type not in ("category", "categories", "boolean") or not question.codes:
        return notes
    codes = {code_key(code): str(to) for code, to in question.codes.items()}
    known = {*codes, *map(code_key, missing)}
    values = {value for column in columns for value in (*column.answers, *column.labels)}
    if question.separator:
        values = {part for value in values for part in parts_of(value, question.separator)}
    labels = {code_key(code): label for column in columns for code, label in column.labels.items()}
    ranges, skips = ranges_of(question.codes), {code for column in columns for code in column.skip_codes}
    added = {code_key(form) for column in columns for form in codes_in_cells(question, column)}
    new = sorted(
        value
        for value in values - skips
        if not {code_key(value), code_key(labels.get(code_key(value), value))} & (known | added)
        and not (value.isdigit() and any(r.holds(float(value)) for r in ranges))
    )
    shown = {value for column in columns for value in (*column.shown, *(column.labels if column.own_list else ()))}
    told = [value for value in new if value in shown]
    notes += [f"code {', '.join(told[:MOST_CODES])} is not declared"] if told else []
    notes += [HIDDEN] if len(told) < len(new) else []
    if labels:
        listed = {*labels, *map(code_key, labels.values()), *(code_key(v) for v in values)}
        gone = [code for code in question.codes if code_key(code) not in listed | added and code not in _forms(columns)]
        notes += [f"code {', '.join(gone[:MOST_CODES])} is gone from the code list"] if gone else []
    for code, label in sorted({code: label for column in columns for code, label in column.labels.items()}.items()):
        declared = concept.codes.get(codes.get(code_key(code), ""), {})
        if declared and label and not any(same_words(label, words) for words in declared.values()):
            notes.append(f"code {code} now says {label!r} (declared: {next(iter(declared.values()))!r})")
    return notes


def _forms(columns: Sequence[Seen]) -> set[str]:
    return {form for column in columns for forms in column.forms.values() for form in forms}


def codes_in_cells(question: Question, column: Seen) -> dict[str, str]:
    """The ways in which cells hold a declared code together with its label, and are not declared -> what it means."""
    declared = {code_key(code): str(to) for code, to in question.codes.items()}
    found: dict[str, str] = {}
    for code, forms in column.forms.items():
        known = (declared.get(code_key(key)) for key in (code, column.labels[code], *forms))
        to = next((to for to in known if to is not None), None)
        if to is not None:
            found |= {form: to for form in (code, *forms) if code_key(form) not in declared}
    return found


def kept_text(question: Question, columns: Sequence[Seen], before: int, now: int) -> tuple[dict[str, str], bool]:
    """The question's text for the new wave, and whether a period in it moved with nothing in the file to hold it
    against.

    The previous text where the file has it still; else with the years it speaks of moved as the reference year did.
    """
    moved = {language: _moved(words, before, now) for language, words in question.text.items()}
    if moved == dict(question.text):
        return moved, False
    asked = _asked(columns)
    if any(same_words(asked, words) for words in question.text.values()):
        return dict(question.text), False
    return moved, not asked


def kept_period(question: Question, words: Mapping[str, str], before: int, now: int) -> str | None:
    """What the question asks about in the new wave: years move as the reference year did, unless its words name years
    and stay."""
    stays = dict(words) == dict(question.text) and any(YEAR.search(text) for text in words.values())
    return question.period if stays or question.period is None else _moved(question.period, before, now)


def _moved(words: str, before: int, now: int) -> str:
    def year(found: re.Match[str]) -> str:
        one = int(found[0])
        return str(one + now - before) if before - YEARS_BACK <= one <= before + YEARS_ON else found[0]

    return YEAR.sub(year, words)


def _asked(columns: Sequence[Seen]) -> str:
    """What the file says was asked: of options, what they share."""
    if len(columns) == 1:
        return columns[0].question
    shared, names = wording_of(columns)
    return shared if names != [c.question or c.source for c in columns] else ""


def _wording_changes(question: Question, columns: Sequence[Seen], wording: Mapping[str, str]) -> list[str]:
    """The question's text, where the file's is another; of options without a shared question, other years."""
    asked, texts = _asked(columns), [words for words in wording.values() if words]
    if not texts:
        return []
    if asked:
        if any(same_words(asked, words) for words in texts):
            return []
        return [f"worded otherwise: {asked!r} (was {next(iter(question.text.values()))!r})"]
    years = {year for column in columns for year in YEAR.findall(column.question)}
    if years and years != {year for words in texts for year in YEAR.findall(words)}:
        return [f"the file speaks of {', '.join(sorted(years))}"]
    return []


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same words and figures, case, marks and spaces apart."""
    return re.findall(r"\w+", one.casefold()) == re.findall(r"\w+", other.casefold())


def layout_changes(previous: Wave, layout: Layout) -> list[str]:
    """How the delivery is laid out otherwise than the previous wave's."""
    changes = []
    for name in ("format", "delimiter", "decimal"):
        before, now = getattr(previous.delivery, name), getattr(layout, name)
        if before and now and before != now:
            changes.append(f"the delivery's {name} is {now!r} (was {before!r})")
    return changes
