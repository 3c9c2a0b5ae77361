"""Before a fit: the rows of every copy, the design matrix, and whether and how the model may be fitted.

Belongs here: choosing rows, deciding terms, refusing, choosing the estimator. Does not belong here: fitting (`engine`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.precision import mean_count
from monitor.statistics.disclosure.thresholds import Disclosure
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Rows, Sample, rows
from monitor.statistics.models.separation import reason_to_refuse, separated_terms
from monitor.statistics.models.specification import EVERY, Specification
from monitor.statistics.models.terms import Terms, decide, matrix

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """A specification ready to be fitted on every copy; `result` says so, or carries the refusal."""

    result: Result
    chosen: tuple[Rows, ...] = ()
    matrices: tuple[Array, ...] = ()
    """(n, k) per copy"""
    estimator: str = ""

    def fits(self, specification: Specification) -> bool:
        """Whether another specification has the same rows and terms: it may differ in its weights and its name."""
        mine = self.result.specification
        return replace(specification, weighted=mine.weighted, variant=mine.variant) == mine

    def fresh(self, specification: Specification) -> Result:
        """A result of its own for a specification that this preparation fits."""
        return replace(self.result, specification=specification, warnings=list(self.result.warnings))


def prepare(sample: Sample, s: Specification, thresholds: Disclosure) -> Prepared:
    """Rows, terms, refusals, separation and few events, in that order."""
    result = Result(s, estimator=s.estimator)
    copies = [sample.observed] if s.complete_cases else list(sample.copies)
    needed = [s.outcome, *s.practices, *filter(None, (s.dose, s.levels)), *s.controls]
    needed += [] if s.without == EVERY else [s.without]
    unknown = [name for name in dict.fromkeys(needed) if not sample.has(name)]
    if f"base_{s.base}" not in sample.observed:
        unknown.append(s.base)
    if unknown:
        names = ", ".join(unknown)
        result.refusal = note("not_asked", names=names)
        return Prepared(result)
    chosen = [rows(sample, copy, s) for copy in copies]
    _describe(result, sample, chosen)
    constant = _constant(chosen, s)
    layout = _layout(s)
    if result.n:
        controls = [*s.controls, *filter(None, (s.levels,))]
        frames = [r.frame for r in chosen]
        layout = decide(frames, layout, controls, _references(s), _orders(s, sample), s.level_firms)
    result.layout = layout
    k = len(layout.names)
    domain = np.any([r.mask for r in chosen], axis=0)
    result.df = float(max(min(sample.design.degrees_of_freedom(domain) + 1 - k, result.n - k), 0))
    rarer = None if result.events is None else min(result.events, result.n - result.events)
    result.refusal = reason_of_skip(sample, s) or reason_to_refuse(
        result.n,
        rarer,
        result.df,
        constant,
        _empty_states(chosen, s),
        [name for name in layout.dropped if name in layout.states],
        thresholds.minimum_events,
        thresholds.minimum_df,
        thresholds.minimum_firms,
    )
    if result.refusal is not None:
        return Prepared(result)
    _warn_of_layout(result, layout)
    matrices = [matrix(r.frame, layout) for r in chosen]
    estimator = _estimator(result, chosen, matrices, layout, rarer)
    return Prepared(result, tuple(chosen), tuple(matrices), estimator)


def reason_of_skip(sample: Sample, s: Specification) -> Note | None:
    """Why nothing is published where outcome or practices follow from a routing that the wave does not declare."""
    for name in (s.outcome, *s.practices, *filter(None, (s.dose,))):
        if why := sample.skipped.get((name, s.base)):
            return note("undeclared_skip", nl=why["nl"], en=why["en"])
    return None


def _describe(result: Result, sample: Sample, chosen: Sequence[Rows]) -> None:
    result.count([sample.answers_of_firms(r.mask) for r in chosen])
    result.dropped = mean_count([r.dropped for r in chosen])
    result.routed = max(r.routed for r in chosen)
    if result.specification.estimator != "fractional_logit":
        result.events = mean_count([r.y.sum() for r in chosen])
    if result.routed:
        result.warnings.append(note("routed"))


def _constant(chosen: Sequence[Rows], s: Specification) -> list[str]:
    if any(len(r.y) == 0 for r in chosen):
        return []
    found = [s.outcome] if any(np.ptp(r.y) == 0 for r in chosen) else []
    for name in (*s.practices, *filter(None, (s.dose, s.levels))):
        if any(r.frame.distinct(name) < 2 for r in chosen):
            found.append(name)
    return found


def _layout(s: Specification) -> Terms:
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
        result.warnings.append(note("merged", control=name, names=which, reference=reference, least=fewest))
    if layout.dropped:
        which = ", ".join(layout.dropped)
        result.warnings.append(note("collinear", names=which))


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
            note("firth_few_events", per_term=per_term, least=f"{result.specification.events_per_term:g}")
        )
        return "firth"
    separated = separated_terms(chosen[0].y, matrices[0], layout.names)
    if separated:
        which = ", ".join(separated)
        result.warnings.append(note("firth_separation", names=which))
        return "firth"
    return "logit"
