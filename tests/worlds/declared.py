"""Models and claims as a survey's files would declare them, from plain data or as they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from monitor.statistics.decisions.claim import Claim
from monitor.survey.claims import read_claim
from monitor.survey.models import Model, read_models
from monitor.survey.yaml_lines import Report, Section

LANGUAGES = ("nl", "en")


def section(key: str, content: object, report: Report) -> Section:
    """A file's mapping with plain data, or a text of YAML, under a key."""
    text = content if isinstance(content, str) else json.dumps(content)
    node = yaml.compose(f"{key}: {text}", Loader=yaml.CSafeLoader)
    assert isinstance(node, yaml.MappingNode)
    return Section(report, node, report.file)


def models(content: Mapping[str, Any] | str) -> dict[str, Model]:
    """The models of a `models:` section that reads without a mistake."""
    report = Report("survey.yaml")
    found = read_models(section("models", content, report), LANGUAGES)
    assert report.problems == []
    return found


def claim(**content: object) -> Claim:
    """A claim with these keys, and others of little interest."""
    report = Report("claims.yaml")
    plain = {"claim": "claim", "declared": "2017-02-01", "text": {"nl": "Een zin.", "en": "A sentence."}} | content
    written = section("claim", plain, report).section("claim")
    assert written is not None
    found = read_claim(written)
    assert report.problems == []
    return found
