"""What Dagster shows of a table that was made and of its rules.

Belongs here: rows, columns, links, outcomes of rules as Dagster takes them. Does not belong here: making tables
(`assets`), what is known before (`tables`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import dagster as dg

from monitor.problems import Problem
from monitor.storage.lake import ALL_WAVES, Lake
from monitor.survey import Survey
from pipelines.names import PUBLIC, address
from pipelines.tables import MODELLED_POOLED, RELEASE_STAGES

if TYPE_CHECKING:
    import pandas as pd

OUTSIDE = (MODELLED_POOLED, *RELEASE_STAGES["released"])
"""What Dagster knows as a table and is none of the lake's"""
RULES = dg.TableSchema(
    [
        dg.TableColumn("rule", description="Its name in the suite."),
        dg.TableColumn("sentence", description="What holds, and why."),
        dg.TableColumn("severity", description="critical stops, warning quarantines the response, info is noted."),
        dg.TableColumn("checked", "int", description="Rows it was asked of."),
        dg.TableColumn("failed", "int", description="Rows that failed it."),
    ]
)


AS_IT_IS = "    "
"""Before each line of a text that Dagster is not to read as Markdown: a problem repeats what somebody wrote"""
CARRIED = {
    "firm": "The firm's pseudonym; in raw tables what identifies it.",
    "response": "Which of the wave's responses it is.",
    "line": "Where it stands in its delivery.",
    "imputation": "Which completed copy; 0 as it was answered.",
    "wave": "The round of fieldwork.",
    "concept": "The concept it is about.",
    "rule": "The rule's name in its suite.",
    "suite": "The suite, named after the table it judges.",
    "severity": "critical stops, warning quarantines the response, info is noted.",
}
"""Columns of many tables of the lake -> what they mean"""


def table_metadata(lake: Lake, survey: Survey, table: str, wave: str) -> dict[str, Any]:
    """Rows and columns of a table as it lies in the lake; rows of a wave are never mixed with those of others."""
    if table in OUTSIDE:
        return {}
    rows: dict[str, Any] = {
        f"dagster/{'row_count' if wave == ALL_WAVES else 'partition_row_count'}": lake.rows(table, wave)
    }
    # The contract says what the columns of a public table are.
    columns = {} if table.startswith("disclosed_") else lake.columns(table, wave)
    if not columns:
        return rows
    told = [dg.TableColumn(name, kind, description=_meaning(survey, name)) for name, kind in columns.items()]
    return rows | {"dagster/column_schema": dg.TableSchema(told)}


def _meaning(survey: Survey, column: str) -> str | None:
    """What a column that is a concept or a measure of the survey, or that many tables carry, means: in English, as all
    of Dagster's pages are, where the survey speaks it."""
    meant = survey.concepts.get(column) or survey.measures.get(column)
    if meant is None or column == "firm":
        return CARRIED.get(column)
    text = meant.definition or meant.label
    return text.get("en") or next(iter(text.values()), None)


def check_result(
    suite: str, asset: dg.AssetKey, wave: str, rules: pd.DataFrame, stops: Sequence[Problem]
) -> dg.AssetCheckResult:
    """A suite's outcome; `rules` are its rows, `stops` the problems of its critical rules. What failed without stopping
    is a warning, which holds nothing back."""
    failed = rules[rules["passed"].eq(False)]
    records = [
        dg.TableRecord({
            "rule": str(line["rule"]), "sentence": str(line["why_en"]), "severity": str(line["severity"]),
            "checked": int(line["checked"]), "failed": int(line["failed"]),
        })
        for line in failed.to_dict("records")
    ]  # fmt: skip
    told = [indent("\n".join(problem.render() for problem in stops), AS_IT_IS)] if stops else []
    told = told or [f"- {r.data['failed']} of {r.data['checked']}: {r.data['sentence']}" for r in records]
    return dg.AssetCheckResult(
        check_name=suite,
        asset_key=asset,
        passed=not stops and not records,
        severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
        description="\n".join(told) or f"{len(rules)} rules hold",
        metadata={
            "wave": wave,
            "rules": len(rules),
            "failed": dg.MetadataValue.table(records, schema=RULES),
            "problems": dg.MetadataValue.json([problem.as_dict() for problem in stops]),
        },
    )


def release_metadata(before: Path | None, release: Path) -> Mapping[str, Any]:
    """Where a release's report and database are read, on the server that shows this page, and what changed since the
    one before: the report's own page, and the command that splits any two releases."""
    pages = release / PUBLIC / "report"
    told = {
        "report": _read(release, "report/index.html"),
        "database": _read(release, "monitor.duckdb"),
    }
    if before is None or before == release:
        return told
    page = next(iter(sorted(pages.glob("*/revisions.html"), key=lambda path: path.parent.name != "en")))
    return told | {
        "difference": _read(release, page.relative_to(release / PUBLIC).as_posix()),
        "difference_split": dg.MetadataValue.md(f"`monitor diff {before.name} {release.name}`"),
    }


def _read(release: Path, file: str) -> dg.MetadataValue:
    return dg.MetadataValue.url(address(release.parent.name, release.name, file))


def shown(value: object) -> Any:
    """A figure as Dagster's metadata takes it."""
    return value if isinstance(value, (str, int, float, bool)) else dg.MetadataValue.json(plain(value))


def plain(value: object) -> Any:
    """Anything a stage reports as JSON has it: paths and array scalars as text or number."""
    return json.loads(json.dumps(value, default=lambda item: item.item() if hasattr(item, "item") else str(item)))
