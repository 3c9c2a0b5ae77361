"""One rule as a file declares it: an expectation with a name, a reason and a severity.

Belongs here: what a rule is, reading one entry of `expectations/<table>.yaml` or a survey's `rules.yaml`, every mistake
in it by its line. Does not belong here: suites and running them (`rules`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from monitor.survey.expectation_types import QUERY, TYPES, columns_of
from monitor.survey.model import Text
from monitor.survey.yaml_lines import Report, Section, closest

SEVERITIES = ("critical", "warning", "info")
RESPONSE_KEYS = ("firm", "response", "line")

ARGUMENTS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    **dict.fromkeys(("min_value", "max_value", "sum_total", "value"), ("a number", (int, float))),
    **dict.fromkeys(("column_list", "value_set", "column_set"), ("a list", (list,))),
    **dict.fromkeys(("column", "column_A", "column_B", "unexpected_rows_query"), ("a text", (str,))),
    **dict.fromkeys(("strict_min", "strict_max", "or_equal", "exact_match"), ("true or false", (bool,))),
}
"""Keyword argument -> what its value must be"""


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


def read_rule(section: Section, table: str, keys: tuple[str, ...]) -> Rule:
    """One rule of a table whose rows `keys` tell apart; every mistake in it goes into the section's report."""
    report = section.report
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
    _check_effect(section, rule, keys)
    section.close()
    return rule


def _check_effect(section: Section, rule: Rule, keys: tuple[str, ...]) -> None:
    """Whether what follows from a rule can follow from it."""
    if rule.severity == "warning" and not (rule.by_row and "firm" in keys):
        section.report.add(
            f"rule {rule.name!r} cannot quarantine: it judges no single response",
            section.line_of("severity"),
            expected="critical or info",
            found="warning",
            do="stop the wave or note it",
        )
    if rule.by_row and not TYPES[rule.type].by_row:
        section.report.add(
            f"rule {rule.name!r}: {rule.type} judges a whole table",
            section.line_of("grain"),
            expected="grain: table",
            found="grain: row",
            do="leave `grain` out",
        )


def _check_kwargs(section: Section, type: str, kwargs: Mapping[str, Any]) -> None:
    """Whether the type takes these arguments, each mistake on the argument's own line."""
    shape, line, report = TYPES[type], section.line_of("kwargs"), section.report
    lines = section.places()
    if "type" in section and section.plain("type") != type:
        return
    for unknown in [key for key in kwargs if key not in shape.needs + shape.takes]:
        report.add(
            f"{section.where} has the unknown keyword argument {unknown!r}",
            lines.get(("kwargs", unknown), line),
            expected=", ".join(shape.needs + shape.takes) or "none",
            found=unknown,
            do=closest(unknown, shape.needs + shape.takes) or "remove it",
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
            report.add(
                f"{section.where}: {key} is not usable",
                lines.get(("kwargs", key), line),
                expected=kind[0],
                found=str(value),
                do=f"correct `{key}`",
            )
    query = kwargs.get("unexpected_rows_query")
    if type == QUERY and isinstance(query, str):
        _check_batch(section, query, lines.get(("kwargs", "unexpected_rows_query"), line))


def _check_batch(section: Section, query: str, line: int) -> None:
    """Whether a query reads {batch}, the table it is about, and nothing else in braces."""
    try:
        fields = {name for _, name, _, _ in Formatter().parse(query) if name is not None}
    except ValueError as error:
        fields = {f"({error})"}
    if fields != {"batch"}:
        section.report.add(
            f"{section.where}: the query must read {{batch}} and nothing else in braces",
            line,
            expected="SELECT ... FROM {batch} WHERE ...",
            found=", ".join(f"{{{name}}}" for name in sorted(fields)) or "no {batch}",
            do="name the table as {batch}; double a brace that belongs to the SQL",
        )


def check_names(report: Report, rules: Iterable[Rule]) -> None:
    """Whether every rule has a name of its own."""
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


def read_change(section: Section) -> tuple[str, Text]:
    """The severity and reason by which an entry without a type changes a rule that is declared elsewhere."""
    section.text("name")
    section.asked.add("table")
    changed = section.choice("severity", SEVERITIES), section.label("why", ("nl", "en"))
    section.close()
    return changed
