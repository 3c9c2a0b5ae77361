"""What only several waves together give: pooled models, firm means, the conditional logit.

Belongs here: the order of these parts and their results. Does not belong here: stacking (`panel`), who leaves
(`attrition`), likelihoods (`conditional_logit`).
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np

from monitor.precision import mean_count
from monitor.stages.modelled.modelling import Findings, add_result
from monitor.stages.modelled.over_waves import lagged_result, lagged_rows
from monitor.stages.modelled.panel import WAVE, with_firm_means, with_waves
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.conditional_logit import conditional_logit, within
from monitor.statistics.models.engine import analyse
from monitor.statistics.models.notes import note
from monitor.statistics.models.prepare import reason_of_skip
from monitor.statistics.models.result import Estimates, Result
from monitor.statistics.models.sample import Sample, rows
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.terms import Terms, decide, matrix
from monitor.survey import Disclosure
from monitor.survey.models import Model


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
    result.dropped = mean_count([r.dropped for r in chosen])
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
    result.events = mean_count([r.y[changing].sum() for r, _, changing, _ in kept])
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
