"""The assets: sources, one for each table of each stage, in the order of the stages, and a blocking check per suite.

Belongs here: which tables a stage writes, calling the stage, turning a suite's outcome into Dagster's. Does not belong
here: arithmetic, storage, messages, rules (`expectations/`) and running them (`stages.validated`).
"""

import importlib
import logging
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from monitor.problems import DefinitionError, MonitorError, Problem, WaveStopped
from monitor.refusals import refusal
from monitor.running import beside, cluster
from monitor.storage import places, publish
from monitor.storage.folders import EXPECTATIONS
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey
from monitor.survey.seen import Words
from pipelines import sources
from pipelines.kept import AFRESH, Unit, listening, options_of
from pipelines.names import POOL, key, named
from pipelines.promise import promised_waves
from pipelines.resources import SurveyHome, Turn
from pipelines.shown import check_result, release_metadata, shown, table_metadata
from pipelines.tables import MODELLED_POOLED, RELEASE_STAGES, WAVE_STAGES, WAVE_TABLES, specs

if TYPE_CHECKING:
    from monitor.stages.validated.stage import TableOutcome

Result = dg.MaterializeResult | dg.AssetCheckResult

log = logging.getLogger("monitor")

ANSWER_SUITES = ("staged_answers", "staged_frame", "staged_grants", "validated_responses", "validated_rules")
"""The suites the stage `validated` itself runs: they decide which responses are kept"""


def build_assets(monitor: SurveyHome) -> list[dg.AssetsDefinition]:
    """The assets of a survey: partitioned by its declared waves up to `modelled`, whole from then on."""
    waves = dg.StaticPartitionsDefinition(list(monitor.survey().waves))
    assets = [
        _validated_asset(monitor, waves) if stage == "validated" else _wave_asset(monitor, stage, tables, waves)
        for stage, tables in WAVE_STAGES.items()
    ]
    assets += [_release_asset(monitor, stage, tables) for stage, tables in RELEASE_STAGES.items()]
    return [_sources_asset(monitor), *assets] if monitor.sources() else assets


def _sources_asset(monitor: SurveyHome) -> dg.AssetsDefinition:
    """What nobody makes here and tables are made from: looked at by every run before it reads them."""
    survey, found = monitor.survey(), monitor.sources()

    def asset() -> Iterator[dg.ObserveResult]:
        with _told(Path(monitor.home)):
            looked_at = [sources.observed(survey, source) for source in found]
        yield from looked_at

    with warnings.catch_warnings():
        # Dagster calls assets that are looked at and not made a beta: its version is pinned, and no user has to know.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.multi_observable_source_asset(
            name=named(survey.name, sources.GROUP),
            specs=sources.specs(survey, found),
            check_specs=sources.checks(survey, found),
        )(asset)


def _wave_asset(
    monitor: SurveyHome, stage: str, tables: Sequence[str], waves: dg.PartitionsDefinition
) -> dg.AssetsDefinition:
    name = monitor.survey().name

    @dg.multi_asset(
        name=named(name, stage),
        specs=specs(monitor.survey(), stage, tables, WAVE_STAGES, monitor.sources()),
        partitions_def=waves,
        pool=POOL,
        check_specs=_checks(name, _suites(tables)),
    )
    def asset(context: dg.AssetExecutionContext, turn: Turn) -> Iterator[Result]:
        survey, lake, wave = monitor.survey(), monitor.lake(), context.partition_key
        if stage == "raw":
            _refuse_undecided(survey)
            lake.begin(wave, _family(context), lake.delivered(wave), survey.definition_hash)
        unit = Unit(lake, survey, stage, wave, [wave])
        seen = unit.seen()
        passed = yield from _run(
            unit, tables, lambda module: module.run(lake, seen, seen.waves[wave]), _afresh(context)
        )
        if stage == "modelled" and passed:
            lake.finish(wave, _family(context), WAVE_TABLES)
            _send(lake)

    return asset


def _family(context: dg.AssetExecutionContext) -> str:
    """What a run and those that take it up where it failed have in common: together they make a wave whole."""
    return context.run.root_run_id or context.run.run_id


def _afresh(context: dg.AssetExecutionContext) -> bool:
    """Whether the run makes everything again, whatever stands."""
    return AFRESH in context.run.tags


def _validated_asset(monitor: SurveyHome, waves: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The stage whose outcome is checks: its tables are written even where a critical rule stops the wave."""
    stage, tables, name = "validated", WAVE_STAGES["validated"], monitor.survey().name

    @dg.multi_asset(
        name=named(name, stage),
        specs=specs(monitor.survey(), stage, tables, WAVE_STAGES, monitor.sources()),
        partitions_def=waves,
        pool=POOL,
        check_specs=_checks(name, dict.fromkeys(ANSWER_SUITES, "validated_rules")),
    )
    def asset(context: dg.AssetExecutionContext, turn: Turn) -> Iterator[Result]:
        survey, lake, wave = monitor.survey(), monitor.lake(), context.partition_key
        stops: list[Problem] = []

        def call(module: Any) -> Mapping[str, object]:
            seen = unit.seen()
            judged = beside.begin(module.run, lake, seen, seen.waves[wave])
            # Rules are judged beside; meanwhile this process imports what comes next.
            for later in WAVE_STAGES:
                importlib.import_module(f"monitor.stages.{later}")
            try:
                figures: Mapping[str, object] = judged()
            except WaveStopped as stopped:
                stops.extend(stopped.problems)
                return {"stopped": len(stops)}
            return figures

        unit = Unit(lake, survey, stage, wave, [wave])
        yield from _run(unit, tables, call, _afresh(context), lambda: not stops)
        rules = lake.read("validated_rules", wave)
        for suite in ANSWER_SUITES:
            outcome = rules[rules["suite"] == suite]
            stopping = [problem for problem in stops if problem.rule in set(outcome["rule"])]
            yield check_result(suite, key(name, "validated_rules"), wave, outcome, stopping)

    return asset


def _suites(tables: Sequence[str]) -> dict[str, str]:
    """Suite -> the asset it is a check of, the answers' suites left out.

    A suite has its table's name; what stands for the modelled tables over all waves is judged by theirs.
    """
    found = {}
    for table in tables:
        for suite in WAVE_STAGES["modelled"] if table == MODELLED_POOLED else (table,):
            if suite not in ANSWER_SUITES and (EXPECTATIONS / f"{suite}.yaml").exists():
                found[suite] = table
    return found


def _checks(survey: str, suites: Mapping[str, str]) -> list[dg.AssetCheckSpec]:
    """A blocking check for each suite: what is downstream of its table does not run where a critical rule failed."""
    return [
        dg.AssetCheckSpec(
            suite,
            asset=key(survey, asset),
            blocking=True,
            description=f"The rules of expectations/{suite}.yaml, and the survey's own about that table.",
        )
        for suite, asset in suites.items()
    ]


def _release_asset(monitor: SurveyHome, stage: str, tables: Sequence[str]) -> dg.AssetsDefinition:
    name = monitor.survey().name

    @dg.multi_asset(
        name=named(name, f"{stage}_all"),
        specs=specs(monitor.survey(), stage, tables, RELEASE_STAGES, monitor.sources()),
        pool=POOL,
        check_specs=_checks(name, _suites(tables)),
    )
    def asset(context: dg.AssetExecutionContext, turn: Turn) -> Iterator[Result]:
        survey, lake = monitor.survey(), monitor.lake()
        _refuse_undecided(survey)
        options = options_of(stage, monitor.passports)
        try:
            waves = promised_waves(lake, survey, stage, WAVE_TABLES)
        except MonitorError as error:
            raise failure(error) from None
        if stage in ("estimated", "modelled"):
            lake.begin(ALL_WAVES, _family(context))
        unit = Unit(lake, survey, stage, ALL_WAVES, waves, options)
        disclosed = replace(unit, stage="disclosed", options={})
        standing = disclosed.standing() if stage == "released" else None
        passed = yield from _run(
            unit, tables, lambda module: module.run_all(lake, unit.seen(), waves, **options), _afresh(context)
        )
        if standing:
            disclosed.keep_again(standing)
        if stage == "disclosed" and passed:
            lake.finish(ALL_WAVES, _family(context), made_from=lake.made_of(waves))
            _send(lake)

    return asset


def _send(lake: Lake) -> None:
    """A wave that is whole is so for other machines too."""
    with _told(lake.home):
        places.send(lake.home)


def _refuse_undecided(survey: Survey) -> None:
    """Nothing is made from a definition of which a proposal's marks are left."""
    if survey.todos:
        raise failure(DefinitionError(survey.todos))


def _run(
    unit: Unit,
    tables: Sequence[str],
    call: Callable[[Any], Mapping[str, object]],
    afresh: bool,
    went_through: Callable[[], bool] = lambda: True,
) -> Generator[Result, None, bool]:
    """Run a stage, where what it made the last time does not stand, and report each table with what the stage says of
    itself and the seconds it took, then how the suites of its tables came out. Returns whether no critical rule failed.

    afresh: run it in any case; went_through: whether the stage itself found nothing that stops the wave.
    """
    from monitor.stages.validated.stage import validate_tables

    stage, wave, survey, lake = unit.stage, unit.wave, unit.survey, unit.lake
    last = publish.latest(lake.home / "releases" / survey.name) if stage == "released" else None
    began = time.perf_counter()
    standing = None if afresh else unit.standing()
    if standing:
        shared: dict[str, int] = {}
        log.info("%s %s stands as it was made", wave, stage)
        for level, line in standing.said:
            log.log(level, line)
        figures = dict(standing.figures)
    else:
        unit.forget(afresh)
        log.info("%s %s ...", wave, stage)
        with _told(lake.home, survey), listening() as said, cluster.counted() as shared:
            figures = dict(call(importlib.import_module(f"monitor.stages.{stage}")))
            places.send(lake.home)
    seconds = round(time.perf_counter() - began, 3)
    if not standing:
        log.info("%s %s %.1f s", wave, stage, seconds)
    suites = _suites(tables)
    judging = _as_judged if standing and standing.rules == unit.rules() else validate_tables
    judged = beside.begin(judging, lake, survey, wave, list(suites))
    metadata = {name: shown(value) for name, value in Words(survey).told(figures).items()} | shared
    metadata |= {"wave": wave, "seconds": seconds, "stands": standing is not None}
    if stage == "released":
        metadata |= release_metadata(last, Path(str(figures["path"])))
    for table in tables:
        # A table this wave does not have (no frame, no corrections) is reported with no rows: what is downstream of it
        # must not be skipped.
        yield dg.MaterializeResult(
            asset_key=key(survey.name, table),
            metadata=metadata | table_metadata(lake, survey, table, wave),
            data_version=dg.DataVersion(version) if (version := unit.version(table)) else None,
        )
    passed = True
    with _told(lake.home, survey):
        outcomes = judged()
    for outcome in outcomes:
        critical = [problem for problem in outcome.problems if problem.severity == "critical"]
        passed = passed and not critical
        asset = key(survey.name, suites[outcome.table])
        yield check_result(outcome.table, asset, wave, outcome.rules, critical)
    if not standing and passed and went_through():
        unit.keep([*_in_lake(tables), *(f"validated_rules_{suite}" for suite in suites)], figures, said)
    elif standing and judging is validate_tables and passed:
        unit.keep(list(standing.tables), standing.figures, standing.said)
    return passed


def _as_judged(lake: Lake, survey: Survey, wave: str, tables: Sequence[str]) -> "list[TableOutcome]":
    """How the suites of tables came out that stand as they were made: nothing in them stopped the wave."""
    from monitor.stages.validated.stage import TableOutcome

    return [TableOutcome(table, wave, lake.read(f"validated_rules_{table}", wave), ()) for table in tables]


def _in_lake(tables: Sequence[str]) -> list[str]:
    """The tables of the lake that a stage's assets stand for."""
    return [name for table in tables for name in (WAVE_STAGES["modelled"] if table == MODELLED_POOLED else (table,))]


@contextmanager
def _told(home: Path, survey: Survey | None = None) -> Iterator[None]:
    """What a user must act on, and what the machine refused, as Dagster shows it; a defect stays what it is. `survey`:
    whose words are put in where figures are made without them."""
    try:
        yield
    except Exception as error:
        known = error if isinstance(error, MonitorError) else refusal(error, home)
        if known is None:
            raise
        if survey is not None:
            words = Words(survey)
            known = type(known)([replace(each, **words.told(asdict(each))) for each in known.problems])
        raise failure(known) from None


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
