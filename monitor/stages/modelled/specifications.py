"""The specification curve: every combination of declared choices, and what they say together.

Belongs here: running the curve over choices, the joint test, and how a fit's headline stands in a row. Does not belong
here: which choices there are (`survey.models`), thresholds of the outcome (`curves`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from monitor.stages.modelled.analysed import analysed
from monitor.statistics.decisions.specification_choices import DRAWS, CurveTest, curve_test, null_draws
from monitor.statistics.models.engine import Work
from monitor.statistics.models.known import Known
from monitor.statistics.models.result import Estimates, Result
from monitor.statistics.models.sample import Sample
from monitor.survey import Disclosure
from monitor.survey.models import Model
from monitor.wording.notes import sentence

Array = NDArray[np.float64]

Headline: TypeAlias = tuple[Estimates, Array, int]
"""A fit's contrasts, what each firm contributes to them, and which of them is meant"""
IN_A_ROW = 16
"""Specifications that go to one process together: a fifth of a second"""


def specification_curve(
    sample: Sample, model: Model, thresholds: Disclosure, known: Known
) -> list[tuple[dict[str, str], Result]]:
    """Every declared specification, with its choices by name. What is `known` is not fitted again; what differs in
    nothing on this sample (no value was filled in, so imputed and complete are the same) stands in the table all the
    same: it shows all that was declared."""
    every = model.specifications()
    declared = [(choices, s) for choices, s in every if known.result(s) is None]
    # Specifications that differ in their weights alone share rows and terms: they go in a row.
    alike: dict[tuple[str, ...], list[int]] = {}
    for i, (choices, _) in enumerate(declared):
        alike.setdefault(tuple(v for k, v in choices.items() if k != "weights"), []).append(i)
    order = [i for places in alike.values() for i in places]
    works = [
        Work(tuple(declared[i][1] for i in order[at : at + IN_A_ROW]), thresholds, headline_only=True)
        for at in range(0, len(order), IN_A_ROW)
    ]
    known.add(result for results in analysed(sample, works) for result in results)
    return [(choices, known.required(s)) for choices, s in every]


def joint_test(sample: Sample, results: Sequence[Result], rng: np.random.Generator) -> CurveTest | None:
    """All specifications together against no effect in any, resampled as the design varies (`curve_test`); those that
    were refused do not count. None where fewer than two could be fitted."""
    fitted = headlines(results)
    if len(fitted) < 2:
        return None
    estimates = np.array([c.estimate[at] for c, _, at in fitted])
    errors = np.array([c.error[at] for c, _, at in fitted])
    df = np.array([c.df[at] for c, _, at in fitted])
    normals = rng.standard_normal((DRAWS, len(fitted)))
    return curve_test(estimates, errors, df, null_draws(covariance_of(sample, fitted), errors, normals))


def headlines(results: Sequence[Result]) -> list[Headline]:
    """The headline of every result that was not refused."""
    return [
        (r.contrasts, r.influence, place)
        for r in results
        if r.contrasts is not None
        and r.influence is not None
        and (place := r.contrasts.at(r.specification.headline)) is not None
    ]


def covariance_of(sample: Sample, fitted: Sequence[Headline]) -> Array:
    """(S, S) the design's covariance of estimates that share firms."""
    influence = np.column_stack([firms[:, place] for _, firms, place in fitted])
    return np.atleast_2d(sample.design.covariance(influence / sample.design.weights[:, None]))


def specification_rows(
    survey: str, wave: str, model: Model, results: Sequence[tuple[dict[str, str], Result]], known: Known
) -> list[dict[str, Any]]:
    """The rows of `modelled_specifications`: one per declared combination, with every choice in its own column."""
    first, second = model.main.practices[:2]
    return [
        {
            "survey": survey,
            "wave": wave,
            "model": model.name,
            "number": number,
            "practice_a": choices[first],
            "practice_b": choices[second],
            "answers": choices["values"],
            "left_out": choices["without"],
            **{name: choices[name] for name in ("weights", "base", "outcome", "controls")},
            "own_choice": known.same(r.specification, model.main),
            **headline_row(r),
        }
        for number, (choices, r) in enumerate(results, start=1)
    ]


def fit_words(r: Result) -> dict[str, Any]:
    """What a fit rests on, and what to know about it."""
    notes = [r.refusal] if r.refusal else r.warnings
    return {
        "estimator": r.estimator,
        "n": r.n,
        "events": r.events,
        "published": r.refusal is None,
        "warning": "; ".join(sentence(note, "en") for note in notes) or None,
        "warning_nl": "; ".join(sentence(note, "nl") for note in notes) or None,
    }


def headline_row(r: Result) -> dict[str, Any]:
    """Estimate, errors, interval and p-value of a result's headline; NULL where it was refused."""
    row: dict[str, Any] = {"contrast": r.specification.headline, **fit_words(r)}
    c = r.contrasts
    place = c.at(r.specification.headline) if c is not None else None
    if c is not None and place is not None:
        low, high = c.interval()
        row |= {
            "estimate": float(c.estimate[place]),
            "se": float(c.error[place]),
            "se_replicate": float(c.se_replicate[place]),
            "ci_low": float(low[place]),
            "ci_high": float(high[place]),
            "p_value": float(c.p_values()[0][place]),
        }
    return row
