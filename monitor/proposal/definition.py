"""The parts of a proposed definition that are not questions: the survey itself, and the head of a wave.

Belongs here: YAML that loads and says what a person must decide. Does not belong here: questions (`questions`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from monitor.proposal.questions import Own
from monitor.proposal.text import flow, text
from monitor.raw.detection import Layout
from monitor.survey import Wave


def wave_head(name: str, source: Path, layout: Layout, labels: Path | None, previous: Wave | None = None) -> str:
    """Everything of a wave above its questions."""
    values: dict[str, str | None] = {"format": layout.format, "file": _pattern(source)}
    values |= {"delimiter": layout.delimiter, "encoding": "utf-8" if layout.encoding == "ascii" else layout.encoding}
    values |= {"decimal": layout.decimal, "thousands": layout.thousands, "sheet": layout.sheet}
    values["label_file"] = _pattern(labels) if labels else None
    pairs = [f"{key}: {text(value)}" for key, value in values.items() if value is not None]
    if layout.header_line > 1:
        pairs.append(f"header_line: {layout.header_line}")
    if previous is not None and previous.delivery.values != "codes":
        pairs.append(f"values: {previous.delivery.values}")
    year = int(name[:4]) - 1 if name[:4].isdigit() else 2000
    missing = flow(dict(previous.missing)) if previous is not None else "{}"
    kept = ""
    if previous is not None:
        kept = f"usable: {text(previous.usable)}\nduplicates: {previous.duplicates}\n"
        if previous.frame is not None:
            frame = {name: value for name, value in asdict(previous.frame).items() if value}
            frame["file"] = str(frame["file"]).replace(previous.name, name)
            kept += f"frame: {flow(frame)}  # todo: is this wave's frame laid out as that of {previous.name}?\n"
    return (
        f"# Proposed from {source.name}. What is marked todo needs a person.\n"
        f"wave: {text(name)}\n"
        f"reference_year: {year}  # todo: the calendar year the questions are about\n"
        f"delivery: {{{', '.join(pairs)}}}\n"
        f"missing: {missing}  # todo: codes that mean refused, dont_know\n"
        f"{kept}"
    )


def survey_yaml(name: str, source: str, own: Mapping[str, Own]) -> str:
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
    for concept, declared in own.items():
        named = {code: {"nl": label, "en": label} for code, label in declared.codes.items()}
        codes = f", codes: {flow(named)}" if named else ""
        label = flow({"nl": declared.label, "en": declared.label})
        lines.append(f"  {concept}: {{type: {declared.type}, label: {label}{codes}}}")
    facts = [concept for concept, declared in own.items() if declared.type in ("boolean", "number", "percentage")]
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
        label = flow({"nl": concept, "en": concept})
        lines.append(f"  measure_{concept}: {{sql: {concept}, type: {kind}, label: {label}}}")
        estimator = "share" if kind == "boolean" else "mean"
        indicators.append(
            f"  {concept}: {{measure: measure_{concept}, estimator: {estimator}, base: all_firms, label: {label}}}"
        )
    lines += ["domains: []  # todo: concepts that estimates are published by"]
    lines += ["indicators:", *indicators] if indicators else ["indicators: {}"]
    return "\n".join([*lines, "models: {}"]) + "\n"


def _pattern(file: Path) -> str:
    """A file's name with any year in the place of its own."""
    return re.sub(r"\d{4}", "*", file.name)
