"""Models, robustness and claims: of a wave, and of all waves together.

Belongs here: which parts run for a wave and which for all waves, what is kept of them as a whole. Does not belong here:
the parts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import pandas as pd

from monitor.contract.columns import POOLED
from monitor.running import kept
from monitor.stages.modelled.analysed import Asking, Part, part_of, together
from monitor.stages.modelled.attrition import attrition_rows
from monitor.stages.modelled.gather import sample_of
from monitor.stages.modelled.modelling import Findings, ask_otherwise, decide_claims, draw_curves, fit_models
from monitor.stages.modelled.over_waves import PRINTED, equal_over_waves
from monitor.stages.modelled.panel import pooled_sample
from monitor.stages.modelled.pooled import fit_panel, follow, pooled_model
from monitor.stages.modelled.programmes import programme_rows
from monitor.stages.modelled.sensitivity import claim_rows, headline_rows
from monitor.stages.modelled.silent import left_rows, silent_rows
from monitor.stages.modelled.tables import COLUMNS, frame_of
from monitor.statistics.models.sample import Sample
from monitor.storage.lake import ALL_WAVES, Lake, fingerprint
from monitor.survey import Survey, Wave
from monitor.survey.models import Model

log = logging.getLogger("monitor")

__all__ = ["POOLED", "run", "run_all"]

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Decided:
    """What models and claims come to; it rests on no more of a survey than these declare and name."""

    rows: Rows
    """Table -> its rows, but for how claims would fare under other odds of answering"""
    odds: list[dict[str, Any]]
    about: dict[str, object]
    """What Dagster is told of them"""


def run(lake: Lake, survey: Survey, wave: Wave) -> dict[str, object]:
    """Fit the wave's models, draw its curves, decide its claims and write the `modelled_` tables.

    Returns rows per table, models refused with their reason, and seconds per part.
    """
    with kept.within(lake.kept(wave.name)):
        findings = Findings(survey, sample_of(lake, survey, wave.name), wave.name)
        asked = _of_models(_decided, survey, [findings.sample], findings)
        decided, headlines, silent = together(
            _standing(asked),
            headline_rows(findings, _published(lake, wave.name)),
            silent_rows(lake, findings),
        )
    log.info("%s %s: %d models, %d claims", survey.name, wave.name, decided.about["models"], len(survey.claims))
    return _written(lake, wave.name, findings, decided, [*headlines, *decided.odds, *silent])


def run_all(lake: Lake, survey: Survey, waves: list[str]) -> dict[str, object]:
    """The same for all waves pooled, with firm means, conditional logit and attrition; partition `all`.

    A single wave has nothing to pool: the tables are written without rows.
    """
    if len(waves) < 2:
        return {"rows": {table: lake.write(table, ALL_WAVES, frame_of(table, [])) for table in COLUMNS}}
    with kept.within(lake.kept(ALL_WAVES)):
        samples = [sample_of(lake, survey, wave) for wave in sorted(waves)]
        findings = Findings(survey, samples[-1], POOLED, tuple(sample.wave for sample in samples))
        printed = [fingerprint(lake.path(PRINTED, wave)) if lake.has(PRINTED, wave) else "" for wave in findings.waves]
        asked = _of_models(_decided_together, survey, samples, findings, lake, content=printed)
        decided, _ = together(_standing(asked), programme_rows(lake, findings, samples))
        left = left_rows(lake, findings, samples)
    log.info("%s pooled: %d models, %d claims", survey.name, decided.about["models"], len(survey.claims))
    return _written(lake, ALL_WAVES, findings, decided, [*decided.odds, *left])


def _of_models(
    function: Callable[..., Asking[Decided]],
    survey: Survey,
    samples: Sequence[Sample],
    *arguments: Any,
    content: Sequence[Any] = (),
) -> Part:
    """Models and claims, handed no more of these waves than they name. `content`: what they follow from beside."""
    declared = {"models": survey.models, "claims": survey.claims}
    return part_of(function, survey, {sample.wave: sample for sample in samples}, declared, arguments, content)


def _standing(asked: Part) -> Asking[Decided]:
    """What models and claims came to where they were the same, else what they come to now."""
    content = asked.written()
    decided = kept.known(asked.function, content)
    if decided is None:
        decided = yield from asked.function(*asked.told)
        kept.keep(asked.function, content, decided)
    return decided


def _decided(survey: Survey, samples: Mapping[str, Sample], findings: Findings) -> Asking[Decided]:
    """Of a wave. `findings`: of the whole survey."""
    own = Findings(survey, samples[findings.label], findings.label, seconds=findings.seconds)
    models = list(survey.models.values())
    fit_models(own, models)
    started = perf_counter()
    yield from ask_otherwise(own, models)
    own.timed("beside the models", started)
    return (yield from _claimed(own, models))


def _decided_together(survey: Survey, by_wave: Mapping[str, Sample], findings: Findings, lake: Lake) -> Asking[Decided]:
    """Of all waves together."""
    samples = list(by_wave.values())
    own = Findings(survey, pooled_sample(samples, POOLED), POOLED, findings.waves, seconds=findings.seconds)
    models = [pooled_model(model) for model in survey.models.values()]
    fit_models(own, models)
    started = perf_counter()
    yield from ask_otherwise(own, models)
    own.timed("beside the models", started)
    for model in models:
        if model.primary and model.main.of_two_practices:
            fit_panel(own, model)
            own.add_robustness(equal_over_waves(lake, survey, samples, model))
            follow(own, model)
        if model.primary:
            attrition_rows(own, samples, model)
    return (yield from _claimed(own, models))


def _claimed(own: Findings, models: Sequence[Model]) -> Asking[Decided]:
    """The curves, the claims, and what other odds of answering would make of these."""
    draw_curves(own, models)
    decide_claims(own)
    started = perf_counter()
    odds = yield from claim_rows(own)
    own.timed("odds of answering", started)
    return Decided(own.rows, odds, own.about)


def _written(
    lake: Lake, partition: str, findings: Findings, decided: Decided, sensitivity: list[dict[str, Any]]
) -> dict[str, object]:
    """Write every table of the partition; what Dagster is told."""
    rows = {table: [*decided.rows[table], *findings.rows[table]] for table in COLUMNS}
    rows["modelled_sensitivity"] = sensitivity
    written = {table: lake.write(table, partition, frame_of(table, each)) for table, each in rows.items()}
    return {"rows": written, **decided.about, "seconds": findings.seconds}


def _published(lake: Lake, wave: str) -> pd.DataFrame | None:
    """The wave's indicators; None where none were estimated."""
    return lake.read("estimated_indicators", wave) if lake.has("estimated_indicators", wave) else None
