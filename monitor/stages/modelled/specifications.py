"""The specification curve: every combination of declared choices, and what they say together.

Belongs here: running the curve over cuts and over choices, and the joint test. Does not belong here: which choices
there are (`survey.models`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from monitor.running.beside import share
from monitor.statistics.decisions.together import square_root
from monitor.statistics.models.engine import Work, analyse_all
from monitor.statistics.models.known import Known
from monitor.statistics.models.result import Result, p_values
from monitor.statistics.models.sample import Sample
from monitor.survey import Disclosure, Survey
from monitor.survey.models import Model
from monitor.wording.notes import sentence

Array = NDArray[np.float64]

DRAWS = 10_000
"""Draws of the joint test: its p-values are known to about 0.002"""
IN_A_ROW = 16
"""Specifications that go to one process together: a fifth of a second"""
CURVE_COPIES = 1
"""Completed copies within which the replicates' variance of a point of the curve is computed"""


@dataclass(frozen=True)
class Joint:
    """What S specifications say together, against "none of them has an effect"."""

    specifications: int
    positive: float
    """Share of specifications with a positive estimate"""
    significant: float
    """Share whose two-sided p-value is below 5 % in the direction of the median"""
    median: float
    """Median estimate"""
    median_low: float
    median_high: float
    """Its 95 % interval, from the joint distribution of the specifications"""
    p_median: float
    p_share_positive: float
    p_significant: float


def curve(sample: Sample, model: Model, thresholds: Disclosure, known: Known) -> list[Result]:
    """The model's headline at every declared cut of the outcome, with > and with >=; what is `known` is not fitted
    again."""
    cuts = model.cuts()
    works = [
        Work((cut,), thresholds, replicated_copies=CURVE_COPIES, headline_only=True)
        for cut in cuts
        if known.result(cut) is None
    ]
    known.add(result for results in share(analyse_all, sample, works) for result in results)
    return [known.required(cut) for cut in cuts]


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
    known.add(result for results in share(analyse_all, sample, works) for result in results)
    return [(choices, known.required(s)) for choices, s in every]


def joint_test(sample: Sample, results: Sequence[Result], rng: np.random.Generator) -> Joint | None:
    """Test all specifications together against no effect in any (Simonsohn, Simmons and Nelson 2020).

    Their estimates share firms, so they are drawn together: under the null from a normal distribution with mean zero
    and the joint covariance of the S estimates, the design's covariance of their influence functions scaled to each
    specification's own standard error (which holds the imputation as well). p-values are the share of draws at least as
    extreme as the data in the median estimate, in the share that is positive, and in the share that is significant.
    None where fewer than two specifications could be fitted.
    """
    fitted = [
        (r.contrasts, r.influence, place)
        for r in results
        if r.contrasts is not None
        and r.influence is not None
        and (place := r.contrasts.at(r.specification.headline)) is not None
    ]
    if len(fitted) < 2:
        return None
    estimates = np.array([float(c.estimate[place]) for c, _, place in fitted])
    errors = np.array([float(c.se[place]) for c, _, place in fitted])
    df = np.array([float(c.df[place]) for c, _, place in fitted])
    influence = np.column_stack([firms[:, place] for _, firms, place in fitted])
    covariance = sample.design.covariance(influence / sample.design.weights[:, None])
    correlation = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    drawn = (rng.standard_normal((DRAWS, len(fitted))) @ square_root(correlation)) * errors
    side = 1.0 if np.median(estimates) >= 0 else -1.0
    found = _statistics(estimates[None, :], errors, df, side)
    null = _statistics(drawn, errors, df, side)
    other = _statistics(drawn, errors, df, -side)
    # Two-sided: a draw as extreme in the other direction counts too.
    p = [
        float(np.mean((null[i] >= found[i][0] - 1e-12) | (other[i] >= found[i][0] - 1e-12))) for i in range(len(found))
    ]
    medians = np.median(drawn, axis=1)
    spread = np.quantile(medians, [0.025, 0.975])
    median = float(np.median(estimates))
    two_sided, _, _ = p_values(estimates, errors, df)
    return Joint(
        specifications=len(fitted),
        positive=float(np.mean(estimates > 0)),
        significant=float(np.mean((two_sided < 0.05) & (np.sign(estimates) == side))),
        median=median,
        median_low=median - float(spread[1]),
        median_high=median - float(spread[0]),
        p_median=p[0],
        p_share_positive=p[1],
        p_significant=p[2],
    )


def curve_rows(
    survey: Survey, wave: str, model: Model, results: Sequence[Result], known: Known
) -> list[dict[str, Any]]:
    """The rows of `modelled_curve`: one per cut (in the measure's unit, 0..100 for a percentage) and sign. Where no
    firm lies between two cuts they ask the same; the outcome's own is the one its expression ends with."""
    outcome = survey.measures.get(model.main.outcome)
    stated = re.search(r"(>=?)\s*(\d+(?:\.\d+)?)\s*$", outcome.sql if outcome else "")
    return [
        {
            "survey": survey.name,
            "wave": wave,
            "model": model.name,
            "measure": r.specification.outcome,
            "sign": r.specification.sign,
            "cut": r.specification.cut,
            "own_choice": known.same(r.specification, model.main)
            and (stated is None or (stated[1], float(stated[2])) == (r.specification.sign, r.specification.cut)),
            **_headline(r),
        }
        for r in results
    ]


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
            **_headline(r),
        }
        for number, (choices, r) in enumerate(results, start=1)
    ]


def _headline(r: Result) -> dict[str, Any]:
    """Estimate, errors, interval and p-value of a result's only contrast; NULL where it was refused."""
    row: dict[str, Any] = {
        "contrast": r.specification.headline,
        "estimator": r.estimator,
        "n": r.n,
        "events": r.events,
        "published": r.refusal is None,
        "warning": "; ".join(sentence(note, "en") for note in ([r.refusal] if r.refusal else r.warnings)) or None,
        "warning_nl": "; ".join(sentence(note, "nl") for note in ([r.refusal] if r.refusal else r.warnings)) or None,
    }
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
            "p_value": float(p_values(c.estimate, c.error, c.df)[0][place]),
        }
    return row


def _statistics(estimates: Array, errors: Array, df: Array, side: float) -> tuple[Array, Array, Array]:
    """(median, share on the side, share significant on the side) of each row of S estimates."""
    signed = side * estimates
    # A p-value below 5 % is a t beyond its quantile, which is the same for all draws of a specification.
    significant = signed > stdtrit(df, 0.975) * errors
    return (
        np.median(signed, axis=1),
        np.mean(signed > 0, axis=1),
        np.mean(significant, axis=1),
    )
