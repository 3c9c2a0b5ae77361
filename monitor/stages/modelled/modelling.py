"""Everything one sample gives: its models, what could overturn them, its claims, and their tables.

Belongs here: the order of the parts, how long each took, and which rows go into which table. Does not belong here: any
formula; what only several waves together give (`pooled`).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from monitor.stages.modelled.analysed import Asking, analysed, part_of
from monitor.stages.modelled.answer import answer_rows, readings_row, timing_rows
from monitor.stages.modelled.choices import choice_rows
from monitor.stages.modelled.curves import curve, curve_rows, distribution_rows
from monitor.stages.modelled.evidence import evidence_for, held_against
from monitor.stages.modelled.otherwise import asked_otherwise
from monitor.stages.modelled.robustness import checks_of, doses_of, joint_rows
from monitor.stages.modelled.specifications import joint_test, specification_curve, specification_rows
from monitor.stages.modelled.tables import COLUMNS, contrast_rows, model_row, term_rows, unit_of
from monitor.stages.modelled.verdicts import reason_words, rule_words
from monitor.statistics.decisions.claim import Estimand, ModelContrast, Share
from monitor.statistics.decisions.claims import Evidence, decide, holm
from monitor.statistics.models.engine import Work
from monitor.statistics.models.known import Known
from monitor.statistics.models.notes import note
from monitor.statistics.models.result import Result
from monitor.statistics.models.sample import Sample
from monitor.statistics.models.specification import Specification
from monitor.survey import Survey
from monitor.survey.comparability import apart, change_words, concepts_of, estimand_concepts
from monitor.survey.models import MAIN, Model
from monitor.wording.notes import sentence
from monitor.wording.sentences import LANGUAGES, say

REPLICATED_COPIES = 5
"""Completed copies within which the replicates' variance is computed; the primary model uses all of them"""
READING_COPIES = 1
"""The same of another reading of the primary model's practices, of which there may be many"""


@dataclass
class Findings:
    """What one sample gave so far."""

    survey: Survey
    sample: Sample
    label: str
    """The wave as the tables name it"""
    waves: tuple[str, ...] = ()
    """The waves that are taken together, where there are several"""
    results: list[Result] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    """Of each declared claim, in their order, once they are decided"""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    seconds: dict[str, float] = field(default_factory=dict)

    def timed(self, part: str, started: float) -> float:
        """Note how long a part took; returns the time it is now."""
        now = perf_counter()
        self.seconds[part] = round(self.seconds.get(part, 0.0) + now - started, 3)
        return now

    def add_robustness(self, rows: Sequence[dict[str, Any]]) -> None:
        """Robustness rows with the survey and wave they belong to."""
        self.rows["modelled_robustness"] += [{"survey": self.survey.name, "wave": self.label, **row} for row in rows]

    def not_together(self, concepts: Collection[str]) -> Evidence | None:
        """Why what rests on these concepts cannot be decided over the pooled waves; None where it can."""
        changes = apart(self.survey, concepts, self.waves)
        if changes is None:
            return None
        told = {x: change_words(self.survey, changes, x) for x in LANGUAGES}
        return Evidence(reason={x: say("claims", "waves_apart", x, changes=told[x]) for x in LANGUAGES})

    @property
    def about(self) -> dict[str, object]:
        """What Dagster is told of the models."""
        return {
            "firms": len(self.sample.firms),
            "copies": len(self.sample.copies),
            "models": len(self.results),
            "refused": {
                f"{r.specification.model} {r.specification.variant}": sentence(r.refusal, "en")
                for r in self.results
                if r.refusal is not None
            },
        }


def fit_models(findings: Findings, models: Sequence[Model]) -> None:
    """Every model's variants, with the checks each allows."""
    started = perf_counter()
    sample, thresholds = findings.sample, findings.survey.disclosure
    variants = {model.name: _variants(model, sample) for model in models}
    works = [
        Work((variant,), thresholds, replicated_copies=_replicated(model, variant, sample))
        for model in models
        for variant in variants[model.name]
    ]
    found = iter(analysed(sample, works))
    for model in models:
        results = [result for _ in variants[model.name] for result in next(found)]
        other = model.alternatives
        adjusted = _holm_within(results, other.contrast) if other else {}
        for result in results:
            add_result(findings, result, adjusted.get(result.specification.variant))
            if result.specification.variant in (MAIN, *(other.measures if other else ())):
                dose = result.specification.dose
                doses = doses_of(sample.copies, dose) if dose is not None and result.refusal is None else None
                findings.add_robustness(checks_of(result, findings.survey, doses))
        if model.primary and model.main.of_two_practices:
            told = answer_rows(findings.survey, sample, findings.label, model, results)
            findings.rows["modelled_answer"] += told
            findings.add_robustness(readings_row(findings.survey, model, told))
            if findings.label in findings.survey.waves:
                findings.add_robustness(timing_rows(findings.survey, findings.label, model))
    findings.timed("models", started)


def ask_otherwise(findings: Findings, models: Sequence[Model]) -> Asking[None]:
    """What stands beside the primary model of two practices, where it could be fitted."""
    asked = [model for model in models if model.primary and model.main.of_two_practices]
    told = yield [
        part_of(_asked, findings.survey, {findings.label: findings.sample}, {"models": {model.name: model}}, (main,))
        for model in asked
        for main in findings.results
        if main.specification == model.main
    ]
    for results, rows in told:
        for result in results:
            add_result(findings, result)
        findings.add_robustness(rows)


def _asked(survey: Survey, samples: Mapping[str, Sample], main: Result) -> tuple[list[Result], list[dict[str, Any]]]:
    (sample,), (model,) = samples.values(), survey.models.values()
    return asked_otherwise(survey, sample, model, main)


def add_result(findings: Findings, result: Result, adjusted: Mapping[str, float] | None = None) -> None:
    """A result's rows of the models', terms' and contrasts' tables."""
    name, label = findings.survey.name, findings.label
    specification = result.specification
    measured = (
        specification.outcome,
        *specification.practices,
        *filter(None, (specification.dose, specification.levels)),
    )
    mixed = findings.not_together(concepts_of(findings.survey, [*measured, specification.base]))
    if mixed is not None and mixed.reason is not None and result.refusal is None:
        result.warnings.append(
            note("not_together", **{language: words.rstrip(".") for language, words in mixed.reason.items()})
        )
    findings.results.append(result)
    findings.rows["modelled_models"].append(model_row(name, label, result))
    findings.rows["modelled_terms"] += term_rows(name, label, result)
    findings.rows["modelled_contrasts"] += contrast_rows(name, label, result, adjusted)


def draw_curves(findings: Findings, models: Sequence[Model]) -> None:
    """The curve over cuts and the specification curve with its joint test, where a model declares them."""
    survey, sample, label = findings.survey, findings.sample, findings.label
    for model in models:
        started = perf_counter()
        known = Known(sample, findings.results)
        if model.curve is not None:
            points = curve(sample, model, survey.disclosure, known)
            findings.rows["modelled_curve"] += curve_rows(survey, sample, label, model, points, known)
            findings.rows["modelled_distribution"] += distribution_rows(survey.name, sample, label, model, points)
            started = findings.timed("curves", started)
        if model.choices is not None:
            found = specification_curve(sample, model, survey.disclosure, known)
            findings.rows["modelled_specifications"] += specification_rows(survey.name, label, model, found, known)
            seed = np.random.SeedSequence([survey.seed, zlib.crc32(f"{label} {model.name}".encode())])
            joint = joint_test(sample, [r for _, r in found], np.random.default_rng(seed))
            findings.add_robustness(joint_rows(survey, model.main, joint))
            findings.add_robustness(choice_rows(survey, model, found))
            findings.timed("specifications", started)


def decide_claims(findings: Findings) -> None:
    """The claims' verdicts: every declared claim with its rule, its reason and the hash of the rules."""
    started = perf_counter()
    survey, sample = findings.survey, findings.sample
    findings.evidence = [
        findings.not_together(estimand_concepts(survey, claim.estimand))
        or held_against(claim.rule, evidence_for(claim.estimand, sample, findings.results, survey.disclosure))
        for claim in survey.claims
    ]
    families = Counter(claim.family for claim in survey.claims)
    for verdict in decide(survey.claims, findings.evidence):
        claim, e, told = verdict.claim, verdict.evidence, reason_words(verdict)
        unit = unit_of_claim(survey, claim.estimand)
        findings.rows["modelled_claims"].append(
            {
                "survey": survey.name,
                "wave": findings.label,
                "claim": claim.name,
                "text_nl": claim.text["nl"],
                "text_en": claim.text["en"],
                "estimand": claim.estimand.formula,
                "unit": unit,
                "estimate": e.estimate,
                "ci_low": e.low,
                "ci_high": e.high,
                "decision_rule": rule_words(claim.rule, "en", unit == "share", families[claim.family]),
                "verdict": verdict.verdict,
                "reason": told["en"],
                "decision_rule_nl": rule_words(claim.rule, "nl", unit == "share", families[claim.family]),
                "reason_nl": told["nl"],
                "se": e.se,
                "df": e.df,
                "n": e.n if e.answered is None else e.answered,
                "events": e.answered_with,
                "p_supported": verdict.p_supported,
                "p_contradicted": verdict.p_contradicted,
                "minimum_detectable_effect": e.minimum_detectable_effect,
                "family": claim.family,
                "declared": claim.declared,
                "claims_hash": survey.claims_hash,
                "model": e.model,
                "variant": e.variant,
                "contrast": e.contrast,
            }
        )
    findings.timed("claims", started)


def unit_of_claim(survey: Survey, estimand: Estimand) -> str:
    """The unit of a claim's estimate."""
    if not isinstance(estimand, ModelContrast):
        return "share" if isinstance(estimand, Share) else "points"
    contrast = survey.models[estimand.model].contrast(estimand.contrast, estimand.variant)
    return "points" if contrast is None else unit_of(contrast)


def _variants(model: Model, sample: Sample) -> list[Specification]:
    variants = model.variants()
    if sample.copies[0] is sample.observed:
        # Nothing was filled in: every result already rests on complete cases.
        variants = [variant for variant in variants if not variant.complete_cases]
    return variants


def _replicated(model: Model, variant: Specification, sample: Sample) -> int:
    """Within how many completed copies the replicates' variance of a variant is computed."""
    if variant.variant != MAIN and variant.variant in model.pairs:
        return READING_COPIES
    return len(sample.copies) if model.primary else REPLICATED_COPIES


def _holm_within(results: Sequence[Result], contrast: str) -> dict[str, dict[str, float]]:
    """Variant -> contrast -> p-value adjusted over the family's variants; empty outside families."""
    found = []
    for result in results:
        place = result.contrasts.at(contrast) if result.contrasts is not None else None
        if result.specification.family is None or result.contrasts is None or place is None:
            continue
        c = result.contrasts
        found.append((result.specification.variant, float(c.p_values()[0][place])))
    adjusted = holm(np.array([p for _, p in found]))
    return {variant: {contrast: float(p)} for (variant, _), p in zip(found, adjusted, strict=True)}
