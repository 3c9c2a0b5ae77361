"""The primary question asked otherwise: doubly robust, in two parts, and what one firm, one definition or something
unmeasured could change.

Belongs here: which of these a wave (or all waves together) has, and how each reads. Does not belong here: their
mathematics (`statistics`), readings and waves side by side (`answer`, `over_waves`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from monitor.precision import in_words, mean_count, to_error
from monitor.stages.modelled.answer_words import COMPLEMENTARITY, percent, points, primary_words, told_of
from monitor.stages.modelled.robustness import row
from monitor.statistics.models.doubly_robust import doubly_robust
from monitor.statistics.models.leave_one_out import Bar, LeaveOneOut, copies_of, leave_one_out
from monitor.statistics.models.notes import Note, note
from monitor.statistics.models.on_copies import Case, Estimator, cases, on_copies
from monitor.statistics.models.prepare import Prepared, prepare
from monitor.statistics.models.quantities import Quantities
from monitor.statistics.models.result import LEVEL, Estimates, Result
from monitor.statistics.models.robustness_value import linear_complementarity, robustness_value, strength_of_control
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.separation import LEAST_EVENTS_PER_TERM
from monitor.statistics.models.states import Firms, firms_of_states
from monitor.statistics.models.two_measures import two_measures
from monitor.statistics.models.two_parts import two_parts
from monitor.survey import Disclosure, Survey
from monitor.survey.models import (
    BOTH_PARTS,
    DOUBLY_ROBUST,
    FIRST_PART,
    FROM_FIRST_PART,
    FROM_SECOND_PART,
    MAIN,
    SECOND_PART,
    Model,
)
from monitor.survey.wording import label_of, quoted_in
from monitor.wording.sentences import number_in

Array = NDArray[np.float64]


def asked_otherwise(
    survey: Survey, sample: Sample, model: Model, main: Result
) -> tuple[list[Result], list[dict[str, Any]]]:
    """The results and checks beside a primary model of two practices that could be fitted."""
    thresholds = survey.disclosure
    prepared = prepare(sample, model.main, thresholds)
    if main.contrasts is None or prepared.result.layout is None:
        return [], []
    results = [_doubly_robust(sample, prepared, main)]
    rows = _doubly_robust_rows(survey, model, results[0])
    rows += _one_firm_rows(survey, sample, prepared, model, main)
    rows += _unmeasured_rows(survey, sample, prepared, model)
    if model.first_part is not None and sample.has(model.first_part):
        parts, told = _in_two_parts(survey, sample, prepared, model, thresholds)
        results += parts
        rows += told
    for practice, second in model.second_measures.items():
        if sample.has(second):
            rows += _misclassification_rows(survey, sample, prepared, model, practice, second)
    return results, rows


def _result(
    prepared: Prepared,
    variant: str,
    estimator: str,
    told: Estimates | Note,
    states: Mapping[str, Firms] | None = None,
) -> Result:
    """A variant that shares the main specification's rows; `states`: the firms of its states."""
    result = prepared.fresh(replace(prepared.result.specification, variant=variant))
    result.estimator, result.warnings = estimator, []
    if isinstance(told, Note):
        result.refusal = told
        return result
    result.contrasts, result.converged, result.copies = replace(told, states=states or {}), True, len(prepared.chosen)
    return result


def _doubly_robust(sample: Sample, prepared: Prepared, main: Result) -> Result:
    def estimator(c: Case) -> Quantities | Note:
        return doubly_robust(c.frame, c.terms, c.x, c.y, c.w, penalised=main.estimator == "firth").told

    told = on_copies(sample, prepared, estimator)
    return _result(prepared, DOUBLY_ROBUST, "doubly_robust", told, main.contrasts.states if main.contrasts else None)


def _doubly_robust_rows(survey: Survey, model: Model, result: Result) -> list[dict[str, Any]]:
    if result.contrasts is None:
        return []
    told = told_of(result.contrasts)
    return [
        row(
            model.name, DOUBLY_ROBUST, "doubly_robust", COMPLEMENTARITY,
            estimate=told["estimate"], ci_low=told["low"], ci_high=told["high"],
            **primary_words(
                "doubly_robust", survey, model, lambda x: {k: points(told[k], x) for k in ("estimate", "low", "high")}
            ),
        )
    ]  # fmt: skip


def _in_two_parts(
    survey: Survey, sample: Sample, prepared: Prepared, model: Model, thresholds: Disclosure
) -> tuple[list[Result], list[dict[str, Any]]]:
    """The two parts, their product, and what of its contrasts arises in either."""
    name = str(model.first_part)
    every = cases(sample, prepared)
    among = [c.frame.numbers[name] > 0.5 for c in every]
    events = [float(inside.sum()) for inside in among]
    refusal = _no_parts(every, among, name, thresholds)
    if refusal is not None:
        return [_result(prepared, BOTH_PARTS, "logit", refusal)], []
    inside, outcome = float(np.mean(events)), float(prepared.result.events or 0)
    first_firth, second_firth = (
        model.main.estimator == "firth" or min(with_it, of - with_it) < LEAST_EVENTS_PER_TERM * every[0].x.shape[1]
        for with_it, of in ((inside, prepared.result.n), (outcome, inside))
    )

    def estimator(c: Case) -> Quantities | Note:
        first = c.frame.numbers[name]
        found = two_parts(c.frame, c.terms, c.x, first, c.y, c.w, penalised=(first_firth, second_firth))
        if isinstance(found, Note):
            return found
        return _joined([found.first, found.second, found.both, found.by_first, found.by_second])

    told = on_copies(sample, prepared, estimator)
    if isinstance(told, Note):
        return [_result(prepared, BOTH_PARTS, "logit", told)], []
    practices, weights = model.main.practices, sample.design.weights
    states = firms_of_states(sample, prepared.chosen, practices, weights)
    of_first = firms_of_states(sample, prepared.chosen, practices, weights, among)
    results = []
    for variant, part in _split(told, (FIRST_PART, SECOND_PART, BOTH_PARTS, FROM_FIRST_PART, FROM_SECOND_PART)):
        of_part = {FIRST_PART: first_firth, SECOND_PART: second_firth}
        penalised = of_part.get(variant, first_firth or second_firth)
        known = {FIRST_PART: states, BOTH_PARTS: states, SECOND_PART: of_first}.get(variant)
        result = _result(prepared, variant, "firth" if penalised else "logit", part, known)
        if variant == FIRST_PART:
            result.events = mean_count(events)
        if variant == SECOND_PART:
            result.n, result.firms = mean_count(events), min(result.firms, mean_count(events))
        results.append(result)
    whole, by_first, by_second = (r.contrasts for r in results[2:])
    if whole is None or by_first is None or by_second is None:
        return results, []
    return results, [_two_parts_row(survey, model, whole, by_first, by_second)]


def _no_parts(
    every: Sequence[Case], among: Sequence[NDArray[np.bool_]], name: str, thresholds: Disclosure
) -> Note | None:
    """Why the outcome has no two parts: it occurs without the first, or too few firms have or lack that."""
    if any(np.any(c.y[~inside] > 0) for c, inside in zip(every, among, strict=True)):
        return note("no_first_part", name=name)
    if min(min(inside.sum(), (~inside).sum()) for inside in among) < thresholds.minimum_events:
        return note("few_in_first_part", least=thresholds.minimum_events)
    return None


def _joined(parts: Sequence[Quantities]) -> Quantities:
    return Quantities(
        tuple(name for part in parts for name in part.names),
        tuple(kind for part in parts for kind in part.kinds),
        np.concatenate([part.estimates for part in parts]),
        np.column_stack([part.contributions for part in parts]),
        tuple(contrast for part in parts for contrast in part.contrasts),
    )


def _split(every: Estimates, variants: Sequence[str]) -> list[tuple[str, Estimates]]:
    """Nine contrasts for each of the first three, five for each of the decomposition's."""
    found, start = [], 0
    for variant in variants:
        where = slice(start, start := start + (5 if variant in (FROM_FIRST_PART, FROM_SECOND_PART) else 9))
        part = Estimates(
            every.names[where], every.kinds[where], every.estimate[where], every.covariance[where, where],
            every.df[where], every.fmi[where], every.se_replicate[where], every.contrasts[where],
        )  # fmt: skip
        found.append((variant, part))
    return found


def _two_parts_row(
    survey: Survey, model: Model, whole: Estimates, by_first: Estimates, by_second: Estimates
) -> dict[str, Any]:
    total, one, two = (told_of(e) for e in (whole, by_first, by_second))
    first = str(model.first_part)

    def facts(language: str) -> dict[str, object]:
        return {
            "first": quoted_in(language, label_of(survey, first, language)),
            **{
                f"{name}_{key}": points(part[key], language)
                for name, part in (("whole", total), ("one", one), ("two", two))
                for key in ("estimate", "low", "high")
            },
        }

    return row(
        model.name, MAIN, "two_parts", COMPLEMENTARITY,
        estimate=one["estimate"], ci_low=one["low"], ci_high=one["high"], statistic=two["estimate"],
        bound=total["estimate"], **primary_words("two_parts", survey, model, facts),
    )  # fmt: skip


def _one_firm_rows(
    survey: Survey, sample: Sample, prepared: Prepared, model: Model, main: Result
) -> list[dict[str, Any]]:
    """How far leaving out one firm moves complementarity, in whole points: more digits would describe that firm."""
    if main.contrasts is None:
        return []
    printed = told_of(main.contrasts)
    reach = float(stdtrit(printed["df"], 0.5 + LEVEL / 2)) * printed["se"]
    penalised = main.estimator == "firth"
    found = leave_one_out(
        copies_of(prepared, sample, COMPLEMENTARITY, penalised=penalised), Bar(0.0, reach), penalised=penalised
    )
    low, high = (
        round(float(np.floor(100 * found.lowest + 1e-9))) / 100,
        round(float(np.ceil(100 * found.highest - 1e-9))) / 100,
    )
    decided = abs(printed["estimate"]) > reach
    verdict = _one_firm_verdict(found, decided)
    return [
        row(
            model.name, MAIN, "one_firm", COMPLEMENTARITY,
            estimate=printed["estimate"], ci_low=low, ci_high=high, verdict=verdict,
            **primary_words(
                f"one_firm_{verdict.replace(' ', '_')}", survey, model,
                lambda x: {"low": _whole(low, x), "high": _whole(high, x), "estimate": points(printed["estimate"], x)},
            ),
        )
    ]  # fmt: skip


def _whole(value: float, language: str) -> str:
    """Whole points with their sign."""
    text = points(value, language)
    return text.removesuffix(",0" if language == "nl" else ".0")


def _one_firm_verdict(found: LeaveOneOut, decided: bool) -> str:
    if found.one_left_out_turns or found.one_turned_turns:
        return "one firm turns it" if decided else "one firm decides it"
    return "no firm turns it"


def _unmeasured_rows(survey: Survey, sample: Sample, prepared: Prepared, model: Model) -> list[dict[str, Any]]:
    """The robustness value of complementarity, beside the strongest of the measured controls."""

    def estimator(c: Case) -> Quantities | Note:
        return linear_complementarity(c.terms, c.x, c.y, c.w)

    told = on_copies(sample, prepared, estimator)
    if isinstance(told, Note):
        return []
    linear = told_of(told)
    value = robustness_value(linear["estimate"], linear["se"], prepared.result.df)
    first = cases(sample, prepared)[0]
    kept = [c for c in model.main.controls if any(n == c or n.startswith(f"{c}[") for n in first.terms.names)]
    strengths = {c: min(strength_of_control(first.terms, first.x, first.y, first.w, c)) for c in kept}
    strongest = max(strengths, key=lambda c: to_error(strengths[c], None)) if strengths else None

    def facts(language: str) -> dict[str, object]:
        return {
            "estimate": points(linear["estimate"], language),
            "value": percent(value.value, language),
            "alpha": percent(value.value_alpha, language),
            "control": quoted_in(language, label_of(survey, strongest, language)) if strongest else "",
            "strength": percent(strengths[strongest], language) if strongest else "",
        }

    if _decided(linear) == "undecided":
        key = "robustness_value_undecided"
    else:
        key = "robustness_value" if strongest else "robustness_value_alone"
    return [
        row(
            model.name, MAIN, "robustness_value", COMPLEMENTARITY,
            estimate=linear["estimate"], ci_low=linear["low"], ci_high=linear["high"],
            statistic=to_error(value.value, None), bound=to_error(value.value_alpha, None),
            **primary_words(key, survey, model, facts),
        )
    ]  # fmt: skip


def _decided(told: Mapping[str, float]) -> str:
    """Whether a contrast's interval, as it is printed, leaves zero out."""
    return "decided" if told["low"] > 0 or told["high"] < 0 else "undecided"


def _misclassification_rows(
    survey: Survey, sample: Sample, prepared: Prepared, model: Model, practice: str, second: str
) -> list[dict[str, Any]]:
    """Complementarity corrected for errors in a practice that is measured twice, with the measures' agreement."""
    a, b = model.main.practices
    own = (practice, b if practice == a else a)

    def tables(which: str) -> Estimator:
        def estimator(c: Case) -> Quantities | Note:
            one, two, other = (c.frame.numbers[name] for name in (practice, second, own[1]))
            if np.isnan(two).any():
                return note("not_identified")
            found = two_measures(own, (one, two), other, c.y, c.w)
            return found.kappa if which == "kappa" else found.told

        return estimator

    agreed = on_copies(sample, prepared, tables("kappa"))
    if isinstance(agreed, Note):
        return []
    corrected = on_copies(sample, prepared, tables("corrected"))
    kappa = to_error(float(agreed.estimate[0]), float(agreed.error[0]))
    told = {} if isinstance(corrected, Note) else told_of(corrected)

    def facts(language: str) -> dict[str, object]:
        return {
            "one": quoted_in(language, label_of(survey, practice, language)),
            "two": quoted_in(language, label_of(survey, second, language)),
            "kappa": number_in(language, in_words(kappa, 2)),
            **{key: points(told[key], language) for key in ("estimate", "low", "high") if told},
        }

    key = f"misclassification_{_decided(told)}" if told else "misclassification_not_identified"
    return [
        row(
            model.name, MAIN, "misclassification", f"{practice} and {second}",
            estimate=told.get("estimate"), ci_low=told.get("low"), ci_high=told.get("high"), statistic=kappa,
            verdict="corrected" if told else "not identified", **primary_words(key, survey, model, facts),
        )
    ]  # fmt: skip
