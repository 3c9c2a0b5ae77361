"""Whether two releases are the same, file by file.

    python benchmarks/alike.py RELEASE OTHER

A file has to be equal byte for byte, but for those of which a format says more than what is in them: `monitor.duckdb`
and `microdata.duckdb` have to hold the same rows in the same order, for DuckDB writes one content in more than one way;
Stata's and SPSS's files may differ in the moment that stands in their head; the manifest, in checksums and sizes of
these. Prints how many files are equal in which way, and those that differ; exit code 1 where any does.

Belongs here: comparing. Does not belong here: when a release may be another one (`monitor.publication.manifest`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

DATABASES = ("public/monitor.duckdb", "secure/microdata.duckdb")
MANIFEST = "manifest.json"
MOMENTS = {
    ".dta": re.compile(rb"(?s)(?<=<timestamp>.)\d\d \w{3} \d{4} \d\d:\d\d(?=</timestamp>)"),
    ".sav": re.compile(rb"(?s)(?<=\A.{92})\d\d \w{3} \d\d\d\d:\d\d:\d\d"),
}
"""Kind of file -> when it was written, as its head says it (https://www.stata.com/help.cgi?dta, section 5.1;
https://www.gnu.org/software/pspp/pspp-dev/html_node/File-Header-Record.html)"""


@dataclass
class Compared:
    """How the files of two releases compare."""

    bytes: list[str] = field(default_factory=list)
    """Equal byte for byte"""
    content: list[str] = field(default_factory=list)
    """Other bytes, the same content"""
    differ: list[str] = field(default_factory=list)


def compared(one: Path, other: Path) -> Compared:
    """Compare every file of either release."""
    files = {path.relative_to(top).as_posix() for top in (one, other) for path in top.rglob("*") if path.is_file()}
    found = Compared()
    for file in sorted(files - {MANIFEST}):
        if not (one / file).exists() or not (other / file).exists():
            found.differ.append(file)
        elif (one / file).read_bytes() == (other / file).read_bytes():
            found.bytes.append(file)
        else:
            (found.content if _same(one / file, other / file, file) else found.differ).append(file)
    if (one / MANIFEST).read_bytes() == (other / MANIFEST).read_bytes():
        found.bytes.append(MANIFEST)
    else:
        same = told(one / MANIFEST, found.content) == told(other / MANIFEST, found.content)
        (found.content if same else found.differ).append(MANIFEST)
    return found


def _same(one: Path, other: Path, file: str) -> bool:
    if file in DATABASES:
        return held(one) == held(other)
    moment = MOMENTS.get(one.suffix)
    if moment is None:
        return False
    (first, one_moment), (second, other_moment) = (moment.subn(b"", each.read_bytes()) for each in (one, other))
    return one_moment == other_moment == 1 and first == second


def held(database: Path) -> Mapping[str, list[Any]]:
    """Table, view or macro of a DuckDB file -> its columns or text, and its rows in their order."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET preserve_insertion_order = true")
        tables = connection.execute(
            "SELECT schema_name, table_name, comment FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        found: dict[str, list[Any]] = {"tables": tables}
        found |= {
            kind: connection.execute(
                f"SELECT {columns} FROM duckdb_{kind}() WHERE NOT internal ORDER BY ALL"
            ).fetchall()
            for kind, columns in (
                ("columns", "schema_name, table_name, column_index, column_name, data_type, comment"),
                ("views", "schema_name, view_name, comment, sql"),
                ("functions", "schema_name, function_name, parameters, comment, macro_definition"),
            )
        }
        for schema, table, _ in tables:
            # As text: no number is the same as one that is not a number.
            rows = connection.execute(f'SELECT columns(*)::VARCHAR FROM "{schema}"."{table}"').fetchall()
            found[f"{schema}.{table}"] = rows
        return found


def told(manifest: Path, but: Collection[str]) -> Any:
    """What a manifest says, but for size and checksum of some files."""
    said = json.loads(manifest.read_text(encoding="utf-8"))
    return said | {"files": {file: None if file in but else about for file, about in said["files"].items()}}


def main() -> None:
    """Print the comparison."""
    found = compared(*map(Path, sys.argv[1:3]))
    print(f"{len(found.bytes)} files equal byte for byte")
    print(f"{len(found.content)} equal in what they hold: {', '.join(found.content)}")
    print(f"{len(found.differ)} differ: {', '.join(found.differ)}")
    sys.exit(bool(found.differ))


if __name__ == "__main__":
    main()
