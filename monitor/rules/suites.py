"""Rule files: Great Expectations' own configuration as data, each rule with a name, a reason and a severity.

Belongs here: reading `expectations/<table>.yaml`, and which rules of a survey's `rules.yaml` hold for a table. Does not
belong here: one rule (`survey.rule_files`), running rules (`execution`), rules that follow from the questionnaire
(`questionnaire`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from monitor.problems import DefinitionError
from monitor.storage.folders import EXPECTATIONS
from monitor.survey.rule_files import RESPONSE_KEYS, Rule, check_names, read_change, read_rule
from monitor.survey.yaml_lines import Section, read

__all__ = ["RESPONSE_KEYS", "Rule", "Suite", "combined", "load_suite", "suite_file", "survey_rules"]


@dataclass(frozen=True)
class Suite:
    """The rules of one table."""

    table: str
    keys: tuple[str, ...]
    rules: tuple[Rule, ...]
    named: Mapping[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", {rule.name: rule for rule in self.rules})


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
            rules.append(read_rule(Section(report, child, "rule"), table, keys))
        else:
            report.add(
                "a rule is not a mapping",
                child.start_mark.line + 1,
                expected="name, type, kwargs, severity, why",
                do="write `- name: ...` and its keys below it",
            )
    check_names(report, rules)
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
            rules.append(read_rule(Section(report, child, "rule"), shared.table, shared.keys))
        elif name in shared.named:
            rules.append(_changed(section, shared.named[name]))
    check_names(report, rules)
    if report.problems:
        raise DefinitionError(report.problems)
    return tuple(rules)


def _changed(section: Section, rule: Rule) -> Rule:
    severity, why = read_change(section)
    return replace(rule, severity=severity, why=why, file=section.report.file, line=section.line)
