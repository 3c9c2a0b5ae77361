"""Rule files: Great Expectations' own configuration as data, each rule with a name, a reason and a severity.

Belongs here: what a rule is, reading `expectations/<table>.yaml` and a survey's `rules.yaml`, and every check that
can be made without Great Expectations. Does not belong here: running rules (`execution`), rules that follow from the
questionnaire (`questionnaire`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from monitor.problems import DefinitionError
from monitor.rules.expectation_types import QUERY, TYPES, columns_of
from monitor.storage.folders import EXPECTATIONS
from monitor.survey import Text
from monitor.survey.yaml_lines import Report, Section, read

SEVERITIES = ("critical", "warning", "info")
RESPONSE_KEYS = ("firm", "response", "line")


@dataclass(frozen=True)
class Rule:
    """One expectation with what the house adds to it."""

    name: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str
    """critical stops the wave, warning quarantines the response, info is noted"""
    why: Text
    requires: tuple[str, ...] = ()
    """Concepts and views without which the rule is left out, with that as its outcome"""
    columns: tuple[str, ...] = ()
    """What the evidence shows of a failing row"""
    table: str = ""
    """The table or view whose rows are judged"""
    by_row: bool = True
    """Whether single rows fail, and not the table as a whole"""
    among: str | None = None
    """SQL predicate: the rows that count as checked; None: those whose shown columns are answered"""
    judges_missing: bool = False
    """Whether a row without the values counts as checked"""
    answered_in: tuple[str, str] | None = None
    """(table, column) whose values count as checked beside the failing rows, where the judged table holds only those"""
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Suite:
    """The rules of one table."""

    table: str
    keys: tuple[str, ...]
    rules: tuple[Rule, ...]
    named: Mapping[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", {rule.name: rule for rule in self.rules})


ARGUMENTS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    **dict.fromkeys(("min_value", "max_value", "sum_total", "value"), ("a number", (int, float))),
    **dict.fromkeys(("column_list", "value_set", "column_set"), ("a list", (list,))),
    **dict.fromkeys(("column", "column_A", "column_B", "unexpected_rows_query"), ("a text", (str,))),
    **dict.fromkeys(("strict_min", "strict_max", "or_equal", "exact_match"), ("true or false", (bool,))),
}
"""Keyword argument -> what its value must be"""


def suite_file(table: str) -> Path:
    """Where the rules of a table stand."""
    return EXPECTATIONS / f"{table}.yaml"


def load_suite(path: Path, shown_as: str | None = None) -> Suite:
    """Read one rule file.

    Raises DefinitionError with every mistake in it, each with file and line: an unknown expectation type or keyword
    argument (Great Expectations would drop either without a word), a name twice, no reason, no severity, a query
    that reads nothing of its batch, a table as a whole that is to be quarantined.
    """
    report, top = read(Path(path), shown_as or f"expectations/{Path(path).name}")
    if top is None:
        raise DefinitionError(report.problems)
    table = top.text("table")
    keys = top.words("keys", RESPONSE_KEYS)
    node = top.nodes.get("expectations")
    top.asked.add("expectations")
    if not isinstance(node, yaml.SequenceNode):
        report.add(
            "the rule file has no list of expectations",
            top.line_of("expectations"),
            expected="expectations: [- name: ...]",
            found="nothing",
            do="write one `- name:` entry for each rule",
        )
        raise DefinitionError(report.problems)
    top.close()
    rules = []
    for child in node.value:
        if isinstance(child, yaml.MappingNode):
            rules.append(_rule(report, child, table, keys))
        else:
            report.add(
                "a rule is not a mapping",
                child.start_mark.line + 1,
                expected="name, type, kwargs, severity, why",
                do="write `- name: ...` and its keys below it",
            )
    _check_names(report, rules)
    if report.problems:
        raise DefinitionError(report.problems)
    return Suite(table, keys, tuple(rules))


def combined(generated: Sequence[Rule], declared: Suite, own: Sequence[Rule]) -> Suite:
    """The questionnaire's rules, those every survey shares, the survey's own: a later one of the same name wins."""
    rules = {rule.name: rule for rule in (*generated, *declared.rules, *own)}
    return Suite(declared.table, declared.keys, tuple(rules.values()))


def survey_rules(folder: Path, shared: Suite, in_other_waves: Iterable[str] = ()) -> tuple[Rule, ...]:
    """A survey's own rules for the table of a suite.

    `rules.yaml` may also hold only name, severity and why of a rule it shares: that rule then keeps what it judges
    and changes what follows from it. in_other_waves: rules of questions that this wave does not ask. Raises
    DefinitionError as `load_suite` does.
    """
    path = Path(folder) / "rules.yaml"
    if not path.exists():
        return ()
    report, top = read(path, "rules.yaml")
    if top is None:
        raise DefinitionError(report.problems)
    default = top.text("table", "staged_answers")
    node = top.nodes.get("expectations")
    rules = []
    for child in node.value if isinstance(node, yaml.SequenceNode) else ():
        if not isinstance(child, yaml.MappingNode):
            continue
        section = Section(report, child, "rule")
        if section.text("table", default) != shared.table:
            continue
        name = section.text("name")
        if "type" in section or name not in {*shared.named, *in_other_waves}:
            rules.append(_rule(report, child, shared.table, shared.keys))
        elif name in shared.named:
            rules.append(_changed(section, shared.named[name]))
    _check_names(report, rules)
    if report.problems:
        raise DefinitionError(report.problems)
    return tuple(rules)


def _changed(section: Section, rule: Rule) -> Rule:
    section.asked.add("table")
    changed = replace(rule, severity=section.choice("severity", SEVERITIES), why=section.label("why", ("nl", "en")),
                      file=section.report.file, line=section.line)  # fmt: skip
    section.close()
    return changed


def _rule(report: Report, node: yaml.MappingNode, table: str, keys: tuple[str, ...]) -> Rule:
    section = Section(report, node, "rule")
    name = section.text("name")
    section.where = f"rule {name!r}" if name else "rule"
    section.asked.add("table")
    type = section.choice("type", TYPES)
    kwargs = section.plain("kwargs", {})
    if not isinstance(kwargs, dict):
        report.add(f"{section.where}: kwargs is not usable", section.line_of("kwargs"), expected="a mapping",
                   found=str(kwargs), do="write `kwargs: {column: ...}`")  # fmt: skip
        kwargs = {}
    shape = TYPES[type]
    _check_kwargs(section, type, kwargs)
    grain = section.choice("grain", ("row", "table"), "row" if shape.by_row else "table")
    named = columns_of(type, kwargs)
    requires = section.words("requires", tuple(column for column in named if column not in keys))
    rule = Rule(
        name=name,
        type=type,
        kwargs=kwargs,
        severity=section.choice("severity", SEVERITIES),
        why=section.label("why", ("nl", "en")),
        requires=requires,
        columns=section.words("columns", named or requires),
        table=table,
        by_row=grain == "row",
        among=section.text("among", None),
        judges_missing=shape.judges_missing or section.boolean("judges_missing", False),
        file=report.file,
        line=section.line,
    )
    section.asked.add("judges_missing")
    if rule.severity == "warning" and not (rule.by_row and "firm" in keys):
        report.add(
            f"rule {name!r} cannot quarantine: it judges no single response",
            section.line_of("severity"),
            expected="critical or info",
            found="warning",
            do="stop the wave or note it",
        )
    if rule.by_row and not shape.by_row:
        report.add(
            f"rule {name!r}: {type} judges a whole table",
            section.line_of("grain"),
            expected="grain: table",
            found="grain: row",
            do="leave `grain` out",
        )
    section.close()
    return rule


def _check_kwargs(section: Section, type: str, kwargs: Mapping[str, Any]) -> None:
    shape, line, report = TYPES[type], section.line_of("kwargs"), section.report
    if "type" in section and section.plain("type") != type:
        return
    for unknown in [key for key in kwargs if key not in shape.needs + shape.takes]:
        report.add(
            f"{section.where} has the unknown keyword argument {unknown!r}",
            line,
            expected=", ".join(shape.needs + shape.takes) or "none",
            found=unknown,
            do=_closest(unknown, shape.needs + shape.takes),
        )
    for missing in [key for key in shape.needs if key not in kwargs]:
        report.add(
            f"{section.where} lacks the keyword argument {missing!r}",
            line,
            expected=missing,
            found="nothing",
            do=f"add `{missing}` under kwargs",
        )
    for key, value in kwargs.items():
        if (kind := ARGUMENTS.get(key)) and not isinstance(value, kind[1]):
            report.add(f"{section.where}: {key} is not usable", line, expected=kind[0], found=str(value),
                       do=f"correct `{key}`")  # fmt: skip
    query = kwargs.get("unexpected_rows_query")
    if type == QUERY and isinstance(query, str):
        try:
            fields = {name for _, name, _, _ in Formatter().parse(query) if name is not None}
        except ValueError as error:
            fields = {f"({error})"}
        if fields != {"batch"}:
            report.add(
                f"{section.where}: the query must read {{batch}} and nothing else in braces",
                line,
                expected="SELECT ... FROM {batch} WHERE ...",
                found=", ".join(f"{{{name}}}" for name in sorted(fields)) or "no {batch}",
                do="name the table as {batch}; double a brace that belongs to the SQL",
            )


def _check_names(report: Report, rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.name in seen:
            report.add(
                f"the rule {rule.name!r} is there twice",
                rule.line,
                found=f"first on line {seen[rule.name].line}",
                do="give each rule its own name",
            )
        seen.setdefault(rule.name, rule)


def _closest(word: str, options: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(options), n=1)
    return f"did you mean {near[0]!r}?" if near else "remove it"
