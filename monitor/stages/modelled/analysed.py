"""Parts of the stage worked out side by side, or taken as an earlier run worked them out where all that they follow
from is the same.

Who needs parts asks for them: a generator yields them, is sent their answers, and returns what it makes of these.
`together` runs several, so that parts of which none rests on another are shared by all processors.

Belongs here: the one way by which the stage's parts are kept and shared, and what each is handed. Does not belong here:
the parts, keeping (`running.kept`), who works (`running.beside`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor.running import kept
from monitor.statistics.models.content import Contents, digest
from monitor.statistics.models.engine import Work, analyse_all
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.survey import Survey
from monitor.survey.content import content_hash
from monitor.survey.seen import narrowed

Answer = TypeVar("Answer")


def analysed(sample: Sample, works: Sequence[Work]) -> list[list[Result]]:
    """The results of each work's specifications, in their order."""
    return kept.share(analyse_all, sample, works, Contents(sample).of)


@dataclass(frozen=True)
class Part:
    """A work of which nothing else is needed than its answer."""

    function: Callable[..., Any]
    told: tuple[Any, ...]
    content: tuple[Any, ...]
    """What the answer follows from"""

    def written(self) -> bytes:
        """What the answer follows from, written down."""
        return digest([self.function.__qualname__, *self.content])


Asking = Generator[Sequence[Part], Any, Answer]
"""Asks for parts, and returns what it makes of their answers"""


def together(*asking: Asking[Any]) -> list[Any]:
    """What each of these returns; the parts that they ask for at the same time are worked out side by side."""
    returned: dict[int, Any] = {}
    answers: dict[int, list[Any] | None] = dict.fromkeys(range(len(asking)))
    while answers:
        asked: dict[int, Sequence[Part]] = {}
        for place, answer in answers.items():
            try:
                asked[place] = asking[place].send(answer)
            except StopIteration as stopped:
                returned[place] = stopped.value
        found = iter(kept.share(_called, None, [part for parts in asked.values() for part in parts], Part.written))
        answers = {place: [next(found) for _ in parts] for place, parts in asked.items()}
    return [returned[place] for place in range(len(asking))]


def _called(_: None, part: Part) -> Any:
    return part.function(*part.told)


def part_of(
    function: Callable[..., Any],
    survey: Survey,
    samples: Mapping[str, Sample],
    declared: Mapping[str, Any],
    arguments: Sequence[Any] = (),
    content: Sequence[Any] = (),
    fitted: Sequence[Specification] = (),
) -> Part:
    """`function(survey, samples, *arguments)`, handed no more of the survey than these fields and the measures that
    they name, and of the samples the columns that fields and specifications name.

    `content`: what it follows from beside survey and samples; `fitted`: specifications it goes on from, which may have
    terms that the survey does not declare.
    """
    seen = narrowed(survey, **declared)
    words = set(re.findall(r"\w+", repr((declared, fitted))))
    names = {wave: _named(sample, words) for wave, sample in samples.items()}
    of_samples = [[wave, Contents(sample).of_columns(names[wave])] for wave, sample in samples.items()]
    own = {wave: sample.only(names[wave]) for wave, sample in samples.items()}
    return Part(function, (seen, own, *arguments), (content_hash(seen), of_samples, fitted, content))


def _named(sample: Sample, words: set[str]) -> list[str]:
    """The columns that these words name, bases among them."""
    columns = (*sample.observed.numbers, *sample.observed.categories)
    return sorted(name for name in columns if name in words or name.removeprefix("base_") in words)
