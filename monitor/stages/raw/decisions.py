"""What the data engineer decides about amended responses, as written in amendments.csv.

Belongs here: reading the decisions; every mistake in them at once. Does not belong here: which responses a delivery
amends (`amendments`).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.problems import Problem, UnusableDelivery
from monitor.survey.inbox import list_text

AMENDMENTS_FILE = "amendments.csv"
FIELDS = ("delivery", "firm", "decision", "reason", "who", "when")
DECIDED = {"accept": "accepted", "refuse": "refused"}
EVERY_FIRM = "*"
LEAST_DIGITS = 12
"""Digits of a delivery's SHA-256 that name it"""


@dataclass(frozen=True)
class Decision:
    """One row of amendments.csv."""

    firm: str
    """As written: a pseudonym, an identifier of the delivery, or `*` for every firm not named"""
    decision: str
    """accepted or refused"""
    reason: str
    line: int


@dataclass(frozen=True)
class Decisions:
    """All decisions about one delivery, by firm as written."""

    by_firm: Mapping[str, Decision]

    @property
    def refuses_all(self) -> bool:
        """Whether nothing of the delivery is accepted."""
        every = self.by_firm.get(EVERY_FIRM)
        named = [d.decision for firm, d in self.by_firm.items() if firm != EVERY_FIRM]
        return every is not None and every.decision == "refused" and "accepted" not in named

    @property
    def refuses_some(self) -> bool:
        """Whether a response of the delivery is refused."""
        return any(d.decision == "refused" for d in self.by_firm.values())


NOTHING_DECIDED = Decisions({})


def read_decisions(folder: Path, deliveries: Sequence[str]) -> dict[str, Decisions]:
    """Delivery -> what amendments.csv of this folder decides about it; UnusableDelivery with every mistake.

    `deliveries` are the hashes that the wave knows, those that arrive now among them.
    """
    path = folder / AMENDMENTS_FILE
    text = list_text(path, folder.parent.parent)
    if text is None:
        return {}
    lines = text.splitlines()
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    reader.fieldnames = [(name or "").strip() for name in reader.fieldnames or []]
    problem = functools.partial(Problem, file=path.name, severity="critical")
    if lacking := [name for name in FIELDS if name not in reader.fieldnames]:
        raise UnusableDelivery(
            problem(
                what=f"the decisions lack the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}",
                line=1,
                expected=", ".join(FIELDS),
                found=", ".join(reader.fieldnames) or "nothing",
                do=f"add them; the firm is a pseudonym, an identifier, or {EVERY_FIRM} for the whole delivery",
            )
        )
    problems: list[Problem] = []
    found: dict[str, dict[str, Decision]] = {}
    for row in reader:
        said = {name: (row.get(name) or "").strip() for name in FIELDS}
        if not any(said.values()):
            continue
        here = functools.partial(problem, line=reader.line_num)
        hits = {d for d in deliveries if len(said["delivery"]) >= LEAST_DIGITS and d.startswith(said["delivery"])}
        if len(hits) != 1:
            digits = f"at least {LEAST_DIGITS} digits of its SHA-256 (`monitor check` shows them)"
            problems.append(
                here(what="the decision names no delivery of this wave", expected=digits, found=said["delivery"])
            )
        if said["decision"] not in DECIDED:
            problems.append(
                here(
                    what="the decision is neither accept nor refuse",
                    firm=said["firm"],
                    expected=", ".join(DECIDED),
                    found=said["decision"],
                )
            )
        problems += [
            here(what=f"a decision needs {name!r}", column=name)
            for name in ("firm", "reason", "who", "when")
            if not said[name]
        ]
        if len(hits) == 1:
            about = found.setdefault(hits.pop(), {})
            if said["firm"] in about:
                first = f"line {about[said['firm']].line}"
                problems.append(here(what="the response is decided about twice", firm=said["firm"], found=first))
            decided = DECIDED.get(said["decision"], "")
            about[said["firm"]] = Decision(said["firm"], decided, said["reason"], reader.line_num)
    if problems:
        raise UnusableDelivery(problems)
    return {delivery: Decisions(about) for delivery, about in found.items()}
