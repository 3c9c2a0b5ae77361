"""The assets: one for each table of each stage, in the order of the stages.

Belongs here: which tables a stage writes, and calling the stage. Does not belong here: arithmetic, storage, messages.
"""

import importlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from monitor.lake import Lake
from monitor.problems import MonitorError
from monitor.survey import Survey
from pipelines.resources import SurveyHome

log = logging.getLogger("monitor")

WAVE_STAGES: Mapping[str, Sequence[str]] = {
    "raw": ("raw_deliveries", "raw_records", "raw_frame"),
    "staged": ("staged_answers", "staged_missing", "staged_frame", "staged_columns", "staged_corrections"),
    "validated": ("validated_rules", "validated_failures", "validated_responses"),
    "imputed": ("imputed_answers", "imputed_flags", "imputed_diagnostics"),
    "derived": ("derived_measures",),
    "weighted": ("weighted_weights", "weighted_replicates", "weighted_diagnostics"),
    "estimated": ("estimated_indicators",),
    "modelled": ("modelled_models", "modelled_terms", "modelled_contrasts", "modelled_claims"),
}
"""Stage -> the tables it writes for one wave"""

RELEASE_STAGES: Mapping[str, Sequence[str]] = {
    "estimated": ("estimated_changes",),
    "modelled": ("modelled_pooled",),
    "disclosed": (
        "disclosed_indicators",
        "disclosed_changes",
        "disclosed_models",
        "disclosed_terms",
        "disclosed_contrasts",
        "disclosed_claims",
        "disclosed_rules",
        "disclosed_quality",
        "disclosed_codebook",
    ),
    "released": ("released_release",),
}
"""Stage -> what it writes over all waves"""


def build_assets(survey: Survey) -> list[dg.AssetsDefinition]:
    """The assets of a survey: partitioned by its declared waves up to `modelled`, whole from then on."""
    waves = dg.StaticPartitionsDefinition(list(survey.waves))
    assets: list[dg.AssetsDefinition] = []
    before: list[str] = []
    for stage, tables in WAVE_STAGES.items():
        assets.append(_wave_asset(stage, tables, before, waves))
        before = list(tables)
    for stage, tables in RELEASE_STAGES.items():
        assets.append(_release_asset(stage, tables, before))
        before = list(tables)
    return assets


def _specs(stage: str, tables: Sequence[str], before: Sequence[str]) -> list[dg.AssetSpec]:
    description = (importlib.util.find_spec(f"monitor.{stage}") and _summary(stage)) or stage
    return [
        dg.AssetSpec(table, deps=list(before), group_name=stage, skippable=True, description=description)
        for table in tables
    ]


def _summary(stage: str) -> str:
    """The first line of a stage's module, without importing it: heavy packages stay out of loading."""
    spec = importlib.util.find_spec(f"monitor.{stage}")
    if spec is None or spec.origin is None:
        return stage
    with open(spec.origin, encoding="utf-8") as source:
        return source.readline().strip().strip('"')


def _wave_asset(
    stage: str, tables: Sequence[str], before: Sequence[str], waves: dg.PartitionsDefinition
) -> dg.AssetsDefinition:
    @dg.multi_asset(name=stage, specs=_specs(stage, tables, before), partitions_def=waves)
    def asset(context: dg.AssetExecutionContext, monitor: SurveyHome) -> Iterator[dg.MaterializeResult]:
        survey, lake, wave = monitor.survey(), monitor.lake(), context.partition_key
        if stage == "raw":
            lake.begin(wave)
        yield from _run(stage, tables, wave, lake, lambda module: module.run(lake, survey, survey.waves[wave]))
        if stage == "modelled":
            lake.finish(wave)

    return asset


def _release_asset(stage: str, tables: Sequence[str], before: Sequence[str]) -> dg.AssetsDefinition:
    @dg.multi_asset(name=f"{stage}_all", specs=_specs(stage, tables, before))
    def asset(context: dg.AssetExecutionContext, monitor: SurveyHome) -> Iterator[dg.MaterializeResult]:
        survey, lake = monitor.survey(), monitor.lake()
        yield from _run(stage, tables, "all", lake, lambda module: module.run_all(lake, survey, lake.whole_waves()))

    return asset


def _run(
    stage: str, tables: Sequence[str], wave: str, lake: Lake, call: Callable[[Any], Mapping[str, object]]
) -> Iterator[dg.MaterializeResult]:
    """Run a stage and report each table with what the stage says of itself and the seconds it took."""
    began = time.perf_counter()
    log.info("%s %s ...", wave, stage)
    try:
        figures = dict(call(importlib.import_module(f"monitor.{stage}")))
    except MonitorError as error:
        raise failure(error) from None
    seconds = round(time.perf_counter() - began, 3)
    log.info("%s %s %.1f s", wave, stage, seconds)
    metadata = {name: _shown(value) for name, value in figures.items()} | {"wave": wave, "seconds": seconds}
    for table in tables:
        # A table this wave does not have (no frame, no corrections) is not reported as made.
        if stage in ("disclosed", "released") or table == "modelled_pooled" or lake.has(table, wave):
            yield dg.MaterializeResult(asset_key=table, metadata=metadata)


def _shown(value: object) -> Any:
    """A figure as Dagster's metadata takes it."""
    return value if isinstance(value, (str, int, float, bool)) else dg.MetadataValue.json(json.loads(dumps(value)))


def dumps(value: object) -> str:
    """JSON of anything a stage reports: paths and array scalars as text or number."""
    return json.dumps(value, default=lambda item: item.item() if hasattr(item, "item") else str(item))


def failure(error: MonitorError) -> dg.Failure:
    """A problem a user must act on, as Dagster shows it: the whole message, and the problems for a machine."""
    return dg.Failure(
        description=str(error),
        metadata={
            "problems": dg.MetadataValue.json([problem.as_dict() for problem in error.problems]),
            "exit_code": error.exit_code,
        },
        allow_retries=False,
    )
