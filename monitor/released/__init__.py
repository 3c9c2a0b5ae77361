"""`released`: one immutable, published set – database, report, tables, metadata, manifest.

Belongs here: building a release from disclosed tables and putting it in place. Does not belong here: any estimate.

`public` and `secure` write the two databases, `datapackage` (and its neighbours) describe them to programs,
`manifest` says what made them, `publish` puts the whole in place atomically.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from monitor import contract
from monitor.lake import Lake
from monitor.released import datapackage, manifest, public, publish, secure
from monitor.survey import Survey

log = logging.getLogger("monitor")


def run_all(lake: Lake, survey: Survey, waves: Sequence[str]) -> dict[str, object]:
    """Publish what `disclosed` let through, with the secure database beside it, as a new release.

    Where nothing changed since the last release (equal content hash) none is made. Returns release_id, path,
    content_hash and whether it is new.
    """
    folder = lake.home / "releases" / survey.name
    tables = public_tables(lake, survey, waves)
    firms = secure.firm_tables(lake, survey, waves)
    content = manifest.content_hash(
        {f"public.{n}" if n not in manifest.volatile else n: f for n, f in tables.items()}
        | {f"secure.{n}": f for n, f in firms.items()}
    )
    with publish.publishing(folder):
        last = publish.latest(folder)
        if last is not None and publish.manifest(last)["content_hash"] == content:
            log.info("released: nothing changed since %s", last.name)
            return {"release_id": last.name, "path": str(last), "content_hash": content, "new": False}
        release_id = f"r{publish.number(last) + 1:04d}-{content[:12]}"
        created_at = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        tables["releases"] = tables["releases"].assign(release_id=release_id, created_at=created_at)
        with publish.building(folder) as built:
            build(built, tables, firms, lake, survey, waves, release_id, created_at, content)
            path = publish.put_in_place(folder, built, release_id)
    log.info("released: %s", path)
    return {"release_id": release_id, "path": str(path), "content_hash": content, "new": True}


def build(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    firms: Mapping[str, pd.DataFrame],
    lake: Lake,
    survey: Survey,
    waves: Sequence[str],
    release_id: str,
    created_at: datetime,
    content: str,
) -> None:
    """Write every file of a release into an empty folder; the manifest, with everyone's checksum, last."""
    from monitor import report

    moment = created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    (folder / "public").mkdir()
    (folder / "secure").mkdir(mode=0o700)
    public.write_database(folder / "public" / "monitor.duckdb", tables)
    public.write_csv(folder / "public" / "tables", tables)
    datapackage.write(folder / "public" / "datapackage.json", survey, waves, release_id, moment)
    report.build(folder / "public" / "report", tables, survey, waves)
    secure.write_database(folder / "secure" / "microdata.duckdb", firms, survey)
    description = manifest.describe(lake, survey, waves, release_id, moment, content)
    description["files"] = manifest.checksums(folder)
    (folder / publish.MANIFEST).write_text(
        json.dumps(description, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )


def public_tables(lake: Lake, survey: Survey, waves: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The disclosed tables in the contract's shape, and `releases` for the release to come (not yet named)."""
    tables = {
        table.name: contract.shaped(table.name, lake.read(f"disclosed_{table.name}", "all"))
        for table in contract.TABLES
        if table.name != "releases"
    }
    about = {
        "release_id": "",
        "created_at": None,
        "survey": survey.name,
        "waves": ",".join(waves),
        "code_version": manifest.code_version(),
        "definition_hash": survey.definition_hash,
        "synthetic": survey.synthetic,
        "synthetic_note": "Synthetic data: no firm in them exists." if survey.synthetic else None,
    }
    tables["releases"] = contract.shaped("releases", pd.DataFrame([about]))
    return tables


def releases(home: Path, survey: str) -> list[dict[str, object]]:
    """What each published release says of itself, oldest first: for `monitor releases`."""
    return [publish.manifest(path) for path in publish.releases(home / "releases" / survey)]
