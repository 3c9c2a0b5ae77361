"""What a specification curve turns on: the rows of `modelled_robustness` about its choices.

Belongs here: the share of the curve's variance that each choice explains, and how many specifications lie above and
below zero under each way to make the choice that explains most. Does not belong here: the curve (`specifications`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from monitor.precision import in_words, to_error
from monitor.stages.modelled.answer_words import COMPLEMENTARITY, points, primary_words
from monitor.stages.modelled.robustness import row
from monitor.statistics.decisions.specification_choices import Explained, Side, explained, sides
from monitor.statistics.models.result import Result
from monitor.survey import Survey
from monitor.survey.models import MAIN, Model
from monitor.survey.wording import label_of, quoted_in
from monitor.wording.sentences import number_in, say, sentences

AMONG = 0.01
"""A choice that explains less of the variance than this is not told of"""


def choice_rows(
    survey: Survey, model: Model, found: Sequence[tuple[Mapping[str, str], Result]]
) -> list[dict[str, Any]]:
    """One row for each choice with its share of the variance, and one for each way to make the most telling choice with
    the specifications above and below zero; the first row says it all in a sentence."""
    estimates = np.array([_headline(result) for _, result in found])
    names = list(found[0][0]) if found else []
    choices = {name: [chosen[name] for chosen, _ in found] for name in names}
    varied = {name: levels for name, levels in choices.items() if len(set(levels)) > 1}
    told = explained(estimates, varied) if varied else None
    if told is None or told.specifications < 2 or told.spread == 0:
        return []
    order = sorted(varied, key=lambda name: (-to_error(told.shares[name], None), names.index(name)))
    ways = [side for side in sides(estimates, {order[0]: varied[order[0]]}) if side.specifications]
    sentence = primary_words("by_choice", survey, model, lambda x: _facts(survey, told, order, ways, x))
    rows = [
        row(
            model.name, MAIN, "by_choice", name,
            estimate=to_error(told.shares[name], None),
            **(sentence if name == order[0] else {}),
        )
        for name in order
    ]  # fmt: skip
    return rows + [
        row(
            model.name, MAIN, "by_way", f"{side.choice}: {side.level}",
            estimate=to_error(side.median, None), statistic=float(side.above), bound=float(side.below),
            verdict=COMPLEMENTARITY,
        )
        for side in ways
    ]  # fmt: skip


def _headline(result: Result) -> float:
    """The estimate of a specification's one contrast; NaN where it was refused."""
    place = result.contrasts.at(result.specification.headline) if result.contrasts is not None else None
    return float("nan") if place is None or result.contrasts is None else float(result.contrasts.estimate[place])


def _facts(
    survey: Survey, told: Explained, order: Sequence[str], ways: Sequence[Side], language: str
) -> dict[str, object]:
    def named(name: str) -> str:
        if f"choice_{name}" in sentences("answer"):
            return say("answer", f"choice_{name}", language)
        return say("answer", "choice_measured", language, label=quoted_in(language, label_of(survey, name, language)))

    shares = [
        f"{named(name)} {say('numbers', 'percent', language, value=_rounded(told.shares[name], language))}"
        for name in order
        if told.shares[name] >= AMONG
    ]
    each = [
        say(
            "answer", _way(side), language,
            way=quoted_in(language, label_of(survey, side.level, language)),
            above=side.above, count=side.specifications, median=points(side.median, language),
        )
        for side in ways
    ]  # fmt: skip
    return {
        "count": told.specifications,
        "shares": ", ".join(shares),
        "rest": say("numbers", "percent", language, value=_rounded(told.rest, language)),
        "choice": named(order[0]),
        "ways": "; ".join(each),
    }


def _rounded(share: float, language: str) -> str:
    """A share in whole per cent, without its sign."""
    return number_in(language, in_words(share, 0, factor=100))


def _way(side: Side) -> str:
    """The key of the sentence about one way to make the choice."""
    return "way_all" if side.above == side.specifications else "way" if side.above else "way_none"
