"""The tables as Dagster shows them before any of them is made: what each is, from what it is made, whose it is.

Belongs here: which stage writes which tables, what a stage reads, descriptions, owners, tags, columns that are known
beforehand. Does not belong here: making them (`assets`), what is known once they are made (`shown`).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import dagster as dg

from monitor.contract import BY_NAME as PUBLIC
from monitor.contract import TABLES
from monitor.contract.lake import BY_NAME, SPANNING, of_stage
from monitor.survey import Survey
from pipelines.names import key
from pipelines.sources import Source, read_by

WAVE_STAGES: Mapping[str, Sequence[str]] = {
    stage: of_stage(stage)
    for stage in ("raw", "staged", "validated", "imputed", "derived", "weighted", "estimated", "modelled")
}
"""Stage -> the tables it writes for one wave"""
WAVE_TABLES = tuple(table for tables in WAVE_STAGES.values() for table in tables)

MODELLED_POOLED = "modelled_pooled"
"""Stands for the modelled tables' rows over all waves"""
RELEASE_STAGES: Mapping[str, Sequence[str]] = {
    "estimated": tuple(table.name for table in SPANNING),
    "modelled": (MODELLED_POOLED,),
    "disclosed": tuple(f"disclosed_{table.name}" for table in TABLES if table.name != "releases"),
    "released": ("released_release",),
}
"""Stage -> what it writes over all waves"""

_FIGURES = "imputed_answers derived_measures derived_routed weighted_weights weighted_nonresponding weighted_replicates"
_MADE_UP = "staged_answers staged_missing staged_frame"
READS: Mapping[str, Sequence[str]] = {
    stage: tuple(names.split())
    for stage, names in {
        "raw": "",
        "staged": "raw_records raw_frame raw_columns raw_codes raw_corrections raw_grants",
        "validated": "raw_deliveries staged_answers staged_missing staged_frame staged_grants",
        "imputed": "staged_answers staged_frame validated_responses",
        "derived": "staged_missing validated_responses imputed_answers",
        "weighted": "staged_frame validated_responses imputed_answers",
        "estimated": _FIGURES,
        "modelled": f"raw_deliveries {_MADE_UP} staged_grants validated_responses {_FIGURES} estimated_indicators",
        "disclosed": (
            f"{_MADE_UP} raw_deliveries raw_amendments staged_corrections staged_grants validated_rules "
            "validated_responses imputed_answers imputed_flags derived_measures weighted_weights "
            "weighted_nonresponding weighted_replicates weighted_diagnostics estimated_indicators "
            f"estimated_participation {' '.join(table.name for table in SPANNING)} "
            f"{' '.join(of_stage('modelled'))} {MODELLED_POOLED}"
        ),
        "released": f"{_MADE_UP} {_FIGURES} estimated_indicators {' '.join(RELEASE_STAGES['disclosed'])}",
    }.items()
}
"""Stage -> the tables of other stages that it reads: what has to be made anew where one of them changes"""

OWNERS: Mapping[str, str] = {
    **dict.fromkeys(("raw", "staged", "validated"), "team:data_engineer"),
    **dict.fromkeys(("imputed", "derived", "weighted", "estimated"), "team:economist"),
    **dict.fromkeys(("modelled", "disclosed", "released"), "team:researcher"),
}
"""Stage -> whose it is: who is asked where something is wrong with it"""
KINDS: Mapping[str, frozenset[str]] = {
    "validated": frozenset({"greatexpectations", "parquet"}),
    "released": frozenset({"duckdb", "html"}),
}
"""Stage -> what its tables are made with and kept as, where that is not DuckDB and Parquet"""
YEARLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=366 + 31), warn_window=timedelta(days=366))
"""A survey of every year has a release that is late after a year, and too late a month after that"""


def specs(
    survey: Survey,
    stage: str,
    tables: Sequence[str],
    stages: Mapping[str, Sequence[str]],
    sources: Sequence[Source] = (),
) -> list[dg.AssetSpec]:
    """The tables that a stage writes, for one wave or (`stages`: RELEASE_STAGES) over all waves, from other tables and
    from the survey's sources."""
    over_all = stages is RELEASE_STAGES
    reads = [name for name in READS[stage] if over_all or name in WAVE_TABLES]
    if over_all and stage in WAVE_STAGES:
        reads += WAVE_STAGES[stage]
    return [
        dg.AssetSpec(
            key(survey.name, name),
            deps=[key(survey.name, each) for each in [*reads, *read_by(sources, stage, name)]],
            group_name=stage,
            description=_description(name),
            kinds=set(KINDS.get(stage, {"duckdb", "parquet"})),
            owners=[OWNERS[stage]],
            tags={"survey": survey.name, "stage": stage, "rows": "all_waves" if over_all else "one_wave"},
            metadata=_columns(name),
            freshness_policy=YEARLY if stage == "released" else None,
        )
        for name in tables
    ]


def _description(name: str) -> str:
    """What the web interface says of a table: what a row of it is."""
    if table := BY_NAME.get(name):
        rows = ", ".join(table.key)
        return f"A row is {table.holds}." + (f" Within a wave, {rows} tells rows apart." if rows else "")
    if name == MODELLED_POOLED:
        return "The modelled tables' rows for all waves together."
    if public := PUBLIC.get(name.removeprefix("disclosed_")):
        return public.comment
    return "A release: databases, report, tables and manifest."


def _columns(name: str) -> Mapping[str, dg.TableSchema]:
    """The columns of a table that has the same ones in every survey, as Dagster takes them."""
    public = PUBLIC.get(name.removeprefix("disclosed_")) if name.startswith("disclosed_") else None
    if public is None:
        return {}
    columns = [dg.TableColumn(column.name, column.type, description=column.comment) for column in public.columns]
    return {"dagster/column_schema": dg.TableSchema(columns)}
