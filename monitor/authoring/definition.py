"""The parts of a proposed definition that are not questions: the survey itself, and the head of a wave.

Belongs here: YAML that loads and says what a person must decide. Does not belong here: questions (`questions`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

from monitor.authoring.kept import declared, plain
from monitor.authoring.questions import BASE, Own
from monitor.authoring.text import flow, text
from monitor.formats.detection import Layout
from monitor.survey import Wave
from monitor.survey.check import STANDARD_MEASURES

CLAIMS_YAML = """\
# yaml-language-server: $schema=.claims.schema.json
# What is expected, written down before the answers arrive: one entry for each claim (docs/how-to.md, "Write a claim").
claims: []
"""
"""A file of claims that holds none yet"""
HEAD = ("name", "reference_year", "delivery", "questions", "file", "missing", "not_asked", "lines")
"""Facts of a wave that stand elsewhere than among the keys it keeps as they are"""


def wave_head(name: str, source: Path, layout: Layout, labels: Path | None, previous: Wave | None = None) -> str:
    """Everything of a wave above its questions; of a previous wave every key it declared."""
    values: dict[str, object] = {"format": layout.format, "file": _pattern(source)}
    values |= {"delimiter": layout.delimiter, "encoding": "utf-8" if layout.encoding == "ascii" else layout.encoding}
    values |= {"decimal": layout.decimal, "thousands": layout.thousands, "sheet": layout.sheet}
    values["label_file"] = _pattern(labels) if labels else None
    values["header_line"] = layout.header_line if layout.header_line > 1 else None
    seen = {key: value for key, value in values.items() if value is not None}
    missing: object = {}
    kept = ""
    if previous is not None:
        before = declared(previous.delivery)
        if layout.encoding == "ascii" and "encoding" in before:
            seen["encoding"] = before["encoding"]
        if fnmatch(source.name, previous.delivery.file):
            seen["file"] = before["file"]
        if labels is None or fnmatch(labels.name, previous.delivery.label_file or ""):
            seen.pop("label_file", None)
        seen = before | seen
        missing = plain(previous.missing)
        kept = "".join(_kept(key, value, previous, name) for key, value in declared(previous, HEAD).items())
    pairs = [f"{key}: {flow(value)}" for key, value in seen.items()]
    return (
        "# yaml-language-server: $schema=../.wave.schema.json\n"
        f"# Proposed from {source.name}. What is marked todo needs a person.\n"
        f"wave: {text(name)}\n"
        f"reference_year: {reference_year(name, previous)}  # todo: the calendar year the questions are about\n"
        f"delivery: {{{', '.join(pairs)}}}\n"
        f"missing: {flow(missing)}  # todo: codes that mean refused, dont_know\n"
        f"{kept}"
    )


def reference_year(name: str, previous: Wave | None = None) -> int:
    """The calendar year a wave is about: as far from the previous wave's as their names are, else the year before."""
    if not name[:4].isdigit():
        return previous.reference_year + 1 if previous else 2000
    if previous is not None and previous.name[:4].isdigit():
        return previous.reference_year + int(name[:4]) - int(previous.name[:4])
    return int(name[:4]) - 1


def _kept(key: str, value: object, previous: Wave, name: str) -> str:
    mark = ""
    if key == "frame" and isinstance(value, dict):
        value["file"] = str(value["file"]).replace(previous.name, name)
        mark = f"  # todo: is this wave's frame laid out as that of {previous.name}?"
    if key == "invited":
        mark = f"  # todo: firms invited in this wave; {previous.name} had these"
    return f"{key}: {flow(value)}{mark}\n"


def survey_yaml(name: str, source: str, own: Mapping[str, Own], weighted: bool) -> str:
    """A survey definition that loads, with one indicator for each kind of concept that can be counted."""
    survey = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "survey"
    lines = [
        "# yaml-language-server: $schema=.survey.schema.json",
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
    lines += [_concept(concept, about) for concept, about in own.items()]
    design = "{weights: equal}  # todo: frame, or supplied with the concept that holds the weight"
    if weighted:
        design = "{weights: supplied, weight: weight}  # todo: do the weights come with the delivery?"
    lines += [
        f"design: {design}",
        "bases:",
        f"  {BASE}: {{sql: 'true', label: {{nl: Alle bedrijven, en: All firms}}}}",
        "measures:",
    ]
    for measure in STANDARD_MEASURES:
        lines.append(f"  {measure}: {{absent: 'todo: an SQL expression over concepts, or why there is none'}}")
    measures, indicators = _counted(own)
    lines += measures
    lines += ["domains: []  # todo: concepts that estimates are published by"]
    lines += ["indicators:", *indicators] if indicators else ["indicators: {}"]
    lines.append("nonresponse: {plausible: [0.67, 1.5]}  # odds of answering, of firms with a property against others")
    return "\n".join([*lines, "models: {}"]) + "\n"


def _concept(name: str, about: Own) -> str:
    """The line that declares a concept of the survey's own."""
    named = {code: {"nl": label, "en": label} for code, label in about.codes.items()}
    codes = f", codes: {flow(named)}" if named else ""
    label = flow({"nl": about.label, "en": about.label})
    return f"  {name}: {{type: {about.type}, label: {label}{codes}}}"


def _counted(own: Mapping[str, Own]) -> tuple[list[str], list[str]]:
    """The lines of a measure and of an indicator for each of the first concepts that can be counted."""
    facts = [concept for concept, about in own.items() if about.type in ("boolean", "number", "percentage")]
    measures, indicators = [], []
    for concept in facts[:3]:
        kind = own[concept].type
        label = flow({"nl": concept, "en": concept})
        measure = f"measure_{concept}"
        while measure in own:
            measure += "_again"
        measures.append(f"  {measure}: {{sql: {concept}, type: {kind}, label: {label}}}")
        estimator = "share" if kind == "boolean" else "mean"
        indicators.append(
            f"  {concept}: {{measure: {measure}, estimator: {estimator}, base: {BASE}, headline: true, label: {label}}}"
        )
    return measures, indicators


def _pattern(file: Path) -> str:
    """A file's name with any year in the place of its own."""
    return re.sub(r"\d{4}", "*", file.name)
