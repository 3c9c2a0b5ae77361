"""`monitor new-survey` and `monitor new-wave`: a first definition from a file; what a person must decide is `todo`.

Belongs here: looking at a delivery's columns, and writing YAML that loads. Does not belong here: deciding what a
question means.
"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from monitor.lake import connect, quoted
from monitor.problems import DefinitionError, Problem
from monitor.raw import open_delivery
from monitor.raw.detection import COMMA_DECIMAL, POINT_DECIMAL, POINT_GROUPS, Layout, detect_layout
from monitor.staged.privacy import is_free_text, recognise
from monitor.staged.sources import Source
from monitor.survey import Concept, Delivery, Question, Wave, canonical_concepts, load_survey

SEEN_RECORDS = 2000
MOST_CODES = 12
"""Different values up to which a column looks like a list of codes"""
GREATEST_CODE = 99
"""Whole numbers up to which a column may hold codes"""
FIRM_NAMES = re.compile(r"kvk|firm|bedrijf|company|empresa|extern|nordemp|attribute_1", re.I)
ALMOST_ALL = 0.9
IDENTIFIER_CONCEPTS = {
    "e-mail address": "contact_email",
    "phone number": "contact_phone",
    "IP address": "ip_address",
    "name": "contact_name",
}
YES, NO = {"1", "ja", "yes", "true", "y", "j"}, {"0", "2", "nee", "no", "false", "n"}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}([ T].*)?")
WHOLE = re.compile(r"-?\d+")
PERCENT = re.compile(r"procent|percent|%|aandeel|share|porcentaje", re.I)


@dataclass(frozen=True)
class Seen:
    """One column as it looks."""

    source: str
    question: str
    labels: Mapping[str, str]
    values: Counter[str]
    records: int
    identifier: str | None
    """The kind of direct identifier it looks like"""
    words: bool
    """Whether it looks like answers in words"""

    @property
    def type(self) -> str:
        """The concept type it looks like."""
        given = list(self.values)
        if given and all(DATE.fullmatch(v) for v in given):
            return "date"
        amounts = not self.labels and len(given) > 1 and all(_is_number(v) for v in given)
        if amounts and any(not v.isdigit() or int(v) > GREATEST_CODE for v in given):
            shares = PERCENT.search(f"{self.source} {self.question}") or any(v.endswith("%") for v in given)
            return "percentage" if shares else "number"
        if self.labels or (given and len(given) <= MOST_CODES and all(len(v) <= 40 for v in given)):
            plain = {v.casefold() for v in given}
            two = len(plain) <= 2 and plain & YES and plain <= YES | NO
            return "boolean" if two and not len(self.labels) > 2 else "category"
        return "number" if amounts else "category"


def propose_survey(folder: Path, source: Path, wave: str | None = None) -> list[Path]:
    """Write survey.yaml and a first wave from a file's own header and labels; returns what was written.

    Raises DefinitionError where a definition is there already or the wave's name cannot be told.
    """
    folder, source = Path(folder), Path(source)
    survey_file = folder / "survey.yaml"
    name = wave or _year(source)
    wave_file = folder / "waves" / f"{name}.yaml"
    _refuse_to_overwrite(survey_file, wave_file)
    layout, columns = look(source)
    own: dict[str, Seen] = {}
    questions = ["questions:"]
    firm = _firm_column(columns)
    taken: set[str] = set()
    for column in columns:
        if firm is not None and column.source == firm.source:
            questions.append(f"  firm: {{column: {_text(column.source)}}}  # todo: is this the firm's identifier?")
            continue
        questions += _question_lines(column, taken, own)
    if firm is None:
        questions.insert(
            1, "  # todo: firm: {column: ...}  the column that identifies the firm; nothing runs without it"
        )
    (folder / "waves").mkdir(parents=True, exist_ok=True)
    survey_file.write_text(_survey_yaml(folder.name, source.name, own), encoding="utf-8")
    wave_file.write_text(_wave_head(name, source, layout) + "\n".join(questions) + "\n", encoding="utf-8")
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
    layout, columns = look(source)
    layout = replace(layout, decimal=layout.decimal or previous.delivery.decimal)
    by_name = {column.source: column for column in columns}
    changes = _layout_changes(previous, layout)
    lines, gone, used = ["questions:"], [], set[str]()
    for question in previous.questions.values():
        found, moved = _columns_of(question, columns)
        if found is None and question.concept == "firm" and (firm := _firm_column(columns)) is not None:
            moved = {next(iter(question.columns)): firm.source}
            found = moved
        if found is None:
            gone.append(question.concept)
            changes.append(f"{question.concept}: its columns ({', '.join(question.columns)}) are not in the file")
            continue
        used |= set(found.values())
        notes = [f"{old} is now {new}" for old, new in moved.items()]
        notes += _code_changes(
            survey.concepts.get(question.concept), question, [by_name[c] for c in found.values()], previous
        )
        notes += _wording_changes(question, [by_name[c] for c in found.values()])
        changes += [f"{question.concept}: {note}" for note in notes]
        lines.append(_kept_question(question, found, notes))
    fresh = [column for column in columns if column.source not in used]
    lines += [
        f"  # todo: new column {_text(column.source)}{_about(column)}" for column in fresh if not column.identifier
    ]
    changes += [f"new column {column.source}{_about(column)}" for column in fresh]
    if gone or previous.not_asked:
        lines.append("not_asked:")
        lines += [f"  {c}: {{nl: 'todo: waarom niet gevraagd', en: 'todo: why not asked'}}" for c in gone]
        lines += [f"  {c}: {_flow(dict(why))}" for c, why in previous.not_asked.items()]
    head = _wave_head(name, source, layout, previous)
    wave_file.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return wave_file, changes


def look(source: Path) -> tuple[Layout, list[Seen]]:
    """How a file looks, and each of its columns. Raises UnusableDelivery where it cannot be read."""
    layout = detect_layout(source)
    encoding = None if layout.encoding == "ascii" else layout.encoding
    delivery = Delivery(
        layout.format,
        source.name,
        layout.delimiter,
        encoding,
        header_line=layout.header_line,
        sheet=layout.sheet,
    )
    with tempfile.TemporaryDirectory() as folder, connect() as connection:
        reading = open_delivery(connection, source, delivery, Path(folder))
        rows: list[tuple[object, ...]] = []
        cells = ", ".join(quoted(column.stored) for column in reading.columns)

        def first_records(query: str) -> int:
            rows[:] = connection.execute(f"SELECT {cells} FROM ({query}) LIMIT {SEEN_RECORDS}").fetchall()
            return len(rows)

        reading.write(first_records)
    seen = []
    for place, column in enumerate(reading.columns):
        values = [str(row[place]).strip() for row in rows if row[place] is not None and str(row[place]).strip()]
        labels = {label.code: label.text for label in column.labels}
        as_source = Source(column.source, column.stored, column.question, column.numeric, labels, {})
        seen.append(
            Seen(
                column.source,
                column.question,
                labels,
                Counter(values),
                len(rows),
                recognise(as_source, values),
                is_free_text(as_source, values),
            )
        )
    return layout, seen


def _question_lines(column: Seen, taken: set[str], own: dict[str, Seen]) -> list[str]:
    """A column as a question: of the canonical concept with its name or code, else of one of the survey's own."""
    if column.identifier:
        concept = IDENTIFIER_CONCEPTS.get(column.identifier)
        if concept is None or concept in taken:
            return [f"  # {_text(column.source)} looks like a {column.identifier}: left out"]
        taken.add(concept)
        return [f"  {concept}: {{column: {_text(column.source)}}}"]
    if column.words or not column.values:
        why = "answers in words" if column.words else "no values"
        return [f"  # todo: {_text(column.source)} holds {why}: left out, unless it is a question"]
    canonical = _canonical(column)
    concept = canonical or _concept_name(column.source)
    while concept in taken:
        concept += "_again"
    taken.add(concept)
    if canonical is None:
        own[concept] = column
    text = f", text: {_flow({'nl': column.question, 'en': column.question})}" if column.question else ""
    declared = f"column: {_text(column.source)}{_codes(column)}{text}"
    return [f"  {concept}: {{{declared}}}  # todo: {_advice(canonical)}"]


def _codes(column: Seen) -> str:
    if column.type == "boolean":
        codes = {v: "true" if v.casefold() in YES else "false" for v in sorted(column.values)}
        return f", codes: {_flow(codes)}"
    if column.type == "category":
        return f", codes: {_flow({code: _code_name(code) for code in _codes_of(column)})}"
    return ""


def _codes_of(column: Seen) -> list[str]:
    return list(dict.fromkeys([*column.labels, *sorted(column.values)]))[: 5 * MOST_CODES]


def _advice(canonical: str | None) -> str:
    asked = "which codes mean refused or don't know? who was asked?"
    return asked if canonical else f"what concept is this? {asked}"


def _canonical(column: Seen) -> str | None:
    """The canonical concept whose name or CIS code is the column's name."""
    wanted = column.source.casefold()
    for name, concept in canonical_concepts().items():
        if wanted == name or wanted in {code.casefold() for code in concept.cis_code.values()}:
            return name
    return None


def _firm_column(columns: Sequence[Seen]) -> Seen | None:
    """The first column named like an identifier whose values almost all differ, else the first whose values all do."""
    able = [c for c in columns if c.records and c.identifier is None and not c.words and c.type != "date"]
    named = [c for c in able if FIRM_NAMES.search(c.source) and len(c.values) >= ALMOST_ALL * c.records]
    return next(iter([*named, *(c for c in able if len(c.values) == c.records)]), None)


def _columns_of(question: Question, columns: Sequence[Seen]) -> tuple[dict[str, str] | None, dict[str, str]]:
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


def _code_changes(concept: Concept | None, question: Question, columns: Sequence[Seen], previous: Wave) -> list[str]:
    """Values that the question's declaration does not know."""
    if concept is None or concept.type not in ("category", "boolean") or not question.codes:
        return []
    known = {code.casefold() for code in (*question.codes, *question.missing, *previous.missing)}
    new = sorted({value for column in columns for value in column.values if value.casefold() not in known})
    return [f"code {', '.join(new[:MOST_CODES])} is not declared"] if new else []


def _wording_changes(question: Question, columns: Sequence[Seen]) -> list[str]:
    """The question's text, where the file's is not almost the same."""
    before, now = question.text.get("nl", ""), next((c.question for c in columns if c.question), "")
    if not before or not now or len(columns) > 1:
        return []
    alike = difflib.SequenceMatcher(None, before.casefold(), now.casefold()).ratio()
    return [f"worded otherwise: {now!r} (was {before!r})"] if alike < 0.95 else []


def _layout_changes(previous: Wave, layout: Layout) -> list[str]:
    changes = []
    for name in ("format", "delimiter", "decimal"):
        before, now = getattr(previous.delivery, name), getattr(layout, name)
        if before and now and before != now:
            changes.append(f"the delivery's {name} is {now!r} (was {before!r})")
    return changes


def _kept_question(question: Question, found: Mapping[str, str], notes: Sequence[str]) -> str:
    """The previous wave's declaration over the file's columns."""
    if list(question.columns.values()) == [question.concept]:
        parts = [f"column: {_text(next(iter(found.values())))}"]
    else:
        parts = [f"columns: {_flow({found[old]: code for old, code in question.columns.items() if old in found})}"]
    if question.text:
        parts.append(f"text: {_flow(dict(question.text))}")
    if question.codes:
        parts.append(f"codes: {_flow(dict(question.codes))}")
    for name in ("ticked", "separator", "missing", "asked_of", "otherwise", "blank", "blank_when"):
        value = getattr(question, name)
        if value is not None and value not in ((), {}):
            parts.append(f"{name}: {_flow(list(value) if isinstance(value, tuple) else value)}")
    if question.factor != 1:
        parts.append(f"factor: {question.factor:g}")
    if not question.required:
        parts.append("required: false")
    if question.comparable_since:
        parts.append(f"comparable_since: {_text(question.comparable_since)}")
    todo = f"  # todo: {'; '.join(notes)}" if notes else ""
    return f"  {question.concept}: {{{', '.join(parts)}}}{todo}"


def _wave_head(name: str, source: Path, layout: Layout, previous: Wave | None = None) -> str:
    values: dict[str, str | None] = {"format": layout.format, "file": re.sub(r"\d{4}", "*", source.name)}
    values |= {"delimiter": layout.delimiter, "encoding": "utf-8" if layout.encoding == "ascii" else layout.encoding}
    values |= {"decimal": layout.decimal, "thousands": layout.thousands, "sheet": layout.sheet}
    pairs = [f"{key}: {_text(value)}" for key, value in values.items() if value is not None]
    if layout.header_line > 1:
        pairs.append(f"header_line: {layout.header_line}")
    if previous is not None and previous.delivery.values != "codes":
        pairs.append(f"values: {previous.delivery.values}")
    year = int(name[:4]) - 1 if name[:4].isdigit() else 2000
    missing = _flow(dict(previous.missing)) if previous is not None else "{}"
    kept = ""
    if previous is not None:
        kept = f"usable: {_text(previous.usable)}\nduplicates: {previous.duplicates}\n"
        if previous.frame is not None:
            frame = {name: value for name, value in asdict(previous.frame).items() if value}
            frame["file"] = str(frame["file"]).replace(previous.name, name)
            kept += f"frame: {_flow(frame)}  # todo: is this wave's frame laid out as that of {previous.name}?\n"
    return (
        f"# Proposed from {source.name}. What is marked todo needs a person.\n"
        f"wave: {_text(name)}\n"
        f"reference_year: {year}  # todo: the calendar year the questions are about\n"
        f"delivery: {{{', '.join(pairs)}}}\n"
        f"missing: {missing}  # todo: codes that mean refused, dont_know\n"
        f"{kept}"
    )


def _survey_yaml(name: str, source: str, own: Mapping[str, Seen]) -> str:
    """A survey definition that loads, with one indicator for each kind of concept that can be counted."""
    survey = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "survey"
    lines = [
        f"# Proposed from {source}. What is marked todo needs a person.",
        f"survey: {survey if survey[0].isalpha() else 'survey_' + survey}",
        "name: {nl: 'todo', en: 'todo'}",
        "languages: [nl, en]",
        "synthetic: false  # todo: true where the data are made up",
        "source: {nl: 'todo', en: 'todo'}",
        "population: {nl: 'todo', en: 'todo'}",
        "seed: 1  # todo: any number; it makes random draws repeatable",
    ]
    if own:
        lines.append("concepts:")
    for concept, column in own.items():
        label = column.question or column.source
        codes = ""
        if column.type == "category":
            named = {_code_name(code): column.labels.get(code) or code for code in _codes_of(column)}
            codes = f", codes: {_flow({code: {'nl': text, 'en': text} for code, text in named.items()})}"
        lines.append(f"  {concept}: {{type: {column.type}, label: {_flow({'nl': label, 'en': label})}{codes}}}")
    facts = [concept for concept, column in own.items() if column.type in ("boolean", "number", "percentage")]
    lines += [
        "design: {weights: equal}  # todo: frame, or supplied with the concept that holds the weight",
        "bases:",
        "  all_firms: {sql: 'true', label: {nl: Alle bedrijven, en: All firms}}",
        "measures:",
    ]
    for measure in ("top_innovator", "cooperates", "invests"):
        lines.append(f"  {measure}: {{absent: 'todo: an SQL expression over concepts, or why there is none'}}")
    indicators = []
    for concept in facts[:3]:
        kind = own[concept].type
        label = _flow({"nl": concept, "en": concept})
        lines.append(f"  measure_{concept}: {{sql: {concept}, type: {kind}, label: {label}}}")
        estimator = "share" if kind == "boolean" else "mean"
        indicators.append(
            f"  {concept}: {{measure: measure_{concept}, estimator: {estimator}, base: all_firms, label: {label}}}"
        )
    lines += ["domains: []  # todo: concepts that estimates are published by"]
    lines += ["indicators:", *indicators] if indicators else ["indicators: {}"]
    return "\n".join([*lines, "models: {}"]) + "\n"


def _concept_name(source: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", source.lower()).strip("_") or "column"
    return name if name[0].isalpha() else f"q_{name}"


def _code_name(code: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", code.lower()).strip("_")
    return name if name and name[0].isalpha() else f"code_{name or 'blank'}"


def _about(column: Seen) -> str:
    if column.question:
        return f" ({column.question[:80]})"
    values = ", ".join(sorted(column.values)[:5])
    return f" (values like {values})" if values and not column.words and not column.identifier else ""


def _is_number(value: str) -> bool:
    return any(form.fullmatch(value) for form in (WHOLE, COMMA_DECIMAL, POINT_DECIMAL, POINT_GROUPS)) or (
        value.endswith("%") and _is_number(value.rstrip("% "))
    )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flow(value: object) -> str:
    """A value as YAML on one line: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False, default=str)


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
