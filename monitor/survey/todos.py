"""What a proposal left for a person to decide: the marks `todo` in a survey folder's YAML.

A mark is a comment that begins with `todo:`, or a value that is `todo` or begins with `todo:`. The word anywhere else
(a code, a label, the Spanish "todo") is no mark. Belongs here: finding the marks. Does not belong here: what follows
from them (`monitor check` counts them, no wave runs and no release is made before they are decided).
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from monitor.problems import Problem

COMMENT = re.compile(r"(?:^|(?<=\s))#\s*(todo:.*)", re.I | re.M)
VALUE = re.compile(r"todo(:.*)?", re.S)
FILES = ("survey.yaml", "waves/*.yaml", "claims.yaml", "rules.yaml")


def todos(folder: Path) -> tuple[Problem, ...]:
    """Every mark in the definition files of a folder that reads as YAML, in the order of files and lines."""
    found = []
    for file in (file for pattern in FILES for file in sorted(folder.glob(pattern))):
        shown = str(file.relative_to(folder))
        for line, mark in sorted(set(_marks(file.read_text(encoding="utf-8-sig")))):
            found.append(
                Problem(
                    "something is left to be decided",
                    file=shown,
                    line=line,
                    found=mark,
                    do="decide it and take the mark `todo` away",
                )
            )
    return tuple(found)


def _marks(text: str) -> list[tuple[int, str]]:
    """(line, mark) of a file's text: values first, then comments in what is left when every scalar is blanked."""
    found, outside, of_key = [], list(text), False
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.ScalarToken):
            if not of_key and VALUE.fullmatch(token.value.strip()):
                found.append((token.start_mark.line + 1, token.value.strip()))
            start, end = token.start_mark.index, token.end_mark.index
            if token.style in ("|", ">"):
                # The line on which a block begins may end in a comment; the block itself holds none.
                start = text.find("\n", start, end) if "\n" in text[start:end] else end
            outside[start:end] = [c if c == "\n" else "." for c in text[start:end]]
        of_key = isinstance(token, yaml.KeyToken) or (of_key and isinstance(token, yaml.AnchorToken | yaml.TagToken))
    rest = "".join(outside)
    found += [(rest.count("\n", 0, mark.start()) + 1, mark[1].strip()) for mark in COMMENT.finditer(rest)]
    return found
