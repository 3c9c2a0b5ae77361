"""The JSON Schemas of survey.yaml, waves, claims.yaml and programmes, for editors that complete keys and mark mistakes
while one writes.

It is what the loader's own getters accept: the loader reads an outline in place of a file, whose getters note what they
are asked. So it cannot tell what ties keys together – names, codes, a ratio's denominator; loading the folder does.

Belongs here: what each getter accepts as a schema. Does not belong here: which keys there are (`load`, `models`, …).
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monitor.problems import Lines
from monitor.statistics.decisions.claim import RULES
from monitor.survey.claims import ESTIMANDS, read_claim
from monitor.survey.load import declared
from monitor.survey.programme_files import read_programme
from monitor.survey.waves import declared_wave
from monitor.survey.yaml_lines import REQUIRED, Report, Section
from monitor.wording.sentences import LANGUAGES

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ANY = "*"
"""The key that stands for every name a survey may give"""
NOWHERE = Path(os.devnull)
"""A folder with no file beside survey.yaml"""
TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""A scalar is taken as it is written"""
LIST: Schema = {"type": "array", "items": TEXT}


class Outline(Section):
    """A mapping that stands for every one that could be there; `has`: what it says to whether a key is there."""

    def __init__(self, has: bool) -> None:
        self.has = has
        self.report = Report("survey.yaml")
        self.where, self.line = "", 0
        self.nodes = dict.fromkeys([ANY])  # type: ignore[assignment]
        self.lines = defaultdict(int)
        self.asked: set[str] = set()
        self.accepted: Schema = {}
        self.required: set[str] = set()
        self.inner: dict[str, Outline] = {}
        self.closed = False

    def __contains__(self, key: str) -> bool:
        return self.has

    def complete(self, keys: Iterable[str]) -> bool:
        """What the mapping cannot do without."""
        self.required.update(keys)
        return True

    def places(self) -> Lines:
        """The place of the mapping itself."""
        return {(): 0}

    def close(self) -> None:
        """From here on every other key is a mistake."""
        self.closed = True

    def schema(self) -> Schema:
        """What the mapping may hold."""
        keys = {**self.accepted, **{key: inner.schema() for key, inner in self.inner.items()}}
        named = {key: schema for key, schema in sorted(keys.items()) if key != ANY}
        found: Schema = {"type": "object"}
        if named:
            found["properties"] = {
                key: schema if key in self.required else {"anyOf": [schema, {"type": "null"}]}
                for key, schema in named.items()
            }
        if self.required - {ANY}:
            found["required"] = sorted(self.required - {ANY})
        if ANY in keys:
            found["additionalProperties"] = keys[ANY]
        elif self.closed:
            found["additionalProperties"] = False
        return found

    def _note(self, key: str, default: Any, schema: Schema, empty: Any) -> Any:
        self.accepted[key] = schema
        if default is REQUIRED:
            self.required.add(key)
        return empty if default is REQUIRED else default

    def text(self, key: str, default: Any = REQUIRED) -> Any:
        """A scalar."""
        return self._note(key, default, TEXT, "")

    def choice(self, key: str, options: Iterable[str], default: Any = REQUIRED) -> Any:
        """One of the words."""
        options = list(options)
        return self._note(key, default, {"enum": options}, options[0])

    def number(
        self,
        key: str,
        default: Any = REQUIRED,
        least: float | None = None,
        whole: bool = False,
        above: float | None = None,
        most: float | None = None,
    ) -> Any:
        """A number within its bounds."""
        bounds = {"minimum": least, "exclusiveMinimum": above, "maximum": most}
        kept = {word: bound for word, bound in bounds.items() if bound is not None}
        return self._note(key, default, {"type": "integer" if whole else "number", **kept}, 0)

    def factors(self, key: str) -> tuple[float, float] | None:
        """Two numbers, one below and one above 1."""
        two = {
            "type": "array",
            "prefixItems": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
                {"type": "number", "exclusiveMinimum": 1},
            ],
            "items": False,
            "minItems": 2,
        }
        found: tuple[float, float] | None = self._note(key, None, two, None)
        return found

    def numbers(self, key: str, default: tuple[float, ...], least: float, most: float) -> tuple[float, ...]:
        """A list of numbers within bounds."""
        one = {"type": "number", "minimum": least, "maximum": most}
        found: tuple[float, ...] = self._note(key, default, {"type": "array", "items": one, "minItems": 1}, ())
        return found

    def boolean(self, key: str, default: Any = REQUIRED) -> Any:
        """true or false."""
        return self._note(key, default, {"type": "boolean"}, False)

    def words(self, key: str, default: Any = REQUIRED) -> tuple[str, ...]:
        """A list of scalars, or one."""
        found: tuple[str, ...] = self._note(key, default, {"anyOf": [LIST, TEXT]}, ())
        return found

    def groups(self, key: str, default: Any = REQUIRED) -> tuple[tuple[str, ...], ...]:
        """A list of lists."""
        schema = {"type": "array", "items": {"anyOf": [LIST, TEXT]}}
        found: tuple[tuple[str, ...], ...] = self._note(key, default, schema, ())
        return found

    def mapping(self, key: str, default: Any = REQUIRED) -> dict[str, str]:
        """A mapping of scalars."""
        found: Mapping[str, str] = self._note(key, default, {"type": "object", "additionalProperties": TEXT}, {})
        return dict(found)

    def label(self, key: str, languages: tuple[str, ...], default: Any = REQUIRED) -> dict[str, str]:
        """A text for all languages, or one for each."""
        by_language = {"type": "object", "required": list(languages), "additionalProperties": TEXT}
        found: dict[str, str] = self._note(key, default, {"anyOf": [TEXT, by_language]}, dict.fromkeys(languages, ""))
        return found

    def plain_mapping(self) -> dict[str, Any]:
        """Nothing: what stands for every mapping holds none."""
        return {}

    def section(self, key: str, default: Any = REQUIRED) -> Section | None:
        """A mapping inside this one, there whether it must be or not."""
        if default is REQUIRED and key != ANY:
            self.required.add(key)
        return self.inner.setdefault(key, Outline(self.has))

    def plain(self, key: str, default: Any = REQUIRED) -> Any:
        """Anything."""
        return self._note(key, default, {}, None)


class OfKind(Outline):
    """A mapping whose `kind` is known: it says which other keys there are."""

    def __init__(self, has: bool, kind: str) -> None:
        super().__init__(has)
        self.kind = kind

    def text(self, key: str, default: Any = REQUIRED) -> Any:
        """A scalar; the kind is the one word."""
        if key != "kind":
            return super().text(key, default)
        return self._note(key, REQUIRED, {"const": self.kind}, self.kind)


def survey_schema() -> Schema:
    """The schema of survey.yaml."""
    with_keys, without = Outline(True), Outline(False)
    for outline in (with_keys, without):
        declared(outline, NOWHERE, [])
    return {"$schema": DIALECT, "title": "survey.yaml", **_both(with_keys, without).schema()}


def wave_schema() -> Schema:
    """The schema of a wave's file."""
    with_keys, without = Outline(True), Outline(False)
    for outline in (with_keys, without):
        declared_wave(NOWHERE, outline.report, outline, LANGUAGES)
        outline.close()
    return {"$schema": DIALECT, "title": "waves/<wave>.yaml", **_both(with_keys, without).schema()}


def claims_schema() -> Schema:
    """The schema of claims.yaml: a claim's keys, those of each kind of estimand and those of each kind of rule."""
    claim = _claim(next(iter(ESTIMANDS)), next(iter(RULES)))
    estimands = [_claim(kind, next(iter(RULES))).inner["estimand"].schema() for kind in ESTIMANDS]
    rules = [_claim(next(iter(ESTIMANDS)), kind).inner["rule"].schema() for kind in RULES]
    one = claim.schema()
    one["properties"] |= {"estimand": {"oneOf": estimands}, "rule": {"oneOf": rules}}
    return {
        "$schema": DIALECT,
        "title": "claims.yaml",
        "type": "object",
        "properties": {"claims": {"type": "array", "items": one}},
        "required": ["claims"],
        "additionalProperties": False,
    }


def _claim(estimand: str, rule: str) -> Outline:
    """What a claim with an estimand and a rule of these kinds may hold."""
    outline = Outline(True)
    outline.inner |= {"estimand": OfKind(True, estimand), "rule": OfKind(True, rule)}
    read_claim(outline)
    return outline


def programme_schema() -> Schema:
    """The schema of a programme's file."""
    with_keys, without = Outline(True), Outline(False)
    for outline in (with_keys, without):
        read_programme("programme", outline, LANGUAGES)
    return {"$schema": DIALECT, "title": "programmes/<name>.yaml", **_both(with_keys, without).schema()}


SCHEMAS = {"survey": survey_schema, "wave": wave_schema, "claims": claims_schema, "programme": programme_schema}
"""What there is a schema of; an editor finds it in the survey folder as `.<name>.schema.json`"""


def write_schemas(folder: Path) -> list[Path]:
    """Put the schemas into a survey folder, where the first line of a proposed file names them. Hidden files are no
    part of the definition: another version may write others."""
    written = []
    for name, schema in SCHEMAS.items():
        written.append(folder / f".{name}.schema.json")
        written[-1].write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return written


def _both(one: Outline, other: Outline) -> Outline:
    """What either way through the loader accepts; required is what both require."""
    one.accepted = {**other.accepted, **one.accepted}
    one.required &= other.required
    for key, inner in other.inner.items():
        one.inner[key] = _both(one.inner[key], inner) if key in one.inner else inner
    return one
