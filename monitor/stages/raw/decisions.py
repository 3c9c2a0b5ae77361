"""What the data engineer decides about amended responses, as written in amendments.csv.

Belongs here: reading the decisions; every mistake in them at once. Does not belong here: which responses a delivery
amends (`amendments`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.problems import Problem, UnusableDelivery
from monitor.survey.inbox import list_rows, list_text

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
    heading, rows = list_rows(text, FIELDS)
    if lacking := [name for name in FIELDS if name not in heading]:
        raise UnusableDelivery(
            Problem(
                what=f"the decisions lack the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}",
                file=AMENDMENTS_FILE,
                line=1,
                severity="critical",
                expected=", ".join(FIELDS),
                found=", ".join(heading) or "nothing",
                do=f"add them; the firm is a pseudonym, an identifier, or {EVERY_FIRM} for the whole delivery",
            )
        )
    problems: list[Problem] = []
    found: dict[str, dict[str, Decision]] = {}
    for line, said in rows:
        named = len(said["delivery"]) >= LEAST_DIGITS
        hits = {delivery for delivery in deliveries if named and delivery.startswith(said["delivery"])}
        about = found.setdefault(hits.pop(), {}) if len(hits) == 1 else None
        problems += _wrong(said, line, about)
        if about is not None:
            decided = DECIDED.get(said["decision"], "")
            about[said["firm"]] = Decision(said["firm"], decided, said["reason"], line)
    if problems:
        raise UnusableDelivery(problems)
    return {delivery: Decisions(about) for delivery, about in found.items()}


def _wrong(said: Mapping[str, str], line: int, about: Mapping[str, Decision] | None) -> Iterator[Problem]:
    """What is wrong with a row; `about` is what rows before it decided of its delivery, None where it names none."""
    problem = functools.partial(Problem, file=AMENDMENTS_FILE, line=line, severity="critical")
    if about is None:
        digits = f"at least {LEAST_DIGITS} digits of its SHA-256 (`monitor check` shows them)"
        yield problem("the decision names no delivery of this wave", expected=digits, found=said["delivery"])
    if said["decision"] not in DECIDED:
        yield problem(
            "the decision is neither accept nor refuse",
            firm=said["firm"],
            expected=", ".join(DECIDED),
            found=said["decision"],
        )
    for name in ("firm", "reason", "who", "when"):
        if not said[name]:
            yield problem(f"a decision needs {name!r}", column=name)
    if about is not None and said["firm"] in about:
        first = f"line {about[said['firm']].line}"
        yield problem("the response is decided about twice", firm=said["firm"], found=first)
