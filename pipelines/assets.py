"""The assets: one for each table of each stage, in the order of the stages, and a blocking check for each suite.

Belongs here: which tables a stage writes, calling the stage, turning a suite's outcome into Dagster's. Does not belong
here: arithmetic, storage, messages, rules (`expectations/`) and running them (`stages.validated`).
"""

import importlib
import json
import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from monitor.contract import BY_NAME as PUBLIC
from monitor.contract import TABLES
from monitor.contract.lake import BY_NAME, CHANGES, of_stage
from monitor.problems import DefinitionError, MonitorError, Problem, WaveStopped
from monitor.refusals import refusal
from monitor.running import beside
from monitor.storage.folders import EXPECTATIONS
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey
from pipelines.promise import promised_waves
from pipelines.resources import SurveyHome, Turn

if TYPE_CHECKING:
    import pandas as pd

Result = dg.MaterializeResult | dg.AssetCheckResult

log = logging.getLogger("monitor")

WAVE_STAGES: Mapping[str, Sequence[str]] = {
    stage: of_stage(stage)
    for stage in ("raw", "staged", "validated", "imputed", "derived", "weighted", "estimated", "modelled")
}
"""Stage -> the tables it writes for one wave"""
WAVE_TABLES = tuple(table for tables in WAVE_STAGES.values() for table in tables)

POOLED = "modelled_pooled"
"""Stands for the modelled tables' rows over all waves"""
RELEASE_STAGES: Mapping[str, Sequence[str]] = {
    "estimated": (CHANGES.name,),
    "modelled": (POOLED,),
    "disclosed": tuple(f"disclosed_{table.name}" for table in TABLES if table.name != "releases"),
    "released": ("released_release",),
}
"""Stage -> what it writes over all waves"""
ANSWER_SUITES = ("staged_answers", "staged_frame", "validated_responses", "validated_rules")
"""The suites the stage `validated` itself runs: they decide which responses are kept"""


def build_assets(survey: Survey) -> list[dg.AssetsDefinition]:
    """The assets of a survey: partitioned by its declared waves up to `modelled`, whole from then on."""
    waves = dg.StaticPartitionsDefinition(list(survey.waves))
    assets: list[dg.AssetsDefinition] = []
    before: list[str] = []
    for stage, tables in WAVE_STAGES.items():
        make = _validated_asset(before, waves) if stage == "validated" else _wave_asset(stage, tables, before, waves)
        assets.append(make)
        before = list(tables)
    for stage, tables in RELEASE_STAGES.items():
        assets.append(_release_asset(stage, tables, before))
        before = list(tables)
    return assets


def _specs(stage: str, tables: Sequence[str], before: Sequence[str]) -> list[dg.AssetSpec]:
    return [dg.AssetSpec(name, deps=list(before), group_name=stage, description=_description(name)) for name in tables]


def _description(name: str) -> str:
    """What the web interface says of a table: what a row of it is."""
    if table := BY_NAME.get(name):
        return f"A row is {table.holds}."
    if name == POOLED:
        return "The modelled tables' rows for all waves together."
    if public := PUBLIC.get(name.removeprefix("disclosed_")):
        return public.comment
    return "A release: databases, report, tables and manifest."


def _wave_asset(
    stage: str, tables: Sequence[str], before: Sequence[str], waves: dg.PartitionsDefinition
) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=stage, specs=_specs(stage, tables, before), partitions_def=waves, check_specs=_checks(_suites(tables))
    )
    def asset(context: dg.AssetExecutionContext, monitor: SurveyHome, turn: Turn) -> Iterator[Result]:
        survey, lake, wave = monitor.survey(), monitor.lake(), context.partition_key
        if stage == "raw":
            _refuse_undecided(survey)
            lake.begin(wave, _family(context), monitor.delivered(wave))
        passed = yield from _run(
            stage, tables, wave, survey, lake, lambda module: module.run(lake, survey, survey.waves[wave])
        )
        if stage == "modelled" and passed:
            lake.finish(wave, _family(context), WAVE_TABLES)

    return asset


def _family(context: dg.AssetExecutionContext) -> str:
    """What a run and those that take it up where it failed have in common: together they make a wave whole."""
    return context.run.root_run_id or context.run.run_id


def _validated_asset(before: Sequence[str], waves: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The stage whose outcome is checks: its tables are written even where a critical rule stops the wave."""
    stage, tables = "validated", WAVE_STAGES["validated"]
    checks = [dg.AssetCheckSpec(name, asset="validated_rules", blocking=True) for name in ANSWER_SUITES]

    @dg.multi_asset(name=stage, specs=_specs(stage, tables, before), partitions_def=waves, check_specs=checks)
    def asset(context: dg.AssetExecutionContext, monitor: SurveyHome, turn: Turn) -> Iterator[Result]:
        survey, lake, wave = monitor.survey(), monitor.lake(), context.partition_key
        stops: list[Problem] = []

        def call(module: Any) -> Mapping[str, object]:
            try:
                figures: Mapping[str, object] = beside.begin(module.run, lake, survey, survey.waves[wave])()
            except WaveStopped as stopped:
                stops.extend(stopped.problems)
                return {"stopped": len(stops)}
            return figures

        yield from _run(stage, tables, wave, survey, lake, call)
        rules = lake.read("validated_rules", wave)
        for suite in ANSWER_SUITES:
            outcome = rules[rules["suite"] == suite]
            yield _check_result(
                suite, "validated_rules", wave, outcome, [p for p in stops if p.rule in set(outcome["rule"])]
            )

    return asset


def _suites(tables: Sequence[str]) -> dict[str, str]:
    """Suite -> the asset it is a check of, the answers' suites left out.

    A suite has its table's name; what stands for the modelled tables over all waves is judged by theirs.
    """
    found = {}
    for table in tables:
        for suite in WAVE_STAGES["modelled"] if table == POOLED else (table,):
            if suite not in ANSWER_SUITES and (EXPECTATIONS / f"{suite}.yaml").exists():
                found[suite] = table
    return found


def _checks(suites: Mapping[str, str]) -> list[dg.AssetCheckSpec]:
    """A blocking check for each suite: what is downstream of its table does not run where a critical rule failed."""
    return [dg.AssetCheckSpec(suite, asset=asset, blocking=True) for suite, asset in suites.items()]


def _check_result(
    suite: str, asset: str, wave: str, rules: "pd.DataFrame", stops: Sequence[Problem]
) -> dg.AssetCheckResult:
    """A suite's outcome as Dagster shows it; `rules` are its rows, `stops` the problems of its critical rules."""
    failed = rules[rules["passed"].eq(False)]
    shown = failed[["rule", "severity", "checked", "failed"]].to_dict("records")
    return dg.AssetCheckResult(
        check_name=suite,
        asset_key=asset,
        passed=not stops,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(problem.render() for problem in stops)
        or f"{len(rules)} rules, {len(failed)} of them failed without stopping",
        metadata={
            "wave": wave,
            "rules": len(rules),
            "failed": dg.MetadataValue.json(json.loads(dumps(shown))),
            "problems": dg.MetadataValue.json([problem.as_dict() for problem in stops]),
        },
    )


def _release_asset(stage: str, tables: Sequence[str], before: Sequence[str]) -> dg.AssetsDefinition:
    @dg.multi_asset(name=f"{stage}_all", specs=_specs(stage, tables, before), check_specs=_checks(_suites(tables)))
    def asset(context: dg.AssetExecutionContext, monitor: SurveyHome, turn: Turn) -> Iterator[Result]:
        survey, lake = monitor.survey(), monitor.lake()
        _refuse_undecided(survey)
        options = {"passports": monitor.passports} if stage == "released" else {}
        try:
            waves = promised_waves(lake, survey, stage, WAVE_TABLES)
        except MonitorError as error:
            raise failure(error) from None
        if stage == "estimated":
            lake.begin(ALL_WAVES, _family(context))
        passed = yield from _run(
            stage, tables, ALL_WAVES, survey, lake, lambda module: module.run_all(lake, survey, waves, **options)
        )
        if stage == "disclosed" and passed:
            lake.finish(ALL_WAVES, _family(context), made_from={wave: lake.made(wave) for wave in waves})

    return asset


def _refuse_undecided(survey: Survey) -> None:
    """Nothing is made from a definition of which a proposal's marks are left."""
    if survey.todos:
        raise failure(DefinitionError(survey.todos))


def _run(
    stage: str,
    tables: Sequence[str],
    wave: str,
    survey: Survey,
    lake: Lake,
    call: Callable[[Any], Mapping[str, object]],
) -> Generator[Result, None, bool]:
    """Run a stage and report each table with what the stage says of itself and the seconds it took, then how the suites
    of its tables came out. Returns whether no critical rule failed."""
    from monitor.stages.validated.stage import validate_tables

    began = time.perf_counter()
    log.info("%s %s ...", wave, stage)
    with _told(lake.home):
        figures = dict(call(importlib.import_module(f"monitor.stages.{stage}")))
    seconds = round(time.perf_counter() - began, 3)
    log.info("%s %s %.1f s", wave, stage, seconds)
    suites = _suites(tables)
    judged = beside.begin(validate_tables, lake, survey, wave, list(suites))
    metadata = {name: _shown(value) for name, value in figures.items()} | {"wave": wave, "seconds": seconds}
    for table in tables:
        # A table this wave does not have (no frame, no corrections) is reported with no rows: what is downstream of it
        # must not be skipped.
        yield dg.MaterializeResult(asset_key=table, metadata=metadata | {"dagster/row_count": lake.rows(table, wave)})
    passed = True
    with _told(lake.home):
        outcomes = judged()
    for outcome in outcomes:
        critical = [problem for problem in outcome.problems if problem.severity == "critical"]
        passed = passed and not critical
        yield _check_result(outcome.table, suites[outcome.table], wave, outcome.rules, critical)
    return passed


@contextmanager
def _told(home: Path) -> Iterator[None]:
    """What a user must act on, and what the machine refused, as Dagster shows it; a defect stays what it is."""
    try:
        yield
    except Exception as error:
        told = error if isinstance(error, MonitorError) else refusal(error, home)
        if told is None:
            raise
        raise failure(told) from None


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
