"""One specification through every completed copy: checks, fits, contrasts, both variances, Rubin's rules.

Belongs here: the order in which a fit is checked, made and combined. Does not belong here: formulas (`fit`,
`contrasts`, `monitor.rubin`, the design) or tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from monitor.modelled import contrasts as on_probabilities
from monitor.modelled.checks import Refusal, reason_to_refuse, separated_terms
from monitor.modelled.columns import Columns
from monitor.modelled.contrasts import Contrasts, Plan, evaluate, replicated
from monitor.modelled.fit import Fit, firth, flic, maximum_likelihood, replicate_fits
from monitor.modelled.power import detectable
from monitor.modelled.registry import Specification
from monitor.modelled.sample import Rows, Sample, rows
from monitor.modelled.terms import Terms, decide, matrix
from monitor.rubin import combine
from monitor.survey import Disclosure

Array = NDArray[np.float64]

LEVEL = 0.95
THREADS = 2


@dataclass(frozen=True)
class Estimates:
    """k named quantities with their combined uncertainty; arrays are (k,), covariance (k, k)."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    """`term` (log-odds), `share` or `difference`"""
    estimate: Array
    covariance: Array
    df: Array
    fmi: Array
    se_replicate: Array
    """Total standard error with the replicates' variance within copies; NaN where there are none"""

    @property
    def se(self) -> Array:
        """(k,) standard errors by linearisation."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def error(self) -> Array:
        """(k,) the standard errors that decide: of contrasts the larger of the two routes, because where events are
        few linearisation misses what curvature adds (benchmarks/models.py); of terms the linearised ones."""
        terms = np.array([kind == "term" for kind in self.kinds], dtype=bool)
        return np.where(terms, self.se, np.fmax(self.se, self.se_replicate))

    def interval(self, level: float = LEVEL) -> tuple[Array, Array]:
        """(k,), (k,) bounds: Student's t, on the logit scale for shares."""
        return bounds(self.estimate, self.error, self.df, np.array(self.kinds) == on_probabilities.SHARES, level)

    def at(self, name: str) -> int | None:
        """Where a quantity stands, if it does."""
        return self.names.index(name) if name in self.names else None


@dataclass
class Result:
    """What came of one specification."""

    specification: Specification
    n: int = 0
    events: int | None = None
    dropped: int = 0
    routed: int = 0
    df: float = float("nan")
    estimator: str = ""
    converged: bool = False
    refusal: Refusal | None = None
    warnings: list[Refusal] = field(default_factory=list)
    terms: Estimates | None = None
    contrasts: Estimates | None = None
    influence: Array | None = None
    """(n_all, Q) mean over copies of what each firm contributes to the contrasts"""
    between: Array | None = None
    """(m, Q) the contrasts of each copy"""
    layout: Terms | None = None

    @property
    def minimum_detectable_effect(self) -> float:
        """Smallest true value of the headline contrast that a two-sided test at 5 % finds with 80 % power:
        (t_{.975} + t_{.8}) se, se from the design; NaN where the model has none."""
        if self.contrasts is None:
            return float("nan")
        place = self.contrasts.at(self.specification.headline)
        if place is None:
            return float("nan")
        return detectable(float(self.contrasts.error[place]), float(self.contrasts.df[place]))


def analyse(
    sample: Sample,
    specification: Specification,
    thresholds: Disclosure,
    *,
    replicated_copies: int = 0,
    headline_only: bool = False,
) -> Result:
    """Fit one specification on every copy and combine; a refusal with its reason instead where it may not be published.

    Order: rows of the base, refusals, separation and few events (then Firth with FLIC), fits, contrasts, the design's
    variance by linearisation and by replicates (the latter within the first `replicated_copies`), Rubin's rules.
    `headline_only` leaves out terms and every other contrast (curves and specification curves need no more).
    """
    s = specification
    result = Result(s, estimator=s.estimator)
    copies = [sample.observed] if s.complete_cases else list(sample.copies)
    needed = [s.outcome, *s.practices, *filter(None, (s.dose, s.levels)), *s.controls]
    unknown = [name for name in dict.fromkeys(needed) if not sample.has(name)]
    if f"base_{s.base}" not in sample.observed:
        unknown.append(s.base)
    if unknown:
        names = ", ".join(unknown)
        result.refusal = Refusal(f"niet gevraagd in deze golf: {names}", f"not asked in this wave: {names}")
        return result
    chosen = [rows(sample, copy, s) for copy in copies]
    _describe(result, chosen)
    constant = _constant(chosen, s)
    layout = _layout(chosen, s, sample)
    if result.n:
        layout = decide(
            [r.frame for r in chosen], layout, [*s.controls, *filter(None, (s.levels,))], _references(s),
            _orders(s, sample), s.level_firms,
        )  # fmt: skip
    result.layout = layout
    k = len(layout.names)
    domain = np.any([r.mask for r in chosen], axis=0)
    result.df = float(max(min(sample.design.degrees_of_freedom(domain) + 1 - k, result.n - k), 0))
    rarer = None if result.events is None else min(result.events, result.n - result.events)
    states = set(layout.states)
    result.refusal = reason_to_refuse(
        result.n,
        rarer,
        result.df,
        constant,
        _empty_states(chosen, s),
        [name for name in layout.dropped if name in states],
        thresholds.minimum_events,
        thresholds.minimum_df,
        thresholds.minimum_firms,
    )
    if result.refusal is not None:
        return result
    _warn_of_layout(result, layout)
    matrices = [matrix(r.frame, layout) for r in chosen]
    estimator = _estimator(result, chosen, matrices, layout, rarer)
    fits = _fit_all(chosen, matrices, sample, s, estimator)
    if estimator == "logit" and not all(fit.converged for fit in fits):
        estimator = "firth"
        result.warnings.append(Refusal("geen eindige schatting: Firth", "no finite estimate: Firth's estimator"))
        fits = _fit_all(chosen, matrices, sample, s, estimator)
    result.estimator = estimator
    result.converged = all(fit.converged for fit in fits)
    if not result.converged:
        result.refusal = Refusal("geen eindige schatting", "no finite estimate")
        return result
    only = s.headline if headline_only else None
    plans = [_plan(r.frame, layout, s, x, only) for r, x in zip(chosen, matrices, strict=True)]
    _combine(result, sample, chosen, matrices, fits, plans, replicated_copies, headline_only)
    return result


def effective_df(contributions: Array, most: float) -> Array:
    """(Q,) degrees of freedom of the variance of each contrast: 2 V^2 / Var(V), V = sum of the squared contributions.

    A rare outcome's variance is carried by its few events, and is as uncertain as they are few; a t with the firms'
    number of degrees of freedom would not know (Satterthwaite 1946). Var(V) = sum e^4 - (sum e^2)^2 / n, so that normal
    contributions give about n. At most the design's `most`, at least 2.
    """
    e = contributions - contributions.mean(axis=0)
    second, fourth = (e**2).sum(axis=0), (e**4).sum(axis=0)
    spread = fourth - second**2 / max(len(e), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(spread > 0, 2 * second**2 / spread, most)
    return np.asarray(np.clip(found, 2.0, max(most, 2.0)))


def bounds(estimate: Array, se: Array, df: Array, share: NDArray[np.bool_], level: float) -> tuple[Array, Array]:
    """Interval with Student's t; for shares strictly between 0 and 1 on the logit scale, se / (p (1 - p))."""
    t = stdtrit(df, 0.5 + level / 2)
    low, high = estimate - t * se, estimate + t * se
    inside = share & (estimate > 0) & (estimate < 1)
    p = np.where(inside, estimate, 0.5)
    half = t * se / (p * (1 - p))
    centre = np.log(p / (1 - p))
    return (
        np.where(inside, 1 / (1 + np.exp(-(centre - half))), low),
        np.where(inside, 1 / (1 + np.exp(-(centre + half))), high),
    )


def p_values(estimate: Array, se: Array, df: Array) -> tuple[Array, Array, Array]:
    """(two-sided, that it is greater than zero, that it is less than zero), each the p-value of its test."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.asarray(estimate) / np.asarray(se)
    less = stdtr(df, t)
    greater = stdtr(df, -t)
    return 2 * np.minimum(less, greater), greater, less


def _describe(result: Result, chosen: Sequence[Rows]) -> None:
    result.n = round(float(np.mean([r.mask.sum() for r in chosen])))
    result.dropped = round(float(np.mean([r.dropped for r in chosen])))
    result.routed = max(r.routed for r in chosen)
    if result.specification.estimator != "fractional_logit":
        result.events = round(float(np.mean([r.y.sum() for r in chosen])))
    if result.routed:
        result.warnings.append(
            Refusal(
                f"{result.routed} bedrijven buiten de basis: niet gevraagd naar een praktijk, hun 'nee' is routering",
                f"{result.routed} firms kept out of the base: never asked about a practice, their 'no' is routing",
            )
        )


def _constant(chosen: Sequence[Rows], s: Specification) -> list[str]:
    if any(len(r.y) == 0 for r in chosen):
        return []
    found = [s.outcome] if any(np.ptp(r.y) == 0 for r in chosen) else []
    for name in (*s.practices, *filter(None, (s.dose, s.levels))):
        if any(r.frame.distinct(name) < 2 for r in chosen):
            found.append(name)
    return found


def _layout(chosen: Sequence[Rows], s: Specification, sample: Sample) -> Terms:
    if s.levels is not None:
        return Terms(practices=(), products=False)
    if s.dose is not None:
        return Terms(practices=(s.dose, *s.practices), products=False, squares=(s.dose,))
    return Terms(practices=s.practices)


def _references(s: Specification) -> dict[str, str]:
    references = dict(s.reference)
    if s.levels is not None and s.order:
        references[s.levels] = s.order[0]
    return references


def _orders(s: Specification, sample: Sample) -> dict[str, tuple[str, ...]]:
    orders = dict(sample.orders)
    if s.levels is not None:
        orders[s.levels] = s.order
    return orders


def _empty_states(chosen: Sequence[Rows], s: Specification) -> list[str]:
    """Combinations of practices that no firm has: their probability is not in the data."""
    if s.levels is not None or s.dose is not None or len(s.practices) < 2:
        return []
    empty: set[str] = set()
    for r in chosen:
        values = np.column_stack([r.frame.numbers[name] for name in s.practices])
        seen = set((values @ 2 ** np.arange(len(s.practices))).astype(int).tolist())
        for number in range(2 ** len(s.practices)):
            setting = tuple((number >> j) & 1 for j in range(len(s.practices)))
            if number not in seen:
                present = [name for name, value in zip(s.practices, setting, strict=True) if value]
                empty.add(" + ".join(present) or "none of " + ", ".join(s.practices))
    return sorted(empty)


def _warn_of_layout(result: Result, layout: Terms) -> None:
    for name, codes in layout.merged.items():
        which = ", ".join(codes)
        fewest = result.specification.level_firms
        reference = layout.levels[name][0]
        result.warnings.append(
            Refusal(
                f"{name}: {which} bij {reference} geteld (minder dan {fewest} bedrijven)",
                f"{name}: {which} counted with {reference} (fewer than {fewest} firms)",
            )
        )
    if layout.dropped:
        which = ", ".join(layout.dropped)
        result.warnings.append(
            Refusal(f"weggelaten wegens samenhang met andere termen: {which}", f"left out as collinear: {which}")
        )


def _estimator(
    result: Result, chosen: Sequence[Rows], matrices: Sequence[Array], layout: Terms, rarer: int | None
) -> str:
    """The declared estimator, or Firth's where events are few or the ordinary likelihood has no maximum."""
    declared = result.specification.estimator
    if declared != "logit" or rarer is None:
        return declared
    per_term = rarer / len(layout.names)
    if per_term < result.specification.events_per_term:
        result.warnings.append(
            Refusal(
                f"{per_term:.1f} gebeurtenissen per term: Firth met FLIC",
                f"{per_term:.1f} events per term: Firth's estimator with FLIC",
            )
        )
        return "firth"
    separated = separated_terms(chosen[0].y, matrices[0], layout.names)
    if separated:
        which = ", ".join(separated)
        result.warnings.append(
            Refusal(
                f"volledige of gedeeltelijke scheiding ({which}): Firth met FLIC",
                f"separation ({which}): Firth's estimator with FLIC",
            )
        )
        return "firth"
    return "logit"


def _fit_all(
    chosen: Sequence[Rows], matrices: Sequence[Array], sample: Sample, s: Specification, estimator: str
) -> list[Fit]:
    fits: list[Fit] = []
    weights = _weights(sample, s)
    for r, x in zip(chosen, matrices, strict=True):
        w = weights[r.mask]
        # Copies differ in few firms: each starts from where the one before it ended.
        start = fits[-1].coefficients if fits and fits[-1].converged else None
        if estimator == "firth":
            fits.append(flic(firth(r.y, x, w, start), r.y, x, w))
        else:
            fits.append(maximum_likelihood(r.y, x, w, start))
    return fits


def _weights(sample: Sample, s: Specification) -> Array:
    return sample.design.weights if s.weighted else np.ones(len(sample.firms))


def _plan(frame: Columns, layout: Terms, s: Specification, x: Array, only: str | None) -> Plan | None:
    if s.levels is not None:
        return on_probabilities.of_levels(frame, layout, x, s.levels)
    if s.dose is not None:
        return on_probabilities.of_dose(frame, layout, x, s.dose, int(min(frame.numbers[s.dose].max(), 5)))
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
    combined = combine(np.stack(estimates), _covariances(sample, influences), df)
    replicate_se = np.full(len(names), np.nan)
    if replicated_copies and s.weighted and sample.design.replicates is not None:
        within = _replicate_variance(result, sample, chosen, matrices, fits, plans, replicated_copies, k)
        total = within + (1 + 1 / combined.copies) * np.diag(np.atleast_2d(combined.between))
        replicate_se = np.sqrt(total)
    every = Estimates(
        names, kinds, combined.estimate, np.atleast_2d(combined.variance), combined.df, combined.fmi, replicate_se
    )
    result.terms = None if headline_only else _part(every, slice(0, k))
    result.contrasts = _part(every, slice(k, None)) if first else None
    result.influence = spread[:, k:]
    result.between = np.stack(estimates)[:, k:]


def _covariances(sample: Sample, influences: Sequence[Array]) -> Array:
    """(m, q, q) design covariance of each copy's quantities; few of them go through the design all copies at once."""
    q = influences[0].shape[1]
    if q > 3:
        return np.stack([sample.design.covariance(influence) for influence in influences])
    joint = sample.design.covariance(np.column_stack(influences))
    return np.stack([joint[i * q : (i + 1) * q, i * q : (i + 1) * q] for i in range(len(influences))])


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

    # Long array products let go of the interpreter: two copies at a time use both cores.
    with ThreadPoolExecutor(THREADS) as pool:
        got = list(pool.map(one, range(min(len(chosen), copies))))
    finite = min(share for _, share in got)
    if finite < 1 and k:
        result.warnings.append(
            Refusal(
                f"eindige coëfficiënten in {100 * finite:.1f} % van de replicaten: geen replicatenfout voor termen",
                f"finite coefficients in {100 * finite:.1f} % of the replicates: no replicate error for terms",
            )
        )
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
