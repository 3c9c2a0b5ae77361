"""YAML as a proposal writes it. Does not belong here: what it says."""

from __future__ import annotations

import json
import re


def text(value: str) -> str:
    """A string of YAML, in quotes."""
    return json.dumps(value, ensure_ascii=False)


def flow(value: object) -> str:
    """A value as YAML on one line: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False, default=str)


def plain_name(source: str) -> str:
    """A column's name as the name of a concept: lower case, beginning with a letter."""
    name = re.sub(r"[^a-z0-9]+", "_", source.lower()).strip("_") or "column"
    return name if name[0].isalpha() else f"q_{name}"
