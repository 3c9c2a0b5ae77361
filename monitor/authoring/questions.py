"""Columns of a file as questions in YAML: of the canonical concept with a column's name, or of one of the survey's own.

Belongs here: a question's line, and what the survey must know of its own concepts. Does not belong here: judging what a
column holds (`columns`), comparing waves (`previous`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.authoring.columns import Seen
from monitor.authoring.decisions import Decisions
from monitor.authoring.text import flow, plain_name, text
from monitor.stages.staged.coding import code_key
from monitor.survey import Concept, canonical_concepts
from monitor.survey.names import fault

IDENTIFIER_CONCEPTS = {
    "e-mail address": "contact_email",
    "phone number": "contact_phone",
    "IP address": "ip_address",
    "name": "contact_name",
}
TOOL_COLUMNS = {
    "startdate": "started_at",
    "enddate": "finished_at",
    "submitdate": "finished_at",
    "progress": "progress",
    "duration (in seconds)": "duration_seconds",
    "interviewtime": "duration_seconds",
    "finished": "finished",
}
"""What Qualtrics and LimeSurvey call what they measure themselves"""
TOOL_ONLY = {
    *("id", "lastpage", "startlanguage", "seed", "token", "datestamp", "refurl"),
    *("responseid", "status", "recordeddate", "distributionchannel", "userlanguage"),
}
"""What they write about a response that is no answer"""
TOOLS = ("qualtrics", "limesurvey")
COMPLETED = {"finished": "finished", "finished_at": "finished_at IS NOT NULL"}
"""Which responses a tool says are completed; the first of these that is there"""
OPTION = re.compile(r"(.+?)(?:\[(\w+)\]|_(\w+))")
WEIGHT = "weight"
BASE = "all_firms"
"""The base a proposed survey declares"""
CONCEPTS = (
    "give each question the name of the concept it measures, and say who was asked it (`asked_of`) and which of its "
    "codes mean refused or don't know (`missing`)"
)
WORDS = (
    "left out, for the cells hold words or values that are not clearly codes; map what is a question, with its codes"
)
SKIPPED = "asked only of firms with a yes to `asked_of`, as it seems; what follows for the others? (`otherwise`)"
NOTHING = "left out, for no cell holds an answer"


@dataclass(frozen=True)
class Own:
    """A concept of the survey's own."""

    type: str
    label: str
    codes: Mapping[str, str] = field(default_factory=dict)
    """Code -> its label"""


def is_tools_own(column: Seen, format_name: str) -> bool:
    """Whether a survey tool wrote the column about its own work."""
    return format_name in TOOLS and (column.source.casefold() in TOOL_ONLY or "_Page Submit" in column.source)


@dataclass
class Writing:
    """What is known while the questions are written one after the other."""

    taken: set[str] = field(default_factory=set)
    """Concepts that have a question"""
    own: dict[str, Own] = field(default_factory=dict)
    """Concepts that the survey must declare"""
    decisions: Decisions = field(default_factory=Decisions)
    concepts: dict[str, str] = field(default_factory=dict)
    """Column -> the concept its question has"""


@dataclass(frozen=True)
class Questions:
    """The questions of a proposal."""

    lines: Sequence[str]
    own: Mapping[str, Own]
    weighted: bool
    """Whether a column looks like the design's weight"""


def questions_of(columns: Sequence[Seen], firm: Seen | None, format_name: str) -> Questions:
    """The lines of the columns' questions, and what the survey must declare for them."""
    lines, writing = [], Writing()
    left = [c for c in columns if is_tools_own(c, format_name) and (firm is None or c.source != firm.source)]
    columns = [column for column in columns if column not in left]
    options = _options(columns)
    for column in columns:
        if firm is not None and column.source == firm.source:
            lines.append(f"  firm: {{column: {text(column.source)}}}  # todo: is this the firm's identifier?")
        elif (group := options.get(column.source)) is None:
            lines += _question(column, writing)
        elif column is group[0]:
            lines += _ticked(group, writing)
    if firm is None:
        lines.insert(0, "  # todo: firm: {column: ...}  the column that identifies the firm; nothing runs without it")
    if left:
        lines.insert(0, f"  # left out, the survey tool's own: {', '.join(column.source for column in left)}")
    completed = [sql for concept, sql in COMPLETED.items() if concept in writing.taken and format_name in TOOLS]
    usable = [f"usable: {text(completed[0])}  # todo: how complete must a response be?"] if completed else []
    return Questions([*usable, "questions:", *writing.decisions.lines(), *lines], writing.own, WEIGHT in writing.taken)


def _options(columns: Sequence[Seen]) -> dict[str, list[Seen]]:
    """Column -> all options of its question, where each option has a column that is ticked or blank."""
    found: dict[str, list[Seen]] = {}
    for column in columns:
        named = OPTION.fullmatch(column.source)
        ticked = len(column.values) <= 1 and not column.hides
        if named and ticked and not column.words and not column.identifier:
            found.setdefault(named[1], []).append(column)
    sets = [group for group in found.values() if len(group) > 1 and any(column.values for column in group)]
    sets = [group for group in sets if any(column.values.total() < column.records for column in group)]
    return {column.source: group for group in sets for column in group}


def _ticked(group: Sequence[Seen], writing: Writing) -> list[str]:
    named = [OPTION.fullmatch(column.source) for column in group]
    concept = _free_name(plain_name(next(name[1] for name in named if name)), writing.taken)
    options = plain_codes([name[2] or name[3] for name in named if name])
    codes = {column.source: code for column, code in zip(group, options, strict=True)}
    shared, names = wording_of(group)
    labels = {codes[c.source]: name for c, name in zip(group, names, strict=True)}
    writing.own[concept] = Own("categories", shared or concept, labels)
    writing.decisions.add(CONCEPTS)
    writing.decisions.add("what does it mean that all options are blank? (`blank: []`: none of them)", concept)
    ticks = sorted({value for column in group for value in column.values})
    return [f"  {concept}: {{columns: {flow(codes)}, ticked: {flow(ticks)}}}"]


def wording_of(group: Sequence[Seen]) -> tuple[str, list[str]]:
    """The question of a set of options, and each option: `[Option] Question`, or `Question - Option`."""
    texts = [column.question for column in group]
    for form in (r"\[(?P<option>.+)\] (?P<question>.+)", r"(?P<question>.+?) - (?P<option>.+)"):
        found = [named for named in (re.fullmatch(form, wording) for wording in texts) if named]
        if len(found) == len(group) and len({named["question"] for named in found}) == 1:
            return found[0]["question"], [named["option"] for named in found]
    return next(filter(None, texts), ""), [c.question or c.source for c in group]


def _question(column: Seen, writing: Writing) -> list[str]:
    taken, decisions = writing.taken, writing.decisions
    if column.identifier:
        concept = IDENTIFIER_CONCEPTS.get(column.identifier)
        if concept is None or concept in taken:
            return [f"  # {text(column.source)} looks like a {column.identifier}: left out"]
        taken.add(concept)
        return [f"  {concept}: {{column: {text(column.source)}}}"]
    if column.weighs and WEIGHT not in taken:
        taken.add(WEIGHT)
        return [f"  {WEIGHT}: {{column: {text(column.source)}}}  # todo: is this the design's weight?"]
    if column.words or not (column.answers or column.labels):
        decisions.add(WORDS if column.words else NOTHING, text(column.source))
        return []
    canonical = _canonical(column)
    if canonical and column.source.casefold() in TOOL_COLUMNS and canonical.name not in taken:
        taken.add(canonical.name)
        return [f"  {canonical.name}: {{column: {text(column.source)}}}"]
    decisions.add(CONCEPTS)
    if canonical and canonical.name not in taken:
        concept, kind = canonical.name, canonical.type
        codes, strange = _canonical_codes(column, canonical)
        if strange:
            decisions.add(f"what do codes {', '.join(strange)} mean?", concept)
        taken.add(concept)
    else:
        concept, kind, codes = _own_concept(column, writing)
    return [_declared(column, concept, kind, codes, writing)]


def _own_concept(column: Seen, writing: Writing) -> tuple[str, str, dict[str, object]]:
    """A concept of the survey's own for a column that is none of the monitor's: its name, type and codes."""
    concept, kind = _free_name(plain_name(column.source), writing.taken), column.type
    codes = _own_codes(column)
    named = {str(to): column.labels.get(code, code) for code, to in codes.items() if kind != "boolean"}
    writing.own[concept] = Own(kind, column.question or column.source, named)
    if column.ambiguous:
        writing.decisions.add(
            "taken as counts, not as codes" if kind == "number" else "taken as codes, not as counts", concept
        )
    return concept, kind, codes


def _declared(column: Seen, concept: str, kind: str, codes: dict[str, object], writing: Writing) -> str:
    """The line that declares a question of one column, and what of it a person must decide."""
    decisions = writing.decisions
    writing.concepts[column.source] = concept
    if codes and column.hides:
        decisions.add("further values are there, each of too few firms to be shown here; list their codes", concept)
    parts = [f"column: {text(column.source)}"]
    if codes:
        parts.append(f"codes: {flow(column.written(codes))}")
    if kind == "categories" and column.separator:
        parts.append(f"separator: {text(column.separator)}")
    if missing := column.missing:
        parts.append(f"missing: {flow(column.written(missing))}")
        for code, stands_for in missing.items():
            decisions.add(f"does code {code} mean {stands_for}?", concept)
    if gate := writing.concepts.get(column.skipped_by or ""):
        parts.append(f"asked_of: {gate}")
        decisions.add(SKIPPED, concept)
    if column.question:
        parts.append(f"text: {flow({'nl': column.question, 'en': column.question})}")
    return f"  {concept}: {{{', '.join(parts)}}}"


def _free_name(name: str, taken: set[str]) -> str:
    """A name that no concept has yet, the monitor's own among them, and that a concept may have."""
    while name in taken or name in canonical_concepts() or name == f"base_{BASE}" or fault(name):
        name += "_again" if name in taken else "_here"
    taken.add(name)
    return name


def _own_codes(column: Seen) -> dict[str, object]:
    """Source code -> the survey's own code."""
    if column.type == "boolean":
        return {code: column.truth(code) for code in column.codes}
    if column.type not in ("category", "categories"):
        return {}
    return dict(zip(column.codes, plain_codes(column.codes), strict=True))


def _canonical_codes(column: Seen, concept: Concept) -> tuple[dict[str, object], list[str]]:
    """Source code -> the canonical concept's code, and those that are none of its codes."""
    found: dict[str, object]
    if concept.type == "boolean":
        found = {code: column.truth(code) for code in column.codes}
    elif concept.codes:
        words = {code_key(word): code for code, label in concept.codes.items() for word in (code, *label.values())}
        found = {code: words.get(code_key(column.labels.get(code, code))) for code in column.codes}
    elif concept.type in ("category", "categories") and concept.codes_of is None:
        return dict(zip(column.codes, plain_codes(column.codes), strict=True)), []
    else:
        return {}, []
    return {code: to for code, to in found.items() if to is not None}, [c for c, to in found.items() if to is None]


def _canonical(column: Seen) -> Concept | None:
    """The canonical concept whose name, CIS code or name in a survey tool is the column's name."""
    wanted = column.source.casefold()
    concepts = canonical_concepts()
    if wanted in TOOL_COLUMNS:
        return concepts[TOOL_COLUMNS[wanted]]
    for name, concept in concepts.items():
        if wanted == name or wanted in {code.casefold() for code in concept.cis_code.values()}:
            return concept
    return None


def plain_codes(sources: Sequence[str]) -> list[str]:
    """Source codes as codes of a concept: lower case, beginning with a letter; two that would be one stay apart."""
    codes: list[str] = []
    for source in sources:
        name = re.sub(r"[^a-z0-9]+", "_", source.lower()).strip("_")
        name = name if name and name[0].isalpha() else f"code_{name or 'blank'}"
        while name in codes:
            name += "_again"
        codes.append(name)
    return codes
