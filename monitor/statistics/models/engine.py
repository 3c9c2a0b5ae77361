"""One specification through every completed copy: checks, fits, contrasts, both variances, Rubin's rules.

Belongs here: the order in which a fit is checked, made and combined. Does not belong here: formulas (`fit`,
`contrasts`, `statistics.imputation.rubin`, the design) or tables.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.statistics.design.intervals import effective_df
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models import contrasts as on_probabilities
from monitor.statistics.models.columns import Columns
from monitor.statistics.models.contrast import MOST_DOSES, of_two_practices
from monitor.statistics.models.contrasts import Contrasts, Plan, evaluate, replicated
from monitor.statistics.models.copies import fit_copies
from monitor.statistics.models.likelihood import Fit
from monitor.statistics.models.notes import note
from monitor.statistics.models.prepare import Prepared, prepare
from monitor.statistics.models.referee import JUDGED, gap_to_statsmodels
from monitor.statistics.models.replicates import replicate_fits
from monitor.statistics.models.result import Estimates, Result
from monitor.statistics.models.sample import Rows, Sample
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.states import firms_of_states
from monitor.statistics.models.terms import Terms

Array = NDArray[np.float64]


def analyse(
    sample: Sample,
    specification: Specification,
    thresholds: Disclosure,
    *,
    replicated_copies: int = 0,
    headline_only: bool = False,
    with_states: bool = False,
    prepared: Prepared | None = None,
) -> Result:
    """Fit one specification on every copy and combine; a refusal with its reason instead where it may not be published.

    Order: `prepare` (unless a `prepared` that fits is given), fits, contrasts, the design's variance by linearisation
    and by replicates (the latter within the first `replicated_copies`), Rubin's rules. `headline_only` leaves out
    terms, every other contrast and statsmodels' opinion (specification curves need no more); `with_states` keeps the
    probabilities of the four states beside it.
    """
    s = specification
    prepared = prepared or prepare(sample, s, thresholds)
    result = prepared.fresh(s)
    layout = result.layout
    if result.refusal is not None or layout is None:
        return result
    chosen, matrices, estimator = prepared.chosen, prepared.matrices, prepared.estimator
    fits = _fit_all(chosen, matrices, sample, s, estimator)
    if estimator == "logit" and not all(fit.converged for fit in fits):
        estimator = "firth"
        result.warnings.append(note("firth_without_estimate"))
        fits = _fit_all(chosen, matrices, sample, s, estimator)
    result.estimator = estimator
    result.converged = all(fit.converged for fit in fits)
    if not result.converged:
        result.refusal = note("no_estimate")
        return result
    if not headline_only and estimator in JUDGED:
        own = _weights(sample, s)[chosen[0].mask]
        result.statsmodels_gap = gap_to_statsmodels(chosen[0].y, matrices[0], own, fits[0].coefficients)
    with_states = s.of_two_practices and (with_states or not headline_only)
    only = (s.headline, *(_states(s) if with_states else ())) if headline_only else None
    plans = [plan_of(r.frame, layout, s, x, only) for r, x in zip(chosen, matrices, strict=True)]
    _combine(result, sample, chosen, matrices, fits, plans, replicated_copies, headline_only, with_states)
    return result


@dataclass(frozen=True)
class Work:
    """Specifications to analyse in a row: each shares the preparation of the one before where that fits."""

    specifications: tuple[Specification, ...]
    thresholds: Disclosure
    replicated_copies: int = 0
    headline_only: bool = False
    with_states: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Every column of a sample that it rests on."""
        return frozenset(name for s in self.specifications for name in s.columns)


def analyse_all(sample: Sample, work: Work) -> list[Result]:
    """`analyse` each specification of a work; nothing of the sample but its columns is there to be read."""
    found, prepared = [], None
    sample = sample.only(work.columns)
    for s in work.specifications:
        if prepared is None or not prepared.fits(s):
            prepared = prepare(sample, s, work.thresholds)
        found.append(
            analyse(
                sample,
                s,
                work.thresholds,
                replicated_copies=work.replicated_copies,
                headline_only=work.headline_only,
                with_states=work.with_states,
                prepared=prepared,
            )
        )
    return found


def _fit_all(
    chosen: Sequence[Rows], matrices: Sequence[Array], sample: Sample, s: Specification, estimator: str
) -> list[Fit]:
    weights = _weights(sample, s)
    own = [weights[r.mask] for r in chosen]
    return fit_copies([r.y for r in chosen], matrices, own, penalised=estimator == "firth")


def _weights(sample: Sample, s: Specification) -> Array:
    return sample.design.weights if s.weighted else np.ones(len(sample.firms))


def plan_of(frame: Columns, layout: Terms, s: Specification, x: Array, only: Collection[str] | None) -> Plan | None:
    """The contrasts that a specification is read for, on one copy's firms; None where it has none. `only`: the names of
    some, which a model of two practices then leaves at."""
    if s.levels is not None:
        return on_probabilities.of_levels(frame, layout, x, s.levels)
    if s.dose is not None:
        return on_probabilities.of_dose(frame, layout, x, s.dose, int(min(frame.numbers[s.dose].max(), MOST_DOSES)))
    if len(s.practices) == 2:
        return on_probabilities.of_practices(frame, layout, x, only)
    if len(s.practices) > 2:
        return on_probabilities.of_many_practices(frame, layout, x)
    return None


def _combine(
    result: Result,
    sample: Sample,
    chosen: Sequence[Rows],
    matrices: Sequence[Array],
    fits: Sequence[Fit],
    plans: Sequence[Plan | None],
    replicated_copies: int,
    headline_only: bool,
    with_states: bool,
) -> None:
    s, k = result.specification, 0 if headline_only else matrices[0].shape[1]
    own = _weights(sample, s)
    first = plans[0]
    names = (*_terms_of(result)[:k], *(first.names if first else ()))
    kinds = ("term",) * k + (first.kinds if first else ())
    nothing = Contrasts(np.empty(0), np.empty((len(fits[0].probabilities), 0)), np.empty((0, 0)))
    freedoms: list[Array] = []
    estimates, influences, spread = [], [], np.zeros((len(sample.firms), len(names)))
    for r, fit, plan in zip(chosen, fits, plans, strict=True):
        inside = evaluate(plan, fit, own[r.mask]) if plan else nothing
        contributions = np.zeros((len(sample.firms), len(names)))
        contributions[r.mask] = np.column_stack([fit.contributions[:, :k], inside.contributions])
        freedoms.append(effective_df(inside.contributions, result.df))
        estimates.append(np.concatenate([fit.coefficients[:k], inside.estimates]))
        influences.append(contributions / sample.design.weights[:, None])
        spread += contributions / len(fits)
    df = np.concatenate([np.full(k, result.df), np.mean(freedoms, axis=0)])
    measured = np.arange(len(names)) >= k
    combined = combine(np.stack(estimates), sample.design.covariances(np.stack(influences)), df, measured=measured)
    replicate_se = np.full(len(names), np.nan)
    if replicated_copies and s.weighted and sample.design.replicates is not None:
        within = _replicate_variance(result, sample, chosen, matrices, fits, plans, replicated_copies, k)
        total = within + (1 + 1 / combined.copies) * np.diag(np.atleast_2d(combined.between))
        replicate_se = np.sqrt(total)
    every = Estimates(
        names, kinds, combined.estimate, np.atleast_2d(combined.variance), combined.df, combined.fmi, replicate_se
    )
    result.terms = None if headline_only else _part(every, slice(0, k))
    states = firms_of_states(sample, chosen, s.practices, own) if with_states else {}
    result.contrasts = (
        replace(_part(every, slice(k, None)), contrasts=first.contrasts, states=states) if first else None
    )
    result.influence = spread[:, k:]
    result.copies = len(fits)


def _states(s: Specification) -> tuple[str, ...]:
    """The names of the four states' probabilities."""
    return tuple(contrast.name for contrast in of_two_practices(*s.practices).values() if contrast.share)


def _terms_of(result: Result) -> tuple[str, ...]:
    return result.layout.names if result.layout is not None else ()


def _replicate_variance(
    result: Result,
    sample: Sample,
    chosen: Sequence[Rows],
    matrices: Sequence[Array],
    fits: Sequence[Fit],
    plans: Sequence[Plan | None],
    copies: int,
    k: int,
) -> Array:
    """(k + Q,) mean over copies of the replicates' variance of the first k terms (all or none) and the contrasts; NaN
    for coefficients that not every replicate has."""
    replicates = sample.design.replicates
    if replicates is None:
        raise ValueError("the design has no replicates")

    def one(i: int) -> tuple[Array, float]:
        weights = replicates[chosen[i].mask]
        fitted = replicate_fits(
            chosen[i].y,
            matrices[i],
            weights,
            sample.design.weights[chosen[i].mask],
            fits[i],
            penalised=result.estimator == "firth",
        )
        plan = plans[i]
        quantities = replicated(plan, fitted.coefficients, weights) if plan else np.empty((0, weights.shape[1]))
        every = np.vstack([fitted.coefficients[:k], quantities]).T
        finite = float(fitted.converged.mean())
        variance = np.diag(sample.design.replicate_covariance(every)).copy()
        if finite < 1:
            # Those without a solution are the tail of the spread: leaving them out would hide it.
            variance[:k] = np.nan
        return variance, finite

    got = [one(i) for i in range(min(len(chosen), copies))]
    finite = min(share for _, share in got)
    if finite < 1 and k:
        result.warnings.append(note("replicates", percent=100 * finite))
    return np.asarray(np.mean([variance for variance, _ in got], axis=0))


def _part(every: Estimates, where: slice) -> Estimates:
    return Estimates(
        every.names[where],
        every.kinds[where],
        every.estimate[where],
        every.covariance[where, where],
        every.df[where],
        every.fmi[where],
        every.se_replicate[where],
    )
