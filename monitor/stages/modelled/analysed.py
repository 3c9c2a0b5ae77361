"""Parts of the stage worked out, or taken as an earlier run worked them out where all that they follow from is the
same.

Belongs here: the one way by which the stage's parts are kept, and what each is handed. Does not belong here: the parts,
keeping (`running.kept`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
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


def once(function: Callable[..., Answer], told: Sequence[Any], content: Sequence[Any]) -> Answer:
    """`function(*told)`; `content`: what it follows from, written down."""
    return kept.share(_called, function, [told], lambda _: digest([function.__qualname__, *content]))[0]


def _called(function: Callable[..., Answer], told: Sequence[Any]) -> Answer:
    return function(*told)


def of_part(
    function: Callable[..., Answer],
    survey: Survey,
    samples: Mapping[str, Sample],
    declared: Mapping[str, Any],
    arguments: Sequence[Any] = (),
    content: Sequence[Any] = (),
    fitted: Sequence[Specification] = (),
) -> Answer:
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
    return once(function, (seen, own, *arguments), [content_hash(seen), of_samples, fitted, content])


def _named(sample: Sample, words: set[str]) -> list[str]:
    """The columns that these words name, bases among them."""
    columns = (*sample.observed.numbers, *sample.observed.categories)
    return sorted(name for name in columns if name in words or name.removeprefix("base_") in words)
