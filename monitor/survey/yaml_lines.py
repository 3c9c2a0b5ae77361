"""YAML read without losing where each word stands.

Belongs here: a mapping whose every value knows its line, and the checks any definition needs (a key that is missing or
unknown; a value of the wrong kind). Does not belong here: what a survey is (`load`), how much a file may hold and keys
that stand twice (`yaml_limits`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from monitor.problems import DefinitionError, Lines, Place, Problem
from monitor.survey.yaml_limits import Unreadable, mistakes, read_text

REQUIRED: Any = object()
"""Default of a key that must be there."""
GREATEST = 2**63 - 1
"""Largest number a definition may name: what a database's whole numbers hold; infinity and `.nan` are none"""


class Report:
    """The problems of one file, in the order they were found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(
        self,
        what: str,
        line: int | None,
        expected: str | None = None,
        found: str | None = None,
        do: str | None = None,
    ) -> None:
        """One more problem at a line of this file."""
        self.problems.append(Problem(what, file=self.file, line=line, expected=expected, found=found, do=do))

    def require_none(self) -> None:
        """DefinitionError where there is any problem: of files that come with the product."""
        if self.problems:
            raise DefinitionError(self.problems)


class Section:
    """A YAML mapping. Every getter takes a key off it, checks the value and reports what is wrong.

    Scalars are handed on as they are written: `01` stays `01` and `no` stays `no`.
    """

    def __init__(self, report: Report, node: yaml.MappingNode, where: str) -> None:
        self.report = report
        self.where = where
        self.line = node.start_mark.line + 1
        self.nodes: dict[str, yaml.Node] = {}
        self.lines: dict[str, int] = {}
        self.asked: set[str] = set()
        for key, value in node.value:
            # Keys that are no text or stand twice were reported when the file was read.
            if isinstance(key, yaml.ScalarNode) and key.value not in self.nodes:
                self.nodes[key.value] = value
                self.lines[key.value] = key.start_mark.line + 1

    def __contains__(self, key: str) -> bool:
        return key in self.nodes

    def complete(self, keys: Iterable[str]) -> bool:
        """Whether the mapping has all that it cannot do without; what is missing is one problem."""
        missing = [key for key in keys if key not in self]
        if missing:
            self.report.add(
                f"{self.where} is incomplete",
                self.line,
                expected=", ".join(missing),
                found=", ".join(sorted(self.nodes)),
                do="add what is missing",
            )
        return not missing

    def line_of(self, key: str) -> int:
        """The line of a key, or of the section where the key is not there."""
        return self.lines.get(key, self.line)

    def _take(self, key: str, default: Any, expected: str) -> yaml.Node | None:
        self.asked.add(key)
        node = self.nodes.get(key)
        if node is None and default is REQUIRED:
            self.report.add(
                f"{self.where} lacks the key {key!r}",
                self.line,
                expected=expected,
                found="nothing",
                do=f"add `{key}: ...`",
            )
        if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
            if default is REQUIRED:
                self._wrong(key, node, expected)
            return None
        return node

    def _wrong(self, key: str, node: yaml.Node, expected: str, do: str | None = None) -> None:
        self.report.add(
            f"{self.where}: {key} is not usable",
            node.start_mark.line + 1,
            expected=expected,
            found=shown(node),
            do=do or f"correct `{key}`",
        )

    def text(self, key: str, default: Any = REQUIRED) -> Any:
        """A scalar as it is written."""
        node = self._take(key, default, "a text")
        if node is None:
            return "" if default is REQUIRED else default
        if not isinstance(node, yaml.ScalarNode):
            self._wrong(key, node, "a text")
            return "" if default is REQUIRED else default
        return node.value

    def choice(self, key: str, options: Iterable[str], default: Any = REQUIRED) -> Any:
        """One word out of a declared list."""
        options = tuple(options)
        node = self._take(key, default, "one of " + ", ".join(options))
        if node is None:
            return options[0] if default is REQUIRED else default
        value = node.value if isinstance(node, yaml.ScalarNode) else None
        if value not in options:
            self._wrong(key, node, "one of " + ", ".join(options), closest(str(value), options))
            return options[0] if default is REQUIRED else default
        return value

    def number(
        self,
        key: str,
        default: Any = REQUIRED,
        least: float | None = None,
        whole: bool = False,
        above: float | None = None,
        most: float | None = None,
    ) -> Any:
        """A number, whole where asked for, of at least `least` and at most `most`, greater than `above`."""
        expected = "a whole number" if whole else "a number"
        if least is not None:
            expected += f" of at least {least:g}" if most is None else f" from {least:g} to {most:g}"
        if above is not None:
            expected += f" above {above:g}"
        node = self._take(key, default, expected)
        fallback = 0 if default is REQUIRED else default
        if node is None:
            return fallback
        value = plain(node)
        if (
            not is_number(value, whole)
            or (least is not None and value < least)
            or (above is not None and value <= above)
            or (most is not None and value > most)
        ):
            self._wrong(key, node, expected)
            return fallback
        return value

    def factors(self, key: str) -> tuple[float, float] | None:
        """A list of two factors, the least below 1 and the greatest above it; None where nothing stands there."""
        expected = "two numbers, one below 1 and one above it: [0.5, 2]"
        node = self._take(key, None, expected)
        if node is None:
            return None
        values = plain(node)
        two = isinstance(values, list) and len(values) == 2 and all(map(is_number, values))
        if two and 0 <= values[0] < 1 < values[1]:
            return float(values[0]), float(values[1])
        self._wrong(key, node, expected)
        return None

    def numbers(self, key: str, default: tuple[float, ...], least: float, most: float) -> tuple[float, ...]:
        """A list of numbers, each from `least` to `most`."""
        expected = f"a list of numbers from {least:g} to {most:g}"
        node = self._take(key, default, expected)
        if node is None:
            return default
        values = plain(node)
        if isinstance(values, list) and values and all(is_number(v) and least <= v <= most for v in values):
            return tuple(map(float, values))
        self._wrong(key, node, expected)
        return default

    def boolean(self, key: str, default: Any = REQUIRED) -> Any:
        """true or false."""
        node = self._take(key, default, "true or false")
        if node is None:
            return False if default is REQUIRED else default
        value = plain(node)
        if not isinstance(value, bool):
            self._wrong(key, node, "true or false")
            return False if default is REQUIRED else default
        return value

    def words(self, key: str, default: Any = REQUIRED) -> tuple[str, ...]:
        """A list of texts (one text alone counts as a list of one)."""
        node = self._take(key, default, "a list of texts")
        if node is None:
            return () if default is REQUIRED else default
        if isinstance(node, yaml.ScalarNode):
            return (node.value,)
        if isinstance(node, yaml.SequenceNode) and all(isinstance(n, yaml.ScalarNode) for n in node.value):
            return tuple(n.value for n in node.value)
        self._wrong(key, node, "a list of texts")
        return ()

    def groups(self, key: str, default: Any = REQUIRED) -> tuple[tuple[str, ...], ...]:
        """A list of lists of texts."""
        node = self._take(key, default, "a list of lists")
        if node is None:
            return () if default is REQUIRED else default
        value = plain(node)
        if not isinstance(value, list):
            self._wrong(key, node, "a list of lists")
            return ()
        return tuple(tuple(map(str, v)) if isinstance(v, list) else (str(v),) for v in value)

    def mapping(self, key: str, default: Any = REQUIRED) -> dict[str, str]:
        """A mapping of texts to texts, both as they are written."""
        node = self._take(key, default, "a mapping of texts")
        if node is None:
            return {} if default is REQUIRED else dict(default)
        if not isinstance(node, yaml.MappingNode):
            self._wrong(key, node, "a mapping of texts")
            return {}
        result: dict[str, str] = {}
        for name, value in node.value:
            if not isinstance(value, yaml.ScalarNode) or not isinstance(name, yaml.ScalarNode):
                self._wrong(key, value, "a mapping of texts")
            else:
                result[name.value] = value.value
        return result

    def label(self, key: str, languages: tuple[str, ...], default: Any = REQUIRED) -> dict[str, str]:
        """A text in every language of the survey; one text alone stands for all."""
        node = self._take(key, default, "a text in " + " and ".join(languages))
        if node is None:
            return dict.fromkeys(languages, "") if default is REQUIRED else default
        if isinstance(node, yaml.ScalarNode):
            return dict.fromkeys(languages, str(node.value))
        texts = self.mapping(key)
        if missing := [language for language in languages if not texts.get(language)]:
            self.report.add(
                f"{self.where}: {key} is not in every language",
                self.line_of(key),
                expected=", ".join(languages),
                found=", ".join(texts) or "nothing",
                do=f"add {', '.join(missing)}",
            )
        result: dict[str, str] = {**dict.fromkeys(languages, ""), **texts}
        return result

    def section(self, key: str, default: Any = REQUIRED) -> Section | None:
        """A mapping inside this one."""
        node = self._take(key, default, "a mapping")
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self._wrong(key, node, "a mapping")
            return None
        return Section(self.report, node, f"{self.where}.{key}" if self.where else key)

    def sections(self, key: str, default: Any = REQUIRED) -> dict[str, Section]:
        """A mapping of names to mappings."""
        outer = self.section(key, default)
        if outer is None:
            return {}
        return {name: inner for name in outer.nodes if (inner := outer.section(name)) is not None}

    def entries(self, key: str, default: Any = REQUIRED) -> list[Section]:
        """A list of mappings; each knows the line it begins on."""
        node = self._take(key, default, "a list of mappings")
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not all(isinstance(n, yaml.MappingNode) for n in node.value):
            self._wrong(key, node, "a list of mappings", "write one `- ` entry for each")
            return []
        return [Section(self.report, child, f"{self.where}.{key}") for child in node.value]

    def plain(self, key: str, default: Any = REQUIRED) -> Any:
        """Whatever stands there, as plain data."""
        node = self._take(key, default, "a value")
        return default if node is None else plain(node)

    def plain_mapping(self) -> dict[str, Any]:
        """The whole mapping as plain data."""
        return {key: plain(node) for key, node in self.nodes.items()}

    def places(self) -> Lines:
        """The line of every key and list entry in this mapping, however deep."""
        found: dict[Place, int] = {(): self.line}
        for key, node in self.nodes.items():
            found[key,] = self.lines[key]
            found |= _places(node, (key,))
        return found

    def close(self) -> None:
        """Report every key nobody asked for: a misspelt key must not be ignored."""
        for name in self.nodes:
            if name not in self.asked:
                self.report.add(
                    f"{self.where} has the unknown key {name!r}",
                    self.lines[name],
                    expected="one of " + ", ".join(sorted(self.asked)),
                    found=name,
                    do=closest(name, self.asked) or "remove it",
                )


def read(path: Path, shown_as: str) -> tuple[Report, Section | None]:
    """A YAML file's top mapping, or None with the reason in its report."""
    report = Report(shown_as)
    try:
        text = read_text(path, shown_as)
        report.problems += mistakes(text, shown_as)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except Unreadable as error:
        report.problems.append(error.problem)
        return report, None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        report.add(
            "the file is not valid YAML",
            mark.line + 1 if mark else None,
            expected="YAML",
            found=error.problem or "an error",
            do="correct the indentation or the quoting",
        )
        return report, None
    if not isinstance(node, yaml.MappingNode):
        report.add(
            "the file holds no mapping",
            1,
            expected="keys and values",
            found="an empty file" if node is None else shown(node),
            do="write `key: value` lines",
        )
        return report, None
    return report, Section(report, node, path.name)


def plain(node: yaml.Node) -> Any:
    """A node as plain Python data; dates stay text."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    constructor = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_object(node)
    except (yaml.YAMLError, ValueError, LookupError):
        # A tag that the value does not fit (`!!bool perhaps`): the text, which its reader refuses.
        return node.value


def is_number(value: Any, whole: bool = False) -> bool:
    """Whether a value of a definition is a number that a database can hold; a text, a list and true are none."""
    kinds = int if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and -GREATEST <= value <= GREATEST


def _places(node: yaml.Node, at: Place) -> dict[Place, int]:
    """The lines of what stands inside a node."""
    found: dict[Place, int] = {}
    if isinstance(node, yaml.MappingNode):
        inside = [((*at, key.value), key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
    elif isinstance(node, yaml.SequenceNode):
        inside = [((*at, i), value, value) for i, value in enumerate(node.value)]
    else:
        return found
    for place, begins, value in inside:
        found[place] = begins.start_mark.line + 1
        found |= _places(value, place)
    return found


def shown(node: yaml.Node) -> str:
    """A node as a message shows it."""
    if isinstance(node, yaml.ScalarNode):
        return node.value or "an empty value"
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"


def closest(word: str, options: Iterable[str]) -> str | None:
    """A suggestion for a misspelt word."""
    near = difflib.get_close_matches(word, list(options), n=1)
    return f"did you mean {near[0]!r}?" if near else None


def unknown_name(what: str, kind: str, name: str, known: Iterable[str], file: str, line: int | None) -> Problem:
    """A name that is none of those declared, with the one that looks most like it, or the first twelve."""
    known = list(known)
    return Problem(
        f"{what} names the unknown {kind} {name!r}",
        file=file,
        line=line,
        expected=f"a declared {kind}",
        found=name,
        do=closest(name, known) or f"declare it, or use one of {', '.join(known[:12])}",
    )
