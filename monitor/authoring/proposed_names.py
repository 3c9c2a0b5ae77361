"""Names of initiatives in a delivery that the register does not have, and which of its own each resembles.

Belongs here: proposing, to a data engineer, by file and line. Does not belong here: taking a name for another, which a
declared correction alone does.

Told is the register's name and never the one that was typed: what somebody wrote ends at `staged`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from monitor.problems import Problem
from monitor.stages.staged.coding import code_key
from monitor.storage.lake import Lake
from monitor.survey import Survey, Wave

CONCEPT = "initiatives"
ALIKE = 0.75
"""From how alike on a name is proposed: twice the letters that both have in the same order, over all letters"""
MOST = 3
"""Names proposed for one answer"""


def proposals(lake: Lake, survey: Survey, wave: Wave, file: str) -> list[Problem]:
    """A proposal for every name in an answer on participation that is none of the register's and resembles some."""
    question = wave.questions.get(CONCEPT)
    if question is None or len(question.columns) != 1 or not survey.register.rows:
        return []
    missing = lake.read("staged_missing", wave.name)
    unread = missing[(missing["concept"] == CONCEPT) & (missing["kind"] == "invalid")]
    (column,) = question.columns
    records = lake.read("raw_records", wave.name)
    if not len(unread) or column not in records:
        return []
    cells = dict(zip(records["line"], records[column], strict=True))
    known = {code_key(name): code for name, code in question.codes.items()}
    separator = question.separator or ","
    return [
        _proposal(survey, file, int(line), str(firm), column, codes)
        for line, firm in zip(unread["line"], unread["firm"], strict=True)
        for codes in _resembled(str(cells.get(line) or ""), known, separator)
    ]


def _resembled(cell: str, known: Mapping[str, str], separator: str) -> Iterator[list[str]]:
    """For each name in a cell that is none of the known: the codes of those it resembles, the nearest first."""
    left = code_key(cell)
    for name in sorted((name for name in known if separator in name), key=len, reverse=True):
        left = left.replace(name, separator)
    for part in map(code_key, left.split(separator)):
        if part and part not in known:
            near = difflib.get_close_matches(part, known, n=MOST, cutoff=ALIKE)
            if codes := list(dict.fromkeys(known[name] for name in near)):
                yield codes


def _proposal(survey: Survey, file: str, line: int, firm: str, column: str, codes: list[str]) -> Problem:
    named = ", or ".join(f"{code} ({next(iter(survey.initiatives[code].label.values()))})" for code in codes)
    return Problem(
        what="a name of an initiative is not the register's, and resembles one that is",
        file=file,
        line=line,
        firm=firm,
        column=column,
        rule="initiatives_resembled",
        severity="info",
        expected=f"perhaps {named}",
        do=f"read the line; if that is meant, declare a correction of {column} to {codes[0]}: nothing is taken for it",
    )
