"""What only several waves together give: pooled models, firm means, the conditional logit, attrition.

Belongs here: the order of these parts and their results. Does not belong here: stacking (`panel`) or likelihoods
(`conditional`, `fit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from scipy.special import fdtrc, stdtrit

from monitor.precision import in_words, to_error
from monitor.stages.modelled.modelling import Findings, add_result
from monitor.stages.modelled.over_waves import lagged_result, lagged_rows
from monitor.stages.modelled.panel import WAVE, with_answers_again, with_firm_means, with_waves
from monitor.stages.modelled.robustness import notes, row
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.conditional_logit import conditional_logit, within
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.likelihood import maximum_likelihood
from monitor.statistics.models.notes import note
from monitor.statistics.models.prepare import reason_of_skip
from monitor.statistics.models.result import LEVEL, Estimates, Result
from monitor.statistics.models.sample import Sample, rows
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.terms import Terms, decide, matrix
from monitor.survey import Disclosure, Survey
from monitor.survey.models import Model
from monitor.survey.wording import label_of, quoted_in
from monitor.wording.sentences import LANGUAGES


def pooled_model(model: Model) -> Model:
    """The model with wave effects in every variant and choice."""
    choices = model.choices
    if choices is not None:
        choices = replace(choices, controls={name: (*listed, WAVE) for name, listed in choices.controls.items()})
    return replace(model, main=with_waves(model.main), choices=choices)


def fit_panel(findings: Findings, model: Model) -> None:
    """Firm means (Mundlak) and the conditional logit of a primary model of two practices."""
    started = perf_counter()
    sample, thresholds = findings.sample, findings.survey.disclosure
    richer, specification, switching = with_firm_means(sample, model.main)
    if switching < thresholds.minimum_firms:
        result = Result(specification, estimator=specification.estimator)
        result.refusal = note("few_changers", least=thresholds.minimum_firms)
    else:
        result = analyse(richer, specification, thresholds, replicated_copies=1)
    add_result(findings, result)
    add_result(findings, conditional_result(sample, model.main, thresholds))
    findings.timed("panel", started)


def follow(findings: Findings, model: Model) -> None:
    """The practices of one wave and the outcome of the next."""
    started = perf_counter()
    result = lagged_result(findings.sample, model, findings.survey.disclosure)
    add_result(findings, result)
    findings.add_robustness(lagged_rows(findings.survey, model, result))
    findings.timed("lagged", started)


def conditional_result(sample: Sample, specification: Specification, thresholds: Disclosure) -> Result:
    """The conditional logit of practices, their product and wave effects, unweighted; combined over copies.

    Refused where fewer firms than `minimum_events` change their outcome between waves.
    """
    s = replace(
        specification, variant="conditional_logit", estimator="conditional_logit", controls=(WAVE,), weighted=False
    )
    result = Result(s, estimator=s.estimator)
    chosen = [rows(sample, copy, s) for copy in sample.copies]
    result.dropped = round(float(np.mean([r.dropped for r in chosen])))
    codes = sample.codes
    frames = [r.frame for r in chosen]
    layout = decide(frames, Terms(s.practices), (WAVE,), {}, sample.orders, 1)
    kept = []
    for r in chosen:
        x = matrix(r.frame, layout)[:, 1:]
        changing, columns = within(r.y, x, codes[r.mask])
        kept.append((r, x, changing, columns))
    columns = np.all([found for _, _, _, found in kept], axis=0)
    names = tuple(name for name, keep in zip(layout.names[1:], columns, strict=True) if keep)
    switching = min(len(np.unique(codes[r.mask][changing])) for r, _, changing, _ in kept)
    result.refusal = reason_of_skip(sample, s)
    result.count([np.unique(codes[r.mask][changing], return_counts=True)[1] for r, _, changing, _ in kept])
    result.events = round(float(np.mean([r.y[changing].sum() for r, _, changing, _ in kept])))
    result.df = float(max(switching - len(names), 0))
    if result.refusal is not None:
        return result
    if switching < thresholds.minimum_events:
        result.refusal = note("few_switchers", least=thresholds.minimum_events)
        return result
    if not set(s.practices) & set(names) or result.df < 1:
        result.refusal = note("no_practice_changes")
        return result
    fits = [
        conditional_logit(r.y[changing], x[changing][:, columns], codes[r.mask][changing]) for r, x, changing, _ in kept
    ]
    if not all(fit.converged for fit in fits):
        result.refusal = note("no_estimate")
        return result
    result.converged = True
    result.copies = len(fits)
    both = combine(np.stack([fit.coefficients for fit in fits]), np.stack([fit.covariance for fit in fits]), result.df)
    result.terms = Estimates(
        names,
        ("term",) * len(names),
        both.estimate,
        np.atleast_2d(both.variance),
        both.df,
        both.fmi,
        np.full(len(names), np.nan),
    )
    result.warnings.append(note("switchers", firms=result.firms))
    return result


def attrition_rows(findings: Findings, samples: Sequence[Sample], model: Model) -> None:
    """For each wave but the last: does answering again go with outcome and practices? A joint Wald test (F) of the
    three, in a design-weighted logit with the model's controls (after Becketti, Gould, Lillard and Welch 1988)."""
    started = perf_counter()
    for sample, following in pairwise(samples):
        extended = with_answers_again(sample, following)
        thresholds = findings.survey.disclosure
        findings.add_robustness(_attrition(extended, following.wave, model.main, thresholds, findings.survey))
    findings.timed("attrition", started)


def _attrition(
    sample: Sample, following: str, main: Specification, thresholds: Disclosure, survey: Survey
) -> list[dict[str, Any]]:
    subjects = (main.outcome, *main.practices)
    if not sample.has(*subjects):
        return []
    controls = tuple(name for name in main.controls if name != WAVE)
    s = replace(main, outcome="answers_again", practices=subjects, controls=controls, estimator="logit")
    # Here every firm of the wave counts: an outcome that follows from the routing describes a firm like any other.
    everyone = replace(sample, routed={})
    chosen = [rows(everyone, copy, s) for copy in sample.copies]
    if min(min(r.y.sum(), (1 - r.y).sum()) for r in chosen) < thresholds.minimum_events:
        return []
    layout = decide(
        [r.frame for r in chosen],
        Terms(subjects, products=False),
        s.controls,
        s.reference,
        sample.orders,
        s.level_firms,
    )
    estimates, covariances = [], []
    w = sample.design.weights
    for r in chosen:
        x = matrix(r.frame, layout)
        fit = maximum_likelihood(r.y, x, w[r.mask])
        if not fit.converged:
            return []
        influence = np.zeros((len(w), x.shape[1]))
        influence[r.mask] = fit.contributions / w[r.mask][:, None]
        estimates.append(fit.coefficients)
        covariances.append(sample.design.covariance(influence))
    df = float(sample.design.degrees_of_freedom(chosen[0].mask) + 1 - len(layout.names))
    both = combine(np.stack(estimates), np.stack(covariances), df)
    places = [layout.names.index(name) for name in subjects if name in layout.names]
    b, v = both.estimate[places], both.variance[np.ix_(places, places)]
    wald = float(b @ np.linalg.solve(v, b)) / len(places)
    p = float(fdtrc(len(places), df, wald))
    weighted = 100 * float(np.mean([np.average(r.y, weights=w[r.mask]) for r in chosen]))
    plain = 100 * float(np.mean([r.y.mean() for r in chosen]))
    waves = {"wave": sample.wave, "following": following}
    again = {"plain": in_words(plain, 1), "weighted": in_words(weighted, 1)}
    t = float(stdtrit(df, 0.5 + LEVEL / 2))
    found = []
    for name, at in zip(subjects, places, strict=False):
        estimate, se = float(both.estimate[at]), float(both.se[at])
        told = {key: to_error(estimate + sign * t * se, se) for key, sign in (("odds", 0), ("low", -1), ("high", 1))}
        numbers = {
            **again,
            **{key: in_words(float(np.exp(value)), 2) for key, value in told.items()},
            "p": in_words(p, 3),
        }
        found.append(
            row(
                main.model,
                f"{sample.wave} to {following}",
                "attrition",
                f"{sample.wave} to {following}: {name}",
                estimate=told["odds"],
                ci_low=told["low"],
                ci_high=told["high"],
                p_value=p,
                statistic=wald,
                verdict="goes with answering again" if to_error(p, None) < 0.05 else "no sign of selective attrition",
                **notes(
                    "attrition", numbers, **waves, of={x: quoted_in(x, label_of(survey, name, x)) for x in LANGUAGES}
                ),
            )
        )
    return found
