"""Who of a wave's firms answers the next one again, and whether that goes with the outcome and the practices.

Belongs here: the logit of answering again and its rows of `modelled_robustness`. Does not belong here: weighting for it
(`statistics.models.lagged`), what else a wave says of those who left (`silent`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtr, stdtrit

from monitor.precision import in_words, to_error
from monitor.stages.modelled.answer_words import percent
from monitor.stages.modelled.modelling import Findings
from monitor.stages.modelled.panel import WAVE, with_answers_again
from monitor.stages.modelled.robustness import notes, row
from monitor.statistics.design.structure import SurveyDesign
from monitor.statistics.imputation.rubin import combine
from monitor.statistics.models.linearised import linearised
from monitor.statistics.models.result import LEVEL
from monitor.statistics.models.sample import Rows, Sample, rows
from monitor.statistics.models.specification import Specification
from monitor.statistics.models.terms import Terms, columns_of_terms, decide
from monitor.survey import Disclosure, Survey
from monitor.survey.models import Model
from monitor.survey.wording import label_of, quoted_in
from monitor.wording.sentences import LANGUAGES

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Again:
    """Who answers again."""

    subjects: tuple[str, ...]
    """Outcome and practices that have a coefficient"""
    estimate: Array
    """(k,) their log-odds"""
    covariance: Array
    """(k, k)"""
    df: float
    """Of the design, less the terms"""
    freedoms: Array
    """(k,) of each coefficient, with what was filled in"""
    plain: float
    """Share of the wave's firms that answer again"""
    weighted: float

    @property
    def together(self) -> tuple[float, float]:
        """Wald's F of all subjects and its p-value."""
        k = len(self.subjects)
        wald = float(self.estimate @ np.linalg.solve(self.covariance, self.estimate)) / k
        return wald, float(fdtrc(k, self.df, wald))


def attrition_rows(findings: Findings, samples: Sequence[Sample], model: Model) -> None:
    """For each wave but the last: does answering again go with outcome and practices? Odds ratios and a joint Wald test
    (F) of the three, in a design-weighted logit with the model's controls (after Becketti, Gould, Lillard and Welch
    1988)."""
    started = perf_counter()
    for sample, following in pairwise(samples):
        extended = with_answers_again(sample, following)
        found = answering_again(extended, model.main, findings.survey.disclosure)
        if found is not None:
            findings.add_robustness(_told(findings.survey, model.main.model, sample.wave, following.wave, found))
    findings.timed("attrition", started)


def answering_again(sample: Sample, main: Specification, thresholds: Disclosure) -> Again | None:
    """The logit of answering again on outcome, practices and controls; None where too few do or do not."""
    subjects = (main.outcome, *main.practices)
    if not sample.has(*subjects):
        return None
    controls = tuple(name for name in main.controls if name != WAVE)
    s = replace(main, outcome="answers_again", practices=subjects, controls=controls, estimator="logit")
    # Here every firm of the wave counts: an outcome that follows from the routing describes a firm like any other.
    everyone = replace(sample, routed={})
    chosen = [rows(everyone, copy, s) for copy in sample.copies]
    if min(min(r.y.sum(), (1 - r.y).sum()) for r in chosen) < thresholds.minimum_events:
        return None
    frames, terms = [r.frame for r in chosen], Terms(subjects, products=False)
    layout = decide(frames, terms, s.controls, s.reference, sample.orders, s.level_firms)
    fitted = [_fitted(r, layout, sample) for r in chosen]
    known = [each for each in fitted if each is not None]
    if len(known) < len(fitted):
        return None
    df = float(sample.design.degrees_of_freedom(chosen[0].mask) + 1 - len(layout.names))
    both = combine(np.stack([b for b, _ in known]), np.stack([v for _, v in known]), df)
    told = tuple(name for name in subjects if name in layout.names)
    at = [layout.names.index(name) for name in told]
    w = sample.design.weights
    weighted = float(np.mean([np.average(r.y, weights=w[r.mask]) for r in chosen]))
    plain = float(np.mean([r.y.mean() for r in chosen]))
    return Again(told, both.estimate[at], both.variance[np.ix_(at, at)], df, both.df[at], plain, weighted)


def _fitted(r: Rows, layout: Terms, sample: Sample) -> tuple[Array, Array] | None:
    """Coefficients of one copy and their design covariance."""
    assert isinstance(sample.design, SurveyDesign)
    fit = linearised(sample.design, r.y, columns_of_terms(r.frame, layout), r.mask)
    return (fit.coefficients, fit.covariance) if fit.converged else None


def _told(survey: Survey, model: str, wave: str, following: str, found: Again) -> list[dict[str, Any]]:
    """A row of all together – share that answers again, plain and weighted, F and p – and one of odds for each."""
    variant, (wald, p) = f"{wave} to {following}", found.together
    waves = {"wave": wave, "following": following}
    shares = {"plain": found.plain, "weighted": found.weighted}
    every = row(
        model, variant, "attrition", f"{variant}: together",
        estimate=to_error(found.weighted, None), bound=to_error(found.plain, None), statistic=wald, p_value=p,
        verdict="goes with answering again" if to_error(p, None) < 0.05 else "no sign of selective attrition",
        **notes(
            "attrition", {"p": in_words(p, 3)}, **waves,
            **{name: {x: percent(value, x) for x in LANGUAGES} for name, value in shares.items()},
        ),
    )  # fmt: skip
    return [every, *(_odds(survey, model, variant, waves, found, place) for place in range(len(found.subjects)))]


def _odds(survey: Survey, model: str, variant: str, waves: dict[str, str], found: Again, place: int) -> dict[str, Any]:
    """The row of one subject's odds ratio of answering again."""
    name, b, df = found.subjects[place], float(found.estimate[place]), float(found.freedoms[place])
    se = float(np.sqrt(found.covariance[place, place]))
    reach = float(stdtrit(df, 0.5 + LEVEL / 2)) * se
    odds, low, high = (to_error(float(np.exp(b + sign * reach)), None) for sign in (0, -1, 1))
    p = float(2 * stdtr(df, -abs(b) / se))
    numbers = {key: in_words(value, 2) for key, value in (("odds", odds), ("low", low), ("high", high))}
    about = {x: quoted_in(x, label_of(survey, name, x)) for x in LANGUAGES}
    return row(
        model, variant, "attrition", f"{variant}: {name}", estimate=odds, ci_low=low, ci_high=high, p_value=p,
        verdict="goes with answering again" if to_error(p, None) < 0.05 else "no sign of selective attrition",
        **notes("attrition_odds", {**numbers, "p": in_words(p, 3)}, **waves, of=about),
    )  # fmt: skip
