"""Models, robustness and claims: of a wave, and of all waves together.

Belongs here: which parts run for a wave and which for all waves. Does not belong here: the parts.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import perf_counter

import pandas as pd

from monitor.contract.columns import POOLED
from monitor.running import kept
from monitor.stages.modelled.analysed import together
from monitor.stages.modelled.attrition import attrition_rows
from monitor.stages.modelled.gather import sample_of
from monitor.stages.modelled.modelling import Findings, ask_otherwise, decide_claims, draw_curves, fit_models
from monitor.stages.modelled.over_waves import equal_over_waves
from monitor.stages.modelled.panel import pooled_sample
from monitor.stages.modelled.pooled import fit_panel, follow, pooled_model
from monitor.stages.modelled.programmes import programme_rows
from monitor.stages.modelled.sensitivity import claim_rows, headline_rows
from monitor.stages.modelled.silent import left_rows, silent_rows
from monitor.stages.modelled.tables import COLUMNS, frame_of
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey, Wave

log = logging.getLogger("monitor")


__all__ = ["POOLED", "run", "run_all"]


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Fit the wave's models, draw its curves, decide its claims and write the `modelled_` tables.

    Returns rows per table, models refused with their reason, and seconds per part.
    """
    with kept.within(lake.kept(wave.name)):
        findings = _findings(lake, survey, wave)
    log.info("%s %s: %d models, %d claims", survey.name, wave.name, len(findings.results), len(survey.claims))
    return findings.write(lake, wave.name)


def _findings(lake: Lake, survey: Survey, wave: Wave) -> Findings:
    models = list(survey.models.values())
    findings = Findings(survey, sample_of(lake, survey, wave.name), wave.name)
    fit_models(findings, models)
    started = perf_counter()
    published = _published(lake, wave.name)
    _, headlines, silent = together(
        ask_otherwise(findings, models), headline_rows(findings, published), silent_rows(lake, findings)
    )
    findings.timed("beside the models", started)
    draw_curves(findings, models)
    decide_claims(findings)
    started = perf_counter()
    (claims,) = together(claim_rows(findings))
    findings.rows["modelled_sensitivity"] += [*headlines, *claims, *silent]
    findings.timed("odds of answering", started)
    return findings


def _published(lake: Lake, wave: str) -> pd.DataFrame | None:
    """The wave's indicators; None where none were estimated."""
    return lake.read("estimated_indicators", wave) if lake.has("estimated_indicators", wave) else None


def run_all(lake: Lake, survey: Survey, waves: list[str]) -> dict[str, object]:
    """The same for all waves pooled, with firm means, conditional logit and attrition; partition `all`.

    A single wave has nothing to pool: the tables are written without rows.
    """
    if len(waves) < 2:
        return {"rows": {table: lake.write(table, ALL_WAVES, frame_of(table, [])) for table in COLUMNS}}
    with kept.within(lake.kept(ALL_WAVES)):
        findings = _pooled_findings(lake, survey, sorted(waves))
    log.info("%s pooled: %d models, %d claims", survey.name, len(findings.results), len(survey.claims))
    return findings.write(lake, ALL_WAVES)


def _pooled_findings(lake: Lake, survey: Survey, waves: Sequence[str]) -> Findings:
    samples = [sample_of(lake, survey, wave) for wave in waves]
    models = [pooled_model(model) for model in survey.models.values()]
    findings = Findings(survey, pooled_sample(samples, POOLED), POOLED, tuple(waves))
    fit_models(findings, models)
    started = perf_counter()
    together(ask_otherwise(findings, models), programme_rows(lake, findings, samples))
    findings.timed("beside the models", started)
    for model in models:
        if model.primary and model.main.of_two_practices:
            fit_panel(findings, model)
            findings.add_robustness(equal_over_waves(lake, survey, samples, model))
            follow(findings, model)
        if model.primary:
            attrition_rows(findings, samples, model)
    draw_curves(findings, models)
    decide_claims(findings)
    started = perf_counter()
    (claims,) = together(claim_rows(findings))
    findings.rows["modelled_sensitivity"] += [*claims, *left_rows(lake, findings, samples)]
    findings.timed("odds of answering", started)
    return findings
