"""datapackage.json: what the files under public/ are, for programs (Data Package v2).

Belongs here: the description of the CSV tables from the contract. Does not belong here: the tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from monitor import contract
from monitor.survey import Survey
from monitor.survey.citation import Citation

PARQUET = "Each table is also there as tables/<name>.parquet, typed, with these descriptions in its metadata."

_types = {"VARCHAR": "string", "DOUBLE": "number", "BIGINT": "integer", "BOOLEAN": "boolean", "TIMESTAMP": "datetime"}


def write(path: Path, survey: Survey, waves: Sequence[str], release_id: str, created_at: str) -> None:
    """Write the description of every table under `tables/`, beside them."""
    description = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": survey.name.replace("_", "-").lower(),
        "id": release_id,
        "title": survey.title.get("en", survey.name),
        "description": f"{survey.population.get('en', '')}. {PARQUET}".lstrip(". "),
        "version": release_id,
        "created": created_at,
        "keywords": ["innovation", "small and medium-sized enterprises", "survey", *waves],
        "sources": [{"title": survey.source.get("en", survey.name)}],
        **cited(survey.citation),
        "resources": [resource(table, path.parent) for table in contract.TABLES],
    }
    path.write_text(json.dumps(description, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def cited(citation: Citation) -> dict[str, object]:
    """Under which licence the files are published, who made them and where their report stands; what the survey does
    not declare is left out."""
    institution = citation.institution.get("en") or next(iter(citation.institution.values()), "")
    contributors = [{"title": name, "roles": ["creator"]} for name in citation.authors]
    contributors += [{"title": institution, "roles": ["publisher"]}] if institution else []
    found: dict[str, object] = {"contributors": contributors} if contributors else {}
    if citation.licence:
        licence = citation.licence
        found["licenses"] = [{"name": licence.name, "title": licence.title, "path": licence.path}]
    return found | ({"homepage": f"{citation.address}/"} if citation.address else {})


def resource(table: contract.Table, folder: Path) -> dict[str, object]:
    """One CSV table: its dialect, and for each column type, words and what a value must satisfy."""
    fields = []
    for column in table.columns:
        field: dict[str, object] = {
            "name": column.name,
            "type": _types[column.type],
            "description": column.comment,
        }
        if column.type == "BOOLEAN":
            field |= {"trueValues": ["true"], "falseValues": ["false"]}
        if column.type == "TIMESTAMP":
            field["format"] = "%Y-%m-%d %H:%M:%S"
        if column.check == contract.share:
            field["constraints"] = {"minimum": 0, "maximum": 1}
        elif column.check == contract.not_negative:
            field["constraints"] = {"minimum": 0}
        elif column.values:
            field["constraints"] = {"enum": list(column.values)}
        elif column.name in table.key:
            field["constraints"] = {"required": True}
        fields.append(field)
    file = folder / "tables" / f"{table.name}.csv"
    return {
        "name": table.name,
        "title": table.comment.split(":")[0],
        "description": table.comment,
        "path": f"tables/{table.name}.csv",
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.stat().st_size,
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True},
        "schema": {
            "fields": fields,
            "primaryKey": list(table.key),
            "missingValues": [""],
            **of_domains(table),
        },
    }


def of_domains(table: contract.Table) -> dict[str, object]:
    """Where the table's lines are of subgroups: the table that says what these are."""
    key = list(contract.BY_NAME["domains"].key)
    if table.name == "domains" or not set(key) <= set(table.names):
        return {}
    return {"foreignKeys": [{"fields": key, "reference": {"resource": "domains", "fields": key}}]}
