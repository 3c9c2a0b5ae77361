"""Models, robustness and claims of a wave, and of all waves together.

Belongs here: which parts run in what order, and writing their tables. Does not belong here: any formula.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from monitor.claims import decide, rule_text
from monitor.lake import Lake
from monitor.modelled.engine import Result, analyse
from monitor.modelled.evidence import evidence_for
from monitor.modelled.gather import sample_of
from monitor.modelled.registry import Model, models_of
from monitor.modelled.sample import Sample
from monitor.modelled.tables import CONTRASTS, MODELS, TERMS, contrast_rows, frame_of, model_row, term_rows
from monitor.survey import Survey, Wave

log = logging.getLogger("monitor")

CLAIMS = [
    "survey",
    "wave",
    "claim",
    "text_nl",
    "text_en",
    "estimand",
    "estimate",
    "ci_low",
    "ci_high",
    "decision_rule",
    "verdict",
    "reason",
    "decision_rule_nl",
    "reason_nl",
    "se",
    "df",
    "n",
    "events",
    "p_supported",
    "p_contradicted",
    "minimum_detectable_effect",
    "family",
    "declared",
    "claims_hash",
    "model",
    "variant",
    "contrast",
]

REPLICATED_COPIES = 5
"""Completed copies within which the replicates' variance is computed; the primary model uses all of them"""


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Fit the wave's models, decide its claims, write the `modelled_` tables. Returns rows and seconds per part."""
    sample = sample_of(lake, survey, wave.name)
    return model_sample(lake, survey, sample, wave.name, wave.name)


def model_sample(lake: Lake, survey: Survey, sample: Sample, label: str, partition: str) -> dict[str, object]:
    """Everything one sample gives, written as the tables of `partition`, with `label` as their wave."""
    seconds: dict[str, float] = {}
    started = perf_counter()
    results: list[Result] = []
    for model in models_of(survey):
        results += fit_model(survey, sample, model)
        seconds[f"model {model.name}"] = perf_counter() - started
        started = perf_counter()
    name = survey.name
    tables = {
        "modelled_models": frame_of((model_row(name, label, r) for r in results), MODELS, ["wave", "model", "variant"]),
        "modelled_terms": frame_of(
            (row for r in results for row in term_rows(name, label, r)),
            TERMS,
            ["wave", "model", "variant", "term"],
        ),
        "modelled_contrasts": frame_of(
            (row for r in results for row in contrast_rows(name, label, r)),
            CONTRASTS,
            ["wave", "model", "variant", "contrast"],
        ),
        "modelled_claims": frame_of(claim_rows(survey, sample, results, label), CLAIMS, ["wave", "claim"]),
    }
    seconds["claims"] = perf_counter() - started
    rows = {table: lake.write(table, partition, frame) for table, frame in tables.items()}
    return {
        "rows": rows,
        "firms": len(sample.firms),
        "copies": len(sample.copies),
        "models": len(results),
        "refused": {f"{r.specification.model} {r.specification.variant}": r.refusal.en for r in results if r.refusal},
        "seconds": {part: round(value, 3) for part, value in seconds.items()},
    }


def fit_model(survey: Survey, sample: Sample, model: Model) -> list[Result]:
    """The model's variants on one sample."""
    copies = len(sample.copies) if model.primary else REPLICATED_COPIES
    variants = model.variants()
    if sample.copies[0] is sample.observed:
        # Nothing was filled in: every result already rests on complete cases.
        variants = [variant for variant in variants if not variant.complete_cases]
    return [analyse(sample, variant, survey.disclosure, replicated_copies=copies) for variant in variants]


def claim_rows(survey: Survey, sample: Sample, results: Sequence[Result], label: str) -> list[dict[str, Any]]:
    """The rows of `modelled_claims`: every declared claim with its verdict, its rule and the hash of the rules."""
    evidence = [evidence_for(claim, sample, results, survey.disclosure) for claim in survey.claims]
    rows = []
    for verdict in decide(survey.claims, evidence):
        claim, e = verdict.claim, verdict.evidence
        rows.append(
            {
                "survey": survey.name,
                "wave": label,
                "claim": claim["claim"],
                "text_nl": claim["text"]["nl"],
                "text_en": claim["text"]["en"],
                "estimand": estimand_text(claim["estimand"]),
                "estimate": e.estimate,
                "ci_low": e.low,
                "ci_high": e.high,
                "decision_rule": rule_text(claim["rule"], "en"),
                "verdict": verdict.verdict,
                "reason": verdict.reason["en"],
                "decision_rule_nl": rule_text(claim["rule"], "nl"),
                "reason_nl": verdict.reason["nl"],
                "se": e.se,
                "df": e.df,
                "n": e.n,
                "events": e.events,
                "p_supported": verdict.p_supported,
                "p_contradicted": verdict.p_contradicted,
                "minimum_detectable_effect": e.minimum_detectable_effect,
                "family": str(claim.get("family", claim["claim"])),
                "declared": str(claim.get("declared", "")),
                "claims_hash": survey.claims_hash,
                "model": e.model,
                "variant": e.variant,
                "contrast": e.contrast,
            }
        )
    return rows


def estimand_text(estimand: dict[str, Any]) -> str:
    """The estimand in one line, in the names of the codebook."""
    if estimand["kind"] == "contrast":
        return str(estimand["contrast"])
    measure = estimand["measure"] if estimand.get("equals", True) else f"not {estimand['measure']}"
    if estimand["kind"] == "difference":
        return f"p({measure} | {estimand['by']}) - p({measure} | not {estimand['by']})"
    among = f" | {estimand['among']}" if estimand.get("among") else ""
    return f"p({measure}{among})"
