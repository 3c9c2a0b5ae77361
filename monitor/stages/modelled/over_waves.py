"""What several waves say about the primary question: whether they say the same, and practice before outcome.

Belongs here: the test of equal complementarity, and the model with the practices of one wave and the outcome of the
next. Does not belong here: pooled models, firm means, attrition (`pooled`), formulas (`statistics`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.precision import in_words, to_error
from monitor.stages.modelled.answer_words import COMPLEMENTARITY, points, primary_words, told_of
from monitor.stages.modelled.panel import WAVE
from monitor.stages.modelled.robustness import row
from monitor.statistics.decisions.waves_together import covariance_of_designs, waves_together
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.lagged import Lagged, Pairs, initial_condition, lagged, minimum_detectable, pairs
from monitor.statistics.models.notes import note
from monitor.statistics.models.quantities import over_copies
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.terms import Terms, decide, matrix
from monitor.storage.lake import Lake
from monitor.survey import Disclosure, Survey
from monitor.survey.models import LAGGED, MAIN, Model
from monitor.wording.sentences import number_in

Array = NDArray[np.float64]
PRINTED = "modelled_contrasts"
"""What of a wave's own models is held against those of all waves"""


def equal_over_waves(lake: Lake, survey: Survey, samples: Sequence[Sample], model: Model) -> list[dict[str, Any]]:
    """Test that complementarity is the same in every wave, with the covariance that firms in several waves bring.

    Estimates and errors are those the waves print; how far waves move together comes from their influence functions.
    """
    found = []
    for sample in samples:
        printed = lake.read(PRINTED, sample.wave)
        own = printed["model"].eq(model.name) & printed["variant"].eq(MAIN) & printed["contrast"].eq(COMPLEMENTARITY)
        result = analyse(
            sample, replace(model.main, controls=_own_controls(model)), survey.disclosure, headline_only=True
        )
        if own.any() and result.influence is not None and isinstance(sample.design, SurveyDesign):
            line = printed[own].iloc[0]
            influence = result.influence[:, 0] / sample.design.weights
            found.append((float(line["estimate"]), float(line["se"]), float(line["df"]), influence, sample.design))
    if len(found) < 2:
        return []
    estimates, errors, df, influences, designs = zip(*found, strict=True)
    together = waves_together(estimates, covariance_of_designs(designs, influences, errors), df)
    differ = together.differ()
    p = to_error(together.p_value, None)

    def facts(language: str) -> dict[str, object]:
        return {
            "waves": together.waves,
            "statistic": number_in(language, in_words(together.statistic, 2)),
            "p": number_in(language, in_words(p, 3)),
        }

    return [
        row(
            model.name, MAIN, "equal_over_waves", COMPLEMENTARITY,
            estimate=together.pooled, ci_low=together.low, ci_high=together.high, p_value=p,
            statistic=together.statistic, bound=float(together.rank),
            verdict="differ" if differ else "no sign that they differ",
            **primary_words("waves_differ" if differ else "waves_same", survey, model, facts),
        )
    ]  # fmt: skip


def _own_controls(model: Model) -> tuple[str, ...]:
    """The controls of a wave's own model."""
    return tuple(name for name in model.main.controls if name != WAVE)


@dataclass(frozen=True)
class _Followed:
    """One completed copy of the pooled sample, as the lagged model takes it."""

    frame: Columns
    outcome: Array
    """(n,) at t; NaN where the firm did not answer again"""


def lagged_result(sample: Sample, model: Model, thresholds: Disclosure) -> Result:
    """Practices of one wave, outcome of the next, on firms in two successive waves; refused where they are too few."""
    s = replace(model.main, variant=LAGGED)
    result = Result(s, estimator=s.estimator)
    waves = sample.observed.categories[WAVE].codes
    found = pairs(sample.codes, waves)
    needed = (s.outcome, *s.practices, *_own_controls(model))
    if not sample.has(*needed):
        result.refusal = note("not_asked", names=", ".join(needed))
        return result
    copies = [_followed(sample, copy, found, model) for copy in sample.copies]
    known = np.all([_known(c, needed) for c in copies], axis=0)
    mask = np.zeros(len(sample.firms), dtype=bool)
    mask[found.earlier[known]] = True
    frames = [c.frame.take(known, list(c.frame.numbers) + list(c.frame.categories)) for c in copies]
    brought = ("first_outcome", *(f"mean_{name}" for name in s.practices))
    controls = (*s.controls, *brought)
    layout = decide(frames, Terms(s.practices), controls, dict(s.reference), sample.orders, s.level_firms)
    firms = sample.codes[found.earlier[known]]
    df = float(max(len(np.unique(firms)) - len(layout.names), 0))
    each = [
        _fit(c, frame, known, layout, sample.design.weights[mask], firms, df, thresholds, model, sample)
        for c, frame in zip(copies, frames, strict=True)
    ]
    return _combined(result, each, sample, mask, df, layout)


def _followed(sample: Sample, copy: Columns, found: Pairs, model: Model) -> _Followed:
    """The copy's rows of all waves but the last, with what a firm brings along and whether it answered again."""
    s, waves = model.main, sample.observed.categories[WAVE].codes
    practices = {name: copy.numbers[name] for name in s.practices}
    brought = initial_condition(found, sample.codes, waves, copy.numbers[s.outcome], practices)
    earlier = np.zeros(len(sample.firms), dtype=bool)
    earlier[found.earlier] = True
    frame = copy.take(earlier, [s.outcome, *s.practices, *s.controls])
    frame = Columns({**frame.numbers, **brought}, frame.categories, frame.n)
    return _Followed(frame, found.outcome(copy.numbers[s.outcome]))


def _known(c: _Followed, needed: Sequence[str]) -> NDArray[np.bool_]:
    """(n,) rows of which everything is known at t - 1."""
    brought = [name for name in c.frame.numbers if name not in needed]
    return np.asarray(np.all([c.frame.known(name) for name in (*needed, *brought)], axis=0))


def _fit(
    c: _Followed,
    frame: Columns,
    known: NDArray[np.bool_],
    layout: Terms,
    weights: Array,
    firms: NDArray[np.int64],
    df: float,
    thresholds: Disclosure,
    model: Model,
    sample: Sample,
) -> Lagged:
    s = model.main
    x = matrix(frame, layout)
    own = (s.outcome, *s.practices)
    response = decide([frame], Terms(own, products=False), s.controls, dict(s.reference), sample.orders, s.level_firms)
    v = matrix(frame, response)
    return lagged(frame, layout, x, c.outcome[known], v, weights, firms, df, thresholds)


def _combined(
    result: Result, each: Sequence[Lagged], sample: Sample, mask: NDArray[np.bool_], df: float, layout: Terms
) -> Result:
    first = each[0]
    result.n, result.firms = first.followed, first.followed
    result.df, result.layout, result.estimator = df, layout, first.estimator or result.estimator
    refused = next((found.refusal for found in each if found.quantities is None), None)
    parts = [found.quantities for found in each if found.quantities is not None]
    if refused is not None or len(parts) < len(each):
        result.refusal = refused or note("no_estimate")
        return result
    result.contrasts = over_copies(parts, [mask] * len(parts), sample.design, df)
    result.converged, result.copies = True, len(parts)
    return result


def lagged_rows(survey: Survey, model: Model, result: Result) -> list[dict[str, Any]]:
    """What the lagged model says in a sentence, with its minimum detectable effect."""
    if result.contrasts is None:
        return []
    told = told_of(result.contrasts, COMPLEMENTARITY)
    least = to_error(minimum_detectable(result.contrasts), None)
    decided = told["low"] > 0 or told["high"] < 0

    def facts(language: str) -> dict[str, object]:
        return {key: points(told[key], language) for key in ("estimate", "low", "high")} | {
            "firms": result.firms,
            "least": points(least, language, signed=False),
        }

    return [
        row(
            model.name, LAGGED, "lagged", COMPLEMENTARITY,
            estimate=told["estimate"], ci_low=told["low"], ci_high=told["high"], bound=least,
            verdict="decided" if decided else "undecided",
            **primary_words("lagged_decided" if decided else "lagged_undecided", survey, model, facts),
        )
    ]  # fmt: skip
